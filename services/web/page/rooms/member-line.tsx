import type { Member, Role } from "@parley/client";
import { Icon } from "../parts/icon.tsx";
import { Person } from "../parts/person.tsx";
import { nameOf } from "../state/names.ts";
import { me } from "../state/session.ts";
import { screens } from "../text/en-screens.ts";

const words = screens.details;
const ROLES: readonly Role[] = ["member", "admin", "owner"];

type Props = Readonly<{
  member: Member;
  /** What the user is in the room; null outside of it. */
  myRole: Role | null;
  onRole: (role: Role) => void;
  onRemove: () => void;
}>;

/** One member: owners choose the role, and whoever has the higher role removes. */
export function MemberLine({ member, myRole, onRole, onRemove }: Props) {
  const { user, role } = member;
  const name = nameOf(user);
  const isMe = user.id === me.value?.id;
  const mayRemove = !isMe && (myRole === "owner" || (myRole === "admin" && role === "member"));
  return (
    <li class="line is-member">
      <Person user={user} hasPresence {...(isMe && { note: words.you })} />
      {myRole === "owner" && !isMe ? (
        <select
          class="select"
          aria-label={words.roleOf(name)}
          value={role}
          onChange={({ currentTarget }) => {
            onRole(currentTarget.value as Role);
            // The server has the say: shown is what it answers.
            currentTarget.value = role;
          }}
        >
          {ROLES.map((one) => (
            <option key={one} value={one} selected={one === role}>
              {words.roles[one]}
            </option>
          ))}
        </select>
      ) : (
        role !== "member" && <span class="tag">{words.roles[role]}</span>
      )}
      {mayRemove && (
        <button type="button" class="icon-button" aria-label={words.removeOf(name)} onClick={onRemove}>
          <Icon name="close" class="is-small" />
        </button>
      )}
    </li>
  );
}
