// Certificates that change under a running listener: no socket notices, the
// next handshake has the new one.

import assert from "node:assert/strict";
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import test from "node:test";
import tls from "node:tls";
import { base, echo_flow, start, until, within } from "./harness.mjs";
import { answer_to, certificates, open } from "./tls.mjs";

const config = (key_store, more = "") =>
  base({ listener: 'tls = "edge"' }) + `
[tls.edge]
key_store = { path = "${key_store}" }
${more}
` + echo_flow("/echo");

/// The common name of the certificate that a new connection gets.
function shown(service, ca) {
  const { port } = service.address("public");
  return within("a handshake", new Promise((resolve, reject) => {
    const socket = tls.connect({ port, host: "127.0.0.1", servername: "localhost", ca }, () => {
      resolve(socket.getPeerCertificate().subject.CN);
      socket.destroy();
    });
    socket.once("error", reject);
  }));
}

const lines = (service, pattern) => service.log.split("\n").filter((line) => pattern.test(line));

function identities(t) {
  const made = certificates(t);
  made.issue("first", { names: "DNS:localhost", days: 40 });
  made.issue("second", { names: "DNS:localhost", days: 40 });
  made.join("server.pem", "first.pem");
  return made;
}

test("certificates are replaced under 500 busy sockets", async (t) => {
  const made = identities(t);
  const service = await start(t, config(made.path("server.pem")));
  const sockets = [];
  while (sockets.length < 500)
    sockets.push(...await Promise.all(Array.from({ length: 50 }, () => open(t, service, { ca: made.ca }))));
  let closed = 0;
  let failed;
  let rounds = 0;
  let going = true;
  const talk = async (socket, i) => {
    for (let n = 0; going; ++n) {
      const said = `socket ${i}, message ${n}`;
      assert.equal(String(await answer_to(socket, said)), said);
      ++rounds;
      // `answer_to` leaves its listeners behind.
      socket.removeAllListeners();
      socket.once("close", () => ++closed);
    }
  };
  const talks = sockets.map((socket, i) => talk(socket, i).catch((error) => failed ??= error));

  await until("traffic", () => rounds > 1000, 30000);
  assert.equal(await shown(service, made.ca), "first");
  made.replace("server.pem", "second.pem");
  await until("the new certificate", async () => await shown(service, made.ca) === "second", 30000);
  const before = rounds;
  await until("traffic goes on", () => rounds > before + 1000, 30000);

  made.replace("server.pem", "first.pem");
  service.child.kill("SIGHUP");
  await until("the first again", async () => await shown(service, made.ca) === "first", 30000);
  const read_again = /certificates, keys and the configuration file are read again.*SIGHUP/;
  await service.logged(read_again);
  assert.equal(lines(service, read_again).length, 1);
  going = false;
  await within("the last answers", Promise.all(talks), 30000);
  assert.equal(failed, undefined);
  assert.equal(closed, 0);
  assert.equal((await service.sockets()).length, 500);
});

test("a link that is swapped is seen, as Kubernetes swaps it", async (t) => {
  const made = identities(t);
  for (const name of ["first", "second"]) {
    mkdirSync(made.path(`..${name}`));
    writeFileSync(made.path(`..${name}/tls.pem`), made.read(`${name}.pem`));
  }
  symlinkSync("..first", made.path("..data"));
  symlinkSync("..data/tls.pem", made.path("tls.pem"));
  const service = await start(t, config(made.path("tls.pem")));
  assert.equal(await shown(service, made.ca), "first");
  symlinkSync("..second", made.path("..data_tmp"));
  renameSync(made.path("..data_tmp"), made.path("..data"));
  await until("the new certificate", async () => await shown(service, made.ca) === "second", 30000);
});

test("a file that cannot be used changes nothing and is told once", async (t) => {
  const made = identities(t);
  const service = await start(t, config(made.path("server.pem")));
  // In one step: an empty file would be another change.
  writeFileSync(made.path("nonsense.pem"), "-----BEGIN CERTIFICATE-----\nnonsense\n");
  made.replace("server.pem", "nonsense.pem");
  const refused = /error.*what is in force stays.*server\.pem.*tls=edge/;
  await until("a line about it", () => lines(service, refused).length > 0, 30000);
  assert.equal(await shown(service, made.ca), "first");
  // Another change that is seen later shows that looks went by.
  made.replace("server.pem", "stranger.crt");
  await until("a line about the next", () => lines(service, refused).length > 1, 30000);
  assert.equal(lines(service, refused).length, 2);
  // Whoever asks is answered.
  service.child.kill("SIGHUP");
  await until("a line about the signal", () => lines(service, refused).length > 2, 30000);
  assert.equal(await shown(service, made.ca), "first");
  made.replace("server.pem", "second.pem");
  await until("the new certificate", async () => await shown(service, made.ca) === "second", 30000);
  assert.equal(lines(service, refused).length, 3);
  await service.logged(/info.*TLS renewed.*tls=edge/);
});

test("a trust store that changes counts for the next handshake", async (t) => {
  const made = identities(t);
  made.join("trust.pem", "stranger.crt");
  const service = await start(t, config(made.path("server.pem"), `
client_authentication = "required"
trust_store = { path = "${made.path("trust.pem")}" }`));
  const as = async (name) => {
    const socket = await open(t, service, {
      ca: made.ca, cert: made.read(`${name}.crt`), key: made.read(`${name}.key`),
    });
    return String(await answer_to(socket, "hello"));
  };
  assert.equal(await as("stranger"), "hello");
  await assert.rejects(as("client"));
  made.replace("trust.pem", "ca.pem");
  await until("the new trust", async () => await as("client") === "hello", 30000);
  await assert.rejects(as("stranger"));
});

test("a certificate near its end is warned of", async (t) => {
  const made = identities(t);
  made.issue("short", { names: "DNS:localhost", days: 9 });
  const service = await start(t, config(made.path("short.pem")));
  await until("a warning", () => /warn.*the certificate expires in [89] days.*tls=edge/.test(service.log));
  made.replace("short.pem", "first.pem");
  await until("its renewal", () => /TLS renewed/.test(service.log), 30000);
  assert.equal(lines(service, /the certificate expires/).length, 1);
});

test("SIGHUP ends nothing where nothing encrypts", async (t) => {
  const service = await start(t, base() + echo_flow("/echo"));
  for (const count of [1, 2]) {
    service.child.kill("SIGHUP");
    await until("a line about it", () =>
      lines(service, /reloaded.*SIGHUP.*changes=0/).length === count);
  }
  assert.ok(await service.is_ready());
  assert.doesNotMatch(service.log, /TLS renewed/);
});
