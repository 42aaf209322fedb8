import { type InviteCode, invitationsOf } from "@parley/client/invitations";
import { type Signal, useSignal } from "@preact/signals";
import type { Question } from "../parts/confirm.tsx";
import { copyText } from "../parts/copy.ts";
import { sentenceOf } from "../parts/errors.ts";
import { Failure } from "../parts/failure.tsx";
import { Icon } from "../parts/icon.tsx";
import { Section } from "../parts/section.tsx";
import { dateText } from "../parts/times.ts";
import { parley } from "../state/parley.ts";
import { useTask } from "../state/task.ts";
import { text } from "../text/en.ts";
import { screens } from "../text/en-screens.ts";

const words = screens.details;

/** The link by which people join a room: got, copied, ended. */
export function InviteLink({ room, asked }: { room: string; asked: Signal<Question | undefined> }) {
  const code = useSignal<InviteCode | undefined>(undefined);
  const told = useSignal("");
  const task = useTask();
  const get = () =>
    void task.run(async () => {
      told.value = "";
      code.value = await invitationsOf(parley).codeOf(room);
    });
  const copy = (link: string) =>
    void task.run(
      async () => {
        await copyText(link);
        told.value = words.copied;
      },
      () => sentenceOf(text.copyRefused),
    );
  const end = () => {
    asked.value = {
      title: words.linkEndTitle,
      body: words.linkEndBody,
      action: words.linkEnd,
      async work() {
        await invitationsOf(parley).endCodes(room);
        code.value = undefined;
        told.value = words.ended;
      },
    };
  };
  const link = code.value && `${location.origin}/invite/${code.value.code}`;
  return (
    <Section title={words.link} hint={words.linkHint}>
      {link && (
        <div class="inline-form">
          <input
            class="input"
            readOnly
            aria-label={words.link}
            value={link}
            onFocus={({ currentTarget }) => currentTarget.select()}
          />
          <button type="button" class="button" onClick={() => copy(link)}>
            <Icon name="copy" class="is-small" />
            {words.copy}
          </button>
        </div>
      )}
      {code.value && <p class="hint">{words.linkUntil(dateText(code.value.expiresAt))}</p>}
      <p class="told-line" role="status">
        {told.value}
      </p>
      <Failure text={task.failure} />
      <div class="buttons">
        {!code.value && (
          <button type="button" class="button" aria-busy={task.isBusy} onClick={get}>
            {words.linkGet}
          </button>
        )}
        <button type="button" class="button" onClick={end}>
          {words.linkEnd}
        </button>
      </div>
    </Section>
  );
}
