import type { Timeline } from "@parley/client";
import { signal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import type { RoomContext } from "./room-context.ts";
import { isMessage } from "./rows.ts";

/** Members whose marks are asked for at most; of a larger room not everybody is counted. */
const MEMBERS_MAX = 100;

/** How many others have read the last message of the room, if the reader wrote it. */
export function useSeenBy({ room, me }: RoomContext, { items }: Timeline): number {
  const marks = useMemo(() => signal<ReadonlyMap<string, number>>(new Map()), [room]);
  useEffect(() => {
    const set = (userId: string, seq: number) => {
      if ((marks.value.get(userId) ?? 0) < seq) marks.value = new Map(marks.value).set(userId, seq);
    };
    room.members.list({ limit: MEMBERS_MAX }).then(
      (page) => {
        for (const { user, readSeq } of page.items) set(user.id, readSeq);
      },
      () => undefined,
    );
    return room.on("read", ({ user, seq }) => set(user.id, seq));
  }, [room, marks]);
  const last = items.at(-1);
  if (!last || !isMessage(last) || last.author.id !== me) return 0;
  return [...marks.value].filter(([userId, seq]) => userId !== me && seq >= last.seq).length;
}
