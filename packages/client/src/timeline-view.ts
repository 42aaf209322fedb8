import type { Core } from "./core.ts";
import { toError } from "./error.ts";
import type { Message, RoomEvent } from "./frames.ts";
import { createLive, type Writable } from "./live.ts";
import { loadPage, type Place } from "./pages.ts";
import type { Reader } from "./subscription.ts";
import { type Action, EMPTY, reduce, type TimelineState } from "./timeline.ts";
import { backoffMs } from "./timers.ts";
import type { Release, Timeline } from "./types.ts";

/** Messages in memory of a room that nobody pages back in, and how many stay when there are more. */
const ITEMS_MAX = 1_000;
const ITEMS_KEPT = 800;
/** Messages of a room in the store. */
const CACHED = 50;
/** Changes are collected for so long before they are stored; and before they are shown, while catching up, ms. */
const SAVE_MS = 1_000;
const SHOW_MS = 50;

type OnEvent = (event: RoomEvent) => void;
type OnReset = (why: "gap" | "reset") => void;

/** Shows one room: the cache, then the newest page, then what is live. */
export class TimelineView {
  readonly timeline: Writable<Timeline>;
  readonly #core: Core;
  readonly #room: string;
  readonly #onEvent: OnEvent;
  readonly #onReset: OnReset;
  readonly #reader: Reader;
  #state: TimelineState = EMPTY;
  #opens = 0;
  /** Names the time from the first open to the last release: what belongs to an earlier one is ignored. */
  #session = {};
  #isPaged = false;
  /** Names the last jump to another part of the room: what comes of an earlier one is ignored. */
  #jump = {};
  #unsubscribe: Release | undefined;
  #stopSave: Release | undefined;
  #stopShow: Release | undefined;

  constructor(core: Core, room: string, onEvent: OnEvent, onReset: OnReset) {
    this.#core = core;
    this.#room = room;
    this.#onEvent = onEvent;
    this.#onReset = onReset;
    this.timeline = createLive<Timeline>({ ...EMPTY, items: [] }, core.report);
    this.#reader = {
      cursor: undefined,
      take: (event) => this.#take(event),
      gap: (to) => this.#gap(to),
      reset: () => this.reset(),
      caughtUp: (seq) => {
        if ((this.#reader.cursor ?? 0) < seq) return;
        this.#dispatch({ type: "set", values: { phase: "live" } });
      },
      error: (error) => this.#dispatch({ type: "set", values: { error } }),
    };
  }

  open(): Release {
    this.#opens += 1;
    if (this.#opens === 1) void this.#begin();
    let isOpen = true;
    return () => {
      if (isOpen) this.#opens -= 1;
      if (isOpen && this.#opens === 0) this.#end();
      isOpen = false;
    };
  }

  /** Shows what is not shown yet, also of the outbox. */
  refresh(): void {
    this.#stopShow?.();
    this.#stopShow = undefined;
    const { outbox } = this.#core;
    if (this.#opens === 0) outbox.forget(this.#room);
    const items = [...this.#state.items.map(({ message }) => message), ...outbox.of(this.#room)];
    this.timeline.set({ ...this.#state, items });
  }

  /** Forgets what is known of the room, also in the store, and begins anew. */
  reset(): void {
    this.#store(undefined);
    this.#unsubscribe?.();
    this.#state = EMPTY;
    this.refresh();
    this.#onReset("reset");
    if (this.#opens > 0) void this.#load(this.#session);
  }

  /** Loads more. Resolves to whether there is still more in that direction. */
  async page<T = boolean>(place: Place, around = 0): Promise<T> {
    const isNext = place === "before" || place === "after";
    // Nothing is next to what is not loaded yet.
    if (isNext && !this.#state.head) return false as T;
    if (!isNext) this.#jump = {};
    const jump = this.#jump;
    this.#isPaged = place !== "newest";
    const seq = isNext ? this.#edge(place) : around;
    const page = await loadPage(this.#core, this.#room, place, seq, () => this.#state);
    // What is shown may be another part of the room by now: then the page is not next to it.
    if (isNext ? seq === this.#edge(place) : jump === this.#jump) this.#dispatch(page);
    return (place === "before" ? this.#state.hasOlder : this.#state.hasNewer) as T;
  }

  /** Seq next to which a page would be. */
  #edge(place: Place): number {
    const { items, completeFrom } = this.#state;
    return (place === "before" ? items[0] : items.at(-1))?.message.seq ?? completeFrom;
  }

  #dispatch(action: Action): void {
    const next = reduce(this.#state, action);
    if (next === this.#state) return;
    if (action.type === "page") for (const message of action.page.messages) this.#seen(message);
    const isLong = !this.#isPaged && next.items.length > ITEMS_MAX;
    this.#state = isLong ? reduce(next, { type: "trim", keep: ITEMS_KEPT }) : next;
    const { timers, store } = this.#core;
    if (action.type !== "event" || next.phase === "live") this.refresh();
    else this.#stopShow ??= timers.after(SHOW_MS, () => this.refresh());
    if (store && next.phase === "live") this.#stopSave ??= timers.after(SAVE_MS, () => this.#save());
  }

  #take(event: RoomEvent): void {
    this.#dispatch({ type: "event", event, me: this.#core.tokens.user.value?.id });
    if (event.type === "message") this.#seen(event);
    this.#onEvent(event);
  }

  /** A message of the user is not shown as pending any more. */
  #seen({ author, id, seq }: Message): void {
    const { tokens, outbox } = this.#core;
    if (author.id === tokens.user.value?.id) outbox.seen(this.#room, id, seq);
  }

  #gap(to: number): void {
    this.#store(undefined);
    this.#reader.cursor = to;
    this.#core.outbox.forget(this.#room);
    this.#dispatch({ type: "gap", to });
    this.#onReset("gap");
  }

  async #begin(): Promise<void> {
    const { store } = this.#core;
    const session = {};
    this.#session = session;
    const { error: _, ...known } = this.#state;
    this.#state = known;
    const state = this.#state.head || (await store?.get(`cache/${this.#room}`));
    if (session !== this.#session) return;
    if (this.#state.head) return this.#listen();
    if (!state) return this.#load(session);
    this.#dispatch({ type: "set", values: { ...(state as TimelineState), phase: "cached" } });
    this.#listen();
  }

  /** Loads the newest page and listens from there on; tries again for as long as the room is open. */
  async #load(session: object, failures = 0): Promise<void> {
    const { timers } = this.#core;
    if (session !== this.#session) return;
    try {
      const page = await loadPage(this.#core, this.#room, "newest", 0, () => this.#state);
      if (session !== this.#session) return;
      // Somebody may have jumped meanwhile.
      if (!this.#state.head) this.#dispatch(page);
      this.#listen();
    } catch (thrown) {
      const error = toError(thrown);
      const ms = backoffMs(failures, timers.random(), error.retryAfterMs);
      if (error.isRetryable) timers.after(ms, () => void this.#load(session, failures + 1));
      else if (session === this.#session) this.#dispatch({ type: "set", values: { error } });
    }
  }

  #listen(): void {
    this.#reader.cursor = this.#state.head;
    this.#unsubscribe = this.#core.subscriptions.add(this.#room, this.#reader);
  }

  #end(): void {
    this.#jump = this.#session = {};
    this.#unsubscribe?.();
    this.#isPaged = false;
    // A part of the room without its end is not where the next one begins.
    this.#state = this.#state.hasNewer ? EMPTY : { ...this.#state, phase: "cached" };
    this.refresh();
  }

  #save(): void {
    this.#stopSave = undefined;
    if (this.#state.head && !this.#state.hasNewer)
      this.#store(reduce(this.#state, { type: "trim", keep: CACHED }));
  }

  #store(value: unknown): void {
    void this.#core.store?.set(`cache/${this.#room}`, value);
  }
}
