import { readFileSync } from "node:fs";
import { join } from "node:path";
import { loadDotEnv, ownEnvironment, REPOSITORY, variable } from "@parley/devstack/environment";
import { runMain, say } from "@parley/devstack/terminal";
import { checkEdge } from "./doctor/check-edge.ts";
import { checkMachine } from "./doctor/check-machine.ts";
import { checkNats } from "./doctor/check-nats.ts";
import { checkPostgres } from "./doctor/check-postgres.ts";
import { checkServices } from "./doctor/check-services.ts";
import { checkSettings } from "./doctor/check-settings.ts";
import type { Finding } from "./doctor/finding.ts";
import { findInstallation, type Installation } from "./installation.ts";
import { dataDirOf } from "./settings.ts";

const TITLES = {
  stack: "the stack of make start",
  containers: "the containers of make up",
  variables: "what the variables name",
};

/** Checks a running installation. */
async function examine({ kind, variables: env }: Installation): Promise<Finding[]> {
  const databaseUrl = variable(env, "DATABASE_URL");
  const monitorUrls = variable(env, "NATS_MONITOR_URL")?.split(",") ?? [];
  const found = await Promise.all([
    checkServices(env),
    checkNats(monitorUrls.map((url) => url.trim())),
    databaseUrl === undefined ? [] : checkPostgres(databaseUrl),
    checkEdge(env),
    checkSettings(env, graceOf(kind)),
    kind === "stack" ? checkMachine(env, dataDirOf(env)) : [],
  ]);
  return found.flat();
}

/** How long a container may take to end, ms. `make start` gives each service what it needs. */
function graceOf(kind: Installation["kind"]): number | undefined {
  if (kind !== "containers") return undefined;
  const text = readFileSync(join(REPOSITORY, "docker-compose.yml"), "utf8");
  return Number(/^ {2}stop_grace_period: (\d+)s$/m.exec(text)?.[1]) * 1_000;
}

// `make doctor`: says one sentence for each thing to be mended; exit code 1 if there is any.
await runMain("make doctor", async () => {
  loadDotEnv();
  const installation = await findInstallation(ownEnvironment());
  say(`doctor: ${TITLES[installation.kind]}`);
  const findings = await examine(installation);
  for (const level of ["ok", "note", "mend"] as const)
    for (const { text } of findings.filter((finding) => finding.level === level))
      say(`  ${(level === "mend" ? "MEND" : level).padEnd(6)}${text}`);
  const count = findings.filter(({ level }) => level === "mend").length;
  say(count === 0 ? "nothing has to be mended" : `${count} to be mended`);
  return count === 0 ? 0 : 1;
});
