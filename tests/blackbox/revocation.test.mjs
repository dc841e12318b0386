// Whether a peer's certificate was revoked: outbound sockets and listeners,
// with `openssl ocsp` as the responder, and stapling both ways, with nginx and
// openssl's s_client.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import https from "node:https";
import { join } from "node:path";
import test from "node:test";
import { WebSocket, WebSocketServer } from "ws";
import { authority } from "./authority.mjs";
import {
  assert_problem, base, connect, echo_flow, run_to_end, start, until, within,
} from "./harness.mjs";
import { nginx } from "./nginx.mjs";

/// A server that shows a certificate and echoes.
async function shows(t, ca, name, options = {}) {
  const pem = ca.file(`${name}.pem`);
  const server = https.createServer({ cert: pem, key: pem, ...options });
  const sockets = new WebSocketServer({ server });
  const seen = { resumed: 0, requests: 0 };
  sockets.on("connection", (ws) => {
    ++seen.requests;
    ws.on("message", (data, binary) => ws.send(data, { binary }));
  });
  server.on("secureConnection", (socket) => {
    seen.resumed += socket.isSessionReused() ? 1 : 0;
    socket.on("error", () => {});
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    for (const ws of sockets.clients)
      ws.terminate();
    server.closeAllConnections();
    server.close();
  });
  return { url: `wss://localhost:${server.address().port}/`, seen };
}

/// A client's configuration for each entry: its name, and its revocation_check.
const clients = (ca, checks, trust = "ca.crt") => Object.entries(checks).map(([name, check]) => `
[tls.${name}]
trust_store = { path = "${ca.folder}/${trust}" }
revocation_check = ${check}

[websocket.${name}.client]
protocol = "WSS"
tls = "${name}"
`).join("");

/// Opens a socket and tells what came of it: "opened", or its error.
async function opening(service, config, url) {
  const answer = await service.api("/v1/sockets", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ config, url }),
  });
  if (answer.status === 201) {
    await answer.arrayBuffer();
    return "opened";
  }
  return (await assert_problem(answer, 502, "WEBSOCKET:CONNECTIVITY")).detail;
}

const words = [
  ["opened", /^opened$/],
  ["revoked", /TLS with \S+ failed: the certificate of CN=\S+ is revoked, since /],
  ["refused", /TLS with \S+ failed: whether the certificate of CN=\S+ is revoked cannot be found out: /],
];

/// The same in a word.
const in_short = (told) => words.find(([, pattern]) => pattern.test(told))?.[0] ?? told;

test("the four options, against openssl ocsp", async (t) => {
  // State of the certificate, its responder and its list; then what comes of
  // it by OCSP first, CRLs first, OCSP only, CRLs only. With soft_fail what is
  // refused here is opened.
  const rows = [
    ["good", "honest", "current", "opened", "opened", "opened", "opened"],
    ["revoked", "honest", "current", "revoked", "revoked", "revoked", "revoked"],
    ["revoked", "honest", "expired", "revoked", "revoked", "revoked", "refused"],
    ["revoked", "silent", "current", "revoked", "revoked", "refused", "revoked"],
    ["unknown", "honest", "missing", "refused", "refused", "refused", "refused"],
    ["unknown", "honest", "current", "opened", "opened", "refused", "opened"],
    ["good", "stale", "expired", "refused", "refused", "refused", "refused"],
    ["good", "stale", "current", "opened", "opened", "refused", "opened"],
    ["good", "lying", "liar", "refused", "refused", "refused", "refused"],
    ["revoked", "lying", "current", "revoked", "revoked", "refused", "revoked"],
    ["good", "unnamed", "missing", "refused", "refused", "refused", "refused"],
    ["good", "broken", "current", "opened", "opened", "refused", "opened"],
    ["good", "honest", "silent", "opened", "opened", "opened", "refused"],
    ["good", "silent", "silent", "refused", "refused", "refused", "refused"],
  ];
  const name = (i) => `row${i}`;
  const ca = await authority(t, Object.fromEntries(rows.map(([state], i) => [name(i), state])));
  const servers = [];
  for (const [i, [, ocsp, crl]] of rows.entries()) {
    ca.ocsp[name(i)] = ocsp;
    ca.crl[name(i)] = crl;
    servers.push(await shows(t, ca, name(i)));
  }
  const checks = {};
  for (const soft of [false, true])
    for (const [i, more] of [
      "", "prefer_crls = true", "no_fallback = true", "prefer_crls = true, no_fallback = true",
    ].entries())
      checks[`${soft ? "soft" : "hard"}${i}`]
        = `{ standard = { ${[more, `soft_fail = ${soft}`].filter(Boolean).join(", ")} } }`;
  const service = await start(t, `${base()}${clients(ca, checks)}`);
  const seen = rows.map(() => ({}));
  const ask_about = (i) => Promise.all(Object.keys(checks).map(async (config) => {
    seen[i][config] = in_short(await opening(service, config, servers[i].url));
  }));
  // Silence takes its time, all at once; who answers gets little of it, and is
  // not asked by everybody at once.
  const silent = (i) => rows[i].includes("silent");
  await Promise.all([...rows.keys()].filter(silent).map(ask_about));
  for (const i of rows.keys())
    if (!silent(i))
      await ask_about(i);
  for (const [i, row] of rows.entries())
    for (const config of Object.keys(checks)) {
      const hard = row[3 + Number(config.at(-1))];
      const expected = config.startsWith("soft") && hard === "refused" ? "opened" : hard;
      assert.equal(seen[i][config], expected,
                   `${row.slice(0, 3)} by ${checks[config]}`);
    }
  // Eight configurations asked, and each of the two once.
  assert.equal(ca.asked["/ocsp/row0"], 1);
  assert.equal(ca.asked["/crl/row0"], 1);
});

test("refusals tell the cause, and nothing is said to who is refused", async (t) => {
  const ca = await authority(t, {
    first: "good", bad: "revoked", strange: "unknown", late: "good", forger: "good", mute: "good",
  });
  Object.assign(ca.ocsp, { late: "stale", forger: "lying", mute: "silent" });
  const service = await start(t, `${base()}${clients(ca, {
    only: "{ standard = { no_fallback = true } }",
    lists: "{ standard = { prefer_crls = true, no_fallback = true } }",
  })}`);
  const rows = [
    ["only", "bad", /the certificate of CN=bad is revoked, since Jan {2}1 .* 2026 GMT, keyCompromise/],
    ["lists", "bad", /the certificate of CN=bad is revoked, since Jan {2}1 .* 2026 GMT/],
    ["only", "strange", /OCSP http:\S+\/ocsp\/strange: it does not know the certificate/],
    ["only", "late", /its answer is out of date: it is of .*, until /],
    ["only", "forger", /its answer is not to be trusted: /],
    ["only", "mute", /OCSP http:\S+\/ocsp\/mute: no answer within 3000 ms/],
  ];
  for (const [config, name, expected] of rows) {
    const server = await shows(t, ca, name);
    assert.match(await opening(service, config, server.url), expected);
    assert.equal(server.seen.requests, 0);
  }
});

test("an answer holds for the next connections, resumed ones too", async (t) => {
  const ca = await authority(t, { once: "good", bad: "revoked" });
  const service = await start(t, `${base()}${clients(ca, { strict: "{ standard = {} }" })}`);
  const server = await shows(t, ca, "once");
  for (let i = 0; i < 5; ++i)
    assert.equal(await opening(service, "strict", server.url), "opened");
  assert.ok(server.seen.resumed > 0);
  assert.equal(ca.asked["/ocsp/once"], 1);
  const bad = await shows(t, ca, "bad");
  for (let i = 0; i < 3; ++i)
    assert.equal(in_short(await opening(service, "strict", bad.url)), "revoked");
  assert.equal(ca.asked["/ocsp/bad"], 1);
});

test("a responder of one's own, and a file of CRLs", async (t) => {
  const ca = await authority(t, { fine: "good", bad: "revoked" });
  Object.assign(ca.ocsp, { own: "own", wrong: "honest" });
  writeFileSync(join(ca.folder, "trust.pem"),
                Buffer.concat([ca.file("ca.crt"), ca.file("lone.crt")]));
  const file = (name) => `{ crl_file = { path = "${ca.folder}/${name}" } }`;
  const responder = (path, alias) =>
    `{ custom_ocsp_responder = { url = "${ca.url}/ocsp/${path}"${alias} } }`;
  const service = await start(t, `${base()}${clients(ca, {
    own: responder("own", ', cert_alias = "lone signer"'),
    wrong: responder("wrong", ', cert_alias = "lone signer"'),
    named: responder("named", ""),
    unnamed: responder("own", ""),
    file: file("current.crl"),
    text: file("current.crl.pem"),
    expired: file("expired.crl"),
    liar: file("liar.crl"),
  }, "trust.pem")}`);
  const fine = await shows(t, ca, "fine");
  const bad = await shows(t, ca, "bad");
  const rows = [
    // Before its signer is heard: what it has said holds for all who trust it.
    ["wrong", "refused", "refused"],
    ["own", "opened", "revoked"],
    ["named", "opened", "revoked"],
    ["unnamed", "refused", "refused"],
    ["file", "opened", "revoked"],
    ["text", "opened", "revoked"],
    ["expired", "refused", "refused"],
    ["liar", "refused", "refused"],
  ];
  for (const [config, of_fine, of_bad] of rows) {
    assert.equal(in_short(await opening(service, config, fine.url)), of_fine, config);
    assert.equal(in_short(await opening(service, config, bad.url)), of_bad, config);
  }
  assert.equal(ca.asked["/ocsp/fine"], undefined, "what the certificate names is not asked");
  const broken = join(ca.folder, "wrong.toml");
  for (const [check, expected] of [
    [responder("own", ', cert_alias = "nobody"'), /trust\.pem holds no certificate called `nobody`/],
    [file("missing.crl"), /missing\.crl cannot be read: No such file or directory/],
    [file("ca.crt"), /ca\.crt holds no CRL/],
  ]) {
    writeFileSync(broken, `${base()}${clients(ca, { a: check }, "trust.pem")}`);
    const { code, output } = await run_to_end(["check", broken]);
    assert.equal(code, 2, output);
    assert.match(output, expected);
  }
});

/// A listener that wants certificates and checks them.
const strict = (ca, check, more = "") =>
  base({ listener: `tls = "edge"\n${more}` }) + `
[tls.edge]
key_store = { path = "${ca.folder}/server.pem" }
trust_store = { path = "${ca.folder}/ca.crt" }
client_authentication = "optional"
revocation_check = ${check}
` + echo_flow("/echo");

/// Says hello as a client with a certificate.
/// @returns the echo, or "cut".
async function hello(t, service, ca, name, more = {}) {
  const { port } = service.address("public");
  const own = name ? { cert: ca.file(`${name}.pem`), key: ca.file(`${name}.pem`) } : {};
  const socket = new WebSocket(`wss://localhost:${port}/echo`, {
    ca: ca.file("ca.crt"), perMessageDeflate: false, ...own, ...more,
  });
  t.after(() => socket.terminate());
  return within(`an answer to ${name}`, new Promise((resolve) => {
    socket.once("open", () => socket.send("hello"));
    socket.once("message", (data) => resolve(String(data)));
    socket.once("error", () => resolve("cut"));
  }), 60000);
}

test("a listener lets nobody in whose certificate is revoked", async (t) => {
  const ca = await authority(t, {
    server: "good", fine: "good", bad: "revoked", strange: "unknown", mute: "good",
  });
  Object.assign(ca.ocsp, { mute: "silent" });
  const service = await start(t, strict(ca, "{ standard = { no_fallback = true } }"));
  assert.equal(await hello(t, service, ca), "hello", "no certificate, nothing to check");
  assert.equal(await hello(t, service, ca, "fine"), "hello");
  assert.equal(await hello(t, service, ca, "fine", { maxVersion: "TLSv1.2" }), "hello");
  assert.equal(ca.asked["/ocsp/fine"], 1);
  for (const maxVersion of ["TLSv1.2", "TLSv1.3"])
    assert.equal(await hello(t, service, ca, "bad", { maxVersion }), "cut");
  await until("the log", () =>
    /TLS failed: the certificate of CN=bad is revoked, since /.test(service.log));
  assert.equal(await hello(t, service, ca, "strange"), "cut");
  assert.equal(await hello(t, service, ca, "mute"), "cut");
  await until("the log", () =>
    /whether the certificate of CN=mute is revoked cannot be found out: /.test(service.log));
  assert.equal((await service.sockets()).length, 3);
});

test("the handshake's deadline rules over a silent responder", async (t) => {
  const ca = await authority(t, { server: "good", mute: "good" });
  ca.ocsp.mute = "silent";
  const service = await start(t, strict(ca, "{ standard = {} }", 'handshake_timeout = "2s"'));
  assert.equal(await hello(t, service, ca, "mute"), "cut");
  assert.doesNotMatch(service.log, /no answer within/);
  assert.equal(await hello(t, service, ca), "hello");
});

test("a silent responder holds no other socket up", async (t) => {
  const ca = await authority(t, { server: "good", fine: "good", mute: "good" });
  ca.ocsp.mute = "silent";
  ca.crl.mute = "silent";
  const config = strict(ca, "{ standard = {} }").replace("[runtime]", "[runtime]\nshards = 1");
  const service = await start(t, `${config}${clients(ca, { out: "{ standard = {} }" })}`);
  const { port } = service.address("public");
  const busy = await connect(t, `wss://localhost:${port}/echo`, [], { ca: ca.file("ca.crt") });
  const server = await shows(t, ca, "mute");
  let open = 2;
  const waiting = [opening(service, "out", server.url), hello(t, service, ca, "mute")]
    .map((one) => one.finally(() => --open));
  await until("the question", () => ca.asked["/ocsp/mute"] > 0);
  // A shard that waited would answer when it has waited.
  for (let i = 0; i < 20; ++i)
    assert.equal(await busy.ask(`number ${i}`), `number ${i}`);
  assert.equal(await hello(t, service, ca, "fine"), "hello");
  assert.equal(open, 2, "both still wait");
  assert.equal(in_short(await waiting[0]), "refused");
  assert.equal(await waiting[1], "cut");
});

/// What s_client sees stapled.
async function staple_of(t, service) {
  const { port } = service.address("public");
  const child = spawn("openssl", [
    "s_client", "-connect", `127.0.0.1:${port}`, "-servername", "localhost", "-status",
  ], { stdio: ["pipe", "pipe", "pipe"] });
  t.after(() => child.kill("SIGKILL"));
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk) => output += chunk);
  child.stdin.end();
  await within("end of s_client", new Promise((resolve) => child.once("close", resolve)), 60000);
  return output;
}

test("a listener staples what its responder says", async (t) => {
  const ca = await authority(t, { server: "good", gone: "revoked", mute: "good" });
  ca.ocsp.mute = "silent";
  const listener = (name) => base({ listener: 'tls = "edge"' }) + `
[tls.edge]
key_store = { path = "${ca.folder}/${name}.chain" }
` + echo_flow("/echo");
  for (const name of ["server", "gone", "mute"])
    writeFileSync(join(ca.folder, `${name}.chain`),
                  Buffer.concat([ca.file(`${name}.pem`), ca.file("ca.crt")]));

  await t.test("once it is good", async (t) => {
    const service = await start(t, listener("server"));
    const seen = await until("a staple", async () => {
      const output = await staple_of(t, service);
      return /OCSP Response Status: successful/.test(output) && output;
    }, 60000);
    assert.match(seen, /Cert Status: good/);
    await staple_of(t, service);
    assert.equal(ca.asked["/ocsp/server"], 1);
  });

  await t.test("and does without a bad one", async (t) => {
    const service = await start(t, listener("gone"));
    await until("the question", () => ca.asked["/ocsp/gone"] > 0);
    assert.match(await staple_of(t, service), /OCSP response: no response sent/);
  });

  await t.test("and does not wait for one", async (t) => {
    const service = await start(t, listener("mute"));
    assert.match(await staple_of(t, service), /OCSP response: no response sent/);
    assert.equal(await hello(t, service, ca), "hello");
  });

  await t.test("and asks nobody when it is only checked", async () => {
    const before = ca.asked["/ocsp/server"];
    const file = join(ca.folder, "checked.toml");
    writeFileSync(file, listener("server"));
    const { code, output } = await run_to_end(["check", file]);
    assert.equal(code, 0, output);
    assert.equal(ca.asked["/ocsp/server"], before);
  });
});

test("what nginx staples spares the question", async (t) => {
  const ca = await authority(t, {
    first: "good", fine: "good", bad: "revoked", old: "good", forged: "good",
  });
  for (const name of ["fine", "bad", "old", "forged"]) {
    ca.ocsp[name] = "silent";
    ca.crl[name] = "silent";
  }
  const service = await start(t, `${base({ server: "" })}${echo_flow("/echo")}${clients(ca, {
    strict: "{ standard = { no_fallback = true } }",
  })}`);
  const { port: behind } = service.address("public");
  const stapling = async (name, how) => {
    const front = await nginx(t, `
    ssl_certificate ${ca.folder}/${name}.crt;
    ssl_certificate_key ${ca.folder}/leaf.key;
    ssl_stapling on;
    ssl_stapling_file ${ca.staple(name, how)};
    location / {
      proxy_pass http://127.0.0.1:${behind};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
    }`, { ssl: true });
    return opening(service, "strict", `wss://localhost:${front.port}/echo`);
  };
  assert.equal(await stapling("fine", "honest"), "opened");
  assert.equal(ca.asked["/ocsp/fine"], undefined);
  assert.equal(in_short(await stapling("bad", "honest")), "revoked");
  assert.equal(ca.asked["/ocsp/bad"], undefined);
  for (const [name, how] of [["old", "stale"], ["forged", "lying"]]) {
    assert.match(await stapling(name, how), /no answer within/);
    assert.equal(ca.asked[`/ocsp/${name}`], 1);
  }
});
