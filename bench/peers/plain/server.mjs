/** The least that does the job: `ws`, `pg`, a map of rooms; insert, send to each member, acknowledge. */
import { createServer } from "node:http";
import pg from "pg";
import { WebSocketServer } from "ws";
import { openStore } from "../store.mjs";

const store = await openStore(pg);

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
    const seq = await store(room, body);
    const frame = JSON.stringify({ seq, room, body });
    for (const member of members) member.send(frame);
    ws.send(`ack ${id}`);
  });
});
http.listen(Number(process.env.PORT), "127.0.0.1", () => process.stdout.write("ready\n"));
process.on("SIGTERM", () => process.exit(0));
