import type { User } from "@parley/client";
import type { ComponentChildren } from "preact";
import { nameOf } from "../state/names.ts";
import { screens } from "../text/en-screens.ts";
import { Avatar } from "./avatar.tsx";
import { PresenceDot } from "./presence-dot.tsx";

type Props = Readonly<{
  user: User;
  /** The display name, where it is known already. */
  name?: string | undefined;
  /** After the username. */
  note?: string;
  hasPresence?: boolean;
  /** Right of the name. */
  children?: ComponentChildren;
}>;

/** Somebody in a list: face, name, username. */
export function Person({ user, name = nameOf(user), note, hasPresence = false, children }: Props) {
  return (
    <span class="person">
      <span class="inbox-face">
        <Avatar user={user} />
        {hasPresence && <PresenceDot key={user.id} userId={user.id} />}
      </span>
      <span class="person-name">{name}</span>
      <span class="person-user">
        {screens.by(user.username)}
        {note && ` · ${note}`}
      </span>
      {children}
    </span>
  );
}
