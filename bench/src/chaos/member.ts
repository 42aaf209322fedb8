import { WebSocket } from "ws";
import type { Account } from "./account.ts";
import type { Entry, Heard, Hearing } from "./evidence.ts";
import { entryOf, readPage } from "./read-history.ts";

/** How long after a lost connection a client tries again, and at most how long a handshake may take, ms. */
const RECONNECT_MS = 100;
const HANDSHAKE_MS = 3_000;

type Place = { readonly heard: Heard[]; head: number; filling: Entry[] | undefined };
type Frame = Parameters<typeof entryOf>[0] &
  Readonly<{ type: string; room: string; outcome?: string; from?: number; to?: number }>;

/**
 * A member of some rooms that resumes from the last seq it has after each lost connection, fills a gap from history,
 * and writes down all that it hears.
 */
export class Member {
  readonly name: string;
  readonly #url: string;
  readonly #account: Account;
  readonly #places = new Map<string, Place>();
  #ws: WebSocket | undefined;
  #isClosed = false;
  connects = 0;
  gaps = 0;
  /** Error frames and closes by code. */
  readonly refusals: Record<string, number> = {};
  /** Called with each message as it comes. */
  onHeard: (room: string, entry: Entry) => void = () => undefined;

  constructor(name: string, url: string, account: Account, rooms: readonly string[]) {
    this.name = name;
    this.#url = url;
    this.#account = account;
    for (const room of rooms) this.#places.set(room, { heard: [], head: 0, filling: undefined });
    this.#connect();
  }

  head(room: string): number {
    return this.#places.get(room)?.head ?? 0;
  }

  hearings(): Hearing[] {
    return [...this.#places].map(([room, { heard }]) => ({ member: this.name, room, after: 0, heard }));
  }

  /** Reads nothing for a while. */
  mute(forMs: number): void {
    const ws = this.#ws;
    if (ws?.readyState !== WebSocket.OPEN) return;
    ws.pause();
    setTimeout(() => ws.resume(), forMs);
  }

  /** Ends the connection without a word; then comes back. */
  vanish(): void {
    this.#ws?.terminate();
  }

  close(): void {
    this.#isClosed = true;
    this.#ws?.terminate();
  }

  #connect(): void {
    if (this.#isClosed) return;
    const headers = { authorization: `Bearer ${this.#account.token}` };
    const ws = new WebSocket(this.#url, {
      headers,
      handshakeTimeout: HANDSHAKE_MS,
      perMessageDeflate: false,
    });
    this.#ws = ws;
    ws.on("error", () => undefined);
    ws.on("open", () => {
      this.connects += 1;
      for (const place of this.#places.values()) place.filling = undefined;
      const rooms = Object.fromEntries([...this.#places].map(([room, { head }]) => [room, head]));
      ws.send(JSON.stringify({ type: "resume", rooms }));
    });
    ws.on("message", (bytes) => {
      if (ws === this.#ws) this.#take(ws, JSON.parse(String(bytes)) as Frame);
    });
    ws.on("close", (code) => {
      this.#count(String(code));
      setTimeout(() => this.#connect(), RECONNECT_MS);
    });
  }

  #take(ws: WebSocket, frame: Frame): void {
    if (frame.type === "error") {
      // A room that could not be opened: come back and ask again, as the protocol wants it.
      this.#count((frame as unknown as { code: string }).code);
      ws.terminate();
      return;
    }
    const place = this.#places.get(frame.room);
    if (place === undefined) return;
    if (frame.type === "subscribed" && frame.outcome === "gap")
      void this.#fill(frame.room, place, frame.from ?? 0, frame.to ?? 0);
    if (frame.type !== "message") return;
    const entry = entryOf(frame);
    if (place.filling !== undefined) place.filling.push(entry);
    else this.#keep(frame.room, place, entry);
  }

  #keep(room: string, place: Place, entry: Entry): void {
    place.heard.push({ ...entry, connection: this.connects });
    place.head = Math.max(place.head, entry.seq);
    this.onHeard(room, entry);
  }

  /** Reads what a gap leaves out from history, then goes on with what came behind it. */
  async #fill(room: string, place: Place, from: number, to: number): Promise<void> {
    this.gaps += 1;
    const waiting: Entry[] = [];
    place.filling = waiting;
    const base = this.#url.replace(/^ws/, "http").replace(/\/ws$/, "");
    let after = from - 1;
    while (after < to && !this.#isClosed) {
      const page = await readPage(base, this.#account.token, room, after, to - after).catch(() => []);
      // A new connection has resumed from what there was meanwhile, and tells of its own gap if there is one.
      if (place.filling !== waiting) return;
      for (const entry of page) this.#keep(room, place, entry);
      after = page.at(-1)?.seq ?? after;
      if (page.length === 0) await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS));
    }
    if (place.filling !== waiting) return;
    place.filling = undefined;
    for (const entry of waiting) this.#keep(room, place, entry);
  }

  #count(code: string): void {
    this.refusals[code] = (this.refusals[code] ?? 0) + 1;
  }
}
