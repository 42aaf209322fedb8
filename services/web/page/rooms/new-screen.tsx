import { useSignal } from "@preact/signals";
import { Failure } from "../parts/failure.tsx";
import { Icon, type IconName } from "../parts/icon.tsx";
import { Screen } from "../parts/screen.tsx";
import { PeopleSearch } from "../people/people-search.tsx";
import { takeRoom } from "../state/inbox.ts";
import { parley } from "../state/parley.ts";
import { go, roomPath } from "../state/route.ts";
import { me } from "../state/session.ts";
import { useTask } from "../state/task.ts";
import { screens } from "../text/en-screens.ts";
import { NewChannel } from "./new-channel.tsx";
import { NewGroup } from "./new-group.tsx";

const words = screens.create;
const KINDS = ["direct", "group", "channel"] as const;
type Kind = (typeof KINDS)[number];
const ICONS: Readonly<Record<Kind, IconName>> = { direct: "account", group: "lock", channel: "hash" };
const HINTS: Readonly<Record<Kind, string>> = {
  direct: words.directHint,
  group: words.groupHint,
  channel: words.channelHint,
};

/** The kind that the address names. */
function kindOfAddress(): Kind {
  const kind = new URLSearchParams(location.search).get("kind");
  return KINDS.find((one) => one === kind) ?? "direct";
}

function NewDirect() {
  const task = useTask();
  const open = (userId: string) =>
    task.run(async () => {
      const room = await parley.rooms.direct(userId);
      takeRoom(room);
      go(roomPath(room.id));
    });
  return (
    <>
      <PeopleSearch hasFocus without={[me.value?.id ?? ""]} onPick={({ id }) => void open(id)} />
      <Failure text={task.failure} />
    </>
  );
}

/** Begins a direct, a group or a channel. */
export function NewScreen() {
  const kind = useSignal<Kind>(kindOfAddress());
  return (
    <Screen title={words.title}>
      <fieldset class="segments">
        <legend class="visually-hidden">{words.kinds}</legend>
        {KINDS.map((one) => (
          <label key={one}>
            <input
              type="radio"
              name="kind"
              class="visually-hidden"
              checked={one === kind.value}
              onChange={() => {
                kind.value = one;
              }}
            />
            <Icon name={ICONS[one]} class="is-small" />
            {words[one]}
          </label>
        ))}
      </fieldset>
      <p class="hint">{HINTS[kind.value]}</p>
      {kind.value === "direct" && <NewDirect />}
      {kind.value === "group" && <NewGroup />}
      {kind.value === "channel" && <NewChannel />}
    </Screen>
  );
}
