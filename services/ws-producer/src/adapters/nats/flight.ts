import type { LogAnswer } from "./log-answer.ts";
import type { Pending } from "./pending-entries.ts";
import type { ReplyInbox } from "./reply-inbox.ts";

/** Entries that were published and wait for the log's answers, with one deadline for all. */
export class Flight {
  readonly entries: readonly Pending[];
  readonly #inbox: ReplyInbox;
  readonly #tokens: number[] = [];
  readonly #timer: NodeJS.Timeout;
  #open = 0;

  constructor(entries: readonly Pending[], inbox: ReplyInbox, deadlineMs: number, onDeadline: () => void) {
    this.entries = entries;
    this.#inbox = inbox;
    this.#timer = setTimeout(onDeadline, deadlineMs);
  }

  /** A reply subject. `onAnswer` hears the answer, and whether it was the last one that this flight waits for. */
  expect(onAnswer: (answer: LogAnswer, last: boolean) => void): string {
    this.#open += 1;
    const token = this.#inbox.expect((answer) => {
      this.#open -= 1;
      onAnswer(answer, this.#open === 0);
    });
    this.#tokens.push(token);
    return this.#inbox.subjectOf(token);
  }

  /** Ends it: answers that still come are ignored. */
  end(): void {
    clearTimeout(this.#timer);
    for (const token of this.#tokens) this.#inbox.forget(token);
  }
}
