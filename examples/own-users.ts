import { createServer, type IncomingMessage } from "node:http";
import { createParley, ParleyError } from "@parley/client";
import { issueToken } from "@parley/client/admin";

/**
 * The server of an application that has users already: it tells Parley who somebody is, and their browser gets a token.
 * Run: PARLEY_TOKEN=parley_… node_modules/.bin/node examples/own-users.ts (a service account with the scope tokens:issue), then
 * curl -H 'cookie: user=42' localhost:3000/token
 */
const { AUTH: auth = "http://localhost:8080", PARLEY_TOKEN = "", PORT = "3000" } = process.env;
const { SEND: send = "http://localhost:8081", LISTEN: listen = "http://localhost:8082" } = process.env;
const parley = createParley({ url: { auth, send, listen }, auth: async () => PARLEY_TOKEN });

/** Who asks, by the application's own session. Here a cookie says it; yours is signed. */
const userOf = ({ headers: { cookie = "" } }: IncomingMessage) => /(?:^|; )user=(\w+)/.exec(cookie)?.[1];

const app = createServer(async (request, response) => {
  const answer = (status: number, body: object) =>
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  const externalId = userOf(request);
  if (request.url !== "/token") answer(404, { error: "there is GET /token" });
  else if (!externalId) answer(401, { error: "sign in to the application first" });
  else
    try {
      // The same id is the same user of Parley; who is new is made. A browser uses it so:
      // createParley({ url, auth: async () => (await (await fetch("/token")).json()).token })
      const { token } = await issueToken(parley, { externalId, displayName: `User ${externalId}` });
      answer(200, { token });
    } catch (error) {
      answer(503, { error: error instanceof ParleyError ? error.code : "unavailable" });
    }
});
app.listen(Number(PORT), "127.0.0.1");
for (const signal of ["SIGINT", "SIGTERM"])
  process.once(signal, () => void parley.close().then(() => app.close()));
