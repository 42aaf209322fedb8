import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { showRoom } from "../../../examples/page.ts";
import { Room } from "../../../examples/room.tsx";
import { createParley, type Options, type Parley } from "../src/index.ts";
import { indexedDbStore } from "../src/indexeddb.ts";
import { shareTabs } from "../src/tabs.ts";

/** Sockets that this page has opened, and the frames it has sent. */
const sockets: WebSocket[] = [];
const frames: string[] = [];
window.WebSocket = class extends WebSocket {
  constructor(url: string | URL) {
    super(url);
    sockets.push(this);
  }
  override send(text: string): void {
    frames.push(text);
    super.send(text);
  }
};
const leads: number[] = [];

/** What the tests in Node call. */
const page = {
  sockets: () => sockets.filter(({ readyState }) => readyState <= 1).length,
  opened: () => sockets.length,
  frames: () => frames,
  leads: () => leads.length,
  parley: undefined as Parley | undefined,
  open(url: Options["url"], id: string, isShared: boolean, token?: string) {
    const tabs = isShared ? { tabs: shareTabs("test") } : {};
    const auth = token === undefined ? {} : { auth: async () => token };
    const log = ({ event }: { event: string }) => event === "tab_leads" && leads.push(performance.now());
    page.parley = createParley({ url, store: indexedDbStore(id), log, ...auth, ...tabs });
    page.parley.rooms.get(id).open();
    return page.parley;
  },
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
