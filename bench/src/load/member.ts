import type { Connection, MemberSpec } from "./connection.ts";
import { Deliveries } from "./deliveries.ts";

/** One simulated client with its counters: messages sent, acknowledged and received. */
export class Member {
  readonly spec: MemberSpec;
  readonly deliveries = new Deliveries();
  connection: Connection | undefined;
  sent = 0;
  answered = 0;
  /** Own messages that were delivered to this member. */
  returned = 0;
  /** Due time of each message without an answer, µs. */
  readonly dueUs = new Map<number, number>();

  constructor(spec: MemberSpec) {
    this.spec = spec;
  }

  /** Messages not yet both acknowledged and delivered back. */
  get inFlight(): number {
    return this.sent - Math.min(this.answered, this.spec.listens ? this.returned : this.answered);
  }
}
