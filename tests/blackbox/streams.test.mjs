// The streams of flows: where large messages lie, and what becomes of them.

import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import http from "node:http";
import { join } from "node:path";
import test from "node:test";
import { WebSocketServer } from "ws";
import { base, connect, sanitized, start, temporary_folder, until } from "./harness.mjs";
import { digest_of, LargeReceiver, noise, send_large } from "./large.mjs";
import { upgraded } from "./raw.mjs";

const MiB = 1024 * 1024;
const error_of = '{ send = { content = "#[error.type]|#[error.message]" } }';

const flow = (path, streaming, steps, more = "") => `
[[flow]]
name = "${path.slice(1)}"
source = "inbound-listener"
path = "${path}"
${streaming ? `streaming = ${streaming}` : ""}
steps = [ ${steps} ]
on_error = [ ${error_of} ]
${more}
`;

const file_store = '{ type = "file-store", in_memory_size = "64KiB" }';

/// A configuration whose messages may be large and lie in a folder of its own.
function large(t, flows, { directory = join(temporary_folder(t), "spool"), server = "", limit = "2GiB" } = {}) {
  mkdirSync(directory, { recursive: true });
  return base({ server: `max_message_size = "${limit}"\n${server}` })
    .replace("[runtime]", `[runtime]\ntemporary_directory = "${directory}"`) + flows;
}

/// The temporary files that the program has open: they have no names.
function open_files(service) {
  const folder = `/proc/${service.child.pid}/fd`;
  return readdirSync(folder).filter((fd) => {
    try {
      return /\(deleted\)$/.test(readlinkSync(join(folder, fd)));
    } catch {
      return false;
    }
  }).length;
}

const bytes_of = (size, seed) => Buffer.concat([...noise(size, seed)]);
const hash = (bytes) => createHash("sha256").update(bytes).digest("hex");

test("an in-memory stream has a size of its own", async (t) => {
  const service = await start(t, large(t,
    flow("/memory", '{ type = "in-memory", initial_buffer_size = "16KiB", buffer_size_increment = "16KiB", max_buffer_size = "200KiB" }',
         '{ send = { content = "#[payload]" } }')
    + flow("/fixed", '{ type = "in-memory", initial_buffer_size = "16KiB", buffer_size_increment = "0B" }',
           '{ send = { content = "#[payload]" } }')
    + flow("/endless", '{ type = "in-memory", max_buffer_size = "0B" }', '{ send = { content = "#[payload]" } }')));
  const client = await connect(t, service.ws("/memory"));
  for (const size of [1, 65536, 150_000, 200 * 1024]) {
    const content = bytes_of(size);
    assert.equal(hash(await client.ask(content)), hash(content), `${size} bytes`);
  }
  for (const size of [200 * 1024 + 1, 5 * MiB])
    assert.equal(await client.ask(bytes_of(size)),
                 "STREAM_MAXIMUM_SIZE_EXCEEDED|the message is larger than the 204800 bytes that its flow keeps in memory");
  assert.equal(String(await client.ask(Buffer.from("still open"))), "still open");
  const fixed = await connect(t, service.ws("/fixed"));
  assert.equal((await fixed.ask(bytes_of(16 * 1024))).length, 16 * 1024);
  // It lies whole in the read buffer, and is too large all the same.
  assert.match(await fixed.ask(bytes_of(16 * 1024 + 1)), /^STREAM_MAXIMUM_SIZE_EXCEEDED/);
  const endless = await connect(t, service.ws("/endless"));
  assert.equal((await endless.ask(bytes_of(3 * MiB))).length, 3 * MiB);
});

test("a message in a file comes back as it was, in fragments", async (t) => {
  const directory = join(temporary_folder(t), "spool");
  const service = await start(t, large(t,
    flow("/echo", file_store, '{ send = { content = "#[payload]" } }'), { directory }));
  const client = await connect(t, service.ws("/echo"));
  for (const size of [10, 64 * 1024 + 1, 100_000, 9 * MiB + 1]) {
    const content = bytes_of(size, size % 7);
    assert.equal(hash(await client.ask(content)), hash(content), `${size} bytes`);
  }
  const text = "größer als jeder Puffer 😀 ".repeat(40_000);
  assert.equal(await client.ask(text), text);
  // What is behind a large message keeps its place.
  client.send(bytes_of(3 * MiB));
  client.send("second");
  client.send(bytes_of(100));
  assert.equal((await client.next()).length, 3 * MiB);
  assert.equal(await client.next(), "second");
  assert.equal((await client.next()).length, 100);
  const receiver = await LargeReceiver.open(t, service, "/echo");
  const sent = await send_large(receiver.raw, 5 * MiB, { frames: 3 });
  const { size, digest, frames, binary } = await receiver.next();
  assert.equal(size, 5 * MiB);
  assert.equal(digest, sent);
  assert.equal(frames, 80);
  assert.equal(binary, true);
  assert.deepEqual(readdirSync(directory), [], "the files have no names");
  await until("the files' end", () => open_files(service) === 0);
});

test("compressed messages are inflated into the stream", async (t) => {
  const service = await start(t, large(t,
    flow("/echo", file_store, '{ send = { content = "#[payload]" } }'), { server: 'compression = "on"' }));
  const client = await connect(t, service.ws("/echo"), [], { perMessageDeflate: { threshold: 0 } });
  assert.match(client.ws.extensions, /permessage-deflate/);
  const content = Buffer.concat([bytes_of(2 * MiB), Buffer.alloc(20 * MiB), bytes_of(1 * MiB)]);
  assert.equal(hash(await client.ask(content)), hash(content));
  assert.equal(await client.ask("small ones as well"), "small ones as well");
});

test("text that is not UTF-8 closes the socket and leaves no file", async (t) => {
  const service = await start(t, large(t, flow("/echo", file_store, '{ send = { content = "#[payload]" } }')));
  const raw = await upgraded(t, service, "/echo");
  const text = Buffer.concat([Buffer.alloc(2 * MiB, "a"), Buffer.from([0xff])]);
  const head = Buffer.from([0x81, 0xff, 0, 0, 0, 0, 0, 0x20, 0, 1, 0, 0, 0, 0]);
  raw.write(Buffer.concat([head, text]));
  assert.equal((await raw.close_frame()).code, 1007);
  await until("the files' end", () => open_files(service) === 0);
});

test("max_message_size rules over every stream", async (t) => {
  const service = await start(t, large(t, flow("/echo", file_store, '{ send = { content = "#[payload]" } }'), { limit: "1MiB" }));
  const client = await connect(t, service.ws("/echo"));
  client.send(bytes_of(MiB + 1));
  assert.equal((await client.closed).code, 1009);
  await until("the files' end", () => open_files(service) === 0);
});

test("a socket that is lost in the middle leaves no file", async (t) => {
  const service = await start(t, large(t, flow("/echo", file_store, '{ send = { content = "#[payload]" } }')));
  const raw = await upgraded(t, service, "/echo");
  await send_large(raw, 20 * MiB, { upto: 10 * MiB });
  await until("a file", () => open_files(service) === 1);
  raw.socket.destroy();
  await until("the file's end", () => open_files(service) === 0);
  await until("the socket's end", async () => (await service.sockets()).length === 0);
  const client = await connect(t, service.ws("/echo"));
  assert.equal(await client.ask("next"), "next");
});

test("a shutdown in the middle of large messages ends with status 0", async (t) => {
  const service = await start(t, large(t, flow("/echo", file_store, '{ send = { content = "#[payload]" } }')));
  const coming = await upgraded(t, service, "/echo");
  await send_large(coming, 20 * MiB, { upto: 10 * MiB });
  const going = await upgraded(t, service, "/echo");
  going.socket.pause();
  await send_large(going, 20 * MiB);
  await until("both files", () => open_files(service) === 2);
  await service.stop(60000);
});

test("a repeatable stream is read again and again, another once", async (t) => {
  const twice = '{ send = { content = "#[payload]" } }, { send = { content = "#[payload]" } }';
  const service = await start(t, large(t, flow("/file", file_store, twice)
    + flow("/once", '{ type = "non-repeatable" }', twice)));
  const file = await connect(t, service.ws("/file"));
  const content = bytes_of(2 * MiB);
  file.send(content);
  assert.equal(hash(await file.next()), hash(content));
  assert.equal(hash(await file.next()), hash(content));
  const single = await connect(t, service.ws("/once"));
  for (const one of [content, Buffer.from("small")]) {
    single.send(one);
    assert.equal(hash(await single.next()), hash(one));
    assert.match(await single.next(), /^SWITCHBOARD:EXPRESSION\|.*the payload was read before, and the flow's streaming is non-repeatable/);
  }
});

test("expressions see as much of a large message as Lua has memory", async (t) => {
  const service = await start(t, large(t,
    flow("/size", file_store, `{ send = { content = "#[#payload]" } }`)
    + flow("/json", file_store, `{ send = { content = "#[payload.last]" } }`).replace("steps", 'output_mime_type = "application/json"\nsteps')
    + flow("/when", file_store, `{ choice = [ { when = "#[attributes.socket_type == 'INBOUND']", steps = [ { send = { content = "#[payload]" } } ] } ] }`)));
  const size = await connect(t, service.ws("/size"));
  assert.equal(await size.ask(bytes_of(3 * MiB)), String(3 * MiB));
  assert.match(await size.ask(bytes_of(17 * MiB)),
               /^SWITCHBOARD:EXPRESSION\|.*the payload has 17825792 bytes, and an expression sees at most 16777216/);
  assert.equal(await size.ask("small"), "5");
  const json = await connect(t, service.ws("/json"));
  assert.equal(await json.ask(JSON.stringify({ filler: "x".repeat(MiB), last: "seen" })), "seen");
  // An expression that does not look at it lets any size pass.
  const when = await connect(t, service.ws("/when"));
  assert.equal((await when.ask(bytes_of(20 * MiB))).length, 20 * MiB);
});

test("a directory that cannot be used fails the message and nothing else", async (t) => {
  const service = await start(t, large(t, flow("/echo", file_store, '{ send = { content = "#[payload]" } }'))
    .replace(/temporary_directory = ".*"/, 'temporary_directory = "/no/such/directory"'));
  const client = await connect(t, service.ws("/echo"));
  for (let i = 0; i < 2; ++i) {
    assert.match(await client.ask(bytes_of(3 * MiB)),
                 /^STREAM_NOT_STORED\|the message cannot be kept in \/no\/such\/directory: No such file or directory/);
    assert.equal(await client.ask("small"), "small");
  }
  const { flows } = await service.json("/v1/flows");
  assert.equal(flows[0].failures, 0, "its on_error took care");
});

test("a disk that is full fails the message and nothing else", async (t) => {
  // A limit on files' sizes ends a write in its middle as a full disk does.
  const prefix = ["sh", "-c", 'trap "" XFSZ; ulimit -f 4096; exec "$@"', "sh"];
  const service = await start(t, large(t, flow("/echo", file_store, '{ send = { content = "#[payload]" } }')), { prefix });
  const client = await connect(t, service.ws("/echo"));
  assert.match(await client.ask(bytes_of(9 * MiB)), /^STREAM_NOT_STORED\|the message cannot be kept in .*: File too large/);
  assert.equal((await client.ask(bytes_of(1 * MiB))).length, MiB);
  await until("the files' end", () => open_files(service) === 0);
});

test("a broadcast tells which sockets a large message did not reach", async (t) => {
  const service = await start(t, large(t,
    flow("/in", file_store, '{ broadcast = { path = "/out", content = "#[payload]" }, target = "r" }, { send = { content = "#[vars.r.matched] #[vars.r.failures]" } }')
    + flow("/out", "", "")));
  const source = await connect(t, service.ws("/in"));
  const good = await LargeReceiver.open(t, service, "/out");
  const lost = await LargeReceiver.open(t, service, "/out");
  lost.raw.socket.pause();
  source.send(bytes_of(40 * MiB, 3));
  const { digest } = await good.next();
  assert.equal(digest, digest_of(noise(40 * MiB, 3)));
  // The other has not read: it is waited for, until it is gone.
  assert.equal(open_files(service), 1);
  lost.raw.socket.destroy();
  const result = await source.next("the broadcast's result", 60000);
  assert.match(result, /^2 \[/);
  const failures = JSON.parse(result.slice(2));
  assert.equal(failures.length, 1);
  assert.equal(failures[0].error_type, "WEBSOCKET:CONNECTIVITY");
  assert.match(failures[0].error_message, /^socket \S+ at \S+: the connection was lost$/);
  await until("the file's end", () => open_files(service) === 0);
  // The sockets that are left take the next one.
  source.send(bytes_of(2 * MiB));
  assert.equal((await good.next()).size, 2 * MiB);
  assert.equal(await source.next(), "1 []");
});

test("an outbound socket sends large messages, again over its next connection", async (t) => {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0, maxPayload: 64 * MiB });
  t.after(() => server.close());
  await once(server, "listening");
  const got = [];
  let connections = 0;
  server.on("connection", (ws, request) => {
    ++connections;
    ws.on("error", () => {});
    ws.on("message", (data) => got.push(hash(data)));
    // The first is cut in the middle of what it gets.
    let bytes = 0;
    if (connections === 1)
      request.socket.on("data", (chunk) => {
        bytes += chunk.length;
        if (bytes > 6 * MiB)
          request.socket.destroy();
      });
    if (connections === 2)
      ws.send(bytes_of(3 * MiB, 9));
  });
  const service = await start(t, large(t, `
[websocket.out.client]
host = "127.0.0.1"
port = ${server.address().port}
max_message_size = "64MiB"
[websocket.out.reconnection]
strategy = "reconnect-forever"
frequency = "10ms"
[[outbound]]
config = "out"
socket_id = "peer"
path = "/"
[[flow]]
name = "back"
source = "outbound-listener"
config = "out"
streaming = ${file_store}
steps = [ { send = { content = "#[payload]" } } ]
` + flow("/in", `${file_store}\nconfig = "main"`, '{ send = { config = "out", socket_id = "peer", content = "#[payload]" } }, { send = { content = "sent" } }')));
  await until("the outbound socket", () => connections === 1);
  const client = await connect(t, service.ws("/in"));
  client.send(bytes_of(20 * MiB, 8));
  assert.equal(await client.next("the send's end", 60000), "sent");
  assert.equal(connections, 2);
  await until("both messages", () => got.length === 2);
  assert.deepEqual(got.sort(), [hash(bytes_of(20 * MiB, 8)), hash(bytes_of(3 * MiB, 9))].sort());
  await until("the files' end", () => open_files(service) === 0);
});

test("an http_request streams a large body, signed, again where it has to", async (t) => {
  const asked = [];
  const server = http.createServer((request, response) => {
    const digest = createHash("sha256");
    const [, time] = /t=(\d+),v1=/.exec(request.headers["switchboard-signature"]) ?? [];
    const mac = createHmac("sha256", "hunter2").update(`${time}.${request.headers["ce-id"]}.`);
    let size = 0;
    request.on("data", (chunk) => {
      digest.update(chunk);
      mac.update(chunk);
      size += chunk.length;
    });
    request.on("end", () => {
      asked.push({
        size, digest: digest.digest("hex"), length: request.headers["content-length"], type: request.headers["content-type"],
        signed: request.headers["switchboard-signature"] === `t=${time},v1=${mac.digest("hex")}`,
      });
      response.writeHead(asked.length === 1 ? 503 : 200).end("taken");
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const url = `http://127.0.0.1:${server.address().port}/`;
  const service = await start(t, large(t, flow("/post", file_store,
    `{ http_request = { url = "${url}", secret = "hunter2", timeout = "60s", idempotent = true, reconnection = { strategy = "reconnect", frequency = "1ms" } }, target = "r" }, { send = { content = "#[vars.r.status] #[vars.r.body]" } }`)));
  const raw = await upgraded(t, service, "/post");
  const digest = await send_large(raw, 30 * MiB + 5, { frames: 2 });
  const answer = await raw.frame(60000);
  assert.equal(answer.payload.toString(), "200 taken");
  assert.deepEqual(asked, Array(2).fill({
    size: 30 * MiB + 5, digest, length: String(30 * MiB + 5), type: "application/octet-stream", signed: true,
  }));
  await until("the file's end", () => open_files(service) === 0);
});

test("a message far larger than memory goes from one socket to two others", { skip: sanitized }, async (t) => {
  const size = Number(process.env.SWITCHBOARD_LARGE_MIB ?? 256) * MiB;
  const service = await start(t, large(t,
    flow("/in", '{ type = "file-store" }', '{ broadcast = { path = "/out", content = "#[payload]" } }, { send = { content = "done" } }')
    + flow("/out", "", "")));
  const receivers = [];
  for (let i = 0; i < 2; ++i)
    receivers.push(await LargeReceiver.open(t, service, "/out"));
  const source = await upgraded(t, service, "/in");
  let most = 0;
  let samples = 0;
  const sampling = setInterval(() => {
    const status = readFileSync(`/proc/${service.child.pid}/status`, "utf8");
    most = Math.max(most, Number(/VmRSS:\s+(\d+)/.exec(status)[1]));
    ++samples;
  }, 5);
  t.after(() => clearInterval(sampling));
  const begun = Date.now();
  const digest = await send_large(source, size, { frames: 4 });
  for (const receiver of receivers) {
    const got = await receiver.next(300_000);
    assert.equal(got.size, size);
    assert.equal(got.digest, digest);
  }
  assert.equal((await source.frame(60000)).payload.toString(), "done");
  clearInterval(sampling);
  t.diagnostic(`${size / MiB} MiB in ${Date.now() - begun} ms, ${Math.round(most / 1024)} MiB resident at most, ${samples} samples`);
  assert.ok(samples > 10);
  // VmHWM is the kernel's own mark: nothing is missed between two samples.
  const peak = Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${service.child.pid}/status`, "utf8"))[1]);
  assert.ok(peak < 100 * 1024, `${peak} KiB resident at most`);
  await until("the file's end", () => open_files(service) === 0);
});

test("a large message that fails is counted, tried again and given up", async (t) => {
  const bodies = [];
  const backend = http.createServer((request, response) => {
    const digest = createHash("sha256");
    request.on("data", (piece) => digest.update(piece)).on("end", () => {
      bodies.push(digest.digest("hex"));
      response.writeHead(bodies.length === 1 ? 500 : 200).end();
    });
  });
  await once(backend.listen(0, "127.0.0.1"), "listening");
  t.after(() => backend.close());
  const wrong = '{ raise_error = { type = "APP:WRONG", message = "no" } }';
  const service = await start(t, large(t,
    flow("/count", file_store, wrong, "redelivery = { max_redelivery_count = 1 }")
    + flow("/retry", file_store,
           `{ http_request = { url = "http://127.0.0.1:${backend.address().port}/" } }, { send = { content = "#[payload]" } }`,
           'retry = { count = 1, frequency = "10ms" }')
    + flow("/lose", file_store, wrong, 'dead_letter = { group = "lost" }')
    + flow("/lost", "", '{ send = { content = "here" } }', 'default_groups = ["lost"]')));
  const counted = await connect(t, service.ws("/count"));
  const content = bytes_of(2 * MiB, 1);
  for (const expected of ["APP:WRONG|no", "APP:WRONG|no"])
    assert.equal(await counted.ask(content), expected);
  assert.match(await counted.ask(content), /^WEBSOCKET:REDELIVERY_EXHAUSTED\|/);
  assert.equal(await counted.ask(bytes_of(2 * MiB, 2)), "APP:WRONG|no", "another message has another count");
  const retried = await connect(t, service.ws("/retry"));
  assert.equal(hash(await retried.ask(content)), hash(content));
  assert.deepEqual(bodies, [hash(content), hash(content)]);
  const lost = await connect(t, service.ws("/lost"));
  assert.equal(await lost.ask("who is here?"), "here");
  const loser = await connect(t, service.ws("/lose"));
  assert.equal(await loser.ask(content), "APP:WRONG|no");
  const letter = JSON.parse(await lost.next());
  assert.equal(letter.flow, "lose");
  assert.equal(letter.payload_size, content.length);
  assert.equal(letter.payload_base64, undefined);
  assert.equal(letter.error.type, "APP:WRONG");
  await until("the files' end", () => open_files(service) === 0);
});
