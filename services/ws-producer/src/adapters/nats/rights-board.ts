import type { NatsConnection } from "@nats-io/transport-node";
import { decodeAccess, memberKey, ROOMS_BUCKET, roomKey } from "@parley/protocol/access";
import { Refusal } from "@parley/protocol/codes";
import { kindOf } from "@parley/protocol/rooms";
import { KnownRights, type MayPost, type Right } from "../../application/room-access.ts";

/** How long the bucket may take to answer, ms. */
const ANSWER_DEADLINE_MS = 2_000;
const KEYS = `$KV.${ROOMS_BUCKET}.`;
const DIRECT_GET = `$JS.API.DIRECT.GET.KV_${ROOMS_BUCKET}.${KEYS}`;
const NOT_FOUND = 404;
const NOBODY = "none";

/**
 * Says who may post where, from the bucket that the consumers keep. Each change passes here on its way into the
 * bucket and is believed at once; after a lost connection all is looked up anew.
 */
export function createMayPost(nats: NatsConnection, isAutoCreated: boolean): MayPost {
  const rights = new KnownRights({ read: (key) => readRight(nats, key), now: () => performance.now() });
  nats.subscribe(`${KEYS}>`, {
    callback: (error, message) => {
      if (error || message.data.length === 0) return;
      try {
        rights.hear(message.subject.slice(KEYS.length), decodeAccess(message.string()));
      } catch {
        // The mark that the bucket is filled, or nothing of ours.
      }
    },
  });
  void forgetAfterLoss(nats, rights);
  return (room, userId) => {
    const isChannel = kindOf(room) === "channel";
    const asked = rights.get(roomKey(room));
    if (isChannel) {
      if (!(asked instanceof Promise)) return isOpen(asked, isAutoCreated);
      // Open to all: a bucket that does not answer is no reason to refuse.
      const ofRoom = isAutoCreated ? asked.catch(() => undefined) : asked;
      return ofRoom.then((right) => isOpen(right, isAutoCreated));
    }
    const ofMember = rights.get(memberKey(room, userId));
    return whenKnown(
      [asked, ofMember],
      ([right, member]) => isOpen(right, true) && member !== undefined && member.state !== NOBODY,
    );
  };
}

const isOpen = (right: Right, otherwise: boolean) => (right ? right.state !== NOBODY : otherwise);

/** Answers in this turn if all is known. */
function whenKnown(
  rights: readonly (Right | Promise<Right>)[],
  judge: (rights: readonly Right[]) => boolean,
): boolean | Promise<boolean> {
  if (rights.some((right) => right instanceof Promise)) return Promise.all(rights).then(judge);
  return judge(rights as readonly Right[]);
}

async function forgetAfterLoss(nats: NatsConnection, rights: KnownRights): Promise<void> {
  for await (const { type } of nats.status()) if (type === "reconnect") rights.forget();
}

/** @throws {Refusal} `unavailable` if the bucket does not answer, or is not there yet. */
async function readRight(nats: NatsConnection, key: string): Promise<Right> {
  const answer = await nats.request(`${DIRECT_GET}${key}`, "", { timeout: ANSWER_DEADLINE_MS }).catch(() => {
    throw new Refusal("unavailable", "it is not known now who may post here", { retryAfterMs: 1_000 });
  });
  if (answer.headers?.code === NOT_FOUND || answer.data.length === 0) return undefined;
  return decodeAccess(answer.string());
}
