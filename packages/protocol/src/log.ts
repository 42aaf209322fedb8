import { hash } from "node:crypto";
import {
  type ClusterInfo,
  DiscardPolicy,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from "@nats-io/jetstream";

/** Header of a log entry that names the core subject where the producer waits for `stored`. */
export const RECEIPT_HEADER = "Parley-Receipt";
/** How long the log remembers message ids, ns (docs/decisions/0001). Postgres remembers them for ever. */
const DUPLICATE_WINDOW_NS = 10 * 60 * 1_000_000_000;
/** Key of the stream's metadata for the number of shards of the log. */
const SHARDS_METADATA = "parley-shards";

/** Name of a shard's stream. */
export const streamOf = (shard: number): string => `CHAT_${shard}`;

/** Names of the streams of a log. */
export const streamsOf = (shards: number): string[] =>
  Array.from({ length: shards }, (_, shard) => streamOf(shard));

/** Subject of a room's entries in the log. */
export const subjectOf = (shard: number, room: string): string => `chat.${shard}.${room}`;

/** Copies of a stream that are up to date and on line, the leader's among them; of a server alone, 1. */
export function currentCopies(cluster: ClusterInfo | undefined): number {
  return 1 + (cluster?.replicas ?? []).filter(({ current, offline }) => current && offline !== true).length;
}

/** What a shard's stream must be; docs/decisions/0001 says why for each setting. */
export function streamConfig(shard: number, shards: number, replicas: number, maxBytes: number) {
  return {
    name: streamOf(shard),
    subjects: [`chat.${shard}.*`],
    storage: StorageType.File,
    retention: RetentionPolicy.Limits,
    discard: DiscardPolicy.New,
    num_replicas: replicas,
    max_bytes: maxBytes,
    duplicate_window: DUPLICATE_WINDOW_NS,
    allow_atomic: true,
    allow_direct: true,
    deny_delete: true,
    metadata: { [SHARDS_METADATA]: String(shards) },
  } satisfies Partial<StreamConfig> & { name: string };
}

/** Names each setting of a stream that would break a promise; empty if there is none. */
export function streamFaults(config: StreamConfig, shards: number): string[] {
  const faults: string[] = [];
  const expect = (holds: boolean, fault: string) => holds || faults.push(`${config.name}: ${fault}`);
  expect(config.storage === StorageType.File, "storage is not file");
  expect(
    config.retention === RetentionPolicy.Limits,
    "retention is not limits: duplicate ids would be forgotten",
  );
  expect(config.discard === DiscardPolicy.New, "discard is not new: acknowledged messages could be dropped");
  expect(config.allow_atomic === true, "allow_atomic is off (nats-server 2.12 or newer is needed)");
  expect(config.duplicate_window >= DUPLICATE_WINDOW_NS, "duplicate_window is under 10 minutes");
  expect(config.no_ack !== true, "no_ack is on");
  expect((config.max_age ?? 0) === 0, "max_age is set: messages could expire before they are stored");
  const stored = config.metadata?.[SHARDS_METADATA];
  expect(stored === String(shards), `made for LOG_SHARDS=${stored}, this process has ${shards}`);
  return faults;
}

/** Length of a key, characters: 144 bits of SHA-256, so that keys never collide. */
const KEY_LENGTH = 24;

/**
 * The key by which producers, log and Postgres recognise a message. It is scoped to room and user, so that nobody can
 * suppress another user's message by reusing its id.
 */
export function messageKey(room: string, userId: string, id: string): string {
  return hash("sha256", `${room}\0${userId}\0${id}`, "base64url").slice(0, KEY_LENGTH);
}

/** The same for an event: its ids are scoped to its type as well. */
export function eventKey(room: string, userId: string, type: string, id: string): string {
  return messageKey(room, userId, `${type}\0${id}`);
}
