import type { LogEvent } from "@parley/protocol/events";
import { applyChange, type ChangeDependencies } from "./apply-change.ts";
import type { RoomStore } from "./room-store.ts";
import { demandEdit, demandErase, type MessageState } from "./rules/message-change.ts";
import { roomNotFound } from "./rules/rights.ts";
import type { User } from "./rules/user.ts";

/** Use cases on stored messages. Each returns the seq of its event; undefined if history is late. */
export interface ChangeMessages {
  edit(actor: User, room: string, seq: number, body: string): Promise<number | undefined>;
  erase(actor: User, room: string, seq: number): Promise<number | undefined>;
}

/** Creates the use cases on stored messages. They throw a `RoomError` if a rule is broken. */
export function createChangeMessages(
  deps: ChangeDependencies & Readonly<{ store: RoomStore }>,
): ChangeMessages {
  const { store, receipts, now, freshId } = deps;
  const change = (
    actor: User,
    room: string,
    seq: number,
    demandRight: (state: MessageState) => void,
    what: { type: "message_edited"; body: string } | { type: "message_deleted" },
  ) =>
    applyChange(
      actor,
      room,
      async () => {
        const state = await store.message(room, seq, actor.id);
        if (!state) throw roomNotFound();
        demandRight(state);
        const { type, ...rest } = what;
        const at = now().toISOString();
        const entry = { type, room, id: freshId(), author: actor, at, target: seq, ...rest } as LogEvent;
        const receipt = receipts.open();
        const row = { entry: JSON.stringify(entry), receipt };
        return { isApplied: await store.changeMessage(room, state.version, seq, row), receipt };
      },
      deps,
    );
  return {
    edit: (actor, room, seq, body) => change(actor, room, seq, demandEdit, { type: "message_edited", body }),
    erase: (actor, room, seq) => change(actor, room, seq, demandErase, { type: "message_deleted" }),
  };
}
