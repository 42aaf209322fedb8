/**
 * Auth is killed under load: `npm run bench:doors-auth-killed -w @parley/bench [seconds without auth]`. Open sockets
 * go on, new ones come in with valid tokens, logins fail at once; afterwards all is well by itself.
 */
import { PASSWORD, post } from "../auth-process.ts";
import { openSessions, registerUsers, socketUrl, withStack } from "./stack.ts";
import { describe, inTurn, runTraffic, Writers } from "./traffic.ts";

const SECONDS = Number(process.argv[2] ?? 60);
const USERS = 20;
const SESSIONS = 200;
const LOGIN_EVERY_MS = 500;
const say = (line: string) => void process.stdout.write(`${line}\n`);

/** Logs in again and again; says how it ended each time, and the longest it took. */
async function logIn(url: string, seconds: number) {
  const outcomes: Record<string, number> = {};
  let slowestMs = 0;
  const until = performance.now() + seconds * 1_000;
  while (performance.now() < until) {
    const from = performance.now();
    const outcome = await post(`${url}/api/v1/login`, { username: "user-0", password: PASSWORD }).then(
      ({ status }) => String(status),
      (error: { cause?: { code?: string } }) => error.cause?.code ?? "failed",
    );
    outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
    slowestMs = Math.max(slowestMs, performance.now() - from);
    await new Promise((resolve) => setTimeout(resolve, LOGIN_EVERY_MS));
  }
  return `logins ${JSON.stringify(outcomes)}, the slowest ${slowestMs.toFixed(0)} ms`;
}

await withStack({ supervise: false }, async (stack) => {
  await registerUsers(stack, USERS);
  const sessions = await openSessions(stack, SESSIONS, USERS);
  const urls = [socketUrl(stack, "ws-producer"), socketUrl(stack, "ws-consumer")];
  const writers = new Writers(urls[0] as string);
  await writers.open(sessions.slice(0, 10));
  const plan = { writers, messageEveryMs: 10, handshakeEveryMs: 50, urls, sessions: inTurn(sessions) };
  const run = async (name: string, seconds: number) => {
    const [traffic, logins] = await Promise.all([
      runTraffic({ ...plan, seconds }),
      logIn(stack.urls.auth ?? "", seconds),
    ]);
    say(
      `${name}, ${seconds} s: ${describe("new sockets", traffic.handshakes)}; ${describe("acks", traffic.acks)}`,
    );
    say(
      `  new sockets refused ${traffic.failed.length} ${[...new Set(traffic.failed)].join(", ")}, messages without an ack ` +
        `${traffic.unacked}, open sockets lost ${writers.closed}; ${logins}`,
    );
  };
  await run("with auth", 5);
  await stack.service("auth").kill("SIGKILL");
  await run("auth killed", SECONDS);
  await stack.service("auth").start();
  const from = performance.now();
  await stack.untilReady();
  say(`all services ready ${((performance.now() - from) / 1_000).toFixed(1)} s after auth was started again`);
  await run("with auth again", 5);
  writers.close();
});
