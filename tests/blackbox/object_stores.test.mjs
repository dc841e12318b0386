// Failure counts of `redelivery` in object stores: that none is lost when the
// program is killed, and what becomes of messages when the store cannot be
// had.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import {
  base, connect, run_to_end, sanitized, start, temporary_folder, until, within,
} from "./harness.mjs";

/// A flow that always fails and answers with the error's type when the failure
/// is counted; messages `good…` succeed.
const failing = (redelivery, more = "") => base() + `
${more}
[[flow]]
name = "work"
source = "inbound-listener"
path = "/work"
redelivery = { ${redelivery} }
steps = [ { raise_error = { type = "APP:WRONG", message = "no" }, when = "#[payload:sub(1, 4) ~= 'good']" },
          { send = { content = "ok #[payload]" } } ]
on_error = [ { send = { content = "#[error.type] #[#error.past] #[payload]" } } ]
`;

const sqlite = (path, more = "") => `
[object_store.counts]
type = "sqlite"
path = "${path}"
entry_ttl = "1h"
${more}`;

async function metric(service, name, labels = "") {
  const text = await (await service.api("/metrics")).text();
  const line = text.split("\n").find((one) => one.startsWith(`${name}{${labels}`));
  return line ? Number(line.split(" ").pop()) : undefined;
}

test("10,000 failing messages, a kill -9 in the middle: no count is lower than what was told", async (t) => {
  const sockets = 8;
  const distinct = sanitized ? 400 : 2500;
  const rounds = 4;
  const total = distinct * rounds;
  const allowed = 6;
  const folder = temporary_folder(t);
  const config = failing('object_store = "counts"', sqlite(join(folder, "counts.db")));
  const told = new Map();
  let answers = 0;

  const first = await start(t, config);
  const clients = await Promise.all(Array.from({ length: sockets }, () => connect(t, first.ws("/work"))));
  for (const client of clients) {
    client.waiting_ones = [];
    client.take = (text) => {
      const [type, past, name] = text.split(" ");
      assert.equal(type, "APP:WRONG");
      // It is counted already: those before it, and this one.
      told.set(name, Number(past) + 1);
      if (++answers === total / 2)
        first.child.kill("SIGKILL");
      const next = client.waiting_ones.shift();
      if (next)
        client.send(next);
    };
  }
  for (let round = 0; round < rounds; ++round)
    for (let i = 0; i < distinct; ++i)
      clients[(i + round) % sockets].waiting_ones.push(`m${i}`);
  // The program is never further than this ahead of what we have read.
  for (const client of clients)
    for (const one of client.waiting_ones.splice(0, 50))
      client.send(one);
  await within("its end, when half of the messages have failed", first.exited, 60000);
  await Promise.all(clients.map(({ closed }) => within("the end of a socket", closed)));
  assert.ok(answers < total, `${answers} answers: it was killed in the middle`);

  const second = await start(t, config);
  assert.ok(await metric(second, "switchboard_object_store_entries", 'store="counts"') >= told.size);
  let lower = 0;
  let higher = 0;
  const again = await Promise.all(Array.from({ length: sockets }, () => connect(t, second.ws("/work"))));
  await Promise.all(again.map(async (client, socket) => {
    for (let i = socket; i < distinct; i += sockets) {
      client.send(`m${i}`);
      const [type, past] = (await client.next(`m${i}`, 60000)).split(" ");
      assert.equal(type, "APP:WRONG");
      const before = told.get(`m${i}`) ?? 0;
      if (Number(past) < before)
        ++lower;
      // Counted, but killed before it was told.
      if (Number(past) > before)
        ++higher;
    }
  }));
  assert.equal(lower, 0, "counts that are lower than what was told");
  assert.ok(higher <= sockets * 2, `${higher} counts are higher: more than was in work`);

  // Nothing runs more often than it may over both lives.
  const [client] = again;
  for (const [name, count] of [...told].slice(0, 50)) {
    let runs = count + 1;
    for (;;) {
      client.send(name);
      const [type, past] = (await client.next(name)).split(" ");
      if (type === "WEBSOCKET:REDELIVERY_EXHAUSTED") {
        assert.equal(Number(past), allowed);
        break;
      }
      assert.ok(++runs <= allowed, `${name} ran ${runs} times`);
    }
  }
});

test("a message is known over all sockets and shards, until it succeeds or is too old", async (t) => {
  const service = await start(t, failing('max_redelivery_count = 1, id_expression = "#[payload:match(\'%d+\')]", object_store = "short"', `
[object_store.short]
entry_ttl = "6s"
max_entries = 3
`));
  const clients = await Promise.all(Array.from({ length: 6 }, () => connect(t, service.ws("/work"))));
  const say = (i, text) => clients[i].ask(text);
  assert.equal(await say(0, "bad 1"), "APP:WRONG 0 bad 1");
  assert.equal(await say(1, "worse 1"), "APP:WRONG 1 worse 1");
  assert.equal(await say(2, "good 1"), "WEBSOCKET:REDELIVERY_EXHAUSTED 2 good 1");
  assert.equal(await say(3, "bad 2"), "APP:WRONG 0 bad 2");
  assert.equal(await say(4, "good 2"), "ok good 2");
  assert.equal(await say(5, "bad 2"), "APP:WRONG 0 bad 2");
  assert.equal(await say(0, "nameless"), "SWITCHBOARD:EXPRESSION 0 nameless");
  // Three others push it out.
  for (const id of [3, 4, 5])
    await say(0, `bad ${id}`);
  assert.equal(await say(1, "good 1"), "ok good 1");
  assert.equal(await metric(service, "switchboard_object_store_evicted_total", 'store="short"'), 2);
  assert.equal(await metric(service, "switchboard_object_store_entries", 'store="short"'), 3);
  assert.equal(await say(0, "bad 5"), "APP:WRONG 1 bad 5");
  await until("it is too old", async () => await say(1, "good 5") === "ok good 5");
  assert.equal(await say(0, "bad 5"), "APP:WRONG 0 bad 5");
});

test("a file that cannot be had is told at the start", async (t) => {
  const folder = temporary_folder(t);
  const run = async (path) => {
    const file = join(folder, "switchboard.toml");
    writeFileSync(file, failing('object_store = "counts"', sqlite(path)));
    return run_to_end(["run", file]);
  };
  for (const [path, why] of [
    [join(folder, "missing", "counts.db"), "No such file or directory"],
    [folder, "unable to open database file"],
  ]) {
    const { code, output } = await run(path);
    assert.equal(code, 1, output);
    assert.ok(output.includes(`object store counts cannot be opened: ${path}: ${why}`), output);
  }
  const text = join(folder, "text");
  writeFileSync(text, "x".repeat(4096));
  const { code, output } = await run(text);
  assert.equal(code, 1);
  assert.ok(output.includes(`${text}: file is not a database`), output);
});

test("the file is made for its owner alone, beside the configuration", async (t) => {
  const folder = temporary_folder(t);
  const file = join(folder, "switchboard.toml");
  writeFileSync(file, failing('object_store = "counts"', sqlite("counts.db")));
  const service = await start(t, "", { args: ["run", file] });
  const client = await connect(t, service.ws("/work"));
  assert.equal(await client.ask("x"), "APP:WRONG 0 x");
  for (const name of ["counts.db", "counts.db-wal", "counts.db-shm"])
    assert.equal(statSync(join(folder, name)).mode & 0o777, 0o600, name);
  await service.stop();
  assert.ok(!existsSync(join(folder, "counts.db-wal")), "closed in order");
});

test("while somebody locks the file its messages fail, and nothing else", async (t) => {
  const folder = temporary_folder(t);
  const path = join(folder, "counts.db");
  const service = await start(t, failing('object_store = "counts"', sqlite(path)) + `
[[flow]]
name = "plain"
source = "inbound-listener"
path = "/plain"
steps = [ { send = { content = "#[payload]" } } ]
`);
  const client = await connect(t, service.ws("/work"));
  const plain = await connect(t, service.ws("/plain"));
  assert.equal(await client.ask("x"), "APP:WRONG 0 x");
  const locker = spawn("/usr/bin/python3", ["-c", `
import sqlite3, sys
file = sqlite3.connect(${JSON.stringify(path)}, isolation_level=None)
file.execute("BEGIN IMMEDIATE")
print("locked", flush=True)
sys.stdin.readline()
file.execute("ROLLBACK")
print("free", flush=True)
sys.stdin.readline()
`], { stdio: ["pipe", "pipe", "inherit"] });
  t.after(() => locker.kill());
  let said = "";
  locker.stdout.on("data", (part) => said += part);
  await until("it is locked", () => said.includes("locked"));
  client.send("x");
  // The thread of the store waits, the shards do not.
  for (let i = 0; i < 20; ++i)
    assert.equal(await plain.ask(`${i}`), `${i}`);
  assert.equal(await client.next("the failure", 60000), "OS:STORE_NOT_AVAILABLE 1 x");
  // Looking up is possible.
  assert.equal(await client.ask("good"), "ok good");
  locker.stdin.write("\n");
  await until("it is free", () => said.includes("free"));
  assert.equal(await client.ask("x"), "APP:WRONG 1 x");
  assert.equal(await metric(service, "switchboard_object_store_failures_total", 'store="counts"'), 1);
});
