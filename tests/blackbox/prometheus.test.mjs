// A real Prometheus and its promtool: they take what the program exposes, the
// alert rules and the expressions of the dashboard.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { base, connect, echo_flow, start, temporary_folder, until } from "./harness.mjs";
import { Peer } from "./peer.mjs";
import { Prometheus, packaging, promtool, rules_file } from "./prometheus.mjs";
import { certificates } from "./tls.mjs";

const token = "scrape-me";

/// Something of all that has metrics: both directions, flows that fail and are
/// tried again, an object store, certificates.
function configuration(t, peer) {
  const made = certificates(t);
  made.issue("edge", { names: "DNS:localhost", days: 60 });
  return base({ admin: `tokens = ["${token}"]`, server: 'max_message_size = "1KiB"' })
    + echo_flow("/echo").replace('source =', 'config = "main"\nsource =') + `
[http_listener.secure]
host = "127.0.0.1"
port = 0
tls = "edge"

[tls.edge]
key_store = { path = "${made.path("edge.pem")}" }

[websocket.safe.server]
listener = "secure"

[websocket.out.client]
host = "127.0.0.1"
port = ${peer.port}

[[outbound]]
config = "out"
socket_id = "kept"

[object_store.small]
type = "memory"
max_entries = 2

[[flow]]
name = "fails"
config = "main"
source = "inbound-listener"
path = "/fails"
redelivery = { max_redelivery_count = 1, object_store = "small" }
retry = { count = 1, frequency = "10ms" }
dead_letter = { flow = "grave" }
steps = [ { raise_error = { type = "APP:WRONG", message = "always" } } ]

[[flow]]
name = "grave"
steps = [ { log = "dead: #[payload]" } ]
`;
}

async function running(t) {
  const peer = await Peer.start(t);
  const service = await start(t, configuration(t, peer), { token });
  await until("the outbound socket", () => peer.all("open").length === 1);
  return service;
}

/// Five inbound sockets stay; messages, failures, a limit, broadcasts, and
/// sockets that come and go.
async function traffic(t, service) {
  const clients = await Promise.all(Array.from({ length: 5 }, () => connect(t, service.ws("/echo"))));
  for (const client of clients)
    assert.equal(await client.ask("hello"), "hello");
  const failing = await connect(t, service.ws("/fails"));
  for (const text of ["a", "b", "c", "c"])
    failing.send(text);
  const large = await connect(t, service.ws("/echo"));
  large.send("x".repeat(2000));
  await large.closed;
  assert.equal((await service.json("/v1/broadcast?path=/echo", { method: "POST", body: "all" })).matched, 5);
  await until("failures", async () => {
    const { flows } = await service.json("/v1/flows");
    return flows.find(({ name }) => name === "fails").dead_letters > 0;
  });
  await failing.close();
  return clients;
}

test("promtool finds nothing wrong with /metrics", async (t) => {
  const service = await running(t);
  const checked = async () => {
    const text = await (await service.api("/metrics")).text();
    assert.deepEqual(await promtool(["check", "metrics"], text), { code: 0, output: "" });
    return text;
  };
  await checked();
  await traffic(t, service);
  const text = await checked();
  for (const [, name] of text.matchAll(/^# TYPE (\S+)/gm))
    assert.match(text, new RegExp(`^${name}(_count)?[{ ]`, "m"), `${name} has samples`);
});

test("promtool takes the alert rules, and each fires when it should and only then", async () => {
  const folder = join(packaging, "prometheus");
  const checked = await promtool(["check", "rules", rules_file]);
  assert.equal(checked.code, 0, checked.output);
  const tests = join(folder, "alerts_test.yml");
  const tried = await promtool(["test", "rules", tests]);
  assert.equal(tried.code, 0, tried.output);
  const names = (text, what) =>
    new Set([...text.matchAll(what)].map(([, name]) => name));
  const rules = names(readFileSync(rules_file, "utf8"), /- alert: (\w+)/g);
  assert.ok(rules.size > 15);
  // Each has a test in which it fires, and one in which it does not.
  const text = readFileSync(tests, "utf8");
  assert.deepEqual(names(text, /^ +- alertname: (\w+)\n/gm), rules);
  assert.deepEqual(names(text, /alertname: (\w+), [^\n]*exp_alerts: \[\]/g), rules);
});

/// The expressions of the dashboard, as Grafana would ask them.
function dashboard_expressions() {
  const { panels } = JSON.parse(readFileSync(join(packaging, "grafana/switchboard.json"), "utf8"));
  return panels.flatMap(({ title, targets }) => targets.map(({ expr }) => ({
    title, expression: expr.replaceAll("$instance", ".*").replaceAll("$__rate_interval", "30s"),
  })));
}

async function scraped(t, service) {
  const { host, port } = service.address("admin");
  const secret = join(temporary_folder(t), "token");
  writeFileSync(secret, token);
  return Prometheus.start(t, `
  - job_name: switchboard
    authorization: { credentials_file: "${secret}" }
    static_configs: [ { targets: [ "${host}:${port}" ] } ]
  - job_name: stranger
    static_configs: [ { targets: [ "${host}:${port}" ] } ]
`);
}

test("a Prometheus scrapes the program and can answer for it", async (t) => {
  const service = await running(t);
  const prometheus = await scraped(t, service);
  await prometheus.becomes('up{job="switchboard"}', 1);
  await prometheus.becomes('up{job="stranger"}', 0);
  const clients = await traffic(t, service);
  const inbound = 'switchboard_sockets{config="main",type="INBOUND",state="open"}';
  await prometheus.becomes(inbound, 5);
  await prometheus.becomes('switchboard_sockets{config="out",type="OUTBOUND",state="open"}', 1);
  await clients[0].close();
  await prometheus.becomes(inbound, 4);
  await prometheus.becomes('sum(switchboard_sockets_closed_total{by="peer",code="1000"})', 2);
  await prometheus.becomes('sum(switchboard_flow_dead_letters_total{flow="fails",outcome="lost"})', 0);
  for (const { title, expression } of dashboard_expressions())
    await until(`${title}: ${expression}`, async () => (await prometheus.query(expression)).length > 0, 60000);
  // Every rule has been evaluated, and none in vain.
  const rules = await until("evaluations", async () => {
    const { groups } = await prometheus.api("rules");
    const all = groups.flatMap((group) => group.rules);
    return all.every(({ health }) => health !== "unknown") && all;
  }, 60000);
  assert.ok(rules.length > 15);
  for (const { name, health, lastError } of rules)
    assert.equal(health, "ok", `${name}: ${lastError}`);
});

test("alerts see a failed reload, a drain and the end", async (t) => {
  const service = await running(t);
  const prometheus = await scraped(t, service);
  const clients = await Promise.all(Array.from({ length: 3 }, () => connect(t, service.ws("/echo"))));
  const open = 'sum(switchboard_sockets{state="open"}) or vector(0)';
  await prometheus.becomes(open, 4);
  await prometheus.becomes("switchboard_config_last_reload_successful", 1);
  await prometheus.alerts_become();

  const right = readFileSync(service.file, "utf8");
  writeFileSync(service.file, right.replace("[runtime]", "[runtime]\nshard = 1"));
  service.child.kill("SIGHUP");
  await prometheus.becomes("switchboard_config_last_reload_successful", 0);
  await prometheus.alerts_become("SwitchboardReloadFailed");
  const failed = await prometheus.value("switchboard_config_last_reload_success_timestamp_seconds");
  writeFileSync(service.file, right.replace("[runtime]", "[runtime]\nshards = 1"));
  await service.json("/v1/reload", { method: "POST" });
  await prometheus.becomes("switchboard_config_last_reload_successful", 1);
  assert.ok(await prometheus.value("switchboard_config_last_reload_success_timestamp_seconds") > failed);
  await prometheus.becomes("switchboard_config_keys_awaiting_restart", 1);
  await prometheus.alerts_become("SwitchboardRestartNeeded");

  assert.equal((await service.api("/v1/drain", { method: "POST" })).status, 202);
  await prometheus.becomes("switchboard_draining", 1);
  await prometheus.becomes(open, 0);
  await prometheus.becomes('sum(switchboard_sockets_closed_total{by="shutdown",code="1001"})', 4);
  await prometheus.alerts_become("SwitchboardDrained", "SwitchboardRestartNeeded");
  await prometheus.becomes('up{job="switchboard"}', 1);
  for (const client of clients)
    assert.equal((await client.closed).code, 1001);

  await service.stop();
  await prometheus.becomes('up{job="switchboard"}', 0);
  await prometheus.alerts_become("SwitchboardDown");
});
