// Each limit: right below it, at it, above it; what is counted and told; what
// comes after it.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import test from "node:test";
import { assert_problem, base, connect, echo_flow, start, until, within } from "./harness.mjs";
import { Attempt, metric, processor_seconds, reached, told_once } from "./limits.mjs";
import { frame, opcode, upgraded } from "./raw.mjs";

/// `base` with everything on one thread, so that shares of limits are whole.
function single(options) {
  return base(options).replace("[runtime]", "[runtime]\nshards = 1");
}

test("connections of an address", async (t) => {
  const service = await start(t, base({ listener: "max_connections_per_address = 3" }) + `
[http_listener.behind]
host = "127.0.0.1"
port = 0
max_connections_per_address = 2
trusted_proxies = ["127.0.0.1"]

[websocket.behind.server]
listener = "behind"

[[flow]]
name = "behind"
source = "inbound-listener"
config = "behind"
path = "/echo"
` + echo_flow("/echo").replace("source", 'config = "main"\nsource'));
  const there = service.address("public");

  await t.test("as many as may be, and one more", async () => {
    const mine = [];
    for (let i = 0; i < 3; ++i) {
      mine.push(new Attempt(t, there));
      await mine.at(-1).status_is(101);
    }
    assert.equal(await reached(service, "max_connections_per_address"), 0);
    const { headers } = await new Attempt(t, there).status_is(429);
    assert.match(headers["retry-after"], /^\d+$/);
    await new Attempt(t, there, { from: "127.0.0.2" }).status_is(101);
    assert.equal(await reached(service, "max_connections_per_address"), 1);
    assert.equal(await metric(service, "switchboard_handshakes_total", { outcome: "refused_429" }), 1);
    mine[0].end();
    await until("a place", async () =>
      (await new Attempt(t, there).result()).status === 101);
    await told_once(service, "max_connections_per_address");
  });

  await t.test("behind a proxy", async () => {
    const behind = service.address("behind");
    const via = (address) => new Attempt(t, behind, {
      headers: address ? { "X-Forwarded-For": address } : {},
    });
    const first = via("192.0.2.1");
    await first.status_is(101);
    await via("192.0.2.1").status_is(101);
    await via("192.0.2.1").status_is(429);
    await via("192.0.2.2").status_is(101);
    // Neighbors in IPv6 are one.
    await via("2001:db8::1").status_is(101);
    await via("2001:db8::2").status_is(101);
    await via("2001:db8::3").status_is(429);
    first.end();
    await until("a place", async () => (await via("192.0.2.1").result()).status === 101);
  });
});

test("handshakes in flight", async (t) => {
  const service = await start(t, single({
    listener: "max_handshakes = 2\nhandshake_timeout = \"30s\"",
  }) + echo_flow("/echo"));
  const there = service.address("public");
  const established = await connect(t, service.ws("/echo"));
  const silent = [0, 1].map(() => new Attempt(t, there, { silent: true }));
  await Promise.all(silent.map(({ connected }) => connected));
  const third = new Attempt(t, there);
  await until("the limit", async () => await reached(service, "max_handshakes") > 0);
  assert.equal(third.status, undefined);
  assert.equal(await established.ask("still here"), "still here");
  silent[0].end();
  await third.status_is(101);
  await new Attempt(t, there).status_is(101);
  await told_once(service, "max_handshakes");
});

test("new connections a second", async (t) => {
  const service = await start(t, base({ listener: "max_connection_rate = 5" }) + echo_flow("/echo"));
  const there = service.address("public");
  const begun = performance.now();
  // All at once: time that passes between them would bring tokens back.
  const all = Array.from({ length: 15 }, () => new Attempt(t, there));
  for (const one of all)
    await one.status_is(101);
  const late = performance.now() - begun;
  t.diagnostic(`fifteen within ${late.toFixed(0)} ms`);
  // Ten tokens come back in 2 s.
  assert.ok(late >= 1990, `fifteen within ${late} ms`);
  await told_once(service, "max_connection_rate");
});

test("how fast a peer sends", async (t) => {
  const server = (name, keys) => `
[websocket.${name}.server]
listener = "public"
listener_base_path = "/${name}"
${keys}

[[flow]]
name = "${name}"
source = "inbound-listener"
config = "${name}"
path = "/echo"
steps = [ { send = { content = "#[payload]" } } ]
`;
  const service = await start(t, base()
    + server("paused", "max_message_rate = 10")
    + server("closed", 'max_message_rate = 10\nrate_limit_action = "close"')
    + server("bytes", 'max_byte_rate = "10KiB"\nrate_limit_action = "close"')
    + server("slow", 'max_byte_rate = "10KiB"'));

  await t.test("messages, held up", async () => {
    const client = await connect(t, service.ws("/paused/echo"));
    const begun = performance.now();
    for (let i = 0; i < 25; ++i)
      client.send(String(i));
    for (let i = 0; i < 25; ++i)
      assert.equal(await client.next(), String(i));
    assert.ok(performance.now() - begun >= 1490, "fifteen more take a second and a half");
    await told_once(service, "max_message_rate");
    assert.equal((await client.close()).code, 1000);
  });

  await t.test("messages, closed", async () => {
    const before = await reached(service, "max_message_rate");
    const client = await connect(t, service.ws("/closed/echo"));
    // More than one too many: there may be time for a token between two.
    for (let i = 0; i < 40; ++i)
      client.send(String(i));
    for (let i = 0; i < 10; ++i)
      assert.equal(await client.next(), String(i));
    assert.deepEqual(await within("close", client.closed), { code: 1008, reason: "message rate exceeded" });
    assert.equal(await reached(service, "max_message_rate"), before + 1);
    // It lingers a while after its close frame.
    const [{ by }] = await until("its post-mortem", async () => {
      const { sockets } = await service.json("/v1/closed?path=/echo&config=closed");
      return sockets.length > 0 && sockets;
    });
    assert.equal(by, "limit");
    assert.equal(await metric(service, "switchboard_sockets_closed_total", { code: "1008", by: "limit" }), 1);
  });

  await t.test("bytes, closed", async () => {
    const client = await connect(t, service.ws("/bytes/echo"));
    let closed;
    client.closed.then((how) => {
      closed = how;
    });
    // What one read takes is counted behind it: the next one finds the debt,
    // unless so much time has passed that it is gone.
    let answered = 0;
    await until("close", async () => {
      client.send("x".repeat(8 * 1024));
      await client.next().then(() => ++answered, () => client.closed);
      return closed;
    });
    assert.deepEqual(closed, { code: 1008, reason: "byte rate exceeded" });
    assert.ok(answered > 0);
    await told_once(service, "max_byte_rate");
  });

  await t.test("bytes, held up", async () => {
    const client = await connect(t, service.ws("/slow/echo"));
    const begun = performance.now();
    for (let i = 0; i < 3; ++i)
      client.send(`${i} ${"x".repeat(5 * 1024)}`);
    for (let i = 0; i < 3; ++i)
      assert.equal((await client.next()).split(" ")[0], String(i));
    assert.equal(await client.ask("last"), "last");
    assert.ok(performance.now() - begun >= 490, "five KiB too many take half a second");
  });
});

test("groups", async (t) => {
  const service = await start(t, base({ server: "max_groups_per_socket = 2" })
    + "[limits]\ngroups = 3\n" + `
[[flow]]
name = "identify"
source = "inbound-listener"
path = "/id"
steps = [ { send = { content = "#[attributes.socket_id]" } } ]
`);
  const [a, b] = await Promise.all([0, 1].map(async () => {
    const client = await connect(t, service.ws("/id"));
    return client.ask("?");
  }));
  const change = async (method, id, group) => {
    const response = await service.api(`/v1/sockets/${id}/groups/${group}`, { method });
    return response;
  };
  const put = async (id, group) => {
    const response = await change("PUT", id, group);
    await response.arrayBuffer();
    return response.status;
  };
  assert.equal(await put(a, "one"), 204);
  assert.equal(await put(a, "two"), 204);
  // What it is in already costs nothing.
  assert.equal(await put(a, "two"), 204);
  assert.equal(await reached(service, "max_groups_per_socket"), 0);
  const third = await assert_problem(await change("PUT", a, "three"), 400, "SWITCHBOARD:INVALID_ARGUMENT");
  assert.match(third.detail, /more than 2 groups/);
  await told_once(service, "max_groups_per_socket");

  assert.equal(await put(b, "three"), 204);
  assert.equal(await reached(service, "groups"), 0);
  const fourth = await assert_problem(await change("PUT", b, "four"), 400, "SWITCHBOARD:INVALID_ARGUMENT");
  assert.match(fourth.detail, /as many groups/);
  // One that exists needs no room.
  assert.equal(await put(b, "one"), 204);
  await told_once(service, "groups");
  assert.deepEqual((await service.json("/v1/groups")).groups.map(({ name }) => name).sort(),
                   ["one", "three", "two"]);

  const left = await change("DELETE", a, "two");
  assert.equal(left.status, 204);
  assert.equal(await put(a, "four"), 204);
});

/// Fills the way to a socket until one of its messages is refused or it is gone.
async function fill(service, id) {
  const path = `/v1/sockets/${encodeURIComponent(id)}`;
  const body = randomBytes(64 * 1024);
  const aborts = [];
  let refused = 0;
  await until("a full queue", async () => {
    const abort = new AbortController();
    aborts.push(abort);
    service.api(`${path}/messages`, {
      method: "POST", body, signal: abort.signal,
      headers: { "content-type": "application/octet-stream" },
    }).then(async (response) => {
      await response.arrayBuffer();
      refused += response.status === 502 || response.status === 404;
    }).catch(() => {});
    return refused > 0;
  }, 30000);
  return () => aborts.forEach((abort) => abort.abort());
}

test("send queues by path", async (t) => {
  const flow = (name, keys) => `
[[flow]]
name = "${name}"
source = "inbound-listener"
path = "/${name}"
${keys}
steps = [ { send = { content = "#[attributes.socket_id]" } } ]
`;
  const service = await start(t, base({ server: 'send_queue_limit = "128KiB"' })
    + flow("usual", "") + flow("patient", 'slow_consumer = "drop_newest"\nsend_queue_limit = "256KiB"'));
  const open = async (path) => {
    const raw = await upgraded(t, service, path);
    raw.write(frame(opcode.text, "?"));
    const { payload } = await raw.frame();
    raw.socket.pause();
    return { raw, id: payload.toString() };
  };
  const usual = await open("/usual");
  const patient = await open("/patient");
  const done = [await fill(service, usual.id), await fill(service, patient.id)];
  t.after(() => done.forEach((stop) => stop()));

  await until("the end of the usual one", async () =>
    (await service.api(`/v1/sockets/${usual.id}`)).status === 404);
  assert.equal((await until("its post-mortem", () => service.json(`/v1/closed/${usual.id}`))).by, "slow_consumer");
  const { queued_bytes, state } = await service.json(`/v1/sockets/${patient.id}`);
  assert.equal(state, "open");
  assert.ok(queued_bytes > 128 * 1024 && queued_bytes <= 256 * 1024, `${queued_bytes} bytes`);
  await told_once(service, "send_queue_limit");

  // A full queue takes control frames all the same, before what waits.
  patient.raw.write(frame(opcode.ping, "are you there"));
  await until("the ping's arrival", async () =>
    (await service.json(`/v1/sockets/${patient.id}`)).queued_bytes > queued_bytes);
  patient.raw.socket.resume();
  let behind = 0;
  for (;;) {
    const got = await patient.raw.frame();
    if (got.opcode === opcode.pong) {
      assert.equal(got.payload.toString(), "are you there");
      break;
    }
    ++behind;
  }
  // Of what waited at the ping at least one comes behind the answer.
  assert.equal((await patient.raw.frame()).opcode, opcode.binary);
  t.diagnostic(`${behind} messages before the pong`);
});

test("memory of sockets: 503 while there is none left", async (t) => {
  // Nobody answers pings.
  const service = await start(t, base({ server: 'ping_interval = "0s"' }) + '[limits]\nmemory = "1MiB"\n' + echo_flow("/echo"));
  const there = service.address("public");
  const neighbor = await connect(t, service.ws("/echo"));
  const open = [];
  let refusal;
  await until("a refusal", async () => {
    const some = Array.from({ length: 10 }, () => new Attempt(t, there));
    for (const one of some) {
      const answer = await one.result();
      if (answer.status === 101)
        open.push(one);
      else
        refusal ??= answer;
    }
    return refusal;
  }, 60000);
  assert.equal(refusal.status, 503);
  assert.match(refusal.headers["retry-after"], /^\d+$/);
  t.diagnostic(`${open.length} sockets within 1 MiB`);
  assert.ok(await metric(service, "switchboard_memory_bytes") > 1024 * 1024);
  assert.equal(await neighbor.ask("still here"), "still here");
  assert.equal((await service.sockets()).length, open.length + 1, "nobody who holds nothing is closed");
  await told_once(service, "memory");
  open.splice(0, open.length / 2).forEach((one) => one.end());
  await until("room", async () => (await new Attempt(t, there).result()).status === 101);
});

test("memory of queues: the largest go first", async (t) => {
  const service = await start(t, base({
    server: 'send_queue_limit = "32MiB"',
  }) + '[limits]\nmemory = "16MiB"\n' + `
[[flow]]
name = "identify"
source = "inbound-listener"
path = "/id"
steps = [ { send = { content = "#[attributes.socket_id]" } } ]
`);
  const small = await connect(t, service.ws("/id"));
  const small_id = await small.ask("?");
  const large = await connect(t, service.ws("/id"));
  const large_id = await large.ask("?");
  await large.pause();
  const path = `/v1/sockets/${encodeURIComponent(large_id)}`;
  const body = randomBytes(512 * 1024);
  const aborts = [];
  t.after(() => aborts.forEach((abort) => abort.abort()));
  await until("its end", async () => {
    const abort = new AbortController();
    aborts.push(abort);
    service.api(`${path}/messages`, {
      method: "POST", body, signal: abort.signal,
      headers: { "content-type": "application/octet-stream" },
    }).then((response) => response.arrayBuffer()).catch(() => {});
    return (await service.api(path)).status === 404;
  }, 30000);
  const { by, code_number, reason } = await until("its post-mortem", () => service.json(`/v1/closed/${large_id}`));
  assert.deepEqual({ by, code_number, reason }, { by: "limit", code_number: 1013, reason: "out of memory" });
  await until("memory", async () =>
    await metric(service, "switchboard_memory_bytes") < 8 * 1024 * 1024);
  await told_once(service, "memory");
  assert.equal(await small.ask("?"), small_id);
  await until("room", async () =>
    (await new Attempt(t, service.address("public"), { path: "/id" }).result()).status === 101);
});

test("256 descriptors", async (t) => {
  const service = await start(t, base({ server: 'ping_interval = "0s"' }) + echo_flow("/echo"), {
    prefix: ["prlimit", "--nofile=256:256"],
  });
  const there = service.address("public");
  const neighbor = await connect(t, service.ws("/echo"));
  assert.equal(await neighbor.ask("hello"), "hello");
  const all = Array.from({ length: 300 }, () => new Attempt(t, there));
  const open = () => all.filter(({ status }) => status === 101);
  await until("a pause", () => service.log.includes("accepting pauses"));
  await until("what fits", () => open().length > 180);
  const fits = open().length;

  // Nothing is to be had, and nobody looks for it all the time.
  const before = { time: performance.now(), used: processor_seconds(service.child.pid) };
  for (let i = 0; i < 200; ++i) {
    assert.equal(await neighbor.ask(`round ${i}`), `round ${i}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  const used = processor_seconds(service.child.pid) - before.used;
  const share = used / (performance.now() - before.time) * 1000;
  t.diagnostic(`${fits} of 300 fit; ${(share * 100).toFixed(1)} % of a core`);
  assert.ok(share < 0.05, `${share * 100} % of a core`);
  assert.equal(service.log.match(/accepting pauses/g).length, 1, "told once");

  open().slice(0, 150).forEach((one) => one.end());
  await within("all others", Promise.all(all.map((one) => one.answer)), 60000);
  assert.ok(all.every(({ status }) => status === 101));
  await told_once(service, "descriptors");
  assert.equal(await neighbor.ask("still here"), "still here");
});
