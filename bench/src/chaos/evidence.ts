/** An answer to a send, and when it came (monotonic, ms). */
export type Ack = Readonly<{ at: number; duplicate: boolean }>;

/** One message as its sender saw it. */
export type Sent = {
  readonly author: string;
  readonly id: string;
  readonly room: string;
  readonly body: string;
  readonly acks: Ack[];
  /** Seqs that `stored` receipts named. */
  readonly seqs: number[];
  /** Codes of final refusals. */
  readonly refusals: string[];
  /** The sender dropped its connection before an answer and did not send again. */
  abandoned: boolean;
};

/** A message as a reader sees it. */
export type Entry = Readonly<{ seq: number; author: string; id: string; body: string }>;

/** A message that reached a member. `connection` counts the member's connections. */
export type Delivery = Entry & Readonly<{ connection: number }>;

/** All that one member received of one room, in the order of arrival. It asked for everything after `after`. */
export type Reception = Readonly<{
  member: string;
  room: string;
  after: number;
  received: readonly Delivery[];
}>;

/** A row of `chat.entries`. */
export type Row = Entry & Readonly<{ room: string; logSeq: number }>;

/** What is collected after a run. */
export type Evidence = Readonly<{
  sent: readonly Sent[];
  /** By room and seq. */
  rows: readonly Row[];
  /** The whole history of each room by REST. */
  history: ReadonlyMap<string, readonly Entry[]>;
  receptions: readonly Reception[];
  /** Messages delivered before their row was there, by a lookup right after the delivery. */
  early: readonly string[];
  /** Times a shard's cursor moved back within one epoch, counted by a trigger. */
  cursorsBack: number;
}>;
