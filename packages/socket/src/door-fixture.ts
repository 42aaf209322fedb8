import { PostFrame } from "@parley/protocol/client-frames";
import { Refusal } from "@parley/protocol/codes";
import { type App, buildHttp } from "@parley/runtime/http";
import { createLog } from "@parley/runtime/log";
import type { Client } from "./client-fixture.ts";
import { type Command, command } from "./command.ts";
import type { Door, DoorOptions } from "./door.ts";
import type { DoorLimits } from "./door-limits.ts";
import { openDoor } from "./open-door.ts";

export const LIMITS: DoorLimits = {
  allowedOrigins: ["http://localhost:8083"],
  allowQueryToken: true,
  isLimited: true,
  socketsPerUser: 3,
  socketsPerAddress: 50,
  handshakesPerSecond: 1_000,
  connectionsPerAddress: 1_000,
  workPerSecond: 100,
  isProxy: () => false,
  unauthenticatedSockets: 2,
  socketsBytes: 256 * 1_024 * 1_024,
  drainMs: 100,
};

/** Resolves with the `hello` of a client. */
export const opened = (client: Client) => client.frame((frame) => frame.type === "hello");

/** A door for a test. The token `u1-s1-900000` is of user u1, session s1, and expires in 900,000 ms. */
export class DoorFixture {
  readonly door: Door;
  readonly url: string;
  /** Bodies of the messages that arrived; messages to the room `slow` are refused with `rate_limited`. */
  readonly heard: unknown[];
  readonly revoke: (sessionId: string) => void;
  readonly #app: App;

  private constructor(app: App, door: Door, heard: unknown[], revoke: (sessionId: string) => void) {
    const address = app.server.address();
    this.url = `ws://127.0.0.1:${typeof address === "object" && address ? address.port : 0}/ws`;
    this.#app = app;
    this.door = door;
    this.heard = heard;
    this.revoke = revoke;
  }

  /** @param commands Commands beside `message`, which is answered with `ack`. */
  static async start(
    limits = LIMITS,
    commands: readonly Command[] = [],
    onOpen: DoorOptions["onOpen"] = () => undefined,
  ): Promise<DoorFixture> {
    const heard: unknown[] = [];
    const revoked = new Set<string>();
    let notify = (_sessionId: string, _userId: string): void => undefined;
    const log = createLog("door-test", "silent");
    const app = await buildHttp({
      service: "door-test",
      title: "door",
      description: "door",
      log,
      checks: {},
      allowedOrigins: [],
      trustProxy: false,
      limits,
      bodyBytesMax: 16_384,
    });
    const verify = async (token: string) => {
      const [userId, sessionId = "s1", lifeMs = "900000"] = token.split("-");
      if (userId === "scopeless") throw new Refusal("forbidden", "this token has not the scope");
      if (!userId?.startsWith("u")) throw new Refusal("unauthenticated", "the token is not valid");
      return { userId, username: `name-${userId}`, sessionId, expiresAt: Date.now() + Number(lifeMs) };
    };
    const post = command("message", PostFrame, 1, (connection, frame) => {
      if (frame.room === "slow") throw new Refusal("rate_limited", "too many messages", { retryAfterMs: 50 });
      heard.push(frame.body);
      connection.send({ type: "ack", id: frame.id });
    });
    const identities = {
      verify,
      isRevoked: (sessionId: string) => revoked.has(sessionId),
      onRevoked: (listener: (sessionId: string, userId: string) => void) => {
        notify = listener;
      },
    };
    const door = await openDoor(app, {
      service: "producer",
      identities,
      commands: [post, ...commands],
      limits,
      log,
      onOpen,
    });
    await app.listen({ port: 0, host: "127.0.0.1" });
    const revoke = (sessionId: string) => {
      revoked.add(sessionId);
      notify(sessionId, "u1");
    };
    return new DoorFixture(app, door, heard, revoke);
  }

  async close(): Promise<void> {
    await this.#app.close();
  }
}
