import type { Connection, ConnectionEvents, MemberSpec } from "./connection.ts";
import { Deliveries } from "./deliveries.ts";

/** Receives what members report. */
export interface MemberObserver {
  onAck(member: Member, dueUs: number): void;
  onRefusal(reason: string): void;
  onReceived(member: Member, bytes: Buffer, from: number, to: number): void;
  onDrop(reason: string): void;
  count(name: string): void;
}

/** One simulated client with its counters: messages sent, acknowledged and received. */
export class Member implements ConnectionEvents {
  readonly spec: MemberSpec;
  readonly deliveries = new Deliveries();
  connection: Connection | undefined;
  sent = 0;
  answered = 0;
  /** Own messages that were delivered to this member. */
  returned = 0;
  /** Due time of each message without an answer, µs. */
  readonly dueUs = new Map<number, number>();
  readonly #observer: MemberObserver;

  constructor(spec: MemberSpec, observer: MemberObserver) {
    this.spec = spec;
    this.#observer = observer;
  }

  /** Messages not yet both acknowledged and delivered back. */
  get inFlight(): number {
    return this.sent - Math.min(this.answered, this.spec.listens ? this.returned : this.answered);
  }

  acked(n: number): void {
    const due = this.dueUs.get(n);
    if (due === undefined) return;
    this.dueUs.delete(n);
    this.answered += 1;
    this.#observer.onAck(this, due);
  }

  refused(n: number, reason: string): void {
    this.dueUs.delete(n);
    this.#observer.onRefusal(reason);
  }

  received(bytes: Buffer, from = 0, to = bytes.length): void {
    this.#observer.onReceived(this, bytes, from, to);
  }

  dropped(reason: string): void {
    this.#observer.onDrop(reason);
  }

  count(name: string): void {
    this.#observer.count(name);
  }
}
