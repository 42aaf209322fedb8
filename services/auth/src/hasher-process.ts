import { randomBytes } from "node:crypto";
import { argon2id, hash, needsRehash, verify } from "argon2";
import type { HashParameters } from "./password-rules.ts";

/** A request of the parent. `hash: null` means that there is no such user: same work, never a match. */
export type HashRequest =
  | Readonly<{ id: number; op: "hash"; password: string }>
  | Readonly<{ id: number; op: "verify"; password: string; hash: string | null }>;

/** The answer to the request with this id. `stale`: the hash was made with other parameters than today's. */
export type HashAnswer =
  | Readonly<{ id: number; op: "hash"; hash: string }>
  | Readonly<{ id: number; op: "verify"; matches: boolean; stale: boolean }>
  | Readonly<{ id: number; op: "failed"; reason: string }>;

const PARAMETERS = JSON.parse(process.argv[2] as string) as HashParameters;
const OPTIONS = { ...PARAMETERS, type: argon2id };

async function handle(request: HashRequest): Promise<HashAnswer> {
  const { id } = request;
  if (request.op === "hash") return { id, op: "hash", hash: await hash(request.password, OPTIONS) };
  const stored = request.hash ?? decoy;
  const matches = (await verify(stored, request.password)) && request.hash !== null;
  return { id, op: "verify", matches, stale: needsRehash(stored, OPTIONS) };
}

function send(message: HashAnswer | "ready"): void {
  if (process.connected) process.send?.(message);
}

// The channel closes when the parent ends, also by SIGKILL. Listen before the first await.
process.on("disconnect", () => process.exit(0));
// Ctrl-C reaches the whole process group; the parent decides when this process ends.
process.on("SIGINT", () => undefined);
/** The hash that passwords for unknown names are compared with; nobody knows its password. */
const decoy = await hash(randomBytes(32), OPTIONS);
process.on("message", (request: HashRequest) => {
  handle(request)
    .catch((error: Error): HashAnswer => ({ id: request.id, op: "failed", reason: error.message }))
    .then(send)
    .catch(() => process.exit(1));
});
send("ready");
