import type { Profile, RoomSummary } from "@parley/client";
import { useSignal } from "@preact/signals";
import { Dialog } from "../parts/dialog.tsx";
import { Failure } from "../parts/failure.tsx";
import { Icon } from "../parts/icon.tsx";
import { kindIcon, titleOf } from "../parts/room-names.ts";
import { usePeople } from "../people/use-people.ts";
import { rooms, takeRoom } from "../state/inbox.ts";
import { overlay } from "../state/keys.ts";
import { parley } from "../state/parley.ts";
import { go, roomPath } from "../state/route.ts";
import { me } from "../state/session.ts";
import { useTask } from "../state/task.ts";
import { text } from "../text/en.ts";
import { screens } from "../text/en-screens.ts";

/** Rooms and people shown at most. */
const ROOMS = 8;
const PEOPLE = 5;
const words = screens.switcher;

type Choice = Readonly<{ key: string; room: RoomSummary } | { key: string; user: Profile }>;

/** The user's rooms of that name, then people with whom there is no direct chat yet. */
function choicesOf(wanted: string, people: readonly Profile[]): Choice[] {
  const found = rooms.value.filter((room) => titleOf(room).toLocaleLowerCase().includes(wanted));
  const known = new Set([me.value?.id, ...rooms.value.map((room) => room.with?.id)]);
  const others = wanted === "" ? [] : people.filter(({ id }) => !known.has(id));
  return [
    ...found.slice(0, ROOMS).map((room) => ({ key: room.id, room })),
    ...others.slice(0, PEOPLE).map((user) => ({ key: user.id, user })),
  ];
}

function Line({ choice }: { choice: Choice }) {
  if ("user" in choice) {
    const { username, displayName = username } = choice.user;
    return (
      <>
        <Icon name="account" class="is-small" />
        <span>{displayName}</span>
        <span class="hint">{words.write}</span>
      </>
    );
  }
  const { room } = choice;
  return (
    <>
      <Icon name={kindIcon(room.kind)} class="is-small" />
      <span>{titleOf(room)}</span>
      {room.unread > 0 && <span class="badge">{room.unread}</span>}
    </>
  );
}

/** Goes to a room, or to somebody, by a part of the name and with the keyboard alone. */
export function Switcher() {
  const query = useSignal("");
  const chosen = useSignal(0);
  const task = useTask();
  const wanted = query.value.trim();
  const { found } = usePeople(wanted);
  const choices = choicesOf(wanted.toLocaleLowerCase(), found?.people ?? []);
  const close = () => {
    overlay.value = undefined;
  };
  const open = (choice: Choice) =>
    task.run(async () => {
      const room = "room" in choice ? choice.room : await parley.rooms.direct(choice.user.id);
      takeRoom(room);
      close();
      go(roomPath(room.id));
    });
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const choice = choices[chosen.value];
    if (step !== undefined)
      chosen.value = (chosen.value + step + choices.length) % Math.max(1, choices.length);
    else if (event.key === "Enter" && choice) void open(choice);
    else return;
    event.preventDefault();
  };
  return (
    <Dialog title={words.title} onClose={close}>
      <input
        class="input"
        autoFocus
        role="combobox"
        aria-expanded={choices.length > 0}
        aria-controls="switcher-list"
        aria-activedescendant={choices[chosen.value] && `switcher-${chosen.value}`}
        aria-label={words.label}
        placeholder={words.label}
        value={query.value}
        onInput={({ currentTarget }) => {
          query.value = currentTarget.value;
          chosen.value = 0;
        }}
        onKeyDown={onKeyDown}
      />
      <div id="switcher-list" class="switcher" role="listbox" aria-label={text.inbox.title}>
        {choices.map((choice, i) => (
          <button
            key={choice.key}
            id={`switcher-${i}`}
            type="button"
            role="option"
            tabIndex={-1}
            aria-selected={i === chosen.value}
            onClick={() => void open(choice)}
          >
            <Line choice={choice} />
          </button>
        ))}
      </div>
      {choices.length === 0 && <p class="hint">{words.none}</p>}
      <Failure text={task.failure} />
    </Dialog>
  );
}
