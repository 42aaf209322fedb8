/** Where a member is and who it is. */
export type Place = Readonly<{
  /** Its number among all members of the run. */
  index: number;
  room: string;
  /** What lets it in, where the target asks for something. */
  token: string;
  /** Whether it will send; one that only listens may leave out what sending needs. */
  sends: boolean;
  listens: boolean;
  /** Its messages go to so many rooms in turn, `<room>-0` and so on, instead of its own; nobody counts them there. */
  spreadOver?: number;
}>;

/** What a member hears; the load generator listens. */
export interface Ears {
  /** The target says that this member's n-th message is stored. */
  acked(n: number): void;
  /** The target will not take this member's n-th message. */
  refused(n: number, why: string): void;
  /** Bytes that hold one or more whole marks, from `from` to `to` if not all of them. */
  heard(bytes: Buffer, from?: number, to?: number): void;
  /** The connection ended without having been asked to. */
  dropped(why: string): void;
  /** The connection was lost and is back, and what was missed has come; `replayMs` of that after dialling again. */
  back(awayMs: number, replayMs: number): void;
  /** Something that is to be counted by name. */
  noticed(what: string): void;
}

/** One client of a target. */
export interface Member {
  /** Sends the n-th message. */
  send(n: number, body: string): void;
  /** Drops the connection and stays away so long; only for members that come back by themselves. */
  cut?(offlineMs: number): void;
  /** Bytes stop being read: a slow reader. */
  pause(): void;
  resume(): void;
  close(): void;
}

/** Connects a member and joins its room; resolves when it hears the room. */
export type OpenMember = (endpoint: Endpoint, place: Place, ears: Ears) => Promise<Member>;

/** Where a target listens, by the target's own names. */
export type Endpoint = Readonly<Record<string, string>>;
