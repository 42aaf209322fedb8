import { expect, it } from "vitest";
import { eventually } from "./eventually-fixture.ts";
import type { RoomEvent } from "./frames.ts";
import { LINGER_MS } from "./subscriptions.ts";
import type { Parley } from "./types.ts";

/** A client of somebody of that name, the same person for the same name. */
type ClientOf = (name: string) => Promise<Parley>;

/** Takes so many events of a room from its beginning. */
async function firstEvents(parley: Parley, room: string, count: number): Promise<RoomEvent[]> {
  const events: RoomEvent[] = [];
  for await (const event of parley.rooms.get(room).events({ after: 0 })) {
    events.push(event);
    if (events.length === count) break;
  }
  return events;
}

/** What clients may rely on of a server: the services and the one in memory pass the same tests. */
export function contract(server: string, clientOf: ClientOf): void {
  it(`${server}: a message is stored once under its id, the first text wins`, async () => {
    const alice = await clientOf("alice");
    const room = alice.rooms.get("contract-once");
    const first = room.send("first", { id: "m1" });
    expect(await first).toMatchObject({ id: "m1", stored: "log", duplicate: false });
    expect(await first.stored()).toEqual({ seq: 1 });
    const again = room.send("second", { id: "m1" });
    expect(await again).toMatchObject({ duplicate: true });
    expect(await again.stored()).toEqual({ seq: 1 });
    const [stored] = await firstEvents(alice, "contract-once", 1);
    expect(stored).toMatchObject({ type: "message", seq: 1, id: "m1", body: "first" });
  });

  it(`${server}: a receipt comes, also if it is asked for when nothing has held the connection for a while`, async () => {
    const room = (await clientOf("alice")).rooms.get("contract-receipt");
    const sent = room.send("text");
    await sent;
    await new Promise((resolve) => setTimeout(resolve, 2 * LINGER_MS));
    expect(await sent.stored()).toEqual({ seq: 1 });
  });

  it(`${server}: edits, reactions and deletions have a seq of their own, and history has their effect`, async () => {
    const [alice, bob] = [await clientOf("alice"), await clientOf("bob")];
    const room = alice.rooms.get("contract-changes");
    for (const body of ["one", "two"]) await room.send(body).stored();
    await room.edit(1, "one!");
    await bob.rooms.get("contract-changes").react(1, "👍");
    await room.remove(2);
    const events = await firstEvents(bob, "contract-changes", 5);
    expect(events.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
    expect(events.slice(2).map(({ type }) => type)).toEqual([
      "message_edited",
      "reaction",
      "message_deleted",
    ]);
    const close = room.open();
    await eventually(() => expect(room.timeline.value.phase).toBe("live"));
    expect(room.timeline.value.items).toMatchObject([
      { body: "one!", reactions: [{ emoji: "👍", count: 1, mine: false }] },
      { body: "", deletedAt: expect.any(String) },
    ]);
    close();
  });

  it(`${server}: history comes in pages, and others are told who types`, async () => {
    const [alice, bob] = [await clientOf("alice"), await clientOf("bob")];
    const room = alice.rooms.get("contract-pages");
    const theirs = bob.rooms.get("contract-pages");
    await Promise.all(Array.from({ length: 60 }, (_, n) => room.send(`text ${n + 1}`)));
    await room.send("last").stored();
    const closes = [room.open(), theirs.open()];
    await eventually(() => expect(theirs.timeline.value.phase).toBe("live"));
    expect(theirs.timeline.value).toMatchObject({ completeFrom: 12, head: 61, hasOlder: true });
    expect(await theirs.older()).toBe(false);
    expect(theirs.timeline.value.items.map((one) => "seq" in one && one.seq)).toEqual(
      Array.from({ length: 61 }, (_, n) => n + 1),
    );
    room.keystroke();
    await eventually(() => expect(theirs.typing.value.map(({ username }) => username)).toHaveLength(1));
    for (const close of closes) close();
  });

  it(`${server}: a message that is not there cannot be changed`, async () => {
    const room = (await clientOf("alice")).rooms.get("contract-changes");
    await expect(room.edit(99, "x")).rejects.toMatchObject({ code: "message_not_found", isRetryable: false });
  });
}
