import type { Endpoint, Grant, Why } from "./types.ts";

/** What a tab tells the leader. */
export type FromTab = Readonly<{ tab: string }> &
  (
    | Readonly<{ kind: "open" | "close"; socket: string; endpoint: Endpoint }>
    | Readonly<{ kind: "frame"; socket: string; endpoint: Endpoint; text: string }>
    | Readonly<{ kind: "token"; id: string; why: Why; had: string | undefined }>
    | Readonly<{ kind: "ask" | "forget" }>
  );

/** What the leader tells all tabs; who is not meant ignores it. */
export type ToTab =
  | Readonly<{ kind: "leader"; leader: string }>
  | Readonly<{ kind: "here" }>
  | Readonly<{ kind: "opened"; socket: string }>
  | Readonly<{ kind: "frame"; sockets: readonly string[]; text: string }>
  | Readonly<{ kind: "closed"; sockets: readonly string[]; code: number; reason: string }>
  | Readonly<{ kind: "token"; id: string; grant?: Grant; error?: { code?: string; message: string } }>;
