// Many peers begin to shake hands and never go on: sockets that are open do
// not feel it, and good peers get in as the others' time runs out.

import assert from "node:assert/strict";
import net from "node:net";
import test from "node:test";
import tls from "node:tls";
import { base, echo_flow, start, until, within } from "./harness.mjs";
import { answer_to, certificates, open } from "./tls.mjs";

/// The first message of Node's own TLS client.
async function client_hello(t) {
  const server = net.createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const hello = new Promise((resolve) => server.once("connection", (socket) => {
    socket.once("data", (bytes) => {
      resolve(bytes);
      socket.destroy();
    });
  }));
  tls.connect({ port: server.address().port, host: "127.0.0.1", servername: "localhost" })
    .on("error", () => {});
  return within("a hello", hello);
}

/// The median of some round trips of a socket, in milliseconds.
async function latency(socket, count) {
  const times = [];
  for (let i = 0; i < count; ++i) {
    const begin = performance.now();
    await answer_to(socket, `number ${i}`);
    times.push(performance.now() - begin);
    socket.removeAllListeners("message").removeAllListeners("close").removeAllListeners("error");
  }
  return times.sort((x, y) => x - y)[Math.floor(count / 2)];
}

/// Peers that send a hello and nothing more.
class Flood {
  open = 0;
  answered = 0;
  /// Whether the time of one was over.
  cut = false;
  sockets = new Set();

  constructor(port, hello) {
    this.port = port;
    this.hello = hello;
  }

  add() {
    const socket = net.connect(this.port, "127.0.0.1");
    this.sockets.add(socket);
    let answered = false;
    socket.once("connect", () => {
      ++this.open;
      socket.write(this.hello);
    });
    socket.on("data", () => {
      if (!answered)
        ++this.answered;
      answered = true;
    });
    socket.on("error", () => {});
    socket.once("close", () => {
      this.sockets.delete(socket);
      this.cut = true;
    });
  }

  end() {
    for (const socket of this.sockets)
      socket.destroy();
  }
}

test("2,000 half-open peers", async (t) => {
  const made = certificates(t);
  const service = await start(t, base({
    listener: 'tls = "edge"\nhandshake_timeout = "10s"\nmax_handshakes = 1000',
  }) + `
[tls.edge]
key_store = { path = "${made.path("server.pem")}" }
` + echo_flow("/echo"));
  const { port } = service.address("public");
  const socket = await open(t, service, { ca: made.ca });
  await latency(socket, 200);
  const quiet = await latency(socket, 1000);

  const flood = new Flood(port, await client_hello(t));
  t.after(() => flood.end());
  for (let i = 0; i < 2000; ++i)
    flood.add();
  await until("the flood", () => flood.open >= 2000, 60000);
  // The best of some: what one of them has had to wait for may be others' work.
  const busy = Math.min(await latency(socket, 400), await latency(socket, 400), await latency(socket, 400));
  t.diagnostic(`round trip: ${quiet.toFixed(3)} ms quiet, ${busy.toFixed(3)} ms in the flood`);
  assert.ok(busy <= 2 * quiet + 1, `${busy} ms, quiet ${quiet} ms`);

  // Each shard takes its share of the limit and no more.
  await until("what is answered", () => flood.answered >= 1000 || flood.cut, 60000);
  await latency(socket, 200);
  t.diagnostic(`${flood.answered} were answered, ${flood.cut ? "some" : "none"} cut`);
  if (!flood.cut)
    assert.equal(flood.answered, 1000);

  // Room comes when the time of the first is over.
  const good = await within("a good peer", open(t, service, { ca: made.ca }), 60000);
  assert.equal(String(await answer_to(good, "hello")), "hello");
  assert.equal(String(await answer_to(socket, "still here")), "still here");
});
