// Outbound sockets that encrypt, to servers we did not write: npm `ws` over
// Node's TLS, directly and through squid.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import { join } from "node:path";
import test from "node:test";
import { WebSocketServer } from "ws";
import { assert_problem, base, run_to_end, start, temporary_folder, until } from "./harness.mjs";
import { squid } from "./squid.mjs";

const script = new URL("../certificates.sh", import.meta.url).pathname;

/// A server that echoes what its sockets say, and sends `/plain` to another
/// place without encryption.
async function secure_server(t, options, redirect_to = "") {
  const server = createServer(options, (request, response) => {
    response.writeHead(302, { location: redirect_to }).end();
  });
  const sockets = new WebSocketServer({ noServer: true });
  const seen = { upgrades: [], protocols: [], resumed: 0, received: [] };
  server.on("secureConnection", (socket) => {
    seen.protocols.push(socket.getProtocol());
    seen.resumed += socket.isSessionReused() ? 1 : 0;
  });
  server.on("upgrade", (request, socket, head) => {
    if (request.url.startsWith("/plain")) {
      socket.end(`HTTP/1.1 302 Found\r\nLocation: ${redirect_to}\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    seen.upgrades.push({
      path: request.url,
      name: request.socket.servername,
      client: request.socket.getPeerCertificate()?.subject?.CN,
    });
    sockets.handleUpgrade(request, socket, head, (ws) => {
      ws.on("message", (data, binary) => {
        seen.received.push(String(data));
        ws.send(data, { binary });
      });
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    for (const ws of sockets.clients)
      ws.terminate();
    server.closeAllConnections();
    server.close();
  });
  return { seen, sockets, port: server.address().port };
}

function made(t) {
  const folder = temporary_folder(t);
  execFileSync(script, [folder]);
  const file = (name) => readFileSync(join(folder, name));
  return { folder, file, own: { cert: file("server.pem"), key: file("server.pem") } };
}

/// One configuration for each entry: its name, and lines of its client.
const clients = (folder, entries, more = "") => `${base()}
[tls.known]
trust_store = { path = "${folder}/ca.pem" }
[tls.member]
trust_store = { path = "${folder}/ca.pem" }
key_store = { path = "${folder}/client.pem" }
[tls.blind]
trust_store = { insecure = true }
${more}
${Object.entries(entries).map(([name, text]) => `
[websocket.${name}.client]
protocol = "WSS"
connection_timeout = "10s"
${text}

[[flow]]
name = "answers of ${name}"
source = "outbound-listener"
config = "${name}"
steps = [ { log = "EVENT #[attributes.scheme] #[#payload] #[payload:sub(1, 20)]" } ]
`).join("")}`;

const open = (service, request) => service.api("/v1/sockets", {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify(request),
});

async function opens(service, request) {
  const answer = await open(service, request);
  assert.equal(answer.status, 201, await answer.clone().text());
  return (await answer.json()).socket_id;
}

async function fails(service, config, words) {
  const problem = await assert_problem(await open(service, { config, path: "/x" }),
                                       502, "WEBSOCKET:CONNECTIVITY");
  assert.match(problem.detail, words);
}

const sends = (service, id, content) =>
  service.api(`/v1/sockets/${id}/messages`, { method: "POST", body: content });

test("outbound sockets encrypt and know whom they speak to", async (t) => {
  const { folder, own } = made(t);
  const peer = await secure_server(t, own);
  const service = await start(t, clients(folder, {
    known: `port = ${peer.port}\ntls = "known"`,
    address: `host = "127.0.0.1"\nport = ${peer.port}\ntls = "known"`,
    system: `port = ${peer.port}`,
    blind: `port = ${peer.port}\ntls = "blind"`,
  }));

  await t.test("messages of every size come back", async () => {
    const id = await opens(service, { config: "known", path: "/echo" });
    assert.equal(peer.seen.upgrades[0].name, "localhost");
    assert.equal(peer.seen.protocols[0], "TLSv1.3");
    for (const size of [0, 1, 125, 20_000, 700_000]) {
      const answer = await sends(service, id, "x".repeat(size));
      assert.ok(answer.ok, await answer.text());
      await until(`an echo of ${size}`, () => service.log.includes(`EVENT WSS ${size} `), 60000);
    }
    const closed = await service.api(`/v1/sockets/${id}`, { method: "DELETE" });
    assert.ok(closed.ok, await closed.text());
    await until("the end", () => peer.sockets.clients.size === 0);
  });

  await t.test("the next connection resumes the session", async () => {
    const before = peer.seen.resumed;
    await opens(service, { config: "known", path: "/again" });
    assert.equal(peer.seen.resumed, before + 1);
  });

  await t.test("an address in the certificate will do", async () => {
    await opens(service, { config: "address", path: "/echo" });
    assert.ok(!peer.seen.upgrades.at(-1).name, "SNI holds no address");
  });

  await t.test("an unknown issuer is told", async () => {
    const upgrades = peer.seen.upgrades.length;
    await fails(service, "system", /TLS with localhost:\d+ failed: .*certificate/);
    assert.equal(peer.seen.upgrades.length, upgrades);
  });

  await t.test("whoever looks at no certificate is warned", async () => {
    await opens(service, { config: "blind", path: "/echo" });
    await service.logged(/TLS looks at no certificate/);
  });
});

test("a certificate for another name is refused", async (t) => {
  const { folder, file } = made(t);
  const stranger = { cert: file("client.pem"), key: file("client.pem") };
  const peer = await secure_server(t, stranger);
  const service = await start(t, clients(folder, {
    known: `port = ${peer.port}\ntls = "known"`,
  }));
  await fails(service, "known", /TLS with localhost:\d+ failed: /);
  assert.equal(peer.seen.upgrades.length, 0);
});

test("a peer that asks for a certificate gets ours", async (t) => {
  const { folder, file, own } = made(t);
  const peer = await secure_server(t, {
    ...own, ca: file("ca.pem"), requestCert: true, rejectUnauthorized: true,
    maxVersion: "TLSv1.2",
  });
  const service = await start(t, clients(folder, {
    member: `port = ${peer.port}\ntls = "member"`,
    known: `port = ${peer.port}\ntls = "known"`,
  }));
  await opens(service, { config: "member", path: "/echo" });
  assert.equal(peer.seen.upgrades[0].client, "test client");
  const refused = await open(service, { config: "known", path: "/echo" });
  assert.equal(refused.status, 502, await refused.text());
  assert.equal(peer.seen.upgrades.length, 1);
});

test("squid passes what it cannot read", async (t) => {
  const { folder, own } = made(t);
  const peer = await secure_server(t, own);
  const password = "sesame of brass";
  const proxy = await squid(t, "basic", { username: "carol", password });
  const service = await start(t, clients(folder, {
    through: `port = ${peer.port}\ntls = "known"\nproxy = "squid"`,
  }, `
[proxy.squid]
host = "127.0.0.1"
port = ${proxy.port}
username = "carol"
password = "${password}"
`));
  const id = await opens(service, { config: "through", path: "/echo" });
  assert.ok((await sends(service, id, "through a tunnel")).ok);
  await until("the echo", () => service.log.includes("EVENT WSS 16 through a tunnel"));
  assert.ok(!service.log.includes(password));
});

test("a redirect never leads from WSS to WS", async (t) => {
  const { folder, own } = made(t);
  const peer = await secure_server(t, own, "ws://127.0.0.1:1/plain");
  const service = await start(t, clients(folder, {
    known: `port = ${peer.port}\ntls = "known"`,
  }));
  const problem = await assert_problem(
    await open(service, { config: "known", path: "/plain" }), 502, "WEBSOCKET:CONNECTIVITY");
  assert.match(problem.detail, /WSS|encrypt/);
});

test("a kept socket comes back over TLS", async (t) => {
  const { folder, own } = made(t);
  const peer = await secure_server(t, own);
  const service = await start(t, `${clients(folder, {
    known: `port = ${peer.port}\ntls = "known"`,
  })}
[websocket.known.reconnection]
strategy = "reconnect-forever"
frequency = "100ms"

[[outbound]]
config = "known"
socket_id = "kept"
path = "/kept"
`);
  for (const round of [1, 2, 3]) {
    await until("the socket", () => peer.sockets.clients.size === 1, 60000);
    assert.ok((await sends(service, "kept", `round ${round}`)).ok);
    await until("its message", () => peer.seen.received.includes(`round ${round}`), 60000);
    for (const ws of peer.sockets.clients)
      ws.terminate();
    await until("the loss", () => peer.seen.upgrades.length > round, 60000);
  }
  assert.deepEqual(peer.seen.received, ["round 1", "round 2", "round 3"]);
});

test("a client's tls that cannot be used ends the start", async (t) => {
  const { folder } = made(t);
  const file = join(folder, "wrong.toml");
  writeFileSync(file, clients(folder, { known: "tls = \"nown\"" }));
  const unknown = await run_to_end(["check", file]);
  assert.equal(unknown.code, 2);
  assert.match(unknown.output, /client\.tls: .*"known"|nown.*nearest/);
  writeFileSync(file, `${clients(folder, { known: "tls = \"lost\"" })}
[tls.lost]
trust_store = { path = "${folder}/missing.pem" }
`);
  const missing = await run_to_end(["check", file]);
  assert.equal(missing.code, 2);
  assert.match(missing.output, /tls\.lost: .*missing\.pem/);
});
