import type { NatsConnection } from "@nats-io/transport-node";
import { Refusal } from "@parley/protocol/codes";
import { READ_ASK_SUBJECT, type ReadAnswer } from "@parley/protocol/reads";
import type { ForwardRead } from "../../application/forward-read.ts";
import { ask } from "./ask.ts";

/** How long a consumer may take to answer, ms. */
const ANSWER_DEADLINE_MS = 2_000;

/** Asks a consumer, which has the database. */
export function createForwardRead(nats: NatsConnection): ForwardRead {
  return async (mark) => {
    const answer = await ask(nats, READ_ASK_SUBJECT, mark, ANSWER_DEADLINE_MS).catch(() => {
      throw new Refusal("unavailable", "read cursors cannot be kept now", { retryAfterMs: 1_000 });
    });
    const said = answer.json<ReadAnswer>();
    if ("seq" in said) return said.seq;
    const text = said.code === "not_a_member" ? "join the channel first" : "there is no such room";
    throw new Refusal(said.code, text, { path: "/room" });
  };
}
