import { Metadata } from "@grpc/grpc-js";
import type { NatsConnection } from "@nats-io/transport-node";
import type { AuthServiceClient } from "@parley/proto/auth/v1/auth";
import { Refusal } from "@parley/protocol/codes";
import type { Log } from "@parley/runtime/log";
import type { TokenRules } from "./access-token.ts";
import type { Identities } from "./identity.ts";
import { type ListRevocations, Revocations } from "./revocations.ts";
import { createTokenVerifier, type TokenCounts } from "./token-verifier.ts";

const LIST_DEADLINE_MS = 5_000;

type IdentitiesOptions = Readonly<{
  auth: AuthServiceClient;
  nats: NatsConnection;
  rules: TokenRules;
  log: Log;
}>;

/** Lists revocations by auth's gRPC. */
function createListRevocations(auth: AuthServiceClient): ListRevocations {
  return (since) =>
    new Promise((resolve, reject) => {
      const deadline = Date.now() + LIST_DEADLINE_MS;
      auth.listRevocations({ since }, new Metadata(), { deadline }, (error, answer) =>
        error ? reject(error) : resolve(answer),
      );
    });
}

/**
 * Verifies tokens and follows revocations. A token of a revoked session is refused as soon as the revocation is known,
 * also while auth is unavailable.
 *
 * @example
 * const identities = openIdentities({ auth, nats, rules: tokenRules(config), log });
 * const { userId } = await identities.verify(token);
 */
export function openIdentities(options: IdentitiesOptions): Identities & {
  /** Verifications of tokens. */
  counts: TokenCounts;
  /** For `/health/ready`: rejects while no token can be verified. */
  check: () => Promise<void>;
  close: () => void;
} {
  const tokens = createTokenVerifier(options.auth, options.rules);
  const listeners: ((sessionId: string, userId: string) => void)[] = [];
  const revocations = new Revocations({
    nats: options.nats,
    list: createListRevocations(options.auth),
    log: options.log,
    onRevoked: ({ sessionId, userId }) => {
      tokens.forget((identity) => identity.sessionId === sessionId);
      for (const listener of listeners) listener(sessionId, userId);
    },
  });
  void revocations.poll();
  return {
    verify: async (token) => {
      const identity = await tokens.verify(token);
      if (!revocations.has(identity.sessionId)) return identity;
      throw new Refusal("unauthenticated", "the session was revoked");
    },
    isRevoked: (sessionId) => revocations.has(sessionId),
    onRevoked: (listener) => void listeners.push(listener),
    counts: tokens.counts,
    check: tokens.check,
    close: () => {
      revocations.close();
      tokens.close();
    },
  };
}
