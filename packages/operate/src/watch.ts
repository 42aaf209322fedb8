import { globSync, readFileSync, watch } from "node:fs";
import { dirname, join } from "node:path";
import { loadDotEnv, ownEnvironment, REPOSITORY, SettingError } from "@parley/devstack/environment";
import { isLocked, pidOf } from "@parley/devstack/run-dir";
import { SERVICE_NAMES } from "@parley/devstack/stack-services";
import { errorText, runMain, say, untilAskedToEnd } from "@parley/devstack/terminal";
import { restartProcess } from "./restart.ts";
import { dataDirOf } from "./settings.ts";

/** Editors write several files, or one several times. */
const SETTLE_MS = 300;

/** The services whose process reads a workspace's sources (`packages/socket`): those that depend on it. */
export function dependentsOf(workspace: string): string[] {
  const manifests = globSync("{services,packages}/*/package.json", { cwd: REPOSITORY }).map((file) => {
    const { name, dependencies = {} } = JSON.parse(readFileSync(join(REPOSITORY, file), "utf8")) as {
      name: string;
      dependencies?: object;
    };
    return { folder: dirname(file), name, needs: Object.keys(dependencies) };
  });
  const changed = new Set([manifests.find(({ folder }) => folder === workspace)?.name]);
  // A set is walked in the order of its growth: also over what is added meanwhile.
  for (const name of changed)
    for (const manifest of manifests) if (name && manifest.needs.includes(name)) changed.add(manifest.name);
  return SERVICE_NAMES.filter((service) => changed.has(`@parley/${service}`));
}

// `make watch`: restarts services of the running stack when their sources change.
async function main(): Promise<number> {
  loadDotEnv();
  const dataDir = dataDirOf(ownEnvironment());
  if (!isLocked(dataDir)) throw new SettingError("NOTHING_RUNS", `nothing runs on ${dataDir} (make start)`);
  const due = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  let working = Promise.resolve();
  const restartDue = async () => {
    for (const name of due) {
      due.delete(name);
      const startedAt = performance.now();
      const outcome = await restartProcess(ownEnvironment(), name, { onProgress: say }).then(
        () => "ready",
        errorText,
      );
      say(`${name}: ${outcome} (${((performance.now() - startedAt) / 1_000).toFixed(1)} s)`);
    }
  };
  const note = (folder: string, file: string | null) => {
    if (file === null || !/\.(ts|json)$/.test(file) || file.endsWith(".test.ts")) return;
    const names = dependentsOf(dirname(folder)).filter((name) => !Number.isNaN(pidOf(dataDir, name)));
    if (names.length === 0) return;
    for (const name of names) due.add(name);
    say(`${join(folder, file)} changed: ${names.join(", ")}`);
    clearTimeout(timer);
    timer = setTimeout(() => {
      working = working.then(restartDue);
    }, SETTLE_MS);
  };
  for (const folder of globSync("{services,packages}/*/src", { cwd: REPOSITORY }))
    watch(join(REPOSITORY, folder), { recursive: true }, (_event, file) => note(folder, file));
  say("watching services/*/src and packages/*/src; Ctrl-C ends it. The chat page: make install");
  await untilAskedToEnd();
  return 0;
}

if (import.meta.main) await runMain("make watch", main);
