/**
 * Whether the time of a refused login tells if the user exists: `node bench/src/auth-timing.ts [users]`.
 * Known users with a wrong password and unknown users take turns, one request at a time, in pairs of random
 * order, so that whatever else the machine does hits both alike. Exits with 1
 * if the medians are further apart than 5 %.
 */
import { PASSWORD, post, quantile, startAuthProcess } from "./auth-process.ts";

const USERS = Number(process.argv[2] ?? 200);
const WARM_UP = 40;
const APART_MAX = 0.05;
const say = (line: string) => process.stdout.write(`${line}\n`);

const auth = await startAuthProcess();
try {
  for (let i = 0; i < USERS; i++) {
    const { status, text } = await post(`${auth.url}/api/v1/register`, {
      username: `known-${i}`,
      password: PASSWORD,
    });
    if (status !== 201) throw new Error(text);
  }
  const times = { known: [] as number[], unknown: [] as number[] };
  const attempt = async (kind: keyof typeof times, i: number) => {
    const body = { username: `${kind}-${i}`, password: "not the password" };
    const { status, ms } = await post(`${auth.url}/api/v1/login`, body);
    if (status !== 401) throw new Error(`${kind}-${i}: ${status}`);
    return ms;
  };
  for (let i = 0; i < WARM_UP; i++) await attempt(i % 2 ? "known" : "unknown", i % USERS);
  for (let i = 0; i < USERS; i++) {
    const pair = ["known", "unknown"] as const;
    for (const kind of Math.random() < 0.5 ? pair : pair.toReversed())
      times[kind].push(await attempt(kind, i));
  }
  for (const kind of ["known", "unknown"] as const) {
    const [p10, p50, p90] = [0.1, 0.5, 0.9].map((share) => quantile(times[kind], share).toFixed(2));
    say(
      `${kind.padEnd(8)} ${times[kind].length} refused logins: p10 ${p10} ms, median ${p50} ms, p90 ${p90} ms`,
    );
  }
  const [known, unknown] = [quantile(times.known, 0.5), quantile(times.unknown, 0.5)];
  const apart = Math.abs(known - unknown) / Math.min(known, unknown);
  say(`medians are ${(apart * 100).toFixed(2)} % apart (allowed ${APART_MAX * 100} %)`);
  if (apart > APART_MAX) process.exitCode = 1;
} finally {
  await auth.close();
}
