// 5,000 connections a second from many addresses against a listener's limits:
// sockets that are open notice nothing, and afterwards nothing is left of it.
// SWITCHBOARD_LONG=1: for half a minute.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import test from "node:test";
import { base, connect, echo_flow, sanitized, start, until, within } from "./harness.mjs";
import { percentile } from "./feed_socket.mjs";
import { Attempt, metric, processor_seconds, reached, told_once } from "./limits.mjs";

const seconds = process.env.SWITCHBOARD_LONG === "1" ? 30 : 3;
const rate = 5000;

function flood(t, port) {
  const child = spawn(process.execPath, ["flood_client.mjs", port, rate, seconds], {
    cwd: import.meta.dirname, stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(() => child.kill("SIGKILL"));
  let text = "";
  child.stdout.on("data", (chunk) => text += chunk);
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", () => text ? resolve(JSON.parse(text)) : reject(new Error("no counts")));
  });
}

/// Round trips one after another until it is told to stop.
async function talk(clients, is_over) {
  const times = [];
  await Promise.all(clients.map(async (client, which) => {
    for (let i = 0; !is_over(); ++i) {
      const text = `${which} ${i}`;
      const begun = performance.now();
      assert.equal(await client.ask(text), text);
      times.push(performance.now() - begun);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }));
  return times;
}

test(`${rate} connections a second`, async (t) => {
  const service = await start(t, base({
    listener: `
max_connections = 500
max_connections_per_address = 20
max_connection_rate = 2000
max_handshakes = 256
`,
  }).replace('level = "debug"', 'level = "info"') + echo_flow("/echo"));
  const there = service.address("public");
  const clients = await Promise.all(Array.from({ length: 10 }, () => connect(t, service.ws("/echo"))));
  let rounds = 0;
  const quiet = await talk(clients, () => ++rounds > 3000);

  let over = false;
  const offered = flood(t, there.port);
  offered.finally(() => over = true).catch(() => {});
  const busy = await talk(clients, () => over);
  const counts = await offered;
  const figures = (times) =>
    `p50 ${percentile(times, 0.5).toFixed(2)} ms, p99 ${percentile(times, 0.99).toFixed(2)} ms`;
  t.diagnostic(`${JSON.stringify(counts)}; quiet ${figures(quiet)}; in the flood ${figures(busy)}`);
  assert.ok(counts.offered >= rate * seconds * 0.8, `${counts.offered} were offered`);
  assert.ok(counts.answered > 0);
  assert.ok(counts.unanswered + counts.refused + counts.failed > 0, "not everybody came in");
  if (!sanitized)
    assert.ok(percentile(busy, 0.99) <= Math.max(100, 4 * percentile(quiet, 0.99)), figures(busy));

  await within("a newcomer", (async () => {
    while ((await new Attempt(t, there).result(60000)).status !== 101);
  })(), 60000);
  await told_once(service, "max_connection_rate");
  assert.ok(await reached(service, "max_connection_rate") > 0);
  await until("idleness", async () => {
    const begun = performance.now();
    const used = processor_seconds(service.child.pid);
    await new Promise((resolve) => setTimeout(resolve, 500));
    const share = (processor_seconds(service.child.pid) - used)
      / (performance.now() - begun) * 1000;
    return share < 0.05;
  }, 60000);
  await until("their sockets' end", async () =>
    await metric(service, "switchboard_sockets", { state: "open" }) <= clients.length + 1, 60000);
  for (const client of clients)
    assert.equal(await client.ask("still here"), "still here");
});
