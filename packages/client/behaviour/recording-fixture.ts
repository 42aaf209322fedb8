import type { SocketClass, SocketLike, Store } from "../src/types.ts";

/** A WebSocket class that keeps every socket it made, and the frames that were sent on them. */
export function recordingSockets(): {
  Socket: SocketClass;
  sockets: SocketLike[];
  frames: string[];
  urls: string[];
} {
  const sockets: SocketLike[] = [];
  const frames: string[] = [];
  const urls: string[] = [];
  const Socket = class extends WebSocket {
    constructor(url: string) {
      super(url);
      urls.push(url);
      sockets.push(this as never);
    }
    override send(text: string): void {
      frames.push(text);
      super.send(text);
    }
  } as unknown as SocketClass;
  return { Socket, sockets, frames, urls };
}

/** A store in memory, as a browser's would outlive a page. */
export function memoryStore(): Store & { readonly content: Map<string, unknown> } {
  const content = new Map<string, unknown>();
  return {
    content,
    get: async (key) => content.get(key),
    set: async (key, value) =>
      void (value === undefined ? content.delete(key) : content.set(key, structuredClone(value))),
    list: async (prefix) => [...content].filter(([key]) => key.startsWith(prefix)).sort(),
    clear: async () => content.clear(),
  };
}

type FakePage = {
  dispatch(name: string): void;
  show(isVisible: boolean): void;
  listeners(): number;
  remove(): void;
};

/** A window and a document for a client in Node, as far as it looks at them. */
export function fakePage(): FakePage {
  let count = 0;
  class Target extends EventTarget {
    override addEventListener(...args: Parameters<EventTarget["addEventListener"]>): void {
      count += 1;
      super.addEventListener(...args);
    }
    override removeEventListener(...args: Parameters<EventTarget["removeEventListener"]>): void {
      count -= 1;
      super.removeEventListener(...args);
    }
  }
  const page = new Target();
  const document = Object.assign(new Target(), { visibilityState: "visible" });
  Object.assign(globalThis, { window: page, document });
  return {
    dispatch: (name) => void page.dispatchEvent(new Event(name)),
    show(isVisible) {
      document.visibilityState = isVisible ? "visible" : "hidden";
      document.dispatchEvent(new Event("visibilitychange"));
    },
    listeners: () => count,
    remove() {
      for (const name of ["window", "document"]) Reflect.deleteProperty(globalThis, name);
    },
  };
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
