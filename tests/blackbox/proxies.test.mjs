// The servers that other tests put between the program and its peers do what
// they are for; curl drives them.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { Agent, createServer, request } from "node:http";
import net from "node:net";
import test from "node:test";
import { promisify } from "node:util";
import { WebSocketServer } from "ws";
import { until } from "./harness.mjs";
import { nginx } from "./nginx.mjs";
import { ntlm_client, ntlm_origin, ntlm_proxy } from "./ntlm_proxy.mjs";
import { squid } from "./squid.mjs";

const run = promisify(execFile);
/// Why there is no NTLM to test; false where there is.
const without_ntlm = process.env.SWITCHBOARD_NTLM_PROXY === "" && "built without NTLM";

/// An HTTP server that answers "reached" and echoes over WebSockets.
async function backend(t) {
  const seen = [];
  const server = createServer((request, response) => {
    seen.push(request.headers);
    response.end("reached");
  });
  const sockets = new WebSocketServer({ server });
  sockets.on("connection", (socket) => socket.on("message", (data) => socket.send(data)));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    sockets.close();
    server.close();
  });
  const { port } = server.address();
  return { port, url: `http://127.0.0.1:${port}/`, seen };
}

/// @returns { code: the last HTTP status, connect: that of CONNECT, body }
async function curl(...args) {
  const format = "\n%{http_code} %{http_connect}";
  const { stdout } = await run("curl", ["-sS", "--max-time", "20", "-w", format, ...args])
    .catch((error) => error);
  const [, body, code, connect] = stdout.match(/^([^]*)\n(\d+) (\d+)$/);
  return { body, code: Number(code), connect: Number(connect) };
}

const good = "anna:open sesame";
const wrong = "anna:open barley";

for (const [mode, scheme] of [["basic", "--proxy-basic"], ["digest", "--proxy-digest"], ["ntlm", "--proxy-ntlm"]])
  test(`squid asks for ${mode}`, async (t) => {
    const server = await backend(t);
    const proxy = await squid(t, mode);
    const through = ["-p", "-x", proxy.url, server.url];
    assert.deepEqual(await curl(scheme, "-U", good, ...through),
                     { body: "reached", code: 200, connect: 200 });
    assert.equal((await curl(...through)).connect, 407);
    if (mode !== "ntlm")
      assert.equal((await curl(scheme, "-U", wrong, ...through)).connect, 407);
  });

test("squid without credentials reaches this machine only", async (t) => {
  const server = await backend(t);
  const proxy = await squid(t, "none");
  assert.equal((await curl("-p", "-x", proxy.url, server.url)).body, "reached");
  assert.equal((await curl("-p", "-x", proxy.url, "http://192.0.2.1/")).connect, 403);
});

/// Authenticates by NTLM on one connection.
/// @param ask makes one request with that credentials header.
/// @returns the last answer { status, headers, socket }
async function by_ntlm(t, ask, header, user) {
  const client = await ntlm_client(t, user);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  const answer = await ask(agent, `NTLM ${client.first}`);
  const [, challenge] = answer.headers[header].match(/^NTLM (\S+)$/);
  return ask(agent, `NTLM ${await client.third(challenge)}`);
}

/// One request.
function ask_with(options) {
  return new Promise((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", ...options });
    const told = (answer, socket) => resolve({ status: answer.statusCode, headers: answer.headers, socket });
    asked.once("connect", told);
    asked.once("upgrade", told);
    asked.once("response", (answer) => {
      answer.resume();
      answer.once("end", () => told(answer));
    });
    asked.once("error", reject);
    asked.end();
  });
}

test("the NTLM proxy checks passwords and tunnels", { skip: without_ntlm }, async (t) => {
  const server = await backend(t);
  const proxy = await ntlm_proxy(t);
  // Node gives no connection back after a CONNECT that failed: bare TCP.
  const ask = async (user) => {
    const client = await ntlm_client(t, user);
    const socket = net.connect(proxy.port, "127.0.0.1");
    t.after(() => socket.destroy());
    let read = "";
    socket.on("data", (chunk) => read += chunk);
    const connect = (credentials) => {
      read = "";
      socket.write(`CONNECT 127.0.0.1:${server.port} HTTP/1.1\r\nHost: x\r\n${credentials}\r\n`);
      return until("an answer", () => read.includes("\r\n\r\n") && read);
    };
    const plain = await connect("");
    assert.match(plain, /^HTTP\/1.1 407 [^]*Proxy-Authenticate: NTLM\r\n/);
    const answer = await connect(`Proxy-Authorization: NTLM ${client.first}\r\n`);
    const [, challenge] = answer.match(/Proxy-Authenticate: NTLM (\S+)\r\n/);
    const last = await connect(`Proxy-Authorization: NTLM ${await client.third(challenge)}\r\n`);
    if (!last.startsWith("HTTP/1.1 200 "))
      return last.slice(0, 12);
    read = "";
    socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    return until("the server's answer", () => read.includes("reached") && "reached");
  };
  assert.equal(await ask(), "reached");
  await until("its words", () => proxy.events.length >= 2);
  assert.deepEqual(proxy.events.splice(0), ["challenged", "user OFFICE\\anna"]);
  assert.equal(await ask({ password: "open barley" }), "HTTP/1.1 407");
  await until("its words", () => proxy.events.length >= 2);
  assert.deepEqual(proxy.events.splice(0), ["challenged", "refused"]);
  assert.equal(server.seen.length, 1);
});

test("the NTLM origin checks passwords and forwards", { skip: without_ntlm }, async (t) => {
  const server = await backend(t);
  const front = await ntlm_origin(t, server.port);
  const ask = (user, headers = {}) => by_ntlm(t, (agent, authorization) =>
    ask_with({ port: front.port, agent, headers: { ...headers, authorization } }), "www-authenticate", user);
  assert.equal((await ask()).status, 200);
  await until("its word", () => front.events.length > 0);
  assert.deepEqual(front.events.splice(0), ["user OFFICE\\anna"]);
  assert.equal(server.seen[0].authorization, undefined);
  assert.equal((await ask({ password: "open barley" })).status, 401);
  await until("its word", () => front.events.length > 0);
  assert.deepEqual(front.events.splice(0), ["refused"]);
  assert.equal((await curl(front.url)).code, 401);
  const upgraded = await ask({}, {
    connection: "Upgrade", upgrade: "websocket", "sec-websocket-version": "13",
    "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
  });
  assert.equal(upgraded.status, 101);
  upgraded.socket.destroy();
});

test("nginx answers as it is told", async (t) => {
  const server = await backend(t);
  const front = await nginx(t, `
    location /moved { return 302 /here; }
    location /here { proxy_pass ${server.url}; }
    location /busy { return 503; }`);
  assert.equal((await curl(`${front.url}/moved`)).code, 302);
  assert.deepEqual(await curl("-L", `${front.url}/moved`), { body: "reached", code: 200, connect: 0 });
  assert.equal((await curl(`${front.url}/busy`)).code, 503);
});
