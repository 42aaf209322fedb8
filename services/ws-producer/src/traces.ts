import { Refusal } from "@parley/protocol/codes";
import { eventKey, messageKey } from "@parley/protocol/log";
import { isSampled, type Traced, traceIdOf } from "@parley/protocol/trace";
import { now, type Traces } from "@parley/runtime/traces";
import type { LogRequests } from "./adapters/log/log-requests.ts";
import type { NewEntry, PendingEntry } from "./adapters/log/pending-entries.ts";
import type { PostMessage } from "./application/post-message.ts";
import type { React } from "./application/react.ts";

const codeOf = (error: unknown): string => (error instanceof Refusal ? error.code : "internal");
const keyOf = ({ type, room, userId, id }: Traced): string =>
  type === "message" ? messageKey(room, userId, id) : eventKey(room, userId, type, id);

/** Records the span `frame` of a call that accepts an entry, from its frame or request to its acknowledgement. */
async function recordFrame<Answer>(
  traces: Traces,
  traced: Traced,
  call: () => Promise<Answer>,
  cause?: string,
): Promise<Answer> {
  const trace = traceIdOf(traced);
  const start = now();
  const facts = { name: "frame", trace, isRoot: true, start, cause };
  const attributes = { "parley.type": traced.type, "parley.room": traced.room, "parley.id": traced.id };
  try {
    const answer = await call();
    traces.record({ ...facts, end: now(), attributes });
    return answer;
  } catch (error) {
    traces.record({ ...facts, end: now(), attributes, error: codeOf(error) });
    throw error;
  }
}

/** Posts as `post` does, and records the sampled messages. */
export function tracePosts(post: PostMessage, traces: Traces, freshId: () => string): PostMessage {
  return ({ id = freshId(), ...rest }, author, options) => {
    const draft = { id, ...rest };
    const traced: Traced = { type: "message", room: draft.room, userId: author.id, id };
    if (!isSampled(keyOf(traced), traces.ratio)) return post(draft, author, options);
    return recordFrame(traces, traced, async () => post(draft, author, options), options.traceparent);
  };
}

/** Reacts as `react` does, and records the sampled reactions. */
export function traceReactions(react: React, traces: Traces, freshId: () => string): React {
  return ({ id = freshId(), ...rest }, author, waiting) => {
    const draft = { id, ...rest };
    const traced: Traced = { type: "reaction", room: draft.room, userId: author.id, id };
    if (!isSampled(keyOf(traced), traces.ratio)) return react(draft, author, waiting);
    return recordFrame(traces, traced, () => react(draft, author, waiting));
  };
}

/** Only of sampled entries, so that the JSON may be parsed. */
function traceOf({ room, payload }: NewEntry): string {
  const { type, author, id } = JSON.parse(payload) as {
    type?: Traced["type"];
    author: { id: string };
    id: string;
  };
  return traceIdOf({ type: type ?? "message", room, userId: author.id, id });
}

/**
 * Records what is published to the log: `pack`, a trace of its own that links to the sampled entries in it, and `ack` of
 * each of them, its wait for the log.
 */
export function tracePublications(publish: LogRequests["publish"], traces: Traces): LogRequests["publish"] {
  return (shard, publication, deadlineMs, onAnswer) => {
    const isTraced = ({ entry }: PendingEntry) => isSampled(entry.key, traces.ratio);
    const sampled = publication.entries.filter(isTraced);
    if (sampled.length === 0) return publish(shard, publication, deadlineMs, onAnswer);
    const start = now();
    return publish(shard, publication, deadlineMs, (answer) => {
      onAnswer(answer);
      const links = sampled.map(({ entry }) => traceOf(entry));
      const error = answer.kind === "stored" ? undefined : answer.kind;
      const seq = answer.kind === "stored" ? { "parley.log_seq": answer.seq } : {};
      const attributes = { "parley.shard": shard, "parley.entries": publication.entries.length, ...seq };
      const times = { start, end: now(), error, attributes };
      traces.record({ name: "pack", links, ...times });
      for (const trace of links) traces.record({ name: "ack", trace, ...times });
    });
  };
}
