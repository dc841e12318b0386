// Post-mortems: what each tells, and the last thousand of them. How each way of
// ending a socket is told is in endings.test.mjs.

import assert from "node:assert/strict";
import test from "node:test";
import {
  assert_problem, base, connect, echo_flow, start, until,
} from "./harness.mjs";

const config = base({
  server: 'send_queue_limit = "64KiB"\nidle_socket_timeout = "10s"\nping_interval = "0s"',
}) + echo_flow("/echo/*") + `config = "main"

[websocket.quick.server]
listener = "public"
listener_base_path = "/quick"
`;

/// The post-mortem of the only socket of a path that is gone.
function post_mortem(service, query) {
  return until(`the post-mortem of ${query}`, async () => {
    const { sockets } = await service.json(`/v1/closed?${query}`);
    assert.ok(sockets.length < 2);
    return sockets[0];
  });
}

test("a post-mortem tells how and why", async (t) => {
  const service = await start(t, config);
  const client = await connect(t, service.ws("/echo/one?secret=1"), [],
                               { headers: { "user-agent": "tester/1" } });
  const [{ socket_id, remote_address, connected_at }] = await service.sockets();
  await service.api(`/v1/sockets/${socket_id}/groups/g`, { method: "PUT" });
  assert.equal(await client.ask("12345"), "12345");
  await assert_problem(await service.api(`/v1/closed/${socket_id}`), 404, "WEBSOCKET:NO_SUCH_SOCKET");
  await client.close(4000, "done here");
  const found = await post_mortem(service, "path=/echo/one");
  assert.deepEqual(await service.json(`/v1/closed/${socket_id}`), found);
  const { closed_at, ...rest } = found;
  assert.deepEqual(rest, {
    socket_id, socket_type: "INBOUND", config: "main", groups: ["g"], path: "/echo/one",
    scheme: "WS", local_address: service.ws("").slice(5), remote_address, subprotocol: "",
    user_agent: "tester/1", opened_at: connected_at, generation: 0, code: "4000",
    code_number: 4000, reason: "done here", by: "peer", clean: true, messages_received: 1,
    messages_sent: 1, bytes_received: 5, bytes_sent: 5, peak_queued_bytes: 0,
  });
  assert.ok(new Date(closed_at) >= new Date(connected_at));
  // The line of the log tells the same.
  const line = await until("its line", () =>
    service.log.split("\n").find((x) => x.includes("socket closed") && x.includes(socket_id)));
  for (const part of ["type=INBOUND", "config=main", "path=/echo/one", "code=4000",
                      'reason="done here"', "by=peer", "clean=true", "lived_ms=", "received=1",
                      "received_bytes=5", "sent=1", "sent_bytes=5",
                      "peak_queued_bytes=0", "generation=0"])
    assert.ok(line.includes(part), `${part} in ${line}`);
});

test("the most that ever waited for a socket is told", async (t) => {
  const service = await start(t, config);
  const client = await connect(t, service.ws("/echo/slow"));
  await client.pause();
  const body = "s".repeat(48 * 1024);
  await until("a full queue", async () => {
    const { failures } = await service.json("/v1/broadcast?path=/echo/slow", { method: "POST", body });
    return failures.length > 0;
  }, 60000);
  const { by, clean, peak_queued_bytes: peak } = await post_mortem(service, "path=/echo/slow");
  assert.deepEqual({ by, clean }, { by: "slow_consumer", clean: false });
  assert.ok(peak > 0 && peak <= 64 * 1024, `peak ${peak}`);
  await service.logged(new RegExp(`peak_queued_bytes=${peak} `));
});

test("the switchboard's own end is told in the log", async (t) => {
  const service = await start(t, config);
  await connect(t, service.ws("/echo/last"));
  await service.stop();
  assert.match(service.log, /socket closed .*path=\/echo\/last .*code=ENDPOINT_GOING_DOWN .*by=shutdown clean=true/);
});

test("the last thousand are kept, newest first, a page at a time", async (t) => {
  const service = await start(t, config);
  const total = 1040;
  for (let i = 0; i < total; i += 40) {
    const some = await Promise.all(Array.from({ length: 40 }, (_, j) =>
      connect(t, service.ws(`/echo/${i + j < 20 ? "old" : (i + j) % 2 ? "odd" : "even"}`))));
    await Promise.all(some.map((client) => client.close(1000)));
    await until("their post-mortems", async () =>
      (await service.json("/v1/configs")).configs.find((x) => x.name === "main").closed === i + 40);
  }
  const pages = async (query, limit) => {
    const all = [];
    for (let after = ""; ;) {
      const page = await service.json(`/v1/closed?limit=${limit}${query}${after}`);
      assert.ok(page.sockets.length <= limit);
      all.push(...page.sockets);
      if (page.next === null)
        return all;
      assert.equal(page.sockets.length, limit);
      after = `&after=${page.next}`;
    }
  };
  const all = await pages("", 300);
  assert.equal(all.length, 1000);
  assert.equal(new Set(all.map((x) => x.socket_id)).size, 1000);
  // Two shards may enter theirs the other way round.
  for (let i = 1; i < all.length; ++i)
    assert.ok(Date.parse(all[i].closed_at) - Date.parse(all[i - 1].closed_at) < 1000, "newest first");
  assert.ok(all[0].closed_at > all.at(-1).closed_at, "newest first");
  assert.equal((await pages("&path=/echo/old", 10)).length, 0, "the oldest are gone");
  const odd = await pages("&path=/echo/odd", 7);
  assert.ok(odd.length > 400 && odd.every((x) => x.path === "/echo/odd"));
  assert.equal((await pages("&path=/echo/even", 1000)).length + odd.length, 1000);
  assert.equal((await pages("&config=quick", 10)).length, 0);
  assert.equal((await pages("&type=OUTBOUND", 10)).length, 0);
  assert.equal((await pages("&group=none", 10)).length, 0);
  assert.equal((await service.json("/v1/closed")).sockets.length, 100);
  for (const query of ["limit=0", "limit=1001", "after=x", "after=0", "config=none", "path=/a/{"])
    await assert_problem(await service.api(`/v1/closed?${query}`), 400, "SWITCHBOARD:INVALID_ARGUMENT");
});

test("a warning that repeats itself is left out and counted", async (t) => {
  const service = await start(t, base() + `
[[flow]]
name = "tick"
source = "schedule"
every = "10ms"
steps = [ { raise_error = { type = "APP:WRONG", message = "again" } } ]
`);
  const lines = () => service.log.match(/flow tick failed.*/g) ?? [];
  await until("more events than lines", async () => {
    const { flows: [flow] } = await service.json("/v1/flows");
    return flow.failures > 40;
  });
  await until("as many lines as may be", () => lines().length >= 20);
  assert.equal(lines().length, 20);
  await until("the number left out", () => lines().some((x) => /left_out=\d{2,}/.test(x)), 60000);
  assert.equal(lines().findIndex((x) => x.includes("left_out=")), 20);
});
