import type { NatsConnection } from "@nats-io/transport-node";
import { REVOKED_SUBJECT } from "@parley/protocol/subjects";
import type { Log } from "@parley/runtime/log";
import { connectNats } from "@parley/runtime/nats";

/** A session that was revoked. `at` is ms since the epoch. */
export type Revocation = Readonly<{ sessionId: string; userId: string; at: number }>;

/**
 * Publishes revocations to the services that hold sockets. Best effort: it does not wait and does not throw. Services
 * find lost events by calling ListRevocations.
 */
export type AnnounceRevocations = (revocations: readonly Revocation[]) => void;

/**
 * Starts publishing on the NATS subject `auth.revoked`. It connects and reconnects by itself; auth works without NATS.
 * `close` sends what is buffered.
 */
export function startAnnouncer(
  nats: Readonly<{ url: string; user?: string; password?: string }>,
  log: Log,
): { announce: AnnounceRevocations; close: () => Promise<void> } {
  let connection: NatsConnection | undefined;
  let isClosing = false;
  connectNats({ ...nats, name: "parley-auth", log }).then(
    (connected) => {
      if (isClosing) void connected.close();
      else connection = connected;
    },
    (err) => log.error({ err }, "NATS cannot be used: services learn of revocations by polling only"),
  );
  return {
    announce(revocations) {
      try {
        for (const revocation of revocations)
          connection?.publish(REVOKED_SUBJECT, JSON.stringify(revocation));
      } catch (err) {
        log.warn({ err }, "a revocation could not be published");
      }
    },
    async close() {
      isClosing = true;
      await connection?.drain();
    },
  };
}
