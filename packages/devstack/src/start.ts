import { join } from "node:path";
import { enterDemoUser, keepDemoUsers, type Login } from "./demo-users.ts";
import { loadDotEnv } from "./dot-env.ts";
import { type Stack, startStack } from "./stack.ts";
import { SERVICE_NAMES } from "./stack-services.ts";
import { stackOptionsFrom } from "./start-options.ts";
import { errorText, say, timedProgress, untilAskedToEnd } from "./terminal.ts";

/** How long the shutdown of a stack that was still coming up may take, ms. */
const ABORT_DEADLINE_MS = 25_000;

/** `make start`, or `start.ts auth ws-producer …` for some of the services only: brings the stack up, says how to use it, and stays until it is asked to end. */
async function main(): Promise<number> {
  loadDotEnv();
  const progress = timedProgress();
  const abort = new AbortController();
  let stack: Stack | undefined;
  const ending = untilAskedToEnd().then((signal) => {
    progress(`${signal}: stopping`);
    abort.abort();
    // A download that is under way is not waited for; a second start begins it again.
    if (stack === undefined) setTimeout(() => process.exit(0), ABORT_DEADLINE_MS).unref();
  });
  try {
    const named = SERVICE_NAMES.filter((name) => process.argv.includes(name, 2));
    const services = named.length === 0 ? SERVICE_NAMES : named;
    const options = {
      ...stackOptionsFrom(process.env),
      services,
      onProgress: progress,
      signal: abort.signal,
    };
    stack = await startStack(options);
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

async function introduce(stack: Stack, progress: (line: string) => void): Promise<void> {
  const { auth, "ws-producer": producer, "ws-consumer": consumer } = stack.urls;
  progress("Parley is ready");
  say();
  for (const [name, url] of Object.entries(stack.urls)) {
    say(
      name === "web"
        ? `  ${"chat page".padEnd(12)} ${url}`
        : `  ${name.padEnd(12)} ${url}/health   ${url}/docs`,
    );
  }
  say(`  logs         ${join(stack.dataDir, "logs")}/<name>.log   (make logs, make logs-auth …)`);
  if (auth === undefined || producer === undefined || consumer === undefined) return;
  const usersFile = join(stack.dataDir, "demo-users.json");
  const users = await keepDemoUsers(usersFile);
  const logins: Login[] = [];
  for (const user of users) {
    try {
      logins.push(await enterDemoUser(auth, user));
    } catch (error) {
      say(`\n  ${errorText(error)}`);
    }
  }
  const [first, second] = logins;
  if (first === undefined || second === undefined) return;
  say(`\nTwo demo users, with the passwords of ${usersFile}:`);
  for (const [index, login] of logins.entries()) {
    say(`\n  ${login.user.username} (password ${users[index]?.password})\n  TOKEN=${login.token}`);
  }
  printSession(auth, first, second, users[0]?.password ?? "", [producer, consumer]);
}

function printSession(
  auth: string,
  first: Login,
  second: Login,
  password: string,
  [producer, consumer]: [string, string],
): void {
  const socket = (url: string) => url.replace(/^http/, "ws").replace("127.0.0.1", "localhost");
  const body = JSON.stringify({ username: first.user.username, password });
  say(`
Try it, in two terminals:

  1. listen, as ${second.user.username}:
     npx wscat -c "${socket(consumer)}/ws?token=${second.token}&room=general"

  2. write, as ${first.user.username}, then paste the line below it:
     npx wscat -c "${socket(producer)}/ws?token=${first.token}"
     {"room":"general","body":"Hello, World!"}

A token lasts ${Math.round(first.expiresIn / 60)} minutes; a new one, and the same commands with it:
     TOKEN=$(curl -s -X POST ${auth}/api/v1/login -H 'content-type: application/json' -d '${body}' | jq -r .data.token)
     npx wscat -c "${socket(producer)}/ws?token=$TOKEN"
     npx wscat -c "${socket(consumer)}/ws?token=$TOKEN&room=general"

Ctrl-C stops everything.`);
}

process.exit(await main());
