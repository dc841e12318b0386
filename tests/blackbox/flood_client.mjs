// Offers connections from many addresses of this machine, at a rate; a process
// of its own, so that it holds up nobody who measures.
// node flood_client.mjs PORT RATE SECONDS

import net from "node:net";
import { upgrade } from "./raw.mjs";

const [port, rate, seconds] = process.argv.slice(2).map(Number);
const counts = { offered: 0, answered: 0, refused: 0, unanswered: 0, failed: 0 };
const begun = performance.now();

function offer(number) {
  const from = `127.${1 + number % 200}.${(number >> 8) % 256}.${1 + number % 250}`;
  let settled = false;
  const socket = net.connect({ host: "127.0.0.1", port, localAddress: from });
  const settle = (what) => {
    if (!settled)
      ++counts[what];
    settled = true;
    socket.destroy();
  };
  socket.setTimeout(500, () => settle("unanswered"));
  socket.once("data", (bytes) =>
    settle(bytes.latin1Slice(9, 12) === "101" ? "answered" : "refused"));
  socket.once("error", () => settle("failed"));
  socket.once("close", () => settle("failed"));
  socket.write(upgrade("/echo"));
}

const timer = setInterval(() => {
  const now = (performance.now() - begun) / 1000;
  const due = Math.min(now, seconds) * rate;
  while (counts.offered < due)
    offer(counts.offered++);
  if (now >= seconds) {
    clearInterval(timer);
    setTimeout(() => {
      console.log(JSON.stringify(counts));
      process.exit(0);
    }, 700);
  }
}, 5);
