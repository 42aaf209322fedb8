import type { NatsConnection } from "@nats-io/transport-node";
import { decodeAccess, ROOMS_BUCKET } from "@parley/protocol/access";
import { Refusal } from "@parley/protocol/codes";
import { type Right, RightsCache } from "../../application/room-access.ts";

/** Deadline of the bucket's answer, ms. */
const ANSWER_DEADLINE_MS = 2_000;
const KEYS = `$KV.${ROOMS_BUCKET}.`;
const DIRECT_GET = `$JS.API.DIRECT.GET.KV_${ROOMS_BUCKET}.${KEYS}`;
const NOT_FOUND = 404;

/**
 * Makes a cache of the bucket of rights, which the consumers write. It subscribes to the bucket's subjects, so that a
 * change takes effect at once; after a lost connection it is cleared.
 */
export function createRightsCache(nats: NatsConnection): RightsCache {
  const rights = new RightsCache({ read: (key) => readRight(nats, key), now: () => performance.now() });
  nats.subscribe(`${KEYS}>`, {
    callback: (error, message) => {
      if (error || message.data.length === 0) return;
      try {
        rights.update(message.subject.slice(KEYS.length), decodeAccess(message.string()));
      } catch {
        // Not a right: the mark that the bucket is filled, or a foreign value.
      }
    },
  });
  void clearAfterLoss(nats, rights);
  return rights;
}

async function clearAfterLoss(nats: NatsConnection, rights: RightsCache): Promise<void> {
  for await (const { type } of nats.status()) if (type === "reconnect") rights.clear();
}

/** @throws {Refusal} `unavailable` if the bucket does not answer, or does not exist yet. */
async function readRight(nats: NatsConnection, key: string): Promise<Right> {
  const answer = await nats.request(`${DIRECT_GET}${key}`, "", { timeout: ANSWER_DEADLINE_MS }).catch(() => {
    throw new Refusal("unavailable", "rights to this room cannot be looked up now", { retryAfterMs: 1_000 });
  });
  if (answer.headers?.code === NOT_FOUND || answer.data.length === 0) return undefined;
  return decodeAccess(answer.string());
}
