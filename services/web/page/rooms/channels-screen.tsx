import type { RoomSummary } from "@parley/client";
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { Failure } from "../parts/failure.tsx";
import { Icon } from "../parts/icon.tsx";
import { titleOf } from "../parts/room-names.ts";
import { Screen } from "../parts/screen.tsx";
import { shortText } from "../parts/times.ts";
import { Waiting } from "../parts/waiting.tsx";
import { summaryOf, takeRoom } from "../state/inbox.ts";
import { useLoad } from "../state/load.ts";
import { parley } from "../state/parley.ts";
import { go, roomPath } from "../state/route.ts";
import { useTask } from "../state/task.ts";
import { screens } from "../text/en-screens.ts";

/** Channels in a page of the list. */
const PAGE = 100;
const words = screens.channels;

function Channel({ room }: { room: RoomSummary }) {
  const task = useTask();
  const name = titleOf(room);
  const isIn = summaryOf(room.id) !== undefined;
  const join = () =>
    task.run(async () => {
      await parley.rooms.get(room.id).join();
      takeRoom(await parley.rooms.get(room.id).fetch());
      go(roomPath(room.id));
    });
  return (
    <li class="line">
      <span class="avatar is-room">
        <Icon name="hash" class="is-small" />
      </span>
      <a class="line-text" href={roomPath(room.id)}>
        <b>{name}</b>
        <span class="hint">
          {room.title !== null && room.title !== room.id && `${room.id} · `}
          {words.active(shortText(room.activeAt))}
        </span>
        <Failure text={task.failure} />
      </a>
      {isIn ? (
        <span class="tag">
          <Icon name="check" class="is-small" />
          {words.joined}
        </span>
      ) : (
        <button
          type="button"
          class="button"
          aria-label={words.joinOf(name)}
          aria-busy={task.isBusy}
          onClick={() => void join()}
        >
          {words.join}
        </button>
      )}
    </li>
  );
}

/** All channels, to be found and joined. */
export function ChannelsScreen() {
  const filter = useSignal("");
  const field = useRef<HTMLInputElement>(null);
  const loaded = useLoad((signal) => parley.rooms.list({ list: "channels", limit: PAGE, signal }));
  const more = useTask();
  const { items = [], next = null } = loaded.value ?? {};
  const wanted = filter.value.trim().toLocaleLowerCase();
  const found = items.filter(
    (room) => room.id.includes(wanted) || titleOf(room).toLocaleLowerCase().includes(wanted),
  );
  useEffect(() => field.current?.focus(), []);
  const loadMore = () =>
    more.run(async () => {
      const page = await parley.rooms.list({ list: "channels", limit: PAGE, ...(next && { cursor: next }) });
      loaded.set({ items: [...items, ...page.items], next: page.next });
    });
  const createLink = (
    <a class="button" href="/new?kind=channel">
      <Icon name="plus" class="is-small" />
      {words.create}
    </a>
  );
  return (
    <Screen title={words.title} tools={createLink}>
      <input
        ref={field}
        class="input"
        type="search"
        placeholder={words.filter}
        aria-label={words.filter}
        value={filter.value}
        onInput={({ currentTarget }) => {
          filter.value = currentTarget.value;
        }}
      />
      <Waiting of={loaded} />
      <ul class="lines-list">
        {found.map((room) => (
          <Channel key={room.id} room={room} />
        ))}
      </ul>
      {loaded.value && found.length === 0 && (
        <p class="blank" role="status">
          {items.length === 0 ? words.empty : words.noMatch(filter.value.trim())}
        </p>
      )}
      {next !== null && (
        <button type="button" class="button is-wide" aria-busy={more.isBusy} onClick={() => void loadMore()}>
          {screens.more}
        </button>
      )}
      <Failure text={more.failure} />
    </Screen>
  );
}
