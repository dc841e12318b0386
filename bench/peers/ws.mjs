// node ws.mjs PORT: npm ws. /echo sends each message back; every other path is
// a room whose messages go to all of its sockets, the sender included.

import { createServer } from 'node:http';

import { WebSocketServer } from 'ws';

const rooms = new Map();
const http = createServer();
const server = new WebSocketServer({
  server: http,
  perMessageDeflate: {
    serverNoContextTakeover: true,
    clientNoContextTakeover: true,
    threshold: 64,
  },
});

server.on('connection', (socket, request) => {
  socket.on('error', () => {});
  if (request.url === '/echo') {
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
    return;
  }
  if (!rooms.has(request.url)) {
    rooms.set(request.url, new Set());
  }
  const room = rooms.get(request.url);
  room.add(socket);
  socket.on('close', () => room.delete(socket));
  socket.on('message', (data, isBinary) => {
    for (const each of room) {
      each.send(data, { binary: isBinary });
    }
  });
});

http.listen({ host: '127.0.0.1', port: Number(process.argv[2]), backlog: 4096 });
