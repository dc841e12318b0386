// Each violation of RFC 6455's framing rules gets its close code, then TCP's
// end; a neighbor must not notice.

import assert from "node:assert/strict";
import test from "node:test";
import { deflateRawSync } from "node:zlib";
import { base, echo_flow, start, until } from "./harness.mjs";
import { close_payload, frame, neighbor, opcode, upgraded } from "./raw.mjs";

const { continuation, text, binary, close, ping, pong } = opcode;
const limit = 1 << 20;

const config = base({ server: `compression = "on"` }) + `
[http_listener.impatient]
host = "127.0.0.1"
port = 0

[websocket.impatient.server]
listener = "impatient"
idle_socket_timeout = "2s"
ping_interval = "0s"

[http_listener.pinging]
host = "127.0.0.1"
port = 0

[websocket.pinging.server]
listener = "pinging"
ping_interval = "1s"

[[flow]]
name = "impatient"
source = "inbound-listener"
config = "impatient"
path = "/echo"
steps = [ { send = { content = "#[payload]" } } ]

[[flow]]
name = "pinging"
source = "inbound-listener"
config = "pinging"
path = "/echo"
steps = [ { send = { content = "#[payload]" } } ]
` + echo_flow("/echo").replace("path", `config = "main"\npath`);

const bytes = (...values) => Buffer.from(values);
const deflated = { "Sec-WebSocket-Extensions": "permessage-deflate" };

/// What permessage-deflate puts into a message: without the empty block's end.
function squeeze(content) {
  const result = deflateRawSync(content, { finishFlush: 2 /* Z_SYNC_FLUSH */ });
  return result.subarray(0, result.length - 4);
}

// name, frames, close code (or several that are right), headers
const violations = [
  ["a frame that is not masked", [frame(text, "hi", { mask: false })], 1002],
  ["an unmasked ping", [frame(ping, "", { mask: false })], 1002],
  ["RSV1 without an extension", [frame(text, "hi", { rsv: 0x40 })], 1002],
  ["RSV2", [frame(text, "hi", { rsv: 0x20 })], 1002],
  ["RSV3", [frame(binary, "hi", { rsv: 0x10 })], 1002],
  ...[3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map((code) =>
    [`the reserved opcode ${code}`, [frame(code, "x")], 1002]),
  ["a ping in fragments", [frame(ping, "x", { fin: false })], 1002],
  ["a pong in fragments", [frame(pong, "x", { fin: false })], 1002],
  ["a close in fragments", [frame(close, close_payload(1000), { fin: false })], 1002],
  ["a ping of 126 bytes", [frame(ping, "x".repeat(126))], 1002],
  ["a pong of 70,000 bytes", [frame(pong, "x".repeat(70000))], 1002],
  ["a close of 126 bytes", [frame(close, close_payload(1000, "x".repeat(124)))], 1002],
  ["a continuation of nothing", [frame(continuation, "x")], 1002],
  ["a continuation after a whole message", [frame(text, "a"), frame(continuation, "b")], 1002],
  ["text within fragments", [frame(text, "a", { fin: false }), frame(text, "b")], 1002],
  ["binary within fragments", [frame(text, "a", { fin: false }), frame(binary, "b")], 1002],
  ["5 bytes in the 16-bit form", [frame(text, "hello", { length_form: 16 })], 1002],
  ["125 bytes in the 64-bit form", [frame(text, "x".repeat(125), { length_form: 64 })], 1002],
  ["300 bytes in the 64-bit form", [frame(text, "x".repeat(300), { length_form: 64 })], 1002],
  ["65,535 bytes in the 64-bit form", [frame(text, "x".repeat(65535), { length_form: 64 })], 1002],
  ["a length with its highest bit set", [frame(binary, "x", { length: 1n << 63n })], 1002],
  ["a frame announced larger than a message may be", [frame(binary, "x", { length: limit + 1 })], 1009],
  ["a frame announced as 2^62 bytes", [frame(binary, "x", { length: 1n << 62n })], 1009],
  ["fragments that together are too large",
    [frame(binary, Buffer.alloc(limit), { fin: false }), frame(continuation, "x")], 1009],
  ["a lone continuation byte", [frame(text, bytes(0x80))], 1007],
  ["an overlong slash", [frame(text, bytes(0xc0, 0xaf))], 1007],
  ["an overlong NUL", [frame(text, bytes(0xe0, 0x80, 0x80))], 1007],
  ["a surrogate", [frame(text, bytes(0xed, 0xa0, 0x80))], 1007],
  ["a code point above U+10FFFF", [frame(text, bytes(0xf4, 0x90, 0x80, 0x80))], 1007],
  ["the byte 0xFF", [frame(text, bytes(0x61, 0xff))], 1007],
  ["a text that ends within a character", [frame(text, bytes(0xe2, 0x82))], 1007],
  ["a character cut by the end of the last fragment",
    [frame(text, bytes(0xe2), { fin: false }), frame(continuation, bytes(0x82))], 1007],
  ["broken UTF-8 in a fragment before the last",
    [frame(text, "fine", { fin: false }), frame(continuation, bytes(0xff), { fin: false })], 1007],
  ["broken UTF-8 in a frame that is not whole yet",
    [frame(text, bytes(0x61, 0xff, 0x61), { length: 1000 })], 1007],
  ["a close of one byte", [frame(close, bytes(3))], 1002],
  ...[0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535].map((code) =>
    [`a close with ${code}`, [frame(close, close_payload(code))], 1002]),
  ["a close with a reason that is not UTF-8",
    [frame(close, Buffer.concat([close_payload(1000), bytes(0xc3, 0x28)]))], 1007],
  ["a compressed control frame", [frame(ping, "x", { rsv: 0x40 })], 1002, deflated],
  ["RSV1 on a continuation",
    [frame(text, squeeze("a"), { rsv: 0x40, fin: false }), frame(continuation, "", { rsv: 0x40 })],
    1002, deflated],
  ["RSV2 beside compression", [frame(text, squeeze("a"), { rsv: 0x60 })], 1002, deflated],
  ["compressed garbage", [frame(binary, bytes(0xff, 0xff, 0xff, 0xff), { rsv: 0x40 })], [1002, 1007], deflated],
  ["compressed text that is not UTF-8", [frame(text, squeeze(bytes(0x61, 0xff)), { rsv: 0x40 })], 1007, deflated],
  ["a bomb of 64 MiB in 64 KiB", [frame(binary, squeeze(Buffer.alloc(64 << 20)), { rsv: 0x40 })], 1009, deflated],
];

test("frames", async (t) => {
  const service = await start(t, config);
  const witness = await neighbor(t, service.ws("/echo"));

  for (const [name, frames, expected, headers] of violations)
    await t.test(`${name}: ${expected}`, async (t) => {
      const raw = await upgraded(t, service, "/echo", headers);
      raw.write(Buffer.concat(frames));
      const { code } = await raw.close_frame();
      assert.ok([expected].flat().includes(code), `code ${code}`);
      await raw.end();
    });

  for (const size of [1, 7])
    await t.test(`a violation in pieces of ${size} bytes is found as well`, async (t) => {
      const raw = await upgraded(t, service);
      const all = Buffer.concat([frame(text, "fine"), frame(ping, "x"), frame(3, "x")]);
      for (let at = 0; at < all.length; at += size) {
        raw.write(all.subarray(at, at + size));
        await new Promise(setImmediate);
      }
      assert.equal((await raw.close_frame()).code, 1002);
      await raw.end();
    });

  await t.test("what came before the violation is answered", async (t) => {
    const raw = await upgraded(t, service);
    raw.write(Buffer.concat([frame(text, "first"), frame(3, "x")]));
    const answer = await raw.frame();
    // The echo may be overtaken by the close, never by anything else.
    if (answer.opcode === text) {
      assert.equal(answer.payload.toString(), "first");
      assert.equal((await raw.close_frame()).code, 1002);
    } else {
      assert.equal(answer.opcode, close);
    }
    await raw.end();
  });

  for (const code of [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 4999])
    await t.test(`a close with ${code} is answered with it`, async (t) => {
      const raw = await upgraded(t, service);
      raw.write(frame(close, close_payload(code, "bye")));
      assert.equal((await raw.close_frame()).code, code);
      await raw.end();
    });

  await t.test("an empty close is answered and ends TCP", async (t) => {
    const raw = await upgraded(t, service);
    raw.write(frame(close));
    assert.ok([1000, 1005].includes((await raw.close_frame()).code));
    await raw.end();
  });

  await t.test("nothing is answered after a close", async (t) => {
    const raw = await upgraded(t, service);
    raw.write(Buffer.concat([frame(close, close_payload(1000)), frame(text, "late"), frame(ping, "late")]));
    assert.equal((await raw.close_frame()).code, 1000);
    await raw.end();
    assert.equal(raw.buffer().length, 0);
  });

  await t.test("a peer that ends TCP without a close is let go", async (t) => {
    const raw = await upgraded(t, service, "/echo?fin");
    raw.socket.end();
    await raw.end();
    await until("it is gone", async () =>
      (await service.sockets("config=main")).every(({ request_uri }) => !request_uri.includes("fin")));
  });

  await t.test("10,000 pings in one go get 10,000 pongs in order", async (t) => {
    const raw = await upgraded(t, service);
    const pings = [];
    for (let i = 0; i < 10000; ++i) {
      const payload = Buffer.alloc(4);
      payload.writeUInt32BE(i);
      pings.push(frame(ping, payload));
    }
    raw.write(Buffer.concat(pings));
    for (let i = 0; i < 10000; ++i) {
      const answer = raw.try_frame() ?? await raw.frame();
      assert.equal(answer.opcode, pong);
      assert.equal(answer.payload.readUInt32BE(), i);
    }
    raw.write(frame(text, "and on"));
    assert.equal((await raw.frame()).payload.toString(), "and on");
  });

  await t.test("pings between fragments are answered, the message comes whole", async (t) => {
    const raw = await upgraded(t, service);
    raw.write(Buffer.concat([
      frame(text, "a", { fin: false }), frame(ping, "1"), frame(continuation, "b", { fin: false }),
      frame(ping, "2"), frame(pong, "unasked"), frame(continuation, "c"),
    ]));
    const got = [await raw.frame(), await raw.frame(), await raw.frame()];
    assert.deepEqual(got.filter((each) => each.opcode === pong).map(({ payload }) => payload.toString()), ["1", "2"]);
    assert.equal(got.find((each) => each.opcode === text).payload.toString(), "abc");
  });

  await t.test("100,000 empty fragments make one empty message", async (t) => {
    const raw = await upgraded(t, service);
    raw.write(Buffer.concat([
      frame(text, "", { fin: false }),
      ...Array(100000).fill(frame(continuation, "", { fin: false })),
      frame(continuation, ""),
    ]));
    const answer = await raw.frame(60000);
    assert.equal(answer.opcode, text);
    assert.equal(answer.payload.length, 0);
  });

  await t.test("slowloris within a frame ends by the idle timeout", async (t) => {
    const raw = await upgraded(t, service, "/echo", {}, "impatient");
    raw.write(frame(binary, "", { length: 1000 }));
    const timer = setInterval(() => raw.write("x"), 50);
    t.after(() => clearInterval(timer));
    await raw.end();
  });

  await t.test("a silent socket is closed by the idle timeout, a talking one is not", async (t) => {
    const silent = await upgraded(t, service, "/echo", {}, "impatient");
    const talking = await upgraded(t, service, "/echo", {}, "impatient");
    const timer = setInterval(() => talking.write(frame(ping, "x")), 100);
    t.after(() => clearInterval(timer));
    const { code } = await silent.close_frame();
    assert.ok([1000, 1001, 1008].includes(code), `code ${code}`);
    await silent.end();
    talking.write(frame(text, "still here"));
    for (;;) {
      const answer = await talking.frame();
      if (answer.opcode !== pong) {
        assert.equal(answer.payload.toString(), "still here");
        break;
      }
    }
  });

  await t.test("who answers no ping is cut, who answers stays", async (t) => {
    const dumb = await upgraded(t, service, "/echo", {}, "pinging");
    const polite = await neighbor(t, service.ws("/echo", "pinging"));
    assert.equal((await dumb.frame()).opcode, ping);
    await dumb.end();
    await polite.stop();
  });

  await witness.stop();
});
