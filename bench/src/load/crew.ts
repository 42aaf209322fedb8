import { withDeadline } from "@parley/runtime/deadline";
import { nowUs, sleep } from "./clock.ts";
import { cutAll } from "./cuts.ts";
import { DIALECTS } from "./dialects.ts";
import { Hand } from "./hand.ts";
import { LatencyRecorder } from "./latency.ts";
import { type Mark, readMark, writeMark } from "./mark.ts";
import type { Order, RunCounts, Settled } from "./orders.ts";
import { type Pacer, rateAt, windowOf } from "./pacer.ts";

type OrderOf<K extends Order["kind"]> = Extract<Order, { kind: K }>;

/** How long a member may take to be in its room, ms: a peer that drops it without a word must not stop the run. */
const OPEN_DEADLINE_MS = 30_000;
/** Settling looks this often whether everything has come, ms. */
const SETTLE_POLL_MS = 20;

/** The members that one process plays. */
export class Crew {
  readonly hands: Hand[] = [];
  refused = 0;
  dropped = 0;
  readonly #reasons: Record<string, number> = {};
  readonly #mark: Mark = { sender: 0, n: 0, dueUs: 0 };
  #isMeasuring = false;
  #acked = 0;
  #delivered = 0;
  #sent = 0;
  #ackLatency = new LatencyRecorder();
  #deliverLatency = new LatencyRecorder();
  #backLatency = new LatencyRecorder();
  #replayLatency = new LatencyRecorder();
  #pacer: Pacer | undefined;
  #bodyLength = 200;

  note(why: string): void {
    this.#reasons[why] = (this.#reasons[why] ?? 0) + 1;
  }

  onAck(hand: Hand, dueUs: number): void {
    if (this.#isMeasuring) {
      this.#acked += 1;
      this.#ackLatency.record(nowUs() - dueUs);
    }
    this.#pacer?.onAnswer(hand);
  }

  onHeard(hand: Hand, bytes: Buffer, from: number, to: number): void {
    const mark = this.#mark;
    const now = this.#isMeasuring ? nowUs() : 0;
    for (let at = readMark(bytes, from, to, mark); at !== -1; at = readMark(bytes, at, to, mark)) {
      if (!hand.tally.take(mark.sender, mark.n)) continue;
      if (this.#isMeasuring) {
        this.#delivered += 1;
        this.#deliverLatency.record(now - mark.dueUs);
      }
      if (mark.sender !== hand.place.index) continue;
      hand.returned += 1;
      this.#pacer?.onAnswer(hand);
    }
  }

  onBack(awayMs: number, replayMs: number): void {
    this.#backLatency.record(Math.round(awayMs * 1_000));
    this.#replayLatency.record(Math.round(replayMs * 1_000));
  }

  /** Sends the next message of a member, which was due at `dueUs`. */
  send(hand: Hand, dueUs: number): void {
    hand.sent += 1;
    hand.dueUs.set(hand.sent, dueUs);
    if (this.#isMeasuring) this.#sent += 1;
    hand.member?.send(
      hand.sent,
      writeMark({ sender: hand.place.index, n: hand.sent, dueUs }, this.#bodyLength),
    );
  }

  /** Opens the members, so many at a time; gives the seconds that it took. */
  async open({ dialect, endpoint, places, concurrency }: OrderOf<"open">): Promise<number> {
    const began = performance.now();
    const waiting = places.values();
    const one = async () => {
      for (const place of waiting) {
        const hand = new Hand(place, this);
        this.hands.push(hand);
        hand.member = await withDeadline(
          DIALECTS[dialect](endpoint, place, hand),
          OPEN_DEADLINE_MS,
          "a member",
        );
      }
    };
    await Promise.all(Array.from({ length: concurrency }, one));
    return (performance.now() - began) / 1_000;
  }

  /** Sends for `warmMs` and then for `ms`, of which it counts and times what happens. */
  async run({ pace, warmMs, ms, bodyLength, cuts }: OrderOf<"run">): Promise<RunCounts> {
    const senders = this.hands.filter((hand) => hand.place.sends);
    this.#bodyLength = bodyLength;
    this.#reset();
    const send = (hand: Hand, dueUs: number) => this.send(hand, dueUs);
    const pacer =
      pace.kind === "rate" ? rateAt(pace.perSecond, senders, send) : windowOf(pace.each, senders, send);
    this.#pacer = senders.length > 0 ? pacer : undefined;
    this.#pacer?.start();
    const stopCuts = cuts === undefined ? () => undefined : cutAll(this.hands, cuts);
    await sleep(warmMs);
    this.#isMeasuring = true;
    const cpu = process.cpuUsage();
    const began = performance.now();
    await sleep(ms);
    const seconds = (performance.now() - began) / 1_000;
    const used = process.cpuUsage(cpu);
    this.#isMeasuring = false;
    this.#pacer?.stop();
    stopCuts();
    this.#pacer = undefined;
    return {
      seconds,
      sent: this.#sent,
      acked: this.#acked,
      delivered: this.#delivered,
      sentBy: this.#sentBy(),
      ackHistogram: this.#ackLatency.encode(),
      deliverHistogram: this.#deliverLatency.encode(),
      backHistogram: this.#backLatency.encode(),
      replayHistogram: this.#replayLatency.encode(),
      cpuUs: used.user + used.system,
    };
  }

  #reset(): void {
    this.#acked = 0;
    this.#delivered = 0;
    this.#sent = 0;
    this.#ackLatency = new LatencyRecorder();
    this.#deliverLatency = new LatencyRecorder();
    this.#backLatency = new LatencyRecorder();
    this.#replayLatency = new LatencyRecorder();
  }

  #sentBy(): RunCounts["sentBy"] {
    const sentBy: RunCounts["sentBy"] = {};
    for (const { place, sent } of this.hands) {
      if (sent === 0) continue;
      sentBy[place.room] ??= {};
      (sentBy[place.room] as Record<number, number>)[place.index] = sent;
    }
    return sentBy;
  }

  /** Waits until each member has what was sent in its room, or the time is up, and says what is missing. */
  async settle({ sent, deadlineMs }: OrderOf<"settle">): Promise<Settled> {
    const until = performance.now() + deadlineMs;
    const expected = new Map(
      Object.entries(sent).map(([room, by]) => [room, Object.values(by).reduce((sum, n) => sum + n, 0)]),
    );
    const isDone = () =>
      this.hands.every(
        ({ place, tally, dueUs }) =>
          dueUs.size === 0 && (!place.listens || tally.delivered >= (expected.get(place.room) ?? 0)),
      );
    while (!isDone() && performance.now() < until) await sleep(SETTLE_POLL_MS);
    const total = (count: (hand: Hand) => number) => this.hands.reduce((sum, hand) => sum + count(hand), 0);
    const missing = ({ place, tally }: Hand) =>
      place.listens
        ? Object.entries(sent[place.room] ?? {}).reduce(
            (sum, [by, n]) => sum + tally.missing(Number(by), n),
            0,
          )
        : 0;
    return {
      delivered: total(({ tally }) => tally.delivered),
      acked: total(({ answered }) => answered),
      unanswered: total(({ dueUs }) => dueUs.size),
      lost: total(missing),
      duplicates: total(({ tally }) => tally.duplicates),
      reordered: total(({ tally }) => tally.reordered),
      refused: this.refused,
      dropped: this.dropped,
      reasons: this.#reasons,
    };
  }

  close(): void {
    for (const { member } of this.hands.splice(0)) member?.close();
  }
}
