import { text } from "../text/en.ts";

const DAY_MS = 86_400_000;
const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const whole = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" });
const day = new Intl.DateTimeFormat(undefined, { weekday: "long", day: "numeric", month: "long" });
const dayOfYear = new Intl.DateTimeFormat(undefined, { dateStyle: "long" });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: "short" });
const short = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });

/** The reader's day that a time is in, as a number that differs by one from day to day. */
export function dayOf(at: string | number): number {
  const date = new Date(at);
  return Math.floor((date.getTime() - date.getTimezoneOffset() * 60_000) / DAY_MS);
}

/** `14:05`, in the reader's zone. */
export const timeText = (at: string): string => clock.format(new Date(at));
/** `14:05` or `2:05`: without what tells morning from afternoon. */
export const clockText = (at: string): string =>
  clock
    .formatToParts(new Date(at))
    .filter(({ type }) => type === "hour" || type === "minute")
    .map(({ value }) => value)
    .join(":");
/** `5 June 2026`. */
export const dateText = (at: string): string => dayOfYear.format(new Date(at));
/** Day and time in full. */
export const wholeText = (at: string): string => whole.format(new Date(at));

/** The heading of a day. */
export function dayText(at: string): string {
  const ago = dayOf(Date.now()) - dayOf(at);
  if (ago === 0) return text.today;
  if (ago === 1) return text.yesterday;
  return ago > 300 ? dayOfYear.format(new Date(at)) : day.format(new Date(at));
}

/** The shortest text that tells when: time, weekday or date. */
export function shortText(at: string): string {
  const ago = dayOf(Date.now()) - dayOf(at);
  if (ago <= 0) return timeText(at);
  return (ago < 7 ? weekday : short).format(new Date(at));
}
