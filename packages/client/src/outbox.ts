import { errorOf, ParleyError } from "./error.ts";
import type { Ack, Frame, Hello } from "./frames.ts";
import { createId } from "./ids.ts";
import { createLive, type Writable } from "./live.ts";
import { loadSaved, removeSaved, saveDraft } from "./outbox-store.ts";
import { createPace } from "./pace.ts";
import { createEntry, type Draft, type Entry, isUnsent, needsServer, type OutboxParts } from "./pending.ts";
import { refuseTooLarge } from "./size.ts";
import type { Pending, Release, SendOptions, Store } from "./types.ts";

/** Unsent messages at most. */
const QUEUED_MAX = 10_000;
/** Without an answer for so long the connection is asked whether it is alive, and the message is sent again, ms. */
const DOUBT_MS = 10_000;
/** Pause after a refusal that names none, ms. */
const PAUSE_MS = 1_000;

/**
 * What is to be sent: in order per room with one unacknowledged message at a time, so that the order survives a
 * refusal; paced at the rate that `hello` tells.
 */
export class Outbox {
  /** What is not acknowledged yet, and what failed. */
  readonly pending: Writable<readonly Pending[]>;
  readonly #parts: OutboxParts;
  readonly #pace: ReturnType<typeof createPace>;
  /** All that is not stored or discarded, by id, in the order of sending. */
  readonly #entries = new Map<string, Entry>();
  #loading: Promise<void> | undefined;
  /** Whose all of it is. */
  #owner: unknown;
  #order = 0;
  #hello: Hello | undefined;
  #stopPump: Release | undefined;
  #release: Release | undefined;

  constructor(parts: OutboxParts) {
    this.#parts = parts;
    this.#pace = createPace(parts.timers);
    this.pending = createLive<readonly Pending[]>([], parts.report);
  }

  /** Reads what an earlier page has left, once. It goes before what was sent here meanwhile. */
  async load(): Promise<void> {
    const { store } = this.#parts;
    if (store) this.#loading ??= this.#load(store);
    await this.#loading;
  }

  async #load(store: Store): Promise<void> {
    this.#owner ??= await store.get("owner");
    const saved = await loadSaved(store);
    const fresh = [...this.#entries];
    this.#entries.clear();
    for (const { leftMs, order, savedAt: _, ...draft } of saved) {
      this.#add(draft, leftMs);
      this.#order = order;
    }
    for (const [id, entry] of fresh) this.#entries.set(id, entry);
    for (const { room } of saved) this.#changed(room);
    this.#pump();
  }

  send(room: string, body: string, { id = createId(), replyTo, expiresInMs }: SendOptions): Pending {
    const known = this.#entries.get(id);
    if (known) return known.pending;
    const entry = this.#add({ id, room, body, ...(replyTo !== undefined && { replyTo }) }, expiresInMs);
    if (typeof body !== "string") this.#fail(entry, new ParleyError("bad_frame"));
    else if (this.#entries.size > QUEUED_MAX) this.#fail(entry, new ParleyError("overloaded"));
    else {
      void this.#save(entry, expiresInMs);
      this.#queue(entry);
    }
    return entry.pending;
  }

  /** What of a room is not seen in it yet, in the order of sending. */
  of(room: string): Pending[] {
    const all = [...this.#entries.values()];
    return all.filter(({ draft }) => draft.room === room).map(({ pending }) => pending);
  }

  /** What is written from now on is this user's, or nobody's: what another one has left is dropped, here and in the store. */
  readonly claim = async (userId?: string): Promise<void> => {
    const { store, forget } = this.#parts;
    await this.load();
    const kept = await store?.get("owner");
    if (!userId || userId !== (this.#owner ?? kept ?? userId)) forget(new ParleyError("signed_out"));
    this.#owner = userId;
    // Another tab may have cleared it: what this user has kept there meanwhile stays.
    if (userId && userId === kept) return;
    if (kept || !userId) await store?.clear();
    await store?.set("owner", userId);
  };

  /** The connection greets: what waits is sent. */
  async online(hello: Hello): Promise<void> {
    await this.claim(hello.user.id);
    this.#hello = hello;
    this.#pace.start(hello.limits.messagesPerSecond);
    for (const entry of this.#entries.values())
      if (needsServer(entry) && !isUnsent(entry)) this.#askAgain(entry);
    this.#pump();
  }

  offline(): void {
    this.#hello = undefined;
    for (const { state, draft } of this.#entries.values()) {
      if (state.value !== "sending") continue;
      state.set("queued");
      this.#changed(draft.room);
    }
  }

  /** An answer of the server. */
  take(frame: Frame): void {
    const entry = this.#entries.get(frame.id ?? "");
    if (!entry) return;
    if (frame.type === "stored") this.#stored(entry, Number(frame.seq));
    else if (!isUnsent(entry)) return;
    else if (frame.type === "ack") this.#acked(entry, frame as unknown as Ack);
    else if (frame.type === "error") this.#refused(entry, errorOf(frame));
  }

  /** A message of the user has come back with its seq. */
  seen(room: string, id: string, seq: number): void {
    const entry = this.#entries.get(id);
    if (entry?.draft.room === room) this.#stored(entry, seq);
  }

  /** Nobody looks at a room: what is acknowledged there is forgotten. */
  forget(room: string): void {
    for (const [id, entry] of this.#entries)
      if (entry.draft.room === room && entry.state.value === "acked" && !entry.wantsReceipt)
        this.#entries.delete(id);
  }

  /** Nothing can be sent: what waits fails, and may be tried again. */
  fail(error: ParleyError): void {
    for (const entry of this.#entries.values()) if (needsServer(entry)) this.#fail(entry, error);
  }

  /** Another user signs in, or the client is closed: nothing is sent any more. */
  drop(error: ParleyError): void {
    this.#stopPump?.();
    for (const entry of this.#entries.values()) {
      entry.stopExpiry();
      if (needsServer(entry)) entry.fail(error);
    }
    this.#entries.clear();
    this.#changed("");
  }

  #changed(room: string): void {
    const all = [...this.#entries.values()];
    const open = all.filter(({ state }) => state.value !== "acked");
    this.pending.set(open.map(({ pending }) => pending));
    if (all.some(needsServer)) this.#release ??= this.#parts.hold();
    else {
      this.#release?.();
      this.#release = undefined;
    }
    this.#parts.onChange(room);
  }

  #add(draft: Draft, leftMs?: number): Entry {
    const entry = createEntry(draft, this.#parts.report, {
      retry: (one) => this.#retry(one),
      discard: (one) => this.#discard(one),
      askReceipt: (one) => this.#askReceipt(one),
    });
    this.#entries.set(draft.id, entry);
    if (leftMs !== undefined)
      entry.stopExpiry = this.#parts.timers.after(leftMs, () => {
        if (isUnsent(entry)) this.#fail(entry, new ParleyError("expired"));
      });
    return entry;
  }

  /** Stores a message behind those that an earlier page has left. */
  async #save(entry: Entry, leftMs?: number): Promise<void> {
    await this.#loading;
    this.#order += 1;
    if (isUnsent(entry)) saveDraft(this.#parts.store, entry.draft, this.#order, leftMs);
  }

  #queue(entry: Entry, reason?: ParleyError): void {
    entry.queued(reason);
    this.#changed(entry.draft.room);
    this.#pump();
  }

  /** Sends the first message of each room whose turn it is. */
  #pump(): void {
    this.#stopPump?.();
    const busy = new Set<string>();
    const waits: number[] = [];
    for (const entry of [...this.#entries.values()]) {
      const { room } = entry.draft;
      if (!this.#hello || !isUnsent(entry) || busy.has(room)) continue;
      busy.add(room);
      if (entry.state.value === "sending") continue;
      const ms = this.#pace.waitMs(entry.notBefore);
      if (ms <= 0) this.#transmit(entry, this.#hello);
      else waits.push(ms);
    }
    if (waits.length > 0)
      this.#stopPump = this.#parts.timers.after(Math.ceil(Math.min(...waits)), () => this.#pump());
  }

  #transmit(entry: Entry, { limits }: Hello): void {
    const { connection, timers } = this.#parts;
    const { draft, wantsReceipt } = entry;
    const text = JSON.stringify({ type: "message", ...draft, ...(wantsReceipt && { receipt: "stored" }) });
    const tooLarge = refuseTooLarge(draft.body, text, limits);
    if (tooLarge) this.#fail(entry, tooLarge);
    if (tooLarge || !connection.send(text)) return;
    this.#pace.take();
    entry.isTried = true;
    entry.isReceiptAsked = wantsReceipt;
    entry.state.set("sending");
    this.#changed(draft.room);
    timers.after(DOUBT_MS, () => {
      if (entry.state.value !== "sending") return;
      connection.probe();
      // A server drops frames of who is far too busy, and names none of them.
      this.#queue(entry);
    });
  }

  #acked(entry: Entry, ack: Ack): void {
    this.#settled(entry);
    entry.acked(ack);
    if (entry.wantsReceipt && !entry.isReceiptAsked) this.#askAgain(entry);
    this.#changed(entry.draft.room);
    this.#pump();
  }

  #refused(entry: Entry, error: ParleyError): void {
    if (!error.isRetryable) {
      this.#fail(entry, error);
      return;
    }
    const ms = error.retryAfterMs ?? PAUSE_MS;
    entry.notBefore = this.#parts.timers.now() + ms;
    if (error.code === "rate_limited") this.#pace.pause(ms);
    this.#queue(entry, error);
  }

  #stored(entry: Entry, seq: number): void {
    this.#settled(entry);
    this.#entries.delete(entry.draft.id);
    entry.stored(seq);
    this.#changed(entry.draft.room);
    this.#pump();
  }

  #settled(entry: Entry): void {
    entry.stopExpiry();
    removeSaved(this.#parts.store, entry.draft.id);
  }

  /** A failed message stays in sight until it is sent again or discarded, but not over a reload. */
  #fail(entry: Entry, error: ParleyError): void {
    this.#settled(entry);
    entry.fail(error);
    this.#changed(entry.draft.room);
    this.#pump();
  }

  #retry(entry: Entry): void {
    if (entry.state.value !== "failed") return;
    this.#entries.delete(entry.draft.id);
    this.#entries.set(entry.draft.id, entry);
    this.#queue(entry);
    void this.#save(entry);
  }

  #discard(entry: Entry): boolean {
    const { value } = entry.state;
    if (value !== "failed" && (value !== "queued" || entry.isTried)) return false;
    this.#entries.delete(entry.draft.id);
    this.#fail(entry, new ParleyError("discarded"));
    return true;
  }

  #askReceipt(entry: Entry): void {
    entry.wantsReceipt = true;
    if (entry.state.value !== "acked") return;
    this.#entries.set(entry.draft.id, entry);
    this.#askAgain(entry);
    this.#changed(entry.draft.room);
  }

  /** Sends an acknowledged message once more: under the same id it is stored once, and the receipt comes. */
  #askAgain({ draft }: Entry): void {
    this.#parts.connection.send({ type: "message", ...draft, receipt: "stored" });
  }
}
