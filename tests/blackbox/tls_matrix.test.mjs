// Each key of [tls.NAME] for a listener, right and wrong, against openssl's
// s_client and stores that openssl and Java's keytool have made.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import test from "node:test";
import { base, run_to_end, start, until } from "./harness.mjs";
import { answer_to, certificates, open, run } from "./tls.mjs";

const quiet = { stdio: ["ignore", "pipe", "pipe"] };
const keytool = (...args) => execFileSync("keytool", args, quiet);
const openssl = (...args) => execFileSync("openssl", args, quiet);

/// One listener for each context: NAME: lines of its [tls.NAME].
const listeners = (contexts) => base() + Object.entries(contexts).map(([name, lines]) => `
[tls.${name}]
${lines}
[http_listener.${name}]
host = "127.0.0.1"
port = 0
tls = "${name}"
[websocket.${name}.server]
listener = "${name}"
`).join("");

/// What s_client makes of a listener; `ok` where it has got an answer.
async function dial(t, made, service, name, ...args) {
  const { port } = service.address(name);
  const { output } = await run(t, "openssl", [
    "s_client", "-connect", `127.0.0.1:${port}`, "-servername", "localhost",
    "-verify_hostname", "localhost", "-CAfile", made.path("ca.pem"), "-verify_return_error",
    "-ign_eof", ...args,
  ], "GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n");
  return {
    output,
    ok: /HTTP\/1\.1 404/.test(output),
    protocol: /^New, (TLSv[\d.]+)|Protocol {2}: (TLSv[\d.]+)/m.exec(output)?.slice(1).find(Boolean),
    suite: /Cipher is (\S+)/.exec(output)?.[1],
    subject: /^subject=CN = (.*)$/m.exec(output)?.[1],
  };
}

const pem = (made, name = "server.pem") => `key_store = { path = "${made.path(name)}" }`;

test("enabled_protocols and enabled_cipher_suites", async (t) => {
  const made = certificates(t);
  made.issue("rsa", { names: "DNS:localhost", type: "RSA" });
  const service = await start(t, listeners({
    usual: pem(made),
    modern: `${pem(made)}\nenabled_protocols = ["TLSv1.3"]`,
    older: `${pem(made)}\nenabled_protocols = ["TLSv1.2"]`,
    oldest: `${pem(made, "rsa.pem")}\nenabled_protocols = ["TLSv1", "TLSv1.1"]`,
    iana: `${pem(made)}\nenabled_cipher_suites = ["TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", "TLS_CHACHA20_POLY1305_SHA256"]`,
    openssl: `${pem(made)}\nenabled_cipher_suites = ["ECDHE-ECDSA-AES128-GCM-SHA256"]`,
    last: `${pem(made)}\nenabled_cipher_suites = ["TLS_AES_128_GCM_SHA256"]`,
  }));
  const old = ["-cipher", "DEFAULT@SECLEVEL=0"];
  const rows = [
    ["usual", [], "TLSv1.3"],
    ["usual", ["-tls1_2"], "TLSv1.2"],
    ["usual", ["-tls1_1", ...old], undefined],
    ["modern", [], "TLSv1.3"],
    ["modern", ["-tls1_2"], undefined],
    ["older", [], "TLSv1.2"],
    ["older", ["-tls1_3"], undefined],
    ["oldest", ["-tls1", ...old], "TLSv1"],
    ["oldest", ["-tls1_1", ...old], "TLSv1.1"],
    ["oldest", [], undefined],
    ["iana", [], "TLSv1.3", "TLS_CHACHA20_POLY1305_SHA256"],
    ["iana", ["-tls1_2"], "TLSv1.2", "ECDHE-ECDSA-CHACHA20-POLY1305"],
    ["iana", ["-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256"], undefined],
    ["openssl", [], "TLSv1.2", "ECDHE-ECDSA-AES128-GCM-SHA256"],
    ["openssl", ["-tls1_3"], undefined],
    ["last", [], "TLSv1.3", "TLS_AES_128_GCM_SHA256"],
    ["last", ["-ciphersuites", "TLS_AES_256_GCM_SHA384"], undefined],
    ["last", ["-tls1_2"], undefined],
  ];
  for (const [name, args, protocol, suite] of rows) {
    const seen = await dial(t, made, service, name, ...args);
    assert.equal(seen.ok, protocol !== undefined, `${name} ${args}\n${seen.output}`);
    if (!protocol)
      continue;
    // OpenSSL tells of the oldest by the suite's version.
    assert.match(seen.output, new RegExp(`${protocol}\\b`), `${name} ${args}`);
    if (suite)
      assert.equal(seen.suite, suite, `${name} ${args}`);
  }
});

test("nobody renegotiates", async (t) => {
  const made = certificates(t);
  const service = await start(t, listeners({ edge: pem(made) }));
  const { port } = service.address("edge");
  const { output } = await run(t, "openssl", [
    "s_client", "-connect", `127.0.0.1:${port}`, "-CAfile", made.path("ca.pem"), "-tls1_2",
  ], "R\n");
  assert.match(output, /RENEGOTIATING/);
  assert.match(output, /no renegotiation/);
});

test("key stores of every kind", async (t) => {
  const made = certificates(t);
  for (const name of ["one", "two"])
    made.issue(name, { names: "DNS:localhost" });
  made.issue("rsa", { names: "DNS:localhost", type: "RSA" });
  made.issue("middle", { authority: true });
  made.issue("below", { names: "DNS:localhost", issuer: "middle" });
  // The order of what is in a PEM does not matter.
  made.join("chain.pem", "middle.crt", "below.key", "below.crt");
  openssl("pkey", "-in", made.path("one.key"), "-aes256", "-passout", "pass:sesame", "-out",
          made.path("locked.key"));
  made.join("locked.pem", "one.crt", "locked.key");
  for (const name of ["one", "two", "rsa"])
    openssl("pkcs12", "-export", "-in", made.path(`${name}.pem`), "-name", name, "-passout",
            "pass:changeit", "-out", made.path(`${name}.p12`));
  openssl("pkcs12", "-export", "-legacy", "-in", made.path("one.pem"), "-name", "one", "-passout",
          "pass:changeit", "-out", made.path("old.p12"));
  openssl("pkcs12", "-export", "-in", made.path("below.pem"), "-certfile", made.path("middle.crt"),
          "-name", "below", "-passout", "pass:changeit", "-out", made.path("chain.p12"));
  const import_into = (store, type, from, password) =>
    keytool("-importkeystore", "-srckeystore", made.path(`${from}.p12`), "-srcstoretype", "PKCS12",
            "-srcstorepass", "changeit", "-srcalias", from, "-destkeystore", made.path(store),
            "-deststoretype", type, "-deststorepass", "changeit", "-destkeypass", password,
            "-noprompt");
  for (const [name, password] of [["one", "changeit"], ["two", "sesame"], ["rsa", "changeit"]])
    import_into("java.jks", "JKS", name, password);
  for (const name of ["one", "two"])
    import_into("java.p12", "PKCS12", name, "changeit");
  import_into("java.jceks", "JCEKS", "one", "changeit");

  const store = (path, more = "") => `key_store = { path = "${made.path(path)}"${more && `, ${more}`} }`;
  const service = await start(t, listeners({
    pem: store("one.pem"),
    pem_rsa: store("rsa.pem", 'type = "PEM"'),
    pem_chain: store("chain.pem"),
    pem_locked: store("locked.pem", 'key_password = "sesame"'),
    p12: store("two.p12", 'password = "changeit", type = "PKCS12", algorithm = "SunX509"'),
    p12_old: store("old.p12", 'password = "changeit"'),
    p12_chain: store("chain.p12", 'password = "changeit"'),
    p12_java: store("java.p12", 'password = "changeit", alias = "two"'),
    jks: store("java.jks", 'password = "changeit", alias = "rsa", algorithm = "PKIX"'),
    jks_case: store("java.jks", 'password = "changeit", alias = "ONE", type = "JKS"'),
    jks_key: store("java.jks", 'password = "changeit", alias = "two", key_password = "sesame"'),
  }));
  const good = {
    pem: "one", pem_rsa: "rsa", pem_chain: "below", pem_locked: "one", p12: "two", p12_old: "one",
    p12_chain: "below", p12_java: "two", jks: "rsa", jks_case: "one", jks_key: "two",
  };
  for (const [name, subject] of Object.entries(good)) {
    const seen = await dial(t, made, service, name);
    assert.ok(seen.ok, `${name}: ${seen.output}`);
    assert.equal(seen.subject, subject, name);
  }

  made.issue("gone", { names: "DNS:localhost", days: -1 });
  made.join("mixed.pem", "one.crt", "two.key");
  const wrong = [
    [store("one.p12", 'password = "open barley"'), /one\.p12 is not opened by the given password/],
    [store("one.p12"), /one\.p12 /],
    [store("java.jks", 'password = "open barley"'), /java\.jks is not opened by the given password/],
    [store("java.jks", 'password = "changeit", alias = "two"'), /java\.jks holds a private key that the given password does not open/],
    [store("java.jks", 'password = "changeit", alias = "three"'),
     /holds no key called `three`, but (`(one|two|rsa)`(, )?){3}/],
    [store("java.p12", 'password = "changeit", alias = "three"'), /holds no key called `three`/],
    [store("java.jceks", 'password = "changeit"'), /JCEKS store, which is not supported/],
    [store("locked.pem", 'key_password = "open barley"'), /locked\.pem .*password/],
    [store("gone.pem"), /gone\.pem holds a certificate that expired on/],
    [store("mixed.pem"), /mixed\.pem holds no certificate of its private key/],
    [store("one.crt"), /one\.crt holds no private key/],
    [store("one.pem", 'type = "JKS"'), /one\.pem /],
    [store("one.pem", 'algorithm = "X509"'), /algorithm: "X509" is unknown/],
    [`${pem(made)}\nenabled_cipher_suites = ["TLS_MADE_OF_GLASS"]`, /`TLS_MADE_OF_GLASS` is no cipher suite/],
    [`${pem(made)}\nenabled_protocols = ["TLSv1.2"]\nenabled_cipher_suites = ["TLS_AES_128_GCM_SHA256"]`,
     /none of the enabled cipher suites belongs to an enabled protocol/],
    [`${pem(made)}\nenabled_protocols = ["SSLv3"]`, /"SSLv3" is unknown/],
    [`${pem(made)}\nenabled_protocols = []`, /enabled_protocols: is empty/],
    [`${pem(made)}\ntrust_store = { path = "${made.path("java.jks")}", password = "open barley" }\nclient_authentication = "required"`,
     /trust store \S+java\.jks is not opened by the given password/],
  ];
  for (const [lines, expected] of wrong) {
    writeFileSync(made.path("wrong.toml"), listeners({ edge: lines }));
    const { code, output } = await run_to_end(["check", made.path("wrong.toml")]);
    assert.equal(code, 2, `${lines}\n${output}`);
    assert.match(output, expected);
    assert.doesNotMatch(output, /barley/);
  }
});

test("client_authentication and what events tell of it", async (t) => {
  const made = certificates(t);
  keytool("-importcert", "-keystore", made.path("trust.jks"), "-storetype", "JKS", "-storepass",
          "changeit", "-alias", "root", "-file", made.path("ca.crt"), "-noprompt");
  keytool("-importcert", "-keystore", made.path("trust.p12"), "-storetype", "PKCS12", "-storepass",
          "changeit", "-alias", "root", "-file", made.path("ca.crt"), "-noprompt");
  const client = ["-cert", made.path("client.pem"), "-key", made.path("client.key")];
  const stranger = ["-cert", made.path("stranger.pem"), "-key", made.path("stranger.key")];
  const trust = (path, more = "") =>
    `${pem(made)}\ntrust_store = { path = "${made.path(path)}"${more} }`;
  const service = await start(t, listeners({
    none: `${trust("ca.pem")}\nclient_authentication = "none"`,
    optional: `${trust("trust.jks", ', password = "changeit"')}\nclient_authentication = "optional"`,
    required: `${trust("trust.p12", ', password = "changeit"')}\nclient_authentication = "required"`,
  }));
  const rows = [
    ["none", [], true], ["none", stranger, true],
    ["optional", [], true], ["optional", client, true], ["optional", stranger, false],
    ["required", [], false], ["required", client, true], ["required", stranger, false],
  ];
  for (const [name, args, expected] of rows)
    for (const version of ["-tls1_2", "-tls1_3"]) {
      const seen = await dial(t, made, service, name, version, ...args);
      assert.equal(seen.ok, expected, `${name} ${version} ${args}\n${seen.output}`);
    }
});

test("the client's certificate is among the attributes", async (t) => {
  const made = certificates(t);
  made.issue("named", { subject: "Zoë, of \"Sales\"" });
  const service = await start(t, base({ listener: 'tls = "edge"' }) + `
[tls.edge]
${pem(made)}
trust_store = { path = "${made.path("ca.pem")}" }
client_authentication = "optional"

[[flow]]
name = "who"
source = "inbound-listener"
path = "/who"
steps = [ { choice = [
  { when = "#[attributes.client_certificate]", steps = [ { send = { content = "#[attributes.client_certificate.subject .. '|' .. attributes.client_certificate.fingerprint]" } } ] },
  { steps = [ { send = { content = "#[type(attributes.client_certificate)]" } } ] },
] } ]

[[flow]]
name = "issuer"
source = "inbound-listener"
path = "/issuer"
steps = [ { send = { content = "#[attributes.client_certificate.issuer]" } } ]

[[flow]]
name = "gone"
source = "on-socket-closed"
path = "/*"
steps = [ { log = "GONE #[attributes.client_certificate and attributes.client_certificate.serial]" } ]
`);
  const identity = { ca: made.ca, cert: made.read("named.crt"), key: made.read("named.key") };
  const socket = await open(t, service, identity, "/who");
  const fingerprint = made.show("named.crt", "-fingerprint", "-sha256");
  const serial = made.show("named.crt", "-serial");
  assert.equal(String(await answer_to(socket, "?")), `CN=Zoë\\, of \\"Sales\\"|${fingerprint}`);
  const [known] = await service.sockets();
  assert.deepEqual(known.client_certificate, {
    subject: 'CN=Zoë\\, of \\"Sales\\"', issuer: "CN=test root", serial, fingerprint,
    pem: String(made.read("named.crt")),
  });
  socket.close(1000);
  await until("the closed event", () => service.log.includes(`GONE ${serial}`));
  const issuer = await open(t, service, identity, "/issuer");
  assert.equal(String(await answer_to(issuer, "?")), "CN=test root");
  issuer.close(1000);
  await until("its end", async () => (await service.sockets()).length === 0);

  const nobody = await open(t, service, { ca: made.ca }, "/who");
  assert.equal(String(await answer_to(nobody, "?")), "nil");
  const [unknown] = await service.sockets();
  assert.equal(unknown.client_certificate, null);
});
