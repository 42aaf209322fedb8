import { WebSocket } from "ws";
import type { Frame } from "./frame-socket.ts";

/** How long after a lost connection a client tries again, ms. */
const RECONNECT_MS = 100;

export type Received = Readonly<{
  seq: number;
  id: string;
  body: string;
  author: { id: string; username: string };
}>;

/** Messages that a page of history is asked for. */
const PAGE = 200;

/**
 * A member that resumes from the last seq it has after each lost connection, fills a gap from history, and keeps what
 * it got, by room.
 */
export class Member {
  readonly #url: string;
  readonly #token: () => string;
  readonly rooms = new Map<string, Received[]>();
  /** Frames that broke the order: not the seq after the last one. */
  readonly anomalies: string[] = [];
  connects = 0;
  gaps = 0;
  /** Frames that wait, by room, while history is read. */
  readonly #filling = new Map<string, Received[]>();
  #ws: WebSocket | undefined;
  #isClosed = false;

  constructor(url: string, token: () => string, rooms: readonly string[]) {
    this.#url = url;
    this.#token = token;
    for (const room of rooms) this.rooms.set(room, []);
    this.#connect();
  }

  head(room: string): number {
    return this.rooms.get(room)?.length ?? 0;
  }

  #connect(): void {
    if (this.#isClosed) return;
    const ws = new WebSocket(this.#url, { headers: { authorization: `Bearer ${this.#token()}` } });
    this.#ws = ws;
    ws.on("open", () => {
      this.connects += 1;
      this.#filling.clear();
      const rooms = Object.fromEntries([...this.rooms.keys()].map((room) => [room, this.head(room)]));
      ws.send(JSON.stringify({ type: "resume", rooms }));
    });
    ws.on("message", (bytes) => this.#take(JSON.parse(String(bytes)) as Frame));
    ws.on("error", () => undefined);
    ws.on("close", () => setTimeout(() => this.#connect(), RECONNECT_MS));
  }

  #take(frame: Frame): void {
    if (frame.type === "error") this.anomalies.push(`error: ${JSON.stringify(frame)}`);
    if (frame.type === "subscribed" && frame.outcome === "gap") {
      void this.#fill(String(frame.room), Number(frame.from), Number(frame.to));
    }
    if (frame.type !== "message") return;
    const { room, seq, id, body, author } = frame as unknown as Received & { room: string };
    const waiting = this.#filling.get(room);
    if (waiting) waiting.push({ seq, id, body, author });
    else this.#keep(room, { seq, id, body, author });
  }

  #keep(room: string, message: Received): void {
    const got = this.rooms.get(room);
    if (!got) return void this.anomalies.push(`a message of ${room}, which was not asked for`);
    if (message.seq !== got.length + 1)
      this.anomalies.push(`${room}: seq ${message.seq} after ${got.length}`);
    got.push(message);
  }

  /** Reads from history what a gap leaves out, then goes on with what came behind it. */
  async #fill(room: string, from: number, to: number): Promise<void> {
    this.gaps += 1;
    const waiting: Received[] = [];
    this.#filling.set(room, waiting);
    const base = this.#url.replace(/^ws/, "http").replace(/\/ws$/, "");
    for (let after = from - 1; after < to; ) {
      const url = `${base}/api/v1/rooms/${room}/messages?after=${after}&limit=${Math.min(PAGE, to - after)}`;
      const answer = await fetch(url, { headers: { authorization: `Bearer ${this.#token()}` } }).catch(
        () => undefined,
      );
      const { data } =
        answer?.status === 200 ? ((await answer.json()) as { data: Received[] }) : { data: [] };
      for (const { seq, id, body, author } of data) this.#keep(room, { seq, id, body, author });
      after += data.length;
      if (data.length === 0) await new Promise((resolve) => setTimeout(resolve, RECONNECT_MS));
      // A new connection has resumed from what there was meanwhile, and tells of its own gap if there is one.
      if (this.#filling.get(room) !== waiting) return;
    }
    this.#filling.delete(room);
    for (const message of waiting) this.#keep(room, message);
  }

  /** Drops the connection without a word; the member comes back by itself. */
  drop(): void {
    this.#ws?.terminate();
  }

  close(): void {
    this.#isClosed = true;
    this.#ws?.close();
  }
}
