// A WebSocket server of npm `ws` as a process of its own, to be killed,
// stopped and started again: node ws_peer.mjs PORT [KEY=VALUE…]
//
//   status=N   answer every upgrade with this status
//   first=N    only the first N of them
//   cut=1      reset the connection in the middle of the answer
//   mute=1     accept TCP and say nothing
//   tick=MS    send a message every so often
//
// Writes one JSON object a line: {listening}, {open, headers, path}, {message},
// {close}.

import { createServer } from "node:http";
import { WebSocketServer } from "ws";

const port = Number(process.argv[2]);
const options = Object.fromEntries(process.argv.slice(3).map((word) => word.split("=")));
const tell = (what) => process.stdout.write(`${JSON.stringify(what)}\n`);

let refused = 0;
const http = createServer((request, response) => response.writeHead(426).end());
const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: options.deflate === "1" });

http.on("upgrade", (request, socket, head) => {
  if (options.mute)
    return;
  if (options.cut) {
    socket.write("HTTP/1.1 101 Switching Pro");
    socket.resetAndDestroy();
    tell({ cut: true });
    return;
  }
  if (options.status && refused < Number(options.first ?? Infinity)) {
    ++refused;
    const body = `refusal ${refused}`;
    socket.end(`HTTP/1.1 ${options.status} Refused\r\nContent-Length: ${body.length}\r\n`
      + `Connection: close\r\n\r\n${body}`);
    tell({ refused });
    return;
  }
  sockets.handleUpgrade(request, socket, head, (ws) => {
    tell({ open: true, path: request.url, headers: request.headers });
    ws.on("message", (data, binary) => {
      const text = data.toString();
      tell({ message: text, binary });
      if (text.startsWith("close "))
        ws.close(Number(text.slice(6)));
      else if (text.startsWith("echo "))
        ws.send(text);
    });
    ws.on("close", (code) => tell({ close: code }));
    if (options.tick) {
      let count = 0;
      setInterval(() => ws.send(`tick ${++count}`), Number(options.tick));
    }
  });
});

http.listen(port, "127.0.0.1", () => tell({ listening: http.address().port }));
