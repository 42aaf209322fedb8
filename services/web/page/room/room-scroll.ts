import type { Timeline } from "@parley/client";
import { type Signal, signal } from "@preact/signals";
import { persist } from "../state/persist.ts";
import type { Reading } from "./reading.ts";
import type { RoomContext } from "./room-context.ts";
import { Scroller } from "./scroller.ts";
import { cameSince, hasSeq, rowOf } from "./timeline-parts.ts";
import { around, earlier, later, seqAt, WINDOW, windowStart } from "./window.ts";

/** How near the edge of the list more is shown or loaded, in heights of the view. */
const NEAR = 1.5;
/** For so long after a room was opened its unread line decides what is shown, ms: the inbox may come after the messages. */
const OPENING_MS = 3_000;
/** How long the message that was jumped to is lit, ms. */
const LIT_MS = 2_500;

/** Which messages of a room are in the document, and where the reader is among them. */
export class RoomScroll {
  readonly #context: RoomContext;
  readonly #reading: Reading;
  readonly #scroller = new Scroller();
  /** Seq of the first message in the document; undefined: the last ones are. */
  readonly #first = signal<number | undefined>(undefined);
  #list: HTMLElement | undefined;
  #away: Signal<number> | undefined;
  #timeline: Timeline | undefined;
  #start = 0;
  #isPlaced = false;
  #isAtLine = false;
  #openedAt = performance.now();
  #isLoading = false;
  /** A message to be shown once it is in the document. */
  #target: number | undefined;
  /** The reader has scrolled since, and does not wait for it. */
  #isFree = false;
  /** The message that a jump has shown, until the reader scrolls. */
  #shown: number | undefined;
  /** The head when the reader was at the end last. */
  #seenHead = 0;

  constructor(context: RoomContext, reading: Reading, target?: number) {
    this.#target = target;
    this.#context = context;
    this.#reading = reading;
    context.toLatest = () => void this.#toLatest();
    this.#scroller.onGesture = () => {
      this.#isFree = this.#isAtLine = this.#isPlaced = true;
      this.#shown = undefined;
    };
  }

  /** Before rows are made: remembers what is seen; returns the index of the first message to be shown. */
  prepare(timeline: Timeline): number {
    const { items, hasNewer } = timeline;
    this.#timeline = timeline;
    if (this.#isPlaced) this.#scroller.capture();
    const first = this.#first.value;
    const target = this.#target ?? 0;
    this.#start = windowStart(items, hasSeq(items, target) ? around(items, target) : first);
    this.#scroller.hasEnd = !hasNewer && this.#start + WINDOW >= items.length;
    return this.#start;
  }

  /** Follows the reader. `away` becomes how many messages came while the reader was not at the end, -1 for none. */
  mount(box: HTMLElement, list: HTMLElement, away: Signal<number>): () => void {
    this.#list = list;
    this.#away = away;
    const release = this.#scroller.mount(box, list, () => this.#check());
    this.commit();
    return release;
  }

  /** After rows were made: puts what is seen in its place. */
  commit(): void {
    const { items = [] } = this.#timeline ?? {};
    if (!this.#list) return;
    if (items.length === 0) this.#openAgain();
    else if (this.#target !== undefined) this.#showTarget(this.#target);
    else if (this.#isLineElsewhere()) void this.#loadLine();
    else if (!this.#isPlaced || (this.#isOpening && this.#line)) this.#place();
    else this.#scroller.settle();
    if (items.length === 0 || (this.#isLoading && !this.#isPlaced)) return;
    this.#isPlaced = true;
    this.#check();
  }

  /** All that was shown was dropped, as too much had been missed: as when the room was opened. */
  #openAgain(): void {
    if (!this.#isPlaced) return;
    this.#isPlaced = this.#isAtLine = false;
    this.#openedAt = performance.now();
    if (this.#shown !== undefined) void this.jumpTo(this.#shown);
    else if (this.#target === undefined) this.#load(() => this.#context.room.older());
  }

  /** Whether the list is still shown. */
  readonly #isHere = (): boolean => !!this.#list?.isConnected;

  /** Shows a message, loading what is around it. */
  async jumpTo(seq: number): Promise<void> {
    const { room } = this.#context;
    this.#target = seq;
    this.#isFree = false;
    let isAnswered: boolean | undefined;
    if (!hasSeq(room.timeline.value.items, seq)) {
      isAnswered = await persist(
        () => room.around(seq).then(() => true),
        () => this.#target === seq && !this.#isFree && this.#isHere(),
      );
    }
    if (this.#target !== seq || !this.#isHere()) return;
    const { items } = room.timeline.value;
    if (!hasSeq(items, seq)) {
      this.#target = undefined;
      // There is no such message.
      if (isAnswered && !this.#isFree) await this.#toLatest();
      return;
    }
    this.#first.value = around(items, seq);
    this.commit();
  }

  /** Shows the target once it is in the document. */
  #showTarget(seq: number): void {
    const { items = [] } = this.#timeline ?? {};
    const row = rowOf(this.#list, seq);
    const { lit } = this.#context;
    if (!row || !hasSeq(items.slice(this.#start, this.#start + WINDOW), seq)) return;
    this.#target = undefined;
    this.#shown = seq;
    this.#first.value = seqAt(items, this.#start);
    this.#isAtLine = true;
    this.#scroller.show(row, "middle");
    const shown = Number(row.dataset.seq);
    lit.value = shown;
    setTimeout(() => {
      if (lit.value === shown) lit.value = undefined;
    }, LIT_MS);
  }

  get #line(): HTMLElement | null | undefined {
    return this.#list?.querySelector<HTMLElement>("[data-unread]");
  }

  get #isOpening(): boolean {
    return !this.#isAtLine && performance.now() - this.#openedAt < OPENING_MS;
  }

  /** Whether the first unread message is older than all that is loaded. */
  #isLineElsewhere(): boolean {
    const { items = [], hasOlder } = this.#timeline ?? {};
    const after = this.#reading.unreadAfter.peek();
    const first = seqAt(items, 0);
    if (!this.#isOpening || !hasOlder || after === undefined || first === undefined) return false;
    return first > after + 1;
  }

  /** Goes to where the reader stopped. */
  async #loadLine(): Promise<void> {
    if (this.#isLoading) return;
    this.#isLoading = true;
    const seq = (this.#reading.unreadAfter.peek() ?? 0) + 1;
    const isWanted = () => !this.#isAtLine && this.#target === undefined && this.#isHere();
    await persist(() => this.#context.room.around(seq), isWanted);
    this.#isLoading = false;
    if (isWanted()) {
      this.#first.value = around(this.#timeline?.items ?? [], seq);
      this.#place();
      this.#isAtLine = true;
    }
    this.#isPlaced = true;
    this.#check();
  }

  /** At the unread line, or at the end. */
  #place(): void {
    const line = this.#line;
    this.#isAtLine = !!line;
    if (line) this.#scroller.show(line, "top");
    else this.#scroller.toEnd();
  }

  /** Tells what was read, and shows or loads more near an edge. */
  #check(): void {
    // What is shown on the way to a message was not read, and asks for nothing.
    const isOnTheWay = !this.#isPlaced || (this.#target !== undefined && !this.#isFree);
    if (this.#scroller.heightPx === 0 || !this.#timeline || isOnTheWay) return;
    this.#report(this.#timeline);
    this.#extend(this.#timeline);
  }

  #report({ items, head }: Timeline): void {
    const scroller = this.#scroller;
    if (scroller.isAtEnd) {
      this.#first.value = undefined;
      this.#seenHead = head;
      this.#reading.seen(head);
    } else {
      this.#first.value ??= seqAt(items, this.#start);
      this.#reading.seen(Number(scroller.lastSeen?.dataset.seq ?? 0));
    }
    if (this.#away)
      this.#away.value = scroller.isAtEnd ? 0 : cameSince(items, this.#seenHead, this.#context.me) || -1;
  }

  #extend({ items, hasOlder, hasNewer }: Timeline): void {
    const scroller = this.#scroller;
    const { room } = this.#context;
    const near = NEAR * scroller.heightPx;
    const isTop = scroller.toTopPx < near;
    const isBottom = scroller.toEndPx < near && !scroller.isAtEnd;
    const first =
      (isTop ? earlier(items, this.#start) : undefined) ?? (isBottom ? later(items, this.#start) : undefined);
    if (first !== undefined) this.#first.value = first;
    else if (isTop && hasOlder) this.#load(() => room.older());
    else if (isBottom && hasNewer) this.#load(() => room.newer());
  }

  #load(page: () => Promise<boolean>): void {
    if (this.#isLoading) return;
    this.#isLoading = true;
    void persist(page, this.#isHere).then((hasMore) => {
      this.#isLoading = false;
      // Refused for good, it would be again.
      if (hasMore !== undefined) this.commit();
    });
  }

  async #toLatest(): Promise<void> {
    const isSeeking = this.#target !== undefined || (this.#isLoading && !this.#isAtLine);
    this.#target = this.#shown = undefined;
    this.#isAtLine = true;
    try {
      if (this.#timeline?.hasNewer || isSeeking) await this.#context.room.latest();
    } catch (error) {
      // What is loaded does not end where the room does.
      return this.#context.tell(error);
    }
    if (this.#target !== undefined) return;
    this.#first.value = undefined;
    this.#scroller.hasEnd = true;
    this.#isPlaced = true;
    this.#scroller.toEnd();
    this.#check();
  }
}
