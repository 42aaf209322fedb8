import { computed, signal } from "@preact/signals";
import { text } from "../text/en.ts";
import { signalOf } from "./live.ts";
import { now, watchClock } from "./now.ts";
import { parley } from "./parley.ts";

/** The connection is told of once it has been away for so long, ms: a quick reconnection is no news. */
const PATIENCE_MS = 600;
/** Whoever would have to wait longer for the next attempt may begin it, ms. */
const LONG_MS = 3_000;

const status = signalOf(parley.status);
const outbox = signalOf(parley.outbox);
const isLate = signal(false);
/** When the next attempt begins, by the wall clock, ms. */
const retryAt = signal(0);
/** How many messages wait to be sent. */
const waiting = computed(
  () => outbox.value.filter(({ state }) => state.value === "queued" || state.value === "sending").length,
);

let patience: ReturnType<typeof setTimeout> | undefined;
let unwatch: (() => void) | undefined;

/** Follows the connection for as long as the page is there. */
export function watchConnection(): void {
  status.subscribe(({ state, retryInMs = 0 }) => {
    retryAt.value = Date.now() + retryInMs;
    if (/^(online|idle|signed_out)$/.test(state)) {
      clearTimeout(patience);
      patience = undefined;
      isLate.value = false;
      unwatch?.();
      unwatch = undefined;
      return;
    }
    unwatch ??= watchClock();
    patience ??= setTimeout(() => {
      isLate.value = true;
    }, PATIENCE_MS);
  });
}

/** What is to be told of the connection. */
type ConnectionNews = Readonly<{
  text: string;
  /** Until the next attempt, s; 0 if none waits. */
  seconds: number;
  /** Messages that wait to be sent. */
  waiting: number;
  /** The wait is long enough that somebody may want to end it. */
  isLong: boolean;
}>;

function sentence(seconds: number): string {
  const { state, error } = status.value;
  if (state === "stopped") return text.connection.stopped(error?.code ?? "");
  if (!navigator.onLine) return text.connection.offline;
  return seconds > 0 ? text.connection.retrying : text.connection.connecting;
}

/** What is to be told of the connection; undefined while all is well. */
export const connectionNews = computed<ConnectionNews | undefined>(() => {
  if (!isLate.value) return undefined;
  const { state, retryInMs = 0 } = status.value;
  const isRetrying = state === "retrying" && navigator.onLine;
  const seconds = isRetrying ? Math.max(0, Math.ceil((retryAt.value - now.value) / 1_000)) : 0;
  const isLong = seconds > 0 && retryInMs > LONG_MS;
  return { text: sentence(seconds), seconds, waiting: waiting.value, isLong };
});
