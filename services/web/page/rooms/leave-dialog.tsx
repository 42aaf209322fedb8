import type { Member, RoomSummary } from "@parley/client";
import { useSignal } from "@preact/signals";
import { useId } from "preact/hooks";
import { Dialog } from "../parts/dialog.tsx";
import { sentenceOf } from "../parts/errors.ts";
import { Failure } from "../parts/failure.tsx";
import { titleOf } from "../parts/room-names.ts";
import { Waiting } from "../parts/waiting.tsx";
import { useLoad } from "../state/load.ts";
import { nameOf } from "../state/names.ts";
import { parley } from "../state/parley.ts";
import { me } from "../state/session.ts";
import { useTask } from "../state/task.ts";
import { text } from "../text/en.ts";
import { screens } from "../text/en-screens.ts";

/** Members who are offered as successors: admins first, then those who joined first. */
const OFFERED = 100;
const words = screens.details;

/** Those who can follow the user as owner; none are needed if the user is no owner, or another one is there. */
async function successorsOf(
  room: RoomSummary,
  signal: AbortSignal,
): Promise<readonly Member[] | "not needed"> {
  if (room.role !== "owner") return "not needed";
  const { items } = await parley.rooms.get(room.id).members.list({ limit: OFFERED, signal });
  const others = items.filter(({ user }) => user.id !== me.value?.id);
  if (others.some(({ role }) => role === "owner")) return "not needed";
  return others.toSorted((a, b) => Number(b.role === "admin") - Number(a.role === "admin"));
}

function Successor(props: { members: readonly Member[]; value: string; onChange: (id: string) => void }) {
  const id = useId();
  return (
    <div class="form-field">
      <label for={id}>{words.successor}</label>
      <select
        id={id}
        class="select"
        value={props.value}
        onChange={({ currentTarget }) => props.onChange(currentTarget.value)}
      >
        {props.members.map(({ user }) => (
          <option key={user.id} value={user.id} selected={user.id === props.value}>
            {nameOf(user)}
          </option>
        ))}
      </select>
    </div>
  );
}

/** Asks before the user leaves a room; its last owner says who owns it from then on. */
export function LeaveDialog(props: { room: RoomSummary; onClose: () => void; onLeft: () => void }) {
  const { room, onClose, onLeft } = props;
  const chosen = useSignal("");
  const task = useTask();
  const loaded = useLoad((signal) => successorsOf(room, signal), room.id);
  const members = loaded.value === undefined || loaded.value === "not needed" ? [] : loaded.value;
  const isAlone = loaded.value !== undefined && loaded.value !== "not needed" && members.length === 0;
  const successor = chosen.value || members[0]?.user.id;
  const leave = async () => {
    const path = `/rooms/${encodeURIComponent(room.id)}/leave`;
    if (await task.run(() => parley.request("POST", path, { query: { successor } }), sentenceOf)) onLeft();
  };
  return (
    <Dialog title={words.leaveTitle(titleOf(room))} onClose={onClose}>
      <p>{isAlone ? words.aloneOwner : room.kind === "channel" ? words.leaveChannel : words.leaveGroup}</p>
      <Waiting of={loaded} />
      {members.length > 0 && (
        <>
          <p>{words.lastOwner}</p>
          <Successor
            members={members}
            value={successor ?? ""}
            onChange={(id) => {
              chosen.value = id;
            }}
          />
        </>
      )}
      <Failure text={task.failure} />
      <div class="dialog-buttons">
        <button type="button" class="button" onClick={onClose}>
          {text.cancel}
        </button>
        {loaded.value !== undefined && !isAlone && (
          <button type="button" class="button is-danger" aria-busy={task.isBusy} onClick={() => void leave()}>
            {words.leave}
          </button>
        )}
      </div>
    </Dialog>
  );
}
