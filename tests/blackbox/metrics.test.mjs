// GET /metrics, read by Prometheus' own client for Python: the names, and
// numbers that add up to a traffic that is known.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import net from "node:net";
import test from "node:test";
import {
  assert_problem, base, connect, echo_flow, hold_port, start, temporary_folder, until, within,
} from "./harness.mjs";

const parser = new URL("metrics_parser.py", import.meta.url).pathname;

/// All metrics of a service.
class Scrape {
  constructor(text) {
    this.families = JSON.parse(execFileSync("/usr/bin/python3", [parser],
                                            { input: text, maxBuffer: 1 << 24 }));
  }

  /// The sum of a sample's values where the labels are these.
  sum(name, labels = {}) {
    let result = 0;
    for (const family of Object.values(this.families))
      for (const [sample, having, value] of family.samples)
        if (sample === name && Object.entries(labels).every(([k, v]) => having[k] === v))
          result += value;
    return result;
  }

  /// Every value of a label.
  values(name, label) {
    return new Set(this.families[name].samples.map(([, labels]) => labels[label]));
  }
}

async function scrape(service) {
  const response = await service.api("/metrics");
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  return new Scrape(await response.text());
}

const config = base({ server: 'send_queue_limit = "64KiB"\nmax_message_size = "1KiB"' })
  + echo_flow("/echo") + `
[websocket.main.client]
host = "127.0.0.1"

[[flow]]
name = "mute"
source = "inbound-listener"
config = "main"
path = "/mute"
steps = []

[[flow]]
name = "fails"
source = "inbound-listener"
config = "main"
path = "/fails"
steps = [ { raise_error = { type = "APP:WRONG", message = "always" } } ]
`;

/// Speaks HTTP by hand and returns the status line.
function raw(port, text) {
  return within("an answer", new Promise((resolve, reject) => {
    const socket = net.connect(port, "127.0.0.1", () => socket.write(text));
    let all = "";
    socket.on("data", (chunk) => all += chunk);
    socket.on("error", reject);
    socket.on("close", () => resolve(all.split("\r\n")[0]));
  }));
}

test("every metric is there under its name", async (t) => {
  const service = await start(t, config);
  const { families } = await scrape(service);
  // The parser takes `_total` off the names of counters.
  const expected = {
    switchboard_sockets: "gauge",
    switchboard_sockets_opened: "counter",
    switchboard_sockets_closed: "counter",
    switchboard_handshakes: "counter",
    switchboard_messages_received: "counter",
    switchboard_messages_sent: "counter",
    switchboard_bytes_received: "counter",
    switchboard_bytes_sent: "counter",
    switchboard_broadcasts: "counter",
    switchboard_broadcast_failures: "counter",
    switchboard_operation_duration_seconds: "histogram",
    switchboard_reconnections: "counter",
    switchboard_flow_events: "counter",
    switchboard_send_queue_bytes: "gauge",
    switchboard_loop_lag_seconds: "gauge",
    switchboard_limit_reached: "counter",
    process_cpu_seconds: "counter",
    process_resident_memory_bytes: "gauge",
    process_virtual_memory_bytes: "gauge",
    process_open_fds: "gauge",
    process_max_fds: "gauge",
    process_start_time_seconds: "gauge",
    process_threads: "gauge",
  };
  for (const [name, type] of Object.entries(expected)) {
    assert.equal(families[name]?.type, type, name);
    assert.ok(families[name].help.length > 5, name);
  }
  for (const [name, { type, samples }] of Object.entries(families))
    for (const [sample, , value] of samples) {
      assert.ok(Number.isFinite(value) && value >= 0, `${sample} ${value}`);
      if (type === "counter")
        assert.equal(sample, `${name}_total`);
    }
  const started = families.process_start_time_seconds.samples[0][2];
  assert.ok(Math.abs(started - Date.now() / 1000) < 120, `started at ${started}`);
  const head = await service.api("/metrics", { method: "HEAD" });
  assert.equal(head.status, 200);
});

test("dashboard and alert rules ask for metrics that exist", async (t) => {
  const service = await start(t, config);
  const { families } = await scrape(service);
  // Whoever encrypts has this one.
  const known = new Set(["switchboard_certificate_expiry_seconds"]);
  for (const [name, { samples }] of Object.entries(families)) {
    known.add(name).add(`${name}_total`);
    for (const [sample] of samples)
      known.add(sample);
  }
  const root = new URL("../../packaging/", import.meta.url);
  const dashboard = readFileSync(new URL("grafana/switchboard.json", root), "utf8");
  const rules = readFileSync(new URL("prometheus/alerts.yml", root), "utf8");
  const asked = [
    ...JSON.parse(dashboard).panels.flatMap((panel) => panel.targets.map((x) => x.expr)),
    ...rules.split("\n").filter((line) => /expr:|switchboard_|process_/.test(line)),
  ];
  assert.ok(asked.length > 20);
  for (const expression of asked)
    for (const [name] of expression.matchAll(/\b(switchboard|process)_\w+/g))
      assert.ok(known.has(name), `${name} in ${expression}`);
});

test("metrics need the token", async (t) => {
  const service = await start(t, base({ admin: 'tokens = ["secret"]' }), { token: "secret" });
  await assert_problem(await service.api("/metrics", { token: "other" }), 401,
                       "SWITCHBOARD:UNAUTHENTICATED");
  await scrape(service);
});

test("the numbers add up exactly after a known traffic", async (t) => {
  const service = await start(t, config);
  const { port } = service.address("public");
  const clients = [];
  for (let i = 0; i < 5; ++i)
    clients.push(await connect(t, service.ws("/echo")));
  let bytes = 0;
  for (const [i, client] of clients.entries())
    for (let n = 0; n < 20; ++n) {
      const text = "x".repeat(i * 10 + n);
      bytes += text.length;
      assert.equal(await client.ask(text), text);
    }
  const mute = await connect(t, service.ws("/mute"));
  const failing = await connect(t, service.ws("/fails"));
  for (let n = 0; n < 7; ++n)
    failing.send("f");
  const broadcast = await service.json("/v1/broadcast?path=/echo", { method: "POST", body: "hello" });
  assert.equal(broadcast.matched, 5);
  await service.json("/v1/broadcast?path=/nobody", { method: "POST", body: "hello" });
  for (const client of clients)
    assert.equal(await client.next(), "hello");

  const expect = (now, name, labels, value) =>
    assert.equal(now.sum(name, labels), value, `${name} ${JSON.stringify(labels)}`);
  const count = "switchboard_operation_duration_seconds_count";
  // A message is counted as sent, and its event as done, when it may have been
  // read already.
  const expect_busy = (busy) => {
    expect(busy, "switchboard_messages_received_total", {}, 107);
    expect(busy, "switchboard_bytes_received_total", {}, bytes + 7);
    expect(busy, "switchboard_messages_sent_total", {}, 105);
    expect(busy, "switchboard_bytes_sent_total", {}, bytes + 25);
    expect(busy, "switchboard_send_queue_bytes", {}, 0);
    expect(busy, "switchboard_sockets", { config: "main", type: "INBOUND", state: "open" }, 7);
    expect(busy, "switchboard_sockets", {}, 7);
    expect(busy, "switchboard_sockets_opened_total", {}, 7);
    expect(busy, "switchboard_sockets_closed_total", {}, 0);
    expect(busy, "switchboard_handshakes_total", { outcome: "accepted" }, 7);
    expect(busy, "switchboard_broadcasts_total", {}, 2);
    expect(busy, "switchboard_broadcast_matched_total", {}, 5);
    expect(busy, "switchboard_broadcast_failures_total", {}, 0);
    expect(busy, "switchboard_flow_events_total", { flow: "echo", outcome: "succeeded" }, 100);
    expect(busy, "switchboard_flow_events_total", { flow: "fails", outcome: "failed" }, 7);
    expect(busy, "switchboard_flow_events_total", { flow: "fails", outcome: "succeeded" }, 0);
    expect(busy, count, { operation: "broadcast" }, 2);
    expect(busy, count, { operation: "send" }, 100);
    expect(busy, "switchboard_operation_duration_seconds_bucket", { operation: "send", le: "+Inf" }, 100);
  };
  await until("the numbers of the traffic", async () => {
    expect_busy(await scrape(service));
    return true;
  });

  // The other operations, and closings by whom.
  const [{ socket_id }] = await service.sockets("path=/mute");
  const at = `/v1/sockets/${socket_id}`;
  for (const [path, method] of [[`${at}/groups/g`, "PUT"], [`${at}/groups/g`, "DELETE"],
                                [`${at}?code=4001`, "DELETE"]])
    assert.equal((await service.api(path, { method })).status, 204);
  await within("close", mute.closed);
  await clients[0].close(1000);
  await clients[1].close(4711);
  clients[2].reset();
  clients[3].send("x".repeat(1025));
  await within("close", clients[3].closed);
  assert.deepEqual(await service.json("/v1/close?path=/fails&code=1001", { method: "POST" }),
                   { closed: 1 });
  // Handshakes that come to nothing.
  assert.match(await raw(port, "GET /none HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\n"
                               + "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                               + "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"), / 404 /);
  assert.match(await raw(port, "nonsense\r\n\r\n"), / 400 /);
  assert.match(await raw(port, `GET / HTTP/1.1\r\nX: ${"x".repeat(20000)}\r\n\r\n`), / 431 /);
  await new Promise((resolve) => {
    const socket = net.connect(port, "127.0.0.1", () => socket.end());
    socket.on("close", resolve).resume();
  });
  // An outbound socket to ourselves.
  const opening = await service.api("/v1/sockets", {
    method: "POST", body: JSON.stringify({ url: service.ws("/mute"), socket_id: "out" }),
  });
  assert.equal(opening.status, 201);

  const expect_last = (last) => {
    const closed = (code, by, value) =>
      expect(last, "switchboard_sockets_closed_total", { code, by }, value);
    expect(last, "switchboard_sockets_closed_total", {}, 6);
    expect(last, "switchboard_handshakes_total", { outcome: "abandoned" }, 1);
    closed("4000-4999", "operation", 1);
    closed("1000", "peer", 1);
    closed("4000-4999", "peer", 1);
    closed("1006", "lost", 1);
    closed("1009", "protocol_error", 1);
    closed("1001", "bulk_close", 1);
    expect(last, "switchboard_limit_reached_total", { limit: "max_message_size" }, 1);
    expect(last, "switchboard_limit_reached_total", { limit: "max_header_size" }, 1);
    expect(last, "switchboard_handshakes_total", { outcome: "refused_404" }, 1);
    expect(last, "switchboard_handshakes_total", { outcome: "refused_400" }, 1);
    expect(last, "switchboard_handshakes_total", { outcome: "refused_431" }, 1);
    expect(last, "switchboard_sockets", { type: "OUTBOUND", state: "open" }, 1);
    expect(last, "switchboard_sockets", { type: "INBOUND", state: "open" }, 2);
    expect(last, "switchboard_sockets", { state: "closing" }, 0);
    expect(last, "switchboard_sockets_opened_total", {}, 9);
    for (const operation of ["close_socket", "bulk_close_sockets", "subscribe_groups",
                             "unsubscribe_groups", "open_outbound_socket"])
      expect(last, count, { operation }, 1);
  };
  const last = await until("the numbers of the closings", async () => {
    const now = await scrape(service);
    expect_last(now);
    return now;
  });
  // The same as the sockets and configurations say themselves.
  const [main] = (await service.json("/v1/configs")).configs;
  assert.equal(main.opened, 9);
  assert.equal(main.closed, 6);
  const sum = (list, name) => list.reduce((all, x) => all + x[name], 0);
  const everybody = await until("all post-mortems", async () => {
    const { sockets } = await service.json("/v1/closed");
    return sockets.length === 6 && [...await service.sockets(), ...sockets];
  });
  expect(last, "switchboard_messages_received_total", {}, sum(everybody, "messages_received"));
  expect(last, "switchboard_messages_sent_total", {}, sum(everybody, "messages_sent"));
  expect(last, "switchboard_bytes_received_total", {}, sum(everybody, "bytes_received"));
});

test("a queue that fills is seen, and who is too slow", async (t) => {
  const service = await start(t, config);
  const slow = await connect(t, service.ws("/mute"));
  await slow.pause();
  const body = "q".repeat(1 << 20);
  const full = await until("a failure", async () => {
    await service.json("/v1/broadcast?path=/mute", { method: "POST", body });
    // Answered when the shard has written what it could.
    await service.sockets();
    const now = await scrape(service);
    if (now.sum("switchboard_broadcast_failures_total", { error: "WEBSOCKET:CONNECTIVITY" }) > 0)
      return now;
    if (now.sum("switchboard_send_queue_bytes") > 0)
      slow.queue_was_seen = true;
    return false;
  }, 60000);
  assert.ok(slow.queue_was_seen);
  assert.equal(full.sum("switchboard_limit_reached_total", { limit: "send_queue_limit" }), 1);
  await until("its end", async () => {
    const now = await scrape(service);
    return now.sum("switchboard_sockets_closed_total", { code: "1008", by: "slow_consumer" }) === 1
      && now.sum("switchboard_send_queue_bytes") === 0;
  });
});

test("handshakes that run into a limit, or into TLS, are told apart", async (t) => {
  const folder = temporary_folder(t);
  execFileSync(new URL("../certificates.sh", import.meta.url).pathname, [folder]);
  const service = await start(t, base({
    listener: 'handshake_timeout = "100ms"',
  }) + `
[tls.edge]
key_store = { path = "${folder}/server.pem" }

[http_listener.encrypted]
host = "127.0.0.1"
port = 0
tls = "edge"

[websocket.secure.server]
listener = "encrypted"

[http_listener.narrow]
host = "127.0.0.1"
port = 0
max_connections = 1

[websocket.one.server]
listener = "narrow"
` + echo_flow("/echo") + 'config = "one"\n');
  const { port } = service.address("public");
  assert.match(await raw(port, "GET / HTTP/1.1\r\n"), / 408 /);
  await connect(t, service.ws("/echo", "narrow"));
  assert.match(await raw(service.address("narrow").port, "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n"), / 503 /);
  await raw(service.address("encrypted").port, "GET / HTTP/1.1\r\n\r\n");
  const now = await until("the failure of TLS", async () => {
    const all = await scrape(service);
    return all.sum("switchboard_handshakes_total", { outcome: "tls_failed" }) === 1
      && all.sum("switchboard_handshakes_total", { outcome: "accepted" }) === 1 && all;
  });
  for (const outcome of ["refused_408", "refused_503", "accepted"])
    assert.equal(now.sum("switchboard_handshakes_total", { outcome }), 1, outcome);
  assert.equal(now.sum("switchboard_handshakes_total"), 4);
  for (const limit of ["handshake_timeout", "max_connections"])
    assert.equal(now.sum("switchboard_limit_reached_total", { limit }), 1, limit);
});

test("labels are bounded, whatever peers choose", async (t) => {
  const service = await start(t, config);
  for (let code = 3000; code < 5000; code += 37) {
    const client = await connect(t, service.ws("/mute"));
    await client.close(code, `reason ${code}`);
  }
  const now = await until("all closings", async () => {
    const all = await scrape(service);
    return all.sum("switchboard_sockets_closed_total") === 55 && all;
  });
  assert.deepEqual(now.values("switchboard_sockets_closed", "code"),
                   new Set(["3000-3999", "4000-4999"]));
});

test("reconnections are counted by what came of them", async (t) => {
  const held = await hold_port(t);
  await held.release();
  const service = await start(t, config + `
[websocket.out.client]
host = "127.0.0.1"
port = ${held.port}

[websocket.out.reconnection]
strategy = "reconnect-forever"
frequency = "20ms"

[[outbound]]
config = "out"
socket_id = "kept"
path = "/"
`);
  const { WebSocketServer } = await import("ws");
  const serve = () => new Promise((resolve) => {
    const server = new WebSocketServer({ port: held.port, host: "127.0.0.1" }, () => resolve(server));
  });
  let server = await serve();
  t.after(() => server.close());
  const state = (now, name) =>
    now.sum("switchboard_sockets", { config: "out", type: "OUTBOUND", state: name });
  await until("the socket", async () => state(await scrape(service), "open") === 1);
  for (const client of server.clients)
    client.terminate();
  await new Promise((resolve) => server.close(resolve));
  const away = await until("an attempt that fails", async () => {
    const now = await scrape(service);
    return now.sum("switchboard_reconnections_total", { outcome: "failed" }) > 0 && now;
  });
  assert.equal(state(away, "reconnecting"), 1);
  assert.equal(state(away, "open"), 0);
  server = await serve();
  const back = await until("its return", async () => {
    const now = await scrape(service);
    return state(now, "open") === 1
      && now.sum("switchboard_reconnections_total", { outcome: "succeeded" }) > 0 && now;
  });
  assert.equal(back.sum("switchboard_reconnections_total", { outcome: "succeeded" }), 1);
  assert.equal(back.sum("switchboard_sockets_closed_total"), 0);
  assert.equal(state(back, "reconnecting"), 0);
});
