// `retry` and `dead_letter` of flows: every message is handled, tried again to
// success, or in the dead letter, in order for each socket, and the counters
// add up.

import assert from "node:assert/strict";
import test from "node:test";
import { backend } from "./backend.mjs";
import { base, connect, hold_port, sanitized, start, until } from "./harness.mjs";

const flow = (steps, policy, more = "") => base() + `
[[flow]]
name = "work"
source = "inbound-listener"
path = "/work"
${policy}
steps = [ ${steps} ]
${more}
`;

async function counters(service) {
  return (await service.json("/v1/flows")).flows.find(({ name }) => name === "work");
}

test("a message that fails three times and then succeeds holds its socket, and no other", async (t) => {
  const { url, asked } = await backend(t, ({ body }) =>
    ({ status: body === "bad" && asked.filter((one) => one.body === "bad").length <= 3 ? 500 : 200 }));
  const service = await start(t, flow(
    `{ http_request = { url = "${url}" } }, { send = { content = "done #[payload]" } }`,
    'retry = { count = 5, frequency = "50ms", backoff = { factor = 2.0 } }'));
  const client = await connect(t, service.ws("/work"));
  const other = await connect(t, service.ws("/work"));
  for (const text of ["a", "bad", "b", "c"])
    client.send(text);
  assert.equal(await other.ask("x"), "done x");
  for (const text of ["a", "bad", "b", "c"])
    assert.equal(await client.next(), `done ${text}`);
  const bodies = asked.map(({ body }) => body).filter((body) => body !== "x");
  assert.deepEqual(bodies, ["a", "bad", "bad", "bad", "bad", "b", "c"]);
  const ids = new Set(asked.filter(({ body }) => body === "bad").map(({ headers }) => headers["ce-id"]));
  assert.equal(ids.size, 1, "one event, one id");
  // The last answer is on its way before its event counts as done.
  await until("all are done", async () => (await counters(service)).in_work === 0);
  const { events, failures, retries, dead_letters } = await counters(service);
  assert.deepEqual({ events, failures, retries, dead_letters },
                   { events: 5, failures: 0, retries: 3, dead_letters: 0 });
});

test("while a backend is away everything is tried again to success or dead, in order", async (t) => {
  const sockets = 5;
  const count = sanitized ? 40 : 200;
  const handled = [];
  const { port, release } = await hold_port(t);
  await release();
  const answer = ({ body }) => {
    handled.push(body);
    return {};
  };
  let running = await backend(t, answer, { port });
  const grave = await backend(t);
  const service = await start(t, flow(
    `{ http_request = { url = "http://127.0.0.1:${port}/" } }`,
    `retry = { count = 2, frequency = "5ms" }
dead_letter = { http_request = { url = "${grave.url}/dead", idempotent = true } }`,
    'on_error = [ { log = "#[error.type]" } ]'));
  const clients = await Promise.all(Array.from({ length: sockets }, () => connect(t, service.ws("/work"))));
  for (const [socket, client] of clients.entries())
    for (let i = 0; i < count; ++i)
      client.send(`${socket}:${i}`);
  await until("some are handled", () => handled.length > sockets * count / 5, 60000);
  await running.stop();
  await until("some are dead", () => grave.asked.length > sockets * 5, 60000);
  running = await backend(t, answer, { port });
  await until("all are done", async () => {
    const { events, in_work } = await counters(service);
    return events === sockets * count && in_work === 0;
  }, 60000);

  const dead = grave.asked.map(({ body }) => body);
  for (const list of [handled, dead]) {
    const next = Array(sockets).fill(-1);
    for (const body of list) {
      const [socket, number] = body.split(":").map(Number);
      assert.ok(number >= next[socket], `order of socket ${socket}: ${number} behind ${next[socket]}`);
      next[socket] = number;
    }
  }
  const all = new Set([...handled, ...dead]);
  assert.equal(all.size, sockets * count, "every message is in one of the two");
  // A request that was cut may have been taken all the same.
  assert.ok(dead.filter((body) => handled.includes(body)).length <= sockets);
  const one = grave.asked[0];
  assert.equal(one.url, "/dead");
  assert.equal(one.method, "POST");
  assert.match(one.headers["ce-subject"], /./);
  assert.equal(one.headers["ce-type"], "switchboard.message");
  assert.match(one.headers["switchboard-error-type"], /^WEBSOCKET:CONNECTIVITY$/);
  assert.match(one.headers["switchboard-error-message"], /127\.0\.0\.1/);
  const { dead_letters, lost_letters, failures, retries } = await counters(service);
  assert.equal(dead_letters, dead.length);
  assert.equal(lost_letters, 0);
  assert.equal(failures, 0, "on_error took care");
  assert.ok(retries >= dead.length * 2);
  const metrics = await (await service.api("/metrics")).text();
  assert.ok(metrics.includes(`switchboard_flow_dead_letters_total{flow="work",outcome="taken"} ${dead.length}`), metrics);
  assert.ok(metrics.includes(`switchboard_flow_retries_total{flow="work"} ${retries}`));
});

test("a group's sockets get a letter, and one without sockets loses it", async (t) => {
  const service = await start(t, flow(
    '{ raise_error = { type = "APP:WRONG", message = "no" } }',
    'dead_letter = { group = "graves" }', `
[[flow]]
name = "graves"
source = "inbound-listener"
path = "/graves"
default_groups = ["graves"]
`));
  const client = await connect(t, service.ws("/work"));
  client.send("early");
  await until("it is lost", async () => (await counters(service)).lost_letters === 1);
  await service.logged(/has lost a dead letter/);
  const reader = await connect(t, service.ws("/graves"));
  client.send("text");
  client.send(Buffer.from([0xff, 0x00]));
  const letter = JSON.parse(await reader.next());
  const { socket_id, path } = letter.attributes;
  assert.equal(letter.flow, "work");
  assert.equal(letter.payload, "text");
  assert.deepEqual(letter.error, { type: "APP:WRONG", message: "no", past: [] });
  assert.equal(path, "/work");
  assert.ok((await service.sockets()).some((one) => one.socket_id === socket_id));
  assert.equal(JSON.parse(await reader.next()).payload_base64, "/wA=");
  // A letter is read before its event counts as failed.
  await until("all have failed", async () => (await counters(service)).failures === 3);
  assert.equal((await counters(service)).dead_letters, 2);
});

test("a flow takes what has been delivered too often", async (t) => {
  const service = await start(t, flow(
    '{ raise_error = { type = "APP:WRONG", message = "no" } }',
    `redelivery = { max_redelivery_count = 1 }
dead_letter = { flow = "bury" }`, `
[[flow]]
name = "bury"
steps = [ { send = { content = "dead #[payload] #[error.type] #[#error.past]" } } ]
`));
  const client = await connect(t, service.ws("/work"));
  for (let i = 0; i < 3; ++i)
    client.send("x");
  assert.equal(await client.next(), "dead x WEBSOCKET:REDELIVERY_EXHAUSTED 2");
  await until("all are done", async () => (await counters(service)).failures === 3);
});

test("what waits for a retry at a shutdown goes to the dead letter at once", async (t) => {
  const grave = await backend(t);
  const service = await start(t, flow(
    '{ raise_error = { type = "APP:WRONG", message = "no" } }',
    `retry = { frequency = "1h" }
dead_letter = { http_request = { url = "${grave.url}" } }`));
  const client = await connect(t, service.ws("/work"));
  client.send("x");
  await until("it waits", async () => (await counters(service)).retries === 1);
  await service.stop();
  assert.deepEqual(grave.asked.map(({ body }) => body), ["x"]);
});
