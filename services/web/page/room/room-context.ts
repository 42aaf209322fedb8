import type { Message, Room } from "@parley/client";
import { type Signal, signal } from "@preact/signals";

/** What the composer is for. */
type Composing =
  | Readonly<{ kind: "new" }>
  | Readonly<{ kind: "reply"; message: Message }>
  | Readonly<{ kind: "edit"; message: Message }>;

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
  /** The message that is asked about before it is deleted. */
  readonly removing: Signal<Message | undefined>;
  /** Moves the focus to the text field. */
  focusComposer: () => void;
  /** Shows the end of the room. */
  toLatest: () => void;
}

export function createRoomContext(room: Room, me: string): RoomContext {
  return {
    room,
    me,
    composing: signal<Composing>({ kind: "new" }),
    active: signal<string | undefined>(undefined),
    focused: signal<string | undefined>(undefined),
    hovered: signal<string | undefined>(undefined),
    lit: signal<number | undefined>(undefined),
    removing: signal<Message | undefined>(undefined),
    focusComposer: () => undefined,
    toLatest: () => undefined,
  };
}
