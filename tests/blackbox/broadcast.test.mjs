// A broadcast to 1,000 sockets of which 20 died or stopped reading.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import test from "node:test";
import { beast } from "./beast.mjs";
import { base, connect, start, until, within } from "./harness.mjs";

const limit = 4096;
// Who does not read answers no ping, and must not be closed for that.
const config = (policy) => base({
  server: `
send_queue_limit = "${limit}B"
slow_consumer = "${policy}"
ping_interval = "0s"
`,
}) + `
[[flow]]
name = "identify"
source = "inbound-listener"
path = "/feed"
steps = [ { send = { content = "#[attributes.socket_id]" } } ]

[[flow]]
name = "gone"
source = "on-socket-closed"
path = "/feed"
steps = [ { log = "EVENT closed #[attributes.socket_id] #[payload.code_number] #[payload.reason]" } ]
`;

// Who listens: how a test opens one socket after another.
const kinds = {
  "npm ws": (t) => (url) => connect(t, url),
  "Beast": (t) => {
    const process = beast(t);
    return (url) => process.connect(url);
  },
};

/// Opens sockets that know their ids.
async function crowd(open, service, count) {
  const all = [];
  while (all.length < count) {
    const batch = Array.from({ length: Math.min(100, count - all.length) }, async () => {
      const client = await open(service.ws("/feed"));
      client.id = await client.ask("?");
      return client;
    });
    all.push(...await Promise.all(batch));
  }
  return all;
}

/// Stops a client's reading and fills its way until nothing moves any more. A
/// refusal alone does not tell: of messages that come in one turn of the loop
/// the first fills the queue, and the system takes it all the same.
async function stall(service, client, pending) {
  let paused = false;
  client.pause().then(() => paused = true);
  const path = `/v1/sockets/${encodeURIComponent(client.id)}`;
  // Does not compress.
  const body = randomBytes(256 * 1024);
  let before;
  let looks_alike = 0;
  await until(`${client.id} is stuck`, async () => {
    // What is queued is answered only once it is written: nobody waits for it.
    const abort = new AbortController();
    pending.push(abort);
    service.api(`${path}/messages`, {
      method: "POST", body, signal: abort.signal,
      headers: { "content-type": "application/octet-stream" },
    }).then((response) => response.arrayBuffer()).catch(() => {});
    const response = await service.api(path);
    if (response.status === 404)
      return true;
    const { bytes_sent, queued_bytes } = await response.json();
    const now = `${bytes_sent} ${queued_bytes}`;
    looks_alike = paused && queued_bytes > 0 && now === before ? looks_alike + 1 : 0;
    before = now;
    return looks_alike >= 30;
  }, 90000);
}

function check_failure(failure) {
  assert.deepEqual(Object.keys(failure).sort(),
                   ["error_message", "error_type", "socket_id", "type", "uri"]);
  assert.equal(failure.type, "INBOUND");
  assert.match(failure.uri, /\/feed/);
  assert.match(failure.error_type, /^WEBSOCKET:/);
  assert.ok(failure.error_message.length > 0);
}

for (const [kind, opener] of Object.entries(kinds))
  test(`${kind}: a broadcast names each socket that it could not reach and no other`, async (t) => {
    const service = await start(t, config("drop_newest"));
    const clients = await crowd(opener(t), service, 1000);
    const stalled = clients.slice(0, 10);
    const dying = clients.slice(10, 20);
    const living = clients.slice(20);
    const stalled_ids = stalled.map(({ id }) => id).sort();
    const pending = [];
    t.after(() => pending.forEach((abort) => abort.abort()));
    await Promise.all(stalled.map((client) => stall(service, client, pending)));

    // Longer than the queue's limit: taken by an empty queue only.
    const noise = randomBytes(2 * limit).toString("base64");
    const text = (round) => `round ${round} ${noise}`;
    const broadcast = (round) =>
      service.json("/v1/broadcast?path=/feed", { method: "POST", body: text(round) });
    const delivered = async (round) => {
      for (const client of living)
        assert.ok(await client.next(`round ${round}`) === text(round));
    };

    await t.test("those that stopped reading", async () => {
      const result = await broadcast(1);
      assert.equal(result.matched, 1000);
      result.failures.forEach(check_failure);
      assert.deepEqual(result.failures.map(({ socket_id }) => socket_id).sort(), stalled_ids);
      assert.ok(result.failures.every(({ error_type }) => error_type === "WEBSOCKET:CONNECTIVITY"));
      await delivered(1);
      for (const client of dying)
        assert.ok(await client.next() === text(1));
    });

    await t.test("those that die meanwhile are reached, matched as failures, or gone", async () => {
      for (const client of dying)
        client.reset();
      const result = await broadcast(2);
      const failed = new Set(result.failures.map(({ socket_id }) => socket_id));
      assert.equal(failed.size, result.failures.length, "none twice");
      assert.ok(result.matched >= 990 && result.matched <= 1000, `matched ${result.matched}`);
      for (const id of stalled_ids)
        assert.ok(failed.has(id), id);
      for (const { id } of living)
        assert.ok(!failed.has(id), id);
      await delivered(2);
    });

    await t.test("those that are dead are not matched", async () => {
      await until("the dead are noticed", async () =>
        (await service.sockets("path=/feed")).length === 990);
      const result = await broadcast(3);
      assert.equal(result.matched, 990);
      assert.deepEqual(result.failures.map(({ socket_id }) => socket_id).sort(), stalled_ids);
      await delivered(3);
      for (const client of living)
        assert.deepEqual(client.received, []);
    });

    await t.test("who reads again is reached again", async () => {
      pending.forEach((abort) => abort.abort());
      for (const client of stalled)
        client.resume();
      // What waited for them is on its way first.
      for (const { id } of stalled)
        await until("an empty queue", async () =>
          (await service.json(`/v1/sockets/${encodeURIComponent(id)}`)).queued_bytes === 0, 60000);
      const result = await until("all are reached", async () => {
        const attempt = await broadcast(4);
        assert.equal(attempt.matched, 990);
        return attempt.failures.length === 0 && attempt;
      }, 60000);
      assert.deepEqual(result.failures, []);
      for (const client of stalled)
        for (let message = ""; typeof message !== "string" || !message.startsWith("round 4");)
          message = await client.next("round 4", 60000);
    });
  });

for (const [kind, opener] of Object.entries(kinds))
  test(`${kind}: a slow consumer is closed with 1008 where that is the policy`, async (t) => {
    const service = await start(t, config("close"));
    const clients = await crowd(opener(t), service, 20);
    const pending = [];
    t.after(() => pending.forEach((abort) => abort.abort()));
    const slow = clients[0];
    await stall(service, slow, pending);
    await until("the slow one is gone", async () =>
      (await service.sockets("path=/feed")).length === 19, 60000);
    const result = await service.json("/v1/broadcast?path=/feed", { method: "POST", body: "after" });
    assert.deepEqual(result, { matched: 19, failures: [] });
    for (const client of clients.slice(1))
      assert.equal(await client.next(), "after");
    await until("its closed event", () =>
      service.log.includes(`EVENT closed ${slow.id} 1008 slow consumer`));
    slow.resume();
    await within("the end of the slow one", slow.closed, 30000);
  });
