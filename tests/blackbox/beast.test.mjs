// Echo and groups over three listeners' paths, driven by Beast.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import test from "node:test";
import { beast } from "./beast.mjs";
import { base, echo_flow, start, two_more_listeners } from "./harness.mjs";

const config = base({ server: 'compression = "on"' }) + `
${two_more_listeners}
${echo_flow("/echo").replace("path =", 'config = "main"\npath =')}

[[flow]]
name = "join"
source = "on-inbound-connection"
config = "plain"
path = "/{room}"
steps = [ { subscribe_groups = { groups = ["#[attributes.uri_params.room]"] } } ]

[[flow]]
name = "say"
source = "inbound-listener"
config = "plain"
path = "/{room}"
steps = [ { broadcast = { config = "plain", groups = ["#[attributes.uri_params.room]"], content = "#[payload]" } } ]

${echo_flow("/files/*", "tail").replace("path =", 'config = "stateless"\npath =')}
`;

const sizes = [0, 1, 125, 126, 127, 1000, 65535, 65536, 65537, 300000, 1 << 20];
const filled = (size) => "aä€😀".repeat(size / 10) + "x".repeat(size % 10);

test("Beast's clients", async (t) => {
  const service = await start(t, config);
  const clients = beast(t);
  const forms = {
    "plain": [{}, ""],
    "fragmented": [{ fragment: 700 }, ""],
    "compressed": [{ compress: true }, /permessage-deflate/],
    "compressed and fragmented": [{ compress: true, fragment: 700 }, /permessage-deflate/],
  };
  for (const [name, [options, extensions]] of Object.entries(forms))
    for (const [path, listener] of [["/echo", "public"], ["/third/files/x", "third"]])
      await t.test(`echo on ${path}, ${name}`, async () => {
        const client = await clients.connect(service.ws(path, listener), options);
        assert.match(client.extensions, extensions ? extensions : /^$/);
        for (const size of sizes) {
          assert.ok(await client.ask(filled(size)) === filled(size), `text of ${size} bytes`);
          for (const content of [randomBytes(size), Buffer.alloc(size, "z")])
            assert.ok(content.equals(await client.ask(content)), `binary of ${size} bytes`);
        }
        assert.deepEqual(await client.close(), { code: 1000, reason: "" });
      });

  await t.test("a room hears its own messages and no other", async () => {
    const enter = (room) => clients.connect(service.ws(`/second/${room}`, "second"));
    const [anna, bert, carl] = await Promise.all(["blue", "blue", "red"].map(enter));
    anna.send("hello");
    for (const client of [anna, bert])
      assert.equal(await client.next(), "hello");
    // Whatever came to the red room before its own message would be first.
    assert.equal(await carl.ask("alone"), "alone");
    await bert.close();
    assert.equal(await anna.ask("left?"), "left?");
  });

  await t.test("a path of another listener is refused", async () => {
    await assert.rejects(clients.connect(service.ws("/echo", "third")), /declined|upgrade/i);
  });
});
