// A WebSocket client on bare TCP that may break every rule.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import net from "node:net";
import { connect, until, within } from "./harness.mjs";

export const opcode = {
  continuation: 0, text: 1, binary: 2, close: 8, ping: 9, pong: 10,
};

/// Encodes a frame.
/// @param options fin, rsv (of 0x40, 0x20, 0x10), mask (false: none),
///        length_form (7, 16 or 64 bits whatever the length), length (another
///        than the payload's).
export function frame(code, payload = "", options = {}) {
  const { fin = true, rsv = 0, mask = true } = options;
  const body = Buffer.from(payload);
  const length = BigInt(options.length ?? body.length);
  const form = options.length_form ?? (length < 126n ? 7 : length < 65536n ? 16 : 64);
  const flag = mask ? 0x80 : 0;
  const head = Buffer.alloc(form === 7 ? 2 : form === 16 ? 4 : 10);
  head[0] = (fin ? 0x80 : 0) | rsv | code;
  if (form === 7) {
    head[1] = flag | Number(length);
  } else if (form === 16) {
    head[1] = flag | 126;
    head.writeUInt16BE(Number(length), 2);
  } else {
    head[1] = flag | 127;
    head.writeBigUInt64BE(length, 2);
  }
  if (!mask)
    return Buffer.concat([head, body]);
  const key = randomBytes(4);
  const masked = Buffer.from(body.map((byte, index) => byte ^ key[index % 4]));
  return Buffer.concat([head, key, masked]);
}

/// The payload of a close frame.
export function close_payload(code, reason = "") {
  const text = Buffer.from(reason);
  const result = Buffer.alloc(2 + text.length);
  result.writeUInt16BE(code);
  text.copy(result, 2);
  return result;
}

/// An upgrade request. `headers` replaces the usual ones by name; a value of
/// null leaves one out, an array repeats it.
export function upgrade(path, headers = {}, { method = "GET", version = "HTTP/1.1" } = {}) {
  const all = {
    "Host": "localhost",
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Key": randomBytes(16).toString("base64"),
    "Sec-WebSocket-Version": "13",
    ...headers,
  };
  let text = `${method} ${path} ${version}\r\n`;
  for (const [name, value] of Object.entries(all))
    for (const one of value === null ? [] : [value].flat())
      text += `${name}: ${one}\r\n`;
  return `${text}\r\n`;
}

/// A TCP connection that takes apart what comes back.
export class Raw {
  constructor(t, { host, port, localAddress }) {
    this.socket = net.connect({ host, port, localAddress, allowHalfOpen: true });
    this.socket.setNoDelay(true);
    this.bytes = Buffer.alloc(0);
    this.chunks = [];
    this.socket.on("data", (chunk) => this.chunks.push(chunk));
    this.socket.on("error", () => this.ended = true);
    this.socket.on("end", () => this.ended = true);
    this.socket.on("close", () => this.ended = true);
    t.after(() => this.socket.destroy());
  }

  write(data) {
    if (!this.socket.destroyed)
      this.socket.write(data);
    return this;
  }

  buffer() {
    if (this.chunks.length > 0) {
      this.bytes = Buffer.concat([this.bytes, ...this.chunks]);
      this.chunks = [];
    }
    return this.bytes;
  }

  /// Waits for an HTTP response's head and returns it taken apart; what came
  /// behind it stays.
  async response(timeout = 20000) {
    const end = await until("an HTTP response", () => {
      const found = this.buffer().indexOf("\r\n\r\n");
      if (found < 0 && this.ended)
        throw new Error(`TCP ended after ${JSON.stringify(this.bytes.toString("latin1"))}`);
      return found >= 0 && { at: found };
    }, timeout);
    const lines = this.bytes.subarray(0, end.at).toString("latin1").split("\r\n");
    this.bytes = this.bytes.subarray(end.at + 4);
    const [, status] = /^HTTP\/1\.[01] (\d{3})/.exec(lines[0]) ?? assert.fail(lines[0]);
    const headers = {};
    for (const line of lines.slice(1)) {
      const colon = line.indexOf(":");
      headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
    }
    return { status: Number(status), headers };
  }

  /// Takes the next frame off the bytes; undefined where none is whole.
  try_frame() {
    const bytes = this.buffer();
    if (bytes.length < 2)
      return undefined;
    let at = 2;
    let length = bytes[1] & 0x7f;
    if (length === 126) {
      if (bytes.length < 4)
        return undefined;
      length = bytes.readUInt16BE(2);
      at = 4;
    } else if (length === 127) {
      if (bytes.length < 10)
        return undefined;
      length = Number(bytes.readBigUInt64BE(2));
      at = 10;
    }
    if (bytes.length < at + length)
      return undefined;
    const result = {
      fin: (bytes[0] & 0x80) !== 0,
      rsv: bytes[0] & 0x70,
      opcode: bytes[0] & 0x0f,
      masked: (bytes[1] & 0x80) !== 0,
      payload: Buffer.from(bytes.subarray(at, at + length)),
    };
    this.bytes = bytes.subarray(at + length);
    return result;
  }

  frame(timeout = 20000) {
    return until("a frame", () => {
      const result = this.try_frame();
      if (!result && this.ended)
        throw new Error("TCP ended");
      return result;
    }, timeout);
  }

  /// Waits for the close frame, past data and pings.
  /// @returns its code (1005 where it has none) and reason.
  async close_frame(timeout = 20000) {
    for (;;) {
      const { opcode: code, payload, masked, fin } = await this.frame(timeout);
      assert.equal(masked, false, "a server does not mask");
      if (code !== opcode.close)
        continue;
      assert.equal(fin, true);
      assert.notEqual(payload.length, 1);
      return {
        code: payload.length === 0 ? 1005 : payload.readUInt16BE(),
        reason: payload.subarray(2).toString(),
      };
    }
  }

  /// Waits for TCP's end.
  end(timeout = 20000) {
    return until("the end of TCP", () => this.ended, timeout);
  }
}

/// A raw connection that has finished its upgrade.
export async function upgraded(t, service, path = "/echo", headers = {}, listener = "public") {
  const raw = new Raw(t, service.address(listener));
  raw.write(upgrade(path, headers));
  const response = await raw.response();
  assert.equal(response.status, 101);
  raw.headers = response.headers;
  return raw;
}

/// A well-behaved socket that talks all the time. `stop` ends it and fails
/// where an answer was wrong, late or missing.
export async function neighbor(t, url) {
  const client = await connect(t, url);
  let running = true;
  let rounds = 0;
  const talk = (async () => {
    while (running) {
      const text = `undisturbed ${rounds++}`;
      assert.equal(await client.ask(text), text);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  })();
  talk.catch(() => {});
  return {
    async stop() {
      running = false;
      await within("the neighbor", talk);
      assert.ok(rounds > 0);
      assert.equal((await client.close()).code, 1000);
    },
  };
}
