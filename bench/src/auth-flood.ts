/** Logs in with so many users at once for so many seconds; forked by doors/logins.ts. */
import { PASSWORD, post } from "./auth-process.ts";

/** What became of the logins; the times of those that were accepted, ms. */
export type Flood = { ok: number; refused: number; other: number; times: number[] };

const RETRY_AFTER_MS = 1_000;
const [url, seconds, logins, waits] = process.argv.slice(2);
const outcome: Flood = { ok: 0, refused: 0, other: 0, times: [] };
const until = performance.now() + Number(seconds) * 1_000;

async function logInAgainAndAgain(username: string): Promise<void> {
  while (performance.now() < until) {
    const { status, ms } = await post(`${url}/api/v1/login`, { username, password: PASSWORD });
    if (status === 200) outcome.ok += 1;
    else if (status === 429) outcome.refused += 1;
    else outcome.other += 1;
    if (status === 200) outcome.times.push(ms);
    if (status === 429 && waits === "true")
      await new Promise((resolve) => setTimeout(resolve, RETRY_AFTER_MS));
  }
}

await Promise.all(Array.from({ length: Number(logins) }, (_, i) => logInAgainAndAgain(`user-${i}`)));
process.send?.(outcome);
