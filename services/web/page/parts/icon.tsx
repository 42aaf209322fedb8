import sprite from "./icons.svg?url";

/** Names of the symbols in icons.svg. */
export type IconName =
  | "account"
  | "alert"
  | "back"
  | "bell-off"
  | "check"
  | "clock"
  | "close"
  | "copy"
  | "down"
  | "edit"
  | "hash"
  | "info"
  | "leave"
  | "lock"
  | "pin"
  | "plus"
  | "reply"
  | "search"
  | "send"
  | "smile"
  | "trash"
  | "users";

/** An icon, 20 px or as its class says. It says nothing to screen readers: what it is on has a name. */
export function Icon({ name, class: classes = "" }: { name: IconName; class?: string }) {
  return (
    <svg class={`icon ${classes}`} aria-hidden="true">
      <use href={`${sprite}#${name}`} />
    </svg>
  );
}
