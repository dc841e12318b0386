// The gate of new connections, and exactly one connection and one closed
// event for each socket, whatever ended it.

import assert from "node:assert/strict";
import test from "node:test";
import { base, connect, start, until, within } from "./harness.mjs";
import { close_payload, frame, opcode, Raw, upgrade, upgraded } from "./raw.mjs";

const config = base() + `
[http_listener.impatient]
host = "127.0.0.1"
port = 0

[websocket.impatient.server]
listener = "impatient"
idle_socket_timeout = "500ms"
ping_interval = "0s"

[[flow]]
name = "observer"
source = "inbound-listener"
config = "main"
path = "/observer"
steps = [ { send = { content = "#[payload]" } } ]

[[flow]]
name = "watched"
source = "inbound-listener"
config = "main"
path = "/watched"
steps = [
  { close_socket = { close_code = "4003", reason = "asked" }, when = "#[payload == 'close me']" },
  { send = { content = "#[attributes.socket_id]" }, when = "#[payload ~= 'close me']" },
]

[[flow]]
name = "gate"
source = "on-inbound-connection"
config = "main"
path = "/watched"
steps = [
  { log = "EVENT open #[attributes.socket_id]" },
  { broadcast = { config = "main", path = "/observer", content = "open|#[attributes.socket_id]|#[attributes.query_string]" } },
  { subscribe_groups = { groups = ["gated"] } },
  { raise_error = { type = "APP:DENIED", message = "not you" }, when = "#[attributes.query_params.deny == 'yes']" },
  { send = { content = "welcome" } },
]

[[flow]]
name = "gone"
source = "on-socket-closed"
config = "main"
path = "/watched"
steps = [
  { log = "EVENT closed #[attributes.socket_id]" },
  { broadcast = { config = "main", path = "/observer", content = "closed|#[attributes.socket_id]|#[payload.code]|#[payload.code_number]|#[tostring(payload.clean)]|#[payload.reason]|#[table.concat(attributes.groups, ',')]" } },
]

[[flow]]
name = "watched impatient"
source = "inbound-listener"
config = "impatient"
path = "/watched"
steps = []

[[flow]]
name = "gate impatient"
source = "on-inbound-connection"
config = "impatient"
path = "/watched"
steps = [ { broadcast = { config = "main", path = "/observer", content = "open|#[attributes.socket_id]|#[attributes.query_string]" } } ]

[[flow]]
name = "gone impatient"
source = "on-socket-closed"
config = "impatient"
path = "/watched"
steps = [ { broadcast = { config = "main", path = "/observer", content = "closed|#[attributes.socket_id]|#[payload.code]|#[payload.code_number]|#[tostring(payload.clean)]|#[payload.reason]|" } } ]
`;

const { text } = opcode;

test("events", async (t) => {
  const service = await start(t, config);
  const observer = await connect(t, service.ws("/observer"));
  const events = [];
  observer.ws.on("message", (data) => {
    const [kind, id, ...rest] = data.toString().split("|");
    events.push({ kind, id, rest });
  });

  /// The events of the socket that came with a query string.
  const of = (query) => {
    const opened = events.find(({ kind, rest }) => kind === "open" && rest[0] === query);
    return opened ? events.filter(({ id }) => id === opened.id) : [];
  };
  const id_of = (query) =>
    until(`the connection event of ${query}`, () => of(query)[0]?.id);
  const welcomed = async (t, query) => {
    const client = await connect(t, service.ws(`/watched?${query}`));
    assert.equal(await client.next(), "welcome");
    return client;
  };
  const raw_welcomed = async (t, query, listener = "public") => {
    const raw = await upgraded(t, service, `/watched?${query}`, {}, listener);
    if (listener === "public")
      assert.equal((await raw.frame()).payload.toString(), "welcome");
    return raw;
  };

  await t.test("messages wait for the gate", async (t) => {
    for (let round = 0; round < 20; ++round) {
      const raw = new Raw(t, service.address("public"));
      raw.write(Buffer.concat([
        Buffer.from(upgrade("/watched?early")), frame(text, "first"), frame(text, "second"),
      ]));
      assert.equal((await raw.response()).status, 101);
      assert.equal((await raw.frame()).payload.toString(), "welcome");
      const id = (await raw.frame()).payload.toString();
      assert.equal((await raw.frame()).payload.toString(), id);
      raw.write(frame(opcode.close, close_payload(1000)));
      await raw.end();
    }
  });

  await t.test("a flow that fails at the gate closes with 1008", async (t) => {
    const raw = new Raw(t, service.address("public"));
    raw.write(Buffer.concat([Buffer.from(upgrade("/watched?deny=yes")), frame(text, "let me in")]));
    assert.equal((await raw.response()).status, 101);
    const { code } = await raw.close_frame();
    assert.equal(code, 1008);
    await raw.end();
    const [, closed] = await until("both events", () => of("deny=yes").length >= 2 && of("deny=yes"));
    assert.equal(closed.rest[1], "1008");
  });

  // query, how to end it, expected [code, number, clean, reason]
  const ways = {
    "w=client-close": [async (t, q) => (await welcomed(t, q)).close(1000, "bye"),
      ["NORMAL_CLOSURE", "1000", "true", "bye"]],
    "w=client-code": [async (t, q) => (await welcomed(t, q)).close(4001, "mine"),
      ["4001", "4001", "true", "mine"]],
    "w=client-no-code": [async (t, q) => (await welcomed(t, q)).ws.close(),
      ["1005", "1005", "true", ""]],
    "w=reset": [async (t, q) => (await welcomed(t, q)).ws._socket.resetAndDestroy(),
      ["1006", "1006", "false", null]],
    "w=fin": [async (t, q) => (await raw_welcomed(t, q)).socket.end(),
      ["1006", "1006", "false", null]],
    "w=violation": [async (t, q) => (await raw_welcomed(t, q)).write(frame(3, "x")),
      ["PROTOCOL_ERROR", "1002", null, null]],
    "w=utf8": [async (t, q) => (await raw_welcomed(t, q)).write(frame(text, Buffer.of(0xff))),
      ["INVALID_DATA", "1007", null, null]],
    "w=too-large": [async (t, q) => (await welcomed(t, q)).send(Buffer.alloc((1 << 20) + 1)),
      ["MESSAGE_TOO_LARGE", "1009", null, null]],
    "w=api": [async (t, q) => {
      const client = await welcomed(t, q);
      const path = `/v1/sockets/${encodeURIComponent(await id_of(q))}?code=4002&reason=api`;
      assert.equal((await service.api(path, { method: "DELETE" })).status, 204);
      await within("close", client.closed);
    }, ["4002", "4002", "true", "api"]],
    "w=bulk": [async (t, q) => {
      const client = await welcomed(t, q);
      const path = `/v1/sockets/${encodeURIComponent(await id_of(q))}/groups/sweep`;
      assert.equal((await service.api(path, { method: "PUT" })).status, 204);
      const result = await service.json("/v1/close?group=sweep&code=ENDPOINT_GOING_DOWN&reason=bulk",
                                        { method: "POST" });
      assert.deepEqual(result, { closed: 1 });
      await within("close", client.closed);
    }, ["ENDPOINT_GOING_DOWN", "1001", "true", "bulk"]],
    "w=flow": [async (t, q) => (await welcomed(t, q)).send("close me"),
      ["4003", "4003", "true", "asked"]],
    "w=idle": [async (t, q) => raw_welcomed(t, q, "impatient"), [null, null, null, null]],
    "w=never-closes-tcp": [async (t, q) => {
      // Answers nothing, not even the close: its deadline ends it.
      await raw_welcomed(t, q);
      const path = `/v1/sockets/${encodeURIComponent(await id_of(q))}?code=4004`;
      assert.equal((await service.api(path, { method: "DELETE" })).status, 204);
    }, ["4004", "4004", null, null]],
  };

  for (const [query, [finish, expected]] of Object.entries(ways))
    await t.test(`one connection and one closed event: ${query.slice(2)}`, async (t) => {
      await finish(t, query);
      const [opened, closed] = await until("both events", () => of(query).length >= 2 && of(query));
      assert.equal(opened.kind, "open");
      assert.equal(closed.kind, "closed");
      for (const [index, value] of expected.entries())
        if (value !== null)
          assert.equal(closed.rest[index], value);
      if (query !== "w=idle")
        assert.match(closed.rest[4], /gated/, "groups as at the end");
      const gone = await service.api(`/v1/sockets/${encodeURIComponent(closed.id)}`);
      await gone.arrayBuffer();
      assert.equal(gone.status, 404);
    });

  await t.test("no socket had an event twice", async () => {
    // What the observer sends now comes back behind every earlier event.
    const end = events.length;
    observer.send("last|x");
    await until("the end of the events", () => events.slice(end).some(({ kind }) => kind === "last"));
    for (const query of Object.keys(ways))
      assert.deepEqual(of(query).map(({ kind }) => kind), ["open", "closed"], query);
    const ids = events.filter(({ kind }) => kind === "open").map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
  });

  await t.test("a stop gives each socket its closed event", async (t) => {
    const clients = [];
    for (let i = 0; i < 50; ++i)
      clients.push(await welcomed(t, `stop=${i}`));
    const ids = [];
    for (const client of clients)
      ids.push(await client.ask("who am I?"));
    await service.stop();
    for (const client of clients)
      assert.equal((await within("close", client.closed)).code, 1001);
    for (const id of ids)
      for (const kind of ["open", "closed"])
        assert.equal(service.log.split("\n").filter((line) =>
          new RegExp(`EVENT ${kind} ${id}(\\s|$|")`).test(line)).length, 1, `${kind} ${id}`);
    const count = (kind) => service.log.match(new RegExp(`EVENT ${kind} `, "g")).length;
    assert.equal(count("open"), count("closed"));
  });
});
