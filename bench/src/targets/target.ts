import type { DialectName } from "../load/dialects.ts";
import type { Endpoint } from "../load/member.ts";

/** A server under test, running. Everything that differs between targets is here and in its dialect. */
export interface Target {
  readonly name: string;
  readonly dialect: DialectName;
  readonly endpoint: Endpoint;
  /** What it is made of, with versions. */
  readonly versions: Readonly<Record<string, string>>;
  /** Its processes by name; children count as theirs. */
  pids(): Record<string, number>;
  /** So many things that let a member in; all different. */
  tokens(count: number): Promise<string[]>;
  /** Messages that its Postgres holds now. */
  stored(): Promise<number>;
  stop(): Promise<void>;
}
