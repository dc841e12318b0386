// The end by signal: 1001 for every socket, exit status 0, in time.

import assert from "node:assert/strict";
import net from "node:net";
import test from "node:test";
import { crowd, roomy } from "./crowd.mjs";
import { base, connect, echo_flow, patience, sanitized, start, until, within } from "./harness.mjs";
import { upgraded } from "./raw.mjs";

const config = base() + echo_flow("/echo");

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
    // Far from `drain.timeout`, after which all are cut.
    assert.ok(Date.now() - begun < patience(8000));
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
  // The first alone would take a minute.
  const service = await start(t, config.replace("[runtime]", '[runtime]\ndrain = { pause = "60s" }'));
  await upgraded(t, service);
  service.child.kill("SIGTERM");
  await service.logged(/shutting down .*SIGTERM/);
  service.child.kill("SIGTERM");
  assert.deepEqual(await within("exit", service.exited), { code: 1, signal: null });
  assert.match(service.log, /a second signal: exit at once/);
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
      await Promise.race([client.next("an echo", 60000), client.closed]);
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

const total = sanitized ? 1000 : 10000;
test(`${total} sockets at once are closed by SIGTERM`, async (t) => {
  const service = await start(t, base().replace('"debug"', '"info"') + echo_flow("/echo"), { prefix: roomy });
  const sockets = await crowd(t, service.ws("/echo"), total);
  await until("the counters know all of them", async () => {
    const { configs } = await service.json("/v1/configs");
    return new RegExp(`\\b${total}\\b`).test(JSON.stringify(configs));
  });
  const last = await connect(t, service.ws("/echo"));
  assert.equal(await last.ask("room for one more"), "room for one more");
  const begun = Date.now();
  await service.stop();
  t.diagnostic(`stopped in ${Date.now() - begun} ms`);
  assert.deepEqual((await sockets.closed()).codes, { 1001: total });
});

const many = sanitized ? 1000 : 5000;
test(`SIGTERM with ${many} sockets: not ready first, then paced, every closed event, 0`, async (t) => {
  const [pause, rounds, every, timeout] = [1500, 10, 200, 20000];
  const drain = `drain = { pause = "${pause}ms", batch = ${many / rounds}, every = "${every}ms", timeout = "${timeout}ms" }`;
  const service = await start(t, base().replace('"debug"', '"info"').replace("[runtime]", `[runtime]\n${drain}`)
    + echo_flow("/echo") + `
[[flow]]
name = "farewell"
source = "on-socket-closed"
path = "/echo"
steps = [ { log = "farewell #[attributes.socket_id] #[payload.code_number] #[payload.clean]" } ]
`, { prefix: roomy });
  const sockets = await crowd(t, service.ws("/echo"), many);
  const ids = (await service.sockets()).map(({ socket_id }) => socket_id).sort();
  assert.equal(ids.length, many);

  const begun = Date.now();
  service.child.kill("SIGTERM");
  const not_ready = await until("503", async () => {
    const { status } = await service.api("/readyz");
    return status === 503 && Date.now();
  });
  assert.doesNotMatch(service.log, /socket closed/, "nobody is closed yet");
  await service.ends(pause + timeout + 10000);
  const took = Date.now() - begun;
  t.diagnostic(`not ready after ${not_ready - begun} ms, ended after ${took} ms`);

  // Each got a close frame, behind the pause.
  const { codes, first, last } = await sockets.closed();
  assert.deepEqual(codes, { 1001: many });
  assert.ok(first >= begun + pause, `the first after ${first - begun} ms`);
  assert.ok(first > not_ready);
  // Ten batches and nine waits; a client may be late for the first.
  assert.ok(last - first > (rounds - 1) * every / 2, `all within ${last - first} ms`);

  // The same by the program's own clock: no burst. Who is too slow to answer
  // for two seconds is cut, and did get the close frame.
  const ends = [...service.log.matchAll(/^(\S+) info  socket closed socket=(\S+) .*code=ENDPOINT_GOING_DOWN .*by=shutdown clean=(?:true|false)/gm)];
  assert.deepEqual(ends.map(([, , id]) => id).sort(), ids);
  const times = ends.map(([, time]) => Date.parse(time)).sort((x, y) => x - y);
  assert.ok(times.at(-1) - times[0] >= (rounds - 2) * every, `all within ${times.at(-1) - times[0]} ms`);
  let most = 0;
  for (let i = 0, j = 0; i < times.length; ++i) {
    while (times[i] - times[j] >= every)
      ++j;
    most = Math.max(most, i - j + 1);
  }
  assert.ok(most < many / 2, `${most} within ${every} ms`);

  // Each event of an end was given, once.
  const events = [...service.log.matchAll(/info  farewell (\S+) (\d+) (\w+) flow=.* part=flow$/gm)];
  assert.deepEqual(events.map(([, id]) => id).sort(), ids);
  assert.ok(events.every(([, , code]) => code === "1001"));
});
