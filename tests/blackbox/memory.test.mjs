// A process that gets no more memory from its system: `ulimit -v`, a strict
// `vm.overcommit_memory`. Sanitizers need more of the address space than there
// would be.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import test from "node:test";
import { base, connect, sanitized, start, until, within } from "./harness.mjs";
import { reached } from "./limits.mjs";

const MiB = 1024 * 1024;

const flows = (more) => base({ server: 'max_message_size = "64MiB"\nsend_queue_limit = "256MiB"\ncompression = { level = 1 }' }) + `
[[flow]]
name = "echo"
source = "inbound-listener"
path = "/echo"
steps = [ { send = { content = "#[payload]" } } ]
on_error = [ { send = { content = "#[error.type]" } } ]
${more}
`;

/// What the process has of its address space, in bytes.
function address_space({ child: { pid } }) {
  const [, size] = /^VmSize:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"));
  return Number(size) * 1024;
}

/// Leaves the process so many bytes more than it has; none: as many as it wants.
function leave(service, bytes) {
  const limit = bytes === undefined ? "unlimited" : address_space(service) + bytes;
  const { status, stderr } = spawnSync("prlimit", [`--pid=${service.child.pid}`, `--as=${limit}:unlimited`],
                                       { encoding: "utf8" });
  assert.equal(status, 0, stderr);
}

test("a message that there is no memory for costs its own socket only", { skip: sanitized }, async (t) => {
  const service = await start(t, flows(""));
  const bystander = await connect(t, service.ws("/echo"));
  assert.equal(await bystander.ask("before"), "before");
  const large = Buffer.alloc(48 * MiB, "x");
  const clients = await Promise.all([{}, {}, { perMessageDeflate: true }].map((options) =>
    connect(t, service.ws("/echo"), [], options)));
  leave(service, 24 * MiB);
  for (const client of clients)
    client.send(large);
  for (const client of clients)
    assert.deepEqual(await within("its end", client.closed, 20000), { code: 1013, reason: "out of memory" });
  assert.equal(await bystander.ask("after"), "after");
  const late = await connect(t, service.ws("/echo"));
  assert.equal(await late.ask("new"), "new");
  assert.equal(await reached(service, "memory"), clients.length);
  const { sockets } = await service.json("/v1/closed");
  assert.equal(sockets.filter(({ by, reason }) => by === "limit" && reason === "out of memory").length, clients.length);
  leave(service);
  late.send(large);
  assert.ok(large.equals(await late.next("the large one", 20000)));
});

test("wherever memory ends the others go on", { skip: sanitized }, async (t) => {
  const service = await start(t, flows(`
[[flow]]
name = "keep"
source = "inbound-listener"
path = "/keep"
streaming = { type = "in-memory", max_buffer_size = "64MiB" }
steps = [ { send = { content = "#[#payload]" } } ]
on_error = [ { send = { content = "#[error.type]" } } ]
`));
  const bystanders = await Promise.all(["/echo", "/keep"].map((path) => connect(t, service.ws(path))));
  const large = Buffer.alloc(32 * MiB, "x");
  const outcomes = new Set();
  for (let margin = 16; margin <= 208; margin += 12) {
    leave(service, margin * MiB);
    for (const path of ["/echo", "/keep"]) {
      const client = await connect(t, service.ws(path));
      client.send(large);
      const outcome = await Promise.race([
        within("an answer", client.next(undefined, 30000), 30000).catch(() => client.closed),
        client.closed,
      ]);
      outcomes.add(outcome.code ?? (outcome.length === large.length ? "whole" : String(outcome)));
      client.ws.terminate();
    }
    assert.equal(await bystanders[0].ask("x"), "x", `with ${margin} MiB`);
    assert.equal(await bystanders[1].ask("x"), "1", `with ${margin} MiB`);
    leave(service);
    await until("what the last one held is free", async () => (await service.sockets()).length === 2);
  }
  const known = [1013, "STREAM_NOT_STORED", "SWITCHBOARD:EXPRESSION", "WEBSOCKET:CONNECTIVITY", "whole", String(large.length)];
  for (const outcome of outcomes)
    assert.ok(known.includes(outcome), `${outcome}`);
  assert.ok(outcomes.has(1013), [...outcomes].join());
  assert.ok(outcomes.has("whole"), [...outcomes].join());
});

test("a request that there is no memory for is refused and the next one is not", { skip: sanitized }, async (t) => {
  const service = await start(t, flows(""));
  const client = await connect(t, service.ws("/echo"));
  const [{ socket_id }] = await service.sockets();
  const body = Buffer.alloc(15 * MiB, "x");
  const paths = [`/v1/sockets/${encodeURIComponent(socket_id)}/messages`, "/v1/broadcast"];
  const post = async (path) => {
    const response = await service.api(path, {
      method: "POST", body, headers: { "content-type": "application/octet-stream" },
    });
    await response.arrayBuffer();
    return response.status;
  };
  const statuses = new Set();
  for (const margin of [0, 20, 40, 80]) {
    leave(service, margin * MiB);
    for (const status of await Promise.all(Array.from({ length: 12 }, (_, i) => post(paths[i % 2]))))
      statuses.add(status);
  }
  assert.ok(statuses.has(503), [...statuses].join());
  for (const status of statuses)
    assert.ok([200, 204, 503].includes(status), `${status}`);
  leave(service);
  client.received = [];
  assert.equal(await post(paths[0]), 204);
  assert.equal(await post(paths[1]), 200);
  await until("both", () => client.received.filter((one) => body.equals(one)).length >= 2, 20000);
});
