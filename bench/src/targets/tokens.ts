import { type Account, openAccount, postJson } from "@parley/devstack/accounts";

const SESSIONS_MAX = 16;

/**
 * Distinct access tokens, `count` of them: a few users log in, because hashing passwords is slow on purpose, and their
 * sessions are refreshed for the rest.
 */
export async function fetchTokens(authUrl: string, count: number): Promise<string[]> {
  const tokens: string[] = [];
  const openSession = async (share: number) => {
    let session: Pick<Account, "token" | "refreshToken"> = await openAccount(authUrl, {});
    for (let i = 0; i < share; i += 1) {
      tokens.push(session.token);
      if (i + 1 === share) return;
      const { refreshToken } = session;
      session = (await postJson(`${authUrl}/api/v1/refresh`, { refreshToken })) as Account;
    }
  };
  const sessions = Math.min(SESSIONS_MAX, count);
  const shares = Array.from({ length: sessions }, (_, i) => Math.floor((count + i) / sessions));
  await Promise.all(shares.map(openSession));
  return tokens;
}
