// Bad and odd handshakes on bare TCP; a neighbor must not notice.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import test from "node:test";
import { base, connect, echo_flow, patience, start, until } from "./harness.mjs";
import { frame, neighbor, opcode, Raw, upgrade, upgraded } from "./raw.mjs";

const config = base({
  listener: `allowed_origins = ["https://good.example", "https://*.wild.example", "http://localhost:*"]`,
}) + `
[http_listener.hasty]
host = "127.0.0.1"
port = 0
handshake_timeout = "2s"

[http_listener.small]
host = "127.0.0.1"
port = 0
max_connections = 3
max_header_size = "1KiB"

[websocket.hasty.server]
listener = "hasty"

[websocket.small.server]
listener = "small"

[[flow]]
name = "hasty"
source = "inbound-listener"
config = "hasty"
path = "/echo"
steps = [ { send = { content = "#[payload]" } } ]

[[flow]]
name = "small"
source = "inbound-listener"
config = "small"
path = "/echo"
steps = [ { send = { content = "#[payload]" } } ]
` + echo_flow("/echo").replace("path", `config = "main"\npath`);

const key = "Sec-WebSocket-Key";
const sample = "dGhlIHNhbXBsZSBub25jZQ==";

test("handshakes", async (t) => {
  const service = await start(t, config);
  const witness = await neighbor(t, service.ws("/echo"));

  async function answer(t, request, listener = "public") {
    const raw = new Raw(t, service.address(listener));
    raw.write(request);
    const response = await raw.response();
    return { raw, ...response };
  }

  const refused = [
    ["a line of garbage", "\x01\x02garbage\r\n\r\n", 400],
    ["no request line", "\r\nHost: a\r\n\r\n", 400],
    ["a request line of one word", "GET\r\n\r\n", 400],
    ["an HTTP version that is none", upgrade("/echo", {}, { version: "HTTZ/1.1" }), 400],
    ["HTTP/1.0", upgrade("/echo", {}, { version: "HTTP/1.0" }), 400],
    ["HTTP/2.7", upgrade("/echo", {}, { version: "HTTP/2.7" }), [400, 505]],
    ["a header without a colon", "GET /echo HTTP/1.1\r\nHost localhost\r\n\r\n", 400],
    ["a header with a blank before the colon", "GET /echo HTTP/1.1\r\nHost : a\r\n\r\n", 400],
    ["a NUL in a header", upgrade("/echo", { "X-Odd": "a\0b" }), 400],
    ["a bare line feed in a header", "GET /echo HTTP/1.1\r\nHost: a\r\nX: a\nb\r\n\r\n", 400],
    ["no Host", upgrade("/echo", { Host: null }), 400],
    ["two Hosts", upgrade("/echo", { Host: ["a", "b"] }), 400],
    ["no key", upgrade("/echo", { [key]: null }), 400],
    ["an empty key", upgrade("/echo", { [key]: "" }), 400],
    ["a short key", upgrade("/echo", { [key]: "c2hvcnQ=" }), 400],
    ["a key of 24 characters that are no base64", upgrade("/echo", { [key]: "!".repeat(22) + "==" }), 400],
    ["two keys", upgrade("/echo", { [key]: [sample, sample] }), 400],
    ["no version", upgrade("/echo", { "Sec-WebSocket-Version": null }), [400, 426]],
    ["version 12", upgrade("/echo", { "Sec-WebSocket-Version": "12" }), 426],
    ["version 14", upgrade("/echo", { "Sec-WebSocket-Version": "14" }), 426],
    ["a version that is no number", upgrade("/echo", { "Sec-WebSocket-Version": "x" }), [400, 426]],
    ["no Upgrade", upgrade("/echo", { Upgrade: null }), 426],
    ["Upgrade to something else", upgrade("/echo", { Upgrade: "h2c" }), 426],
    ["no Connection", upgrade("/echo", { Connection: null }), 426],
    ["Connection: keep-alive", upgrade("/echo", { Connection: "keep-alive" }), 426],
    ["plain HTTP", "GET /echo HTTP/1.1\r\nHost: a\r\n\r\n", 426],
    ["plain HTTP on an unknown path", "GET /nowhere HTTP/1.1\r\nHost: a\r\n\r\n", 404],
    ["POST", upgrade("/echo", {}, { method: "POST" }), 405],
    ["DELETE", upgrade("/echo", {}, { method: "DELETE" }), 405],
    ["an unknown path", upgrade("/nowhere"), 404],
    ["a path that goes on", upgrade("/echo/more"), 404],
    ["a path in other letters", upgrade("/ECHO"), 404],
    ["a body", upgrade("/echo", { "Content-Length": "5" }) + "hello", 400],
    ["a repeated subprotocol", upgrade("/echo", { "Sec-WebSocket-Protocol": "a, a" }), 400],
    ["a subprotocol that is no token", upgrade("/echo", { "Sec-WebSocket-Protocol": "a b" }), 400],
    ["a foreign Origin", upgrade("/echo", { Origin: "https://evil.example" }), 403],
    ["an Origin that begins well", upgrade("/echo", { Origin: "https://good.example.evil.example" }), 403],
    ["another scheme", upgrade("/echo", { Origin: "http://good.example" }), 403],
    ["the null Origin", upgrade("/echo", { Origin: "null" }), 403],
    ["a header of 17 KiB", upgrade("/echo", { "X-Long": "x".repeat(17 * 1024) }), 431],
    ["2,000 headers", upgrade("/echo", { "X-Many": Array(2000).fill("abcdefghij") }), 431],
  ];
  for (const [name, request, expected] of refused)
    await t.test(`${name}: ${expected}`, async (t) => {
      const { raw, status, headers } = await answer(t, request);
      assert.ok([expected].flat().includes(status), `status ${status}`);
      if (status === 426) {
        assert.equal(headers["sec-websocket-version"], "13");
        assert.match(headers.upgrade ?? "", /websocket/i);
      }
      if (status === 405)
        assert.match(headers.allow ?? "", /GET/);
      assert.equal(headers["sec-websocket-accept"], undefined);
      await raw.end();
    });

  await t.test("a target of 64 KiB: 431 or 414", async (t) => {
    const { raw, status } = await answer(t, upgrade(`/${"a".repeat(1 << 16)}`));
    assert.ok([414, 431].includes(status), `status ${status}`);
    await raw.end();
  });

  await t.test("the limit on headers is the listener's own", async (t) => {
    const { status } = await answer(t, upgrade("/echo", { "X-Long": "x".repeat(1100) }), "small");
    assert.equal(status, 431);
    const fine = await answer(t, upgrade("/echo", { "X-Long": "x".repeat(500) }), "small");
    assert.equal(fine.status, 101);
  });

  await t.test("the key of RFC 6455 §1.3 gets its answer", async (t) => {
    const raw = await upgraded(t, service, "/echo", { [key]: sample });
    assert.equal(raw.headers["sec-websocket-accept"], "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    assert.match(raw.headers.upgrade, /^websocket$/i);
    assert.match(raw.headers.connection, /upgrade/i);
    assert.equal(raw.headers["sec-websocket-protocol"], undefined);
    assert.equal(raw.headers["sec-websocket-extensions"], undefined);
  });

  await t.test("names and tokens are read without regard to case", async (t) => {
    const other = "AAECAwQFBgcICQoLDA0ODw==";
    const raw = new Raw(t, service.address("public"));
    raw.write(`GET /echo?q=1 HTTP/1.1\r\nhOST: a\r\nuPGRADE: WebSocket\r\nconnection: keep-alive, UPGRADE\r\n`
      + `sec-websocket-key:   ${other}  \r\nsec-websocket-version: 13\r\n\r\n`);
    const { status, headers } = await raw.response();
    assert.equal(status, 101);
    assert.equal(headers["sec-websocket-accept"],
                 createHash("sha1").update(`${other}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64"));
  });

  await t.test("a request in single bytes, frames right behind the request", async (t) => {
    const slow = new Raw(t, service.address("public"));
    for (const byte of Buffer.from(upgrade("/echo"))) {
      slow.write(Buffer.of(byte));
      await new Promise(setImmediate);
    }
    assert.equal((await slow.response()).status, 101);
    const eager = new Raw(t, service.address("public"));
    eager.write(Buffer.concat([Buffer.from(upgrade("/echo")), frame(opcode.text, "early"), frame(opcode.ping, "p")]));
    assert.equal((await eager.response()).status, 101);
    const got = [await eager.frame(), await eager.frame()];
    assert.equal(got.find((each) => each.opcode === opcode.text).payload.toString(), "early");
    assert.equal(got.find((each) => each.opcode === opcode.pong).payload.toString(), "p");
  });

  await t.test("allowed origins and none at all are let in", async (t) => {
    for (const Origin of ["https://good.example", "HTTPS://GOOD.example", "https://a.wild.example",
                          "http://localhost:3000", null])
      await upgraded(t, service, "/echo", { Origin });
  });

  await t.test("extensions that make no sense are declined, not fatal", async (t) => {
    for (const value of ["permessage-foo", "permessage-deflate; server_max_window_bits=99",
                         "x; y=\"z, permessage-deflate\""]) {
      const raw = await upgraded(t, service, "/echo", { "Sec-WebSocket-Extensions": value });
      assert.equal(raw.headers["sec-websocket-extensions"], undefined);
    }
  });

  await t.test("an unfinished handshake is cut: 408 where something had come", async (t) => {
    const begun = Date.now();
    const silent = new Raw(t, service.address("hasty"));
    const half = new Raw(t, service.address("hasty"));
    half.write("GET /echo HTTP/1.1\r\nHost: a\r\n");
    // Slowloris: always another header, never the end.
    const trickle = new Raw(t, service.address("hasty"));
    trickle.write("GET /echo HTTP/1.1\r\n");
    const timer = setInterval(() => trickle.write("X: y\r\n"), 20);
    t.after(() => clearInterval(timer));
    assert.equal((await half.response()).status, 408);
    assert.equal((await trickle.response()).status, 408);
    await Promise.all([silent.end(), half.end(), trickle.end()]);
    assert.ok(Date.now() - begun >= 1900, "not before its time");
    assert.ok(Date.now() - begun < patience(15000));
  });

  await t.test("a finished handshake is not cut", async (t) => {
    const client = await connect(t, service.ws("/echo", "hasty"));
    const silent = new Raw(t, service.address("hasty"));
    await silent.end();
    assert.equal(await client.ask("alive"), "alive");
  });

  await t.test("more than max_connections: 503, and room again after one left", async (t) => {
    await until("room", async () => (await service.sockets("config=small")).length === 0);
    const open = [];
    await until("three fit", async () => {
      open.push(await connect(t, service.ws("/echo", "small")));
      return open.length === 3;
    });
    const { raw, status } = await answer(t, upgrade("/echo"), "small");
    assert.equal(status, 503);
    await raw.end();
    assert.equal(await open[2].ask("fits"), "fits");
    await open.pop().close();
    await until("room again", async () => {
      const next = new Raw(t, service.address("small"));
      next.write(upgrade("/echo"));
      return (await next.response()).status === 101;
    });
  });

  await t.test("a flood of half-open handshakes leaves the others alone", async (t) => {
    const flood = Array.from({ length: 200 }, () => {
      const raw = new Raw(t, service.address("hasty"));
      raw.write("GET /ec");
      return raw;
    });
    const client = await connect(t, service.ws("/echo", "hasty"));
    assert.equal(await client.ask("in between"), "in between");
    await Promise.all(flood.map((raw) => raw.end()));
  });

  await witness.stop();
});
