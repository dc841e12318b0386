// Echo over three listeners' paths, driven by npm `ws`.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import test from "node:test";
import { base, connect, start, two_more_listeners, within } from "./harness.mjs";

const config = base({
  server: `
compression = "on"
subprotocols = ["chat.v2", "chat.v1"]
`,
}) + `
${two_more_listeners}
[[flow]]
name = "echo"
source = "inbound-listener"
config = "main"
path = "/echo"
steps = [ { send = { content = "#[payload]" } } ]

[[flow]]
name = "rooms"
source = "inbound-listener"
config = "plain"
path = "/rooms/{room}"
steps = [ { send = { content = "#[attributes.uri_params.room]: #[payload]" } } ]

[[flow]]
name = "tail"
source = "inbound-listener"
config = "stateless"
path = "/files/*"
steps = [ { send = { content = "#[payload]" } } ]
`;

const sizes = [0, 1, 125, 126, 127, 1000, 65535, 65536, 65537, 300000, 1 << 20];

test("echo", async (t) => {
  const service = await start(t, config);

  await t.test("three listeners serve their own paths", async (t) => {
    const first = await connect(t, service.ws("/echo"));
    assert.equal(await first.ask("hello"), "hello");
    const second = await connect(t, service.ws("/second/rooms/blue%20room?x=1", "second"));
    assert.equal(await second.ask("hi"), "blue room: hi");
    const third = await connect(t, service.ws("/third/files/a/b/c", "third"));
    assert.equal(await third.ask("deep"), "deep");
    const bare = await connect(t, service.ws("/third/files", "third"));
    assert.equal(await bare.ask("bare"), "bare");
    await assert.rejects(connect(t, service.ws("/rooms/x")), /404/);
    await assert.rejects(connect(t, service.ws("/rooms/x", "second")), /404/);
    await assert.rejects(connect(t, service.ws("/second/rooms/x/y", "second")), /404/);
  });

  for (const binary of [true, false])
    await t.test(`${binary ? "binary" : "text"} of every length form comes back`, async (t) => {
      const client = await connect(t, service.ws("/echo"));
      for (const size of sizes) {
        const content = binary ? randomBytes(size)
          : "aä€😀".repeat(size / 10) + "x".repeat(size % 10);
        const answer = await client.ask(content);
        assert.equal(typeof answer === "string", !binary);
        if (binary)
          assert.ok(content.equals(answer), `${size} bytes`);
        else
          assert.ok(content === answer, `${size} bytes of text`);
      }
      await client.close();
    });

  await t.test("a message in fragments comes back whole", async (t) => {
    const client = await connect(t, service.ws("/echo"));
    const part = "ä€😀".repeat(300);
    for (const count of [2, 3, 100]) {
      for (let i = 0; i < count; ++i) {
        client.send(part, { fin: i === count - 1 });
        // Control frames may stand between fragments.
        if (i === 0)
          client.ws.ping("between");
      }
      assert.ok(await client.next() === part.repeat(count));
    }
    client.send(Buffer.alloc(0), { binary: true, fin: false });
    client.send(Buffer.from([1, 2]), { binary: true, fin: false });
    client.send(Buffer.alloc(0), { binary: true, fin: true });
    assert.deepEqual(await client.next(), Buffer.from([1, 2]));
  });

  await t.test("a fragmented character is not taken for broken UTF-8", async (t) => {
    const client = await connect(t, service.ws("/echo"));
    const bytes = Buffer.from("€😀");
    for (let i = 0; i < bytes.length; ++i)
      client.send(bytes.subarray(i, i + 1), { binary: false, fin: i === bytes.length - 1 });
    assert.equal(await client.next(), "€😀");
  });

  const forms = {
    "context takeover": ["/echo", "public", { threshold: 0 }],
    "no context takeover, asked by the client": ["/echo", "public", {
      threshold: 0, serverNoContextTakeover: true, clientNoContextTakeover: true,
    }],
    "small windows": ["/echo", "public", {
      threshold: 0, serverMaxWindowBits: 9, clientMaxWindowBits: 10,
    }],
    "no context takeover, set by the server": ["/third/files/x", "third", { threshold: 0 }],
  };
  for (const [name, [path, listener, perMessageDeflate]] of Object.entries(forms))
    await t.test(`compressed, ${name}`, async (t) => {
      const client = await connect(t, service.ws(path, listener), [], { perMessageDeflate });
      assert.match(client.ws.extensions, /permessage-deflate/);
      const noise = randomBytes(1 << 16);
      const text = JSON.stringify({ list: Array.from({ length: 5000 }, (_, i) => `entry ${i % 50}`) });
      for (let round = 0; round < 3; ++round) {
        assert.ok(await client.ask(text) === text);
        assert.ok(noise.equals(await client.ask(noise)));
        assert.equal(await client.ask(""), "");
        assert.equal(await client.ask("aaaaaaaaaa"), "aaaaaaaaaa");
        assert.ok(await client.ask("z".repeat(1 << 20)) === "z".repeat(1 << 20));
      }
      const half = text.length >> 1;
      client.send(text.slice(0, half), { fin: false, compress: true });
      client.send(text.slice(half), { fin: true, compress: true });
      assert.ok(await client.next() === text);
      await client.close();
    });

  await t.test("compression pays on the wire", async (t) => {
    const client = await connect(t, service.ws("/echo"), [],
                                 { perMessageDeflate: { threshold: 0 } });
    const before = client.ws._socket.bytesRead;
    await client.ask("a".repeat(1 << 19));
    assert.ok(client.ws._socket.bytesRead - before < 10000);
  });

  await t.test("a client that does not offer compression gets none", async (t) => {
    const client = await connect(t, service.ws("/echo"));
    assert.equal(client.ws.extensions, "");
    const zipper = { perMessageDeflate: { threshold: 0 } };
    const plain = await connect(t, service.ws("/second/rooms/a", "second"), [], zipper);
    assert.equal(plain.ws.extensions, "");
  });

  await t.test("the server's order of preference chooses the subprotocol", async (t) => {
    const both = await connect(t, service.ws("/echo"), ["chat.v1", "chat.v2"]);
    assert.equal(both.ws.protocol, "chat.v2");
    const one = await connect(t, service.ws("/echo"), ["other", "chat.v1"]);
    assert.equal(one.ws.protocol, "chat.v1");
    const none = await connect(t, service.ws("/echo"));
    assert.equal(none.ws.protocol, "");
    // npm ws refuses an answer without a subprotocol to an offer of one.
    await assert.rejects(connect(t, service.ws("/echo"), ["other"]), /no subprotocol/i);
  });

  await t.test("a ping is answered with its payload", async (t) => {
    const client = await connect(t, service.ws("/echo"));
    for (const payload of ["", "x", "y".repeat(125)]) {
      const pong = new Promise((resolve) => client.ws.once("pong", resolve));
      client.ws.ping(payload);
      assert.equal((await within("pong", pong)).toString(), payload);
    }
  });

  await t.test("order is kept when many messages are in flight", async (t) => {
    const client = await connect(t, service.ws("/echo"));
    for (let i = 0; i < 2000; ++i)
      client.send(`message ${i}`);
    for (let i = 0; i < 2000; ++i)
      assert.equal(await client.next(), `message ${i}`);
  });

  await t.test("a message over max_message_size closes with 1009", async (t) => {
    const client = await connect(t, service.ws("/echo"));
    client.send(Buffer.alloc((1 << 20) + 1));
    assert.equal((await within("close", client.closed)).code, 1009);
    const bomb = await connect(t, service.ws("/echo"), [],
                               { perMessageDeflate: { threshold: 0 } });
    bomb.send("0".repeat(8 << 20));
    assert.equal((await within("close", bomb.closed, 30000)).code, 1009);
  });

  await t.test("the client's close code comes back", async (t) => {
    for (const code of [1000, 1001, 1011, 3000, 4999]) {
      const client = await connect(t, service.ws("/echo"));
      assert.equal((await client.close(code, "bye")).code, code);
    }
    const silent = await connect(t, service.ws("/echo"));
    silent.ws.close();
    // An empty close frame, or the normal code, answers an empty one.
    assert.ok([1000, 1005].includes((await within("close", silent.closed)).code));
  });
});
