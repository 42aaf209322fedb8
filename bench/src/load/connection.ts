/** Who a member is, and which room it is in. */
export type MemberSpec = Readonly<{
  /** Its number among all members of the run. */
  index: number;
  room: string;
  /** Its credential, where the target asks for one. */
  token: string;
  /** Whether it sends; a listener may leave out what sending needs. */
  sends: boolean;
  listens: boolean;
  /** Send to this many rooms in turn, `<room>-0` and so on, instead of `room`. Deliveries there are not counted. */
  spreadOver?: number;
}>;

/** What a connection reports to the load generator. */
export interface ConnectionEvents {
  /** The target acknowledged this member's n-th message. */
  acked(n: number): void;
  /** The target refused this member's n-th message. */
  refused(n: number, reason: string): void;
  /** Bytes between `from` and `to` (default: all) hold one or more whole marks. */
  received(bytes: Buffer, from?: number, to?: number): void;
  /** The connection ended without having been closed by the member. */
  dropped(reason: string): void;
  /** Counts an occurrence by name. */
  count(name: string): void;
}

/** One client connection to a target. */
export interface Connection {
  /** Sends the n-th message. */
  send(n: number, body: string): void;
  close(): void;
}

/** Addresses at which a target listens, by the target's own names. */
export type Endpoint = Readonly<Record<string, string>>;

/** Connects a member and joins its room; resolves once it receives what is sent there. */
type OpenConnection = (endpoint: Endpoint, spec: MemberSpec, events: ConnectionEvents) => Promise<Connection>;

/** What the module of a dialect exports: how to speak to one kind of target. */
export type Dialect = Readonly<{ openConnection: OpenConnection }>;
