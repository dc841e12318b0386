// The end by signal: 1001 for every socket, exit status 0, in time.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import net from "node:net";
import test from "node:test";
import { base, connect, echo_flow, patience, sanitized, start, until, within } from "./harness.mjs";
import { upgraded } from "./raw.mjs";

const config = base() + echo_flow("/echo");

// As many descriptors as are allowed: the default is often 1,024.
const roomy = ["bash", "-c", 'ulimit -Sn "$(ulimit -Hn)"; exec "$0" "$@"'];

for (const signal of ["SIGTERM", "SIGINT"])
  test(`${signal} closes every socket with 1001 and ends with 0`, async (t) => {
    const service = await start(t, config);
    const { host, port } = service.address("public");
    const clients = await Promise.all(
      Array.from({ length: 200 }, () => connect(t, service.ws("/echo"))));
    for (const client of clients)
      assert.equal(await client.ask("x"), "x");
    const begun = Date.now();
    service.child.kill(signal);
    assert.deepEqual(await within("exit", service.exited), { code: 0, signal: null });
    assert.ok(Date.now() - begun < patience(5000));
    for (const client of clients)
      assert.equal((await within("close", client.closed)).code, 1001);
    await assert.rejects(connect(t, `ws://${host}:${port}/echo`));
  });

test("sockets that do not answer the close do not hold up the end", async (t) => {
  const service = await start(t, config);
  const raws = await Promise.all(Array.from({ length: 20 }, () => upgraded(t, service)));
  service.child.kill("SIGTERM");
  for (const raw of raws)
    assert.equal((await raw.close_frame()).code, 1001);
  await service.ends();
  for (const raw of raws)
    await raw.end();
});

test("while it drains nothing new is accepted and readiness is 503", async (t) => {
  const service = await start(t, config);
  const raw = await upgraded(t, service);
  const { host, port } = service.address("public");
  service.child.kill("SIGTERM");
  assert.equal((await raw.close_frame()).code, 1001);
  // The raw peer does not answer, so the drain lasts until its deadline.
  const response = await service.api("/readyz").catch(() => undefined);
  if (response)
    assert.equal(response.status, 503);
  const refused = await new Promise((resolve) => {
    const socket = net.connect({ host, port });
    socket.once("error", () => resolve(true));
    socket.once("close", () => resolve(true));
    socket.once("data", (data) => resolve(!/ 101 /.test(data)));
  });
  assert.ok(refused);
  await service.ends();
});

test("a second signal ends at once", async (t) => {
  const service = await start(t, config);
  const raw = await upgraded(t, service);
  service.child.kill("SIGTERM");
  assert.equal((await raw.close_frame()).code, 1001);
  const begun = Date.now();
  service.child.kill("SIGTERM");
  await within("exit", service.exited);
  assert.ok(Date.now() - begun < patience(1000), `took ${Date.now() - begun} ms`);
});

test("a stop without any socket, and one in the middle of traffic", async (t) => {
  const idle = await start(t, config);
  await idle.stop();
  const busy = await start(t, config);
  const clients = await Promise.all(Array.from({ length: 50 }, () => connect(t, busy.ws("/echo"))));
  let running = true;
  const traffic = clients.map(async (client) => {
    while (running && client.ws.readyState === 1) {
      client.send("x".repeat(1000));
      await Promise.race([client.next("an echo", 20000), client.closed]);
    }
  });
  await until("traffic", async () => clients.every(({ ws }) => ws._socket.bytesRead > 5000));
  await busy.stop();
  running = false;
  await Promise.all(clients.map(({ closed }) => within("close", closed)));
  await Promise.allSettled(traffic);
  for (const client of clients)
    assert.ok([1001, 1006].includes((await client.closed).code));
});

// Opens sockets, says how many are open, then how they were closed.
const opener = `
import { WebSocket } from "ws";
const [url, count] = [process.argv[1], Number(process.argv[2])];
const codes = {};
let open = 0, closed = 0, begun = 0;
const tell = (value) => process.stdout.write(JSON.stringify(value) + "\\n");
function next() {
  if (begun === count)
    return;
  ++begun;
  const ws = new WebSocket(url, { perMessageDeflate: false });
  ws.on("error", (error) => tell({ error: error.message }));
  ws.once("open", () => {
    if (++open === count)
      tell({ open });
    next();
  });
  ws.once("close", (code) => {
    codes[code] = (codes[code] ?? 0) + 1;
    if (++closed === count) {
      tell({ codes });
      process.exit(0);
    }
  });
}
for (let i = 0; i < 50; ++i)
  next();
`;

const total = sanitized ? 1000 : 10000;
test(`${total} sockets at once are closed by SIGTERM`, async (t) => {
  const service = await start(t, base().replace('"debug"', '"info"') + echo_flow("/echo"), { prefix: roomy });
  const halves = [0, 1].map(() => {
    const child = spawn(roomy[0], [...roomy.slice(1), process.execPath, "--input-type=module", "-e", opener,
                                   service.ws("/echo"), String(total / 2)],
                        { stdio: ["ignore", "pipe", "pipe"], cwd: import.meta.dirname ?? new URL(".", import.meta.url).pathname });
    t.after(() => child.kill("SIGKILL"));
    const half = { told: [], errors: "" };
    child.stderr.on("data", (chunk) => half.errors += chunk);
    let rest = "";
    child.stdout.on("data", (chunk) => {
      rest += chunk;
      const lines = rest.split("\n");
      rest = lines.pop();
      half.told.push(...lines.map((line) => JSON.parse(line)));
    });
    half.get = (key) => {
      const failure = half.told.find(({ error }) => error);
      assert.equal(failure, undefined);
      assert.equal(half.errors, "");
      return half.told.find((each) => each[key] !== undefined)?.[key];
    };
    return half;
  });
  for (const half of halves)
    await until("all are open", () => half.get("open"), 60000);
  const { configs } = await service.json("/v1/configs");
  assert.match(JSON.stringify(configs), new RegExp(`\\b${total}\\b`), "the counters know all of them");
  const last = await connect(t, service.ws("/echo"));
  assert.equal(await last.ask("room for one more"), "room for one more");
  const begun = Date.now();
  await service.stop(5000);
  t.diagnostic(`stopped in ${Date.now() - begun} ms`);
  for (const half of halves)
    assert.deepEqual(await until("all are closed", () => half.get("codes"), 20000), { 1001: total / 2 });
});
