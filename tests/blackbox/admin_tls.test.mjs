// The management API over TLS: curl, with and without certificates and tokens.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import test from "node:test";
import { base, echo_flow, run_to_end, start, until } from "./harness.mjs";
import { certificates, run } from "./tls.mjs";

const context = (made, more = "") => `
[tls.admin]
key_store = { path = "${made.path("server.pem")}" }
${more}
`;

const by_certificate = (made, how) => context(made, `
client_authentication = "${how}"
trust_store = { path = "${made.path("ca.pem")}" }`);

/// Starts with an API over TLS.
async function serve(t, made, tls, admin = "") {
  const service = await start(t, base({ admin: `tls = "admin"\n${admin}` }) + tls
                              + echo_flow("/echo"), { ready: false });
  await until("the API", () => service.address("admin"), 30000);
  return service;
}

/// The status that curl gets, 000 where there is none, and all it says.
async function ask(t, service, made, path, ...args) {
  const { port } = service.address("admin");
  const { output } = await run(t, "curl", [
    "--silent", "--show-error", "--cacert", made.path("ca.pem"), "--http1.1",
    "--write-out", "\nstatus=%{http_code}", `https://localhost:${port}${path}`, ...args,
  ]);
  return { status: /status=(\d+)/.exec(output)[1], output };
}

const as = (made, name) =>
  ["--cert", made.path(`${name}.crt`), "--key", made.path(`${name}.key`)];

test("the management API encrypts", async (t) => {
  const made = certificates(t);
  const service = await serve(t, made, context(made), 'tokens = ["letmein"]');
  const token = ["--header", "Authorization: Bearer letmein"];
  assert.equal((await ask(t, service, made, "/readyz")).status, "200");
  assert.equal((await ask(t, service, made, "/v1/sockets")).status, "401");
  const known = await ask(t, service, made, "/v1/sockets", ...token);
  assert.equal(known.status, "200", known.output);
  assert.match(known.output, /"sockets":\[\]/);

  await t.test("keeps connections and takes large bodies", async (t) => {
    const body = made.path("body");
    writeFileSync(body, "x".repeat(900_000));
    const { port } = service.address("admin");
    const { output } = await run(t, "curl", [
      "--silent", "--cacert", made.path("ca.pem"), ...token, "--verbose",
      "--data-binary", `@${body}`, `https://localhost:${port}/v1/broadcast`,
      "--next", "--silent", "--cacert", made.path("ca.pem"), ...token, "--verbose",
      `https://localhost:${port}/v1/configs`,
    ]);
    assert.match(output, /"matched":0/);
    assert.match(output, /"name":"main"/);
    assert.match(output, /Re-using existing connection/);
  });

  await t.test("ends its connections properly", async (t) => {
    const { port } = service.address("admin");
    const { output } = await run(t, "openssl", [
      "s_client", "-connect", `127.0.0.1:${port}`, "-CAfile", made.path("ca.pem"), "-ign_eof",
    ], "GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    assert.match(output, /HTTP\/1\.1 200/);
    assert.doesNotMatch(output, /unexpected eof/);
  });

  await t.test("does not speak plain HTTP", async (t) => {
    const { port } = service.address("admin");
    const { code } = await run(t, "curl", ["--silent", `http://127.0.0.1:${port}/healthz`]);
    assert.notEqual(code, 0);
    await until("the log tells why", () => /TLS failed: .*listener=admin/.test(service.log));
  });

  await t.test("takes a new certificate without a restart", async (t) => {
    made.issue("other", { names: "DNS:localhost" });
    made.replace("server.pem", "other.pem");
    await until("the new one", async () => {
      const { output } = await ask(t, service, made, "/healthz", "--verbose");
      return /subject: CN=other/.test(output);
    }, 30000);
  });
});

test("a certificate stands in place of a token", async (t) => {
  const made = certificates(t);
  for (const tokens of ["", 'tokens = ["letmein"]'])
    await t.test(`optional, ${tokens || "no tokens"}`, async (t) => {
      const service = await serve(t, made, by_certificate(made, "optional"), tokens);
      assert.equal((await ask(t, service, made, "/healthz")).status, "200");
      const refused = await ask(t, service, made, "/v1/sockets");
      assert.equal(refused.status, "401", refused.output);
      const taken = await ask(t, service, made, "/v1/sockets", ...as(made, "client"));
      assert.equal(taken.status, "200", taken.output);
      const stranger = await ask(t, service, made, "/v1/sockets", ...as(made, "stranger"));
      assert.equal(stranger.status, "000", stranger.output);
      const page = await ask(t, service, made, "/v1/close", ...as(made, "client"),
                             "--request", "POST", "--header", "Origin: https://evil.example");
      assert.equal(page.status, "403", page.output);
    });

  await t.test("required", async (t) => {
    const service = await serve(t, made, by_certificate(made, "required"));
    assert.equal((await ask(t, service, made, "/healthz")).status, "000");
    assert.equal((await ask(t, service, made, "/v1/sockets", ...as(made, "client"))).status, "200");
  });
});

test("an address that others reach needs tokens or certificates", async (t) => {
  const made = certificates(t);
  const check = async (admin, tls) => {
    writeFileSync(made.path("switchboard.toml"),
                  base({ admin }).replace('host = "127.0.0.1"', 'host = "0.0.0.0"') + tls
                  + echo_flow("/echo"));
    return await run_to_end(["check", made.path("switchboard.toml")]);
  };
  const rows = [
    ["", "", /admin\.host.*tokens beside it or a loopback/],
    ['tls = "admin"', context(made), /admin\.host.*client_authentication/],
    ['tls = "admin"', context(made, 'client_authentication = "required"'),
     /admin\.host.*trust_store/],
    ['tls = "nowhere"', context(made), /admin\.tls: "nowhere" is no tls/],
    ['tls = "admin"', "[tls.admin]\n", /admin\.tls: "admin" has no key_store/],
  ];
  for (const [admin, tls, expected] of rows) {
    const { code, output } = await check(admin, tls);
    assert.equal(code, 2, output);
    assert.match(output, expected);
  }
  for (const how of ["optional", "required"]) {
    const { code, output } = await check('tls = "admin"', by_certificate(made, how));
    assert.equal(code, 0, output);
  }
});
