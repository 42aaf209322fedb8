import { computed, signal } from "@preact/signals";
import { text } from "../text/en.ts";
import { signalOf } from "./live.ts";
import { now, watchClock } from "./now.ts";
import { parley } from "./parley.ts";

/** The connection is told of once it has been away for so long, ms: a quick reconnection is no news. */
const PATIENCE_MS = 600;

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

function sentence(): string {
  const { state, error } = status.value;
  if (state === "stopped") return text.connection.stopped(error?.code ?? "");
  if (!navigator.onLine) return text.connection.offline;
  if (state !== "retrying") return text.connection.connecting;
  const seconds = Math.ceil((retryAt.value - now.value) / 1_000);
  return seconds > 0 ? text.connection.retrying(seconds) : text.connection.connecting;
}

/** What is to be told of the connection; empty while all is well. */
export const connectionLine = computed(() => {
  if (!isLate.value) return "";
  const count = waiting.value;
  return count === 0 ? sentence() : `${sentence()} · ${text.connection.waiting(count)}`;
});
