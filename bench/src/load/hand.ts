import type { Ears, Member, Place } from "./member.ts";
import { Tally } from "./tally.ts";

/** Where a member reports to; crew.ts has the implementation and imports this file. */
type Reports = {
  refused: number;
  dropped: number;
  note(text: string): void;
  onAck(hand: Hand, dueUs: number): void;
  onBack(awayMs: number, replayMs: number): void;
  onHeard(hand: Hand, bytes: Buffer, from: number, to: number): void;
};

/** One member with its books: what it sent, what was acknowledged, what it got. */
export class Hand implements Ears {
  readonly place: Place;
  readonly tally = new Tally();
  member: Member | undefined;
  sent = 0;
  answered = 0;
  /** Own messages that came back. */
  returned = 0;
  /** When each message without an answer was due, µs. */
  readonly dueUs = new Map<number, number>();
  readonly #crew: Reports;

  constructor(place: Place, crew: Reports) {
    this.place = place;
    this.#crew = crew;
  }

  /** Messages that are not yet both acknowledged and back. */
  get underway(): number {
    return this.sent - Math.min(this.answered, this.place.listens ? this.returned : this.answered);
  }

  acked(n: number): void {
    const due = this.dueUs.get(n);
    if (due === undefined) return;
    this.dueUs.delete(n);
    this.answered += 1;
    this.#crew.onAck(this, due);
  }

  refused(n: number, why: string): void {
    this.dueUs.delete(n);
    this.#crew.refused += 1;
    this.#crew.note(`refused: ${why}`);
  }

  heard(bytes: Buffer, from = 0, to = bytes.length): void {
    this.#crew.onHeard(this, bytes, from, to);
  }

  back(awayMs: number, replayMs: number): void {
    this.#crew.onBack(awayMs, replayMs);
  }

  noticed(what: string): void {
    this.#crew.note(what);
  }

  dropped(why: string): void {
    this.#crew.dropped += 1;
    this.#crew.note(why);
  }
}
