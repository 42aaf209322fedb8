/**
 * The application behind Centrifugo's publish proxy: it is asked over HTTP before a message goes to its channel, stores
 * it, and gives it its id. What it answers is what Centrifugo then publishes.
 */
import { createServer } from "node:http";
import pg from "pg";
import { openStore } from "../store.mjs";

const store = await openStore(pg);
const NAMESPACE = "room:";

async function textOf(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

async function answer(request) {
  const { channel, data } = JSON.parse(await textOf(request));
  try {
    const room = channel.slice(NAMESPACE.length);
    const id = await store(room, data.body);
    return { result: { data: { id, room, body: data.body } } };
  } catch (error) {
    return { error: { code: 1000, message: error.message } };
  }
}

const http = createServer(async (request, response) => {
  if (request.method !== "POST") return response.end();
  const text = JSON.stringify(await answer(request));
  response.writeHead(200, { "content-type": "application/json" });
  response.end(text);
});
// Centrifugo keeps its connections for good: one that ends here while it writes to it would fail a message.
http.keepAliveTimeout = 0;
http.listen(Number(process.env.PORT), "127.0.0.1", () => process.stdout.write("ready\n"));
process.on("SIGTERM", () => process.exit(0));
