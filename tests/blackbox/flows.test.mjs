// Steps and sources of flows, seen from sockets.

import assert from "node:assert/strict";
import test from "node:test";
import { base, connect, start, until, within } from "./harness.mjs";

const config = base() + `
[[flow]]
name = "commands"
source = "inbound-listener"
path = "/commands"
output_mime_type = "application/json"
steps = [
  { set_variable = { name = "before", value = "set" } },
  { choice = [
    { when = "#[payload.act == 'each']", steps = [
      { for_each = { items = "#[payload.list]", steps = [
        { send = { content = "#[vars.index]:#[vars.item]" } },
      ] } },
      { send = { content = "done" } },
    ] },
    { when = "#[payload.act == 'call']", steps = [
      { flow_ref = "called" },
      { send = { content = "#[vars.answer]" } },
    ] },
    { when = "#[payload.act == 'target']", steps = [
      { broadcast = { groups = ["nobody"], content = "x" }, target = "r" },
      { send = { content = "#[vars.r.matched]/#[#vars.r.failures]" } },
      { broadcast = { path = "/commands", content = "to all" }, target = "n", target_value = "#[payload.matched + 5]" },
      { send = { content = "#[vars.n] #[payload.act]" } },
    ] },
    { when = "#[payload.act == 'when']", steps = [
      { send = { content = "unwanted" }, when = "#[payload.flag]" },
      { send = { content = "unwanted" }, when = "#[false]" },
      { send = { content = "wanted" }, when = "#[not payload.flag]" },
    ] },
    { when = "#[payload.act == 'raise']", steps = [
      { raise_error = { type = "APP:WRONG", message = "no #[payload.what]" } },
      { send = { content = "unwanted" } },
    ] },
    { when = "#[payload.act == 'lost']", steps = [
      { send = { socket_id = "nobody", content = "x" } },
      { send = { content = "unwanted" } },
    ] },
    { when = "#[payload.act == 'nested']", steps = [
      { flow_ref = "fails" },
      { send = { content = "unwanted" } },
    ] },
    { when = "#[payload.act == 'tell']", steps = [
      { send = { socket_id = "#[payload.to]", content = "#[payload.text]" } },
      { send = { content = "told" } },
    ] },
    { when = "#[payload.act == 'close']", steps = [
      { close_socket = { close_code = "4007", reason = "as you wish" } },
    ] },
    { when = "#[payload.act == 'id']", steps = [ { send = { content = "#[attributes.socket_id]" } } ] },
    { steps = [ { send = { content = "otherwise" } } ] },
  ] },
]
on_error = [ { send = { content = "#[error.type]|#[error.message]" } } ]

[[flow]]
name = "called"
steps = [ { set_variable = { name = "answer", value = "#[vars.before] and #[payload.act]" } } ]

[[flow]]
name = "fails"
steps = [ { raise_error = { type = "APP:INNER", message = "from within" } } ]

[[flow]]
name = "groups"
source = "inbound-listener"
path = "/groups"
default_groups = ["everyone", "new"]
output_mime_type = "application/json"
steps = [
  { subscribe_groups = { groups = ["#[payload.join]"] }, when = "#[payload.join]" },
  { subscribe_groups = { groups = "#[payload.join_all]" }, when = "#[payload.join_all]" },
  { unsubscribe_groups = { groups = ["#[payload.leave]", "never-joined"] }, when = "#[payload.leave]" },
  { broadcast = { groups = ["#[payload.to]"], content = "#[payload.text]" }, when = "#[payload.to]" },
  { bulk_close_sockets = { groups = ["#[payload.sweep]"], close_code = "ENDPOINT_GOING_DOWN", reason = "swept" }, when = "#[payload.sweep]" },
  { send = { content = "done" } },
]

[[flow]]
name = "careless"
source = "inbound-listener"
path = "/careless"
steps = [
  { raise_error = { type = "APP:UNHANDLED", message = "nobody cares" }, when = "#[payload == 'fail']" },
  { send = { content = "fine" } },
]

[[flow]]
name = "literal"
source = "inbound-listener"
path = "/route/literal"
steps = [ { send = { content = "literal" } } ]

[[flow]]
name = "param"
source = "inbound-listener"
path = "/route/{name}"
steps = [ { send = { content = "param #[attributes.uri_params.name]" } } ]

[[flow]]
name = "near"
source = "inbound-listener"
path = "/route/{name}/near/*"
steps = [ { send = { content = "near" } } ]

[[flow]]
name = "far"
source = "inbound-listener"
path = "/route/*"
steps = [ { send = { content = "far" } } ]

[[flow]]
name = "begin"
source = "startup"
steps = [ { log = "the startup flow ran" } ]

[[flow]]
name = "clock"
source = "schedule"
every = "50ms"
steps = [ { broadcast = { path = "/ticks", content = "tick" } } ]

[[flow]]
name = "ticks"
source = "inbound-listener"
path = "/ticks"
steps = []
`;

const act = (name, rest = {}) => JSON.stringify({ act: name, ...rest });

test("flows", async (t) => {
  const service = await start(t, config);

  await t.test("choice takes the first branch that holds, else the one without when", async (t) => {
    const client = await connect(t, service.ws("/commands"));
    assert.equal(await client.ask(act("something else")), "otherwise");
    assert.equal(await client.ask(act("when")), "wanted");
    assert.deepEqual(client.received, []);
  });

  await t.test("for_each runs for each item, counted from 1", async (t) => {
    const client = await connect(t, service.ws("/commands"));
    client.send(act("each", { list: ["a", "b", "c"] }));
    for (const expected of ["1:a", "2:b", "3:c", "done"])
      assert.equal(await client.next(), expected);
    assert.equal(await client.ask(act("each", { list: [] })), "done");
    const long = Array.from({ length: 500 }, (_, index) => `item ${index}`);
    client.send(act("each", { list: long }));
    for (const [index, item] of long.entries())
      assert.equal(await client.next(), `${index + 1}:${item}`);
    assert.equal(await client.next(), "done");
  });

  await t.test("a flow without a source is called and shares variables", async (t) => {
    const client = await connect(t, service.ws("/commands"));
    assert.equal(await client.ask(act("call")), "set and call");
  });

  await t.test("output goes to the target and never replaces the payload", async (t) => {
    const client = await connect(t, service.ws("/commands"));
    assert.equal(await client.ask(act("target")), "0/0");
    assert.equal(await client.next(), "to all");
    assert.equal(await client.next(), "6 target");
  });

  await t.test("an error ends the steps and runs on_error", async (t) => {
    const client = await connect(t, service.ws("/commands"));
    assert.equal(await client.ask(act("raise", { what: "way" })), "APP:WRONG|no way");
    assert.match(await client.ask(act("lost")), /^WEBSOCKET:NO_SUCH_SOCKET\|.*nobody/);
    assert.equal(await client.ask(act("nested")), "APP:INNER|from within");
    assert.match(await client.ask(act("each", { list: 5 })), /^[A-Z]+:[A-Z_]+\|./);
    assert.match(await client.ask("this is not JSON"), /^[A-Z]+:[A-Z_]+\|./);
    assert.equal(await client.ask(act("anything")), "otherwise");
  });

  await t.test("an error without on_error is logged and the socket stays", async (t) => {
    const client = await connect(t, service.ws("/careless"));
    client.send("fail");
    assert.equal(await client.ask("next"), "fine");
    await until("a log line", () => /APP:UNHANDLED/.test(service.log) && /careless/.test(service.log));
  });

  await t.test("send reaches another socket, close_socket the event's own", async (t) => {
    const first = await connect(t, service.ws("/commands"));
    const second = await connect(t, service.ws("/commands"));
    const to = await second.ask(act("id"));
    assert.equal(await first.ask(act("tell", { to, text: "from first" })), "told");
    assert.equal(await second.next(), "from first");
    first.send(act("close"));
    assert.deepEqual(await within("close", first.closed), { code: 4007, reason: "as you wish" });
    assert.equal(await second.ask(act("id")), to);
  });

  await t.test("group steps", async (t) => {
    const [a, b, c] = [await connect(t, service.ws("/groups")), await connect(t, service.ws("/groups")),
                       await connect(t, service.ws("/groups"))];
    const say = (client, value) => client.ask(JSON.stringify(value));
    assert.equal(await say(a, { join: "blue" }), "done");
    assert.equal(await say(b, { join_all: ["blue", "green"] }), "done");
    assert.equal(await say(c, { to: "blue", text: "hello blue" }), "done");
    assert.equal(await a.next(), "hello blue");
    assert.equal(await b.next(), "hello blue");
    assert.equal(await say(a, { leave: "blue" }), "done");
    assert.equal(await say(c, { to: "blue", text: "again" }), "done");
    assert.equal(await b.next(), "again");
    c.send(JSON.stringify({ to: "everyone", text: "all" }));
    assert.deepEqual((await Promise.all([a.next(), b.next(), c.next(), c.next()])).sort(),
                     ["all", "all", "all", "done"]);
    c.send(JSON.stringify({ sweep: "green" }));
    assert.deepEqual(await within("close", b.closed), { code: 1001, reason: "swept" });
    assert.equal(await c.next(), "done");
    assert.equal(await say(a, {}), "done");
    const sockets = await service.sockets("path=/groups");
    assert.deepEqual(sockets.map(({ groups }) => [...groups].sort()), [["everyone", "new"], ["everyone", "new"]]);
  });

  await t.test("literal beats parameter beats nearest wildcard", async (t) => {
    const expected = {
      "/route/literal": "literal", "/route/other": "param other", "/route/literal/": "literal",
      "/route/%6Citeral": "literal", "/route": "far", "/route/a/b": "far", "/route/literal/x": "far",
      "/route/a/near": "near", "/route/a/near/b/c": "near",
    };
    for (const [path, answer] of Object.entries(expected)) {
      const client = await connect(t, service.ws(path));
      assert.equal(await client.ask("?"), answer, path);
    }
  });

  await t.test("one socket's messages run one after another", async (t) => {
    const client = await connect(t, service.ws("/commands"));
    for (let i = 0; i < 300; ++i)
      client.send(act("each", { list: [i] }));
    for (let i = 0; i < 300; ++i) {
      assert.equal(await client.next(), `1:${i}`);
      assert.equal(await client.next(), "done");
    }
  });

  await t.test("the schedule goes on", async (t) => {
    const client = await connect(t, service.ws("/ticks"));
    for (let i = 0; i < 5; ++i)
      assert.equal(await client.next("a tick"), "tick");
  });

  await t.test("the startup flow ran once", () => {
    assert.equal(service.log.match(/the startup flow ran/g)?.length, 1);
  });
});
