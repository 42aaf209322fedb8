import type { Member, Role, RoomSummary } from "@parley/client";
import { type Signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Question } from "../parts/confirm.tsx";
import { Failure } from "../parts/failure.tsx";
import { Section } from "../parts/section.tsx";
import { Waiting } from "../parts/waiting.tsx";
import { PeopleSearch } from "../people/people-search.tsx";
import { useLoad } from "../state/load.ts";
import { nameOf } from "../state/names.ts";
import { parley } from "../state/parley.ts";
import { useTask } from "../state/task.ts";
import { screens } from "../text/en-screens.ts";
import { MemberLine } from "./member-line.tsx";

/** Members in a page of the list. */
const PAGE = 50;
const words = screens.details;

/** Asks again when somebody comes, goes, or has another role. */
function useMemberships(id: string, reload: () => void): void {
  useEffect(() => {
    const end = new AbortController();
    const room = parley.rooms.get(id);
    const release = room.open();
    room.on("event", ({ type }) => type.startsWith("member_") && reload(), end.signal);
    return () => {
      end.abort();
      release();
    };
  }, [id]);
}

function Add({ room, members }: { room: RoomSummary; members: readonly Member[] }) {
  const task = useTask();
  const told = useSignal("");
  const add = (userId: string, name: string) =>
    void task.run(async () => {
      told.value = "";
      const added = await parley.rooms.get(room.id).members.add(userId);
      told.value = "by" in added ? words.invitedOne(name) : words.added(name);
    });
  return (
    <div class="add">
      <PeopleSearch
        label={words.add}
        without={members.map(({ user }) => user.id)}
        onPick={({ id, username, displayName }) => add(id, displayName ?? username)}
      />
      <p class="told-line" role="status">
        {told.value}
      </p>
      <Failure text={task.failure} />
    </div>
  );
}

/** Who is in a room, who of them is there, and for those who lead it: their roles. */
export function MembersSection({ room, asked }: { room: RoomSummary; asked: Signal<Question | undefined> }) {
  const members = parley.rooms.get(room.id).members;
  const loaded = useLoad((signal) => members.list({ limit: PAGE, signal }), room.id);
  const task = useTask();
  useMemberships(room.id, loaded.reload);
  const { items = [], next = null } = loaded.value ?? {};
  const loadMore = () =>
    void task.run(async () => {
      const page = await members.list({ limit: PAGE, ...(next && { cursor: next }) });
      loaded.set({ items: [...items, ...page.items], next: page.next });
    });
  const setRole = ({ user }: Member, role: Role) => {
    const work = async () => {
      await members.setRole(user.id, role);
      loaded.reload();
    };
    if (role !== "owner") void task.run(work);
    else
      asked.value = {
        title: words.ownerTitle(nameOf(user)),
        body: words.ownerBody,
        action: words.ownerAction,
        work,
      };
  };
  const remove = ({ user }: Member) => {
    asked.value = {
      title: words.removeTitle(nameOf(user)),
      body: words.removeBody,
      action: screens.remove,
      async work() {
        await members.remove(user.id);
        loaded.reload();
      },
    };
  };
  const isLeader = room.role === "owner" || room.role === "admin";
  return (
    <Section title={words.members} {...(isLeader && room.kind === "group" && { hint: words.addHint })}>
      {isLeader && <Add room={room} members={items} />}
      <Waiting of={loaded} />
      <ul class="lines-list">
        {items.map((member) => (
          <MemberLine
            key={member.user.id}
            member={member}
            myRole={room.role}
            onRole={(role) => setRole(member, role)}
            onRemove={() => remove(member)}
          />
        ))}
      </ul>
      {next !== null && (
        <button type="button" class="button is-wide" aria-busy={task.isBusy} onClick={loadMore}>
          {screens.more}
        </button>
      )}
      <Failure text={task.failure} />
    </Section>
  );
}
