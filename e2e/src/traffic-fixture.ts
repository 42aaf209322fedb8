import { Listener } from "@parley/bench/chaos/listener";
import type { Message } from "@parley/bench/chaos/read-history";
import { Sender } from "@parley/bench/chaos/sender";
import type { Account } from "@parley/devstack/accounts";
import { expect, vi } from "vitest";
import { type Parley, until } from "./parley.ts";

const DEADLINE_MS = 90_000;

type Traffic = Readonly<{ parley: Parley; room: string; senders: Account[]; listeners: Account[] }>;

/**
 * Lets `work` send in a room. Then every message that was sent must be acknowledged, in history once, without a hole,
 * and at each listener in the same order. Gives the history.
 */
export async function checkTraffic(
  { parley, room, ...people }: Traffic,
  work: (senders: readonly Sender[], listeners: readonly Listener[]) => Promise<void>,
): Promise<Message[]> {
  const listeners = people.listeners.map((one) => new Listener(parley.consumerSocket, one, [room]));
  const senders = people.senders.map((one) => new Sender(parley.producerSocket, one));
  await work(senders, listeners);
  await until("all are acknowledged", () => senders.every(({ unanswered }) => unanswered === 0), DEADLINE_MS);
  const count = senders.reduce((sum, { sent }) => sum + sent.length, 0);
  await until("all are delivered", () => listeners.every((one) => one.head(room) >= count), DEADLINE_MS);
  // A service that crashes by plan may be away just now.
  const read = () => parley.history(room, people.listeners[0]?.token ?? "");
  const history = await vi.waitFor(read, { timeout: DEADLINE_MS, interval: 50 });
  expect(history.map(({ seq }) => seq)).toEqual(Array.from({ length: count }, (_, i) => i + 1));
  const keys = history.map(({ author, id }) => `${author.id} ${id}`);
  expect(new Set(keys).size).toBe(count);
  for (const listener of listeners) {
    expect(listener.anomalies).toEqual([]);
    expect(listener.received(room).map(({ author, id }) => `${author} ${id}`)).toEqual(keys);
  }
  for (const client of [...listeners, ...senders]) client.close();
  return history;
}
