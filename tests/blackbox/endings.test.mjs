// Why a socket went away: the log's line, the post-mortem and the metric each
// tell it for every way of ending, and no two ways look alike in any of them.

import assert from "node:assert/strict";
import test from "node:test";
import { base, connect, echo_flow, start, until } from "./harness.mjs";
import { Peer } from "./peer.mjs";

const configuration = (peer) => base({
  server: 'send_queue_limit = "64KiB"\nping_interval = "0s"\nmax_message_size = "64KiB"',
}) + echo_flow("/echo/*").replace("source =", 'config = "main"\nsource =') + `
[limits]
memory = "16MiB"

[websocket.quick.server]
listener = "public"
listener_base_path = "/quick"
idle_socket_timeout = "150ms"
ping_interval = "0s"

[websocket.pinging.server]
listener = "public"
listener_base_path = "/pinging"
ping_interval = "100ms"

[websocket.roomy.server]
listener = "public"
listener_base_path = "/roomy"
send_queue_limit = "32MiB"
ping_interval = "0s"

[websocket.rated.server]
listener = "public"
listener_base_path = "/rated"
max_message_rate = 5
rate_limit_action = "close"

[websocket.out.client]
host = "127.0.0.1"
port = ${peer.port}

[websocket.out.reconnection]
strategy = "reconnect"
frequency = "20ms"
count = 1

[[flow]]
name = "gate"
source = "on-inbound-connection"
config = "main"
path = "/echo/refused"
steps = [ { raise_error = { type = "APP:NO", message = "not today" } } ]
` + ["quick", "pinging", "roomy", "rated"].map((name) => `
[[flow]]
name = "${name}"
source = "inbound-listener"
config = "${name}"
path = "/"
steps = []
`).join("");

/// All samples of closings, by `code/by`.
async function closings(service) {
  const text = await (await service.api("/metrics")).text();
  const samples = text.matchAll(/^switchboard_sockets_closed_total\{code="([^"]+)",by="([^"]+)"\} (\d+)$/gm);
  return new Map([...samples].map(([, code, by, count]) => [`${code}/${by}`, Number(count)]));
}

/// The fields of a line of the log.
function fields_of(line) {
  return Object.fromEntries([...line.matchAll(/ (\w+)=("(?:[^"\\]|\\.)*"|\S+)/g)].map(([, name, value]) =>
    [name, value.startsWith('"') ? JSON.parse(value) : value]));
}

async function post(service, path, body) {
  const response = await service.api(path, { method: "POST", body });
  await response.arrayBuffer();
}

// name, path, { code, by } of the metric, the reason, what ends it.
const ways = [
  ["the peer's close", "/echo/peer", "1000/peer", /^bye$/, ({ client }) => client.close(1000, "bye")],
  ["the peer's close by a code of its own", "/echo/own", "4000-4999/peer", /^mine$/,
   ({ client }) => client.close(4711, "mine")],
  ["the peer's close without a code", "/echo/none", "1005/peer", /^$/, ({ client }) => client.ws.close()],
  ["the end of TCP without a close", "/echo/cut", "1006/hung_up", /ended TCP without a close frame/,
   ({ client }) => client.ws._socket.end()],
  ["a reset of TCP", "/echo/reset", "1006/lost", /reset by peer/i, ({ client }) => client.reset()],
  ["a frame that is wrong", "/echo/wrong", "1002/protocol_error", /not masked/,
   ({ client }) => client.ws._socket.write(Buffer.from([0x81, 0x01, 0x61]))],
  ["text that is no UTF-8", "/echo/text", "1007/protocol_error", /UTF-8/,
   ({ client }) => client.ws._socket.write(Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0xC3, 0x28]))],
  ["a message too large", "/echo/large", "1009/protocol_error", /larger than the limit/,
   ({ client }) => client.send(Buffer.alloc((64 << 10) + 1))],
  ["silence", "/quick", "1001/timeout", /^idle timeout$/, () => {}],
  ["a ping without an answer", "/pinging", "1006/timeout", /^no answer to a ping$/, ({ client }) => client.pause()],
  ["a full send queue", "/echo/slow", "1008/slow_consumer", /^slow consumer$/, async ({ client, service, id }) => {
    await client.pause();
    await until("a full queue", async () => {
      await post(service, "/v1/broadcast?path=/echo/slow", "s".repeat(48 * 1024));
      return (await service.api(`/v1/sockets/${id}`)).status === 404;
    }, 60000);
  }],
  ["close_socket", "/echo/closed", "1000/operation", /^$/,
   ({ service, id }) => service.api(`/v1/sockets/${id}`, { method: "DELETE" })],
  ["bulk_close_sockets", "/echo/bulk", "1000/bulk_close", /^$/,
   ({ service }) => post(service, "/v1/close?path=/echo/bulk")],
  ["a flow that refuses", "/echo/refused", "1008/handler", /^not today$/, () => {}],
  ["too many messages a second", "/rated", "1008/limit", /^message rate exceeded$/, ({ client }) => {
    for (let i = 0; i < 20; ++i)
      client.send("x");
  }],
  ["no memory left", "/roomy", "1013/limit", /^out of memory$/, async ({ client, service, id }) => {
    await client.pause();
    const body = "m".repeat(512 * 1024);
    await until("its end", async () => {
      await post(service, "/v1/broadcast?config=roomy&path=/", body);
      return (await service.api(`/v1/sockets/${id}`)).status === 404;
    }, 30000);
  }],
  ["a strategy that is spent", null, "1006/given_up", /^given up: .*refused/i, ({ peer }) => peer.kill()],
  ["the drain", "/echo/drained", "1001/shutdown", /^going down$/, ({ service }) => post(service, "/v1/drain")],
];

/// Opens the socket that is to end.
/// @returns { client, id, query }: the client where it is inbound.
async function open(t, service, path) {
  if (path === null) {
    const response = await service.api("/v1/sockets", {
      method: "POST", body: JSON.stringify({ config: "out", path: "/", socket_id: "lost-one" }),
    });
    assert.equal(response.status, 201, await response.text());
    return { id: "lost-one" };
  }
  // Refused as long as there is no memory.
  const client = await until("an open socket", () => connect(t, service.ws(path)));
  const line = await until("its line", () =>
    service.log.split("\n").findLast((x) => x.includes("socket opened") && x.includes(` path=${path} `)));
  return { client, id: fields_of(line).socket };
}

test(`log, post-mortem and metric each tell ${ways.length} ways of ending apart`, async (t) => {
  const peer = await Peer.start(t);
  const service = await start(t, configuration(peer));
  const told = { log: new Map(), post_mortem: new Map(), metric: new Map() };
  for (const [name, path, metric, reason, end] of ways) {
    const before = await closings(service);
    const { client, id } = await open(t, service, path);
    await end({ client, id, service, peer });
    const found = await until(`the post-mortem: ${name}`, async () => {
      const response = await service.api(`/v1/closed/${id}`);
      return response.status === 200 && response.json();
    }, 60000);
    const [code, by] = metric.split("/");

    assert.equal(found.by, by, name);
    assert.match(found.reason, reason, name);
    const number = String(found.code_number);
    assert.ok(code === "4000-4999" ? number.startsWith("4") : number === code, `${name}: ${number}`);
    assert.equal(found.socket_type, path === null ? "OUTBOUND" : "INBOUND");

    const line = await until(`the line: ${name}`, () => service.log.split("\n").find((x) =>
      x.includes("socket closed socket=") && x.includes(` socket=${id} `)));
    const fields = fields_of(line);
    assert.equal(fields.by, by, name);
    assert.equal(fields.code, found.code, name);
    assert.equal(fields.reason, found.reason, name);
    assert.equal(fields.clean, String(found.clean), name);

    const grown = await until(`the metric: ${name}`, async () => {
      const now = await closings(service);
      const more = [...now].filter(([key, count]) => count !== (before.get(key) ?? 0));
      return more.length > 0 && more;
    });
    assert.deepEqual(grown, [[metric, (before.get(metric) ?? 0) + 1]], name);

    // Code and party alone tell it, in each of them.
    for (const [where, signature] of [["log", `${fields.code}/${fields.by}`],
                                      ["post_mortem", `${found.code}/${found.by}`], ["metric", grown[0][0]]]) {
      assert.equal(told[where].get(signature), undefined, `${where}: ${name}`);
      told[where].set(signature, name);
    }
    if (client)
      client.resume();
  }
  for (const where of Object.values(told))
    assert.equal(where.size, ways.length);
  // The API's description knows every party.
  const { components } = await service.json("/openapi.json");
  const parties = components.schemas.ClosedSocket.properties.by.enum;
  for (const [, , metric] of ways)
    assert.ok(parties.includes(metric.split("/")[1]), metric);
});
