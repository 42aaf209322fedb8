import type { User } from "@parley/client";
import type { Signal } from "@preact/signals";
import { Avatar } from "../parts/avatar.tsx";
import type { Question } from "../parts/confirm.tsx";
import { Failure } from "../parts/failure.tsx";
import { Section } from "../parts/section.tsx";
import { wholeText } from "../parts/times.ts";
import { Waiting } from "../parts/waiting.tsx";
import { block, isBlocked, loadBlocks, unblock } from "../state/blocks.ts";
import { useLive } from "../state/live.ts";
import { useLoad } from "../state/load.ts";
import { nameOf } from "../state/names.ts";
import { parley } from "../state/parley.ts";
import { useTask } from "../state/task.ts";
import { screens } from "../text/en-screens.ts";

const words = screens.details;

/** Whether somebody is there, in words. */
function PresenceText({ userId }: { userId: string }) {
  const presence = useLive(parley.presence(userId));
  if (!presence) return null;
  if (presence.isOnline) return <p class="hint">{words.online}</p>;
  return <p class="hint">{presence.lastSeen ? words.lastSeen(wholeText(presence.lastSeen)) : words.never}</p>;
}

/** Somebody with whom the user has a direct conversation: who it is, and whether they may write. */
export function PersonCard({ user, asked }: { user: User; asked: Signal<Question | undefined> }) {
  const loaded = useLoad(loadBlocks, user.id);
  const task = useTask();
  const name = nameOf(user);
  const isOut = isBlocked(user.id);
  const ask = () => {
    asked.value = {
      title: words.blockTitle(name),
      body: words.blockBody,
      action: words.block,
      work: () => block(user),
    };
  };
  return (
    <>
      <div class="about">
        <Avatar user={user} class="is-large" />
        <p class="about-name">{name}</p>
        <p class="hint">{screens.by(user.username)}</p>
        <PresenceText key={user.id} userId={user.id} />
      </div>
      <Section title={words.privacy} hint={isOut ? words.blocked(name) : words.notBlocked}>
        <Waiting of={loaded} />
        {loaded.value && (
          <div class="buttons">
            {isOut ? (
              <button
                type="button"
                class="button"
                aria-busy={task.isBusy}
                onClick={() => void task.run(() => unblock(user))}
              >
                {words.unblock}
              </button>
            ) : (
              <button type="button" class="button is-risky" onClick={ask}>
                {words.block}
              </button>
            )}
          </div>
        )}
        <Failure text={task.failure} />
      </Section>
    </>
  );
}
