import { once } from "node:events";
import { dial, terminate } from "@parley/bench/dialects/dial";
import { withDeadline } from "@parley/runtime/deadline";
import { ERROR_FROM, HELLO } from "./dialect.ts";

const ANSWER_DEADLINE_MS = 20_000;
const ACCOUNT = '{"acc":{"id":"acc","user":"new","scheme":"anonymous","login":true}}';
/** Accounts that are made side by side. */
const ACCOUNTS_AT_ONCE = 32;

/** Tinode's answer to a request. */
type Answer = Readonly<{
  id: string;
  code: number;
  text: string;
  topic?: string;
  params?: Readonly<{ token?: string; build?: string }>;
}>;

/** An account of Tinode and a connection of it. */
export type AccountConnection = Readonly<{
  /** What lets the account in again. */
  token: string;
  /** The server's. */
  version: string;
  /** Sends a request, whose id must be new. @throws if the answer is an error or does not come within 20 s. */
  ask: (id: string, request: string) => Promise<Answer>;
  close: () => void;
}>;

/**
 * Makes an account and stays connected as it. It has no name and no password (`anonymous`), only a token: passwords
 * are hashed slowly on purpose, and clients log in by token afterwards in any case.
 *
 * @throws if Tinode cannot be reached or refuses.
 */
export async function openAccount(url: string): Promise<AccountConnection> {
  const ws = dial(url);
  const waiting = new Map<string, PromiseWithResolvers<Answer>>();
  const fail = (why: string) => {
    for (const { reject } of waiting.values()) reject(new Error(why));
    waiting.clear();
  };
  ws.on("error", (error) => fail(error.message));
  ws.on("close", (code) => fail(`closed with ${code}`));
  ws.on("message", (bytes: Buffer) => {
    const { ctrl } = JSON.parse(bytes.toString()) as { ctrl?: Answer };
    if (ctrl === undefined) return;
    const asked = waiting.get(ctrl.id);
    waiting.delete(ctrl.id);
    if (ctrl.code >= ERROR_FROM) asked?.reject(new Error(`Tinode answered ${ctrl.code} ${ctrl.text}`));
    else asked?.resolve(ctrl);
  });
  const ask = (id: string, request: string) => {
    const asked = Promise.withResolvers<Answer>();
    waiting.set(id, asked);
    ws.send(request);
    return withDeadline(asked.promise, ANSWER_DEADLINE_MS, "Tinode");
  };
  try {
    await once(ws, "open");
    const hi = await ask("hi", HELLO);
    const account = await ask("acc", ACCOUNT);
    return {
      token: account.params?.token ?? "",
      // "postgres:v0.22.13": what it was built for, and from.
      version: hi.params?.build?.split(":").at(-1) ?? "",
      ask,
      close: () => terminate(ws),
    };
  } catch (error) {
    terminate(ws);
    throw error;
  }
}

/** Makes so many accounts; gives what lets each in. @throws if Tinode refuses one. */
export async function makeTokens(url: string, count: number): Promise<string[]> {
  const tokens: string[] = [];
  const some = async () => {
    while (tokens.length < count) {
      const at = tokens.push("") - 1;
      const account = await openAccount(url);
      tokens[at] = account.token;
      account.close();
    }
  };
  await Promise.all(Array.from({ length: ACCOUNTS_AT_ONCE }, some));
  return tokens;
}
