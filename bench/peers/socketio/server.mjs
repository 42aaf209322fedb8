/**
 * What a team would write with Socket.IO 4 and Postgres: insert, emit to the room, acknowledge. Recovery of the
 * connection state is on, so that a client that comes back gets what it missed.
 */
import { createServer } from "node:http";
import pg from "pg";
import { Server } from "socket.io";
import { openStore } from "../store.mjs";

const store = await openStore(pg);

const http = createServer();
const io = new Server(http, { connectionStateRecovery: { maxDisconnectionDuration: 120_000 } });
io.on("connection", (socket) => {
  socket.on("join", (room, done) => {
    socket.join(room);
    done();
  });
  socket.on("message", async ({ room, body }, done) => {
    try {
      const id = await store(room, body);
      io.to(room).emit("message", { id, room, body });
      done();
    } catch (error) {
      done(error.message);
    }
  });
});
http.listen(Number(process.env.PORT), "127.0.0.1", () => process.stdout.write("ready\n"));
process.on("SIGTERM", () => process.exit(0));
