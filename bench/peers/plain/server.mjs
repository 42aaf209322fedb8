/**
 * The least that does the job: `ws`, `pg`, a map of rooms; insert, send to each member, acknowledge. With GROUPED set it
 * is the cheapest that could be thought of: one statement for all that waits, a frame encoded once, one write for all that
 * a socket gets in a turn.
 */
import { createServer } from "node:http";
import pg from "pg";
import { WebSocketServer } from "ws";
import { openGroupedStore, openStore } from "../store.mjs";

const isGrouped = process.env.GROUPED !== undefined;
const store = await (isGrouped ? openGroupedStore(pg) : openStore(pg));

function send(ws, frame) {
  const socket = ws._socket;
  if (isGrouped && socket.writableCorked === 0) {
    socket.cork();
    setImmediate(() => socket.uncork());
  }
  ws.send(frame, { binary: false });
}

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
    const text = JSON.stringify({ seq, room, body });
    const frame = isGrouped ? Buffer.from(text) : text;
    for (const member of members) send(member, frame);
    send(ws, `ack ${id}`);
  });
});
http.listen(Number(process.env.PORT), "127.0.0.1", () => process.stdout.write("ready\n"));
process.on("SIGTERM", () => process.exit(0));
