/**
 * The application behind AnyCable, which calls it by HTTP for each connection, subscription and message: it inserts,
 * broadcasts and then answers with the acknowledgement, as the documentation's example does (without the insert).
 */
import { createServer } from "node:http";
import pg from "pg";
import { openStore } from "../store.mjs";
import { broadcaster } from "./broadcast.mjs";

const { PORT, ANYCABLE_URL, ANYCABLE_BROADCAST_KEY, ANYCABLE_HTTP_RPC_SECRET } = process.env;
const BEARER = `Bearer ${ANYCABLE_HTTP_RPC_SECRET}`;
const SUCCESS = 1;
const FAILURE = 2;

const store = await openStore(pg);
const broadcast = broadcaster(`${ANYCABLE_URL}/_broadcast`, ANYCABLE_BROADCAST_KEY);

const roomOf = (identifier) => JSON.parse(identifier).room;
const streamOf = (room) => `room:${room}`;

const calls = {
  "/_anycable/connect": async ({ env }, sid) => ({
    status: SUCCESS,
    identifiers: JSON.stringify({ user: new URL(env.url).searchParams.get("user") }),
    transmissions: [JSON.stringify({ type: "welcome", sid })],
  }),
  "/_anycable/command": async ({ command, identifier, data }) => {
    if (command === "subscribe") return subscribed(identifier);
    if (command === "message") return performed(identifier, JSON.parse(data));
    return { status: SUCCESS };
  },
};

function subscribed(identifier) {
  const confirmation = JSON.stringify({ type: "confirm_subscription", identifier });
  return { status: SUCCESS, streams: [streamOf(roomOf(identifier))], transmissions: [confirmation] };
}

async function performed(identifier, { id, body }) {
  const room = roomOf(identifier);
  const tell = (message) => ({ status: SUCCESS, transmissions: [JSON.stringify({ identifier, message })] });
  try {
    const row = await store(room, body);
    await broadcast(streamOf(room), { id: row, room, body });
    return tell({ ack: id });
  } catch (error) {
    return tell({ refused: id, why: error.message });
  }
}

async function textOf(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString();
}

async function answerTo(request) {
  if (request.headers.authorization !== BEARER) return [401, {}];
  const call = calls[request.url];
  if (call === undefined) return [404, {}];
  try {
    return [200, await call(JSON.parse(await textOf(request)), request.headers["x-anycable-meta-sid"])];
  } catch (error) {
    return [200, { status: FAILURE, error_msg: error.message }];
  }
}

const http = createServer(async (request, response) => {
  const [status, answer] = await answerTo(request);
  const body = JSON.stringify(answer);
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(body),
  });
  response.end(body);
});
// AnyCable keeps connections; one that ends here just as a call is sent would make it call again.
http.keepAliveTimeout = 0;
http.listen(Number(PORT), "127.0.0.1", () => process.stdout.write("ready\n"));
process.on("SIGTERM", () => process.exit(0));
