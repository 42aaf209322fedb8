import type { User } from "@parley/client";
import { nameOf } from "../state/names.ts";

/** Hue of somebody's colour, degrees: the same wherever their id is shown. */
export function hueOf(id: string): number {
  let hash = 0;
  for (const char of id) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) % 3_600;
  return hash / 10;
}

/** The first letters of up to two words of a name. */
function initialsOf(name: string): string {
  const words = name.split(/[\s._-]+/).filter((word) => word !== "");
  return words
    .slice(0, 2)
    .map((word) => [...word][0]?.toUpperCase() ?? "")
    .join("");
}

/** Somebody's initials on their colour. */
export function Avatar({ user, class: classes = "" }: { user: User; class?: string }) {
  return (
    <span class={`avatar ${classes}`} style={{ "--hue": hueOf(user.id) }} aria-hidden="true">
      {initialsOf(nameOf(user))}
    </span>
  );
}
