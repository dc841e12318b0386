// Reading the configuration file again: what the answer says for each kind of
// key, and that it is so.

import assert from "node:assert/strict";
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import {
  assert_problem, base, connect, echo_flow, start, temporary_folder,
  until, within,
} from "./harness.mjs";

/// Writes another file and has it read.
/// @returns the changes by key, as `KIND, EFFECT`.
async function reload(service, toml, query = "") {
  writeFileSync(service.file, toml);
  const answer = await service.json(`/v1/reload${query}`, { method: "POST" });
  assert.equal(answer.dry_run, query !== "" && !query.endsWith("=false"));
  const result = {};
  for (const { key, change, effect } of answer.changes)
    result[key] = `${change}, ${effect}`;
  assert.equal(answer.needs_restart, Object.values(result).some((x) => x.endsWith("needs a restart")));
  return result;
}

const says = (text, path = "/say", name = "say") => `
[[flow]]
name = "${name}"
source = "inbound-listener"
path = "${path}"
steps = [ { send = { content = "${text}" } } ]
`;

test("a flow's steps change under open sockets", async (t) => {
  const service = await start(t, base() + says("one"));
  const client = await connect(t, service.ws("/say"));
  assert.equal(await client.ask("x"), "one");
  assert.deepEqual(await reload(service, base() + says("two"), "?dry_run"),
                   { "flow.say.steps": "changed, applied" });
  assert.equal(await client.ask("x"), "one");
  assert.deepEqual(await reload(service, base() + says("two")),
                   { "flow.say.steps": "changed, applied" });
  assert.equal(await client.ask("x"), "two");
  assert.deepEqual(await reload(service, base() + says("two")), {});
  const [flow] = (await service.json("/v1/flows")).flows;
  assert.equal(flow.events, 3);
  assert.equal(flow.removed, false);
});

test("what is in work ends with the old steps, in order", async (t) => {
  const slow = (text) => `
[[flow]]
name = "slow"
source = "inbound-listener"
path = "/slow"
steps = [
  { http_request = { url = "#[payload]", body = "" }, target = "r" },
  { send = { content = "${text} #[vars.r.body]" } },
]
`;
  const waiting = [];
  const { createServer } = await import("node:http");
  const backend = createServer((_, response) => waiting.push(response));
  await new Promise((resolve) => backend.listen(0, "127.0.0.1", resolve));
  t.after(() => { backend.closeAllConnections(); backend.close(); });
  const url = `http://127.0.0.1:${backend.address().port}/`;
  const service = await start(t, base() + slow("old"));
  const client = await connect(t, service.ws("/slow"));
  client.send(url);
  client.send(url);
  await until("the first call", () => waiting.length === 1);
  await reload(service, base() + slow("new"));
  waiting[0].end("1");
  assert.equal(await client.next(), "old 1");
  await until("the second call", () => waiting.length === 2);
  waiting[1].end("2");
  assert.equal(await client.next(), "new 2");
});

test("paths, groups, flows that come and go", async (t) => {
  const groups = (list) => says("hi", "/say").replace("steps", `default_groups = ${list}\nsteps`);
  const service = await start(t, base() + groups('["a"]') + echo_flow("/echo"));
  const old = await connect(t, service.ws("/say"));
  const echo = await connect(t, service.ws("/echo"));
  assert.deepEqual(
    await reload(service, base() + groups('["b"]').replace('"/say"', '"/talk"') + says("new", "/new", "more")), {
      "flow.echo": "removed, applied",
      "flow.more": "added, applied",
      "flow.say.default_groups": "changed, applied for new sockets",
      "flow.say.path": "changed, applied for new sockets",
    });
  await assert.rejects(connect(t, service.ws("/say")));
  await assert.rejects(connect(t, service.ws("/echo")));
  const young = await connect(t, service.ws("/talk"));
  assert.equal(await (await connect(t, service.ws("/new"))).ask("x"), "new");
  // The socket of the changed flow goes on with it.
  assert.equal(await old.ask("x"), "hi");
  assert.equal(await young.ask("x"), "hi");
  const known = await service.sockets();
  assert.deepEqual(known.filter((s) => s.path === "/say")[0].groups, ["a"]);
  assert.deepEqual(known.filter((s) => s.path === "/talk")[0].groups, ["b"]);
  // That of the removed one stays, and what it sends is dropped and counted.
  echo.send("lost");
  await until("the count", async () =>
    (await service.json("/v1/flows")).flows.some((f) => f.name === "echo" && f.removed && f.dropped === 1));
  assert.match(await (await service.api("/metrics")).text(),
               /switchboard_flow_events_total\{flow="echo",outcome="dropped"\} 1/);
  await service.logged(/the flow is no more/);
  assert.equal(service.log.match(/the flow is no more/g).length, 1);
  // It comes back, and takes the socket up again.
  await reload(service, base() + echo_flow("/echo"));
  assert.equal(await echo.ask("back"), "back");
});

test("a gate that is added holds for new sockets only", async (t) => {
  const gate = `
[[flow]]
name = "gate"
source = "on-inbound-connection"
path = "/echo"
steps = [ { raise_error = { type = "APP:NO", message = "closed" } } ]
`;
  const service = await start(t, base() + echo_flow("/echo"));
  const old = await connect(t, service.ws("/echo"));
  await reload(service, base() + echo_flow("/echo") + gate);
  const young = await connect(t, service.ws("/echo"));
  assert.equal((await within("refusal", young.closed)).code, 1008);
  assert.equal(await old.ask("still"), "still");
});

test("schedules begin, change and end; startup waits for the next start", async (t) => {
  const tick = (every, text) => `
[[flow]]
name = "tick"
source = "schedule"
every = "${every}"
steps = [ { log = "${text}" } ]
[[flow]]
name = "first"
source = "startup"
steps = [ { log = "begun ${text}" } ]
`;
  const service = await start(t, base() + echo_flow("/echo"));
  const changes = await reload(service, base() + echo_flow("/echo") + tick("1h", "slow"));
  assert.deepEqual(changes, { "flow.first": "added, needs a restart", "flow.tick": "added, applied" });
  assert.deepEqual(await reload(service, base() + echo_flow("/echo") + tick("20ms", "fast")), {
    "flow.first": "added, needs a restart",
    "flow.tick.every": "changed, applied",
    "flow.tick.steps": "changed, applied",
  });
  await until("ticks", () => service.log.match(/fast/g)?.length > 3);
  assert.doesNotMatch(service.log, /slow|begun/);
  await reload(service, base() + echo_flow("/echo"));
  assert.ok(!(await service.json("/v1/flows")).flows.some((f) => f.name === "tick"));
});

test("limits of sockets hold for those that come", async (t) => {
  const service = await start(t, base({ server: 'max_message_size = "1KiB"' }) + echo_flow("/echo"));
  const old = await connect(t, service.ws("/echo"));
  assert.deepEqual(
    await reload(service, base({ server: 'max_message_size = "100B"' }) + echo_flow("/echo")),
    { "websocket.main.server.max_message_size": "changed, applied for new sockets" });
  const young = await connect(t, service.ws("/echo"));
  young.send("x".repeat(200));
  assert.equal((await within("close", young.closed)).code, 1009);
  assert.equal((await old.ask("x".repeat(200))).length, 200);
});

test("limits of listeners hold at once, and older sockets count", async (t) => {
  const service = await start(t, base() + echo_flow("/echo"));
  const old = await connect(t, service.ws("/echo"));
  assert.deepEqual(await reload(service, base({ listener: "max_connections = 2" }) + echo_flow("/echo")),
                   { "http_listener.public.max_connections": "added, applied for new sockets" });
  await connect(t, service.ws("/echo"));
  await assert.rejects(connect(t, service.ws("/echo")), /503/);
  await old.close();
  await until("a free place", () => connect(t, service.ws("/echo")).then(() => true, () => false));
});

test("limits of the process hold at once, also where there is too much already", async (t) => {
  const text = (limits) => base({ server: 'send_queue_limit = "64MiB"' }) + limits + echo_flow("/echo");
  const service = await start(t, text(""));
  await connect(t, service.ws("/echo"));
  const [{ socket_id }] = await service.sockets();
  const join = (group) =>
    service.api(`/v1/sockets/${socket_id}/groups/${group}`, { method: "PUT" });
  for (const group of ["a", "b"])
    assert.equal((await join(group)).status, 204);
  assert.deepEqual(await reload(service, text('[limits]\ngroups = 1\nmemory = "2MiB"\n')),
                   { "limits.groups": "added, applied", "limits.memory": "added, applied" });
  await assert_problem(await join("c"), 400, "SWITCHBOARD:INVALID_ARGUMENT");
  assert.deepEqual((await service.json(`/v1/sockets/${socket_id}`)).groups.sort(), ["a", "b"]);
  // It does not read: more than the kernel takes waits for it.
  const mute = await connect(t, service.ws("/echo"));
  const id = (await service.sockets()).map((one) => one.socket_id).find((x) => x !== socket_id);
  await mute.pause();
  const sent = Array.from({ length: 16 }, () =>
    service.api(`/v1/sockets/${id}/messages`, { method: "POST", body: "x".repeat(1000000) }));
  const answers = await within("answers", Promise.all(sent), 60000);
  assert.ok(answers.some(({ status }) => status === 502));
  await until("its end", async () => (await service.api(`/v1/closed/${id}`)).status === 200, 60000);
  assert.equal((await service.json(`/v1/closed/${id}`)).reason, "out of memory");
  assert.deepEqual(await reload(service, text("")),
                   { "limits.groups": "removed, applied", "limits.memory": "removed, applied" });
  assert.equal((await join("c")).status, 204);
});

test("tokens change at once, and not those of an address that waits", async (t) => {
  const service = await start(t, base({ admin: 'tokens = ["one"]' }) + echo_flow("/echo"), { token: "one" });
  assert.deepEqual(await reload(service, base({ admin: 'tokens = ["two"]' }) + echo_flow("/echo")),
                   { "admin.tokens": "changed, applied" });
  assert.equal((await service.api("/v1/sockets")).status, 401);
  service.token = "two";
  assert.equal((await service.api("/v1/sockets")).status, 200);
  const text = base().replace("port = 0\n", "port = 1\n") + echo_flow("/echo");
  const waiting = { "admin.port": "changed, needs a restart", "admin.tokens": "removed, needs a restart" };
  assert.deepEqual(await reload(service, text), waiting);
  // It is named as long as it waits.
  assert.deepEqual(await reload(service, text), waiting);
  assert.equal((await service.api("/v1/sockets", { token: "" })).status, 401);
  for (const line of service.log.split("\n"))
    assert.doesNotMatch(line, /\b(one|two)\b/);
});

test("the log's level, format and file", async (t) => {
  const folder = temporary_folder(t);
  const file = join(folder, "switchboard.log");
  const with_log = (log) =>
    base({ log }).replace('level = "debug"', "") + echo_flow("/echo");
  const other = await start(t, with_log('level = "info"'));
  assert.deepEqual(await reload(other, with_log('level = "debug"')), { "log.level": "changed, applied" });
  await connect(t, other.ws("/echo"));
  await until("a debug line", () => /debug.*socket opened/.test(other.log));
  assert.deepEqual(await reload(other, with_log(`level = "info"\nformat = "json"\nfile = "${file}"`)), {
    "log.file": "added, applied", "log.format": "added, applied", "log.level": "changed, applied",
  });
  await until("a line in the file", () => /"message":"reloaded"/.test(readFileSync(file, "utf8")));
  // A file that cannot be opened is a failure, and lines go where they went.
  writeFileSync(other.file, with_log('level = "info"\nformat = "json"\nfile = "/proc/none/such"'));
  await assert_problem(await other.api("/v1/reload", { method: "POST" }), 502);
  await until("the failure in the file", () => /the reload has failed/.test(readFileSync(file, "utf8")));

  // logrotate moves the file away and sends a signal.
  const { level } = await other.json("/v1/log");
  assert.equal(level, "info");
  writeFileSync(other.file, with_log(`level = "info"\nformat = "json"\nfile = "${file}"`));
  renameSync(file, `${file}.1`);
  other.child.kill("SIGHUP");
  await until("the new file", () => existsSync(file) && /"reloaded"/.test(readFileSync(file, "utf8")));
  const old = readFileSync(`${file}.1`, "utf8");
  await (await connect(t, other.ws("/echo"))).close();
  await until("the next line", () => /socket closed/.test(readFileSync(file, "utf8")));
  assert.equal(readFileSync(`${file}.1`, "utf8"), old);
});

test("what only a start can change is named", async (t) => {
  const service = await start(t, base() + echo_flow("/echo"));
  const text = base().replace("[runtime]", '[runtime]\nshards = 1\ndrain = { code = 4001 }') + echo_flow("/echo");
  const expected = { "runtime.drain.code": "added, applied", "runtime.shards": "added, needs a restart" };
  assert.deepEqual(await reload(service, text, "?dry_run=true"), expected);
  assert.deepEqual(await reload(service, text, "?dry_run=false"), expected);
  assert.deepEqual(await reload(service, text), { "runtime.shards": "added, needs a restart" });
  const client = await connect(t, service.ws("/echo"));
  await service.stop();
  assert.equal((await within("close", client.closed)).code, 4001);
});

test("a wrong file changes nothing and its mistakes come back", async (t) => {
  const service = await start(t, base() + echo_flow("/echo"));
  const client = await connect(t, service.ws("/echo"));
  const wrong = base({ server: 'idle_socket_timeout = "5 bananas"' }).replace("[runtime]", "[runtime]\nshard = 1")
    + says("other", "/echo", "echo").replace("other", "#[payload");
  writeFileSync(service.file, wrong);
  for (const query of ["", "?dry_run"]) {
    const problem = await assert_problem(
      await service.api(`/v1/reload${query}`, { method: "POST" }), 400, "SWITCHBOARD:INVALID_ARGUMENT");
    assert.equal(problem.diagnostics.length, 3);
    assert.deepEqual(problem.diagnostics.map((x) => x.key),
                     ["runtime.shard", "websocket.main.server.idle_socket_timeout", problem.diagnostics[2].key]);
    assert.ok(problem.diagnostics.every((x) => x.line > 0 && x.column > 0 && x.message));
  }
  await until("its lines", () => /error.*switchboard\.toml:\d+:\d+: runtime\.shard: is an unknown key/.test(service.log));
  assert.equal(await client.ask("same"), "same");
  writeFileSync(service.file, "not TOML at all [");
  await assert_problem(await service.api("/v1/reload", { method: "POST" }), 400);
  service.child.kill("SIGHUP");
  await until("the signal's line", () => /error.*no reload.*SIGHUP/.test(service.log));
  assert.equal(await client.ask("same"), "same");
  assert.deepEqual(await reload(service, base() + echo_flow("/echo")), {});
});

test("SIGHUP applies and tells each key", async (t) => {
  const service = await start(t, base() + says("one"));
  const client = await connect(t, service.ws("/say"));
  writeFileSync(service.file, base().replace("[runtime]", "[runtime]\nshards = 1") + says("two"));
  service.child.kill("SIGHUP");
  await until("its lines", () => /info.*reloaded.*by=SIGHUP.*changes=2.*need_restart=1/.test(service.log));
  assert.match(service.log, /info.*reload.*key=flow\.say\.steps.*change=changed.*effect=applied/);
  assert.match(service.log, /info.*reload.*key=runtime\.shards.*change=added.*effect="needs a restart"/);
  assert.equal(await client.ask("x"), "two");
});

test("many at once are done one after the other", async (t) => {
  const service = await start(t, base() + says("0"));
  const client = await connect(t, service.ws("/say"));
  writeFileSync(service.file, base() + says("1"));
  const answers = await Promise.all(Array.from({ length: 10 }, () =>
    service.json("/v1/reload", { method: "POST" })));
  // The first has done it, the others find nothing to do.
  assert.equal(answers.filter((x) => x.changes.length === 1).length, 1);
  assert.equal(await client.ask("x"), "1");
});

test("none while it drains, none without a file", async (t) => {
  const service = await start(t, base().replace("[runtime]", '[runtime]\ndrain = { pause = "1h" }') + echo_flow("/echo"));
  await service.api("/v1/drain", { method: "POST" });
  await assert_problem(await service.api("/v1/reload", { method: "POST" }), 409);
  service.child.kill("SIGHUP");
  await until("a line", () => /warn.*no reload: the switchboard is being drained.*SIGHUP/.test(service.log));
  await assert_problem(await service.api("/v1/reload?dry_run=maybe", { method: "POST" }), 400);
});

test("what becomes of failures changes, but for a store that is new", async (t) => {
  const fails = (more) => `
[[flow]]
name = "fails"
source = "inbound-listener"
path = "/fails"
steps = [ { raise_error = { type = "APP:WRONG", message = "no" } } ]
on_error = [ { send = { content = "#[error.type]" } } ]
${more}
`;
  const service = await start(t, base() + fails(""));
  const client = await connect(t, service.ws("/fails"));
  for (let i = 0; i < 3; ++i)
    assert.equal(await client.ask("x"), "APP:WRONG");
  assert.deepEqual(await reload(service, base() + fails("redelivery = { max_redelivery_count = 0 }")),
                   { "flow.fails.redelivery.max_redelivery_count": "added, applied" });
  assert.equal(await client.ask("x"), "APP:WRONG");
  assert.equal(await client.ask("x"), "WEBSOCKET:REDELIVERY_EXHAUSTED");
  // Neither the store nor anything beside it.
  writeFileSync(service.file, base() + says("new") + '\n[object_store.counts]\ntype = "memory"\n'
    + fails('redelivery = { max_redelivery_count = 0, object_store = "counts" }'));
  const answer = await service.api("/v1/reload", { method: "POST" });
  assert.ok(answer.status >= 400, `${answer.status}`);
  assert.match(await answer.text(), /no object store is called `counts`/);
  await assert.rejects(connect(t, service.ws("/say")));
  assert.equal(await client.ask("x"), "WEBSOCKET:REDELIVERY_EXHAUSTED");
  assert.deepEqual(await reload(service, base() + fails("")),
                   { "flow.fails.redelivery.max_redelivery_count": "removed, applied" });
  assert.equal(await client.ask("x"), "APP:WRONG");
});
