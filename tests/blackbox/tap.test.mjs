// GET /v1/tap, read with fetch, curl and bare TCP, and the subcommand tap.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import net from "node:net";
import test from "node:test";
import {
  assert_problem, base, connect, echo_flow, measured, patience, program, start,
  until, within,
} from "./harness.mjs";
import { resident_bytes } from "./limits.mjs";
import { certificates } from "./tls.mjs";

const config = () => base().replace('level = "debug"', 'level = "info"')
  + echo_flow("/echo").replace("steps", 'default_groups = ["all"]\nsteps') + echo_flow("/other", "other");

/// Events of a stream, as they come.
class Tap {
  events = [];
  text = "";

  /// Takes what came.
  take(chunk) {
    this.text += chunk;
    for (let end; (end = this.text.indexOf("\n\n")) >= 0;) {
      const lines = this.text.slice(0, end).split("\n");
      this.text = this.text.slice(end + 2);
      const field = (name) => lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
      if (!field("event"))
        continue;
      const data = JSON.parse(field("data"));
      assert.equal(data.event, field("event"));
      assert.equal(Number(field("id")), this.events.length + 1);
      assert.ok(!Number.isNaN(Date.parse(data.time)));
      this.events.push(data);
    }
  }

  of(...names) {
    return this.events.filter(({ event }) => names.includes(event));
  }

  /// The sum of a count over all that was dropped.
  dropped(name) {
    return this.of("dropped").reduce((sum, one) => sum + one[name], 0);
  }

  /// Waits for an event of a socket.
  has(event, more = {}) {
    return until(event, () => this.of(event).find((one) =>
      Object.entries(more).every(([name, value]) => one[name] === value)));
  }
}

/// A tap by fetch; every event from here on is in it.
async function tap(t, service, query = "") {
  const abort = new AbortController();
  t.after(() => abort.abort());
  const response = await service.api(`/v1/tap${query}`, { signal: abort.signal });
  assert.equal(response.status, 200);
  assert.equal(response.headers.get("content-type"), "text/event-stream");
  const result = new Tap();
  result.abort = () => abort.abort();
  result.done = (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of response.body)
      result.take(decoder.decode(chunk, { stream: true }));
  })();
  result.done.catch(() => {});
  return result;
}

async function socket_id(service, path) {
  return (await service.sockets(`path=${path}`))[0].socket_id;
}

test("a tap shows what the sockets do that it asks for, and no other", async (t) => {
  const service = await start(t, config());
  const all = await tap(t, service);
  const some = await tap(t, service, "?path=/echo");
  const group = await tap(t, service, "?group=all&config=main");
  const client = await connect(t, service.ws("/echo?token=hidden"), [], { headers: { authorization: "Bearer hidden" } });
  const other = await connect(t, service.ws("/other"));
  assert.equal(await client.ask("hello"), "hello");
  await other.ask(Buffer.from([1, 2, 255]));
  await service.api("/v1/broadcast", { method: "POST", body: "to all of you" });
  await client.close(4001, "done\u001b[31m");
  const closed = await all.has("closed", { code_number: 4001 });
  assert.equal(closed.reason, "done\u001b[31m");
  assert.equal(closed.by, "peer");
  assert.equal(closed.clean, true);
  await other.close();
  await all.has("closed", { path: "/other" });

  const tell = ({ event, path, size, direction, format }) =>
    `${event} ${path}${size === undefined ? "" : ` ${direction} ${format} ${size}`}`;
  for (const one of [some, group]) {
    await one.has("closed");
    assert.deepEqual(one.events.map(tell), [
      "opened /echo", "message /echo in text 5", "sent /echo out text 5", "sent /echo out text 13", "closed /echo",
    ]);
  }
  assert.deepEqual(all.events.map(tell).filter((one) => one.includes("/other")), [
    "opened /other", "message /other in binary 3", "sent /other out binary 3", "sent /other out text 13",
    "closed /other",
  ]);
  const [opened] = all.of("opened");
  assert.equal(opened.type, "INBOUND");
  assert.equal(opened.config, "main");
  assert.deepEqual(opened.groups, ["all"]);
  assert.match(opened.remote_address, /^127\.0\.0\.1:\d+$/);
  for (const one of [all, some, group]) {
    assert.ok(one.events.every((event) => !("payload" in event)));
    assert.ok(!JSON.stringify(one.events).includes("hidden"));
  }
});

test("contents are shown when they are asked for, up to a limit", async (t) => {
  const service = await start(t, config());
  const usual = await tap(t, service, "?payload=true");
  const short = await tap(t, service, "?payload=true&payload_limit=4");
  const client = await connect(t, service.ws("/echo"));
  await client.ask("häß");
  await client.ask(Buffer.from([0, 1, 2, 253, 254, 255]));
  await client.ask("x".repeat(5000));
  await until("all of it", () => usual.of("sent").length === 3 && short.of("sent").length === 3);
  const shown = (one) => one.of("message").map(({ payload, encoding, truncated, size }) =>
    [payload, encoding, truncated, size]);
  assert.deepEqual(shown(usual), [
    ["häß", "utf-8", false, 5],
    [Buffer.from([0, 1, 2, 253, 254, 255]).toString("base64"), "base64", false, 6],
    ["x".repeat(1024), "utf-8", true, 5000],
  ]);
  assert.deepEqual(shown(short), [
    ["hä", "utf-8", true, 5],
    [Buffer.from([0, 1, 2, 253]).toString("base64"), "base64", true, 6],
    ["xxxx", "utf-8", true, 5000],
  ]);
});

test("a sample is as large as it says and the rest is counted", async (t) => {
  const service = await start(t, config());
  const sampled = await tap(t, service, "?sample=0.01&rate=10000");
  const client = await connect(t, service.ws("/echo"));
  for (let i = 0; i < 2000; ++i)
    client.send(`message ${i}`);
  for (let i = 0; i < 2000; ++i)
    await client.next();
  await client.close();
  await sampled.has("closed");
  const seen = () => sampled.of("message", "sent").length;
  await until("all of them", () => seen() + sampled.dropped("not_sampled") === 4000);
  // One of each hundred on the socket's shard.
  assert.ok(seen() >= 39 && seen() <= 41, `${seen()} events`);
  assert.equal(sampled.of("opened").length, 1);
  assert.equal(sampled.dropped("over_rate"), 0);
  assert.equal(sampled.dropped("overflowed"), 0);
});

test("events beyond the rate are counted and told", async (t) => {
  const service = await start(t, config());
  const slow = await tap(t, service, "?rate=10");
  const begin = performance.now();
  const client = await connect(t, service.ws("/echo"));
  for (let i = 0; i < 500; ++i)
    await client.ask("hello");
  const seconds = (performance.now() - begin) / 1000;
  const seen = () => slow.events.length - slow.of("dropped").length;
  await until("all of them", () => seen() + slow.dropped("over_rate") === 1001);
  assert.ok(seen() >= 10, `${seen()} events`);
  assert.ok(seen() <= 10 * (seconds + 1) + 2, `${seen()} events in ${seconds} s`);
  assert.equal(slow.dropped("not_sampled"), 0);
});

/// A tap on bare TCP that can stop reading.
async function paused_tap(t, service, query) {
  const { host, port } = service.address("admin");
  const socket = net.connect(port, host);
  t.after(() => socket.destroy());
  const result = new Tap();
  socket.setEncoding("utf8");
  await within("the beginning", new Promise((resolve, reject) => {
    let head = "";
    socket.once("error", reject);
    socket.on("data", function first(text) {
      head += text;
      const end = head.indexOf("\r\n\r\n");
      if (end < 0)
        return;
      socket.off("data", first);
      socket.on("data", (more) => result.take(more));
      result.take(head.slice(end + 4));
      resolve();
    });
    // Without chunks.
    socket.write(`GET /v1/tap${query} HTTP/1.0\r\n\r\n`);
  }));
  result.socket = socket;
  return result;
}

test("a tap that is not read holds up nobody and costs little memory", async (t) => {
  const service = await start(t, config());
  const client = await connect(t, service.ws("/echo"));
  const message = "x".repeat(16 * 1024);
  const echo = async (milliseconds, least = 0) => {
    const spans = [];
    for (const end = performance.now() + milliseconds; performance.now() < end || spans.length < least;) {
      const begin = performance.now();
      await client.ask(message);
      spans.push(performance.now() - begin);
    }
    return spans.sort((x, y) => x - y);
  };
  const median = (spans) => spans[Math.floor(spans.length / 2)];
  await echo(patience(300));
  const before = median(await echo(patience(1000)));
  const had = resident_bytes(service.child.pid);
  const stuck = await paused_tap(t, service, "?payload=true&payload_limit=65536&rate=10000");
  stuck.socket.pause();
  // Far more than all that may wait somewhere.
  const least = 24 * 1048576 / (message.length * 2);
  let sent = 0;
  await measured(t, async () => {
    const spans = await echo(patience(2500), least);
    sent += spans.length;
    const during = median(spans);
    const more = resident_bytes(service.child.pid) - had;
    t.diagnostic(`echo ${before.toFixed(3)} ms, with a stuck tap ${during.toFixed(3)} ms of ${spans.length}, ` +
      `${(more / 1048576).toFixed(1)} MiB more`);
    assert.ok(more < patience(24) * 1048576, `${more / 1048576} MiB`);
    assert.ok(during <= 2 * before + 2, `${during} ms, ${before} ms before`);
  });
  stuck.socket.resume();
  await until("the truth", () => stuck.dropped("overflowed") > 0, 60000);
  await client.ask("after");
  await stuck.has("sent", { payload: "after" });
  // Nothing is left out in silence.
  await until("all of it", () => stuck.of("message", "sent").length + stuck.dropped("overflowed")
    + stuck.dropped("over_rate") === 2 * (sent + 1));
});

test("there are 16 taps, and who goes makes room", async (t) => {
  const service = await start(t, config());
  const all = await Promise.all(Array.from({ length: 16 }, () => tap(t, service)));
  const problem = await assert_problem(await service.api("/v1/tap"), 429, "SWITCHBOARD:TOO_MANY_REQUESTS");
  assert.match(problem.detail, /16 taps/);
  all[3].abort();
  // Without a word of it until the server has noticed.
  const next = await until("room", async () => {
    const response = await service.api("/v1/tap", { method: "HEAD" });
    return response.status === 200 && tap(t, service);
  });
  const client = await connect(t, service.ws("/echo"));
  await next.has("opened");
  await all[0].has("opened");
  await client.close();
});

test("a tap of one socket ends with it", async (t) => {
  const service = await start(t, config());
  const client = await connect(t, service.ws("/echo"));
  const one = await tap(t, service, `?socket=${await socket_id(service, "/echo")}`);
  await (await connect(t, service.ws("/other"))).ask("unseen");
  await client.ask("seen");
  client.reset();
  await within("its end", one.done);
  assert.deepEqual(one.events.map(({ event }) => event), ["message", "sent", "closed", "end"]);
  assert.equal(one.of("closed")[0].code_number, 1006);
  assert.match(one.of("end")[0].reason, /gone/);
});

test("a drain and the end of the program end it", async (t) => {
  const service = await start(t, config());
  const watched = await tap(t, service);
  await connect(t, service.ws("/echo"));
  await watched.has("opened");
  await service.api("/v1/drain", { method: "POST" });
  await within("its end", watched.done, 30000);
  assert.equal(watched.of("closed")[0].code, "ENDPOINT_GOING_DOWN");
  assert.equal(watched.events.at(-1).event, "end");
  await assert_problem(await service.api("/v1/tap"), 502, "WEBSOCKET:CONNECTIVITY");

  const second = await start(t, config());
  const other = await tap(t, second);
  await connect(t, second.ws("/echo"));
  await other.has("opened");
  await second.stop();
  await within("its end", other.done);
  assert.deepEqual(other.events.map(({ event }) => event), ["opened", "closed", "end"]);
});

test("a tap needs a token and right parameters", async (t) => {
  const service = await start(t, base({ admin: 'tokens = ["secret-token"]' }) + echo_flow("/echo"), { token: "secret-token" });
  await assert_problem(await service.api("/v1/tap", { token: "" }), 401);
  await assert_problem(await service.api("/v1/tap?socket=nobody"), 404, "WEBSOCKET:NO_SUCH_SOCKET");
  for (const query of ["config=nobody", "path=/*/x", "sample=2", "rate=0", "payload=maybe", "since=1"])
    await assert_problem(await service.api(`/v1/tap?${query}`), 400, "SWITCHBOARD:INVALID_ARGUMENT");
  const head = await service.api("/v1/tap", { method: "HEAD" });
  assert.equal(head.status, 200);
  assert.equal(head.headers.get("content-type"), "text/event-stream");
});

test("a message that lies in a file has its size and, where it came in, its beginning", async (t) => {
  const size = 3 * 1048576;
  const service = await start(t, base({ server: 'max_message_size = "8MiB"\nsend_queue_limit = "8MiB"' }) + `
[[flow]]
name = "large"
source = "inbound-listener"
path = "/large"
streaming = { type = "file-store", in_memory_size = "64KiB" }
steps = [ { send = { content = "#[payload]" } } ]
`);
  const watched = await tap(t, service, "?payload=true&payload_limit=8");
  const client = await connect(t, service.ws("/large"));
  const message = Buffer.alloc(size, "abcdefghijkl");
  assert.ok(message.equals(await client.ask(message)));
  await watched.has("sent");
  const [came] = watched.of("message");
  assert.equal(came.size, size);
  assert.equal(came.payload, Buffer.from("abcdefgh").toString("base64"));
  assert.equal(came.truncated, true);
  const [went] = watched.of("sent");
  assert.equal(went.size, size);
  assert.equal(went.payload, "");
  assert.equal(went.truncated, true);
  assert.equal(watched.of("message", "sent").length, 2);
});

test("a tap ends when the tokens change", async (t) => {
  const text = (token) => base({ admin: `tokens = ["${token}"]` }) + echo_flow("/echo");
  const service = await start(t, text("first-token"), { token: "first-token" });
  const watched = await tap(t, service);
  await connect(t, service.ws("/echo"));
  await watched.has("opened");
  writeFileSync(service.file, text("second-token"));
  service.child.kill("SIGHUP");
  await within("its end", watched.done, 30000);
  assert.match(watched.events.at(-1).reason, /tokens/);
  service.token = "second-token";
  await (await tap(t, service)).abort();
});

test("a tap over TLS shows what it has to and ends as it should", async (t) => {
  const made = certificates(t);
  const service = await start(t, base({ admin: 'tls = "admin"' }) + `
[tls.admin]
key_store = { path = "${made.path("server.pem")}" }
` + echo_flow("/echo"), { ready: false });
  await until("the API", () => service.address("admin"), 30000);
  const watched = new Tap();
  const child = spawn("curl", ["--no-buffer", "--silent", "--show-error", "--cacert", made.path("ca.pem"),
    `https://localhost:${service.address("admin").port}/v1/tap`]);
  t.after(() => child.kill("SIGKILL"));
  child.stdout.on("data", (chunk) => watched.take(chunk.toString()));
  const ended = new Promise((resolve) => child.once("close", resolve));
  const client = await until("a socket", () => connect(t, service.ws("/echo")));
  await until("its beginning", async () => {
    await client.ask("knock");
    return watched.of("message").length > 0;
  });
  await client.close();
  await watched.has("closed");
  await service.stop();
  assert.equal(await within("its end", ended), 0);
  assert.equal(watched.events.at(-1).event, "end");
});

test("curl and the subcommand show it, and steer no terminal", async (t) => {
  const service = await start(t, config());
  const { host, port } = service.address("admin");
  const run = (command, args) => {
    const child = spawn(command, args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, SWITCHBOARD_ADMIN: `http://${host}:${port}`, SWITCHBOARD_TOKEN: "" },
    });
    t.after(() => child.kill("SIGKILL"));
    const result = { out: "", err: "" };
    child.stdout.on("data", (chunk) => result.out += chunk);
    child.stderr.on("data", (chunk) => result.err += chunk);
    result.ended = new Promise((resolve) => child.once("close", resolve));
    return result;
  };
  const client = await connect(t, service.ws("/echo"));
  // Begun when the first message is seen.
  const follow = async (one, mark) => {
    await until("the beginning", async () => {
      await client.ask("knock");
      return one.out.includes(mark);
    });
    return one;
  };
  const curl = await follow(run("curl", ["-sN", `http://${host}:${port}/v1/tap?payload`]), "event: message\ndata: {");
  const plain = await follow(run(program, ["tap", "--payload"]), "message");
  const json = await follow(run(program, ["tap", "--json", "--path", "/echo"]), '"event":"message"');
  await client.ask("\u001b[2J\nevil");
  await client.close(1000);
  await until("the close", () => [curl, plain, json].every(({ out }) => out.includes("closed")));
  assert.ok(!plain.out.includes("\u001b"));
  assert.match(plain.out, /message \S+ \/echo <- text 9 B: .*2J.*evil\n/);
  assert.match(plain.out, /closed \S+ \/echo NORMAL_CLOSURE by peer/);
  const lines = json.out.trim().split("\n").map((line) => JSON.parse(line));
  assert.ok(lines.every((line) => !("payload" in line)));
  const count = run(program, ["tap", "--count", "1", "--json", "--sample", "0.01", "--rate", "20"]);
  await until("one event", async () => {
    (await connect(t, service.ws("/other"))).ws.terminate();
    return count.out.length > 0;
  });
  assert.equal(await within("its end", count.ended), 0);
  assert.equal(count.out.trim().split("\n").length, 1);
  await service.stop();
  for (const one of [plain, json]) {
    assert.equal(await within("its end", one.ended), 0, one.err);
    assert.match(one.out, /end.*stops/);
  }
  assert.equal(await within("its end", curl.ended), 0);
  const refused = run(program, ["tap", "--socket", "nobody"]);
  assert.equal(await refused.ended, 1);
});
