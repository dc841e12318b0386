// Listeners that encrypt, spoken to by clients we did not write: npm `ws`,
// curl and openssl's s_client.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import net from "node:net";
import { join } from "node:path";
import test from "node:test";
import { WebSocket } from "ws";
import {
  base, echo_flow, run_to_end, start, temporary_folder, until, within,
} from "./harness.mjs";

const script = new URL("../certificates.sh", import.meta.url).pathname;

/// A folder of certificates that goes away with the test.
function certificates(t) {
  const folder = temporary_folder(t);
  execFileSync(script, [folder]);
  return folder;
}

const context = (folder, more = "") => `
[tls.edge]
key_store = { path = "${folder}/server.pem" }
${more}
`;

const config = (folder, more) =>
  base({ listener: 'tls = "edge"' })
  + context(folder, more) + echo_flow("/echo");

/// An open WebSocket over TLS, or the error that kept it from opening.
function open(t, service, options) {
  const { port } = service.address("public");
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`wss://localhost:${port}/echo`,
                                 { perMessageDeflate: false, ...options });
    t.after(() => socket.terminate());
    socket.once("open", () => resolve(socket));
    socket.once("error", reject);
  });
}

function answer_to(socket, message) {
  const answer = new Promise((resolve) => socket.once("message", resolve));
  socket.send(message);
  return within("an echo", answer, 60000);
}

/// Runs a command to its end; it may fail.
function run(t, command, args, input = "") {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"] });
  t.after(() => child.kill("SIGKILL"));
  let output = "";
  child.stdout.on("data", (chunk) => output += chunk);
  child.stderr.on("data", (chunk) => output += chunk);
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  return within(`end of ${command}`, new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, output }));
  }), 60000);
}

test("a listener that encrypts", async (t) => {
  const folder = certificates(t);
  const ca = readFileSync(join(folder, "ca.pem"));
  const service = await start(t, config(folder));
  const { port } = service.address("public");

  await t.test("serves a WebSocket to a client that trusts its root", async (t) => {
    const socket = await open(t, service, { ca });
    assert.equal(socket._socket.getProtocol(), "TLSv1.3");
    assert.equal(String(await answer_to(socket, "hello")), "hello");
    const [known] = await service.sockets();
    assert.equal(known.scheme, "WSS");
    socket.close(1000);
    await within("the end", new Promise((resolve) => socket.once("close", resolve)));
  });

  await t.test("passes large messages both ways", async (t) => {
    const socket = await open(t, service, { ca });
    const large = Buffer.alloc(1_000_000, "0123456789abcdef");
    for (let i = 0; i < 5; ++i)
      assert.ok((await answer_to(socket, large)).equals(large));
  });

  await t.test("serves many sockets at once", async (t) => {
    const sockets = await Promise.all(
      Array.from({ length: 100 }, () => open(t, service, { ca })));
    const answers = await Promise.all(
      sockets.map((socket, i) => answer_to(socket, `number ${i}`)));
    assert.deepEqual(answers.map(String), sockets.map((_, i) => `number ${i}`));
  });

  await t.test("is refused by a client that does not know its root", async (t) => {
    await assert.rejects(open(t, service, {}), /certificate/);
  });

  await t.test("speaks TLS 1.2 and nothing older", async (t) => {
    const socket = await open(t, service, { ca, maxVersion: "TLSv1.2" });
    assert.equal(socket._socket.getProtocol(), "TLSv1.2");
    assert.equal(String(await answer_to(socket, "hello")), "hello");
    await assert.rejects(open(t, service, {
      ca, minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0",
    }));
  });

  await t.test("answers curl in HTTP 1.1", async (t) => {
    const { code, output } = await run(t, "curl", [
      "--silent", "--show-error", "--include", "--cacert", join(folder, "ca.pem"),
      `https://localhost:${port}/nothing`,
    ]);
    assert.equal(code, 0, output);
    assert.match(output, /^HTTP\/1\.1 404 /);
  });

  await t.test("agrees on http/1.1 and resumes sessions with s_client", async (t) => {
    const session = join(folder, "session.pem");
    const request = "GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n";
    const ask = (...more) => run(t, "openssl", [
      "s_client", "-connect", `127.0.0.1:${port}`, "-servername", "localhost",
      "-CAfile", join(folder, "ca.pem"), "-verify_return_error", "-alpn",
      "h2,http/1.1", "-ign_eof", ...more,
    ], request);
    const first = await ask("-sess_out", session);
    assert.match(first.output, /ALPN protocol: http\/1\.1/);
    assert.match(first.output, /Verify return code: 0/);
    assert.match(first.output, /HTTP\/1\.1 404/);
    // The connection ended with a close_notify, not by surprise.
    assert.doesNotMatch(first.output, /unexpected eof/);
    const second = await ask("-sess_in", session);
    assert.match(second.output, /^Reused, TLSv1\.3/m);
  });

  await t.test("cuts plain HTTP cleanly", async (t) => {
    const raw = net.connect(port, "127.0.0.1");
    t.after(() => raw.destroy());
    raw.write("GET /echo HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const seen = [];
    raw.on("data", (chunk) => seen.push(chunk));
    // A reset would be an error.
    await within("the cut", new Promise((resolve, reject) => {
      raw.once("end", resolve);
      raw.once("error", reject);
    }));
    assert.ok(!Buffer.concat(seen).toString("latin1").includes("HTTP"));
    await until("the log tells why", () => /TLS failed: the peer does not speak TLS/.test(service.log));
  });

  await t.test("cuts a peer that never finishes", async (t) => {
    // With less time than good peers may need on a busy machine.
    const hasty = await start(t, config(folder)
      .replace('tls = "edge"', 'tls = "edge"\nhandshake_timeout = "1s"'));
    const raw = net.connect(hasty.address("public").port, "127.0.0.1");
    t.after(() => raw.destroy());
    raw.write(Buffer.from("1603010200", "hex"));
    raw.resume();
    await within("the cut", new Promise((resolve) => raw.once("close", resolve)),
                 30000);
  });
});

test("a listener that asks for certificates", async (t) => {
  const folder = certificates(t);
  const read = (name) => readFileSync(join(folder, name));
  const ca = read("ca.pem");
  const service = await start(t, config(folder, `
client_authentication = "required"
trust_store = { path = "${folder}/ca.pem" }`));

  /// TLS 1.3 tells a client of its refusal behind its own handshake.
  const talk = async (t, options) => {
    const socket = await open(t, service, options);
    return String(await answer_to(socket, "hello"));
  };
  assert.equal(await talk(t, { ca, cert: read("client.pem"), key: read("client.key") }), "hello");
  await assert.rejects(talk(t, { ca }));
  await assert.rejects(talk(t, { ca, cert: read("stranger.pem"), key: read("stranger.key") }));
});

test("a PKCS12 store and chosen suites", async (t) => {
  const folder = certificates(t);
  const ca = readFileSync(join(folder, "ca.pem"));
  const service = await start(t, base({ listener: 'tls = "edge"\nprotocol = "HTTPS"' }) + `
[tls.edge]
enabled_protocols = ["TLSv1.2"]
enabled_cipher_suites = ["TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"]
key_store = { path = "${folder}/server.p12", password = "\${file:${folder}/password.txt}", alias = "server" }
` + echo_flow("/echo"));
  const socket = await open(t, service, { ca });
  assert.equal(socket._socket.getCipher().name, "ECDHE-ECDSA-AES256-GCM-SHA384");
  assert.equal(String(await answer_to(socket, "hello")), "hello");
});

test("a store that cannot be used is a wrong configuration", async (t) => {
  const folder = certificates(t);
  const check = async (tls) => {
    const file = join(folder, "switchboard.toml");
    writeFileSync(file, base({ listener: 'tls = "edge"' }) + tls + echo_flow("/echo"));
    return await run_to_end(["check", file]);
  };
  const rows = [
    [`[tls.edge]\nkey_store = { path = "nowhere.pem" }`,
     /tls\.edge: key store \S+nowhere\.pem cannot be read: No such file or directory/],
    [`[tls.edge]\nkey_store = { path = "server.p12", password = "wrong-horse" }`,
     /tls\.edge: key store \S+server\.p12 is not opened by the given password/],
    [`[tls.edge]\nkey_store = { path = "server.crt" }`, /holds no private key/],
    [context(folder, 'enabled_cipher_suites = ["HIGH"]'), /`HIGH` is no cipher suite/],
    [`[tls.edge]\n`, /http_listener\.public\.tls: "edge" has no key_store/],
    [`[tls.else]\nkey_store = { path = "server.pem" }`,
     /http_listener\.public\.tls: "edge" is no tls, the nearest is "else"/],
  ];
  for (const [tls, expected] of rows) {
    const { code, output } = await check(tls);
    assert.equal(code, 2, output);
    assert.match(output, expected);
    assert.doesNotMatch(output, /wrong-horse/);
  }
});

test("insecure warns at every start", async (t) => {
  const folder = certificates(t);
  const service = await start(t, config(folder, "trust_store = { insecure = true }"));
  await service.logged(/warn.*TLS looks at no certificate.*tls=edge/);
});
