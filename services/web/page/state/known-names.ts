import type { Profile, User } from "@parley/client";
import { signal } from "@preact/signals";
import { askTogether } from "./ask-together.ts";

/**
 * The display names of users. A name that is shown is asked for, and again when it is shown after a minute.
 *
 * @param onChange a name is new, or another one than before
 */
export function createNames(
  askFor: (ids: readonly string[]) => Promise<readonly Profile[]>,
  onChange: () => void,
) {
  const known = new Map<string, string>();
  /** Counts answers, so that what shows a name renders again. */
  const version = signal(0);

  /** Takes names in that came with something else. */
  const learn = (users: readonly Profile[]): void => {
    let hasChanged = false;
    for (const { id, username, displayName } of users) {
      const name = displayName ?? username;
      hasChanged ||= known.get(id) !== name;
      known.set(id, name);
    }
    if (!hasChanged) return;
    version.value += 1;
    onChange();
  };
  const want = askTogether(async (ids) => learn(await askFor(ids)));

  /** The display name of a user; the username until it is known. */
  const nameOf = ({ id, username }: User): string => {
    // Read, so that an answer renders the caller again.
    void version.value;
    if (id !== "") want(id);
    return known.get(id) ?? username;
  };
  return { known, version, learn, nameOf };
}
