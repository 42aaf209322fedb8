import { join } from "node:path";
import { openAccount } from "@parley/devstack/accounts";
import { loadDotEnv, SettingError } from "@parley/devstack/environment";
import { keepSecrets } from "@parley/devstack/logins";
import { type Stack, startStack } from "@parley/devstack/stack";
import { SERVICE_NAMES, type ServiceName, stopDeadlineOf } from "@parley/devstack/stack-services";
import { errorText, runMain, say, timedProgress, untilAskedToEnd } from "@parley/devstack/terminal";
import { type DemoUser, demoUsersFile, newDemoUser } from "./demo-users.ts";
import { receiverOf } from "./jaeger.ts";
import { stackOptionsFrom } from "./settings.ts";

const TRACES = "--traces";

/** `make start`, or `start.ts auth ws-producer …` for some of the services: runs a stack until a signal ends it. */
async function main(): Promise<number> {
  const progress = timedProgress();
  const abort = new AbortController();
  let stack: Stack | undefined;
  const ending = untilAskedToEnd().then((signal) => {
    progress(`${signal}: stopping`);
    abort.abort();
    // Do not wait for a download; the next start begins it again.
    if (stack === undefined) setTimeout(() => process.exit(0), stopDeadlineOf(process.env)).unref();
  });
  try {
    loadDotEnv();
    const names = process.argv.slice(2).filter((word) => word !== TRACES);
    if (process.argv.includes(TRACES)) traceAll();
    process.env.ADMIN_USERNAME ||= "alice";
    stack = await startStack({
      ...stackOptionsFrom(process.env),
      services: namedServices(names),
      onProgress: progress,
      signal: abort.signal,
    });
    if (!abort.signal.aborted) await introduce(stack, progress);
    await ending;
    await stack.stop();
    progress("stopped");
    return 0;
  } catch (error) {
    await stack?.stop();
    if (abort.signal.aborted) return 0;
    throw error;
  }
}

/** Every message is traced, and its trace sent to where `make observe` starts Jaeger, unless another receiver is named. */
function traceAll(): void {
  process.env.OTEL_EXPORTER_OTLP_ENDPOINT = receiverOf(process.env);
  process.env.TRACES_RATIO = "1";
}

/** The services that were asked for by name; all if none was. @throws {SettingError} UNKNOWN_SERVICE. */
function namedServices(names: readonly string[]): readonly ServiceName[] {
  const unknown = names.find((name) => !SERVICE_NAMES.some((known) => known === name));
  if (unknown !== undefined)
    throw new SettingError("UNKNOWN_SERVICE", `there is no service ${unknown}: ${SERVICE_NAMES.join(", ")}`);
  return names.length === 0 ? SERVICE_NAMES : (names as ServiceName[]);
}

/** Prints what to open first, the demo users, and where everything is. */
async function introduce(stack: Stack, progress: (line: string) => void): Promise<void> {
  progress("Parley is ready\n");
  const { auth, web, ...sockets } = stack.urls;
  if (web !== undefined) say(`  open ${web.replace("127.0.0.1", "localhost")}\n`);
  if (auth !== undefined) await openDemoUsers(auth, stack.dataDir);
  for (const [name, url] of Object.entries({ auth, ...sockets }))
    if (url !== undefined) say(`  ${name.padEnd(12)} ${url}/docs`);
  say(`  ${"logs".padEnd(12)} make logs, or ${join(stack.dataDir, "logs")}/<name>.log`);
  say("\nCtrl-C stops everything.");
}

/** Opens the demo users' accounts, and prints how to sign in. */
async function openDemoUsers(auth: string, dataDir: string): Promise<void> {
  const file = demoUsersFile(dataDir);
  const users = await keepSecrets<DemoUser[]>(file, (kept = ["Alice", "Bob"].map(newDemoUser)) => kept);
  try {
    await Promise.all(users.map((user) => openAccount(auth, user)));
    const role = (name: string) => (name === process.env.ADMIN_USERNAME ? " (an admin)" : "");
    for (const { username, password } of users)
      say(`  sign in as ${username}${role(username)}, password ${password}`);
    say("  a token, for curl and wscat: make token NAME=alice\n");
  } catch (error) {
    say(`  ${errorText(error)}\n`);
  }
}

await runMain("make start", main);
