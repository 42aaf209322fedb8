import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { getPriority, setPriority } from "node:os";
import { promisify } from "node:util";
import { argon2id, hash, needsRehash, verify } from "argon2";
import { HASH_PARAMETERS } from "./password.ts";

/** What the parent asks. `known` is false when there is no such user: the work is the same, the answer is no. */
export type HashRequest =
  | Readonly<{ id: number; do: "hash"; password: string }>
  | Readonly<{ id: number; do: "verify"; password: string; hash: string | null }>;

/** What it gets. `stale` says that the hash was made with other parameters than ours. */
export type HashAnswer =
  | Readonly<{ id: number; do: "hash"; hash: string }>
  | Readonly<{ id: number; do: "verify"; matches: boolean; stale: boolean }>
  | Readonly<{ id: number; do: "failed"; reason: string }>;

const OPTIONS = { ...HASH_PARAMETERS, type: argon2id };
/** Below the services, so that they keep their pace; a third of a processor that one of them wants as well. */
const NICENESS = 5;

/** The hash that a password is compared with when nobody has the name. Nobody knows its password. */
let decoy = "";

async function answer(request: HashRequest): Promise<HashAnswer> {
  if (request.do === "hash")
    return { id: request.id, do: "hash", hash: await hash(request.password, OPTIONS) };
  const matches = (await verify(request.hash ?? decoy, request.password)) && request.hash !== null;
  const stale = needsRehash(request.hash ?? decoy, OPTIONS);
  return { id: request.id, do: "verify", matches, stale };
}

// Only downwards: who runs below that already may not rise.
if (getPriority() < NICENESS) setPriority(NICENESS);
// First of all: the parent may be gone before we are ready.
process.on("disconnect", () => process.exit(0));
// Ctrl-C reaches the whole group; the parent decides when this process ends.
process.on("SIGINT", () => undefined);
process.on("message", (request: HashRequest) => {
  answer(request)
    .catch((error: Error): HashAnswer => ({ id: request.id, do: "failed", reason: error.message }))
    .then(say)
    .catch(() => process.exit(1));
});
decoy = await hash(randomBytes(32), OPTIONS);
if (process.argv[2] === "background") await yieldToAll();
say("ready");

/** All threads run only when nobody else wants to: Linux's SCHED_IDLE (sched(7)). Elsewhere the niceness must do. */
async function yieldToAll(): Promise<void> {
  const args = ["--all-tasks", "--idle", "--pid", "0", String(process.pid)];
  await promisify(execFile)("chrt", args).catch(() => undefined);
}

function say(reply: HashAnswer | "ready"): void {
  if (process.connected) process.send?.(reply);
}
