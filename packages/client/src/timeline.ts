import type { Message, Reaction, RoomEvent } from "./frames.ts";
import type { Timeline } from "./types.ts";

/** A message, and up to which seq edits, deletions and reactions are in it already. */
type Item = Readonly<{ message: Message; asOf: number }>;
/** A timeline without what is not stored yet. */
export type TimelineState = Omit<Timeline, "items"> & Readonly<{ items: readonly Item[] }>;

export type Page = Readonly<{ messages: readonly Message[]; head: number }>;
export type Action =
  | { type: "event"; event: RoomEvent; me: string | undefined }
  /** A page next to what is shown (`isNext`), or instead of it. */
  | { type: "page"; page: Page; isNext: boolean; hasOlder: boolean; hasNewer: boolean }
  /** From the store, or of the connection: phase and error. */
  | { type: "set"; values: Partial<TimelineState> }
  /** The events up to `to` are not known: nothing that is here can be trusted. */
  | { type: "gap"; to: number }
  /** Forgets the oldest messages but so many. */
  | { type: "trim"; keep: number };

export const EMPTY: TimelineState = {
  items: [],
  completeFrom: 1,
  head: 0,
  phase: "catching_up",
  hasOlder: false,
  hasNewer: false,
};

/** The next state of a timeline. Pure: the same state and action give the same result, and nothing is changed. */
export function reduce(state: TimelineState, action: Action): TimelineState {
  switch (action.type) {
    case "event":
      return applyEvent(state, action.event, action.me);
    case "page": {
      const { page, isNext, hasOlder, hasNewer } = action;
      const { error: _, ...rest } = state;
      const fresh = page.messages.map((message) => ({ message, asOf: page.head }));
      const [first = 1, last = 0] = [page.messages[0]?.seq, page.messages.at(-1)?.seq];
      const old = isNext ? state.items : [];
      const items = [
        ...old.filter(({ message }) => message.seq < first),
        ...fresh,
        ...old.filter(({ message }) => message.seq > last),
      ];
      const completeFrom = hasOlder ? firstOf(items) : 1;
      return { ...rest, items, hasOlder, hasNewer, completeFrom, head: Math.max(state.head, page.head) };
    }
    case "set":
      return { ...state, ...action.values };
    case "gap":
      return { ...EMPTY, completeFrom: action.to + 1, head: action.to, hasOlder: action.to > 0 };
    case "trim": {
      if (state.items.length <= action.keep) return state;
      const items = state.items.slice(-action.keep);
      return { ...state, items, hasOlder: true, completeFrom: firstOf(items) };
    }
  }
}

const firstOf = (items: readonly Item[]): number => items[0]?.message.seq ?? 1;

function applyEvent(before: TimelineState, event: RoomEvent, me: string | undefined): TimelineState {
  const { seq } = event;
  if (seq <= before.head && event.type === "message") return before;
  const state = { ...before, head: Math.max(before.head, seq) };
  switch (event.type) {
    case "message":
      if (!state.hasNewer) state.items = [...state.items, { message: event, asOf: seq }];
      return change(state, event.replyTo, seq, (one) => ({ ...one, replies: (one.replies ?? 0) + 1 }));
    case "message_edited":
      return change(state, event.target, seq, (one) => ({ ...one, body: event.body, editedAt: event.at }));
    case "message_deleted":
      return change(state, event.target, seq, ({ reactions: _, ...one }) => ({
        ...one,
        body: "",
        deletedAt: event.at,
      }));
    case "reaction":
      return change(state, event.target, seq, (one) => react(one, event, event.author.id === me));
    default:
      return state;
  }
}

/** Changes one message, unless it is deleted, or what is shown has the change already. */
function change(
  state: TimelineState,
  target: number | undefined,
  seq: number,
  apply: (one: Message) => Message,
): TimelineState {
  const at = state.items.findLastIndex(({ message }) => message.seq === target);
  const item = state.items[at];
  if (!item || item.asOf >= seq || item.message.deletedAt) return state;
  return { ...state, items: state.items.with(at, { message: apply(item.message), asOf: seq }) };
}

type Reacted = Extract<RoomEvent, { type: "reaction" }>;

function react(message: Message, { emoji, remove }: Reacted, isMine: boolean): Message {
  const before = message.reactions ?? [];
  const known = before.find((one) => one.emoji === emoji) ?? { emoji, count: 0, mine: false };
  // Saying it twice changes nothing.
  if (isMine && known.mine === !remove) return message;
  const count = Math.max(0, known.count + (remove ? -1 : 1));
  const next: Reaction = { emoji, count, mine: isMine ? !remove : known.mine };
  const isNew = !before.includes(known);
  const all = isNew ? [...before, next] : before.map((one) => (one === known ? next : one));
  return { ...message, reactions: all.filter((one) => one.count > 0) };
}
