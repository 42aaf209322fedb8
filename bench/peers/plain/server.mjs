/** The least that does the job: `ws`, `pg`, a map of rooms; insert, send to each member, acknowledge. */
import { createServer } from "node:http";
import pg from "pg";
import { WebSocketServer } from "ws";

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: Number(process.env.POOL ?? 10) });
await pool.query(
  "create table if not exists messages (id bigserial primary key, room text not null, body text not null, at timestamptz not null default now())",
);
await pool.query("create index if not exists messages_room on messages (room, id)");

const rooms = new Map();
const http = createServer();
const server = new WebSocketServer({ server: http, perMessageDeflate: false });
server.on("connection", (ws, request) => {
  const room = new URL(request.url, "http://localhost").searchParams.get("room");
  const members = rooms.get(room) ?? new Set();
  rooms.set(room, members.add(ws));
  ws.on("close", () => members.delete(ws));
  ws.on("error", () => undefined);
  ws.on("message", async (bytes) => {
    const { id, body } = JSON.parse(bytes.toString());
    const { rows } = await pool.query("insert into messages (room, body) values ($1, $2) returning id", [
      room,
      body,
    ]);
    const frame = JSON.stringify({ seq: rows[0].id, room, body });
    for (const member of members) member.send(frame);
    ws.send(`ack ${id}`);
  });
});
http.listen(Number(process.env.PORT), "127.0.0.1", () => process.stdout.write("ready\n"));
process.on("SIGTERM", () => process.exit(0));
