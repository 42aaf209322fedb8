import { createLeader } from "./tab-leader.ts";
import type { FromTab, ToTab } from "./tab-messages.ts";
import { TabSocket } from "./tab-socket.ts";
import type { Endpoint, Grant, Link, Release, TabSharing } from "./types.ts";

export type { TabSharing } from "./types.ts";

/** How often a tab asks whether the leader is there, and how many answers may be missing, ms. */
const ASK_MS = 300;
const MISSING_MAX = 4;
/** A tick that comes later than this proves nothing: this tab itself was frozen or throttled, ms. */
const LATE_MS = 2_000;

/**
 * Lets all tabs of a browser share one pair of sockets and one token renewal. One tab leads (Web Locks); the others
 * reach it by a BroadcastChannel. If it is closed, another leads; if it is frozen, its lock is taken from it. Without
 * Web Locks (plain HTTP) every tab has its own sockets.
 *
 * @param name Tabs of the same name share; use one per account if people can be several at once.
 * @example
 * const parley = createParley({ url, tabs: shareTabs() });
 */
export function shareTabs(name = "parley"): TabSharing {
  return {
    join(own, log) {
      const { locks } = navigator as Partial<Navigator>;
      if (!locks || typeof BroadcastChannel === "undefined") return { ...own, close: () => undefined };
      return new Tab(name, own, log).link;
    },
  };
}

type Own = Omit<Link, "close">;
type LogEntry = Parameters<Parameters<TabSharing["join"]>[1]>[0];

/** A token that was asked for; `ask` asks the tab that leads now. */
type Asked = { resolve: (grant: Grant) => void; reject: (error: unknown) => void; ask: () => void };

/** One tab: it follows, and leads when the lock is its own. */
class Tab {
  readonly #id = Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(36)).join("");
  readonly #name: string;
  readonly #own: Own;
  readonly #log: (entry: LogEntry) => void;
  readonly #channel: BroadcastChannel;
  readonly #sockets = new Map<string, TabSocket>();
  readonly #tokens = new Map<string, Asked>();
  /** Ends the request for the lock, or the lead. */
  #abort = new AbortController();
  /** Ends with the tab: the leader learns of it by the tab's own lock, without a heartbeat. */
  #life = new AbortController();
  /** The tab's own lock is held: nothing is said to the leader before. */
  #alive: Promise<void> = Promise.resolve();
  #token: string | undefined;
  #leader: ReturnType<typeof createLeader> | undefined;
  #missing = 0;
  #askedAt = performance.now();
  #count = 0;
  #isClosed = false;
  readonly #stopAsking: Release;
  readonly #unwatch: Release;

  constructor(name: string, own: Own, log: (entry: LogEntry) => void) {
    this.#name = name;
    this.#own = own;
    this.#log = log;
    this.#channel = new BroadcastChannel(name);
    this.#channel.onmessage = ({ data }) => this.#hear(data as FromTab | ToTab);
    (this.#channel as { unref?: () => void }).unref?.();
    this.#enter();
    const timer = setInterval(() => this.#ask(), ASK_MS);
    (timer as { unref?: () => void }).unref?.();
    this.#stopAsking = () => clearInterval(timer);
    this.#unwatch = this.#watchPage();
  }

  #enter(): void {
    const life = new AbortController();
    this.#life = life;
    this.#alive = new Promise((granted) => {
      const hold = () =>
        new Promise<void>((end) => {
          granted();
          life.signal.addEventListener("abort", () => end());
        });
      navigator.locks.request(`${this.#name} ${this.#id}`, hold).catch(() => undefined);
    });
    this.#campaign(false);
  }

  readonly link: Link = {
    openSocket: (endpoint) => this.#open(endpoint),
    renew: (why, signal) => this.#renew(why, signal),
    forget: () => {
      this.#token = undefined;
      this.#post({ kind: "forget", tab: this.#id });
    },
    close: () => {
      this.#isClosed = true;
      this.#resign();
      this.#unwatch();
      this.#stopAsking();
      this.#channel.close();
    },
  };

  /** Asks for the lock, which is granted when the leader ends; `steal` takes it from one that does not answer. */
  #campaign(steal: boolean): void {
    const abort = new AbortController();
    this.#abort.abort();
    this.#depose();
    this.#abort = abort;
    const options = steal ? { steal } : { signal: abort.signal };
    navigator.locks
      .request(this.#name, options, () => this.#lead(abort.signal))
      // Aborted, or the lock was stolen: whoever took it thought that this tab was frozen.
      .catch(() => {
        this.#depose();
        if (!this.#isClosed && this.#abort === abort && !abort.signal.aborted) this.#campaign(false);
      });
  }

  #lead(end: AbortSignal): Promise<void> {
    if (end.aborted) return Promise.resolve();
    this.#log({ level: "info", event: "tab_leads", tab: this.#id });
    const send = (message: ToTab) => {
      this.#channel.postMessage(message);
      this.#hear(message);
    };
    this.#leader = createLeader(this.#own, this.#id, send, (tab, gone) => this.#watchTab(tab, gone));
    send({ kind: "leader", leader: this.#id });
    return new Promise((resolve) => end.addEventListener("abort", () => resolve()));
  }

  /** Calls back when another tab has ended. */
  #watchTab(tab: string, gone: () => void): void {
    if (tab === this.#id) return;
    const { signal } = this.#abort;
    navigator.locks.request(`${this.#name} ${tab}`, { signal }, gone).catch(() => undefined);
  }

  #depose(): void {
    this.#leader?.close();
    this.#leader = undefined;
  }

  #resign(): void {
    this.#life.abort();
    this.#abort.abort();
    this.#depose();
    this.#drop();
  }

  #post(message: FromTab): void {
    if (this.#leader) this.#leader.hear(message);
    else if (!this.#isClosed) this.#channel.postMessage(message);
  }

  #open(endpoint: Endpoint): TabSocket {
    this.#count += 1;
    const socket = `${this.#id} ${this.#count}`;
    const opened = new TabSocket(
      endpoint,
      (text) => this.#post({ kind: "frame", tab: this.#id, socket, endpoint, text }),
      () => {
        this.#sockets.delete(socket);
        this.#post({ kind: "close", tab: this.#id, socket, endpoint });
      },
    );
    this.#sockets.set(socket, opened);
    void this.#alive.then(() => {
      if (opened.readyState === 0) this.#post({ kind: "open", tab: this.#id, socket, endpoint });
    });
    return opened;
  }

  #renew(why: Parameters<Own["renew"]>[0], signal: AbortSignal): Promise<Grant> {
    this.#count += 1;
    const id = `${this.#id} ${this.#count}`;
    return new Promise<Grant>((resolve, reject) => {
      const ask = () => this.#post({ kind: "token", tab: this.#id, id, why, had: this.#token });
      this.#tokens.set(id, { resolve, reject, ask });
      signal.addEventListener("abort", () => reject(signal.reason));
      void this.#alive.then(ask);
    }).finally(() => this.#tokens.delete(id));
  }

  #hear(message: FromTab | ToTab): void {
    if ("tab" in message) {
      this.#leader?.hear(message);
      return;
    }
    this.#missing = 0;
    if (message.kind === "leader") {
      if (message.leader !== this.#id && this.#leader) this.#campaign(false);
      this.#drop();
    } else if (message.kind === "opened") this.#sockets.get(message.socket)?.opened();
    else if (message.kind === "frame")
      for (const id of message.sockets) this.#sockets.get(id)?.received(message.text);
    else if (message.kind === "closed") this.#closed(message.sockets, message.code, message.reason);
    else if (message.kind === "token") this.#granted(message);
  }

  #closed(sockets: readonly string[], code: number, reason: string): void {
    for (const id of sockets) {
      this.#sockets.get(id)?.closed(code, reason);
      this.#sockets.delete(id);
    }
  }

  #granted({ id, grant, error }: Extract<ToTab, { kind: "token" }>): void {
    const asked = this.#tokens.get(id);
    if (grant && asked) {
      this.#token = grant.token;
      asked.resolve(grant);
    } else asked?.reject(Object.assign(new Error(error?.message), error));
  }

  /** What went through a leader that is gone is closed; tokens and what was not opened yet are asked for again. */
  #drop(): void {
    for (const { ask, reject } of this.#tokens.values())
      if (this.#isClosed) reject(new Error("closed"));
      else ask();
    const opened = [...this.#sockets].filter(([, { readyState }]) => readyState > 0).map(([id]) => id);
    this.#closed(opened, 1012, "another tab leads");
    for (const [socket, { endpoint }] of this.#sockets)
      this.#post({ kind: "open", tab: this.#id, socket, endpoint });
  }

  /** Asks whether the leader is there. */
  #ask(): void {
    const now = performance.now();
    const isLate = now - this.#askedAt > LATE_MS;
    this.#askedAt = now;
    if (this.#leader || this.#isClosed) return;
    this.#missing = isLate ? 0 : this.#missing + 1;
    if (this.#missing > MISSING_MAX) {
      this.#missing = 0;
      this.#log({ level: "warn", event: "tab_takes_lead", tab: this.#id });
      this.#campaign(true);
    } else this.#post({ kind: "ask", tab: this.#id });
  }

  /** A page that is kept for "back" may hold no lock: it resigns, and comes back as a new one would. */
  #watchPage(): Release {
    const page = (globalThis as { window?: EventTarget }).window;
    const hide = () => this.#resign();
    const show = ({ persisted }: { persisted?: boolean }) => persisted && this.#enter();
    page?.addEventListener?.("pagehide", hide);
    page?.addEventListener?.("pageshow", show as () => void);
    return () => {
      page?.removeEventListener?.("pagehide", hide);
      page?.removeEventListener?.("pageshow", show as () => void);
    };
  }
}
