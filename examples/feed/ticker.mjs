// A price that changes four times a second, for whoever connects to /ticks:
//
//   node ticker.mjs [PORT]
//
// Each tick is JSON: { run, tick, price }. `run` names this process, so that one
// sees who speaks after a restart; `tick` counts from 1.

import { WebSocketServer } from "ws";

const port = Number(process.argv[2] ?? 8090);
const run = process.pid;
let tick = 0;
let price = 100;

const server = new WebSocketServer({ host: "127.0.0.1", port, path: "/ticks" });
server.on("listening", () => console.log(`ticking on ws://127.0.0.1:${port}/ticks`));
server.on("connection", (socket, request) => {
  console.log(`here: ${request.socket.remoteAddress}:${request.socket.remotePort}`);
  socket.on("error", (error) => console.log(`lost: ${error.message}`));
  socket.on("close", (code) => console.log(`gone: ${code}`));
});

setInterval(() => {
  tick += 1;
  price = Math.max(1, price + Math.random() * 2 - 1);
  const text = JSON.stringify({ run, tick, price: Number(price.toFixed(2)) });
  for (const socket of server.clients)
    socket.send(text);
}, 250);
