// A backend as a process of its own, of Node's HTTP server: answers each body
// with itself, and keeps what it has taken, in order, so that it outlives a
// kill. node http_backend.mjs PORT FILE
//
// The body is `SOCKET:NUMBER`. FILE gets a line for each that was answered
// with 200. `?fail=N` in the url answers every Nth with 503, `?wait=MS` takes
// that long.

import { appendFileSync } from "node:fs";
import http from "node:http";
import process from "node:process";

const [port, file] = process.argv.slice(2);
let count = 0;

http.createServer((request, response) => {
  const { searchParams } = new URL(request.url, "http://backend");
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => setTimeout(() => {
    const fail = Number(searchParams.get("fail") ?? 0);
    if (fail > 0 && ++count % fail === 0) {
      response.writeHead(503).end();
      return;
    }
    const body = Buffer.concat(parts).toString();
    appendFileSync(file, `${request.headers["ce-subject"]} ${request.headers["ce-id"]} ${body}\n`);
    response.end(body);
  }, Number(searchParams.get("wait") ?? 0)));
}).listen(Number(port), "127.0.0.1", () => console.log("listening"));
