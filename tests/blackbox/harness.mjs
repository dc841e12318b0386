// Starts the program on free ports and stops it again; small helpers that all
// files of this folder share.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import {
  createWriteStream, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync,
} from "node:fs";
import net from "node:net";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { WebSocket } from "ws";
import { Ended, patience, until, within } from "./waiting.mjs";

export { measured, patience, sanitized, until, within } from "./waiting.mjs";

export const program = process.env.SWITCHBOARD_PROGRAM
  ?? new URL("../../build/release/switchboard", import.meta.url).pathname;

/// Where logs and screenshots of the run are left.
export const output_folder = process.env.SWITCHBOARD_TEST_OUTPUT
  ?? join(tmpdir(), "switchboard-blackbox");
mkdirSync(output_folder, { recursive: true });

const script = basename(process.argv[1] ?? "test").replace(/\..*/, "");
let started = 0;
const logs = [];

// The logs of a failed run belong to its output.
process.on("exit", (code) => {
  if (code !== 0)
    for (const { file, text } of logs)
      process.stderr.write(`--- ${file}\n${text().slice(-6000)}\n`);
});

/// A folder of its own for one test, gone after it.
export function temporary_folder(t) {
  const folder = mkdtempSync(join(tmpdir(), "switchboard-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/// Runs the program to its end.
/// @returns { code, signal, output } with standard output and error joined.
export async function run_to_end(args, options = {}) {
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"], ...options });
  let output = "";
  child.stdout.on("data", (chunk) => output += chunk);
  child.stderr.on("data", (chunk) => output += chunk);
  const ended = new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ code, signal }));
  });
  try {
    return { ...await within(`end of ${args.join(" ")}`, ended, 60000), output };
  } catch (error) {
    child.kill("SIGKILL");
    throw new Error(`${error.message}\n${output}`);
  }
}

/// The running program.
export class Service {
  constructor(child, token) {
    this.child = child;
    this.token = token;
    this.log = "";
    this.exited = new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, signal) => {
        this.exit = { code, signal };
        resolve(this.exit);
      });
    });
    const file = join(output_folder, `${script}-${++started}.log`);
    const sink = createWriteStream(file);
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk) => {
        this.log += chunk;
        sink.write(chunk);
      });
    child.once("close", () => sink.end());
    logs.push({ file, text: () => this.log });
  }

  /// Waits for a line of the log: it may be read behind what a socket or an
  /// answer of the API tells of the same event.
  /// @returns the match.
  logged(pattern, timeout) {
    return until(`a line like ${pattern}`, () => {
      const found = pattern.exec(this.log);
      if (!found && this.exit)
        throw new Ended(this);
      return found;
    }, timeout);
  }

  /// The address that a listener (`admin` for the management API) logged.
  address(listener) {
    for (const [, name, host, port] of
      this.log.matchAll(/listening.*listener=(\S+).*address=(\S+):(\d+)/g))
      if (name === listener)
        return { host, port: Number(port) };
    if (this.exit)
      throw new Ended(this);
    throw new Error(`no listener ${listener} in the log`);
  }

  /// A WebSocket address of a listener.
  ws(path, listener = "public") {
    const { host, port } = this.address(listener);
    return `ws://${host}:${port}${path}`;
  }

  /// Makes an HTTP request to the management API.
  api(path, { method = "GET", token = this.token, headers = {}, ...rest } = {}) {
    const { host, port } = this.address("admin");
    const all = token ? { authorization: `Bearer ${token}`, ...headers } : headers;
    return fetch(`http://${host}:${port}${path}`, {
      method, headers: all, signal: AbortSignal.timeout(patience(60000)), ...rest,
    });
  }

  /// The same, for an answer of JSON with status 200.
  async json(path, options) {
    const response = await this.api(path, options);
    const text = await response.text();
    assert.equal(response.status, 200, `${path}: ${text}`);
    assert.match(response.headers.get("content-type") ?? "", /^application\/json/);
    return JSON.parse(text);
  }

  /// All sockets, over every page; `query` as in `path=/chat`.
  async sockets(query = "") {
    const all = [];
    let after = query ? `&${query}` : "";
    for (;;) {
      const page = await this.json(`/v1/sockets?limit=500${after}`);
      all.push(...page.sockets);
      if (!page.next)
        return all;
      after = `${query ? `&${query}` : ""}&after=${encodeURIComponent(page.next)}`;
    }
  }

  async is_ready() {
    const response = await this.api("/readyz");
    await response.arrayBuffer();
    return response.status === 200;
  }

  /// Sends SIGTERM; the program must end with status 0 in time.
  async stop(timeout = 20000) {
    if (!this.exit)
      this.child.kill("SIGTERM");
    await this.ends(timeout);
  }

  /// Waits for the end that a signal brings; it must be with status 0.
  async ends(timeout = 20000) {
    try {
      await within("exit after SIGTERM", this.exited, timeout);
    } catch (error) {
      this.child.kill("SIGKILL");
      throw error;
    }
    assert.deepEqual(this.exit, { code: 0, signal: null },
                     `exit status\n${this.log.slice(-4000)}`);
  }
}

/// Starts `switchboard run` with a configuration and waits until it is ready.
/// The test's end stops it and checks its exit status.
/// @param t the test's context, or an object with the same `after`.
/// @param options token: for the management API; ready: false does not wait
///        for readiness; args: in place of a configuration; prefix: a command
///        to start it with; env: added variables.
export async function start(t, toml, options = {}) {
  let args = options.args;
  let file;
  if (!args) {
    file = join(temporary_folder(t), "switchboard.toml");
    writeFileSync(file, toml);
    args = ["run", file];
  }
  const command = [...options.prefix ?? [], program, ...args];
  const child = spawn(command[0], command.slice(1), {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...options.env },
  });
  const service = new Service(child, options.token);
  service.file = file;
  t.after(async () => {
    if (!service.exit)
      await service.stop();
  });
  if (options.ready !== false)
    await until("readiness", () => {
      if (service.exit)
        throw new Ended(service);
      return service.is_ready();
    }, 30000);
  return service;
}

/// The common beginning of configurations: a listener `public`, the
/// management API on a free port, a configuration `main`.
export function base({ listener = "", server = "", admin = "", log = "" } = {}) {
  return `
[admin]
host = "127.0.0.1"
port = 0
${admin}

[log]
level = "debug"
${log}

[runtime]
io = "${process.env.SWITCHBOARD_TEST_IO ?? "auto"}"

[http_listener.public]
host = "127.0.0.1"
port = 0
${listener}

[websocket.main.server]
listener = "public"
${server}
`;
}

/// After `base`: a listener `second` under the path /second with the
/// configuration `plain`, and a listener `third` with the configuration
/// `stateless` under /third, which compresses each message by itself.
export const two_more_listeners = `
[http_listener.second]
host = "127.0.0.1"
port = 0
base_path = "/second"

[websocket.plain.server]
listener = "second"

[http_listener.third]
host = "127.0.0.1"
port = 0

[websocket.stateless.server]
listener = "third"
listener_base_path = "/third"
compression = { server_no_context_takeover = true, client_no_context_takeover = true, minimum_size = "1B" }
`;

/// A flow that sends each message back.
export function echo_flow(path, name = "echo") {
  return `
[[flow]]
name = "${name}"
source = "inbound-listener"
path = "${path}"
steps = [ { send = { content = "#[payload]" } } ]
`;
}

/// What every client here does with messages, whatever library it is of: keeps
/// what it received. Has `send` and a promise `closed`.
export class Receiver {
  received = [];
  waiting = [];

  /// A message has come: a Buffer, or a string for text.
  take(message) {
    const waiting = this.waiting.shift();
    if (waiting)
      waiting(message);
    else
      this.received.push(message);
  }

  /// The next message that no one took yet: a Buffer, or a string for text.
  /// Fails when the socket closes first.
  next(what = "a message", timeout = 20000) {
    if (this.received.length > 0)
      return Promise.resolve(this.received.shift());
    const message = new Promise((resolve, reject) => {
      this.waiting.push(resolve);
      this.closed.then(({ code }) => reject(new Error(`closed with ${code} before ${what}`)));
    });
    return within(what, message, timeout);
  }

  /// Sends and returns the answer.
  ask(...args) {
    this.send(...args);
    return this.next(`the answer to ${String(args[0]).slice(0, 40)}`);
  }
}

/// A client of npm `ws`.
export class Client extends Receiver {
  constructor(url, protocols = [], options = {}) {
    super();
    this.ws = new WebSocket(url, protocols, { perMessageDeflate: false, ...options });
    this.ws.on("message", (data, binary) => this.take(binary ? data : data.toString()));
    this.closed = new Promise((resolve) => {
      this.ws.once("close", (code, reason) =>
        resolve({ code, reason: reason.toString() }));
    });
    this.opened = new Promise((resolve, reject) => {
      this.ws.once("open", () => resolve(this));
      this.ws.once("error", reject);
    });
    // An error after the opening is told by `closed`.
    this.ws.on("error", () => {});
    this.opened.catch(() => {});
  }

  send(...args) {
    this.ws.send(...args);
  }

  close(code = 1000, reason = "") {
    this.ws.close(code, reason);
    return within("close", this.closed);
  }

  /// Stops reading from the connection.
  async pause() {
    this.ws._socket.pause();
  }

  resume() {
    this.ws._socket.resume();
  }

  /// Cuts the connection by a TCP reset.
  reset() {
    this.ws._socket.resetAndDestroy();
  }
}

/// Opens a client; the test's end cuts it.
export async function connect(t, url, protocols, options) {
  const client = new Client(url, protocols, options);
  t.after(() => client.ws.terminate());
  return within(`opening of ${url}`, client.opened);
}

// Below what the system gives to outgoing connections and to who asks for any
// port: one of those would have a port between its release and its use, and a
// connection to a port where nobody listens could end in itself. Each process
// begins at another place.
const first_port = 10240;
const ports = Number(readFileSync("/proc/sys/net/ipv4/ip_local_port_range", "latin1")
  .split(/\s/)[0]) - first_port;
let tried = process.pid * 41;

/// A TCP port of this machine that was free a moment ago, held by a server
/// until `release` is called.
export async function hold_port(t) {
  const server = net.createServer((socket) => socket.destroy());
  await until("a free port", () => new Promise((resolve, reject) => {
    server.once("error", reject);
    const port = ports > 1000 ? first_port + tried++ % ports : 0;
    server.listen(port, "127.0.0.1", () => resolve(true));
  }));
  const release = () => new Promise((resolve) => server.close(resolve));
  t.after(release);
  return { port: server.address().port, release };
}

/// Checks an error of the management API.
export async function assert_problem(response, status, type) {
  const text = await response.text();
  const statuses = [status].flat();
  assert.ok(statuses.includes(response.status),
            `status ${response.status}, expected ${statuses}: ${text}`);
  assert.match(response.headers.get("content-type") ?? "",
               /^application\/problem\+json/);
  const problem = JSON.parse(text);
  assert.equal(problem.status, response.status);
  assert.equal(typeof problem.title, "string");
  assert.equal(typeof problem.detail, "string");
  assert.ok(problem.detail.length > 0, "a detail");
  if (type)
    assert.ok([type].flat().includes(problem.type), `type ${problem.type}, expected ${type}`);
  return problem;
}
