// Whom a listener lets in: tokens and passwords that other software has made.

import assert from "node:assert/strict";
import { copyFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import {
  assert_problem, base, connect, echo_flow, patience, start,
  temporary_folder, until, within,
} from "./harness.mjs";
import { frame, opcode, upgraded } from "./raw.mjs";
import { assert_untold, bearer, from_now, knock, make_tokens, quick_token } from "./tokens.mjs";

const secret = "0123456789abcdef0123456789abcdef";

const jwt = (keys) => `
[http_listener.public.authentication]
type = "jwt"
${keys}
`;

/// A configuration that echoes to whom it lets in.
const file = (keys, more = "") => base() + jwt(keys) + echo_flow("/echo") + more;

const told = `
[[flow]]
name = "tell"
source = "inbound-listener"
path = "/tell"
default_groups = ["all"]
steps = [
  { set_variable = { name = "sub", value = "#[attributes.claims.sub]" } },
  { set_variable = { name = "all", value = "#[attributes.claims]" } },
  { set_variable = { name = "nothing", value = "#[attributes.claims.nothing]" } },
  { send = { content = "#[{ sub = vars.sub, all = vars.all, nothing = vars.nothing, user = attributes.user, claims = attributes.claims, role = attributes.claims.role, groups = attributes.groups, headers = attributes.headers, query = attributes.query_string, uri = attributes.request_uri, protocol = attributes.subprotocol }]" } },
]
`;

test("tokens of every algorithm are taken from every source of keys", async (t) => {
  const folder = temporary_folder(t);
  const tokens = make_tokens(folder, {
    RS256: {},
    ES256: { alg: "ES256", key: "ec" },
    EdDSA: { alg: "EdDSA", key: "ed" },
    HS256: { alg: "HS256", key: secret },
    RS256_kid: { headers: { kid: "rsa" } },
    ES256_kid: { alg: "ES256", key: "ec", headers: { kid: "ec" } },
    wrong_kid: { headers: { kid: "ec" } },
    unknown_kid: { headers: { kid: "nobody" } },
  });
  const rows = [
    [`key_file = "${folder}/rsa.pem"`, ["RS256", "RS256_kid", "wrong_kid", "unknown_kid"]],
    [`key_file = "${folder}/ec.pem"`, ["ES256", "ES256_kid"]],
    [`key_file = "${folder}/ed.pem"`, ["EdDSA"]],
    [`key_file = "${folder}/all.pem"`, ["RS256", "ES256", "EdDSA", "RS256_kid", "ES256_kid", "wrong_kid", "unknown_kid"]],
    [`jwks_file = "${folder}/keys.json"`, ["RS256", "ES256", "EdDSA", "RS256_kid", "ES256_kid"]],
    [`jwks_file = "${folder}/keys.json"\nalgorithms = ["ES256", "EdDSA"]`, ["ES256", "EdDSA", "ES256_kid"]],
    [`secret = "\${KEY}"`, ["HS256"]],
  ];
  for (const [keys, good] of rows) {
    const service = await start(t, file(keys), { env: { KEY: secret } });
    for (const [name, token] of Object.entries(tokens)) {
      const { status } = await knock(t, service, bearer(token));
      assert.equal(status, good.includes(name) ? 101 : 401, `${keys}: ${name}`);
    }
    await assert_untold(service, [...Object.values(tokens), secret]);
    await service.stop();
  }
});

test("what is forged, out of date or for others is refused before the upgrade", async (t) => {
  const folder = temporary_folder(t);
  const tokens = make_tokens(folder, {
    good: { claims: { aud: "chat", iss: "https://login.example" } },
    list: { claims: { aud: ["x", "chat"], iss: "https://login.example" } },
    barely: { claims: { aud: "chat", iss: "https://login.example", exp: from_now(-5) } },
    soon: { claims: { aud: "chat", iss: "https://login.example", nbf: from_now(250) } },
    expired: { claims: { aud: "chat", iss: "https://login.example", exp: from_now(-400) } },
    early: { claims: { aud: "chat", iss: "https://login.example", nbf: from_now(1200) } },
    audience: { claims: { aud: "mail", iss: "https://login.example" } },
    audiences: { claims: { aud: ["x", "y"], iss: "https://login.example" } },
    no_audience: { claims: { iss: "https://login.example" } },
    issuer: { claims: { aud: "chat", iss: "https://evil.example" } },
    no_issuer: { claims: { aud: "chat" } },
    endless: { claims: `{"sub":"ann","aud":"chat","iss":"https://login.example"}` },
    text_time: { claims: { aud: "chat", iss: "https://login.example", exp: "tomorrow" } },
    other: { key: "other", claims: { aud: "chat", iss: "https://login.example" } },
    none: { alg: "none", claims: { aud: "chat", iss: "https://login.example" } },
    confused: { key: "public-pem", claims: { aud: "chat", iss: "https://login.example" } },
    shared: { alg: "HS256", key: secret, claims: { aud: "chat", iss: "https://login.example" } },
    RS512: { alg: "RS512", claims: { aud: "chat", iss: "https://login.example" } },
    PS256: { alg: "PS256", claims: { aud: "chat", iss: "https://login.example" } },
    critical: { headers: { crit: ["b64"], b64: true }, claims: { aud: "chat", iss: "https://login.example" } },
    array: { claims: "[1]" },
    // The last one counts (RFC 7519 §4).
    twice: { claims: `{"aud":"chat","iss":"https://login.example","exp":${from_now(-600)},"exp":${from_now(600)}}` },
    twice_old: { claims: `{"aud":"chat","iss":"https://login.example","exp":${from_now(600)},"exp":${from_now(-600)}}` },
    huge: { claims: { aud: "chat", iss: "https://login.example", filler: "x".repeat(9000) } },
  });
  const [head, claims, signature] = tokens.good.split(".");
  const eve = Buffer.from(JSON.stringify({ sub: "eve", aud: "chat", iss: "https://login.example", exp: from_now(300) })).toString("base64url");
  const last = signature.at(-1);
  const rows = {
    good: [101], list: [101], barely: [101], soon: [101], twice: [101],
    expired: [401, "has expired"],
    early: [401, "is not valid yet"],
    audience: [401, "is for another audience"],
    audiences: [401, "is for another audience"],
    no_audience: [401, "is for another audience"],
    issuer: [401, "is from another issuer"],
    no_issuer: [401, "is from another issuer"],
    endless: [401, "never expires"],
    text_time: [401, "has a time that is none"],
    twice_old: [401, "has expired"],
    other: [401, "has a wrong signature"],
    none: [401],
    confused: [401, "is signed in a way|is signed with a key"],
    shared: [401, "is signed in a way|is signed with a key"],
    RS512: [401, "is signed in a way"],
    PS256: [401, "is signed in a way"],
    critical: [401, "asks for an extension"],
    array: [401, "has claims that are no JSON object"],
    huge: [401, "is too long"],
    changed: [401, "has a wrong signature", `${head}.${eve}.${signature}`],
    stripped: [401, undefined, `${head}.${claims}.`],
    two_parts: [401, undefined, `${head}.${claims}`],
    four_parts: [401, undefined, `${tokens.good}.x`],
    padded: [401, undefined, `${tokens.good}==`],
    standard: [401, undefined, `${head}.${claims}.${signature.slice(0, -3)}+/${last}`],
    blank: [401, undefined, ""],
    words: [401, undefined, "not a token"],
    dots: [401, undefined, ".."],
    none_by_hand: [401, undefined, `${Buffer.from('{"alg":"none"}').toString("base64url")}.${claims}.${signature}`],
    nothing: [401, undefined, null],
  };
  const service = await start(t, file(`
key_file = "${folder}/rsa.pem"
issuer = "https://login.example"
audience = ["chat", "talk"]
clock_skew = "300s"
`));
  for (const [name, [status, clause, token = tokens[name]]] of Object.entries(rows)) {
    const answer = await knock(t, service, token === null ? {} : bearer(token));
    assert.equal(answer.status, status, `${name}: ${answer.body}`);
    if (status === 101)
      continue;
    assert.match(answer.headers["www-authenticate"], /^Bearer realm="switchboard"/, name);
    assert.equal(/error="invalid_token"/.test(answer.headers["www-authenticate"]), token !== null, name);
    if (clause)
      assert.match(answer.body, new RegExp(clause), name);
    assert.equal(answer.headers["connection"], "close");
  }
  // Nothing is told of what is where before it is known who asks.
  assert.equal((await knock(t, service, {}, "/nowhere")).status, 401);
  assert.equal((await knock(t, service, { Upgrade: null, Connection: null }, "/")).status, 401);
  assert.equal((await knock(t, service, bearer(tokens.good), "/nowhere")).status, 404);
  await assert_untold(service, Object.values(rows).map(([, , token]) => token)
    .concat(Object.values(tokens)).filter((token) => token?.length > 20));
  await service.logged(/credentials refused.*reason="?the token /);
  const metrics = await (await service.api("/metrics")).text();
  assert.match(metrics, /switchboard_handshakes_total\{outcome="refused_401"\} [1-9]/);
});

test("a token is taken from where it may be, and nobody sees it there", async (t) => {
  const folder = temporary_folder(t);
  const { ann, bob, bad } = make_tokens(folder, {
    ann: { claims: { role: ["editor", "admin"], groups: ["room:a"] } },
    bob: { claims: { sub: "bob" } },
    bad: { key: "other" },
  });
  const service = await start(t, base({ server: 'subprotocols = ["chat"]' }) + jwt(`
key_file = "${folder}/rsa.pem"
token_from = ["subprotocol", "header", "cookie", "query"]
cookie = "session"
query_parameter = "jwt"
groups_claim = "groups"
`) + told);
  const ask = async (path, protocols, headers) => {
    const client = await connect(t, service.ws(path), protocols, { headers });
    const answer = JSON.parse(await client.ask("?"));
    const protocol = client.ws.protocol;
    await client.close();
    return { ...answer, protocol };
  };
  const by_header = await ask("/tell?x=1", [], bearer(ann));
  assert.equal(by_header.user, "ann");
  assert.deepEqual(by_header.role, ["editor", "admin"]);
  assert.equal(by_header.claims.sub, "ann");
  assert.equal(by_header.sub, "ann");
  assert.deepEqual(by_header.all, by_header.claims);
  assert.equal(by_header.nothing, undefined);
  assert.deepEqual(by_header.groups, ["all", "room:a"]);
  assert.equal(by_header.headers.authorization, undefined);

  const by_cookie = await ask("/tell", [], { Cookie: `a=1; session=${ann}; b=2` });
  assert.equal(by_cookie.user, "ann");
  assert.equal(by_cookie.headers.cookie, "a=1; b=2");
  const alone = await ask("/tell", [], { Cookie: `session="${ann}"` });
  assert.equal(alone.user, "ann");
  assert.equal(alone.headers.cookie, undefined);

  const by_query = await ask(`/tell?a=1&jwt=${ann}&b=%20`, []);
  assert.equal(by_query.user, "ann");
  assert.equal(by_query.query, "a=1&b=%20");
  assert.equal(by_query.uri, "/tell?a=1&b=%20");
  assert.equal((await ask(`/tell?j%77t=${ann}`, [])).uri, "/tell");

  const by_protocol = await ask("/tell", ["bearer", ann]);
  assert.equal(by_protocol.user, "ann");
  assert.equal(by_protocol.protocol, "bearer");
  assert.equal(by_protocol.headers["sec-websocket-protocol"], "bearer");
  const beside = await ask("/tell", ["bearer", ann, "chat"]);
  assert.equal(beside.protocol, "chat");
  assert.equal(beside.headers["sec-websocket-protocol"], "bearer, chat");

  // The first place of the list counts; the others are emptied all the same.
  const both = await ask(`/tell?jwt=${bad}`, ["bearer", bob], { ...bearer(ann), Cookie: `session=${bad}` });
  assert.equal(both.user, "bob");
  assert.deepEqual([both.query, both.headers.cookie, both.headers.authorization], ["", undefined, undefined]);
  assert.equal((await knock(t, service, { ...bearer(ann), "Sec-WebSocket-Protocol": `bearer, ${bad}` }, "/tell")).status, 401);

  for (const [path, headers] of [
    ["/tell", { Authorization: [`Bearer ${ann}`, `Bearer ${ann}`] }],
    ["/tell", { Authorization: [`Bearer ${ann}`, "Basic YTpi"] }],
    ["/tell", { Cookie: `session=${ann}; session=${bob}` }],
    ["/tell", { Cookie: [`session=${ann}`, `session=${bob}`] }],
    [`/tell?jwt=${ann}&jwt=${bob}`, {}],
    ["/tell", { "Sec-WebSocket-Protocol": `bearer, ${ann}, bearer, ${bob}` }],
  ])
    assert.equal((await knock(t, service, headers, path)).status, 400, JSON.stringify(headers));
  const socket = await connect(t, service.ws(`/tell?jwt=${bad}`), ["bearer", ann], { headers: { Cookie: `session=${bob}` } });
  const [shown] = await service.sockets();
  assert.equal(shown.user, "ann");
  assert.equal(shown.claims.sub, "ann");
  await assert_untold(service, [ann, bob, bad]);
  await socket.close();
  await assert_untold(service, [ann, bob, bad]);
});

test("claims that are asked for, and groups that cannot be", async (t) => {
  const folder = temporary_folder(t);
  const tokens = make_tokens(folder, {
    good: { claims: { scope: "read chat write", role: ["user", "staff"], groups: ["a", "b", "a"] } },
    one: { claims: { scope: "chat", role: "staff", groups: "b" } },
    no_groups: { claims: { scope: "chat", role: "staff" } },
    scope: { claims: { scope: "chatter", role: ["staff"] } },
    role: { claims: { scope: "chat", role: ["user"] } },
    absent: { claims: { scope: "chat" } },
    number: { claims: { scope: "chat", role: 5 } },
    groups_number: { claims: { scope: "chat", role: "staff", groups: [5] } },
    groups_empty: { claims: { scope: "chat", role: "staff", groups: [""] } },
    groups_long: { claims: { scope: "chat", role: "staff", groups: ["x".repeat(257)] } },
    groups_object: { claims: { scope: "chat", role: "staff", groups: { a: 1 } } },
  });
  const service = await start(t, file(`
key_file = "${folder}/rsa.pem"
groups_claim = "groups"
required = { scope = "chat", role = "staff" }
`).replace('listener = "public"\n', 'listener = "public"\nping_interval = "0s"\n'));
  const open = ["good", "one", "no_groups"];
  for (const [name, token] of Object.entries(tokens)) {
    const answer = await knock(t, service, bearer(token));
    assert.equal(answer.status, open.includes(name) ? 101 : 403, name);
    if (answer.status === 403)
      assert.match(answer.headers["www-authenticate"], /error="insufficient_scope"/);
  }
  const a = await connect(t, service.ws("/echo"), [], { headers: bearer(tokens.good) });
  const b = await connect(t, service.ws("/echo"), [], { headers: bearer(tokens.one) });
  await connect(t, service.ws("/echo"), [], { headers: bearer(tokens.no_groups) });
  const told = async (group) => {
    const response = await service.api(`/v1/broadcast?group=${group}`, { method: "POST", body: `to ${group}` });
    return (await response.json()).matched;
  };
  // Those of the table above are open as well.
  assert.equal(await told("a"), 2);
  assert.equal(await told("b"), 4);
  assert.equal(await a.next(), "to a");
  assert.equal(await a.next(), "to b");
  assert.equal(await b.next(), "to b");
});

test("a socket is closed with 4401 when its token expires, unless it is renewed", async (t) => {
  const folder = temporary_folder(t);
  make_tokens(folder);
  const service = await start(t, file(`
key_file = "${folder}/rsa.pem"
clock_skew = "0s"
require_expiry = false
`));
  // Time enough for all that comes before.
  const end = from_now(9);
  const short = { claims: { exp: end } };
  const tokens = make_tokens(folder, {
    first: short, second: short, third: short,
    longer: { claims: { exp: from_now(600) } },
    endless: { claims: `{"sub":"ann"}` },
    bob: { claims: { sub: "bob", exp: from_now(600) } },
    old: { claims: { exp: from_now(-600) } },
    forged: { key: "other", claims: { exp: from_now(600) } },
  });
  const open = (token) => connect(t, service.ws("/echo"), [], { headers: bearer(token) });
  const ends = await open(tokens.first);
  const [{ socket_id: ending }] = await service.sockets();
  const stays = await open(tokens.second);
  const renewed = (await service.sockets()).find((one) => one.socket_id !== ending).socket_id;
  const freed = await open(tokens.third);
  const last = (await service.sockets()).find((one) => ![ending, renewed].includes(one.socket_id)).socket_id;
  const renew = (id, body) => service.api(`/v1/sockets/${id}/token`, { method: "PUT", body });
  for (const [token, why] of [
    [tokens.old, /has expired/], [tokens.forged, /wrong signature/],
    [tokens.bob, /another subject/], ["", /no JSON Web Token/],
    ["x".repeat(9000), /too long/],
  ]) {
    const problem = await assert_problem(await renew(renewed, token), 400, "SWITCHBOARD:INVALID_ARGUMENT");
    assert.match(problem.detail, why);
  }
  await assert_problem(await renew("nobody", tokens.longer), 404, "WEBSOCKET:NO_SUCH_SOCKET");
  assert.equal((await renew(renewed, `${tokens.longer}\n`)).status, 204);
  assert.equal((await renew(last, tokens.endless)).status, 204);
  const closed = await within("the end", ends.closed, 30000);
  assert.deepEqual(closed, { code: 4401, reason: "token expired" });
  const late = Date.now() - end * 1000;
  assert.ok(late >= 0, `closed ${-late} ms too early`);
  assert.ok(late < patience(5000), `closed ${late} ms late`);
  const gone = await until("its post-mortem", () => service.json(`/v1/closed/${ending}`));
  assert.deepEqual([gone.by, gone.code_number, gone.reason, gone.clean], ["token_expired", 4401, "token expired", true]);
  await service.logged(/socket closed.*token_expired/);
  assert.equal(await stays.ask("still here"), "still here");
  assert.equal(await freed.ask("me too"), "me too");
  const metrics = await (await service.api("/metrics")).text();
  assert.match(metrics, /switchboard_sockets_closed_total\{[^}]*by="token_expired"[^}]*\} 1/);
  await assert_untold(service, Object.values(tokens));
});

test("a socket that is being closed cannot be renewed, and its peer cannot make it stay", async (t) => {
  const service = await start(t, file(`secret = "${secret}"\nclock_skew = "0s"`));
  const until_in = (seconds) => quick_token(secret, { sub: "ann", exp: from_now(seconds) });
  const raw = await upgraded(t, service, "/echo", bearer(until_in(3)));
  const [{ socket_id }] = await service.sockets();
  assert.deepEqual(await raw.close_frame(), { code: 4401, reason: "token expired" });
  const answer = await service.api(`/v1/sockets/${socket_id}/token`, { method: "PUT", body: until_in(600) });
  await assert_problem(answer, 404, "WEBSOCKET:NO_SUCH_SOCKET");
  // Nobody answers what it says now.
  raw.write(frame(opcode.text, "one more"));
  await raw.end(8000);
  assert.equal(raw.buffer().length, 0);
  assert.equal((await service.json(`/v1/closed/${socket_id}`)).by, "token_expired");
});

test("keys are read again without cutting a socket", async (t) => {
  const folder = temporary_folder(t);
  const { old, fresh } = make_tokens(folder, { old: {}, fresh: { key: "other" } });
  const keys = join(folder, "current.pem");
  copyFileSync(join(folder, "rsa.pem"), keys);
  const service = await start(t, file(`key_file = "${keys}"`));
  const client = await connect(t, service.ws("/echo"), [], { headers: bearer(old) });
  const status = async (token) => (await knock(t, service, bearer(token))).status;
  assert.equal(await status(fresh), 401);
  const replace = (content) => {
    writeFileSync(`${keys}.new`, content);
    renameSync(`${keys}.new`, keys);
  };
  // By itself.
  copyFileSync(join(folder, "other.pem"), `${keys}.new`);
  renameSync(`${keys}.new`, keys);
  await until("the new key", async () => await status(fresh) === 101, 30000);
  assert.equal(await status(old), 401);
  // By a signal: what cannot be read leaves what is in force.
  replace("nonsense\n");
  service.child.kill("SIGHUP");
  await until("a complaint", () => /cannot be renewed: key file|no reload/.test(service.log));
  assert.equal(await status(fresh), 101);
  copyFileSync(join(folder, "rsa.pem"), `${keys}.new`);
  renameSync(`${keys}.new`, keys);
  service.child.kill("SIGHUP");
  await until("the old key", async () => await status(old) === 101, 30000);
  // Other options, then none at all.
  writeFileSync(service.file, file(`key_file = "${keys}"\nissuer = "x"`));
  const changes = (await service.json("/v1/reload", { method: "POST" })).changes;
  assert.deepEqual(changes.map(({ key, effect }) => [key, effect]),
                   [["http_listener.public.authentication.issuer", "applied for new sockets"]]);
  await until("the issuer", async () => await status(old) === 401);
  writeFileSync(service.file, base() + echo_flow("/echo"));
  await service.json("/v1/reload", { method: "POST" });
  await until("nobody to be asked", async () => (await knock(t, service)).status === 101);
  // One that nobody can read changes nothing.
  writeFileSync(service.file, file(`key_file = "${folder}/missing.pem"`));
  const problem = await assert_problem(await service.api("/v1/reload", { method: "POST" }), 400);
  assert.match(JSON.stringify(problem), /missing\.pem/);
  assert.equal((await knock(t, service)).status, 101);
  assert.equal(await client.ask("still here"), "still here");
});
