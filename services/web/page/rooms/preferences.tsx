import type { RoomSummary } from "@parley/client";
import { Failure } from "../parts/failure.tsx";
import { Section } from "../parts/section.tsx";
import { Switch } from "../parts/switch.tsx";
import { takeRoom } from "../state/inbox.ts";
import { parley } from "../state/parley.ts";
import { useTask } from "../state/task.ts";
import { screens } from "../text/en-screens.ts";

const words = screens.details;

/** What the user alone sees of a room: muted, pinned. */
export function Preferences({ room }: { room: RoomSummary }) {
  const task = useTask();
  const set = (changes: { isMuted?: boolean; isPinned?: boolean }) =>
    void task.run(async () => {
      const after = await parley.rooms.get(room.id).update(changes);
      takeRoom({ ...room, isMuted: after.isMuted, isPinned: after.isPinned });
    });
  return (
    <Section title={words.forYou}>
      <div class="lines-list">
        <Switch
          label={words.mute}
          hint={words.muteHint}
          isOn={room.isMuted}
          onChange={(isMuted) => set({ isMuted })}
        />
        <Switch
          label={words.pin}
          hint={words.pinHint}
          isOn={room.isPinned}
          onChange={(isPinned) => set({ isPinned })}
        />
      </div>
      <Failure text={task.failure} />
    </Section>
  );
}
