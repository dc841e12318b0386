// Each key of [tls.NAME] for outbound sockets, right and wrong, against
// openssl's s_server; and names of every kind through a CONNECT proxy that
// finds all of them on this machine.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { createServer } from "node:http";
import net from "node:net";
import test from "node:test";
import { base, hold_port, start, until, within } from "./harness.mjs";
import { certificates } from "./tls.mjs";

/// openssl's s_server; it answers every request with a page that shows what
/// was agreed on.
async function s_server(t, made, name, ...args) {
  const { port, release } = await hold_port(t);
  await release();
  const child = spawn("openssl", [
    "s_server", "-accept", `127.0.0.1:${port}`, "-cert", made.path(`${name}.crt`), "-key",
    made.path(`${name}.key`), "-www", ...args,
  ], { stdio: ["ignore", "pipe", "pipe"] });
  t.after(() => child.kill("SIGKILL"));
  let output = "";
  child.stdout.on("data", (chunk) => output += chunk);
  child.stderr.on("data", (chunk) => output += chunk);
  await until("s_server", () => /ACCEPT/.test(output));
  return port;
}

/// Asks for a socket.
/// @returns why there is none: s_server is no WebSocket server, so where TLS
///          was agreed on its page is what is wrong.
async function attempt(service, config) {
  const response = await service.api("/v1/sockets", {
    method: "POST", headers: { "content-type": "application/json" },
    body: JSON.stringify({ config, path: "/" }),
  });
  assert.equal(response.status, 502);
  return (await response.json()).detail;
}

const encrypted = (detail) => !/TLS with|TLS failed/.test(detail) && /200|answer/.test(detail);

const client = (name, port, tls, more = "") => `
[tls.${name}]
${tls}
[websocket.${name}.client]
host = "localhost"
port = ${port}
protocol = "WSS"
tls = "${name}"
connection_timeout = "10s"
${more}
`;

test("protocols, suites, stores and certificates of a client", async (t) => {
  const made = certificates(t);
  made.issue("rsa", { names: "DNS:localhost", type: "RSA" });
  made.issue("gone", { names: "DNS:localhost", days: -1 });
  made.issue("middle", { authority: true });
  made.issue("below", { names: "DNS:localhost", issuer: "middle" });
  execFileSync("keytool", [
    "-importcert", "-keystore", made.path("trust.jks"), "-storetype", "JKS", "-storepass",
    "changeit", "-alias", "root", "-file", made.path("ca.crt"), "-noprompt",
  ], { stdio: "ignore" });
  const usual = await s_server(t, made, "server");
  const modern = await s_server(t, made, "server", "-tls1_3");
  const older = await s_server(t, made, "server", "-tls1_2", "-cipher", "ECDHE-ECDSA-AES256-GCM-SHA384");
  const oldest = await s_server(t, made, "rsa", "-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0");
  const asking = await s_server(t, made, "server", "-Verify", "1", "-verify_return_error", "-tls1_2",
                                "-CAfile", made.path("ca.pem"));
  const gone = await s_server(t, made, "gone");
  const chained = await s_server(t, made, "below", "-cert_chain", made.path("middle.crt"));
  const broken = await s_server(t, made, "below");
  const trust = `trust_store = { path = "${made.path("ca.pem")}" }`;
  const member = (name) => `${trust}\nkey_store = { path = "${made.path(`${name}.pem`)}" }`;
  const rows = {
    usual: [usual, trust, true],
    java: [usual, `trust_store = { path = "${made.path("trust.jks")}", password = "changeit" }`, true],
    modern: [modern, trust, true],
    too_old: [modern, `${trust}\nenabled_protocols = ["TLSv1.2"]`, /TLS with localhost:\d+ failed: .*version/],
    older: [older, trust, true],
    too_new: [older, `${trust}\nenabled_protocols = ["TLSv1.3"]`, /failed: .*(version|protocol)/],
    oldest: [oldest, `${trust}\nenabled_protocols = ["TLSv1.1"]`, true],
    not_that_old: [oldest, trust, /failed: .*(version|protocol)/],
    iana: [older, `${trust}\nenabled_cipher_suites = ["TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"]`, true],
    none_shared: [older, `${trust}\nenabled_cipher_suites = ["ECDHE-ECDSA-AES128-GCM-SHA256"]`, /failed: .*handshake failure/],
    member: [asking, member("client"), true],
    stranger: [asking, member("stranger"), /failed|reset|closed|ended/],
    nobody: [asking, trust, /failed|reset|closed|ended/],
    gone: [gone, trust, /failed: certificate verify failed: certificate has expired/],
    gone_blind: [gone, "trust_store = { insecure = true }", true],
    chained: [chained, trust, true],
    broken: [broken, trust, /failed: certificate verify failed: unable to get local issuer/],
    pinned: [broken, `trust_store = { path = "${made.path("below.crt")}" }`, true],
    mistrusted: [usual, `trust_store = { path = "${made.path("stranger.crt")}" }`, /failed: certificate verify failed/],
    system: [usual, "", /failed: certificate verify failed/],
  };
  const service = await start(t, base() + Object.entries(rows)
    .map(([name, [port, tls]]) => client(name, port, tls)).join(""));
  for (const [name, [, , expected]] of Object.entries(rows)) {
    const detail = await attempt(service, name);
    if (expected === true)
      assert.ok(encrypted(detail), `${name}: ${detail}`);
    else
      assert.match(detail, expected, name);
  }
});

/// A CONNECT proxy that finds every host on this machine.
async function proxy_to_here(t) {
  const server = createServer((request, response) => response.writeHead(405).end());
  const open = new Set();
  server.on("connect", (request, socket, head) => {
    const there = net.connect(Number(request.url.split(":").at(-1)), "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      there.write(head);
      there.pipe(socket).pipe(there);
    });
    for (const each of [socket, there]) {
      open.add(each);
      each.on("error", () => { socket.destroy(); there.destroy(); });
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    for (const each of open)
      each.destroy();
    server.close();
  });
  return server.address().port;
}

test("names, wildcards and addresses", async (t) => {
  const made = certificates(t);
  made.issue("names", { names: "DNS:a.example,DNS:*.b.example,DNS:f*.c.example,IP:127.0.0.1,IP:::1" });
  made.issue("bare", { subject: "only.example" });
  const proxy = await proxy_to_here(t);
  const names = await s_server(t, made, "names");
  const bare = await s_server(t, made, "bare");
  const rows = [
    ["a.example", true], ["A.Example", true], ["a.example.", true], ["x.b.example", true],
    ["b.example", false], ["x.y.b.example", false], ["foo.c.example", false],
    ["a.example.evil", false], ["127.0.0.1", true], ["127.0.0.2", false],
  ];
  const tls = `trust_store = { path = "${made.path("ca.pem")}" }`;
  const through = 'proxy = "here"';
  const named = (name, port, host) => client(name, port, tls, through).replace('"localhost"', `"${host}"`);
  const service = await start(t, base() + `
[proxy.here]
host = "127.0.0.1"
port = ${proxy}
` + rows.map(([host], i) => named(`row${i}`, names, host)).join("")
    // A certificate without names in its extension still has one.
    + named("bare", bare, "only.example") + named("other", bare, "other.example"));
  for (const [i, [host, expected]] of rows.entries()) {
    const detail = await within(host, attempt(service, `row${i}`), 30000);
    if (expected)
      assert.ok(encrypted(detail), `${host}: ${detail}`);
    else
      assert.match(detail, /certificate verify failed: (hostname|IP address) mismatch/i, host);
  }
  assert.ok(encrypted(await attempt(service, "bare")));
  assert.match(await attempt(service, "other"), /hostname mismatch/i);
});
