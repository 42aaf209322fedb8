import { join } from "node:path";
import { type Account, newPassword, openAccount } from "./accounts.ts";
import { loadDotEnv, SettingError } from "./environment.ts";
import { keepSecrets } from "./logins.ts";
import { type Stack, startStack } from "./stack.ts";
import { stackOptionsFrom } from "./stack-options.ts";
import { SERVICE_NAMES, type ServiceName } from "./stack-services.ts";
import { errorText, runMain, say, timedProgress, untilAskedToEnd } from "./terminal.ts";

/** Longest shutdown of a stack that was still starting, ms. */
const ABORT_DEADLINE_MS = 25_000;

/** `make start`, or `start.ts auth ws-producer …` for some of the services: runs a stack until a signal ends it. */
async function main(): Promise<number> {
  const progress = timedProgress();
  const abort = new AbortController();
  let stack: Stack | undefined;
  const ending = untilAskedToEnd().then((signal) => {
    progress(`${signal}: stopping`);
    abort.abort();
    // Do not wait for a download; the next start begins it again.
    if (stack === undefined) setTimeout(() => process.exit(0), ABORT_DEADLINE_MS).unref();
  });
  try {
    loadDotEnv();
    stack = await startStack({
      ...stackOptionsFrom(process.env),
      services: namedServices(process.argv.slice(2)),
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

/** The services that were asked for by name; all if none was. @throws {SettingError} UNKNOWN_SERVICE. */
function namedServices(names: readonly string[]): readonly ServiceName[] {
  const unknown = names.find((name) => !SERVICE_NAMES.some((known) => known === name));
  if (unknown !== undefined)
    throw new SettingError("UNKNOWN_SERVICE", `there is no service ${unknown}: ${SERVICE_NAMES.join(", ")}`);
  return names.length === 0 ? SERVICE_NAMES : (names as ServiceName[]);
}

/** Prints the addresses, the demo users and commands to try. */
async function introduce(stack: Stack, progress: (line: string) => void): Promise<void> {
  progress("Parley is ready");
  say();
  for (const [name, url] of Object.entries(stack.urls))
    say(`  ${name.padEnd(12)} ${url}/health   ${url}/docs`);
  say(`  logs         ${join(stack.dataDir, "logs")}/<name>.log   (make logs, make logs-auth …)`);
  const { auth, "ws-producer": producer, "ws-consumer": consumer } = stack.urls;
  if (auth === undefined || producer === undefined || consumer === undefined) return;
  const usersFile = join(stack.dataDir, "demo-users.json");
  type User = ReturnType<typeof newUser>;
  const newUser = (displayName: string) => {
    return { username: displayName.toLowerCase(), password: newPassword(), displayName };
  };
  const users = await keepSecrets<User[]>(usersFile, (kept = ["Alice", "Bob"].map(newUser)) => kept);
  try {
    const accounts = await Promise.all(users.map((user) => openAccount(auth, user)));
    say(`\nTwo demo users, with the passwords of ${usersFile}:`);
    for (const { username, password, token } of accounts)
      say(`\n  ${username} (password ${password})\n  TOKEN=${token}`);
    printSession(auth, producer, consumer, accounts as [Account, Account]);
  } catch (error) {
    say(`\n  ${errorText(error)}`);
  }
}

function printSession(
  auth: string,
  producer: string,
  consumer: string,
  [writer, listener]: readonly [Account, Account],
): void {
  const [writing, listening] = [producer, consumer].map((url) =>
    url.replace(/^http/, "ws").replace("127.0.0.1", "localhost"),
  );
  const body = JSON.stringify({ username: writer.username, password: writer.password });
  say(`
Try it, in two terminals:

  1. listen, as ${listener.username}:
     npx wscat -c "${listening}/ws?token=${listener.token}&room=general"

  2. write, as ${writer.username}, then paste the line below it:
     npx wscat -c "${writing}/ws?token=${writer.token}"
     {"room":"general","body":"Hello, World!"}

A token lasts ${Math.round(writer.expiresIn / 60)} minutes; a new one:
     TOKEN=$(curl -s -X POST ${auth}/api/v1/login -H 'content-type: application/json' -d '${body}' | jq -r .data.token)

Ctrl-C stops everything.`);
}

await runMain("make start", main);
