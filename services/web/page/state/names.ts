import type { Profile, User } from "@parley/client";
import { accountOf } from "@parley/client/account";
import { signal } from "@preact/signals";
import { keep, kept, parley } from "./parley.ts";
import { soon } from "./soon.ts";

/** Names that are kept for when there is no network, and changes that are collected before, ms. */
const KEPT_MAX = 500;
const KEEP_MS = 1_000;
/** Users in one request. */
const BATCH = 100;
/** Unknown names are collected for so long, ms. */
const COLLECT_MS = 30;
/** A name that is shown again is asked for again after so long, ms: people change it. */
const AGAIN_MS = 60_000;
/** What needs a name waits for it so long at most, ms. */
const PATIENCE_MS = 1_000;

const known = new Map<string, string>();
const wanted = new Set<string>();
/** When a name was last asked for, by the monotonic clock, ms. */
const asked = new Map<string, number>();
/** Counts answers, so that what shows a name renders again. */
const version = signal(0);

async function ask(): Promise<void> {
  const ids = [...wanted].slice(0, BATCH);
  for (const id of ids) wanted.delete(id);
  if (wanted.size > 0) setTimeout(ask, COLLECT_MS);
  try {
    learn(await accountOf(parley).users(ids));
  } catch {
    // Asked for again when the name is shown next.
    for (const id of ids) asked.delete(id);
  }
}

const keepSoon = soon(KEEP_MS, () => keep("names", [...known].slice(-KEPT_MAX)));

/** Takes names in that came with something else. */
export function learn(users: readonly Profile[]): void {
  let hasChanged = false;
  for (const { id, username, displayName } of users) {
    const name = displayName ?? username;
    hasChanged ||= known.get(id) !== name;
    known.set(id, name);
  }
  if (!hasChanged) return;
  version.value += 1;
  keepSoon();
}

/** Reads the names that an earlier page has kept; they are asked for again all the same. */
export async function loadNames(): Promise<void> {
  const saved = (await kept<[id: string, name: string][]>("names")) ?? [];
  for (const [id, name] of saved) if (!known.has(id)) known.set(id, name);
  version.value += 1;
}

/** The display name of a user; the username until it is known. */
export function nameOf({ id, username }: User): string {
  // Read, so that an answer renders the caller again.
  void version.value;
  if (id !== "" && performance.now() - (asked.get(id) ?? Number.NEGATIVE_INFINITY) >= AGAIN_MS) {
    if (wanted.size === 0) setTimeout(ask, COLLECT_MS);
    wanted.add(id);
    asked.set(id, performance.now());
  }
  return known.get(id) ?? username;
}

/** The display name of a user as soon as it is known; the username if that takes too long. */
export function nameSoon(user: User): Promise<string> {
  return new Promise((resolve) => {
    const told = nameOf(user);
    if (known.has(user.id)) return resolve(told);
    const tell = () => {
      clearTimeout(timer);
      stop();
      resolve(nameOf(user));
    };
    const timer = setTimeout(tell, PATIENCE_MS);
    const stop = version.subscribe(() => {
      if (known.has(user.id)) tell();
    });
    return undefined;
  });
}
