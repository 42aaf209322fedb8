import type { RoomSummary } from "@parley/client";
import { type Signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Confirm, type Question } from "../parts/confirm.tsx";
import { Icon } from "../parts/icon.tsx";
import { titleOf } from "../parts/room-names.ts";
import { Screen } from "../parts/screen.tsx";
import { dateText } from "../parts/times.ts";
import { Waiting } from "../parts/waiting.tsx";
import { PersonCard } from "../people/person-card.tsx";
import { summaryOf } from "../state/inbox.ts";
import { useLoad } from "../state/load.ts";
import { parley } from "../state/parley.ts";
import { roomPath, route } from "../state/route.ts";
import { isWide } from "../state/wide.ts";
import { screens } from "../text/en-screens.ts";
import { InviteLink } from "./invite-link.tsx";
import { Leaving } from "./leaving.tsx";
import { MembersSection } from "./members-section.tsx";
import { Preferences } from "./preferences.tsx";
import { Rename } from "./rename.tsx";

const words = screens.details;

/** The room that the address names: who is in it, and what can be done with it. */
export function DetailsScreen() {
  const { value: shown } = route;
  return shown.name === "details" ? <Details key={shown.room} id={shown.room} /> : null;
}

/** Gives the focus back to what has opened this, once it is gone. */
function useReturn(id: string): void {
  useEffect(
    () => () => {
      const opener = () => document.querySelector<HTMLElement>(`a[href="${roomPath(id, "details")}"]`);
      queueMicrotask(() => document.activeElement === document.body && opener()?.focus());
    },
    [],
  );
}

function Details({ id }: { id: string }) {
  const asked = useSignal<Question | undefined>(undefined);
  const listed = summaryOf(id);
  const loaded = useLoad(async () => listed ?? (await parley.rooms.get(id).fetch()), listed === undefined);
  const room = listed ?? loaded.value;
  useReturn(id);
  const close = (
    <a class="icon-button" href={roomPath(id)} aria-label={words.close}>
      <Icon name="close" />
    </a>
  );
  return (
    <Screen title={words.title} class="details" back={roomPath(id)} isAside={isWide.value} tools={close}>
      {room ? <Parts room={room} asked={asked} /> : <Waiting of={loaded} />}
      <Confirm asked={asked} />
    </Screen>
  );
}

function About({ room }: { room: RoomSummary }) {
  const isChannel = room.kind === "channel";
  return (
    <div class="about">
      <span class="avatar is-room">
        <Icon name={isChannel ? "hash" : "lock"} />
      </span>
      <p class="about-name">{titleOf(room)}</p>
      <p class="hint">{isChannel ? words.channel : words.group}</p>
      <p class="hint">{words.since(dateText(room.createdAt))}</p>
    </div>
  );
}

function Parts({ room, asked }: { room: RoomSummary; asked: Signal<Question | undefined> }) {
  const isLeader = room.role === "owner" || room.role === "admin";
  if (room.with)
    return (
      <>
        <PersonCard user={room.with} asked={asked} />
        <Preferences room={room} />
      </>
    );
  return (
    <>
      <About room={room} />
      <MembersSection room={room} asked={asked} />
      {isLeader && <InviteLink room={room.id} asked={asked} />}
      {room.role !== null && <Preferences room={room} />}
      {isLeader && <Rename key={room.title} room={room} />}
      {room.role !== null && <Leaving room={room} asked={asked} />}
    </>
  );
}
