import type { Connection } from "./connection.ts";
import type { Http } from "./http.ts";
import type { WriteLog } from "./log.ts";
import type { Outbox } from "./outbox.ts";
import type { Requests } from "./requests.ts";
import type { Subscriptions } from "./subscriptions.ts";
import type { Timers } from "./timers.ts";
import type { Tokens } from "./tokens.ts";
import type { Release, Store } from "./types.ts";

/** What the parts of one client share. */
export type Core = Readonly<{
  timers: Timers;
  log: WriteLog;
  report: (error: unknown) => void;
  tokens: Tokens;
  http: Http;
  sender: Connection;
  requests: Requests;
  outbox: Outbox;
  subscriptions: Subscriptions;
  store: Store | undefined;
  /** Keeps both sockets up until the release. */
  connect: () => Release;
}>;
