import { openAccount } from "@parley/devstack/accounts";
import type { Stack } from "@parley/devstack/stack";
import { sleep } from "@parley/runtime/deadline";
import { Listener } from "./listener.ts";
import { readHistory } from "./read-history.ts";
import { Sender } from "./sender.ts";
import { CONSUMERS, PRODUCERS } from "./stage.ts";

/** Rooms, so many that each shard has one. */
const ROOMS = 8;
/** Longest way of a message from any ws-producer to any ws-consumer, ms. */
const HEARD_MS = 10_000;
const POLL_MS = 50;

type All = Readonly<{ senders: Sender[]; listeners: Listener[]; rooms: string[]; troubles: string[] }>;

/** Addresses of the sockets of some processes. */
export const socketsOf = (stack: Stack, names: readonly string[]) =>
  names.map((name) => `${stack.urls[name]?.replace("http", "ws")}/ws`);

/**
 * A new user signs in, writes to new rooms through each ws-producer, and hears and reads all of it at each ws-consumer.
 * Adds its clients and rooms to `all`, and what did not come.
 */
export async function cross(stack: Stack, all: All): Promise<void> {
  const account = await openAccount(stack.urls.auth as string, {});
  const rooms = Array.from({ length: ROOMS }, (_, i) => `${account.username}-${i}`);
  const listeners = socketsOf(stack, CONSUMERS).map((url) => new Listener(url, account, rooms, url));
  const senders = socketsOf(stack, PRODUCERS).map((url) => new Sender(url, account));
  for (const [i, sender] of senders.entries())
    for (const room of rooms) void sender.send(room, `${room}-${i}`, "crossing");
  const isHeard = () =>
    listeners.every((one) => rooms.every((room) => one.head(room) === PRODUCERS.length)) &&
    senders.every(({ unanswered }) => unanswered === 0);
  const deadline = performance.now() + HEARD_MS;
  while (performance.now() < deadline && !isHeard()) await sleep(POLL_MS);
  if (!isHeard()) all.troubles.push(`what ${account.username} sent was not heard everywhere`);
  for (const client of [...senders, ...listeners]) client.close();
  for (const name of CONSUMERS) {
    const { length } = await readHistory(stack.urls[name] as string, account.token, rooms[0] as string);
    if (length !== PRODUCERS.length) all.troubles.push(`${name} has ${length} messages of ${rooms[0]}`);
  }
  all.senders.push(...senders);
  all.listeners.push(...listeners);
  all.rooms.push(...rooms);
}
