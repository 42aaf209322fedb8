import { ParleyError, type RoomSummary } from "@parley/client";
import { computed, signal } from "@preact/signals";
import { keep, kept, parley } from "./parley.ts";
import { me } from "./session.ts";
import { soon } from "./soon.ts";
import { applyEvent, applyRead, inOrder } from "./summary.ts";

/** Rooms in a page of the list, and rooms that are followed at most. */
const PAGE = 100;
const ROOMS_MAX = 400;
/** Changes are collected for so long before the list is kept or asked for again, ms. */
const COLLECT_MS = 500;
const RETRY_MS = 2_000;

/** The user's rooms, pinned and newest first. */
export const rooms = signal<readonly RoomSummary[]>([]);
/** `cached`: from an earlier page, not yet confirmed. */
export const inboxPhase = signal<"loading" | "cached" | "live">("loading");
export const unreadTotal = computed(() =>
  rooms.value.reduce((sum, { unread, isMuted }) => sum + (isMuted ? 0 : unread), 0),
);

/** A room of the inbox; undefined if the user is not in it. */
export const summaryOf = (room: string): RoomSummary | undefined => rooms.value.find(({ id }) => id === room);

/** Whom the inbox is of, and what ends it. */
let owner: { user: string; end: AbortController } | undefined;
const followed = new Map<string, AbortController>();
/** The list was asked for before the client heard of changes: what came between is in neither. */
let isEarly = false;
/** When the list that is shown was asked for: answers may come in another order. */
let shownAt = 0;

/** Shows the rooms of who is signed in, and follows them until somebody else is. */
export function startInbox(): void {
  me.subscribe((user) => {
    if (user?.id === owner?.user) return;
    owner?.end.abort();
    for (const one of followed.values()) one.abort();
    followed.clear();
    rooms.value = [];
    inboxPhase.value = "loading";
    owner = user ? { user: user.id, end: new AbortController() } : undefined;
    if (!owner) return;
    void showKept(owner.user);
    void load();
    void followMe(owner.end.signal);
    isEarly = parley.status.value.state !== "online";
  });
  parley.status.subscribe(({ state }) => {
    if (!isEarly || state !== "online") return;
    isEarly = false;
    reloadInbox();
  });
}

async function showKept(user: string): Promise<void> {
  const saved = await kept<{ user: string; rooms: RoomSummary[] }>("inbox");
  if (saved?.user !== user || owner?.user !== user || inboxPhase.value !== "loading") return;
  rooms.value = saved.rooms;
  inboxPhase.value = "cached";
}

const keepSoon = soon(COLLECT_MS, () => {
  if (owner) keep("inbox", { user: owner.user, rooms: rooms.value.slice(0, PAGE) });
});

function set(next: readonly RoomSummary[]): void {
  rooms.value = inOrder(next);
  keepSoon();
}

/** Puts a room in, or what it is now: the user has just joined or changed it. */
export function takeRoom(room: RoomSummary): void {
  set([...rooms.value.filter(({ id }) => id !== room.id), room]);
  follow(room);
}

/** Takes a room out of the inbox. */
export function dropRoom(room: string): void {
  followed.get(room)?.abort();
  followed.delete(room);
  set(rooms.value.filter(({ id }) => id !== room));
}

function change(room: string, apply: (one: RoomSummary) => RoomSummary): void {
  const before = summaryOf(room);
  if (!before) return;
  const after = apply(before);
  if (after !== before) set(rooms.value.map((one) => (one === before ? after : one)));
}

/** The user has read a room up to `seq`: the count is right before the server says so. */
export const markRead = (room: string, seq: number): void => change(room, (one) => applyRead(one, seq));

/** Asks for the list soon, once for several reasons. */
export const reloadInbox = soon(COLLECT_MS, () => void load());

async function load(): Promise<void> {
  const mine = owner;
  if (!mine) return;
  const { signal } = mine.end;
  const askedAt = performance.now();
  try {
    const all: RoomSummary[] = [];
    let cursor: string | null = "";
    while (cursor !== null && all.length < ROOMS_MAX) {
      const page = await parley.rooms.list({ limit: PAGE, ...(cursor && { cursor }), signal });
      all.push(...page.items);
      cursor = page.next;
    }
    if (signal.aborted || askedAt < shownAt) return;
    shownAt = askedAt;
    const left = new Set(rooms.value.map(({ id }) => id));
    for (const { id } of all) left.delete(id);
    for (const room of left) dropRoom(room);
    set(all.map((one) => newer(one, summaryOf(one.id))));
    inboxPhase.value = "live";
    for (const one of all) follow(one);
  } catch (error) {
    if (!signal.aborted && (error as ParleyError).code !== "signed_out") setTimeout(load, RETRY_MS);
  }
}

/** What was heard while the list was on its way is newer than the list. */
const newer = (listed: RoomSummary, heard: RoomSummary | undefined): RoomSummary =>
  heard && heard.head > listed.head && followed.has(heard.id) ? { ...listed, ...heard } : listed;

/** Applies what happens in a room to its line in the inbox. */
function follow({ id, head }: RoomSummary): void {
  if (followed.has(id)) return;
  const end = new AbortController();
  followed.set(id, end);
  void (async () => {
    try {
      for await (const event of parley.rooms.get(id).events({ after: head, signal: end.signal }))
        change(id, (one) => applyEvent(one, event, owner?.user ?? ""));
    } catch (error) {
      if (end.signal.aborted) return;
      followed.delete(id);
      const isGone =
        error instanceof ParleyError && /^(not_a_member|room_not_found|forbidden)$/.test(error.code);
      if (isGone) dropRoom(id);
      else if ((error as ParleyError).code === "reset") reloadInbox();
    }
  })();
}

/** Follows memberships and read marks, of this device and the user's others. */
async function followMe(signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      for await (const event of parley.events({ signal })) {
        if (event.type === "read_mark") markRead(event.mark.room, event.mark.seq);
        if (event.type === "membership") reloadInbox();
      }
      // The client is closed.
      return;
    } catch {
      // More was missed than the server keeps.
      reloadInbox();
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}
