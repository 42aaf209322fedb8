import { createParley } from "@parley/client";

/**
 * A bot that answers "ping". Run: PARLEY_TOKEN=parley_… node_modules/.bin/node examples/bot.ts (against `make start`). The token is one of a
 * service account with the scopes messages:read and messages:write (docs/service-accounts.md).
 */
const { AUTH: auth = "http://localhost:8080", PARLEY_TOKEN = "", ROOM = "general" } = process.env;
const { SEND: send = "http://localhost:8081", LISTEN: listen = "http://localhost:8082" } = process.env;

const parley = createParley({ url: { auth, send, listen }, auth: async () => PARLEY_TOKEN });
for (const signal of ["SIGINT", "SIGTERM"]) process.once(signal, () => void parley.close());

const room = parley.rooms.get(ROOM);
for await (const event of room.events()) {
  if (event.type !== "message" || event.body !== "ping") continue;
  // The id makes a second answer to the same message impossible, also after a restart.
  await room.send("pong", { id: `pong-${event.seq}`, replyTo: event.seq });
}
