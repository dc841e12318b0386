// Clients on Beast's `websocket::stream` with the methods of harness.mjs'
// Client: all of a test live in one process of beast_clients.cpp, one line of
// JSON each way for what happens.
//
// Commands have `id` and `command`: open { host, port, target, compress,
// fragment: bytes a frame or 0 }, text { data }, binary { data: hex },
// close { code }, pause, resume, reset. Events have `id` and `event`: open
// { extensions }, text and binary { data }, paused, close { code, reason; 1006
// without a close frame }, error { message }, an opening that failed.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { Receiver, within } from "./harness.mjs";

const program = process.env.SWITCHBOARD_BEAST_CLIENTS
  ?? new URL("../../build/release/tests/blackbox/beast-clients", import.meta.url).pathname;

class BeastClient extends Receiver {
  constructor(process, id) {
    super();
    this.process = process;
    this.id_in_process = id;
    this.opened = new Promise((resolve, reject) => this.settle_opened = { resolve, reject });
    this.closed = new Promise((resolve) => this.settle_closed = resolve);
    this.opened.catch(() => {});
  }

  command(command, rest = {}) {
    this.process.write({ id: this.id_in_process, command, ...rest });
  }

  on_event({ event, data, extensions, code, reason, message }) {
    if (event === "open") {
      this.extensions = extensions;
      this.settle_opened.resolve(this);
    } else if (event === "error") {
      this.settle_opened.reject(new Error(message));
    } else if (event === "paused") {
      this.settle_paused();
    } else if (event === "close") {
      this.settle_closed({ code, reason });
    } else {
      this.take(event === "text" ? data : Buffer.from(data, "hex"));
    }
  }

  send(content) {
    if (typeof content === "string")
      this.command("text", { data: content });
    else
      this.command("binary", { data: content.toString("hex") });
  }

  close(code = 1000) {
    this.command("close", { code });
    return within("close", this.closed);
  }

  /// Resolved when the message that it reads is read and no other will be.
  pause() {
    const paused = new Promise((resolve) => this.settle_paused = resolve);
    this.command("pause");
    return paused;
  }

  resume() {
    this.command("resume");
  }

  reset() {
    this.command("reset");
  }
}

/// Starts the process of Beast's clients; the test's end ends it.
export function beast(t) {
  const child = spawn(program, [], { stdio: ["pipe", "pipe", "inherit"] });
  const clients = [];
  const ended = new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => resolve({ code, signal }));
  });
  createInterface({ input: child.stdout }).on("line", (line) => {
    const event = JSON.parse(line);
    clients[event.id].on_event(event);
  });
  t.after(async () => {
    child.stdin.end();
    assert.deepEqual(await within("the end of Beast's clients", ended), { code: 0, signal: null });
  });
  const process = { write: (line) => child.stdin.write(`${JSON.stringify(line)}\n`) };
  return {
    /// Opens one to a ws:// address.
    connect(url, { compress = false, fragment = 0 } = {}) {
      const { hostname: host, port, pathname, search } = new URL(url);
      const client = new BeastClient(process, clients.length);
      clients.push(client);
      client.command("open", {
        host, port: Number(port), target: pathname + search, compress, fragment,
      });
      return within(`opening of ${url}`, client.opened);
    },
  };
}
