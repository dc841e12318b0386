// The subcommands reload, drain and top.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import test from "node:test";
import { base, connect, echo_flow, program, start, until, within } from "./harness.mjs";

/// Runs a subcommand against a service; it must end with `code`.
async function run(service, args, code = 0) {
  const { host, port } = service.address("admin");
  const child = spawn(program, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, SWITCHBOARD_ADMIN: `http://${host}:${port}`, SWITCHBOARD_TOKEN: "" },
  });
  const result = { out: "", err: "" };
  child.stdout.on("data", (chunk) => result.out += chunk);
  child.stderr.on("data", (chunk) => result.err += chunk);
  const ended = await within(`end of ${args.join(" ")}`,
                             new Promise((resolve) => child.once("close", resolve)), 30000);
  assert.equal(ended, code, `${args.join(" ")}: ${result.out}${result.err}`);
  return result;
}

test("reload tells each key, for people and for programs", async (t) => {
  const service = await start(t, base() + echo_flow("/echo"));
  assert.equal((await run(service, ["reload"])).out, "nothing has changed\n");
  const text = base().replace("[runtime]", "[runtime]\nshards = 1") + echo_flow("/more");
  writeFileSync(service.file, text);
  const dry = await run(service, ["reload", "--dry-run"]);
  assert.match(dry.out, /^KEY +CHANGE +WOULD BE +NOTE\n/);
  assert.match(dry.out, /flow\.echo\.path +changed +applied for new sockets/);
  assert.match(dry.out, /runtime\.shards +added +needs a restart/);
  assert.equal(JSON.parse((await run(service, ["reload", "--dry-run", "--json"])).out).dry_run, true);
  const { changes, needs_restart } = JSON.parse((await run(service, ["reload", "--json"])).out);
  assert.equal(changes.length, 2);
  assert.equal(needs_restart, true);
  await connect(t, service.ws("/more"));
});

test("reload names what is wrong and ends with 2", async (t) => {
  const service = await start(t, base() + echo_flow("/echo"));
  writeFileSync(service.file, base().replace("[runtime]", "[runtime]\nshard = 1") + echo_flow("/echo"));
  const { err } = await run(service, ["reload"], 2);
  assert.match(err, /^\d+:\d+: runtime\.shard: is an unknown key/);
  assert.match(err, /SWITCHBOARD:INVALID_ARGUMENT.*nothing has changed/);
  const { out } = await run(service, ["reload", "--json"], 2);
  assert.equal(JSON.parse(out).diagnostics[0].key, "runtime.shard");
});

test("drain shows how far it is", async (t) => {
  const service = await start(t, base().replace("[runtime]", '[runtime]\ndrain = { batch = 1, every = "200ms" }')
    + echo_flow("/echo"));
  const clients = await Promise.all(Array.from({ length: 6 }, () => connect(t, service.ws("/echo"))));
  const { out } = await run(service, ["drain"]);
  assert.match(out, /^draining, \d sockets left\n/);
  assert.match(out, /\ndrained, 0 sockets left\n$/);
  for (const client of clients)
    assert.equal((await within("close", client.closed)).code, 1001);
  assert.deepEqual(JSON.parse((await run(service, ["drain", "--json"])).out), { state: "drained", sockets: 0 });
});

test("drain need not be waited for", async (t) => {
  const service = await start(t, base().replace("[runtime]", '[runtime]\ndrain = { pause = "1h" }') + echo_flow("/echo"));
  await connect(t, service.ws("/echo"));
  assert.equal((await run(service, ["drain", "--no-wait"])).out, "draining, 1 sockets left\n");
  assert.match((await run(service, ["reload"], 1)).err, /drained/);
});

test("top shows the busiest first", async (t) => {
  const service = await start(t, base() + echo_flow("/{who}"));
  await connect(t, service.ws("/quiet"));
  const busy = await connect(t, service.ws("/busy"));
  let going = true;
  const talk = (async () => {
    while (going)
      await busy.ask("hello");
  })();
  const once = await run(service, ["top", "--interval", "0.3"]);
  assert.match(once.out, /^2 of 2 sockets, the busiest first\nID +CONFIG +PATH/);
  const [, , first, second] = once.out.split("\n");
  assert.match(first, /\/busy +open +\d+\.\d/);
  assert.match(second, /\/quiet +open +0\.0 +0\.0/);
  assert.equal(once.out.match(/busiest/g).length, 1);
  const twice = await run(service, ["top", "--json", "--count", "2", "--interval", "1", "--limit", "1"]);
  const tables = twice.out.trim().split("\n").map((line) => JSON.parse(line));
  assert.equal(tables.length, 2);
  for (const { sockets, all, seconds } of tables) {
    assert.equal(sockets.length, 1);
    assert.equal(all, 2);
    assert.ok(seconds >= 1);
    assert.equal(sockets[0].path, "/busy");
    assert.ok(sockets[0].messages_received_per_second > 1);
    assert.ok(sockets[0].bytes_sent_per_second > 5);
  }
  going = false;
  await talk;
  await until("its end", async () => (await service.sockets()).length === 2);
});
