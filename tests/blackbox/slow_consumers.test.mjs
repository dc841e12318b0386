// A feed at the full speed of those who read: one sends the next message as soon
// as its last one has come back. Some subscribers do not read. For each policy: the
// others get everything, in order and as fast as before; memory stays within
// its limits; the slow ones are treated as the configuration says.
// SWITCHBOARD_LONG=1: 2,000 sockets, 200 of them slow, for a minute.

import assert from "node:assert/strict";
import test from "node:test";
import { base, patience, sanitized, start, until, within } from "./harness.mjs";
import { FeedSocket, message, percentile } from "./feed_socket.mjs";
import { metric, reached, resident_bytes, told_once } from "./limits.mjs";

const long = process.env.SWITCHBOARD_LONG === "1";
const sockets = long ? 2000 : 400;
const slow_ones = sockets / 10;
const span = long ? 60_000 : 3000;
const quiet_span = long ? 15_000 : 1500;
const message_bytes = 16 * 1024;
const queue_bytes = 128 * 1024;
/// Messages that a reader may be behind: less than its queue holds.
const window = 6;

// Who does not read answers no ping, and must not be closed for that.
const config = (policy) => base({ server: 'ping_interval = "0s"', log: "" }).replace('level = "debug"', 'level = "info"') + `
[[flow]]
name = "feed"
source = "inbound-listener"
path = "/feed"
send_queue_limit = "${queue_bytes}B"
slow_consumer = "${policy}"
steps = [ { broadcast = { path = "/feed", content = "#[payload]" } } ]
`;

async function subscribe(t, service, count) {
  const all = [];
  while (all.length < count) {
    const batch = Array.from({ length: Math.min(100, count - all.length) }, () =>
      new FeedSocket(service.address("public"), "/feed"));
    batch.forEach((one) => t.after(() => one.end()));
    await within("subscribers", Promise.all(batch.map(({ opened }) => opened)), 60000);
    all.push(...batch);
  }
  return all;
}

/// Sends one message after another until a time is over and it is enough, each
/// when the last has come back and no reader is behind by what its queue holds:
/// all readers share this process, and must not be slow because it is.
/// @returns how many it sent in all its life.
async function publish(publisher, readers, milliseconds, enough = () => true) {
  const end = performance.now() + milliseconds;
  const first = publisher.sent;
  const arrivals = [];
  let delivered = first - 1;
  await within("the feed", new Promise((resolve) => {
    const send = () => publisher.send(message(publisher.sent++, message_bytes));
    const go_on = () => {
      if (publisher.last !== publisher.sent - 1 || publisher.last - delivered >= window)
        return;
      if (performance.now() < end || !enough())
        send();
      else
        resolve();
    };
    publisher.on_message = go_on;
    for (const reader of readers)
      reader.on_message = (number) => {
        const at = number - first;
        arrivals[at] = (arrivals[at] ?? 0) + 1;
        if (arrivals[at] === readers.length) {
          delivered = number;
          go_on();
        }
      };
    send();
  }), milliseconds + 60_000);
  return publisher.sent;
}

const forget = (all) => all.forEach((one) => one.latencies.length = 0);
const p99 = (all) => percentile(all.flatMap(({ latencies }) => latencies), 0.99);

for (const policy of ["close", "drop_newest", "drop_oldest"])
  test(`${sockets} sockets of which ${slow_ones} do not read: ${policy}`, async (t) => {
    const service = await start(t, config(policy));
    const all = await subscribe(t, service, sockets);
    const [publisher, ...rest] = all;
    publisher.sent = 0;
    const slow = rest.slice(0, slow_ones);
    const good = rest.slice(slow_ones);
    const everybody_has = (sent, who) =>
      until(`message ${sent}`, () => who.every(({ last }) => last === sent - 1), 60000);

    await everybody_has(await publish(publisher, rest, patience(500)), rest);
    forget(all);
    await everybody_has(await publish(publisher, rest, patience(quiet_span)), rest);
    const quiet = p99(good);
    const had = resident_bytes(service.child.pid);

    slow.forEach(({ socket }) => socket.pause());
    forget(all);
    let most = 0;
    const watch = setInterval(() =>
      most = Math.max(most, resident_bytes(service.child.pid)), 50);
    // The kernel holds megabytes of each before a queue fills.
    let full = false;
    const filling = until("full queues", async () =>
      await reached(service, "send_queue_limit") >= slow_ones, 60000).then(() => full = true);
    const before = publisher.sent;
    const sent = await publish(publisher, good, patience(span), () => full);
    await filling;
    clearInterval(watch);
    await everybody_has(sent, good);
    const busy = p99(good);
    t.diagnostic(`${sent - before} messages of ${message_bytes} B, p99 ${busy.toFixed(1)} ms, ` +
      `before ${quiet.toFixed(1)} ms; memory ${((most - had) / 1048576).toFixed(1)} MiB more`);

    assert.ok(good.every(({ gaps, disorder }) => gaps === 0 && disorder === 0), "all, in order");
    assert.ok(good.every(({ count }) => count === sent));
    // Who waits for one that does not read waits for seconds; a short run beside
    // others tells no more than that.
    const bound = long ? 2 * quiet : 3 * quiet + 100;
    assert.ok(busy <= bound, `p99 ${busy} ms, ${quiet} ms before`);
    if (!sanitized)
      assert.ok(most - had < slow_ones * queue_bytes + 16 * 1048576,
                `${(most - had) / 1048576} MiB`);

    const closed = await metric(service, "switchboard_sockets_closed_total",
                                { code: "1008", by: "slow_consumer" });
    if (policy === "close") {
      await until("their end", async () =>
        (await metric(service, "switchboard_sockets_closed_total",
                      { code: "1008", by: "slow_consumer" })) === slow_ones);
      assert.equal(await metric(service, "switchboard_sockets", { state: "open" }), sockets - slow_ones);
    } else {
      assert.equal(closed, 0);
      assert.equal(await metric(service, "switchboard_sockets", { state: "open" }), sockets);
      slow.forEach(({ socket }) => socket.resume());
      // Some message finds room again in every queue; the publisher has it
      // before the others.
      await until("room", async () => {
        const newest = await publish(publisher, [], 0) - 1;
        return until(`message ${newest}`, () => slow.every(({ last }) => last === newest), 2000)
          .then(() => true, () => false);
      }, 60000);
      assert.ok(slow.every(({ disorder }) => disorder === 0), "in order");
      assert.ok(slow.every(({ gaps }) => gaps > 0), "some are missing");
      if (policy === "drop_oldest")
        assert.ok(slow.every(({ gaps }) => gaps <= queue_bytes), "the newest were kept");
    }
    await told_once(service, "send_queue_limit");
  });
