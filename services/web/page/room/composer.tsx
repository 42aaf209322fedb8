import type { Message } from "@parley/client";
import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { reasonOf } from "../parts/errors.ts";
import { Failure } from "../parts/failure.tsx";
import { Icon } from "../parts/icon.tsx";
import { drafts, setDraft } from "../state/drafts.ts";
import { text } from "../text/en.ts";
import { Completion } from "./completion.ts";
import { CompletionList } from "./completion-list.tsx";
import { ComposerMode } from "./composer-mode.tsx";
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

type Field = Readonly<{ current: HTMLTextAreaElement | null }>;

/** What is written in a room: a new message, which is kept as a draft, an answer, or another text of an earlier one. */
function useWriting(context: RoomContext, field: Field) {
  const failure = useSignal("");
  const { room, composing } = context;
  const mode = composing.value;
  const value = mode.kind === "edit" ? mode.text : (drafts.value.get(room.id) ?? "");
  const left = LENGTH_MAX - [...value.trim()].length;

  const write = (next: string) => {
    failure.value = "";
    if (mode.kind === "edit") composing.value = { ...mode, text: next };
    else setDraft(room.id, next);
  };
  const done = () => {
    composing.value = { kind: "new" };
    field.current?.focus();
  };
  const submit = () => {
    const body = value.trim();
    if (body === "") return;
    if (left < 0) {
      failure.value = words.notSent(-left);
      field.current?.focus();
      return;
    }
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
  /** Escape leaves an answer or an edit; the arrow up in an empty field edits what the user wrote last. */
  const leaveOrEdit = (event: KeyboardEvent) => {
    if (event.key === "Escape" && mode.kind !== "new") return done();
    if (event.key !== "ArrowUp" || value !== "" || mode.kind !== "new") return;
    const message = lastOwn(context);
    if (!message) return;
    event.preventDefault();
    composing.value = { kind: "edit", message, text: message.body };
  };
  const isEdit = mode.kind === "edit";
  return { isEdit, value, left, failure: failure.value, write, done, submit, leaveOrEdit };
}

/** The text field of a room. It is never disabled: what is written waits for the connection. */
export function Composer({ context, name }: { context: RoomContext; name: string }) {
  const field = useRef<HTMLTextAreaElement>(null);
  const composition = useMemo(() => new Composition(), []);
  const completion = useMemo(() => new Completion(context), [context]);
  const { isEdit, value, left, failure, write, done, submit, leaveOrEdit } = useWriting(context, field);

  useEffect(() => {
    context.focusComposer = () => field.current?.focus();
    // On a touch screen the keyboard would cover the messages.
    if (matchMedia("(hover: hover)").matches) field.current?.focus();
  }, [context]);

  const onKeyDown = (event: KeyboardEvent) => {
    const isOwned = composition.owns(event);
    if (!isOwned && completion.takeKey(event, write)) return;
    if (event.key === "Enter" && !event.shiftKey && !isOwned) {
      event.preventDefault();
      submit();
    } else leaveOrEdit(event);
  };
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <CompletionList
        completion={completion}
        onPick={(one) => field.current && completion.pick(one, field.current, write)}
      />
      <RateLimit room={context.room.id} />
      <ComposerMode context={context} onCancel={done} />
      <Failure text={failure} />
      <div class="field">
        <div class="growing" data-text={value}>
          <textarea
            ref={field}
            rows={1}
            value={value}
            placeholder={words.placeholder(name)}
            aria-label={words.label(name)}
            enterkeyhint="send"
            {...completion.attributes}
            onInput={({ currentTarget }) => {
              write(currentTarget.value);
              completion.look(currentTarget);
              if (!isEdit) context.room.keystroke();
            }}
            onKeyDown={onKeyDown}
            onKeyUp={({ currentTarget }) => completion.look(currentTarget)}
            onClick={({ currentTarget }) => completion.look(currentTarget)}
            onBlur={() => completion.close()}
            onCompositionStart={() => composition.start()}
            onCompositionEnd={() => composition.end()}
          />
        </div>
        {left < COUNTED && (
          <span class={left < 0 ? "count is-over" : "count"}>
            {left < 0 ? words.tooLong(-left) : words.left(left)}
          </span>
        )}
        <button type="submit" class="send" aria-label={isEdit ? words.save : words.send}>
          <Icon name={isEdit ? "check" : "send"} />
        </button>
      </div>
    </form>
  );
}
