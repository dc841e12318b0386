// Backends for `http_request`: Node's own HTTP server in this process, what it
// was asked kept for the test to look at.

import http from "node:http";
import https from "node:https";
import { within } from "./harness.mjs";

/// Reads the body of a request.
export async function body_of(request) {
  const parts = [];
  for await (const part of request)
    parts.push(part);
  return Buffer.concat(parts);
}

/// Starts a server on a free port; the test's end stops it.
/// @param answer (asked, response, request): asked is { method, url, headers,
///        body, port } with the peer's port; what it returns is sent as
///        { status, headers, body }, undefined: it has answered itself.
/// @param options tls: key and cert for HTTPS; port: a certain one; also
///        those of Node's server.
export async function backend(t, answer = () => ({}), { tls, port = 0, ...options } = {}) {
  const asked = [];
  const sockets = new Set();
  const handle = async (request, response) => {
    const one = {
      method: request.method, url: request.url, headers: request.headers,
      raw: request.rawHeaders, body: (await body_of(request)).toString(),
      port: request.socket.remotePort,
    };
    asked.push(one);
    const said = await answer(one, response, request);
    if (said) {
      response.writeHead(said.status ?? 200, said.headers ?? {});
      response.end(said.body ?? "");
    }
  };
  const server = tls ? https.createServer({ ...options, ...tls }, handle)
                     : http.createServer(options, handle);
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  await new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const stop = () => {
    for (const socket of sockets)
      socket.destroy();
    return within("the backend's end", new Promise((resolve) => server.close(resolve)));
  };
  t.after(() => server.listening ? stop() : undefined);
  return {
    asked, server, sockets, stop, port: server.address().port,
    url: `${tls ? "https" : "http"}://127.0.0.1:${server.address().port}`,
  };
}

/// A promise with its own levers.
export function lever() {
  const result = {};
  result.done = new Promise((resolve) => result.pull = resolve);
  return result;
}
