import { useSignal } from "@preact/signals";
import { Avatar } from "../parts/avatar.tsx";
import { Icon, type IconName } from "../parts/icon.tsx";
import { Mark } from "../parts/mark.tsx";
import { titleOf } from "../parts/room-names.ts";
import { inboxPhase, rooms } from "../state/inbox.ts";
import { route } from "../state/route.ts";
import { me } from "../state/session.ts";
import { text } from "../text/en.ts";
import { InboxRow } from "./inbox-row.tsx";
import { Invited } from "./invited.tsx";

/** Rooms from which on the list can be filtered by name. */
const FILTERED = 8;

function Tool({ icon, label, href }: { icon: IconName; label: string; href: string }) {
  const isOpen = location.pathname === href;
  return (
    <a
      class="icon-button"
      href={href}
      title={label}
      aria-label={label}
      aria-current={isOpen ? "page" : undefined}
    >
      <Icon name={icon} />
    </a>
  );
}

function RoomList() {
  const filter = useSignal("");
  const shown = route.value;
  const open = shown.name === "room" || shown.name === "details" ? shown.room : undefined;
  const wanted = filter.value.trim().toLocaleLowerCase();
  const found = rooms.value.filter((room) => titleOf(room).toLocaleLowerCase().includes(wanted));
  return (
    <>
      {rooms.value.length >= FILTERED && (
        <input
          class="input inbox-filter"
          type="search"
          placeholder={text.inbox.filter}
          aria-label={text.inbox.filter}
          value={filter.value}
          onInput={({ currentTarget }) => {
            filter.value = currentTarget.value;
          }}
        />
      )}
      <ul class="inbox">
        {found.map((room) => (
          <InboxRow key={room.id} room={room} isOpen={room.id === open} />
        ))}
      </ul>
      {found.length === 0 && wanted !== "" && <p class="hint">{text.inbox.noMatch}</p>}
    </>
  );
}

/** Stands for rooms that are on their way. */
function InboxSkeleton() {
  return (
    <div class="skeleton" aria-hidden="true">
      {[70, 45, 60].map((width) => (
        <div key={width} class="skeleton-row">
          <i />
          <b style={{ width: `${width}%` }} />
        </div>
      ))}
    </div>
  );
}

/** The inbox, and what leads elsewhere. */
export function Sidebar() {
  const user = me.value;
  const isEmpty = rooms.value.length === 0 && inboxPhase.value === "live";
  return (
    <nav class="sidebar" aria-label={text.inbox.title}>
      <header class="bar">
        <a class="brand" href="/">
          <Mark size={22} />
          <span>{text.name}</span>
        </a>
        <Tool icon="search" label={text.inbox.search} href="/search" />
        <Tool icon="hash" label={text.inbox.channels} href="/channels" />
        <Tool icon="plus" label={text.inbox.newRoom} href="/new" />
      </header>
      <div class="sidebar-list">
        <Invited />
        {inboxPhase.value === "loading" ? <InboxSkeleton /> : <RoomList />}
        {isEmpty && (
          <div class="hint is-centred">
            <p>{text.inbox.empty}</p>
            <a class="button" href="/channels">
              {text.inbox.emptyAction}
            </a>
          </div>
        )}
      </div>
      {user && (
        <a class="self" href="/account">
          <Avatar user={user} />
          <span class="self-name">{user.displayName ?? user.username}</span>
          <span class="self-user">@{user.username}</span>
          <Icon name="account" class="is-small" />
        </a>
      )}
    </nav>
  );
}
