// Large messages: what sends them piece by piece, and what takes only their
// digest, so that neither end holds one whole.

import assert from "node:assert/strict";
import { createCipheriv, createHash } from "node:crypto";
import { once } from "node:events";
import { upgraded } from "./raw.mjs";
import { within } from "./harness.mjs";

const piece_size = 256 * 1024;

/// Bytes that do not compress and are the same each time, piece by piece.
export function* noise(size, seed = 0) {
  const cipher = createCipheriv("aes-128-ctr", Buffer.alloc(16, seed), Buffer.alloc(16));
  for (let left = size; left > 0; left -= piece_size)
    yield cipher.update(Buffer.alloc(Math.min(left, piece_size)));
}

/// The digest of all pieces.
export function digest_of(pieces) {
  const hash = createHash("sha256");
  for (const piece of pieces)
    hash.update(piece);
  return hash.digest("hex");
}

/// The head of a client's frame whose key is zero: it masks, and costs nothing.
function head(code, fin, size) {
  const result = Buffer.alloc(14);
  result[0] = (fin ? 0x80 : 0) | code;
  result[1] = 0x80 | 127;
  result.writeBigUInt64BE(BigInt(size), 2);
  return result;
}

/// Writes one binary message to a `Raw`.
/// @param options frames: how many; upto: stops before so many bytes.
/// @returns its digest.
export async function send_large(raw, size, { seed = 0, frames = 1, upto = size } = {}) {
  const hash = createHash("sha256");
  const frame_size = Math.ceil(size / frames / piece_size) * piece_size;
  let sent = 0;
  for (const piece of noise(size, seed)) {
    if (sent >= upto)
      return undefined;
    if (sent % frame_size === 0)
      raw.write(head(sent === 0 ? 2 : 0, sent + frame_size >= size, Math.min(frame_size, size - sent)));
    hash.update(piece);
    sent += piece.length;
    if (!raw.socket.write(piece))
      await once(raw.socket, "drain");
  }
  return hash.digest("hex");
}

/// A socket on bare TCP that takes messages as they come and keeps their size,
/// digest, and how many frames they had.
export class LargeReceiver {
  static async open(t, service, path, headers) {
    const raw = await upgraded(t, service, path, headers);
    return new LargeReceiver(raw);
  }

  constructor(raw) {
    this.raw = raw;
    this.messages = [];
    this.waiting = [];
    this.bytes = 0;
    this.rest = raw.buffer();
    this.left = 0;
    raw.socket.removeAllListeners("data");
    raw.socket.on("data", (chunk) => this.take(chunk));
    if (this.rest.length > 0)
      this.take(Buffer.alloc(0));
  }

  take(chunk) {
    let bytes = this.rest.length > 0 ? Buffer.concat([this.rest, chunk]) : chunk;
    for (;;) {
      if (this.left === 0 && !(bytes = this.begin(bytes)))
        return;
      const piece = bytes.subarray(0, this.left);
      this.now.hash?.update(piece);
      this.now.size += piece.length;
      if (this.now.code >= 8)
        this.now.body = Buffer.concat([this.now.body, piece]);
      this.bytes += piece.length;
      this.left -= piece.length;
      bytes = bytes.subarray(piece.length);
      if (this.left > 0) {
        this.rest = Buffer.alloc(0);
        return;
      }
      this.end();
    }
  }

  /// @returns what is behind a frame's head; undefined where that is not whole.
  begin(bytes) {
    const short = bytes.length > 1 ? bytes[1] & 0x7f : 0;
    const size = short === 127 ? 10 : short === 126 ? 4 : 2;
    if (bytes.length < size) {
      this.rest = bytes;
      return undefined;
    }
    const code = bytes[0] & 0x0f;
    this.fin = (bytes[0] & 0x80) !== 0;
    assert.equal(bytes[1] & 0x80, 0, "a server does not mask");
    this.left = short === 127 ? Number(bytes.readBigUInt64BE(2)) : short === 126 ? bytes.readUInt16BE(2) : short;
    if (code >= 8) {
      this.data = this.now;
      this.now = { code, size: 0, body: Buffer.alloc(0) };
    } else if (code === 0) {
      ++this.now.frames;
    } else {
      this.now = { code, size: 0, frames: 1, hash: createHash("sha256") };
    }
    return bytes.subarray(size);
  }

  end() {
    const { code, size, frames, hash, body } = this.now;
    if (code === 9) {
      this.raw.write(Buffer.concat([Buffer.from([0x8a, 0x80 | size, 0, 0, 0, 0]), body]));
    } else if (code === 8) {
      this.closed = body.length < 2 ? 1005 : body.readUInt16BE();
    } else if (this.fin) {
      const one = { binary: code === 2, size, frames, digest: hash.digest("hex") };
      if (this.waiting.length > 0)
        this.waiting.shift()(one);
      else
        this.messages.push(one);
    }
    if (code >= 8)
      this.now = this.data;
  }

  /// The next message: { binary, size, frames, digest }.
  next(timeout = 30000) {
    if (this.messages.length > 0)
      return Promise.resolve(this.messages.shift());
    return within("a large message", new Promise((resolve) => this.waiting.push(resolve)), timeout);
  }
}
