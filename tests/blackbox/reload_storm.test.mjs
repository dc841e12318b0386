// A hundred SIGHUPs in a row under load, half of the files wrong: no socket is
// lost and no message.

import assert from "node:assert/strict";
import { renameSync, writeFileSync } from "node:fs";
import test from "node:test";
import { base, connect, start, until, within } from "./harness.mjs";
import { Peer } from "./peer.mjs";

const rounds = 100;

/// The number of the file is in what it answers.
const config = (number, peer) => base({ server: `max_message_size = "${100 + number}KiB"` })
  .replace('"debug"', '"info"') + `
[[flow]]
name = "echo"
config = "main"
source = "inbound-listener"
path = "/echo"
default_groups = ["g${number % 3}"]
max_concurrency = ${1 + number % 4}
steps = [ { send = { content = "${number} #[payload]" } } ]

[[flow]]
name = "sometimes"
config = "main"
source = "${number % 4 < 2 ? "on-socket-closed" : "on-inbound-connection"}"
steps = [ { log = "x" } ]

[http_listener.more]
host = "127.0.0.1"
port = 0
max_connections = ${100 + number}
[websocket.more.server]
listener = "more"

[websocket.out.client]
host = "127.0.0.1"
port = ${peer.port}
[[outbound]]
config = "out"
socket_id = "kept"
`;

test("a storm of reloads", async (t) => {
  const peer = await Peer.start(t);
  const service = await start(t, config(0, peer));
  const write = (text) => {
    writeFileSync(`${service.file}.next`, text);
    renameSync(`${service.file}.next`, service.file);
  };
  const clients = await Promise.all(
    Array.from({ length: 100 }, () => connect(t, service.ws("/echo"))));
  let going = true;
  let messages = 0;
  let closed = 0;
  let fresh = 0;
  for (const client of clients)
    client.closed.then(() => closed += going ? 1 : 0);
  const newest = clients.map(() => 0);
  const talk = async (client, i) => {
    for (let n = 0; going; ++n, ++messages) {
      const [number, ...rest] = (await client.ask(`${i} ${n}`)).split(" ");
      assert.equal(rest.join(" "), `${i} ${n}`);
      // Of one socket, never an older program after a newer one.
      assert.ok(Number(number) >= newest[i], `${number} after ${newest[i]}`);
      newest[i] = Number(number);
    }
  };
  const talks = clients.map(talk);
  const arrivals = (async () => {
    for (; going; ++fresh) {
      const client = await connect(t, service.ws("/echo"));
      assert.match(await client.ask("new"), /^\d+ new$/);
      await client.close();
    }
  })();
  const counted = (pattern) => (service.log.match(pattern) ?? []).length;
  const failed = Promise.all([...talks, arrivals]).then(() => {}, (error) => {
    throw error;
  });
  failed.catch(() => {});
  for (let round = 1; round <= rounds; ++round) {
    const wrong = round % 2 === 1;
    const pattern = wrong ? /error.*no reload.*SIGHUP/g : /info.*reloaded.*SIGHUP/g;
    const before = counted(pattern);
    write(wrong ? config(round, peer).replace("source =", "sauce =") : config(round, peer));
    service.child.kill("SIGHUP");
    // The same line is left out of the log when it comes too often.
    if (wrong)
      await until("the file was read", async () => {
        const answer = await service.api("/v1/reload?dry_run", { method: "POST" });
        await answer.arrayBuffer();
        return answer.status === 400;
      });
    else
      await until(`reload ${round}`, () => counted(pattern) > before, 60000);
  }
  // And as fast as they can be sent.
  for (let i = 0; i < rounds; ++i)
    service.child.kill("SIGHUP");
  const before = messages;
  await until("traffic goes on", () => messages > before + 1000, 60000);
  await until("the last file everywhere", () => newest.every((number) => number === rounds), 60000);
  going = false;
  await within("the last answers", failed, 60000);
  assert.deepEqual(newest, clients.map(() => rounds));
  assert.equal(closed, 0);
  assert.ok(fresh > 10, `${fresh} came meanwhile`);
  assert.equal((await service.sockets("type=INBOUND")).length, 100);
  // The outbound one was never touched.
  assert.equal(peer.all("open").length, 1);
  assert.equal(peer.all("close").length, 0);
  t.diagnostic(`${messages} messages, ${fresh} sockets that came and went`);
});
