import { sleep, withDeadline } from "@parley/runtime/deadline";
import type { RunPlan, RunResult, Settled } from "./commands.ts";
import type { ConnectionEvents, Dialect, Endpoint, MemberSpec } from "./connection.ts";
import { LatencyRecorder } from "./latency.ts";
import { type Mark, readMark, writeMark } from "./mark.ts";
import { Member } from "./member.ts";
import { nowUs, type Pacer, rateAt, windowOf } from "./pacer.ts";

/** Deadline for one member to join its room, ms: a peer that drops a member silently must not stop the run. */
const OPEN_DEADLINE_MS = 30_000;
/** Members that are opened at the same time. */
const OPEN_CONCURRENCY = 64;
/** How often settling checks whether everything has arrived, ms. */
const SETTLE_POLL_MS = 20;

/** What is counted and timed of a run. */
class Window {
  acked = 0;
  delivered = 0;
  readonly ackMs = new LatencyRecorder();
  readonly deliverMs = new LatencyRecorder();
}

/** The members that the load generator simulates. */
export class Worker {
  readonly #members: Member[] = [];
  #refused = 0;
  #dropped = 0;
  readonly #reasons: Record<string, number> = {};
  readonly #mark: Mark = { sender: 0, n: 0, dueUs: 0 };
  /** Undefined while nothing is measured. */
  #window: Window | undefined;
  #pacer: Pacer | undefined;
  #bodyLength = 200;

  #eventsOf(member: Member): ConnectionEvents {
    const count = (name: string) => {
      this.#reasons[name] = (this.#reasons[name] ?? 0) + 1;
    };
    return {
      count,
      acked: (n) => this.#onAck(member, n),
      received: (bytes, from = 0, to = bytes.length) => this.#onReceived(member, bytes, from, to),
      refused: (n, reason) => {
        member.dueUs.delete(n);
        this.#refused += 1;
        count(`refused: ${reason}`);
      },
      dropped: (reason) => {
        this.#dropped += 1;
        count(reason);
      },
    };
  }

  #onAck(member: Member, n: number): void {
    const dueUs = member.dueUs.get(n);
    if (dueUs === undefined) return;
    member.dueUs.delete(n);
    member.answered += 1;
    if (this.#window !== undefined) {
      this.#window.acked += 1;
      this.#window.ackMs.record(nowUs() - dueUs);
    }
    this.#pacer?.onAnswer(member);
  }

  #onReceived(member: Member, bytes: Buffer, from: number, to: number): void {
    const mark = this.#mark;
    const now = nowUs();
    for (let at = readMark(bytes, from, to, mark); at !== -1; at = readMark(bytes, at, to, mark)) {
      if (!member.deliveries.add(mark.sender, mark.n)) continue;
      if (this.#window !== undefined) {
        this.#window.delivered += 1;
        this.#window.deliverMs.record(now - mark.dueUs);
      }
      if (mark.sender !== member.spec.index) continue;
      member.returned += 1;
      this.#pacer?.onAnswer(member);
    }
  }

  #send(member: Member, dueUs: number): void {
    member.sent += 1;
    member.dueUs.set(member.sent, dueUs);
    const mark = { sender: member.spec.index, n: member.sent, dueUs };
    member.connection?.send(member.sent, writeMark(mark, this.#bodyLength));
  }

  /** Opens the members, some at a time; gives the seconds that it took. `dialect` is the URL of its module. */
  async open(dialect: string, endpoint: Endpoint, specs: readonly MemberSpec[]): Promise<number> {
    const { openConnection } = (await import(dialect)) as Dialect;
    const began = performance.now();
    const queue = specs.values();
    const openSome = async () => {
      for (const spec of queue) {
        const member = new Member(spec);
        this.#members.push(member);
        member.connection = await withDeadline(
          openConnection(endpoint, spec, this.#eventsOf(member)),
          OPEN_DEADLINE_MS,
          "a member",
        );
      }
    };
    await Promise.all(Array.from({ length: OPEN_CONCURRENCY }, openSome));
    return (performance.now() - began) / 1_000;
  }

  /** Sends for `warmMs`, then for `ms`; only the latter is counted and timed. */
  async run({ pace, warmMs, ms, bodyLength }: RunPlan): Promise<RunResult> {
    const senders = this.#members.filter(({ spec }) => spec.sends);
    this.#bodyLength = bodyLength;
    const send = (member: Member, dueUs: number) => this.#send(member, dueUs);
    const pacer =
      pace.kind === "rate" ? rateAt(pace.perSecond, senders, send) : windowOf(pace.each, senders, send);
    this.#pacer = senders.length > 0 ? pacer : undefined;
    this.#pacer?.start();
    await sleep(warmMs);
    const window = new Window();
    this.#window = window;
    const cpu = process.cpuUsage();
    const began = performance.now();
    await sleep(ms);
    const seconds = (performance.now() - began) / 1_000;
    const used = process.cpuUsage(cpu);
    this.#window = undefined;
    this.#pacer?.stop();
    this.#pacer = undefined;
    return {
      seconds,
      acked: window.acked,
      delivered: window.delivered,
      ackMs: window.ackMs.percentiles(),
      deliverMs: window.deliverMs.percentiles(),
      cpuUs: used.user + used.system,
    };
  }

  /** Waits until each member has what was sent in its room, or the deadline passes; counts what is missing. */
  async settle(deadlineMs: number): Promise<Settled> {
    const until = performance.now() + deadlineMs;
    const senders = Map.groupBy(
      this.#members.filter(({ sent }) => sent > 0),
      ({ spec }) => spec.room,
    );
    const sendersTo = ({ spec }: Member) => (spec.listens ? (senders.get(spec.room) ?? []) : []);
    const sentIn = new Map(
      [...senders].map(([room, members]) => [room, members.reduce((sum, { sent }) => sum + sent, 0)]),
    );
    const isDone = () =>
      this.#members.every(
        ({ spec, deliveries, dueUs }) =>
          dueUs.size === 0 && (!spec.listens || deliveries.received >= (sentIn.get(spec.room) ?? 0)),
      );
    while (!isDone() && performance.now() < until) await sleep(SETTLE_POLL_MS);
    const total = (count: (member: Member) => number) =>
      this.#members.reduce((sum, member) => sum + count(member), 0);
    const missing = (member: Member) =>
      sendersTo(member).reduce((sum, { spec, sent }) => sum + member.deliveries.missing(spec.index, sent), 0);
    return {
      acked: total(({ answered }) => answered),
      anomalies: {
        lost: total(missing),
        duplicates: total(({ deliveries }) => deliveries.duplicates),
        reordered: total(({ deliveries }) => deliveries.reordered),
        unanswered: total(({ dueUs }) => dueUs.size),
        refused: this.#refused,
        dropped: this.#dropped,
      },
      reasons: this.#reasons,
    };
  }

  /** Closes all connections. */
  async closeAll(): Promise<void> {
    for (const { connection } of this.#members.splice(0)) connection?.close();
  }
}
