import type { User } from "@parley/client";
import { accountOf } from "@parley/client/account";
import { createNames } from "./known-names.ts";
import { keep, kept, parley } from "./parley.ts";
import { soon } from "./soon.ts";

/** Names that are kept for when there is no network, and changes that are collected before, ms. */
const KEPT_MAX = 500;
const KEEP_MS = 1_000;
/** What needs a name waits for it so long at most, ms. */
const PATIENCE_MS = 1_000;

const { known, version, ...names } = createNames(
  (ids) => accountOf(parley).users(ids),
  soon(KEEP_MS, () => keep("names", [...known].slice(-KEPT_MAX))),
);
export const { learn, nameOf } = names;

/** Reads the names that an earlier page has kept; they are asked for again all the same. */
export async function loadNames(): Promise<void> {
  const saved = (await kept<[id: string, name: string][]>("names")) ?? [];
  for (const [id, name] of saved) if (!known.has(id)) known.set(id, name);
  version.value += 1;
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
