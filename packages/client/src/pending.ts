import type { Connection } from "./connection.ts";
import type { ParleyError } from "./error.ts";
import type { Ack } from "./frames.ts";
import { createLive, type Writable } from "./live.ts";
import type { Timers } from "./timers.ts";
import type { Pending, PendingState, Release, Store } from "./types.ts";

/** What a message on its way is made of, also in the store. */
export type Draft = Readonly<{ id: string; room: string; body: string; replyTo?: number }>;

/** What the outbox needs of the client. */
export type OutboxParts = Readonly<{
  connection: Pick<Connection, "send" | "probe">;
  store: Store | undefined;
  timers: Timers;
  report: (error: unknown) => void;
  /** Keeps the connection up while something is to be sent. */
  hold: () => Release;
  /** A message of a room has another state. */
  onChange: (room: string) => void;
  /** Forgets everything of the user before: somebody else is here. */
  forget: (error: ParleyError) => void;
}>;

/** The outbox's side of a pending message. */
export interface Entry {
  readonly draft: Draft;
  readonly pending: Pending;
  readonly state: Writable<PendingState>;
  /** It was sent at least once, so the server may have it. */
  isTried: boolean;
  wantsReceipt: boolean;
  isReceiptAsked: boolean;
  /** Not to be sent before, monotonic ms. */
  notBefore: number;
  stopExpiry: () => void;
  /** It waits, perhaps because it was refused for now. */
  queued(reason?: ParleyError): void;
  fail(error: ParleyError): void;
  acked(ack: Ack): void;
  stored(seq: number): void;
}

/** Whether a message is still to be acknowledged. */
export const isUnsent = ({ state }: Entry): boolean => state.value === "queued" || state.value === "sending";
/** Whether an acknowledgement or a receipt is still to come. */
export const needsServer = (entry: Entry): boolean =>
  isUnsent(entry) || (entry.state.value === "acked" && entry.wantsReceipt);

const nothing = (): void => undefined;

type EntryActions = Readonly<{
  retry: (entry: Entry) => void;
  discard: (entry: Entry) => boolean;
  askReceipt: (entry: Entry) => void;
}>;

/**
 * Makes a pending message. Its promises exist only for who asks for them, so a failure that nobody awaits is no
 * unhandled rejection.
 */
export function createEntry(draft: Draft, report: (error: unknown) => void, actions: EntryActions): Entry {
  const state = createLive<PendingState>("queued", report);
  let ack: Ack | undefined;
  let seq: number | undefined;
  let error: ParleyError | undefined;

  const when = <T>(look: () => T | undefined): Promise<T> =>
    new Promise((resolve, reject) => {
      let release: () => void = nothing;
      const check = () => {
        const found = look();
        if (found !== undefined) resolve(found);
        else if (state.value === "failed") reject(error);
        else return;
        queueMicrotask(() => release());
      };
      release = state.subscribe(check);
    });

  const become = (next: PendingState, reason?: ParleyError) => {
    error = reason;
    state.set(next);
  };

  const pending: Pending = {
    ...draft,
    state,
    get error() {
      return error as ParleyError;
    },
    // biome-ignore lint/suspicious/noThenProperty: awaiting a pending message is its purpose
    then: (fulfilled, rejected) => when(() => ack).then(fulfilled, rejected),
    stored() {
      actions.askReceipt(entry);
      return when(() => (seq === undefined ? undefined : { seq }));
    },
    retry: () => actions.retry(entry),
    discard: () => actions.discard(entry),
  };
  const entry: Entry = {
    draft,
    pending,
    state,
    isTried: false,
    wantsReceipt: false,
    isReceiptAsked: false,
    notBefore: 0,
    stopExpiry: nothing,
    queued: (reason) => become("queued", reason),
    fail: (reason) => become("failed", reason),
    acked(answer) {
      ack = answer;
      if (state.value !== "stored") become("acked");
    },
    stored(at) {
      seq = at;
      const { id, room } = draft;
      ack ??= { type: "ack", id, room, stored: "log", duplicate: true, at: "" };
      become("stored");
    },
  };
  return entry;
}
