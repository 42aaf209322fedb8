import type { Message, Room } from "@parley/client";
import { type Signal, signal } from "@preact/signals";
import { sentenceOf } from "../parts/errors.ts";

/** How long a failure is shown, ms. */
const TOLD_MS = 8_000;

/** What the composer is for. */
type Composing =
  | Readonly<{ kind: "new" }>
  | Readonly<{ kind: "reply"; message: Message }>
  | Readonly<{ kind: "edit"; message: Message; text: string }>;

/** What was begun in rooms that are not shown now: it stays for as long as the page does, as drafts do. */
const begun = new Map<string, Composing>();

function composingIn(room: string): Signal<Composing> {
  const composing = signal<Composing>(begun.get(room) ?? { kind: "new" });
  composing.subscribe((now) => {
    if (now.kind === "new") begun.delete(room);
    else begun.set(room, now);
  });
  return composing;
}

/** What the parts of one open room share. */
export interface RoomContext {
  readonly room: Room;
  /** Id of the reader. */
  readonly me: string;
  readonly composing: Signal<Composing>;
  /** Key of the row that has the Tab stop of the list, of the one that has the focus, and of the one under the mouse. */
  readonly active: Signal<string | undefined>;
  readonly focused: Signal<string | undefined>;
  readonly hovered: Signal<string | undefined>;
  /** Seq of the message that was jumped to, for as long as it is lit. */
  readonly lit: Signal<number | undefined>;
  /** Why the last thing that was asked for with a click was not done; empty after a while. */
  readonly failure: Signal<string>;
  /** Tells of that. */
  tell: (error: unknown) => void;
  /** Moves the focus to the text field. */
  focusComposer: () => void;
  /** Shows the end of the room. */
  toLatest: () => void;
}

export function createRoomContext(room: Room, me: string): RoomContext {
  const failure = signal("");
  let stop: ReturnType<typeof setTimeout> | undefined;
  return {
    room,
    me,
    composing: composingIn(room.id),
    active: signal<string | undefined>(undefined),
    focused: signal<string | undefined>(undefined),
    hovered: signal<string | undefined>(undefined),
    lit: signal<number | undefined>(undefined),
    failure,
    tell(error) {
      clearTimeout(stop);
      failure.value = sentenceOf(error);
      stop = setTimeout(() => {
        failure.value = "";
      }, TOLD_MS);
    },
    focusComposer: () => undefined,
    toLatest: () => undefined,
  };
}
