import type { Msg, NatsConnection } from "@nats-io/transport-node";
import { decodeAccess, FILLED_KEY, ROOMS_BUCKET } from "@parley/protocol/access";
import { Refusal } from "@parley/protocol/codes";
import { listen, type OnFault } from "@parley/runtime/listen";
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
export function createRightsCache(nats: NatsConnection, onFault: OnFault): RightsCache {
  const rights = new RightsCache({ read: (key) => readRight(nats, key), now: () => performance.now() });
  const receive = (message: Msg) => {
    const key = message.subject.slice(KEYS.length);
    const right = rightOf(key, message);
    if (right) rights.update(key, right);
    else rights.forget(key);
  };
  listen(nats, `${KEYS}>`, receive, onFault);
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
  return answer.headers?.code === NOT_FOUND ? undefined : rightOf(key, answer);
}

/** The mark that the bucket is filled is no right: it counts as one without a version, so that the latest is valid. */
function rightOf(key: string, message: Msg): Right {
  if (message.data.length === 0) return undefined;
  return key === FILLED_KEY ? { version: -1, state: "filled" } : decodeAccess(message.string());
}
