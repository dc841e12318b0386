// Taking the program out of service, by the management API and by a signal.

import assert from "node:assert/strict";
import test from "node:test";
import { base, connect, echo_flow, start, until, within } from "./harness.mjs";
import { Peer } from "./peer.mjs";

const config = (drain, more = "") =>
  base().replace("[runtime]", `[runtime]\n${drain}`) + echo_flow("/echo") + more;

async function state(service) {
  return service.json("/v1/drain");
}

test("a drain by the API closes all and leaves the process", async (t) => {
  const peer = await Peer.start(t);
  const service = await start(t, config(
    'drain = { batch = 10, every = "100ms", code = 4001, reason = "moving house" }', `
[websocket.out.client]
host = "127.0.0.1"
port = ${peer.port}

[[outbound]]
config = "out"
socket_id = "kept"
`));
  const order = [];
  const clients = await Promise.all(Array.from({ length: 60 }, async () => {
    const client = await connect(t, service.ws("/echo"));
    client.closed.then(() => order.push(Date.now()));
    return client;
  }));
  await until("the outbound socket", () => peer.all("open").length === 1);
  // The peer has seen the outbound one first.
  await until("all", async () => (await state(service)).sockets === 61);
  assert.deepEqual(await state(service), { state: "none", sockets: 61 });
  const begun = Date.now();
  const answer = await service.api("/v1/drain", { method: "POST" });
  assert.equal(answer.status, 202);
  assert.equal((await answer.json()).state, "draining");
  assert.equal((await service.api("/readyz")).status, 503);
  const again = await service.api("/v1/drain", { method: "POST" });
  assert.equal(again.status, 202);
  for (const client of clients)
    assert.deepEqual(await within("close", client.closed), { code: 4001, reason: "moving house" });
  // Six batches, five pauses between them.
  assert.ok(order.at(-1) - begun >= 450, `took ${order.at(-1) - begun} ms`);
  await until("the end of the drain", async () => (await state(service)).state === "drained");
  assert.deepEqual(await state(service), { state: "drained", sockets: 0 });
  // The outbound one comes behind the inbound ones.
  await until("its end", () => peer.all("close").length === 1);
  assert.ok(peer.all("close")[0].at - begun >= 450, "outbound last");
  await assert.rejects(connect(t, service.ws("/echo")));
  assert.equal((await service.api("/healthz")).status, 200);
  await service.stop();
});

test("in the pause it is not ready and serves all the same", async (t) => {
  const service = await start(t, config('drain_timeout = "2s"\ndrain = { pause = "1h" }'));
  const client = await connect(t, service.ws("/echo"));
  await service.api("/v1/drain", { method: "POST" });
  assert.equal((await service.api("/readyz")).status, 503);
  const late = await connect(t, service.ws("/echo"));
  assert.equal(await late.ask("still here"), "still here");
  assert.deepEqual(await state(service), { state: "draining", sockets: 2 });
  // A signal does not wait for the rest of the pause.
  await service.stop();
  for (const one of [client, late])
    assert.equal((await within("close", one.closed)).code, 1001);
});

test("what is left when the time is over is cut", async (t) => {
  const service = await start(t, config(
    'drain = { timeout = "2s", batch = 1, every = "500ms" }'));
  const clients = await Promise.all(
    Array.from({ length: 100 }, () => connect(t, service.ws("/echo"))));
  service.child.kill("SIGTERM");
  await service.ends();
  // A batch grows where one a round would not reach all of them in time.
  for (const client of clients)
    assert.equal((await within("close", client.closed)).code, 1001);
});
