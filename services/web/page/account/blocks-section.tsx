import type { User } from "@parley/client";
import { Failure } from "../parts/failure.tsx";
import { Person } from "../parts/person.tsx";
import { Section } from "../parts/section.tsx";
import { Waiting } from "../parts/waiting.tsx";
import { blocks, loadBlocks, unblock } from "../state/blocks.ts";
import { useLoad } from "../state/load.ts";
import { nameOf } from "../state/names.ts";
import { useTask } from "../state/task.ts";
import { screens } from "../text/en-screens.ts";

const words = screens.account;

function Line({ user }: { user: User }) {
  const task = useTask();
  return (
    <li class="line">
      <Person user={user}>
        <Failure text={task.failure} />
      </Person>
      <button
        type="button"
        class="button"
        aria-label={words.unblockOf(nameOf(user))}
        aria-busy={task.isBusy}
        onClick={() => void task.run(() => unblock(user))}
      >
        {screens.details.unblock}
      </button>
    </li>
  );
}

/** Whom the user has blocked. */
export function BlocksSection() {
  const loaded = useLoad(loadBlocks);
  const list = blocks.value ?? [];
  return (
    <Section title={words.blocks}>
      <Waiting of={loaded} />
      {loaded.value && list.length === 0 && <p class="hint">{words.noBlocks}</p>}
      <ul class="lines-list">
        {list.map(({ user }) => (
          <Line key={user.id} user={user} />
        ))}
      </ul>
    </Section>
  );
}
