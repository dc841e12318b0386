// http_request under load and trouble: backends that are processes, killed,
// slow and failing; TLS and a proxy in between; limits of flows; a shutdown.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import net from "node:net";
import { join } from "node:path";
import test from "node:test";
import { backend, lever } from "./backend.mjs";
import {
  base, connect, hold_port, patience, sanitized, start, temporary_folder, until, within,
} from "./harness.mjs";
import { squid } from "./squid.mjs";

const script = (name) => new URL(name, import.meta.url).pathname;

/// Starts a backend's process on a port.
async function spawn_backend(t, command, args, port) {
  const child = spawn(command, args, { stdio: ["ignore", "ignore", "inherit"] });
  const ended = new Promise((resolve) => child.once("close", resolve));
  const kill = () => {
    child.kill("SIGKILL");
    return ended;
  };
  t.after(kill);
  await until("the backend listens", () => new Promise((resolve, reject) => {
    const probe = net.connect(port, "127.0.0.1", () => {
      probe.destroy();
      resolve(true);
    });
    probe.once("error", reject);
  }), 30000);
  return { kill, child };
}

const echo = (port, query, more = "", flow = "") => base() + `
[[flow]]
name = "echo"
source = "inbound-listener"
path = "/echo"
${flow}
steps = [
  { http_request = { url = "http://127.0.0.1:${port}/${query}"${more && ", "}${more} }, target = "r" },
  { send = { content = "#[vars.r.body]" } },
]
on_error = [ { send = { content = "!#[error.type]" } } ]
`;

async function counters(service, name = "echo") {
  const { flows } = await service.json("/v1/flows");
  return flows.find((one) => one.name === name);
}

/// Sends `count` messages through each of some sockets, and checks that each
/// is answered in order.
async function converse(clients, count) {
  await Promise.all(clients.map(async (client, socket) => {
    for (let i = 0; i < count; ++i)
      client.send(`${socket}:${i}`);
    for (let i = 0; i < count; ++i)
      assert.equal(await client.next(`message ${i} of ${socket}`, 60000), `${socket}:${i}`);
  }));
}

/// What a backend has taken: all of it, in order for each socket, and twice
/// only where an event was sent twice.
function check_books(file, sockets, count) {
  const lines = readFileSync(file, "utf8").trimEnd().split("\n");
  const seen = new Map();
  const next = Array(sockets).fill(0);
  let repeated = 0;
  for (const line of lines) {
    const [, id, body] = line.split(" ");
    const [socket, number] = body.split(":").map(Number);
    if (seen.has(id)) {
      assert.equal(seen.get(id), body, "one id, one event");
      assert.equal(number, next[socket] - 1, "repeated at once or never");
      ++repeated;
      continue;
    }
    seen.set(id, body);
    assert.equal(number, next[socket]++, `order of socket ${socket}`);
  }
  assert.deepEqual(next, Array(sockets).fill(count));
  return repeated;
}

test("20,000 messages of many sockets add up, in order, while every 50th is answered 503", async (t) => {
  const sockets = 10;
  const count = sanitized ? 200 : 2000;
  const { port, release } = await hold_port(t);
  await release();
  const file = join(temporary_folder(t), "books");
  await spawn_backend(t, process.execPath, [script("http_backend.mjs"), port, file], port);
  const service = await start(t, echo(port, "?fail=50",
    'idempotent = true, max_connections = 4, reconnection = { strategy = "reconnect", frequency = "1ms", count = 50 }'));
  const clients = await Promise.all(Array.from({ length: sockets }, () => connect(t, service.ws("/echo"))));
  await converse(clients, count);
  assert.equal(check_books(file, sockets, count), 0);
  await until("all are done", async () => (await counters(service)).in_work === 0);
  const { events, failures, retries, waiting, seconds } = await counters(service);
  assert.equal(events, sockets * count);
  assert.equal(failures, 0);
  assert.equal(retries, Math.floor((sockets * count + retries) / 50));
  assert.equal(waiting, 0);
  assert.ok(seconds > 0);
});

test("a backend that is killed again and again loses nothing", async (t) => {
  const sockets = 4;
  const count = sanitized ? 100 : 500;
  const { port, release } = await hold_port(t);
  await release();
  const file = join(temporary_folder(t), "books");
  const arguments_ = [script("http_backend.mjs"), port, file];
  let running = await spawn_backend(t, process.execPath, arguments_, port);
  const service = await start(t, echo(port, "?wait=2",
    'method = "PUT", reconnection = { strategy = "reconnect-forever", frequency = "20ms" }'));
  const clients = await Promise.all(Array.from({ length: sockets }, () => connect(t, service.ws("/echo"))));
  const done = converse(clients, count);
  const taken = () => readFileSync(file, "utf8").split("\n").length;
  for (let kills = 1; kills <= 4; ++kills) {
    await until("some are taken", () => taken() > kills * sockets * count / 6, 60000);
    const before = (await counters(service)).retries;
    await running.kill();
    await until("it is missed", async () => (await counters(service)).retries > before);
    running = await spawn_backend(t, process.execPath, arguments_, port);
  }
  await done;
  check_books(file, sockets, count);
  const { failures, retries } = await counters(service);
  assert.equal(failures, 0);
  assert.ok(retries > 0);
  assert.equal((await service.sockets()).length, sockets, "no socket was cut");
});

test("Python's own server answers as well as Node's", async (t) => {
  const folder = temporary_folder(t);
  execFileSync("/usr/bin/python3", ["-c", `open("${folder}/page.txt", "w").write("from Python")`]);
  const { port, release } = await hold_port(t);
  await release();
  await spawn_backend(t, "/usr/bin/python3",
                      ["-m", "http.server", String(port), "--bind", "127.0.0.1", "--directory", folder], port);
  const service = await start(t, echo(port, "#[payload]", 'method = "GET"'));
  const client = await connect(t, service.ws("/echo"));
  // It speaks HTTP/1.0 by default: a connection for each request.
  for (let i = 0; i < 3; ++i)
    assert.equal(await client.ask("page.txt"), "from Python");
  const modern = await hold_port(t);
  await modern.release();
  await spawn_backend(t, "/usr/bin/python3",
                      ["-m", "http.server", String(modern.port), "--bind", "127.0.0.1", "--directory", folder,
                       "--protocol", "HTTP/1.1"], modern.port);
  const second = await start(t, echo(modern.port, "#[payload]", 'method = "GET"'));
  const other = await connect(t, second.ws("/echo"));
  for (let i = 0; i < 3; ++i)
    assert.equal(await other.ask("page.txt"), "from Python");
  assert.equal(await other.ask("nothing.txt"), "!HTTP:404");
});

test("a backend behind TLS is trusted by the store, and by that only", async (t) => {
  const folder = temporary_folder(t);
  execFileSync(script("../certificates.sh"), [folder]);
  const pem = readFileSync(join(folder, "server.pem"));
  const { port, asked } = await backend(t, ({ body }) => ({ body }), { tls: { key: pem, cert: pem } });
  const step = (name, tls) => `
[[flow]]
name = "${name}"
source = "inbound-listener"
path = "/${name}"
steps = [
  { http_request = { url = "https://localhost:${port}/"${tls} }, target = "r" },
  { send = { content = "#[vars.r.body]" } },
]
on_error = [ { send = { content = "!#[error.type] #[error.message]" } } ]
`;
  const service = await start(t, base()
    + `[tls.inner]\ntrust_store = { path = "${folder}/ca.pem" }\n`
    + `[tls.careless]\ntrust_store = { insecure = true }\n`
    + step("good", ', tls = "inner"') + step("stranger", "") + step("careless", ', tls = "careless"'));
  const good = await connect(t, service.ws("/good"));
  assert.equal(await good.ask("over TLS"), "over TLS");
  const large = "x".repeat(300000);
  assert.equal(await good.ask(large), large);
  assert.match(await (await connect(t, service.ws("/stranger"))).ask("x"), /^!WEBSOCKET:CONNECTIVITY .*TLS/);
  assert.equal(await (await connect(t, service.ws("/careless"))).ask("x"), "x");
  await service.logged(/warn.*TLS looks at no certificate.*tls=careless/);
  assert.equal(asked.length, 3);
});

test("a proxy is asked to connect, with its credentials", async (t) => {
  const proxy = await squid(t, "basic");
  const { port, asked } = await backend(t, ({ body }) => ({ body }));
  const service = await start(t, echo(port, "", 'proxy = "out"') + `
[proxy.out]
host = "127.0.0.1"
port = ${proxy.port}
username = "anna"
password = "open sesame"
`);
  const client = await connect(t, service.ws("/echo"));
  assert.equal(await client.ask("through squid"), "through squid");
  assert.equal(await client.ask("again"), "again");
  assert.equal(asked[0].headers["proxy-authorization"], undefined);
  const wrong = await start(t, echo(port, "", 'proxy = "out"') + `
[proxy.out]
host = "127.0.0.1"
port = ${proxy.port}
username = "anna"
password = "wrong and secret"
`);
  assert.equal(await (await connect(t, wrong.ws("/echo"))).ask("x"), "!WEBSOCKET:CONNECTIVITY");
  // Nothing of it comes later.
  await wrong.stop();
  assert.doesNotMatch(wrong.log, /wrong and secret/);
});

test("a backend that takes long makes no socket idle", async (t) => {
  const go = lever();
  const { port, asked } = await backend(t, async ({ body }) => {
    if (body === "long")
      await go.done;
    return { body };
  });
  const service = await start(t, echo(port, "").replace('listener = "public"\n',
    'listener = "public"\nidle_socket_timeout = "1s"\nping_interval = "300ms"\n'));
  const waiting = await connect(t, service.ws("/echo"), [], { autoPong: false });
  waiting.send("long");
  await until("it is asked", () => asked.length === 1);
  const began = Date.now();
  const idle = await connect(t, service.ws("/echo"), [], { autoPong: false });
  // One that says nothing is cut meanwhile, and the other is not, for longer.
  await within("the idle one is cut", idle.closed);
  await until("twice the time", () => Date.now() - began > 2500);
  go.pull();
  assert.equal(await waiting.next(), "long");
});

test("max_concurrency holds over all shards, and events wait for their turn", async (t) => {
  let busy = 0;
  let most = 0;
  const go = lever();
  const { port, asked } = await backend(t, async ({ body }) => {
    most = Math.max(most, ++busy);
    await go.done;
    --busy;
    return { body };
  });
  const service = await start(t, echo(port, "", 'timeout = "20s"', "max_concurrency = 3"));
  const clients = await Promise.all(Array.from({ length: 16 }, () => connect(t, service.ws("/echo"))));
  for (const client of clients) {
    client.send("first");
    client.send("second");
  }
  await until("thirteen wait, three are worked on", async () => {
    const { waiting, in_work, events } = await counters(service);
    return waiting === 13 && in_work === 3 && events === 3;
  });
  await until("three are asked", () => asked.length === 3);
  // One that is gone while it waits is worked on all the same, and makes room.
  clients[15].ws.terminate();
  go.pull();
  for (const client of clients.slice(0, 15)) {
    assert.equal(await client.next(), "first");
    assert.equal(await client.next(), "second");
  }
  await until("nothing is left", async () => {
    const { in_work, waiting } = await counters(service);
    return in_work === 0 && waiting === 0;
  });
  assert.ok(most <= 3, `${most} at once`);
});

test("a flow's timeout ends what takes too long, and on_error still runs", async (t) => {
  const { port, asked, sockets } = await backend(t, ({ body }) => body === "hang" ? undefined : { body });
  const service = await start(t, echo(port, "", 'timeout = "60s"', `timeout = "${patience(1500)}ms"`));
  const client = await connect(t, service.ws("/echo"));
  for (const one of ["a", "hang", "b", "hang", "c"])
    client.send(one);
  for (const one of ["a", "!SWITCHBOARD:TIMEOUT", "b", "!SWITCHBOARD:TIMEOUT", "c"])
    assert.equal(await client.next(), one);
  assert.equal(asked.length, 5);
  // The request that nobody waits for any more is given up as well.
  await until("its connection is closed", () => sockets.size <= 1);
});

test("a shutdown waits for requests under way, but not for ever", async (t) => {
  const go = lever();
  const { port, asked } = await backend(t, async ({ body }) => {
    if (body === "slow")
      await go.done;
    return body === "never" ? undefined : { body };
  });
  const service = await start(t, echo(port, "", 'timeout = "60s"') + `
[[flow]]
name = "gone"
source = "on-socket-closed"
path = "/echo"
steps = [ { http_request = { url = "http://127.0.0.1:${port}/gone" } } ]
`);
  const slow = await connect(t, service.ws("/echo"));
  slow.send("slow");
  await until("it is asked", () => asked.length === 1);
  service.child.kill("SIGTERM");
  await until("it is being shut down", () => service.log.includes("shutting down"));
  go.pull();
  assert.equal(await slow.next(), "slow");
  assert.equal((await within("close", slow.closed)).code, 1001);
  await service.ends();
  assert.equal(asked.filter(({ url }) => url === "/gone").length, 1, "its end was told");

  const second = await start(t, echo(port, "", 'timeout = "60s"'));
  const never = await connect(t, second.ws("/echo"));
  never.send("never");
  await until("it is asked", () => asked.some(({ body }) => body === "never"));
  const retrying = await start(t, echo(1, "", 'reconnection = { strategy = "reconnect-forever", frequency = "1h" }'));
  const asleep = await connect(t, retrying.ws("/echo"));
  asleep.send("x");
  await until("it has failed once", async () => (await counters(retrying)).retries === 1);
  await Promise.all([second.stop(patience(5000)), retrying.stop(patience(5000))]);
});

test("each of those who wait for a webhook's permit has its own time", async (t) => {
  const go = lever();
  const questions = () => asked.filter(({ method }) => method === "OPTIONS").length;
  const { port, asked } = await backend(t, async ({ method, url, body }) => {
    if (method !== "OPTIONS")
      return { body };
    // The first question is never answered, the others when the test says so.
    if (url === "/a" && questions() === 1)
      return undefined;
    await go.done;
    return { headers: { "webhook-allowed-origin": "*" } };
  });
  const flow = (path, timeout) => `
[[flow]]
name = "${path}"
source = "inbound-listener"
path = "/${path}/{to}"
steps = [
  { http_request = { url = "http://127.0.0.1:${port}/#[attributes.uri_params.to]", webhook_origin = "switchboard.example", timeout = "${timeout}" }, target = "r" },
  { send = { content = "#[vars.r.body]" } },
]
on_error = [ { send = { content = "!#[error.type]" } } ]
`;
  const service = await start(t, base() + flow("short", `${patience(1000)}ms`) + flow("long", "60s"));
  const open = (path) => connect(t, service.ws(path));
  // Who asks has less time than who waits.
  const [hasty, calm] = await Promise.all([open("/short/a"), open("/long/a")]);
  hasty.send("x");
  await until("it is asked", () => questions() === 1);
  calm.send("y");
  assert.equal(await hasty.next(), "!SWITCHBOARD:TIMEOUT");
  await until("it is asked again", () => questions() === 2);
  // Who waits has less time than who has asked.
  const [asking, waiting] = await Promise.all([open("/long/b"), open("/short/b")]);
  asking.send("z");
  await until("it is asked", () => questions() === 3);
  waiting.send("x");
  assert.equal(await waiting.next(), "!SWITCHBOARD:TIMEOUT");
  go.pull();
  assert.equal(await calm.next(), "y");
  assert.equal(await asking.next(), "z");
  assert.equal(questions(), 3);
});
