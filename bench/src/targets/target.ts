import type { Endpoint } from "../load/connection.ts";

/** A running server under test. Everything that differs between targets is here and in its dialect. */
export interface Target {
  readonly name: string;
  /** URL of a module that exports a `Dialect`; the workers of the load generator import it. */
  readonly dialect: string;
  readonly endpoint: Endpoint;
  /** Its components with their versions. */
  readonly versions: Readonly<Record<string, string>>;
  /** Its process ids by name; child processes count as theirs. */
  pids(): Record<string, number>;
  /** Distinct credentials, `count` of them. */
  tokens(count: number): Promise<string[]>;
  /** Messages that its Postgres holds now. */
  stored(): Promise<number>;
  stop(): Promise<void>;
}
