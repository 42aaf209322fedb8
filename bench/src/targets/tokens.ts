import { randomBytes } from "node:crypto";

type Session = { token: string; refreshToken: string };
const SESSIONS_MAX = 16;

async function post(url: string, body: object): Promise<Session> {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`);
  return ((await answer.json()) as { data: Session }).data;
}

/**
 * So many access tokens, all different: a few people log in, because hashing passwords is slow on purpose, and their
 * sessions are refreshed for the rest.
 */
export async function fetchTokens(authUrl: string, count: number): Promise<string[]> {
  const tokens: string[] = [];
  const session = async (share: number) => {
    const account = {
      username: `bench_${randomBytes(6).toString("hex")}`,
      password: randomBytes(12).toString("base64url"),
    };
    await post(`${authUrl}/api/v1/register`, account);
    let { token, refreshToken } = await post(`${authUrl}/api/v1/login`, account);
    for (let i = 0; i < share; i += 1) {
      tokens.push(token);
      if (i + 1 < share)
        ({ token, refreshToken } = await post(`${authUrl}/api/v1/refresh`, { refreshToken }));
    }
  };
  const sessions = Math.min(SESSIONS_MAX, count);
  await Promise.all(Array.from({ length: sessions }, (_, i) => session(Math.floor((count + i) / sessions))));
  return tokens;
}
