import type { Account } from "@parley/devstack/accounts";
import { sleep } from "@parley/runtime/deadline";
import type { WebSocket } from "ws";
import { RECONNECT_MS, ReconnectingClient } from "./client-socket.ts";
import type { Delivery, Entry, Reception } from "./evidence.ts";
import { entryOf, readPage } from "./read-history.ts";

type RoomState = { readonly received: Delivery[]; head: number; buffered: Entry[] | undefined };
type Frame = Parameters<typeof entryOf>[0] &
  Readonly<{ type: string; room: string; code?: string; outcome?: string; from?: number; to?: number }>;

/**
 * A client that listens to some rooms: it resumes from its last seq after each lost connection, fills a gap from
 * history, and records everything that it receives.
 */
export class Listener extends ReconnectingClient {
  readonly name: string;
  readonly #rooms: ReadonlyMap<string, RoomState>;
  gaps = 0;
  /** Called with each message as it comes. */
  onMessage: (room: string, entry: Entry) => void = () => undefined;

  constructor(
    urls: string | readonly string[],
    { token }: Pick<Account, "token">,
    rooms: readonly string[],
    name = "",
  ) {
    super(urls, token);
    this.name = name;
    this.#rooms = new Map(rooms.map((room) => [room, { received: [], head: 0, buffered: undefined }]));
  }

  /** The highest seq received in a room. */
  head(room: string): number {
    return this.#rooms.get(room)?.head ?? 0;
  }

  /** All that came in a room, in the order of arrival. */
  received(room: string): readonly Delivery[] {
    return this.#rooms.get(room)?.received ?? [];
  }

  receptions(): Reception[] {
    return [...this.#rooms.keys()].map((room) => ({
      member: this.name,
      room,
      after: 0,
      received: this.received(room),
    }));
  }

  /** Error frames, and messages that did not have the seq after the one before. */
  get anomalies(): string[] {
    const errors = Object.keys(this.refusals).filter((code) => !/^\d+$/.test(code));
    const wrong = [...this.#rooms].flatMap(([room, { received }]) =>
      received.flatMap(({ seq }, i) => (seq === i + 1 ? [] : [`${room}: seq ${seq} at place ${i + 1}`])),
    );
    return [...errors, ...wrong];
  }

  /** Stops reading for a while. */
  mute(forMs: number): void {
    const { ws } = this;
    ws?.pause();
    setTimeout(() => ws?.resume(), forMs);
  }

  protected onOpen(ws: WebSocket): void {
    for (const state of this.#rooms.values()) state.buffered = undefined;
    const rooms = Object.fromEntries([...this.#rooms].map(([room, { head }]) => [room, head]));
    ws.send(JSON.stringify({ type: "resume", rooms }));
  }

  protected onFrame(ws: WebSocket, frame: Frame): void {
    if (frame.type === "error") {
      // A room that could not be opened: reconnect and ask again, as the protocol wants it.
      this.count(String(frame.code));
      ws.terminate();
    }
    const state = this.#rooms.get(frame.room);
    if (state === undefined) return;
    if (frame.type === "subscribed" && frame.outcome === "gap")
      void this.#fill(frame.room, state, frame.from ?? 0, frame.to ?? 0);
    if (frame.type !== "message") return;
    const entry = entryOf(frame);
    if (state.buffered !== undefined) state.buffered.push(entry);
    else this.#record(frame.room, state, entry);
  }

  #record(room: string, state: RoomState, entry: Entry): void {
    state.received.push({ ...entry, connection: this.connects });
    state.head = Math.max(state.head, entry.seq);
    this.onMessage(room, entry);
  }

  /** Reads a gap from history; live messages are buffered meanwhile. */
  async #fill(room: string, state: RoomState, from: number, to: number): Promise<void> {
    this.gaps += 1;
    const buffered: Entry[] = [];
    state.buffered = buffered;
    const base = this.url.replace(/^ws/, "http").replace(/\/ws$/, "");
    for (let after = from - 1; after < to && !this.isClosed; ) {
      const page = await readPage(base, this.token, room, after, to - after).catch(() => []);
      // A new connection has resumed from what there was meanwhile, and reports its own gap if there is one.
      if (state.buffered !== buffered) return;
      for (const message of page) this.#record(room, state, entryOf(message));
      after = page.at(-1)?.seq ?? after;
      if (page.length === 0) await sleep(RECONNECT_MS);
    }
    if (state.buffered !== buffered) return;
    state.buffered = undefined;
    for (const entry of buffered) this.#record(room, state, entry);
  }
}
