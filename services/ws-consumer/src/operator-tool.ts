import type { NatsConnection } from "@nats-io/transport-node";
import { createLog } from "@parley/runtime/log";
import { connectNats } from "@parley/runtime/nats";
import { type Database, openDatabase } from "@parley/runtime/postgres";
import { isAway } from "@parley/runtime/postgres-errors";
import { databaseUrl, natsOptions } from "@parley/runtime/variables";
import type { Static } from "typebox";
import type { ConsumerConfig } from "./config.ts";

/** Longest answer of NATS or Postgres to a tool of operators, ms. */
export const ANSWER_MS = 5_000;

type Config = Static<typeof ConsumerConfig>;

/** Prints a line. */
export const print = (line: string): void => void process.stdout.write(`${line}\n`);

/** Runs a tool and ends the process: an error is one sentence and exit code 1, and a closed pipe (`… | head`) is the end too. */
export async function runTool(name: string, work: () => Promise<void>): Promise<never> {
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => process.exit());
  try {
    await work();
    process.exit(0);
  } catch (error) {
    const hint = isAway(error) ? " (is a stack running? make start)" : "";
    process.stderr.write(`${name}: ${error instanceof Error ? error.message : String(error)}${hint}\n`);
    // A server that hangs keeps its socket open.
    process.exit(1);
  }
}

/** One connection to Postgres, whose statements have a deadline of 5 s. */
export function openToolDatabase(config: Config, name: string): Database {
  return openDatabase({ url: databaseUrl(config), name, connections: 1, deadlineMs: ANSWER_MS });
}

/**
 * A connection to NATS; what happens to it later is told in sentences.
 *
 * @throws {Error} if no server takes it in 5 s
 */
export async function connectTool(config: Config, name: string): Promise<NatsConnection> {
  const write = (line: string) => {
    const { msg, err } = JSON.parse(line) as { msg: string; err?: { message: string } };
    process.stderr.write(`${name}: ${msg}${err ? `: ${err.message}` : ""}\n`);
  };
  const options = natsOptions(config);
  const log = createLog(name, "info", { write });
  try {
    return await connectNats({ ...options, name, log, isAwaited: false });
  } catch (error) {
    const servers = options.url.replaceAll(/(\w+:\/\/)?([^,]*@)?/g, "");
    const { message } = error as Error;
    const why = message.toLowerCase() === "timeout" ? `no answer in ${ANSWER_MS / 1_000} s` : message;
    throw new Error(`NATS at ${servers} cannot be used: ${why}`, { cause: error });
  }
}
