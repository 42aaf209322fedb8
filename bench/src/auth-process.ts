import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { REPOSITORY } from "@parley/devstack/environment";
import { migrate } from "@parley/devstack/migrate";
import { findFreePort } from "@parley/devstack/ports";
import { startPostgres } from "@parley/devstack/postgres-server";
import { makeTempDir, removeDataDir } from "@parley/devstack/temp-dir";

/** Everybody's. */
export const PASSWORD = "correct horse battery";
const READY_DEADLINE_MS = 30_000;

/** A service auth of its own, on a Postgres of its own, without limits on the doors. */
export type AuthProcess = Readonly<{ child: ChildProcess; url: string; close: () => Promise<void> }>;

/** Starts Postgres and auth, and waits until auth is ready. */
export async function startAuthProcess(): Promise<AuthProcess> {
  const dataDir = await makeTempDir("bench-auth");
  const postgres = await startPostgres({ dataDir: join(dataDir, "postgres") });
  await migrate({ databaseUrl: postgres.url });
  const port = await findFreePort();
  const child = spawn(process.execPath, [join(REPOSITORY, "services/auth/src/main.ts")], {
    env: {
      DATABASE_URL: postgres.url,
      AUTH_GRPC_PORT: String(await findFreePort()),
      AUTH_HTTP_PORT: String(port),
      // Nobody listens there: auth works without NATS.
      NATS_URL: "nats://127.0.0.1:1",
      RATE_LIMITS: "off",
      LOG_LEVEL: "error",
    },
    stdio: ["ignore", "inherit", "inherit"],
  });
  const url = `http://127.0.0.1:${port}`;
  const close = async () => {
    if (child.exitCode === null) {
      const exited = once(child, "exit");
      child.kill();
      await exited;
    }
    await postgres.stop();
    await removeDataDir(dataDir);
  };
  const deadline = performance.now() + READY_DEADLINE_MS;
  while (performance.now() < deadline) {
    const ready = await fetch(`${url}/health/ready`).catch(() => undefined);
    if (ready?.ok) return { child, url, close };
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await close();
  throw new Error("auth did not become ready");
}

/** Sends one JSON request; answers its status, its body and how long it took, ms. */
export async function post(url: string, body: object) {
  const from = performance.now();
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  return { status: answer.status, text, ms: performance.now() - from };
}

/** The value below which a share of the values lies. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
