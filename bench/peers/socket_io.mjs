// node socket_io.mjs PORT: socket.io over WebSocket alone. `echo` comes back;
// `fan` goes to all who joined the room of the sender, which they do by `join`.

import { createServer } from 'node:http';

import { Server } from 'socket.io';

const http = createServer();
const server = new Server(http, {
  transports: ['websocket'],
  // The load answers no pings of the protocol.
  pingInterval: 600000,
  pingTimeout: 600000,
  perMessageDeflate: false,
});

server.on('connection', (socket) => {
  let room;
  socket.on('echo', (text) => socket.emit('echo', text));
  socket.on('join', (name) => {
    room = name;
    socket.join(name);
    socket.emit('joined');
  });
  socket.on('fan', (text) => server.to(room).emit('fan', text));
});

http.listen({ host: '127.0.0.1', port: Number(process.argv[2]), backlog: 4096 });
