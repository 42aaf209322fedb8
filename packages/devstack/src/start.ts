import { join } from "node:path";
import { type DemoUser, keepDemoUsers, type Login, logInDemoUser } from "./demo-users.ts";
import { loadDotEnv } from "./environment.ts";
import { type Stack, startStack } from "./stack.ts";
import { SERVICE_NAMES } from "./stack-services.ts";
import { stackOptionsFrom } from "./start-options.ts";
import { errorText, say, timedProgress, untilAskedToEnd } from "./terminal.ts";

/** Longest shutdown of a stack that was still starting, ms. */
const ABORT_DEADLINE_MS = 25_000;

/** `make start`, or `start.ts auth ws-producer …` for some of the services: runs a stack until a signal ends it. */
async function main(): Promise<number> {
  loadDotEnv();
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
    const named = SERVICE_NAMES.filter((name) => process.argv.includes(name, 2));
    stack = await startStack({
      ...stackOptionsFrom(process.env),
      services: named.length === 0 ? SERVICE_NAMES : named,
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
    process.stderr.write(`\nmake start: ${errorText(error)}\n`);
    return 1;
  }
}

/** Prints the addresses, the demo users and commands to try. */
async function introduce(stack: Stack, progress: (line: string) => void): Promise<void> {
  progress("Parley is ready");
  say();
  for (const [name, url] of Object.entries(stack.urls)) {
    if (name === "web") say(`  chat page    ${url}`);
    else say(`  ${name.padEnd(12)} ${url}/health   ${url}/docs`);
  }
  say(`  logs         ${join(stack.dataDir, "logs")}/<name>.log   (make logs, make logs-auth …)`);
  const { auth, "ws-producer": producer, "ws-consumer": consumer } = stack.urls;
  if (auth === undefined || producer === undefined || consumer === undefined) return;
  const usersFile = join(stack.dataDir, "demo-users.json");
  const users = await keepDemoUsers(usersFile);
  try {
    const [first, second] = users as [DemoUser, DemoUser];
    const logins: [Login, Login] = [await logInDemoUser(auth, first), await logInDemoUser(auth, second)];
    say(`\nTwo demo users, with the passwords of ${usersFile}:`);
    for (const [index, { user, token }] of logins.entries())
      say(`\n  ${user.username} (password ${users[index]?.password})\n  TOKEN=${token}`);
    printSession(auth, producer, consumer, first, logins);
  } catch (error) {
    say(`\n  ${errorText(error)}`);
  }
}

function printSession(
  auth: string,
  producer: string,
  consumer: string,
  { username, password }: DemoUser,
  [writer, listener]: readonly [Login, Login],
): void {
  const [writing, listening] = [producer, consumer].map((url) =>
    url.replace(/^http/, "ws").replace("127.0.0.1", "localhost"),
  );
  const body = JSON.stringify({ username, password });
  say(`
Try it, in two terminals:

  1. listen, as ${listener.user.username}:
     npx wscat -c "${listening}/ws?token=${listener.token}&room=general"

  2. write, as ${username}, then paste the line below it:
     npx wscat -c "${writing}/ws?token=${writer.token}"
     {"room":"general","body":"Hello, World!"}

A token lasts ${Math.round(writer.expiresIn / 60)} minutes; a new one, and the same commands with it:
     TOKEN=$(curl -s -X POST ${auth}/api/v1/login -H 'content-type: application/json' -d '${body}' | jq -r .data.token)
     npx wscat -c "${writing}/ws?token=$TOKEN"
     npx wscat -c "${listening}/ws?token=$TOKEN&room=general"

Ctrl-C stops everything.`);
}

process.exit(await main());
