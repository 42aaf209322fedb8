import type { Message } from "@parley/client";
import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { QUICK } from "../emoji/quick.ts";
import { copyText } from "../parts/copy.ts";
import { Icon, type IconName } from "../parts/icon.tsx";
import { summaryOf } from "../state/inbox.ts";
import { askToRemove, pickEmoji } from "../state/keys.ts";
import { roomPath } from "../state/route.ts";
import { text } from "../text/en.ts";
import type { RoomContext } from "./room-context.ts";

const words = text.room.actions;

/** Before a button goes, and the focus with it: a dialog that follows gives it back to the row. */
const focusRow = (inside: Element): void => inside.closest<HTMLElement>("li")?.focus();

/** Moves the focus among the buttons of a toolbar; Escape gives it back to the row. */
function moveFocus(event: KeyboardEvent): void {
  const bar = event.currentTarget as HTMLElement;
  const buttons = [...bar.querySelectorAll("button")];
  const at = buttons.indexOf(document.activeElement as HTMLButtonElement);
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (step !== undefined) buttons.at((at + step) % buttons.length)?.focus();
  else if (event.key === "Escape") focusRow(bar);
  else return;
  event.preventDefault();
  event.stopPropagation();
}

function Action(props: {
  icon: IconName;
  label: string;
  onClick: (event: { currentTarget: Element }) => void;
}) {
  return (
    <button
      type="button"
      tabIndex={-1}
      class="icon-button"
      title={props.label}
      aria-label={props.label}
      onClick={props.onClick}
    >
      <Icon name={props.icon} />
    </button>
  );
}

/** The emoji to react with; the first one has the focus. */
function EmojiBar({ onPick }: { onPick: (emoji: string) => void }) {
  const bar = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => bar.current?.querySelector("button")?.focus(), []);
  return (
    <div ref={bar} class="actions" role="toolbar" aria-label={words.react} onKeyDown={moveFocus}>
      {QUICK.map((emoji) => (
        <button
          key={emoji}
          type="button"
          tabIndex={-1}
          class="icon-button"
          aria-label={words.reactWith(emoji)}
          onClick={({ currentTarget }) => {
            focusRow(currentTarget);
            onPick(emoji);
          }}
        >
          {emoji}
        </button>
      ))}
      <Action
        icon="plus"
        label={words.moreEmoji}
        onClick={({ currentTarget }) => {
          focusRow(currentTarget);
          pickEmoji(onPick);
        }}
      />
    </div>
  );
}

/** What can be done with a message: shown on the row under the mouse, and on the one that has the focus. */
export function MessageActions({ message, context }: { message: Message; context: RoomContext }) {
  const isPicking = useSignal(false);
  const isCopied = useSignal(false);
  const { room, me, composing, tell } = context;
  const isMine = message.author.id === me;
  const role = summaryOf(room.id)?.role;
  const mayRemove = isMine || role === "owner" || role === "admin";
  const compose = (kind: "reply" | "edit") => {
    composing.value = kind === "edit" ? { kind, message, text: message.body } : { kind, message };
    context.focusComposer();
  };
  const react = (emoji: string) => {
    isPicking.value = false;
    void room.react(message.seq, emoji).catch(tell);
  };
  if (isPicking.value) return <EmojiBar onPick={react} />;
  const copyLink = () =>
    void copyText(location.origin + roomPath(room.id, message.seq)).then(
      () => {
        isCopied.value = true;
      },
      () => tell(text.copyRefused),
    );
  return (
    <div class="actions" role="toolbar" aria-label={words.label} onKeyDown={moveFocus}>
      <Action
        icon="smile"
        label={words.react}
        onClick={() => {
          isPicking.value = true;
        }}
      />
      <Action icon="reply" label={words.reply} onClick={() => compose("reply")} />
      {isMine && <Action icon="edit" label={words.edit} onClick={() => compose("edit")} />}
      <Action
        icon={isCopied.value ? "check" : "copy"}
        label={isCopied.value ? words.copied : words.copyLink}
        onClick={copyLink}
      />
      {mayRemove && (
        <Action
          icon="trash"
          label={words.remove}
          onClick={({ currentTarget }) => {
            focusRow(currentTarget);
            askToRemove(room, message);
          }}
        />
      )}
    </div>
  );
}
