// Expressions: what they can say, and that one which loops, allocates or
// recurses without end hurts its own flow only.

import assert from "node:assert/strict";
import test from "node:test";
import { base, connect, patience, start } from "./harness.mjs";
import { neighbor } from "./raw.mjs";

const looped = (body) => `#[(function() ${body} end)()]`;

// template, message, answer
const good = [
  ["#[1 + 1]", "", "2"],
  ["#[7 // 2] #[7 / 2] #[2^10] #[7 % 4]", "", /^3 3\.5 1024(\.0)? 3$/],
  ["#[payload]", "ä€😀", "ä€😀"],
  ["before #[payload] after", "x", "before x after"],
  ["#[payload]#[payload]", "x", "xx"],
  ["no expression # [x] at all", "", "no expression # [x] at all"],
  ["#['[' .. ']]]']", "", "[]]]"],
  ["#[[=[a]b]=]]", "", "a]b"],
  ["#[({ 1, 2, { 3 } })[3][1]]", "", "3"],
  ["#[('x'):rep(3):upper()]", "", "XXX"],
  ["#[string.format('%05.2f', 3.14159)]", "", "03.14"],
  ["#[table.concat({ 1, 2, 3 }, ',')]", "", "1,2,3"],
  ["#[math.max(1, 5, 3)]", "", "5"],
  ["#[utf8.char(228, 8364)]", "", "ä€"],
  ["#[#payload]", "abc", "3"],
  ["#[attributes.path]", "", /^\/x\/\d+$/],
  ["#[attributes.socket_type]", "", "INBOUND"],
  ["#[vars.unset == nil]", "", "true"],
  ["#[error == nil]", "", "true"],
  ["#[type(payload)]", "", "string"],
  ["#[select('#', 1, 2, 3)]", "", "3"],
  [looped("local sum = 0 for i = 1, 1000 do sum = sum + i end return sum"), "", "500500"],
  ...["io", "os", "debug", "require", "load", "loadstring", "loadfile", "dofile", "pcall", "xpcall",
      "coroutine", "package"]
    .map((name) => [`#[type(${name})]`, "", "nil"]),
];

const bad = {
  "an endless loop": looped("while true do end"),
  "an endless loop by goto": looped("::again:: goto again"),
  "a loop to infinity": looped("for i = 1, math.huge do end"),
  "endless tail calls": looped("local function f() return f() end return f()"),
  "an endless table": looped("local t = {} while true do t[#t + 1] = ('x'):rep(1000) .. #t end"),
  "an endless string": looped("local s = 'x' while true do s = s .. s end"),
  "a string of a tebibyte": "#[('x'):rep(1 << 40)]",
  "a table without end by concat": looped("local t = {} for i = 1, 1 << 40 do t[i] = i end return table.concat(t)"),
  "garbage without end": looped("while true do local t = { {}, {}, {} } end"),
  "deep recursion": looped("local function f(n) return 1 + f(n + 1) end return f(1)"),
  "recursion through a metatable": looped(
    "local t = setmetatable({}, { __index = function(t, k) return t[k .. 'x'] end }) return t.a"),
  "recursion through gsub": looped("local function f(s) return (s:gsub('.', f)) end return f('x')"),
  "recursion through sort": looped(
    "local function f() table.sort({ 1, 2, 3 }, function() f() return true end) end f()"),
  "a wrong type": "#[payload.a.b]",
  "a call of nothing": "#[nothing()]",
  "an error of its own": "#[error_of_mine()]",
  "a raised table": looped("return assert(false, {})"),
};

const quoted = (text) => JSON.stringify(text);
let flows = "";
const add = (name, template) => flows += `
[[flow]]
name = ${quoted(name)}
source = "inbound-listener"
path = ${quoted(`/${name}`)}
steps = [ { send = { content = ${quoted(template)} } } ]
on_error = [ { send = { content = "failed: #[error.type]" } } ]
`;
good.forEach(([template], index) => add(`x/${index}`, template));
Object.values(bad).forEach((template, index) => add(`bad/${index}`, template));
add("params/{number}", "#[attributes.uri_params.number] #[attributes.query_params.a] #[attributes.headers['x-own']]");
add("global", looped("shared = (shared or 0) + 1 return shared"));
add("vandal", looped("string.upper = function() return 'broken' end math.max = nil return 'did'"));
add("victim", "#[('x'):upper()]#[math.max(1, 2)]");

const config = base() + flows + `
[[flow]]
name = "json"
source = "inbound-listener"
path = "/json/{what}"
output_mime_type = "application/json"
steps = [ { choice = [
  { when = "#[attributes.uri_params.what == 'nested']", steps = [ { send = { content = "#[payload.a.b[2]]" } } ] },
  { when = "#[attributes.uri_params.what == 'types']", steps = [ { send = { content = "#[math.type(payload.i)] #[math.type(payload.f)] #[type(payload.b)] #[payload.n == nil] #[payload.s]" } } ] },
  { steps = [ { send = { content = "#[payload.x]" } } ] },
] } ]
on_error = [ { send = { content = "failed: #[error.type]" } } ]

[[flow]]
name = "echo"
source = "inbound-listener"
path = "/echo"
steps = [ { send = { content = "#[payload]" } } ]
`;

test("expressions", async (t) => {
  const service = await start(t, config);
  const witness = await neighbor(t, service.ws("/echo"));

  for (const [index, [template, message, expected]] of good.entries())
    await t.test(template, async (t) => {
      const client = await connect(t, service.ws(`/x/${index}`));
      for (let round = 0; round < 2; ++round) {
        const answer = await client.ask(message);
        if (expected instanceof RegExp)
          assert.match(answer, expected);
        else
          assert.equal(answer, expected);
      }
    });

  await t.test("attributes hold parameters, query and headers", async (t) => {
    const client = await connect(t, service.ws("/params/a%2Fb?a=1%202"), [], { headers: { "X-Own": "mine" } });
    assert.equal(await client.ask("?"), "a/b 1 2 mine");
  });

  await t.test("a JSON payload is read by its members", async (t) => {
    const nested = await connect(t, service.ws("/json/nested"));
    assert.equal(await nested.ask('{"a": {"b": ["x", "ä\\u20ac"]}}'), "ä€");
    const types = await connect(t, service.ws("/json/types"));
    assert.equal(await types.ask('{"i": 5, "f": 1.5, "b": true, "n": null, "s": "t"}'), "integer float boolean true t");
    const deep = await connect(t, service.ws("/json/deep"));
    for (const broken of ["{", "[".repeat(100000), '{"x": "\\ud800"}x', ""])
      assert.match(await deep.ask(broken), /^failed: /);
    assert.equal(await deep.ask('{"x": 1}'), "1");
  });

  await t.test("no state is shared between two evaluations", async (t) => {
    const client = await connect(t, service.ws("/global"));
    const answers = [await client.ask(""), await client.ask(""), await client.ask("")];
    // A fresh global each time, or none may be set at all.
    assert.ok(["1", "failed: SWITCHBOARD:EXPRESSION"].includes(answers[0]), answers[0]);
    assert.equal(answers[1], answers[0]);
    assert.equal(answers[2], answers[0]);
    const vandal = await connect(t, service.ws("/vandal"));
    const victim = await connect(t, service.ws("/victim"));
    for (let round = 0; round < 3; ++round) {
      await vandal.ask("");
      assert.equal(await victim.ask(""), "X2");
    }
  });

  for (const [index, [name, template]] of Object.entries(bad).entries())
    await t.test(`${name} is the flow's error: ${template}`, async (t) => {
      const client = await connect(t, service.ws(`/bad/${index}`));
      for (let round = 0; round < 3; ++round) {
        const begun = Date.now();
        assert.equal(await client.ask("go"), "failed: SWITCHBOARD:EXPRESSION");
        assert.ok(Date.now() - begun < patience(10000), `took ${Date.now() - begun} ms`);
      }
    });

  await t.test("a hundred endless loops at once are all ended", async (t) => {
    const clients = await Promise.all(Array.from({ length: 100 }, () => connect(t, service.ws("/bad/0"))));
    await Promise.all(clients.map(async (client) =>
      assert.equal(await client.ask("go"), "failed: SWITCHBOARD:EXPRESSION")));
  });

  await witness.stop();
});
