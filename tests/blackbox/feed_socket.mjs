// A subscriber on bare TCP that costs its process little: of each message it
// looks at the first bytes only, a number and a time.

import net from "node:net";
import { frame, opcode, upgrade } from "./raw.mjs";

const head_bytes = 24;

/// Writes what `FeedSocket` looks at: a number, the time, then nothing of
/// interest.
export function message(number, bytes) {
  const text = `${number} ${performance.now().toFixed(3)} `.padEnd(head_bytes, " ");
  return text.padEnd(bytes, "x");
}

export class FeedSocket {
  /// Numbers that came, and how long each took.
  count = 0;
  next = 0;
  last = -1;
  /// Whether a number was missing, or came late.
  gaps = 0;
  disorder = 0;
  latencies = [];

  /// @param on_message called with each number.
  constructor({ host, port }, path, on_message = () => {}) {
    this.on_message = on_message;
    this.pending = Buffer.alloc(0);
    this.socket = net.connect({ host, port });
    this.socket.setNoDelay(true);
    this.socket.on("error", () => {});
    this.closed = new Promise((resolve) => this.socket.once("close", resolve));
    this.opened = new Promise((resolve, reject) => {
      this.socket.once("error", reject);
      this.socket.once("close", () => reject(new Error("closed")));
      let head = Buffer.alloc(0);
      const read_head = (chunk) => {
        head = Buffer.concat([head, chunk]);
        const end = head.indexOf("\r\n\r\n");
        if (end < 0)
          return;
        this.socket.off("data", read_head);
        const status = Number(head.subarray(9, 12));
        if (status !== 101)
          return reject(new Error(`status ${status}`));
        this.socket.on("data", (bytes) => this.take(bytes));
        if (head.length > end + 4)
          this.take(head.subarray(end + 4));
        resolve(this);
      };
      this.socket.on("data", read_head);
    });
    this.opened.catch(() => {});
    this.socket.write(upgrade(path));
  }

  take(chunk) {
    let bytes = this.pending.length > 0 ? Buffer.concat([this.pending, chunk]) : chunk;
    while (bytes.length > 0) {
      if (this.skip > 0) {
        const now = Math.min(this.skip, bytes.length);
        this.skip -= now;
        bytes = bytes.subarray(now);
        continue;
      }
      const length = bytes.length < 2 ? 0 : bytes[1] & 0x7f;
      const at = length === 126 ? 4 : length === 127 ? 10 : 2;
      const wanted = Math.min(at + head_bytes, at + (length < 126 ? length : head_bytes));
      if (bytes.length < Math.max(2, wanted))
        break;
      const size = length === 126 ? bytes.readUInt16BE(2)
        : length === 127 ? Number(bytes.readBigUInt64BE(2)) : length;
      if ((bytes[0] & 0x0f) === opcode.text)
        this.note(bytes.latin1Slice(at, at + head_bytes));
      else if ((bytes[0] & 0x0f) === opcode.ping)
        this.socket.write(frame(opcode.pong));
      this.skip = at + size;
    }
    this.pending = Buffer.from(bytes);
  }

  note(text) {
    const [number, time] = text.split(" ");
    const got = Number(number);
    ++this.count;
    if (got <= this.last)
      ++this.disorder;
    else if (got !== this.last + 1)
      ++this.gaps;
    this.last = got;
    this.latencies.push(performance.now() - Number(time));
    this.on_message(got);
  }

  send(text) {
    this.socket.write(frame(opcode.text, text));
  }

  end() {
    this.socket.destroy();
  }
}

/// The value below which so many of them are.
export function percentile(values, share) {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}
