import { pause, withDeadline } from "@parley/runtime/deadline";
import { nowUs } from "./clock.ts";
import { type Command, LATENCIES, type RunCounts, type SentBy, type Settled } from "./commands.ts";
import type { Dialect } from "./connection.ts";
import { cutAll } from "./cuts.ts";
import { LatencyRecorder } from "./latency.ts";
import { type Mark, readMark, writeMark } from "./mark.ts";
import { Member, type MemberObserver } from "./member.ts";
import { type Pacer, rateAt, windowOf } from "./pacer.ts";

type CommandOf<K extends Command["kind"]> = Extract<Command, { kind: K }>;

/** Deadline for one member to join its room, ms: a peer that drops a member silently must not stop the run. */
const OPEN_DEADLINE_MS = 30_000;
/** How often settling checks whether everything has arrived, ms. */
const SETTLE_POLL_MS = 20;

const emptyCounts = () => ({ sent: 0, acked: 0, delivered: 0 });
const emptyLatencies = () => ({
  ack: new LatencyRecorder(),
  deliver: new LatencyRecorder(),
  away: new LatencyRecorder(),
  replay: new LatencyRecorder(),
});

/** The members that one process of the load generator simulates. */
export class Worker implements MemberObserver {
  readonly members: Member[] = [];
  #refused = 0;
  #dropped = 0;
  readonly #reasons: Record<string, number> = {};
  readonly #mark: Mark = { sender: 0, n: 0, dueUs: 0 };
  #isMeasuring = false;
  #counts = emptyCounts();
  #latencies = emptyLatencies();
  #pacer: Pacer | undefined;
  #bodyLength = 200;

  count(name: string): void {
    this.#reasons[name] = (this.#reasons[name] ?? 0) + 1;
  }

  onRefusal(reason: string): void {
    this.#refused += 1;
    this.count(`refused: ${reason}`);
  }

  onDrop(reason: string): void {
    this.#dropped += 1;
    this.count(reason);
  }

  onAck(member: Member, dueUs: number): void {
    if (this.#isMeasuring) {
      this.#counts.acked += 1;
      this.#latencies.ack.record(nowUs() - dueUs);
    }
    this.#pacer?.onAnswer(member);
  }

  onReceived(member: Member, bytes: Buffer, from: number, to: number): void {
    const mark = this.#mark;
    const now = this.#isMeasuring ? nowUs() : 0;
    for (let at = readMark(bytes, from, to, mark); at !== -1; at = readMark(bytes, at, to, mark)) {
      if (!member.deliveries.add(mark.sender, mark.n)) continue;
      if (this.#isMeasuring) {
        this.#counts.delivered += 1;
        this.#latencies.deliver.record(now - mark.dueUs);
      }
      if (mark.sender !== member.spec.index) continue;
      member.returned += 1;
      this.#pacer?.onAnswer(member);
    }
  }

  onRecovered(awayMs: number, replayMs: number): void {
    this.#latencies.away.record(Math.round(awayMs * 1_000));
    this.#latencies.replay.record(Math.round(replayMs * 1_000));
  }

  #send(member: Member, dueUs: number): void {
    member.sent += 1;
    member.dueUs.set(member.sent, dueUs);
    if (this.#isMeasuring) this.#counts.sent += 1;
    const mark = { sender: member.spec.index, n: member.sent, dueUs };
    member.connection?.send(member.sent, writeMark(mark, this.#bodyLength));
  }

  /** Opens the members, `concurrency` at a time; gives the seconds that it took. */
  async open({ dialect, endpoint, specs, concurrency }: CommandOf<"open">): Promise<number> {
    const { openConnection } = (await import(dialect)) as Dialect;
    const began = performance.now();
    const queue = specs.values();
    const openSome = async () => {
      for (const spec of queue) {
        const member = new Member(spec, this);
        this.members.push(member);
        member.connection = await withDeadline(
          openConnection(endpoint, spec, member),
          OPEN_DEADLINE_MS,
          "a member",
        );
      }
    };
    await Promise.all(Array.from({ length: concurrency }, openSome));
    return (performance.now() - began) / 1_000;
  }

  /** Sends for `warmMs`, then for `ms`; only the latter is counted and timed. */
  async run({ pace, warmMs, ms, bodyLength, cuts }: CommandOf<"run">): Promise<RunCounts> {
    const senders = this.members.filter(({ spec }) => spec.sends);
    this.#bodyLength = bodyLength;
    this.#counts = emptyCounts();
    this.#latencies = emptyLatencies();
    const send = (member: Member, dueUs: number) => this.#send(member, dueUs);
    const pacer =
      pace.kind === "rate" ? rateAt(pace.perSecond, senders, send) : windowOf(pace.each, senders, send);
    this.#pacer = senders.length > 0 ? pacer : undefined;
    this.#pacer?.start();
    const stopCuts = cuts === undefined ? () => undefined : cutAll(this.members, cuts);
    await pause(warmMs);
    this.#isMeasuring = true;
    const cpu = process.cpuUsage();
    const began = performance.now();
    await pause(ms);
    const seconds = (performance.now() - began) / 1_000;
    const used = process.cpuUsage(cpu);
    this.#isMeasuring = false;
    this.#pacer?.stop();
    stopCuts();
    this.#pacer = undefined;
    const encoded = LATENCIES.map((name) => [name, this.#latencies[name].encode()]);
    return {
      seconds,
      ...this.#counts,
      sentBy: this.#sentBy(),
      histograms: Object.fromEntries(encoded) as RunCounts["histograms"],
      cpuUs: used.user + used.system,
    };
  }

  #sentBy(): SentBy {
    const sentBy: SentBy = {};
    for (const { spec, sent } of this.members) {
      if (sent === 0) continue;
      sentBy[spec.room] ??= {};
      (sentBy[spec.room] as Record<number, number>)[spec.index] = sent;
    }
    return sentBy;
  }

  /** Waits until each member has what was sent in its room, or the deadline passes; counts what is missing. */
  async settle({ sent, deadlineMs }: CommandOf<"settle">): Promise<Settled> {
    const until = performance.now() + deadlineMs;
    const expected = new Map(
      Object.entries(sent).map(([room, by]) => [room, Object.values(by).reduce((sum, n) => sum + n, 0)]),
    );
    const isDone = () =>
      this.members.every(
        ({ spec, deliveries, dueUs }) =>
          dueUs.size === 0 && (!spec.listens || deliveries.received >= (expected.get(spec.room) ?? 0)),
      );
    while (!isDone() && performance.now() < until) await pause(SETTLE_POLL_MS);
    const total = (count: (member: Member) => number) =>
      this.members.reduce((sum, member) => sum + count(member), 0);
    const missing = ({ spec, deliveries }: Member) =>
      Object.entries(spec.listens ? (sent[spec.room] ?? {}) : {}).reduce(
        (sum, [by, n]) => sum + deliveries.missing(Number(by), n),
        0,
      );
    return {
      delivered: total(({ deliveries }) => deliveries.received),
      acked: total(({ answered }) => answered),
      unanswered: total(({ dueUs }) => dueUs.size),
      lost: total(missing),
      duplicates: total(({ deliveries }) => deliveries.duplicates),
      reordered: total(({ deliveries }) => deliveries.reordered),
      refused: this.#refused,
      dropped: this.#dropped,
      reasons: this.#reasons,
    };
  }

  /** Stops or resumes reading of the members with these indexes. */
  pause({ isPaused, indexes }: CommandOf<"pause">): void {
    for (const { connection } of this.members.filter(({ spec }) => indexes.includes(spec.index)))
      isPaused ? connection?.pause() : connection?.resume();
  }

  close(): void {
    for (const { connection } of this.members.splice(0)) connection?.close();
  }
}
