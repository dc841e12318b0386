// How outbound sockets get through: proxies, credentials, redirects, each with
// a server of its own that we did not write, right and wrong.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import test from "node:test";
import { assert_problem, base, start, until } from "./harness.mjs";
import { nginx } from "./nginx.mjs";
import { ntlm_origin, ntlm_proxy } from "./ntlm_proxy.mjs";
import { Peer } from "./peer.mjs";
import { squid } from "./squid.mjs";

const without_ntlm = process.env.SWITCHBOARD_NTLM_PROXY === "" && "built without NTLM";
const right = "open sesame";
const wrong = "open barley";

/// Configurations with client settings only, by name.
function clients(settings) {
  return base() + Object.entries(settings).map(([name, text]) => `
[websocket.${name}.client]
host = "127.0.0.1"
connection_timeout = "10s"
${text}
`).join("");
}

function open(service, request) {
  return service.api("/v1/sockets", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(request),
  });
}

/// Opens a socket and sees it at the peer.
async function opens(service, peer, request) {
  const before = peer.all("open").length;
  const answer = await open(service, request);
  assert.equal(answer.status, 201, await answer.clone().text());
  await until("the opening", () => peer.all("open").length === before + 1);
  return peer.all("open").at(-1);
}

/// No password may stand in a log, nor in a process's arguments.
function keeps_secrets(service) {
  for (const secret of [right, wrong])
    assert.ok(!service.log.includes(secret), "a password in the log");
}

for (const mode of ["basic", "digest"])
  test(`squid is passed with ${mode} credentials only`, async (t) => {
    const peer = await Peer.start(t);
    const proxy = await squid(t, mode);
    const settings = (password, more = "") => `
[proxy.${more}]
host = "127.0.0.1"
port = ${proxy.port}
${password === null ? "" : `username = "anna"\npassword = "${password}"`}
`;
    const service = await start(t, clients({
      good: `port = ${peer.port}\nproxy = "good"`,
      bad: `port = ${peer.port}\nproxy = "bad"`,
      none: `port = ${peer.port}\nproxy = "none"`,
    }) + settings(right, "good") + settings(wrong, "bad") + settings(null, "none"));
    await opens(service, peer, { config: "good" });
    await opens(service, peer, { config: "good" });
    for (const config of ["bad", "none"]) {
      const problem = await assert_problem(await open(service, { config }), 502,
                                           "WEBSOCKET:CONNECTIVITY");
      assert.match(problem.detail, /the proxy 127\.0\.0\.1:\d+ answered 407/);
    }
    assert.equal(peer.all("open").length, 2);
    keeps_secrets(service);
  });

// Squid's stand-in for NTLM lets every password in; `ntlm_proxy` below is
// where it is checked.
test("squid's NTLM helper is passed on one connection", { skip: without_ntlm }, async (t) => {
  const peer = await Peer.start(t);
  const proxy = await squid(t, "ntlm");
  const service = await start(t, clients({
    good: `port = ${peer.port}\nproxy = "office"`,
    bad: `port = ${peer.port}\nproxy = "nobody"`,
  }) + `
[proxy.office]
host = "127.0.0.1"
port = ${proxy.port}
username = "anna"
password = "${right}"
ntlm_domain = "OFFICE"

[proxy.nobody]
host = "127.0.0.1"
port = ${proxy.port}
`);
  await opens(service, peer, { config: "good" });
  const problem = await assert_problem(await open(service, { config: "bad" }), 502,
                                       "WEBSOCKET:CONNECTIVITY");
  assert.match(problem.detail, /the proxy 127\.0\.0\.1:\d+ answered 407/);
  assert.equal(peer.all("open").length, 1);
  keeps_secrets(service);
});

test("hosts that need no proxy are reached directly", async (t) => {
  const peer = await Peer.start(t);
  const service = await start(t, clients({ out: `port = ${peer.port}\nproxy = "dead"` }) + `
[proxy.dead]
host = "127.0.0.1"
port = 1
non_proxy_hosts = "*.example, 127.*"
`);
  await opens(service, peer, {});
  const problem = await assert_problem(
    await open(service, { url: `ws://localhost:${peer.port}/` }), 502, "WEBSOCKET:CONNECTIVITY");
  assert.match(problem.detail, /127\.0\.0\.1:1/);
});

test("a proxy's refusal is told apart from the peer's", async (t) => {
  const peer = await Peer.start(t, 0, { status: 404 });
  const proxy = await squid(t, "none");
  const service = await start(t, clients({ out: `port = ${peer.port}\nproxy = "open"` }) + `
[proxy.open]
host = "127.0.0.1"
port = ${proxy.port}
`);
  await assert_problem(await open(service, {}), 502, "WEBSOCKET:NOT_FOUND");
  const problem = await assert_problem(await open(service, { url: "ws://192.0.2.1/" }),
                                       502, "WEBSOCKET:CONNECTIVITY");
  assert.match(problem.detail, /the proxy 127\.0\.0\.1:\d+ answered 403/);
});

test("an NTLM proxy and an NTLM peer check the password", { skip: without_ntlm }, async (t) => {
  const peer = await Peer.start(t);
  const proxy = await ntlm_proxy(t);
  const origin = await ntlm_origin(t, peer.port);
  const section = (name, password) => `
[proxy.${name}]
host = "127.0.0.1"
port = ${proxy.port}
username = "anna"
password = "${password}"
ntlm_domain = "OFFICE"
`;
  const credentials = (password) => `port = ${origin.port}
authentication = { type = "ntlm", username = "anna", password = "${password}", domain = "OFFICE" }`;
  const service = await start(t, clients({
    through: `port = ${peer.port}\nproxy = "right"`,
    barred: `port = ${peer.port}\nproxy = "wrong"`,
    known: credentials(right),
    unknown: credentials(wrong),
  }) + section("right", right) + section("wrong", wrong));
  await opens(service, peer, { config: "through" });
  await assert_problem(await open(service, { config: "barred" }), 502, "WEBSOCKET:CONNECTIVITY");
  await opens(service, peer, { config: "known" });
  await assert_problem(await open(service, { config: "unknown" }), 502,
                       "WEBSOCKET:BASIC_AUTHENTICATION");
  assert.equal(peer.all("open").length, 2);
  keeps_secrets(service);
});

test("nginx asks for basic credentials of the peer itself", async (t) => {
  const peer = await Peer.start(t);
  const hash = String(execFileSync("openssl", ["passwd", "-apr1", "-stdin"], { input: right })).trim();
  const front = await nginx(t, ({ folder }) => {
    writeFileSync(`${folder}/users`, `anna:${hash}\n`, { mode: 0o644 });
    return `
    location / {
      auth_basic "switchboard";
      auth_basic_user_file ${folder}/users;
      proxy_pass http://127.0.0.1:${peer.port};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
    }`;
  });
  const credentials = (password, more = "") => `port = ${front.port}
authentication = { type = "basic", username = "anna", password = "${password}"${more} }`;
  const service = await start(t, clients({
    at_once: credentials(right),
    asked: credentials(right, ", preemptive = false"),
    bad: credentials(wrong),
    none: `port = ${front.port}`,
  }));
  await opens(service, peer, { config: "at_once" });
  await opens(service, peer, { config: "asked" });
  await assert_problem(await open(service, { config: "bad" }), 502,
                       "WEBSOCKET:BASIC_AUTHENTICATION");
  await assert_problem(await open(service, { config: "none" }), 502, "WEBSOCKET:UNAUTHORIZED");
  keeps_secrets(service);
});

test("squid in front of a peer asks for digest credentials", async (t) => {
  const peer = await Peer.start(t);
  const front = await squid(t, "digest", { front_of: peer.port });
  const credentials = (password) => `port = ${front.port}
authentication = { type = "digest", username = "anna", password = "${password}" }`;
  const service = await start(t, clients({
    good: credentials(right),
    bad: credentials(wrong),
    none: `port = ${front.port}`,
  }));
  await opens(service, peer, { config: "good", path: "/a?b=c" });
  // The nonce of before is still good.
  await opens(service, peer, { config: "good", path: "/d" });
  await assert_problem(await open(service, { config: "bad" }), 502,
                       "WEBSOCKET:BASIC_AUTHENTICATION");
  await assert_problem(await open(service, { config: "none" }), 502, "WEBSOCKET:UNAUTHORIZED");
  assert.equal(peer.all("open").length, 2);
  keeps_secrets(service);
});

test("nginx redirects and refuses", async (t) => {
  const peer = await Peer.start(t);
  const front = await nginx(t, `
    location /live {
      proxy_pass http://127.0.0.1:${peer.port};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection $connection_upgrade;
    }
    ${[301, 302, 303, 307, 308].map((code) =>
      `location /moved${code} { return ${code} /live?from=${code}; }`).join("\n")}
    location /elsewhere { return 302 http://127.0.0.1:${peer.port}/there; }
    location /loop { return 302 /loop; }
    location /forbidden { return 403 "keep out"; }
    location /missing { return 404; }
    location /broken { return 500; }
    location /busy { return 503; }`);
  const service = await start(t, clients({
    follows: `port = ${front.port}
default_headers = { Cookie = "session=1", X-Kept = "yes" }`,
    stays: `port = ${front.port}\nfollow_redirects = false`,
  }));
  const at = (path, config = "follows") => open(service, { config, path });
  for (const code of [301, 302, 303, 307, 308]) {
    const seen = await opens(service, peer, { config: "follows", path: `/moved${code}` });
    assert.equal(seen.path, `/live?from=${code}`);
    assert.equal(seen.headers.cookie, "session=1");
  }
  const seen = await opens(service, peer, { config: "follows", path: "/elsewhere" });
  assert.equal(seen.path, "/there");
  assert.equal(seen.headers.cookie, undefined);
  assert.equal(seen.headers["x-kept"], "yes");
  const loop = await assert_problem(await at("/loop"), 502, "WEBSOCKET:CONNECTIVITY");
  assert.match(loop.detail, /redirects/);
  const stayed = await assert_problem(await at("/moved302", "stays"), 502, "WEBSOCKET:CONNECTIVITY");
  assert.match(stayed.detail, /302/);
  const forbidden = await assert_problem(await at("/forbidden"), 502, "WEBSOCKET:FORBIDDEN");
  assert.match(forbidden.detail, /keep out/);
  await assert_problem(await at("/missing"), 502, "WEBSOCKET:NOT_FOUND");
  await assert_problem(await at("/broken"), 502, "WEBSOCKET:INTERNAL_SERVER_ERROR");
  await assert_problem(await at("/busy"), 502, "WEBSOCKET:SERVICE_UNAVAILABLE");
});
