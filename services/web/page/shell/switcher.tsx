import { useSignal } from "@preact/signals";
import { Dialog } from "../parts/dialog.tsx";
import { Icon } from "../parts/icon.tsx";
import { kindIcon, titleOf } from "../parts/room-names.ts";
import { rooms } from "../state/inbox.ts";
import { overlay } from "../state/keys.ts";
import { go, roomPath } from "../state/route.ts";
import { text } from "../text/en.ts";

const SHOWN = 8;

/** Finds one of the user's rooms by its name, with the keyboard alone. */
export function Switcher() {
  const query = useSignal("");
  const chosen = useSignal(0);
  const wanted = query.value.trim().toLocaleLowerCase();
  const found = rooms.value
    .filter((room) => titleOf(room).toLocaleLowerCase().includes(wanted))
    .slice(0, SHOWN);
  const close = () => {
    overlay.value = undefined;
  };
  const open = (id: string) => {
    close();
    go(roomPath(id));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const room = found[chosen.value];
    if (step !== undefined) chosen.value = (chosen.value + step + found.length) % Math.max(1, found.length);
    else if (event.key === "Enter" && room) open(room.id);
    else return;
    event.preventDefault();
  };
  return (
    <Dialog title={text.keys.switch} onClose={close}>
      <input
        class="input"
        autoFocus
        role="combobox"
        aria-expanded="true"
        aria-controls="switcher-rooms"
        aria-activedescendant={found[chosen.value] && `switcher-${chosen.value}`}
        aria-label={text.keys.switchHint}
        placeholder={text.keys.switchHint}
        value={query.value}
        onInput={({ currentTarget }) => {
          query.value = currentTarget.value;
          chosen.value = 0;
        }}
        onKeyDown={onKeyDown}
      />
      <div id="switcher-rooms" class="switcher" role="listbox" aria-label={text.inbox.title}>
        {found.map((room, i) => (
          <button
            key={room.id}
            id={`switcher-${i}`}
            type="button"
            role="option"
            tabIndex={-1}
            aria-selected={i === chosen.value}
            onClick={() => open(room.id)}
          >
            <Icon name={kindIcon(room.kind)} class="is-small" />
            <span>{titleOf(room)}</span>
            {room.unread > 0 && <span class="badge">{room.unread}</span>}
          </button>
        ))}
      </div>
      {found.length === 0 && <p class="hint">{text.inbox.noMatch}</p>}
    </Dialog>
  );
}
