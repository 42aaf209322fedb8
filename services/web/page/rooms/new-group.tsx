import type { Profile, RoomSummary, User } from "@parley/client";
import { useSignal } from "@preact/signals";
import { Field } from "../door/field.tsx";
import { Avatar } from "../parts/avatar.tsx";
import { Failure } from "../parts/failure.tsx";
import { Icon } from "../parts/icon.tsx";
import { marked, Named } from "../parts/named.tsx";
import { PeopleSearch } from "../people/people-search.tsx";
import { takeRoom } from "../state/inbox.ts";
import { nameOf } from "../state/names.ts";
import { parley } from "../state/parley.ts";
import { go, roomPath } from "../state/route.ts";
import { me } from "../state/session.ts";
import { useTask } from "../state/task.ts";
import { screens } from "../text/en-screens.ts";

/** Members that a new group may have from the start, besides its owner. */
const MEMBERS_MAX = 100;
const words = screens.create;

function Chosen({ people, onTake }: { people: readonly Profile[]; onTake: (user: Profile) => void }) {
  if (people.length === 0) return <p class="hint">{words.noMembers}</p>;
  return (
    <ul class="chips">
      {people.map((user) => (
        <li key={user.id} class="chip">
          <Avatar user={user} />
          {user.displayName ?? user.username}
          <button
            type="button"
            class="icon-button"
            aria-label={words.take(user.displayName ?? user.username)}
            onClick={() => onTake(user)}
          >
            <Icon name="close" class="is-small" />
          </button>
        </li>
      ))}
    </ul>
  );
}

/** Some of those who were chosen got an invitation only. */
function Made({ room, invited }: { room: RoomSummary; invited: readonly User[] }) {
  return (
    <div class="made" role="status">
      <h2>{words.made(room.title ?? "")}</h2>
      <p>
        <Named text={words.invited(invited.map((user) => marked(nameOf(user))).join(", "))} />
      </p>
      <a class="button is-main" href={roomPath(room.id)}>
        {words.open}
      </a>
    </div>
  );
}

/** Makes a group. */
export function NewGroup() {
  const people = useSignal<readonly Profile[]>([]);
  const made = useSignal<{ room: RoomSummary; invited: readonly User[] } | undefined>(undefined);
  const task = useTask();
  if (made.value) return <Made {...made.value} />;
  const create = (title: string) =>
    task.run(async () => {
      const members = people.value.map(({ id }) => id);
      const { invited, ...room } = await parley.rooms.create({ kind: "group", title, members });
      takeRoom(room);
      if (invited.length > 0) made.value = { room, invited };
      else go(roomPath(room.id));
    });
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        const title = String(new FormData(event.currentTarget).get("title") ?? "").trim();
        if (title !== "") void create(title);
      }}
    >
      <Field name="title" label={words.groupTitle} autocomplete="off" lengthMax={100} />
      <PeopleSearch
        label={words.members}
        without={[me.value?.id ?? "", ...people.value.map(({ id }) => id)]}
        onPick={(user) => {
          people.value = [...people.value, user].slice(0, MEMBERS_MAX);
        }}
      />
      <Chosen
        people={people.value}
        onTake={(user) => {
          people.value = people.value.filter((one) => one !== user);
        }}
      />
      <Failure text={task.failure} />
      <div class="form-end">
        <button type="submit" class="button is-main" aria-busy={task.isBusy}>
          {words.createGroup}
        </button>
      </div>
    </form>
  );
}
