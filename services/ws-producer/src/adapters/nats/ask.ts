import { type Msg, type NatsConnection, nuid } from "@nats-io/transport-node";
import { ANSWER_PREFIX } from "@parley/protocol/subjects";

/**
 * Asks the consumers, of whom one answers. The answer goes to a subject of its own below `answer.`, because consumers
 * may publish there and not to inboxes, where the log's acknowledgements arrive (docs/decisions/0028).
 *
 * @throws {Error} if there is no answer in time, or nobody to give one.
 */
export function ask(
  nats: NatsConnection,
  subject: string,
  question: object,
  timeoutMs: number,
): Promise<Msg> {
  const reply = ANSWER_PREFIX + nuid.next();
  return nats.request(subject, JSON.stringify(question), { timeout: timeoutMs, noMux: true, reply });
}
