// Many sockets of one process: opens them, says when all are open, then how and
// when they were closed. Arguments: URL, number of sockets.

import { WebSocket } from "ws";

const [url, count] = [process.argv[2], Number(process.argv[3])];
const codes = {};
let open = 0, closed = 0, begun = 0, first;
const tell = (value) => process.stdout.write(JSON.stringify(value) + "\n");

function next() {
  if (begun === count)
    return;
  ++begun;
  const ws = new WebSocket(url, { perMessageDeflate: false });
  ws.on("error", (error) => tell({ error: error.message }));
  ws.once("open", () => {
    if (++open === count)
      tell({ open });
    next();
  });
  ws.once("close", (code) => {
    first ??= Date.now();
    codes[code] = (codes[code] ?? 0) + 1;
    if (++closed === count) {
      tell({ codes, first, last: Date.now() });
      process.exit(0);
    }
  });
}

for (let i = 0; i < 50; ++i)
  next();
