import type { Invitation } from "@parley/client";
import { invitationsOf } from "@parley/client/invitations";
import { Failure } from "../parts/failure.tsx";
import { Icon } from "../parts/icon.tsx";
import { marked, Named } from "../parts/named.tsx";
import { Screen } from "../parts/screen.tsx";
import { shortText } from "../parts/times.ts";
import { Waiting } from "../parts/waiting.tsx";
import { takeRoom } from "../state/inbox.ts";
import { invitations } from "../state/invitations.ts";
import { useLoad } from "../state/load.ts";
import { nameOf } from "../state/names.ts";
import { parley } from "../state/parley.ts";
import { go, roomPath } from "../state/route.ts";
import { useTask } from "../state/task.ts";
import { screens } from "../text/en-screens.ts";

const words = screens.invitations;

function drop(room: string): void {
  invitations.value = invitations.value?.filter((one) => one.room !== room);
}

function Line({ invitation }: { invitation: Invitation }) {
  const task = useTask();
  const { room, title, by, at } = invitation;
  const name = title ?? words.untitled;
  const accept = () =>
    task.run(async () => {
      takeRoom(await invitationsOf(parley).accept(room));
      drop(room);
      go(roomPath(room));
    });
  const decline = () =>
    task.run(async () => {
      await invitationsOf(parley).decline(room);
      drop(room);
    });
  return (
    <li class="line is-asking">
      <span class="avatar is-room">
        <Icon name="lock" class="is-small" />
      </span>
      <div class="line-text">
        <b>{name}</b>
        <span class="hint">
          <Named text={words.by(marked(nameOf(by)), shortText(at))} />
        </span>
        <Failure text={task.failure} />
      </div>
      <div class="buttons">
        <button
          type="button"
          class="button is-main"
          aria-label={words.acceptOf(name)}
          aria-busy={task.isBusy}
          onClick={() => void accept()}
        >
          {words.accept}
        </button>
        <button
          type="button"
          class="button"
          aria-label={words.declineOf(name)}
          aria-busy={task.isBusy}
          onClick={() => void decline()}
        >
          {words.decline}
        </button>
      </div>
    </li>
  );
}

/** The groups that ask the user to join. */
export function InvitationsScreen() {
  const loaded = useLoad(async (signal) => {
    invitations.value = await invitationsOf(parley).list(signal);
    return true;
  });
  const list = invitations.value ?? [];
  return (
    <Screen title={words.title}>
      <Waiting of={{ ...loaded, value: invitations.value ?? loaded.value }} />
      <ul class="lines-list">
        {list.map((invitation) => (
          <Line key={invitation.room} invitation={invitation} />
        ))}
      </ul>
      {loaded.value && list.length === 0 && (
        <p class="blank" role="status">
          {words.empty}
        </p>
      )}
    </Screen>
  );
}
