// What an idle encrypted socket costs: OpenSSL's state and little more. A
// buffer that is not released would cost 16 KiB more.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { base, echo_flow, sanitized, start, until } from "./harness.mjs";
import { answer_to, certificates, open } from "./tls.mjs";

/// KiB, once they have stood still for a while.
async function resident(service) {
  let last = [];
  return until("memory at rest", () => {
    const status = readFileSync(`/proc/${service.child.pid}/status`, "utf8");
    const now = Number(/VmRSS:\s+(\d+)/.exec(status)[1]);
    last = last.at(-1) === now ? [...last, now] : [now];
    return last.length > 20 && now;
  }, 60000);
}

test("an idle encrypted socket keeps no buffer", { skip: sanitized }, async (t) => {
  const made = certificates(t);
  const service = await start(t, base({ listener: 'tls = "edge"' }) + `
[tls.edge]
key_store = { path = "${made.path("server.pem")}" }
` + echo_flow("/echo"));
  const sockets = [];
  const add = async (count) => {
    for (let i = 0; i < count; i += 50)
      await Promise.all(Array.from({ length: 50 }, async () => {
        const socket = await open(t, service, { ca: made.ca });
        sockets.push(socket);
        await answer_to(socket, "hello");
      }));
  };
  await add(500);
  const before = await resident(service);
  await add(1500);
  const each = (await resident(service) - before) / 1500;
  t.diagnostic(`${each.toFixed(1)} KiB each`);
  assert.ok(each < 20, `${each} KiB each`);
  for (const socket of sockets)
    socket.terminate();
  await until("the end of all", async () => (await service.sockets()).length === 0, 60000);
});
