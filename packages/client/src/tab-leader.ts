import { SharedSocket } from "./shared-socket.ts";
import type { FromTab, ToTab } from "./tab-messages.ts";
import type { Endpoint, Grant, Link, Why } from "./types.ts";

/** A token is passed on if it is good for so long, ms. */
const LIFE_MS_MIN = 10_000;

/** Serves all tabs, its own among them, with one socket to each service and one token. */
export function createLeader(
  own: Omit<Link, "close">,
  leader: string,
  send: (message: ToTab) => void,
  watchTab: (tab: string, gone: () => void) => void,
) {
  const shared: Record<Endpoint, SharedSocket> = {
    send: new SharedSocket(() => own.openSocket("send"), send),
    listen: new SharedSocket(() => own.openSocket("listen"), send),
  };
  const tabs = new Set<string>([leader]);
  const end = new AbortController();
  let renewing: Promise<Grant> | undefined;
  let last: { grant: Grant; at: number } | undefined;

  /** One renewal for all. A tab that has another token than the last one gets that, if it is still good. */
  const renew = (why: Why, had: string | undefined): Promise<Grant> => {
    const known: Grant | { token: typeof had; lifeMs?: number } = last?.grant ?? { token: had };
    const { token, lifeMs = Number.POSITIVE_INFINITY } = known;
    const leftMs = lifeMs - (performance.now() - (last?.at ?? 0));
    if (token !== undefined && token !== had && leftMs > LIFE_MS_MIN)
      return Promise.resolve({
        ...known,
        token,
        ...(leftMs < Number.POSITIVE_INFINITY && { lifeMs: leftMs }),
      });
    renewing ??= ask(why);
    return renewing;
  };

  /** What comes after somebody has signed out or in meanwhile is of an earlier session, and is passed on to nobody else. */
  const ask = (why: Why): Promise<Grant> => {
    const settle = (next: typeof last) => {
      if (renewing !== mine) return;
      last = next;
      renewing = undefined;
    };
    const mine: Promise<Grant> = own.renew(why, end.signal).then(
      (grant) => {
        settle({ grant, at: performance.now() });
        return grant;
      },
      (error) => {
        settle(undefined);
        throw error;
      },
    );
    return mine;
  };

  const token = async ({ id, why, had }: Extract<FromTab, { kind: "token" }>) => {
    const answer = await renew(why, had).then(
      (grant) => ({ grant }),
      ({ code, message }) => ({ error: { code, message: String(message) } }),
    );
    // Once another tab leads, that one is asked.
    if (!end.signal.aborted) send({ kind: "token", id, ...answer });
  };

  return {
    hear(message: FromTab): void {
      const { tab } = message;
      if (!tabs.has(tab)) {
        tabs.add(tab);
        watchTab(tab, () => {
          tabs.delete(tab);
          for (const one of Object.values(shared)) one.leave(tab);
        });
      }
      if (message.kind === "ask") send({ kind: "here" });
      else if (message.kind === "forget") last = renewing = undefined;
      else if (message.kind === "token") void token(message);
      else if (message.kind === "open") shared[message.endpoint].open(tab, message.socket);
      else if (message.kind === "close") shared[message.endpoint].close(message.socket);
      else if (message.kind === "frame") shared[message.endpoint].frame(message.socket, message.text);
    },
    close(): void {
      end.abort();
      for (const one of Object.values(shared)) one.end();
    },
  };
}
