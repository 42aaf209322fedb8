import postgres from "postgres";
import { sleep, withDeadline } from "./deadline.ts";
import { BusyError, countDatabaseError, READ_ONLY } from "./postgres-errors.ts";
import { createConnectNext, urlsOfHosts } from "./postgres-hosts.ts";

const CONNECT_DEADLINE_S = 5;
const END_DEADLINE_S = 1;
/** Most statements in the queue, per connection. */
const WAITING_PER_CONNECTION = 32;
/** Retry delay while the queue is full, ms. */
const BUSY_RETRY_MS = 1_000;
/** Interval at which the backend of a late statement is looked up, and the deadline of a look, ms. */
const LOOK_EVERY_MS = 500;
const LOOK_DEADLINE_MS = 2_000;
/**
 * SQLSTATEs with which a server ends a connection. The driver takes such an error for that of the next connection as well,
 * which it then uses without looking whether its server is a standby.
 */
const ENDS_CONNECTION = /^57P/;
/** A connection for looks is closed after this long without one, s. */
const LOOKS_IDLE_S = 10;

export type DatabaseOptions = Readonly<{
  /** One server, or several separated by commas (`postgres://user@one,two/parley`): the first that takes writes is used. */
  url: string;
  /** Shown in pg_stat_activity. */
  name: string;
  /** Most connections. */
  connections: number;
  /** Default deadline of a statement, ms. */
  deadlineMs: number;
  /** Settings of each connection, such as `jit: "off"`. */
  settings?: Readonly<Record<string, string>>;
}>;

/** Values of a statement's parameters. Rows of input are one JSON text: `$1::text::json`. */
export type Param = string | number | boolean | null | Date;

/**
 * A pool whose connections send one prepared statement at a time, with a deadline. There are no transactions on
 * purpose: with this driver the second half of one was committed outside of it after its backend had been killed, so
 * every write is one statement (docs/decisions/0006).
 */
export interface Database {
  /**
   * Sends one statement and returns its rows. The deadline begins when the statement gets its connection.
   *
   * @throws {import("./deadline.ts").DeadlineError} after `deadlineMs`: the outcome is unknown. Only the connection of
   * this statement is replaced, because a half-open one would hang for ever; other statements continue. It keeps its place
   * while its backend works: a commit that waits for a standby ends by no timeout, and backends would pile up.
   * @throws {BusyError} if too many statements wait for a connection, or this one waited `deadlineMs` for it.
   */
  query<Row extends object>(text: string, params?: readonly Param[], deadlineMs?: number): Promise<Row[]>;
  close(): Promise<void>;
}

type Sql = ReturnType<typeof postgres>;
type Waiting = { take: (sql: Sql) => void; refuse: (error: Error) => void; timer: NodeJS.Timeout };

/** Makes one connection, which connects at its first use and again after it was lost. */
function openConnection(
  { url, name, deadlineMs, settings = {} }: DatabaseOptions,
  idle: { idle_timeout?: number } = {},
): Sql {
  const urls = urlsOfHosts(url);
  return postgres(url, {
    max: 1,
    ...idle,
    connect_timeout: CONNECT_DEADLINE_S,
    keep_alive: 5,
    backoff: (attempt: number) => Math.min(1, 0.05 * 2 ** attempt),
    onnotice: () => undefined,
    // Fetching array types is an extra query whose failure cannot be caught and would end the process.
    fetch_types: false,
    connection: { application_name: name, statement_timeout: deadlineMs, ...settings },
    ...(urls.length > 1 ? { target_session_attrs: "primary" as const, socket: createConnectNext(urls) } : {}),
    types: { bigint: { to: 20, from: [20], parse: Number, serialize: String } },
  });
}

/** Opens a pool. It connects when a query needs it; an unreachable server is an error of the query. */
export function openDatabase(options: DatabaseOptions): Database {
  const { connections, name } = options;
  const idle: Sql[] = [];
  const isAtWork = createLook(options);
  let isClosing = false;
  const open = new Set<Sql>();
  const queue: Waiting[] = [];
  const busy = (why: string) => {
    const error = new BusyError(`${name}: ${why}`, BUSY_RETRY_MS);
    countDatabaseError(error);
    return error;
  };

  const release = (sql: Sql) => {
    const next = queue.shift();
    if (next === undefined) return void idle.push(sql);
    clearTimeout(next.timer);
    next.take(sql);
  };
  const add = () => {
    const sql = openConnection(options);
    open.add(sql);
    return sql;
  };
  const wait = (ms: number) => {
    if (queue.length >= connections * WAITING_PER_CONNECTION)
      return Promise.reject(busy("too many statements wait for a connection"));
    return new Promise<Sql>((take, refuse) => {
      const waiting: Waiting = { take, refuse, timer: setTimeout(() => expire(waiting, ms), ms) };
      queue.push(waiting);
    });
  };
  const expire = (waiting: Waiting, ms: number) => {
    queue.splice(queue.indexOf(waiting), 1);
    waiting.refuse(busy(`no connection was free in ${ms} ms`));
  };
  const replaceOnceFree = async (sql: Sql, pid: number | undefined) => {
    while (!isClosing && (await isAtWork(pid))) await sleep(LOOK_EVERY_MS);
    replace(sql);
  };
  const replace = (sql: Sql) => {
    open.delete(sql);
    void sql.end({ timeout: END_DEADLINE_S }).catch(() => undefined);
    release(add());
  };
  return {
    async query<Row extends object>(
      text: string,
      params: readonly Param[] = [],
      deadlineMs = options.deadlineMs,
    ) {
      const sql = idle.pop() ?? (open.size < connections ? add() : await wait(deadlineMs));
      const query = sql.unsafe<Row[]>(text, params as Param[], { prepare: true });
      let isLate = false;
      let isSpent = false;
      try {
        return await withDeadline(query.execute() as Promise<Row[]>, deadlineMs, "postgres");
      } catch (error) {
        countDatabaseError(error);
        const { code } = error as { code?: unknown };
        isLate = code === "DEADLINE";
        isSpent = code === READ_ONLY || ENDS_CONNECTION.test(String(code));
        throw error;
      } finally {
        if (isLate) void replaceOnceFree(sql, backendOf(query));
        else if (isSpent) replace(sql);
        else release(sql);
      }
    },
    async close() {
      isClosing = true;
      for (const { refuse, timer } of queue.splice(0)) {
        clearTimeout(timer);
        refuse(busy("the connections are closing"));
      }
      await Promise.all([isAtWork.close(), ...[...open].map((sql) => sql.end({ timeout: END_DEADLINE_S }))]);
    },
  };
}

/** The process at the server that has a statement: the driver notes it when it sends the statement. */
function backendOf(query: object): number | undefined {
  return (query as { state?: { pid?: number } }).state?.pid;
}

/** Makes a function that tells whether a backend works on a statement, by a connection of its own. */
function createLook(options: DatabaseOptions) {
  let looks: Sql | undefined;
  const text =
    "select 1 from pg_stat_activity where pid = $1 and state = 'active' and usename = current_user";
  const close = async () => {
    const sql = looks;
    looks = undefined;
    await sql?.end({ timeout: END_DEADLINE_S });
  };
  /** False also if the server gives no answer: then the connection is of no use. */
  const isAtWork = async (pid: number | undefined): Promise<boolean> => {
    if (pid === undefined) return false;
    looks ??= openConnection(options, { idle_timeout: LOOKS_IDLE_S });
    try {
      const look = looks.unsafe(text, [pid]).execute() as Promise<unknown[]>;
      return (await withDeadline(look, LOOK_DEADLINE_MS, "postgres")).length > 0;
    } catch {
      await close().catch(() => undefined);
      return false;
    }
  };
  return Object.assign(isAtWork, { close });
}
