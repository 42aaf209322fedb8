import { describe, expect, it, vi } from "vitest";
import { createPresence } from "./create-presence.ts";
import { OnlineUsers } from "./online-users.ts";
import { userOf } from "./presence-fixture.ts";

type Frame = Record<string, unknown>;

function start() {
  vi.useFakeTimers();
  const told: { rooms: string[]; frame: Frame }[] = [];
  const lastSeen: string[] = [];
  const presence = createPresence({
    hub: { broadcast: (rooms, frame) => void told.push({ rooms: [...rooms], frame: frame as Frame }) },
    instance: "here",
    noteLastSeen: async (ids) => void lastSeen.push(...ids),
    onFault: () => undefined,
    now: () => Date.now(),
  });
  const subscribe = (id: string, ...rooms: string[]) => {
    presence.local.connected(userOf(id));
    for (const room of rooms) presence.local.opened(id, room);
  };
  const stop = async () => {
    await presence.close();
    vi.useRealTimers();
  };
  return { presence, told, lastSeen, subscribe, stop };
}

describe("presence of one instance", () => {
  it("is right at once, tells listeners once for all rooms, and closing undoes opening", async () => {
    const { presence, told, lastSeen, subscribe, stop } = start();
    subscribe("ann", "a", "b");
    expect(presence.inRoom("a", "bob")).toMatchObject({ online: 1, users: [{ id: "ann" }] });
    expect(presence.inRoom("a", "ann")).toEqual({ online: 1, users: [] });
    await vi.advanceTimersByTimeAsync(20);
    expect(told).toEqual([{ rooms: ["a", "b"], frame: expect.objectContaining({ isOnline: true }) }]);
    presence.local.closed("ann", "a");
    expect(presence.online.list(10, "a")).toEqual([]);
    await vi.advanceTimersByTimeAsync(20);
    expect(told[1]).toEqual({
      rooms: ["a"],
      frame: expect.objectContaining({ isOnline: true, leftRoom: "a" }),
    });
    presence.local.disconnected("ann", ["b"]);
    await vi.advanceTimersByTimeAsync(1_500);
    expect(presence.online.has("ann")).toBe(true);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(presence.online.has("ann")).toBe(false);
    expect(told[2]).toEqual({ rooms: ["b"], frame: expect.objectContaining({ isOnline: false }) });
    expect(lastSeen).toEqual(["ann"]);
    expect(told).toHaveLength(3);
    await stop();
  });

  it("shows nothing of a reconnect, nor of a second device that unsubscribes", async () => {
    const { presence, told, subscribe, stop } = start();
    subscribe("ann", "a");
    await vi.advanceTimersByTimeAsync(20);
    presence.local.disconnected("ann", ["a"]);
    await vi.advanceTimersByTimeAsync(1_000);
    subscribe("ann", "a");
    subscribe("ann", "a");
    presence.local.closed("ann", "a");
    await vi.advanceTimersByTimeAsync(5_000);
    expect(told).toHaveLength(1);
    expect(presence.online.list(10, "a")).toHaveLength(1);
    await stop();
  });

  it("tells of 101 and more by number, every 2 s at most, and of everybody once they are 80", async () => {
    const { presence, told, subscribe, stop } = start();
    for (let i = 0; i < 100; i += 1) subscribe(`u${i}`, "big");
    await vi.advanceTimersByTimeAsync(20);
    expect(presence.inRoom("big", "u0").users).toHaveLength(99);
    expect(told).toHaveLength(100);
    for (let i = 100; i < 1_000; i += 1) subscribe(`u${i}`, "big");
    expect(presence.inRoom("big", "u0")).toEqual({ online: 1_000, users: [] });
    await vi.advanceTimersByTimeAsync(2_020);
    expect(told).toHaveLength(101);
    const crowd = told[100]?.frame as { online: number; came: { id: string }[] };
    expect(crowd).toMatchObject({ type: "room_presence", room: "big", online: 1_000, left: [] });
    expect(crowd.came).toHaveLength(20);
    expect(crowd.came.at(-1)?.id).toBe("u999");
    for (let i = 70; i < 1_000; i += 1) presence.local.closed(`u${i}`, "big");
    await vi.advanceTimersByTimeAsync(2_020);
    expect(told).toHaveLength(102);
    expect(told[101]?.frame.came).toHaveLength(70);
    subscribe("new", "big");
    await vi.advanceTimersByTimeAsync(20);
    expect(told[102]?.frame).toMatchObject({ type: "presence", user: { id: "new" } });
    await stop();
  });
});

it("what is known of all instances forgets everything that ends", () => {
  const changes: string[] = [];
  const online = new OnlineUsers({
    opened: ({ id }, room) => changes.push(`+${id} ${room}`),
    closed: ({ id }, room) => changes.push(`-${id} ${room}`),
    gone: ({ id }) => changes.push(`gone ${id}`),
  });
  online.apply("one", { user: userOf("ann"), opened: ["a", "b"] });
  online.apply("two", { user: userOf("ann"), opened: ["b"] });
  online.apply("two", { user: userOf("ann"), opened: ["b"] });
  online.replace("one", [{ user: userOf("ann"), opened: ["c"] }]);
  expect(changes).toEqual(["+ann a", "+ann b", "-ann a", "+ann c"]);
  online.remove("one");
  expect(online.list(10, "b")).toHaveLength(1);
  online.apply("two", { user: userOf("ann"), isGone: true });
  online.apply("two", { user: userOf("ann"), isGone: true });
  expect(changes.slice(4)).toEqual(["-ann c", "-ann b", "gone ann"]);
  expect([online.count("a"), online.count("b"), online.list(10)]).toEqual([0, 0, []]);
});
