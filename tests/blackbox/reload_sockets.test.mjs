// Reading the configuration file again: listeners, configurations, outbound
// sockets and TLS that come, go and change, while the others stay.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import test from "node:test";
import {
  assert_problem, base, connect, echo_flow, hold_port, start, until,
} from "./harness.mjs";
import { Peer } from "./peer.mjs";
import { answer_to, certificates, open } from "./tls.mjs";

async function reload(service, toml) {
  writeFileSync(service.file, toml);
  const { changes } = await service.json("/v1/reload", { method: "POST" });
  return Object.fromEntries(changes.map(({ key, change, effect }) => [key, `${change}, ${effect}`]));
}

/// A listener with a configuration and an echo flow of its own.
const more = (name, port, key = "") => `
[http_listener.${name}]
host = "127.0.0.1"
port = ${port}
${key}
[websocket.${name}.server]
listener = "${name}"
[[flow]]
name = "${name}"
config = "${name}"
source = "inbound-listener"
path = "/echo"
steps = [ { send = { content = "#[payload]" } } ]
`;

const first = base() + echo_flow("/echo").replace("source", 'config = "main"\nsource');

async function free_port(t) {
  const { port, release } = await hold_port(t);
  await release();
  return port;
}

test("a listener and its configuration come and go", async (t) => {
  const port = await free_port(t);
  const service = await start(t, first);
  const old = await connect(t, service.ws("/echo"));
  assert.deepEqual(await reload(service, first + more("extra", port)), {
    "flow.extra": "added, applied",
    "http_listener.extra": "added, applied",
    "websocket.extra": "added, applied",
  });
  assert.ok(await service.is_ready());
  await until("its line", () => service.address("extra"));
  const extra = await connect(t, service.ws("/echo", "extra"));
  assert.equal(await extra.ask("a"), "a");
  assert.equal((await service.json("/v1/configs")).configs.length, 2);

  // Gone: nobody gets in, and who is in stays.
  await reload(service, first);
  await until("refusal", () => connect(t, `ws://127.0.0.1:${port}/echo`).then(() => false, (error) =>
    /ECONNREFUSED/.test(error.message)));
  assert.equal((await service.sockets("config=extra")).length, 1);
  const gone = (await service.json("/v1/configs")).configs.find((x) => x.name === "extra");
  assert.equal(gone.listening, false);
  assert.match(gone.problem, /no more/);
  assert.equal(await old.ask("b"), "b");
  assert.ok(await service.is_ready());

  // Back again under other settings.
  await reload(service, first + more("extra", port, "max_connections = 1"));
  assert.equal(await extra.ask("c"), "c");
  const young = await connect(t, `ws://127.0.0.1:${port}/echo`);
  assert.equal(await young.ask("d"), "d");
  await assert.rejects(connect(t, `ws://127.0.0.1:${port}/echo`), /503/);
});

test("a listener moves to another port and to another name", async (t) => {
  const [from, to] = [await free_port(t), await free_port(t)];
  const service = await start(t, first + more("extra", from));
  const client = await connect(t, `ws://127.0.0.1:${from}/echo`);
  assert.deepEqual(await reload(service, first + more("extra", to)),
                   { "http_listener.extra.port": "changed, applied" });
  assert.equal(await (await connect(t, `ws://127.0.0.1:${to}/echo`)).ask("a"), "a");
  await until("the old port's end", () => connect(t, `ws://127.0.0.1:${from}/echo`).then(() => false, () => true));
  assert.equal(await client.ask("b"), "b");
  // The name changes and the bound sockets are handed on.
  await reload(service, first + more("other", to));
  const young = await connect(t, `ws://127.0.0.1:${to}/echo`);
  assert.equal(await young.ask("c"), "c");
  assert.equal((await service.sockets("config=other")).length, 1);
  // All addresses in place of one.
  await reload(service, first + more("other", to).replace("127.0.0.1", "0.0.0.0"));
  await until("the wider address", () => connect(t, `ws://127.0.0.2:${to}/echo`).then(() => true, () => false));
  assert.equal(await young.ask("d"), "d");
});

test("an address that is taken refuses all of it", async (t) => {
  const { port, release } = await hold_port(t);
  const service = await start(t, first);
  const text = first.replace('content = "#[payload]"', 'content = "changed"') + more("extra", port);
  writeFileSync(service.file, text);
  const problem = await assert_problem(
    await service.api("/v1/reload", { method: "POST" }), 502, "WEBSOCKET:CONNECTIVITY");
  assert.match(problem.detail, /extra.*cannot be bound/);
  const client = await connect(t, service.ws("/echo"));
  assert.equal(await client.ask("same"), "same");
  assert.equal((await service.json("/v1/configs")).configs.length, 1);
  await release();
  assert.equal(Object.keys(await reload(service, text)).length, 4);
  assert.equal(await client.ask("x"), "changed");
});

const out = (port, entries, client = "") => first + `
[websocket.out.client]
host = "127.0.0.1"
port = ${port}
${client}
[websocket.out.reconnection]
strategy = "reconnect-forever"
frequency = "50ms"
` + entries.map(([id, keys]) => `
[[outbound]]
config = "out"
${id ? `socket_id = "${id}"` : ""}
${keys}
`).join("");

test("outbound sockets are opened, closed and left alone", async (t) => {
  const peer = await Peer.start(t);
  const service = await start(t, out(peer.port, [["kept", 'path = "/a"'], ["gone", 'path = "/b"'], ["", 'path = "/c"']]));
  const ids = async () => (await service.sockets("type=OUTBOUND")).map((s) => [s.socket_id, s.path, s.connected_at]);
  await until("three", async () => (await ids()).length === 3 && peer.all("open").length === 3);
  const before = await ids();
  const unnamed = before.find(([, path]) => path === "/c");
  const changes = await reload(service, out(peer.port,
    [["", 'path = "/c"'], ["new", 'path = "/d"'], ["kept", 'path = "/a"']]));
  assert.deepEqual(changes, { "outbound.gone": "removed, applied", "outbound.new": "added, applied" });
  await until("the exchange", async () =>
    (await ids()).map(([id]) => id).sort().join() === ["kept", "new", unnamed[0]].sort().join());
  const after = await ids();
  for (const what of before.filter(([id]) => id !== "gone"))
    assert.ok(after.some((x) => x.join() === what.join()), `${what} was left alone`);
  await until("its close frame", () => peer.all("close").length === 1);
  assert.equal(peer.all("close")[0].close, 1000);

  // One that changes is closed and opened again under its id.
  assert.deepEqual(
    await reload(service, out(peer.port, [["", 'path = "/c"'], ["new", 'path = "/e"'], ["kept", 'path = "/a"']])),
    { "outbound.new": "changed, applied" });
  await until("the other path", async () => (await ids()).some(([id, path]) => id === "new" && path === "/e"));
  assert.equal((await ids()).length, 3);
  // The unnamed one is known by what it holds.
  const last = await reload(service, out(peer.port, [["new", 'path = "/e"']]));
  assert.equal(Object.values(last).filter((x) => x === "removed, applied").length, 2);
  await until("the rest", async () => (await ids()).length === 1);
});

test("one that could not be opened so far is given up", async (t) => {
  const { port, release } = await hold_port(t);
  await release();
  const service = await start(t, out(port, [["never", 'path = "/a"']]), { ready: true });
  await until("attempts", () => /an outbound socket cannot be opened.*never/.test(service.log));
  await reload(service, out(port, []));
  const peer = await Peer.start(t, port);
  const opened = await service.api("/v1/sockets", {
    method: "POST", headers: { "content-type": "application/json" },
    body: JSON.stringify({ config: "out", socket_id: "never", path: "/b" }),
  });
  assert.equal(opened.status, 201);
  await until("it", () => peer.all("open").length > 0);
  assert.deepEqual(peer.all("open").map((x) => x.path), ["/b"]);
});

test("client settings count for new dials, reconnections among them", async (t) => {
  const peer = await Peer.start(t);
  const service = await start(t, out(peer.port, [["kept", 'path = "/a"']], 'default_headers = { X-One = "hidden-one" }'));
  await until("it", () => peer.all("open").length === 1);
  assert.deepEqual(
    await reload(service, out(peer.port, [["kept", 'path = "/a"']], 'default_headers = { X-Two = "hidden-two" }')), {
      "websocket.out.client.default_headers.X-One": "removed, applied for new sockets",
      "websocket.out.client.default_headers.X-Two": "added, applied for new sockets",
    });
  assert.equal(peer.all("close").length, 0);
  const { port } = peer;
  await peer.kill();
  const next = await Peer.start(t, port);
  await until("the reconnection", () => next.all("open").length === 1);
  const [{ headers: seen }] = next.all("open");
  assert.match(JSON.stringify(seen), /hidden-two/);
  assert.doesNotMatch(JSON.stringify(seen), /hidden-one/);
  assert.doesNotMatch(service.log, /hidden/);
});

test("TLS settings count for new handshakes", async (t) => {
  const made = certificates(t);
  made.issue("first", { names: "DNS:localhost", days: 40 });
  made.issue("second", { names: "DNS:localhost", days: 40 });
  const config = (name, keys = "") => base({ listener: 'tls = "edge"' }) + `
[tls.edge]
key_store = { path = "${made.path(name)}" }
${keys}
` + echo_flow("/echo");
  made.join("one.pem", "first.pem");
  made.join("two.pem", "second.pem");
  const service = await start(t, config("one.pem"));
  const old = await open(t, service, { ca: made.ca });
  const shown = async (options = {}) => {
    const socket = await open(t, service, { ca: made.ca, ...options });
    return socket._socket.getPeerCertificate().subject.CN;
  };
  assert.equal(await shown(), "first");
  assert.deepEqual(await reload(service, config("two.pem")),
                   { "tls.edge.key_store.path": "changed, applied for new sockets" });
  assert.equal(await shown(), "second");
  assert.deepEqual(await reload(service, config("two.pem", 'enabled_protocols = ["TLSv1.3"]')),
                   { "tls.edge.enabled_protocols": "added, applied for new sockets" });
  await assert.rejects(shown({ maxVersion: "TLSv1.2" }));
  assert.equal(await shown(), "second");
  assert.equal(String(await answer_to(old, "still")), "still");
  writeFileSync(service.file, config("none.pem"));
  await assert_problem(await service.api("/v1/reload", { method: "POST" }), 400);
  assert.equal(await shown(), "second");
});
