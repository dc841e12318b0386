// Chromium with the test's root among its authorities: a page over HTTPS that
// talks over WSS.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { createServer } from "node:https";
import test from "node:test";
import { browser_of } from "./browser.mjs";
import { base, echo_flow, start, within } from "./harness.mjs";
import { certificates } from "./tls.mjs";

/// A home whose certificates Chromium trusts.
function home_of(made, root) {
  const store = made.path("home/.pki/nssdb");
  mkdirSync(store, { recursive: true });
  const certutil = (...args) =>
    execFileSync("certutil", ["-d", `sql:${store}`, ...args], { stdio: "ignore" });
  certutil("-N", "--empty-password");
  certutil("-A", "-t", "C,,", "-n", "test root", "-i", made.path(root));
  return made.path("home");
}

async function page_over_https(t, made) {
  const server = createServer({ cert: made.read("server.crt"), key: made.read("server.key") },
                              (request, response) => {
    response.writeHead(200, { "content-type": "text/html" }).end("<title>page</title>");
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return server.address().port;
}

/// What a page's WebSocket comes to.
const talk = (page, url) => page.evaluate((url) => new Promise((resolve) => {
  const socket = new WebSocket(url);
  socket.onopen = () => socket.send("hello from a page");
  socket.onmessage = ({ data }) => {
    socket.onclose = ({ code }) => resolve({ data, code });
    socket.close(1000);
  };
  socket.onerror = () => resolve({ error: true });
}), url);

test("a page over HTTPS talks over WSS", async (t) => {
  const made = certificates(t);
  const service = await start(t, base({ listener: 'tls = "edge"' }) + `
[tls.edge]
key_store = { path = "${made.path("server.pem")}" }
` + echo_flow("/echo"));
  const { port } = service.address("public");
  const page_port = await page_over_https(t, made);
  const browser = await browser_of(t, { env: { ...process.env, HOME: home_of(made, "ca.crt") } });
  const page = await browser.newPage();
  await page.goto(`https://localhost:${page_port}/`);
  assert.deepEqual(await within("the echo", talk(page, `wss://localhost:${port}/echo`), 60000),
                   { data: "hello from a page", code: 1000 });
  // The certificate names no other.
  assert.deepEqual(await within("the refusal", talk(page, `wss://a.localhost:${port}/echo`), 60000),
                   { error: true });
});

test("a browser that does not know the root refuses", async (t) => {
  const made = certificates(t);
  const service = await start(t, base({ listener: 'tls = "edge"' }) + `
[tls.edge]
key_store = { path = "${made.path("server.pem")}" }
` + echo_flow("/echo"));
  const { port } = service.address("public");
  const browser = await browser_of(t, { env: { ...process.env, HOME: home_of(made, "stranger.crt") } });
  const page = await browser.newPage();
  assert.deepEqual(await within("the refusal", talk(page, `wss://localhost:${port}/echo`), 60000),
                   { error: true });
});
