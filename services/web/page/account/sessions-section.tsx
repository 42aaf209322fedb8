import { accountOf, type UserSession } from "@parley/client/account";
import { type Signal, useSignal } from "@preact/signals";
import type { Question } from "../parts/confirm.tsx";
import { Failure } from "../parts/failure.tsx";
import { Section } from "../parts/section.tsx";
import { wholeText } from "../parts/times.ts";
import { Waiting } from "../parts/waiting.tsx";
import { useLoad } from "../state/load.ts";
import { parley } from "../state/parley.ts";
import { leaveAfter, signOut } from "../state/session.ts";
import { useTask } from "../state/task.ts";
import { screens } from "../text/en-screens.ts";
import { deviceOf } from "./device.ts";

/** Sessions shown before somebody asks for all. */
const SHOWN = 4;
const words = screens.account;

function nameOfDevice({ device }: UserSession): string {
  const { app, system } = deviceOf(device);
  return app === "" ? system || device.slice(0, 60) || words.unknownDevice : words.device(app, system);
}

function Line({ session, onEnded }: { session: UserSession; onEnded: () => void }) {
  const task = useTask();
  const name = nameOfDevice(session);
  const end = async () => {
    if (await task.run(() => accountOf(parley).revoke(session.id))) onEnded();
  };
  return (
    <li class="line">
      <div class="line-text">
        <b title={session.device}>{name}</b>
        <span class={session.isCurrent ? "hint is-current" : "hint"}>
          {session.isCurrent ? words.current : words.used(wholeText(session.lastUsedAt))}
        </span>
        <Failure text={task.failure} />
      </div>
      <button
        type="button"
        class="button"
        aria-label={session.isCurrent ? undefined : words.signOutOf(name)}
        aria-busy={task.isBusy}
        onClick={() => void (session.isCurrent ? task.run(signOut) : end())}
      >
        {session.isCurrent ? words.signOutHere : words.signOutThere}
      </button>
    </li>
  );
}

/** The devices that are signed in. */
export function SessionsSection({ asked }: { asked: Signal<Question | undefined> }) {
  const loaded = useLoad(() => accountOf(parley).sessions());
  const isAll = useSignal(false);
  const leaving = useTask();
  const signOutAll = () => {
    asked.value = {
      title: words.signOutAllTitle,
      body: words.signOutAllBody,
      action: words.signOutAll,
      work: () => leaveAfter(() => accountOf(parley).signOutEverywhere()),
    };
  };
  const sessions = loaded.value ?? [];
  const ordered = [...sessions].sort((a, b) => Number(b.isCurrent) - Number(a.isCurrent));
  return (
    <Section title={words.sessions}>
      <Waiting of={loaded} />
      <ul class="lines-list">
        {(isAll.value ? ordered : ordered.slice(0, SHOWN)).map((session) => (
          <Line key={session.id} session={session} onEnded={loaded.reload} />
        ))}
      </ul>
      <Failure text={leaving.failure} />
      <div class="buttons">
        {/* Also while the list does not come. */}
        {!loaded.value && (
          <button
            type="button"
            class="button"
            aria-busy={leaving.isBusy}
            onClick={() => void leaving.run(signOut)}
          >
            {words.signOutHere}
          </button>
        )}
        {!isAll.value && ordered.length > SHOWN && (
          <button
            type="button"
            class="button"
            onClick={() => {
              isAll.value = true;
            }}
          >
            {words.all(ordered.length)}
          </button>
        )}
        <button type="button" class="button" onClick={signOutAll}>
          {words.signOutAll}
        </button>
      </div>
    </Section>
  );
}
