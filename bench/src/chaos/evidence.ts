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
  /** Codes of refusals that are final. */
  readonly refusals: string[];
  /** The sender went away before an answer, and did not ask again. */
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

/** Everything that is known after a run. */
export type Evidence = Readonly<{
  sent: readonly Sent[];
  /** By room and seq. */
  rows: readonly Row[];
  /** What REST gives of each room, first page to last. */
  history: ReadonlyMap<string, readonly Entry[]>;
  receptions: readonly Reception[];
  /** Messages that were delivered while their row was not there, by a lookup right after they came. */
  early: readonly string[];
  /** Cursors of shards that moved back within one epoch, as the database saw it. */
  cursorsBack: number;
}>;
