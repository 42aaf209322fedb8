import { createParley } from "@parley/client";

/** A bot that answers "ping". Run: USERNAME=bot PASSWORD=… node examples/bot.ts (against `make start`). */
const {
  AUTH = "http://localhost:8080",
  SEND = "http://localhost:8081",
  LISTEN = "http://localhost:8082",
} = process.env;
const { ROOM = "general", USERNAME = "bot", PASSWORD = "" } = process.env;

/** Asked for a token at the start, before the last one ends, and when it was refused. */
async function logIn(): Promise<string> {
  const answer = await fetch(`${AUTH}/api/v1/login`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ username: USERNAME, password: PASSWORD }),
  });
  if (!answer.ok) throw new Error(`login answered ${answer.status}`);
  return ((await answer.json()) as { data: { token: string } }).data.token;
}

const parley = createParley({ url: { auth: AUTH, send: SEND, listen: LISTEN }, auth: logIn });
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => void parley.close());

const room = parley.rooms.get(ROOM);
for await (const event of room.events()) {
  if (event.type !== "message" || event.author.username === USERNAME) continue;
  // The id makes a second answer to the same message impossible, also after a restart.
  if (event.body === "ping") await room.send("pong", { id: `pong-${event.seq}`, replyTo: event.seq });
}
