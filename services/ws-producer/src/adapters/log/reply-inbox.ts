import type { Msg, NatsConnection } from "@nats-io/transport-node";
import { inboxOf } from "@parley/runtime/nats";
import { type LogAnswer, readAnswer } from "./log-answer.ts";

/**
 * One subscription for the answers to all publishes. The library's own request costs five times the CPU, because each
 * has a timer and several promises; here a publish is a number in a map.
 */
export class ReplyInbox {
  readonly #prefix: string;
  readonly #waiting = new Map<number, (answer: LogAnswer) => void>();
  #last = 0;

  constructor(nats: NatsConnection) {
    this.#prefix = `${inboxOf(nats)}.`;
    nats.subscribe(`${this.#prefix}*`, {
      // An error means that the subscription is not permitted; NATS reports it on the connection, which logs it.
      callback: (error, msg) => {
        if (error === null) this.#receive(msg);
      },
    });
  }

  /** A number for a publish whose answer shall go to `onAnswer`, at most once. */
  expect(onAnswer: (answer: LogAnswer) => void): number {
    this.#last += 1;
    this.#waiting.set(this.#last, onAnswer);
    return this.#last;
  }

  subjectOf(token: number): string {
    return this.#prefix + token;
  }

  /** An answer that still comes will be ignored. */
  forget(token: number): void {
    this.#waiting.delete(token);
  }

  #receive(msg: Msg): void {
    const token = Number(msg.subject.slice(this.#prefix.length));
    const onAnswer = this.#waiting.get(token);
    if (onAnswer === undefined) return;
    this.#waiting.delete(token);
    onAnswer(readAnswer(msg));
  }
}
