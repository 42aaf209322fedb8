import type { User } from "@parley/client";
import { accountOf } from "@parley/client/account";
import { loadBlocks } from "../state/blocks.ts";
import { rooms } from "../state/inbox.ts";
import { nameOf } from "../state/names.ts";
import { parley } from "../state/parley.ts";
import type { RoomContext } from "./room-context.ts";
import { isMessage } from "./rows.ts";
import type { Trigger } from "./trigger.ts";

/** Shown at most; members asked for; and the pause after a key before people are asked for by name, ms. */
const SHOWN = 8;
const MEMBERS = 100;
const PAUSE_MS = 150;

/** What a completion offers. */
export type Choice = Readonly<{
  key: string;
  /** Takes the place of what was written. */
  insert: string;
  label: string;
  hint: string;
  user?: User;
}>;

/** The members of an open room, asked for once. */
const members = new WeakMap<RoomContext, Promise<readonly User[]>>();

function membersOf(context: RoomContext): Promise<readonly User[]> {
  const asked =
    members.get(context) ??
    context.room.members.list({ limit: MEMBERS }).then(
      ({ items }) => items.map(({ user }) => user),
      () => {
        members.delete(context);
        return [];
      },
    );
  members.set(context, asked);
  return asked;
}

const blockedIds = (): Promise<readonly string[]> =>
  loadBlocks().then(
    (blocks) => blocks.map(({ user }) => user.id),
    () => [],
  );

const choiceOf = (user: User, name = nameOf(user)): Choice => ({
  key: user.id,
  insert: `@${user.username}`,
  label: name,
  hint: `@${user.username}`,
  user,
});

/** Those who spoke last, the members, then those with whom the user has a direct chat and who are not blocked; if none fits, all of that name. */
async function people(query: string, context: RoomContext, signal: AbortSignal): Promise<Choice[]> {
  const authors = context.room.timeline.value.items.filter(isMessage).map(({ author }) => author);
  const directs = rooms.value.flatMap((room) => room.with ?? []);
  const known = new Map(
    [...authors.reverse(), ...(await membersOf(context)), ...directs].map((user) => [user.id, user]),
  );
  for (const id of [context.me, ...(await blockedIds())]) known.delete(id);
  const wanted = query.toLocaleLowerCase();
  const fits = (user: User) =>
    `${user.username} ${nameOf(user)}`
      .toLocaleLowerCase()
      .split(" ")
      .some((word) => word.startsWith(wanted));
  const found = [...known.values()].filter((user) => user.username !== "" && fits(user));
  if (found.length > 0 || query === "") return found.slice(0, SHOWN).map((user) => choiceOf(user));
  await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  if (signal.aborted) return [];
  const others = await accountOf(parley).find(query, { limit: SHOWN, signal });
  return others.filter(({ id }) => id !== context.me).map((user) => choiceOf(user, user.displayName));
}

async function emoji(query: string): Promise<Choice[]> {
  const { findEmoji, nameFor } = await import("../emoji/emoji-list.ts");
  return findEmoji(query)
    .slice(0, SHOWN)
    .map((one) => ({
      key: one.emoji,
      insert: one.emoji,
      label: `${one.emoji} ${one.names[0].replaceAll("_", " ")}`,
      hint: `:${nameFor(one, query)}:`,
    }));
}

/** What can take the place of what is being written. @throws {ParleyError} if the server does not answer */
export const choicesOf = (
  { sign, query }: Trigger,
  context: RoomContext,
  signal: AbortSignal,
): Promise<readonly Choice[]> => (sign === "@" ? people(query, context, signal) : emoji(query));
