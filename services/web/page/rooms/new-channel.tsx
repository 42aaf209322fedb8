import { ParleyError } from "@parley/client";
import { useSignal } from "@preact/signals";
import { sentenceOf } from "../parts/errors.ts";
import { Failure } from "../parts/failure.tsx";
import { takeRoom } from "../state/inbox.ts";
import { parley } from "../state/parley.ts";
import { go, roomPath } from "../state/route.ts";
import { useTask } from "../state/task.ts";
import { screens } from "../text/en-screens.ts";
import { channelIdOf } from "./channel-id.ts";

const words = screens.create;
/** What the ids of channels look like. */
const ID = "[a-z0-9][a-z0-9_\\-]{0,63}";

const tell = (error: unknown): string =>
  error instanceof ParleyError && error.code === "room_exists" ? words.channelTaken : sentenceOf(error);

/** Makes a channel. Its id follows its name until somebody writes another one. */
export function NewChannel() {
  const title = useSignal("");
  const ownId = useSignal<string | undefined>(undefined);
  const task = useTask();
  const name = ownId.value ?? channelIdOf(title.value);
  const create = () =>
    task.run(async () => {
      const { invited: _, ...room } = await parley.rooms.create({
        kind: "channel",
        name,
        ...(title.value.trim() !== "" && { title: title.value.trim() }),
      });
      takeRoom(room);
      go(roomPath(room.id));
    }, tell);
  return (
    <form
      class="form"
      onSubmit={(event) => {
        event.preventDefault();
        void create();
      }}
    >
      <div class="form-field">
        <label for="title">{words.channelTitle}</label>
        <input
          id="title"
          class="input"
          autocomplete="off"
          maxLength={100}
          required
          value={title.value}
          onInput={({ currentTarget }) => {
            title.value = currentTarget.value;
          }}
        />
      </div>
      <div class="form-field">
        <label for="name">{words.channelId}</label>
        <div class="prefixed input">
          <span class="prefix" aria-hidden="true">{`${location.host}/r/`}</span>
          <input
            id="name"
            autocomplete="off"
            autocapitalize="none"
            spellcheck={false}
            pattern={ID}
            required
            aria-describedby="name-told"
            value={name}
            onInput={({ currentTarget }) => {
              ownId.value = currentTarget.value === "" ? undefined : currentTarget.value;
            }}
          />
        </div>
        <p id="name-told" class="hint">
          {words.channelIdHint}
        </p>
      </div>
      <Failure text={task.failure} />
      <div class="form-end">
        <button type="submit" class="button is-main" aria-busy={task.isBusy}>
          {words.createChannel}
        </button>
      </div>
    </form>
  );
}
