// Outbound sockets against servers of npm `ws` in processes of their own, which
// are killed, stopped, deaf, out of order and back again.

import assert from "node:assert/strict";
import net from "node:net";
import test from "node:test";
import { assert_problem, base, connect, start, until } from "./harness.mjs";
import { Peer } from "./peer.mjs";

const frequency = 200;

/// A configuration `out` whose client leads to a port; sockets of it write a
/// line of log for each of their events.
function outbound(port, { client = "", reconnection = "", more = "" } = {}) {
  return base() + `
[websocket.out.client]
host = "127.0.0.1"
port = ${port}
${client}

[websocket.out.reconnection]
${reconnection || `strategy = "reconnect-forever"\nfrequency = "${frequency}ms"`}

[[flow]]
name = "out messages"
source = "outbound-listener"
config = "out"
path = "/*"
steps = [ { log = "EVENT message #[attributes.socket_id] #[attributes.generation] #[payload]" } ]

[[flow]]
name = "out closed"
source = "on-socket-closed"
config = "out"
path = "/*"
steps = [ { log = "EVENT closed #[attributes.socket_id] #[payload.code] #[tostring(payload.clean)]" } ]
${more}
`;
}

const always = (id, path = "/feed") => `
[[outbound]]
config = "out"
socket_id = "${id}"
path = "${path}"
default_groups = ["out"]
`;

function open(service, request) {
  return service.api("/v1/sockets", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ config: "out", ...request }),
  });
}

const send = (service, id, body) =>
  service.api(`/v1/sockets/${id}/messages`, { method: "POST", body });

async function socket(service, id) {
  const response = await service.api(`/v1/sockets/${id}`);
  return response.status === 200 ? response.json() : { state: response.status };
}

const state_is = (service, id, state, timeout) =>
  until(`${id} is ${state}`, async () =>
    (await socket(service, id)).state === state, timeout);

const events = (service, what) =>
  [...service.log.matchAll(/EVENT (.*?) flow=/g)].map(([, text]) => text)
    .filter((text) => text.startsWith(what));

test("a socket is opened by HTTP, used and closed", async (t) => {
  const peer = await Peer.start(t);
  const service = await start(t, outbound(peer.port));
  const answer = await open(service, {
    socket_id: "mine", path: "/a/{x}", uri_params: { x: "b c" },
    query_params: { q: "1&2" }, headers: { "X-Own": "v" }, default_groups: ["g"],
  });
  assert.equal(answer.status, 201);
  assert.deepEqual(await answer.json(), { socket_id: "mine" });
  const opened = await until("the opening", () => peer.all("open")[0]);
  assert.equal(opened.path, "/a/b%20c?q=1%262");
  assert.equal(opened.headers["x-own"], "v");
  assert.equal((await send(service, "mine", "echo hello")).status, 204);
  await until("the echo", () => events(service, "message mine 0 echo hello").length === 1);
  const info = await socket(service, "mine");
  assert.equal(info.socket_type, "OUTBOUND");
  assert.equal(info.generation, 0);
  assert.deepEqual(info.groups, ["g"]);
  const broadcast = await service.json("/v1/broadcast?group=g&type=OUTBOUND",
                                       { method: "POST", body: "all" });
  assert.deepEqual(broadcast, { matched: 1, failures: [] });
  await until("the broadcast", () => peer.messages.includes("all"));
  assert.equal((await service.api("/v1/sockets/mine", { method: "DELETE" })).status, 204);
  await until("the close", () => peer.all("close")[0]?.close === 1000);
  await until("the event", () => events(service, "closed mine NORMAL_CLOSURE true").length === 1);
});

test("what cannot be opened has a name of its own", async (t) => {
  const rows = [[401, "UNAUTHORIZED"], [403, "FORBIDDEN"], [404, "NOT_FOUND"],
                [500, "INTERNAL_SERVER_ERROR"], [503, "SERVICE_UNAVAILABLE"],
                [418, "CONNECTIVITY"]];
  const service = await start(t, outbound(1, { reconnection: 'strategy = "none"' }));
  for (const [status, type] of rows) {
    const peer = await Peer.start(t, 0, { status });
    const problem = await assert_problem(
      await open(service, { url: `ws://127.0.0.1:${peer.port}/` }), 502, `WEBSOCKET:${type}`);
    assert.match(problem.detail, new RegExp(`${status} Refused: refusal 1`));
  }
  const cutting = await Peer.start(t, 0, { cut: 1 });
  await assert_problem(await open(service, { url: `ws://127.0.0.1:${cutting.port}/` }),
                       502, "WEBSOCKET:REMOTELY_CLOSED");
  await assert_problem(await open(service, {}), 502, "WEBSOCKET:CONNECTIVITY");
  for (const socket_id of ["", "a/b", "x".repeat(129), "\u00e9"])
    await assert_problem(await open(service, { socket_id }), 400, "WEBSOCKET:INVALID_SOCKET_ID");
  await assert_problem(await open(service, { url: "http://x/" }), 400,
                       "SWITCHBOARD:INVALID_ARGUMENT");
  const peer = await Peer.start(t);
  const place = { url: `ws://127.0.0.1:${peer.port}/`, socket_id: "one" };
  assert.equal((await open(service, place)).status, 201);
  await assert_problem(await open(service, place), 409, "WEBSOCKET:NON_UNIQUE_SOCKET_ID");
  await until("one opening", () => peer.all("open").length === 1);
});

test("a spent strategy tells the last cause", async (t) => {
  const peer = await Peer.start(t, 0, { status: 503 });
  const service = await start(t, outbound(peer.port, {
    reconnection: 'strategy = "reconnect"\nfrequency = "20ms"\ncount = 2' }));
  const problem = await assert_problem(await open(service, {}), 504,
                                       "WEBSOCKET:RETRY_EXHAUSTED");
  assert.match(problem.detail, /503 Refused: refusal 3/);
  await until("three attempts", () => peer.all("refused").length === 3);
});

test("a killed peer that comes back has its socket within one frequency", async (t) => {
  let peer = await Peer.start(t);
  const service = await start(t, outbound(peer.port, { more: always("kept") }));
  await state_is(service, "kept", "open");
  await until("the opening", () => peer.all("open").length === 1);
  for (let generation = 1; generation <= 3; ++generation) {
    await peer.kill();
    await state_is(service, "kept", "reconnecting");
    // What is handed over meanwhile waits; a broadcast tells whom it missed.
    const waiting = send(service, "kept", `waited ${generation}`);
    const missed = await service.json("/v1/broadcast?group=out",
                                      { method: "POST", body: "nobody" });
    assert.equal(missed.matched, 1);
    assert.equal(missed.failures[0].socket_id, "kept");
    assert.equal(missed.failures[0].error_type, "WEBSOCKET:CONNECTIVITY");
    peer = await Peer.start(t, peer.port);
    const back = Date.now();
    await until("the next opening", () => peer.all("open").length === 1);
    // One frequency, and what two busy cores need to tell of it.
    assert.ok(Date.now() - back < frequency + 5000);
    assert.equal((await waiting).status, 204);
    await until("what waited", () => peer.messages.length > 0);
    assert.deepEqual(peer.messages, [`waited ${generation}`]);
    assert.equal((await socket(service, "kept")).generation, generation);
  }
  assert.deepEqual(events(service, "closed kept"), []);
  await service.stop();
  assert.deepEqual(events(service, "closed kept"),
                   ["closed kept ENDPOINT_GOING_DOWN true"]);
});

test("a stopped peer is found by its silence", async (t) => {
  const peer = await Peer.start(t);
  const service = await start(t, outbound(peer.port, {
    client: 'ping_interval = "200ms"\nconnection_timeout = "1s"', more: always("kept") }));
  await state_is(service, "kept", "open");
  peer.signal("SIGSTOP");
  await state_is(service, "kept", "reconnecting", 30000);
  peer.signal("SIGCONT");
  await state_is(service, "kept", "open", 30000);
  assert.ok((await socket(service, "kept")).generation >= 1);
  assert.deepEqual(events(service, "closed kept"), []);
});

test("a peer that is out of order for a while is waited for", async (t) => {
  const peer = await Peer.start(t, 0, { status: 503, first: 10 });
  const service = await start(t, outbound(peer.port, {
    reconnection: 'strategy = "reconnect-forever"\nfrequency = "50ms"',
    more: always("kept") }));
  await state_is(service, "kept", "open", 30000);
  await until("all attempts", () =>
    peer.all("refused").length === 10 && peer.all("open").length === 1);
});

test("a peer that resets inside the handshake, or says nothing, is waited for", async (t) => {
  let peer = await Peer.start(t, 0, { cut: 1 });
  const service = await start(t, outbound(peer.port, {
    client: 'connection_timeout = "300ms"', more: always("kept") }));
  await until("three attempts", () => peer.all("cut").length >= 3);
  await peer.kill();
  peer = await Peer.start(t, peer.port, { mute: 1 });
  await until("an attempt that timed out",
              () => service.log.includes("no success within 300 ms"), 30000);
  await peer.kill();
  peer = await Peer.start(t, peer.port);
  await state_is(service, "kept", "open", 30000);
  await until("the opening", () => peer.all("open").length === 1);
});

/// Passes TCP on to a port. `sever` drops the peer's side of every connection
/// and keeps ours, as a machine that lost its power or a firewall that forgot
/// does: nothing ends, nothing answers.
async function relay(t, port) {
  const pairs = new Set();
  const server = net.createServer({ allowHalfOpen: true }, (near) => {
    const far = net.connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    const pair = { near, far, severed: false };
    pairs.add(pair);
    for (const [from, to] of [[near, far], [far, near]]) {
      from.on("data", (chunk) => pair.severed || to.write(chunk));
      from.on("end", () => pair.severed || to.end());
      from.on("error", () => pair.severed || to.destroy());
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.close();
    for (const { near, far } of pairs) {
      near.destroy();
      far.destroy();
    }
  });
  return {
    port: server.address().port,
    /// Ends the peer's direction in an orderly way, without a close frame.
    half_close: () => pairs.forEach(({ near }) => near.end()),
    sever: () => pairs.forEach((pair) => {
      pair.severed = true;
      pair.far.destroy();
    }),
  };
}

test("a half-open connection is found and replaced", async (t) => {
  const peer = await Peer.start(t);
  const between = await relay(t, peer.port);
  // A pong that is late because we are would be another loss.
  const service = await start(t, outbound(between.port, {
    client: 'ping_interval = "1s"\nconnection_timeout = "5s"', more: always("kept") }));
  await state_is(service, "kept", "open");
  assert.equal((await send(service, "kept", "before")).status, 204);
  await until("the message", () => peer.messages.length === 1);
  between.sever();
  await until("a second opening", () => peer.all("open").length === 2, 30000);
  await state_is(service, "kept", "open");
  assert.equal((await socket(service, "kept")).generation, 1);
  assert.equal((await send(service, "kept", "after")).status, 204);
  // TCP that ends in one direction, without a close frame.
  between.half_close();
  await until("a third opening", () => peer.all("open").length === 3, 30000);
  await state_is(service, "kept", "open");
  assert.equal((await send(service, "kept", "last")).status, 204);
  await until("the last message", () => peer.messages.includes("last"));
  assert.deepEqual(peer.messages, ["before", "after", "last"]);
  assert.deepEqual(events(service, "closed"), []);
});

test("nothing that was sent while the peer was up is lost or doubled", async (t) => {
  let peer = await Peer.start(t);
  const service = await start(t, outbound(peer.port, { more: always("kept") }));
  await state_is(service, "kept", "open");
  const received = [];
  let sent = 0;
  for (let round = 0; round < 5; ++round) {
    for (let i = 0; i < 20; ++i) {
      const text = `message ${++sent}`;
      assert.equal((await send(service, "kept", text)).status, 204);
    }
    await until("all of them", () => peer.messages.length === 20);
    received.push(...peer.messages);
    await peer.kill();
    peer = await Peer.start(t, peer.port);
    await until("the next opening", () => peer.all("open").length === 1, 30000);
  }
  assert.deepEqual(received, Array.from({ length: sent }, (_, i) => `message ${i + 1}`));
});

test("a normal close of the peer is the end, another is not", async (t) => {
  const peer = await Peer.start(t);
  const service = await start(t, outbound(peer.port, { more: always("kept") }));
  await state_is(service, "kept", "open");
  await send(service, "kept", "close 1001");
  await until("a second opening", () => peer.all("open").length === 2, 30000);
  await state_is(service, "kept", "open");
  assert.deepEqual(events(service, "closed"), []);
  await send(service, "kept", "close 1000");
  await until("the closed event", () => events(service, "closed").length === 1);
  assert.deepEqual(events(service, "closed"), ["closed kept NORMAL_CLOSURE true"]);
  await state_is(service, "kept", 404);
});

test("a source's own strategy keeps the sockets on its path", async (t) => {
  let peer = await Peer.start(t);
  const service = await start(t, outbound(peer.port, {
    reconnection: 'strategy = "none"',
    more: always("kept") + always("lost", "/elsewhere") + `
[[flow]]
name = "kept ones"
source = "outbound-listener"
config = "out"
path = "/feed"
reconnection = { strategy = "reconnect-forever", frequency = "${frequency}ms" }
` }));
  await state_is(service, "kept", "open");
  await state_is(service, "lost", "open");
  await peer.kill();
  peer = await Peer.start(t, peer.port);
  await until("the next opening", () => peer.all("open").length === 1, 30000);
  await state_is(service, "kept", "open");
  await state_is(service, "lost", 404);
  assert.equal(peer.all("open")[0].path, "/feed");
});

test("inbound and outbound sockets share groups, broadcasts and closings", async (t) => {
  const peer = await Peer.start(t, 0, { tick: 50 });
  const service = await start(t, outbound(peer.port, {
    more: always("ticker") + `
[[flow]]
name = "browsers"
source = "inbound-listener"
config = "main"
path = "/feed"
default_groups = ["feed"]
steps = [ { send = { config = "out", socket_id = "ticker", content = "#[payload]" } } ]

[[flow]]
name = "bridge"
source = "outbound-listener"
config = "out"
path = "/feed"
steps = [ { broadcast = { config = "main", groups = ["feed"], content = "#[payload]" } } ]
` }));
  const browser = await connect(t, service.ws("/feed"));
  assert.match(await browser.next("a tick"), /^tick \d+$/);
  browser.send("from the browser");
  await until("the message", () => peer.messages.includes("from the browser"));
  const all = await service.json("/v1/broadcast", { method: "POST", body: "to all" });
  assert.equal(all.matched, 2);
  await until("the broadcast", () => peer.messages.includes("to all"));
  const closed = await service.json("/v1/close", { method: "POST" });
  assert.deepEqual(closed, { closed: 2 });
  await state_is(service, "ticker", 404);
});

test("a step opens a socket and its id is its output", async (t) => {
  const peer = await Peer.start(t);
  const service = await start(t, outbound(peer.port, { more: `
[[flow]]
name = "opener"
source = "inbound-listener"
config = "main"
path = "/open"
steps = [
  { open_outbound_socket = { config = "out", path = "/{p}", uri_params = { p = "#[payload]" } }, target = "id" },
  { send = { content = "#[vars.id]" } },
]
on_error = [ { send = { content = "#[error.type]" } } ]
` }));
  const client = await connect(t, service.ws("/open"));
  const id = await client.ask("x");
  assert.equal((await socket(service, id)).path, "/x");
  const opened = await until("the opening", () => peer.all("open")[0]);
  assert.equal(opened.path, "/x");
});

test("a thousand sockets come back spread over the frequency", async (t) => {
  const count = 1000;
  let peer = await Peer.start(t);
  const service = await start(t, outbound(peer.port, { reconnection: `
strategy = "reconnect-forever"
frequency = "2s"
backoff = { jitter = 1.0 }` }));
  const opening = [];
  for (let i = 0; i < count; ++i) {
    opening.push(open(service, { socket_id: `s${i}`, default_groups: ["all"] }));
    if (opening.length % 50 === 0)
      await Promise.all(opening);
  }
  for (const answer of await Promise.all(opening))
    assert.equal(answer.status, 201);
  await peer.kill();
  peer = await Peer.start(t, peer.port);
  await until("all are back", async () =>
    (await service.json("/v1/broadcast?group=all", { method: "POST", body: "x" }))
      .failures.length === 0, 60000);
  await until("all openings", () => peer.all("open").length === count);
});
