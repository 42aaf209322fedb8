import type { Message } from "@parley/client";
import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { reasonOf } from "../parts/errors.ts";
import { Icon } from "../parts/icon.tsx";
import { drafts, setDraft } from "../state/drafts.ts";
import { nameOf } from "../state/names.ts";
import { text } from "../text/en.ts";
import { Composition } from "./composition.ts";
import { RateLimit } from "./rate-limit.tsx";
import type { RoomContext } from "./room-context.ts";
import { isMessage } from "./rows.ts";

/** Characters of a message at most (`hello` tells them), and from how many left on they are counted. */
const LENGTH_MAX = 4_000;
const COUNTED = 400;
const words = text.composer;

/** The newest message of the reader that can be edited. */
function lastOwn({ room, me }: RoomContext): Message | undefined {
  const isOwn = (one: Message) => one.author.id === me && one.deletedAt === undefined;
  return room.timeline.value.items.filter(isMessage).findLast(isOwn);
}

/** Makes a text field as high as its text. */
function grow(field: HTMLTextAreaElement): void {
  field.style.height = "auto";
  field.style.height = `${field.scrollHeight}px`;
}

function Mode({ context, onCancel }: { context: RoomContext; onCancel: () => void }) {
  const { value } = context.composing;
  if (value.kind === "new") return null;
  return (
    <p class="mode">
      <Icon name={value.kind} class="is-small" />
      <span>{value.kind === "edit" ? words.editing : words.replying(nameOf(value.message.author))}</span>
      <q>{value.message.body.slice(0, 120)}</q>
      <button type="button" class="icon-button" aria-label={text.cancel} onClick={onCancel}>
        <Icon name="close" class="is-small" />
      </button>
    </p>
  );
}

/** The text field of a room. It is never disabled: what is written waits for the connection. */
export function Composer({ context, name }: { context: RoomContext; name: string }) {
  const field = useRef<HTMLTextAreaElement>(null);
  const composition = useMemo(() => new Composition(), []);
  const edited = useSignal("");
  const failure = useSignal("");
  const { room, composing } = context;
  const mode = composing.value;
  const value = mode.kind === "edit" ? edited.value : (drafts.value.get(room.id) ?? "");
  const left = LENGTH_MAX - [...value].length;

  useEffect(() => {
    context.focusComposer = () => field.current?.focus();
    // On a touch screen the keyboard would cover the messages.
    if (matchMedia("(hover: hover)").matches) field.current?.focus();
  }, [context]);
  useLayoutEffect(() => {
    if (field.current) grow(field.current);
  }, [value]);
  useEffect(() => {
    if (mode.kind === "edit") edited.value = mode.message.body;
  }, [mode]);

  const write = (next: string) => {
    failure.value = "";
    if (mode.kind === "edit") edited.value = next;
    else setDraft(room.id, next);
  };
  const done = () => {
    composing.value = { kind: "new" };
    field.current?.focus();
  };
  const submit = () => {
    const body = value.trim();
    if (body === "") return;
    if (mode.kind === "edit") {
      if (body === mode.message.body) return done();
      const { seq } = mode.message;
      room.edit(seq, body).then(done, (error) => {
        failure.value = reasonOf(error);
      });
      return;
    }
    void room.send(body, mode.kind === "reply" ? { replyTo: mode.message.seq } : {});
    setDraft(room.id, "");
    done();
    context.toLatest();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const isEnter = event.key === "Enter" && !event.shiftKey;
    if (isEnter && !composition.owns(event)) {
      event.preventDefault();
      submit();
    } else if (event.key === "Escape" && mode.kind !== "new") done();
    else if (event.key === "ArrowUp" && value === "" && mode.kind === "new") {
      const message = lastOwn(context);
      if (!message) return;
      event.preventDefault();
      composing.value = { kind: "edit", message };
    }
  };
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <RateLimit room={room.id} />
      <Mode context={context} onCancel={done} />
      {failure.value !== "" && (
        <p class="failure" role="alert">
          {failure.value}
        </p>
      )}
      <div class="field">
        <textarea
          ref={field}
          rows={1}
          value={value}
          placeholder={words.placeholder(name)}
          aria-label={words.label(name)}
          enterkeyhint="send"
          onInput={({ currentTarget }) => {
            write(currentTarget.value);
            if (mode.kind !== "edit") room.keystroke();
          }}
          onKeyDown={onKeyDown}
          onCompositionStart={() => composition.start()}
          onCompositionEnd={() => composition.end()}
        />
        {left < COUNTED && (
          <span class={left < 0 ? "count is-over" : "count"}>
            {left < 0 ? words.tooLong(-left) : words.left(left)}
          </span>
        )}
        <button type="submit" class="send" aria-label={mode.kind === "edit" ? words.save : words.send}>
          <Icon name={mode.kind === "edit" ? "check" : "send"} />
        </button>
      </div>
    </form>
  );
}
