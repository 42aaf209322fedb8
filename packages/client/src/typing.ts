import type { Connection } from "./connection.ts";
import type { TypingNotice, User } from "./frames.ts";
import { createLive } from "./live.ts";
import type { Timers } from "./timers.ts";
import type { Live, Release } from "./types.ts";

/** Somebody who is not heard of any more has stopped, ms. The server says so after 5 s; its notice may be lost. */
const FORGET_MS = 10_000;
/** How often the server is told that the user still types, and after which pause that they stopped, ms. */
const TELL_MS = 3_000;
const PAUSE_MS = 4_000;

/** Who types in a room, and telling that the user does. */
interface Typing {
  readonly users: Live<readonly User[]>;
  take(notice: TypingNotice): void;
  /** A message of somebody ends their typing. */
  spoke(userId: string): void;
  keystroke(): void;
  stop(): void;
}

export function createTyping(
  connection: Connection,
  timers: Timers,
  report: (e: unknown) => void,
  room: string,
): Typing {
  const users = createLive<readonly User[]>([], report);
  const ends = new Map<string, Release>();
  let toldAt = Number.NEGATIVE_INFINITY;
  let stopPause: Release | undefined;

  const spoke = (userId: string) => {
    ends.get(userId)?.();
    if (ends.delete(userId)) users.set(users.value.filter(({ id }) => id !== userId));
  };
  const stop = () => {
    if (!stopPause) return;
    stopPause();
    stopPause = undefined;
    toldAt = Number.NEGATIVE_INFINITY;
    connection.send({ type: "typing", room, isTyping: false });
  };
  return {
    users,
    take({ user, isTyping }) {
      if (!isTyping) return spoke(user.id);
      ends.get(user.id)?.();
      ends.set(
        user.id,
        timers.after(FORGET_MS, () => spoke(user.id)),
      );
      if (!users.value.some(({ id }) => id === user.id)) users.set([...users.value, user]);
    },
    spoke,
    keystroke() {
      stopPause?.();
      stopPause = timers.after(PAUSE_MS, stop);
      if (timers.now() - toldAt < TELL_MS) return;
      if (connection.send({ type: "typing", room, isTyping: true })) toldAt = timers.now();
    },
    stop,
  };
}
