/**
 * What a team would write with Socket.IO 4 and Postgres: insert, emit to the room, acknowledge. Recovery of the
 * connection state is on, so that a client that comes back gets what it missed.
 */
import { createServer } from "node:http";
import pg from "pg";
import { Server } from "socket.io";

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: Number(process.env.POOL ?? 10) });
await pool.query(
  "create table if not exists messages (id bigserial primary key, room text not null, body text not null, at timestamptz not null default now())",
);
await pool.query("create index if not exists messages_room on messages (room, id)");

const http = createServer();
const io = new Server(http, { connectionStateRecovery: { maxDisconnectionDuration: 120_000 } });
io.on("connection", (socket) => {
  socket.on("join", (room, done) => {
    socket.join(room);
    done();
  });
  socket.on("message", async ({ room, body }, done) => {
    try {
      const { rows } = await pool.query("insert into messages (room, body) values ($1, $2) returning id", [
        room,
        body,
      ]);
      io.to(room).emit("message", { id: rows[0].id, room, body });
      done();
    } catch (error) {
      done(error.message);
    }
  });
});
http.listen(Number(process.env.PORT), "127.0.0.1", () => process.stdout.write("ready\n"));
process.on("SIGTERM", () => process.exit(0));
