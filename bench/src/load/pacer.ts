import type { Member } from "./member.ts";

/** Decides when members send. */
export interface Pacer {
  start(): void;
  stop(): void;
  /** A message of this member was acknowledged, or came back. */
  onAnswer(member: Member): void;
}

type Send = (member: Member, dueUs: number) => void;

/** Monotonic time of this process, µs. */
export const nowUs = (): number => Math.round(performance.now() * 1_000);

const TICK_MS = 1;
const US_PER_S = 1_000_000;

/**
 * Open loop: messages are due at random times (a Poisson process) over all members in turn, whatever the target does.
 * Each is timed from when it was due, so that a target that stalls cannot hide it by being sent less meanwhile.
 */
export function rateAt(perSecond: number, members: readonly Member[], send: Send): Pacer {
  let timer: NodeJS.Timeout | undefined;
  let dueUs = 0;
  let turn = 0;
  const step = () => (-Math.log(1 - Math.random()) * US_PER_S) / perSecond;
  const sendDue = () => {
    const now = nowUs();
    while (dueUs <= now) {
      send(members[turn % members.length] as Member, Math.round(dueUs));
      turn += 1;
      dueUs += step();
    }
  };
  return {
    start: () => {
      dueUs = nowUs() + step();
      timer = setInterval(sendDue, TICK_MS);
    },
    stop: () => clearInterval(timer),
    onAnswer: () => undefined,
  };
}

/** Closed loop: each member keeps so many under way, and a message counts as done once it is acknowledged and back. */
export function windowOf(each: number, members: readonly Member[], send: Send): Pacer {
  let isRunning = false;
  const fill = (member: Member) => {
    while (isRunning && member.inFlight < each) send(member, nowUs());
  };
  return {
    start: () => {
      isRunning = true;
      members.forEach(fill);
    },
    stop: () => {
      isRunning = false;
    },
    onAnswer: fill,
  };
}
