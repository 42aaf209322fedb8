import type { LogEvent } from "@parley/protocol/events";
import type { RoomStore } from "./room-store.ts";
import { demandEdit, demandErase, type MessageState } from "./rules/message-change.ts";
import { roomNotFound } from "./rules/rights.ts";
import type { Person } from "./rules/room-change.ts";
import { type SettleParts, settle } from "./settle.ts";

/** What people do to messages that are stored. Each gives the seq of its event, if that is known in time. */
export interface ChangeMessages {
  edit(actor: Person, room: string, seq: number, body: string): Promise<number | undefined>;
  erase(actor: Person, room: string, seq: number): Promise<number | undefined>;
}

/** The use cases of stored messages. @throws {RoomError} if a rule is broken. */
export function createChangeMessages(parts: SettleParts & Readonly<{ store: RoomStore }>): ChangeMessages {
  const { store, receipts, now, freshId } = parts;
  const change = (
    actor: Person,
    room: string,
    seq: number,
    judge: (state: MessageState) => void,
    what: { type: "message_edited"; body: string } | { type: "message_deleted" },
  ) =>
    settle(async () => {
      const state = await store.message(room, seq, actor.id);
      if (!state) throw roomNotFound();
      judge(state);
      const { type, ...rest } = what;
      const at = now().toISOString();
      const entry = { type, room, id: freshId(), author: actor, at, target: seq, ...rest } as LogEvent;
      const receipt = receipts.open();
      const row = { entry: JSON.stringify(entry), receipt };
      return { made: await store.changeMessage(room, state.version, seq, row), receipt };
    }, parts);
  return {
    edit: (actor, room, seq, body) => change(actor, room, seq, demandEdit, { type: "message_edited", body }),
    erase: (actor, room, seq) => change(actor, room, seq, demandErase, { type: "message_deleted" }),
  };
}
