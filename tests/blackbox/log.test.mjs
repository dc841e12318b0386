// The log's levels, of all and by part: in the file, by a reload and while it
// runs.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import test from "node:test";
import { assert_problem, base, connect, echo_flow, start, until, within } from "./harness.mjs";

const with_log = (text) => base().replace('level = "debug"', text) + echo_flow("/echo") + `
[[flow]]
name = "noted"
source = "inbound-listener"
path = "/noted"
steps = [ { log = "seen #[payload]" }, { send = { content = "#[payload]" } } ]
`;

function put(service, body) {
  return service.api("/v1/log", { method: "PUT", body: JSON.stringify(body) });
}

async function change(service, body) {
  const response = await put(service, body);
  assert.equal(response.status, 200, await response.clone().text());
  return response.json();
}

/// The parts that have written a line since a mark, with the least level of
/// each.
function parts_since(service, mark) {
  const order = ["debug", "info", "warn", "error"];
  const result = {};
  for (const line of service.log.slice(mark).split("\n")) {
    const [, level, part] = /^\S+Z (\w+) .* part=(\w+)/.exec(line) ?? [];
    if (part && (!(part in result) || order.indexOf(level) < order.indexOf(result[part])))
      result[part] = level;
  }
  return result;
}

/// Opens a socket, has a flow log, closes it; makes a request.
async function traffic(t, service) {
  const mark = service.log.length;
  const client = await connect(t, service.ws("/noted"));
  assert.equal(await client.ask("x"), "x");
  const [{ socket_id }] = await service.sockets("path=/noted");
  await client.close(4000, "over");
  await until("the post-mortem", async () => (await service.api(`/v1/closed/${socket_id}`)).status === 200);
  // Lines come in order: behind this one there are no more of those before.
  await change(service, { levels: { service: "info" } });
  await until("the mark", () => /the log's levels are set/.test(service.log.slice(mark)));
  return parts_since(service, mark);
}

test("each line says its part, as text and as JSON", async (t) => {
  const service = await start(t, base() + echo_flow("/echo"));
  const client = await connect(t, service.ws("/echo"));
  await client.close();
  await until("its end", () => /info  socket closed socket=.* part=socket$/m.test(service.log));
  await service.logged(/info  listening listener=public .* part=listener$/m);
  await service.logged(/info  listening listener=admin .* part=admin$/m);
  await service.logged(/info  ready part=service$/m);
  for (const line of service.log.trim().split("\n"))
    assert.match(line, / part=[a-z]+$/);

  const json = await start(t, base({ log: 'format = "json"' }) + echo_flow("/echo"), { ready: false });
  await until("lines", () => /"message":"ready"/.test(json.log));
  const lines = json.log.trim().split("\n").map((line) => JSON.parse(line));
  assert.ok(lines.every(({ part }) => part), json.log);
  assert.equal(lines.find(({ message, listener }) => message === "listening" && listener === "public").part,
               "listener");
});

test("the log's level by the API", async (t) => {
  const service = await start(t, base().replace('"debug"', '"info"') + echo_flow("/echo"));
  assert.deepEqual(await change(service, { level: "debug" }), { level: "debug", levels: {} });
  await connect(t, service.ws("/echo"));
  await until("a debug line", () => /debug.*socket opened/.test(service.log));
  for (const [wrong, why] of [
    [{}, /neither level nor levels/], [{ level: "loud" }, /level is wrong/], [{ level: 1 }, /level is wrong/],
    [{ level: null }, /level is wrong/], [{ level: "info", more: 1 }, /unknown member `more`/],
    [[], /no JSON object/], [{ levels: [] }, /levels is no JSON object/],
    [{ levels: { ["x".repeat(1 << 20)]: "info" } }, /unknown part `x{64}`/],
    [{ level: "error", levels: { sockets: "info" } }, /unknown part `sockets`, the nearest known part is socket/],
    [{ level: "error", levels: { tls: "loud" } }, /levels\.tls is wrong/],
  ]) {
    const { detail } = await assert_problem(await put(service, wrong), 400, "SWITCHBOARD:INVALID_ARGUMENT");
    assert.match(detail, why);
  }
  assert.deepEqual(await service.json("/v1/log"), { level: "debug", levels: {} }, "nothing by halves");
});

test("each part has the level that it was given while it runs", async (t) => {
  const service = await start(t, with_log('level = "info"'));
  assert.deepEqual(await traffic(t, service), { socket: "info", flow: "info", service: "info" });
  assert.deepEqual(await change(service, { level: "warn", levels: { socket: "debug", admin: "debug" } }),
                   { level: "warn", levels: { service: "info", socket: "debug", admin: "debug" } });
  assert.deepEqual(await traffic(t, service), { socket: "debug", admin: "debug", service: "info" });
  assert.deepEqual(await change(service, { levels: { socket: null, admin: "off", flow: "info" } }),
                   { level: "warn", levels: { service: "info", flow: "info", admin: "off" } });
  assert.deepEqual(await traffic(t, service), { flow: "info", service: "info" });
  // What GET answers may be put back.
  const all = await service.json("/v1/log");
  assert.deepEqual(await change(service, all), all);
});

test("levels of parts in the file, and by a reload", async (t) => {
  const service = await start(t, with_log('level = "off"\nlevels = { listener = "info", admin = "info", socket = "info" }'));
  assert.deepEqual(await service.json("/v1/log"),
                   { level: "off", levels: { listener: "info", socket: "info", admin: "info" } });
  await service.logged(/listener=public .* part=listener$/m);
  assert.deepEqual(parts_since(service, 0), { listener: "info", admin: "info" });
  assert.deepEqual(await traffic(t, service), { socket: "info", service: "info" });
  writeFileSync(service.file, with_log('level = "error"\n[log.levels]\nflow = "info"\nreload = "info"'));
  const { changes } = await service.json("/v1/reload", { method: "POST" });
  assert.deepEqual(Object.fromEntries(changes.map((x) => [x.key, `${x.change}, ${x.effect}`])), {
    "log.level": "changed, applied", "log.levels.admin": "removed, applied",
    "log.levels.flow": "added, applied", "log.levels.listener": "removed, applied",
    "log.levels.reload": "added, applied", "log.levels.socket": "removed, applied",
  });
  // What was set while it ran is over as well.
  assert.deepEqual(await service.json("/v1/log"), { level: "error", levels: { flow: "info", reload: "info" } });
  await until("the reload", () => /info  reloaded .* part=reload$/m.test(service.log));
  assert.deepEqual(await traffic(t, service), { flow: "info", service: "info" });
  const client = await connect(t, service.ws("/echo"));
  await service.stop();
  assert.equal((await within("close", client.closed)).code, 1001);
});
