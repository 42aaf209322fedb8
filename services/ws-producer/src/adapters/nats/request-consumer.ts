import { type Msg, type NatsConnection, nuid } from "@nats-io/transport-node";
import { ANSWER_PREFIX } from "@parley/protocol/subjects";

/**
 * Sends a request to the consumers, one of which answers. The reply subject is below `answer.`: consumers may publish
 * there but not to inboxes, where the log's acknowledgements arrive (docs/decisions/0028).
 *
 * @throws {Error} after `timeoutMs`, or if no consumer is subscribed.
 */
export function requestConsumer(
  nats: NatsConnection,
  subject: string,
  payload: object,
  timeoutMs: number,
): Promise<Msg> {
  const reply = ANSWER_PREFIX + nuid.next();
  return nats.request(subject, JSON.stringify(payload), { timeout: timeoutMs, noMux: true, reply });
}
