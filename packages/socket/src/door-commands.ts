import type { VerifyToken } from "@parley/identity/identity";
import { AuthFrame, PingFrame } from "@parley/protocol/client-frames";
import { Refusal } from "@parley/protocol/codes";
import { type Command, command } from "./command.ts";

/** A verification: a call of auth, or a look into the cache. */
const AUTH_COST = 5;

/** `ping`: the heartbeat of clients that cannot send WebSocket pings, such as browsers. */
export function pingCommand(): Command {
  return command("ping", PingFrame, 0, (connection, { id }) => {
    connection.send({ type: "pong", id, at: new Date().toISOString() });
  });
}

/** `auth` on an authenticated connection: replaces its token by a later one of the same user and session. */
export function authCommand(verifyToken: VerifyToken): Command {
  return command("auth", AuthFrame, AUTH_COST, async (connection, { id, token }) => {
    const identity = await verifyToken(token);
    const { userId, sessionId } = connection.identity;
    if (identity.userId !== userId || identity.sessionId !== sessionId)
      throw new Refusal("forbidden", "the token is of another user or session", { path: "/token" });
    connection.renew(identity, performance.now());
    connection.send({ type: "authenticated", id, expiresAt: new Date(identity.expiresAt).toISOString() });
  });
}
