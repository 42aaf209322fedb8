import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { showRoom } from "../../../examples/page.ts";
import { Room } from "../../../examples/room.tsx";
import { createParley, type LogRecord, type Options, type Parley } from "../src/index.ts";
import { indexedDbStore } from "../src/indexeddb.ts";
import { shareTabs } from "../src/tabs.ts";
import { createTestClock } from "../src/test-clock.ts";

/** Sockets that this page has opened, the first frame that each has sent, all frames, and rejections that nobody took. */
const sockets: WebSocket[] = [];
const firstFrames = new Map<WebSocket, string>();
const frames: string[] = [];
const rejections: string[] = [];
window.WebSocket = class extends WebSocket {
  constructor(url: string | URL) {
    super(url);
    sockets.push(this);
  }
  override send(text: string): void {
    frames.push(text);
    if (!firstFrames.has(this)) firstFrames.set(this, text);
    if (text.includes('"auth"')) page.story.push("auth");
    super.send(text);
  }
};
window.addEventListener("unhandledrejection", ({ reason }) => rejections.push(String(reason)));

type ClientOptions = Readonly<{ isClocked?: boolean; isShared?: boolean; database?: string }>;

/** What the tests in Node call. */
const page = {
  sockets: () => sockets.filter(({ readyState }) => readyState <= 1).length,
  opened: () => sockets.length,
  frames: () => frames,
  firstFrames: () => [...firstFrames.values()],
  rejections: () => rejections,
  leads: () => page.entries.filter(({ event }) => event === "tab_leads").length,
  entries: [] as LogRecord[],
  clock: createTestClock(),
  /** Why tokens were asked for, and that one was sent. */
  story: [] as string[],
  isRenewalFailing: false,
  clients: [] as Parley[],
  parley: undefined as Parley | undefined,
  /** Makes a client whose token is given; `parley` is the last one. */
  client(url: Options["url"], token: string, { isClocked, isShared, database }: ClientOptions = {}): Parley {
    const parley = createParley({
      url,
      async auth(why) {
        page.story.push(page.isRenewalFailing ? `${why} fails` : why);
        if (page.isRenewalFailing) throw new Error("no network yet");
        return token;
      },
      log: (entry) => page.entries.push(entry),
      ...(isClocked && { clock: page.clock }),
      ...(isShared && { tabs: shareTabs("test") }),
      ...(database !== undefined && { store: indexedDbStore(database) }),
    });
    page.clients.push(parley);
    page.parley = parley;
    return parley;
  },
  store: indexedDbStore,
  /** Reads a room from its beginning. */
  heard: [] as { seq: number; id: string }[],
  read(id: string) {
    void (async () => {
      for await (const event of page.room(id).events({ after: 0 }))
        page.heard.push({ seq: event.seq, id: event.id });
    })().catch(() => undefined);
  },
  room: (id: string) => (page.parley as Parley).rooms.get(id),
  texts: (id: string) => page.parley?.rooms.get(id).timeline.value.items.map(({ body }) => body),
  state: () => page.parley?.status.value.state,
  showRoom(url: Options["url"], id: string) {
    page.parley = showRoom(document.body, url, id).parley;
  },
  render(url: Options["url"], id: string) {
    const parley = createParley({ url });
    page.parley = parley;
    createRoot(document.body.appendChild(document.createElement("main"))).render(
      <StrictMode>
        <Room parley={parley} id={id} />
      </StrictMode>,
    );
  },
};
export type TestPage = typeof page;
Object.assign(window, { page });
