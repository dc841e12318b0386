// The step http_request in front of Node's HTTP server: what goes out, what
// comes back, and what an answer does to the socket.

import assert from "node:assert/strict";
import { createHmac, timingSafeEqual } from "node:crypto";
import test from "node:test";
import { backend, lever } from "./backend.mjs";
import { base, connect, hold_port, patience, start, until, within } from "./harness.mjs";

const flow = (path, step, { target = "r", steps, on_error, more = "", name = path.slice(1) } = {}) => `
[[flow]]
name = "${name}"
source = "inbound-listener"
path = "${path}"
${more}
steps = [
  { http_request = { ${step} }, target = "${target}" },
  ${steps ?? `{ send = { content = "#[vars.r.status] #[vars.r.body]" } },`}
]
on_error = [ ${on_error ?? '{ send = { content = "#[error.type]|#[error.message]" } }'} ]
`;

async function flow_of(service, name) {
  const { flows } = await service.json("/v1/flows");
  return flows.find((one) => one.name === name);
}

test("an event goes out as a CloudEvent and its answer comes back", async (t) => {
  const { asked, url } = await backend(t, ({ body }) => body === "plain"
    ? { body: "as text", headers: { "x-one": "1", "set-cookie": ["a=1", "b=2"] } }
    : { body: '{ "say": "äh",  "n": [1, 2] }', headers: { "content-type": "application/json; charset=utf-8" } });
  const service = await start(t, base() + flow("/chat/{room}", `url = "${url}/hook?x=1", headers = { "x-room" = "#[attributes.uri_params.room]" }`, {
    name: "chat", more: 'default_groups = ["b, c", "a"]',
    steps: `{ send = { content = "#[vars.r.body.say] #[vars.r.body.n[2]] #[vars.r.status + 1]" }, when = "#[payload ~= 'plain']" },
      { send = { content = "#[vars.r.body]" } },
      { send = { content = "#[vars.r.headers]" }, when = "#[payload == 'plain']" },`,
  }));
  const client = await connect(t, service.ws("/chat/blue%20room?token=1"));
  const before = Date.now();
  client.send('say "hi"');
  assert.equal(await client.next(), "äh 2 201");
  assert.equal(await client.next(), '{ "say": "äh",  "n": [1, 2] }', "its bytes are as they came");
  client.send("plain");
  assert.equal(await client.next(), "as text");
  const headers = JSON.parse(await client.next());
  assert.equal(headers["x-one"], "1");
  assert.deepEqual(headers["set-cookie"], ["a=1", "b=2"]);

  const [socket] = await service.sockets();
  const [first, second] = asked;
  assert.equal(first.method, "POST");
  assert.equal(first.url, "/hook?x=1");
  assert.equal(first.body, 'say "hi"');
  assert.equal(first.headers["content-type"], "text/plain; charset=utf-8");
  assert.equal(first.headers["x-room"], "blue room");
  assert.equal(first.headers["ce-specversion"], "1.0");
  assert.equal(first.headers["ce-type"], "switchboard.message");
  assert.equal(first.headers["ce-source"], "/switchboard/main");
  assert.equal(first.headers["ce-subject"], socket.socket_id);
  assert.equal(first.headers["ce-config"], "main");
  assert.equal(first.headers["ce-path"], "/chat/blue%2520room");
  assert.equal(decodeURIComponent(first.headers["ce-groups"]), "a,b%2C%20c");
  assert.match(first.headers["ce-time"], /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.ok(Math.abs(Date.parse(first.headers["ce-time"]) - before) < 5000);
  assert.ok(first.headers["ce-id"].length > 30);
  assert.notEqual(first.headers["ce-id"], second.headers["ce-id"]);
  assert.equal(first.headers["switchboard-signature"], undefined);
  assert.equal(first.port, second.port, "the connection is kept");
});

test("a status other than 2xx is an error that on_error can tell apart", async (t) => {
  const { url } = await backend(t, ({ body }) =>
    ({ status: Number(body), body: "why: \u0007 not", headers: { "x-more": "yes" } }));
  const service = await start(t, base() + flow("/s", `url = "${url}/secret-path"`, {
    on_error: '{ send = { content = "#[error.type] #[vars.r.status] #[vars.r.headers[\'x-more\']] #[error.message]" } }',
  }));
  const client = await connect(t, service.ws("/s"));
  assert.equal(await client.ask("204"), "204 ");
  const { host } = new URL(url);
  assert.equal(await client.ask("404"), `HTTP:404 404 yes ${host} answered 404 Not Found: why: . not`);
  assert.match(await client.ask("302"), /^HTTP:302 302 yes/);
  assert.match(await client.ask("500"), /^HTTP:500 500 yes/);
  assert.doesNotMatch(service.log, /secret-path/);
  const counters = await flow_of(service, "s");
  assert.equal(counters.events, 4);
  assert.equal(counters.failures, 0, "on_error took care");
});

test("methods, bodies and headers are as the step says", async (t) => {
  const { asked, url } = await backend(t, () => ({ body: "ok" }));
  const service = await start(t, base()
    + flow("/get", `method = "GET", url = "${url}/#[payload]", event = false`)
    + flow("/head", `method = "HEAD", url = "${url}/"`)
    + flow("/json", `method = "#[payload]", url = "${url}/", body = "#[{ a = 1, who = attributes.socket_type }]"`)
    + flow("/wrong", `url = "#[payload]", headers = "#[{ [payload] = payload }]"`)
    + flow("/empty", `url = "${url}/", body = ""`));
  const get = await connect(t, service.ws("/get"));
  assert.equal(await get.ask("a%20b?c=d"), "200 ok");
  assert.equal(asked[0].url, "/a%20b?c=d");
  assert.equal(asked[0].body, "");
  assert.deepEqual(Object.keys(asked[0].headers), ["host"]);
  assert.equal(await (await connect(t, service.ws("/head"))).ask("x"), "200 ");
  const json = await connect(t, service.ws("/json"));
  assert.equal(await json.ask("PATCH"), "200 ok");
  assert.equal(asked[2].method, "PATCH");
  assert.equal(asked[2].body, '{"a":1,"who":"INBOUND"}');
  assert.equal(asked[2].headers["content-type"], "application/json");
  assert.match(await json.ask("A B"), /^SWITCHBOARD:INVALID_ARGUMENT\|/);
  assert.match(await json.ask("CONNECT"), /^SWITCHBOARD:INVALID_ARGUMENT\|/);
  const wrong = await connect(t, service.ws("/wrong"));
  for (const bad of ["", "x", "ftp://127.0.0.1/", "http://a:b@127.0.0.1/", "http:///x", "http://127.0.0.1:0/"])
    assert.match(await wrong.ask(bad), /^SWITCHBOARD:INVALID_ARGUMENT\|http_request: the url/, bad);
  assert.match(await wrong.ask(url), /no token/);
  assert.equal(await (await connect(t, service.ws("/empty"))).ask("x"), "200 ok");
  assert.equal(asked.at(-1).headers["content-length"], "0");
  assert.equal(asked.at(-1).headers["content-type"], undefined);
});

test("an answer's headers subscribe and close the event's socket", async (t) => {
  const orders = {
    in: { "switchboard-groups": "red, +blue , gr%2C%C3%BCn" },
    out: { "switchboard-groups": "-red, yellow" },
    bye: { "switchboard-close": "4001 see you" },
    policy: { "switchboard-close": "1000" },
    odd: { "switchboard-close": "999 x" },
    nameless: { "switchboard-groups": "a, -" },
  };
  const { url } = await backend(t, ({ body }) => ({ body: `did ${body}`, headers: orders[body] }));
  const service = await start(t, base() + flow("/o", `url = "${url}/"`));
  const client = await connect(t, service.ws("/o"));
  const groups = async () => [...(await service.sockets())[0].groups].sort();
  assert.equal(await client.ask("in"), "200 did in");
  assert.deepEqual(await groups(), ["blue", "gr,ün", "red"]);
  assert.equal(await client.ask("out"), "200 did out");
  assert.deepEqual(await groups(), ["blue", "gr,ün", "yellow"]);
  assert.match(await client.ask("odd"), /^SWITCHBOARD:INVALID_ARGUMENT\|.*Switchboard-Close/);
  assert.match(await client.ask("nameless"), /^SWITCHBOARD:INVALID_ARGUMENT\|.*Switchboard-Groups/);
  client.send("bye");
  client.send("never");
  assert.equal(await client.next(), "200 did bye", "what the steps send comes first");
  assert.deepEqual(await within("close", client.closed), { code: 4001, reason: "see you" });
  const other = await connect(t, service.ws("/o"));
  assert.equal(await other.ask("policy"), "200 did policy");
  assert.deepEqual(await within("close", other.closed), { code: 1000, reason: "" });
});

test("a backend lets sockets in, refuses them and hears that they are gone", async (t) => {
  const away = await hold_port(t);
  await away.release();
  const { asked, url } = await backend(t, ({ headers }) => {
    switch (headers["x-name"]) {
      case "anna": return { headers: { "switchboard-groups": "members" } };
      case "eve": return { status: 403, body: "not you", headers: { "content-type": "text/plain" } };
      case "long": return { status: 401, body: "ä".repeat(200), headers: { "content-type": "text/plain" } };
      case "json": return { status: 409, body: "{}", headers: { "content-type": "application/json" } };
      case "own": return { status: 400, headers: { "switchboard-close": "4400 my own words" } };
      case "broken": return { status: 500, body: "stack trace" };
      default: return {};
    }
  });
  const service = await start(t, base() + `
[[flow]]
name = "messages"
source = "inbound-listener"
path = "/m"
steps = [ { send = { content = "#[payload]" } } ]

[[flow]]
name = "door"
source = "on-inbound-connection"
path = "/m"
steps = [
  { http_request = { url = "${url}/door", headers = { x-name = "#[attributes.query_params.name]" } }, when = "#[attributes.query_params.name ~= 'away']" },
  { http_request = { url = "http://127.0.0.1:${away.port}/" }, when = "#[attributes.query_params.name == 'away']" },
]

[[flow]]
name = "gone"
source = "on-socket-closed"
path = "/m"
steps = [ { http_request = { url = "${url}/gone" } } ]
`);
  const anna = await connect(t, service.ws("/m?name=anna"));
  assert.equal(await anna.ask("let in"), "let in");
  const [{ groups, socket_id }] = await service.sockets();
  assert.deepEqual(groups, ["members"]);
  assert.equal(asked[0].headers["ce-type"], "switchboard.connection");
  assert.equal(asked[0].headers["ce-subject"], socket_id);
  assert.equal(asked[0].body, "");
  const refusals = {
    eve: [1008, "not you"], long: [1008, "ä".repeat(61)], json: [1008, "Conflict"],
    own: [4400, "my own words"], broken: [1008, "the service is not available"],
    away: [1008, "the service is not available"],
  };
  for (const [name, [code, reason]] of Object.entries(refusals)) {
    const client = await connect(t, service.ws(`/m?name=${name}`));
    assert.deepEqual(await within(`refusal of ${name}`, client.closed), { code, reason });
  }
  await until("all refusals are heard of", () => asked.filter(({ url }) => url === "/gone").length === 6);
  await anna.close(4002, "done here");
  const gone = await until("the closed event", () => asked.find(({ url, headers }) =>
    url === "/gone" && headers["ce-subject"] === socket_id));
  assert.equal(gone.headers["ce-type"], "switchboard.closed");
  assert.equal(gone.headers["content-type"], "application/json");
  assert.deepEqual(JSON.parse(gone.body), { code: 4002, reason: "done here", clean: true, code_number: 4002 });
});

/// What a receiver does with a signature, by the documented bytes alone.
function is_genuine(secret, { headers, body }, now = Date.now() / 1000) {
  const [, time, hex] = /^t=(\d+),v1=([0-9a-f]{64})$/.exec(headers["switchboard-signature"]) ?? [];
  if (!time || Math.abs(now - Number(time)) > 300)
    return false;
  const expected = createHmac("sha256", secret).update(`${time}.${headers["ce-id"]}.${body}`).digest();
  return timingSafeEqual(expected, Buffer.from(hex, "hex"));
}

test("a request is signed so that nobody can change or repeat it", async (t) => {
  const secret = "a secret that nobody may see";
  const { asked, url } = await backend(t, ({ url }) => ({ status: url === "/fail" ? 500 : 200 }));
  const service = await start(t, base()
    + flow("/s", `url = "${url}/#[payload]", secret = "\${KEY}", body = "ünï #[payload]"`), { env: { KEY: secret } });
  const client = await connect(t, service.ws("/s"));
  assert.equal(await client.ask("good"), "200 ");
  assert.match(await client.ask("fail"), /^HTTP:500/);
  const [good] = asked;
  assert.ok(is_genuine(secret, good));
  assert.ok(!is_genuine("another", good));
  assert.ok(!is_genuine(secret, { ...good, body: good.body + " " }));
  assert.ok(!is_genuine(secret, { ...good, headers: { ...good.headers, "ce-id": asked[1].headers["ce-id"] } }));
  assert.ok(!is_genuine(secret, good, Date.now() / 1000 + 301), "too old");
  assert.doesNotMatch(service.log, /nobody may see/);
});

test("connections are kept, bounded and replaced when the backend ends them", async (t) => {
  const ports = new Set();
  let busy = 0;
  let most = 0;
  const slow = lever();
  const { asked, url, sockets } = await backend(t, async ({ port, body }) => {
    ports.add(port);
    most = Math.max(most, ++busy);
    if (body === "hold")
      await slow.done;
    --busy;
    return { body };
  });
  const service = await start(t, base() + flow("/k", `url = "${url}/", max_connections = 2, timeout = "20s"`));
  const clients = await Promise.all(Array.from({ length: 8 }, () => connect(t, service.ws("/k"))));
  for (const client of clients)
    client.send("hold");
  await until("two are asked, the others wait", async () =>
    asked.length === 2 && (await flow_of(service, "k")).in_work === 8);
  slow.pull();
  for (const client of clients)
    assert.equal(await client.next(), "200 hold");
  assert.equal(most, 2);
  assert.equal(ports.size, 2);
  // A POST is not repeated, and still none is lost when idle connections end.
  for (let round = 0; round < 5; ++round) {
    for (const socket of sockets)
      socket.end();
    await until("they have ended", () => sockets.size === 0);
    assert.equal(await clients[0].ask(`round ${round}`), `200 round ${round}`);
  }
  assert.ok(ports.size > 4);
});

test("a full queue fails the message and keeps the socket", async (t) => {
  const slow = lever();
  const { asked, url } = await backend(t, async () => {
    await slow.done;
    return { body: "late" };
  });
  const service = await start(t, base()
    + flow("/q", `url = "${url}/", max_connections = 1, queue_limit = 2, timeout = "20s"`));
  const clients = await Promise.all(Array.from({ length: 5 }, () => connect(t, service.ws("/q"))));
  for (const client of clients)
    client.send("x");
  const refused = () => clients.filter(({ received }) => received.length > 0);
  await until("two are refused", () => refused().length === 2);
  await until("one is asked", () => asked.length > 0);
  for (const client of refused())
    assert.match(await client.next(), /^WEBSOCKET:CONNECTIVITY\|the queue for 127\.0\.0\.1:\d+ is full/);
  assert.equal(asked.length, 1);
  slow.pull();
  let late = 0;
  await until("three are served", () => {
    late = clients.filter(({ received }) => received[0] === "200 late").length;
    return late === 3;
  });
  assert.equal((await service.sockets()).length, 5);
});

test("no answer in time is an error, in order, and the socket stays", async (t) => {
  const { asked, url } = await backend(t, ({ body }, response) => {
    if (body === "hang")
      return undefined;
    if (body === "drip") {
      response.writeHead(200);
      response.write("some");
      return undefined;
    }
    if (body === "cut") {
      response.socket.destroy();
      return undefined;
    }
    return { body };
  });
  const service = await start(t, base({ server: 'ping_interval = "100ms"' })
    + flow("/t", `url = "${url}/", timeout = "${patience(1500)}ms"`));
  const client = await connect(t, service.ws("/t"));
  for (const one of ["a", "hang", "b", "drip", "cut", "c"])
    client.send(one);
  assert.equal(await client.next(), "200 a");
  assert.match(await client.next(), /^SWITCHBOARD:TIMEOUT\|127\.0\.0\.1:\d+ did not answer within \d+ ms/);
  assert.equal(await client.next(), "200 b");
  assert.match(await client.next(), /^SWITCHBOARD:TIMEOUT\|/);
  assert.match(await client.next(), /^WEBSOCKET:CONNECTIVITY\|.*may have done it/);
  assert.equal(await client.next(), "200 c");
  assert.deepEqual(asked.map(({ body }) => body), ["a", "hang", "b", "drip", "cut", "c"]);
});

test("what may be repeated is, by the step's strategy", async (t) => {
  const port = await hold_port(t);
  const tries = new Map();
  const answer = ({ headers, method, body }) => {
    const count = (tries.get(body) ?? 0) + 1;
    tries.set(body, count);
    return count < 3 ? { status: 503 } : { body: `${method} ${count}` };
  };
  const strategy = 'reconnection = { strategy = "reconnect", frequency = "20ms", count = 4 }';
  const forever = 'reconnection = { strategy = "reconnect-forever", frequency = "20ms" }';
  const { asked, url } = await backend(t, answer);
  const service = await start(t, base()
    + flow("/put", `method = "PUT", url = "${url}/", ${strategy}, secret = "k"`)
    + flow("/post", `url = "${url}/", ${strategy}`)
    + flow("/twice", `url = "${url}/", idempotent = true, ${strategy}`)
    + flow("/few", `method = "PUT", url = "${url}/", reconnection = { strategy = "reconnect", frequency = "5ms", count = 1 }`)
    + flow("/away", `url = "http://127.0.0.1:${port.port}/", ${forever}`)
    + flow("/gone", `url = "http://127.0.0.1:${port.port}/", reconnection = { strategy = "reconnect", frequency = "5ms", count = 2 }`));
  await port.release();
  const ask = async (path, what) => (await connect(t, service.ws(path))).ask(what);
  assert.equal(await ask("/put", "put"), "200 PUT 3");
  const ids = asked.map(({ headers }) => headers["ce-id"]);
  assert.equal(new Set(ids).size, 1, "one event, one id");
  assert.ok(asked.every((one) => is_genuine("k", one)));
  assert.equal((await flow_of(service, "put")).retries, 2);
  assert.match(await ask("/post", "post"), /^HTTP:503/);
  assert.equal(tries.get("post"), 1);
  assert.equal(await ask("/twice", "twice"), "200 POST 3");
  assert.match(await ask("/few", "few"), /^HTTP:503/);
  assert.equal(tries.get("few"), 2);
  assert.match(await ask("/gone", "x"), /^WEBSOCKET:RETRY_EXHAUSTED\|cannot connect.*after 3 attempts/);
  // Nothing was sent: a POST may try again, too.
  const waiting = ask("/away", "away");
  await until("some attempts", async () => (await flow_of(service, "away")).retries > 3);
  await backend(t, () => ({ body: "back" }), { port: port.port });
  assert.equal(await waiting, "200 back");
});

test("answers of every shape are read, and none that is too large", async (t) => {
  const { url } = await backend(t, ({ body }, response) => {
    switch (body) {
      case "chunked":
        response.writeHead(200, { "transfer-encoding": "chunked" });
        for (let i = 0; i < 100; ++i)
          response.write("0123456789");
        response.end();
        return undefined;
      case "close":
        response.socket.end("HTTP/1.1 200 OK\r\n\r\nuntil the end");
        return undefined;
      case "early":
        response.socket.write("HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n");
        return { body: "after hints" };
      case "junk":
        response.socket.end("this is no HTTP\r\n\r\n");
        return undefined;
      case "large":
        return { body: "x".repeat(2049) };
      case "endless":
        response.writeHead(200);
        response.write("x".repeat(3000));
        return undefined;
      case "heads":
        return { headers: { "x-big": "x".repeat(15000), "x-bigger": "x".repeat(15000) } };
      case "false json":
        return { body: "{", headers: { "content-type": "application/json" } };
      default:
        return { body: "x".repeat(2048) };
    }
  });
  const service = await start(t, base() + flow("/a", `url = "${url}/", max_response_size = "2KiB"`));
  const client = await connect(t, service.ws("/a"));
  assert.equal(await client.ask("chunked"), "200 " + "0123456789".repeat(100));
  assert.equal(await client.ask("close"), "200 until the end");
  assert.equal(await client.ask("early"), "200 after hints");
  assert.match(await client.ask("junk"), /^WEBSOCKET:CONNECTIVITY\|.*no HTTP/);
  for (const one of ["large", "endless", "heads"])
    assert.match(await client.ask(one), /^WEBSOCKET:CONNECTIVITY\|.*larger than the limit/, one);
  assert.equal(await client.ask("false json"), "200 {");
  assert.equal(await client.ask("all"), "200 " + "x".repeat(2048));
});

test("a target is asked once whether it wants events", async (t) => {
  const verdict = { status: 200, headers: { "webhook-allowed-origin": "switchboard.example" } };
  const { asked, url } = await backend(t, ({ method, url }) => {
    if (method !== "OPTIONS")
      return { body: "taken" };
    switch (url) {
      case "/yes": return verdict;
      case "/any": return { headers: { "webhook-allowed-origin": "*" } };
      case "/other": return { headers: { "webhook-allowed-origin": "else.example" } };
      case "/never": return { status: 405 };
      default: return {};
    }
  });
  const service = await start(t, base() + flow("/{to}", `url = "${url}/#[attributes.uri_params.to]", `
    + 'webhook_origin = "switchboard.example", secret = "k", headers = { authorization = "Bearer x", x-own = "y" }', { name: "hooks" }));
  const options = (path) => asked.filter(({ method, url }) => method === "OPTIONS" && url === path);
  const clients = await Promise.all(Array.from({ length: 6 }, () => connect(t, service.ws("/yes"))));
  for (const client of clients)
    client.send("x");
  for (const client of clients)
    assert.equal(await client.next(), "200 taken");
  assert.equal(options("/yes").length, 1);
  const [question] = options("/yes");
  assert.equal(question.headers["webhook-request-origin"], "switchboard.example");
  assert.equal(question.headers.authorization, "Bearer x");
  assert.equal(question.headers["x-own"], undefined);
  assert.equal(question.headers["ce-id"], undefined);
  assert.equal(question.headers["switchboard-signature"], undefined);
  assert.equal(await (await connect(t, service.ws("/any"))).ask("x"), "200 taken");
  for (const path of ["/other", "/never", "/silent"]) {
    const client = await connect(t, service.ws(path));
    assert.match(await client.ask("x"), /^HTTP:NOT_ALLOWED\|/, path);
    assert.match(await client.ask("x"), /^HTTP:NOT_ALLOWED\|/, path);
    assert.equal(options(path).length, 1, path);
    assert.ok(asked.every(({ method, url }) => url !== path || method === "OPTIONS"));
  }
});
