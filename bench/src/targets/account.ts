import { randomBytes } from "node:crypto";

/** A registered user with a token. */
export type Account = Readonly<{
  id: string;
  username: string;
  password: string;
  token: string;
  refreshToken: string;
}>;

/** Registers a user through auth's HTTP API and logs in. @throws {Error} if auth refuses. */
export async function openAccount(authUrl: string, username: string): Promise<Account> {
  const password = randomBytes(12).toString("base64url");
  await postJson(`${authUrl}/api/v1/register`, { username, password });
  const session = await postJson(`${authUrl}/api/v1/login`, { username, password });
  const { token, refreshToken, user } = session as Account & { user: { id: string } };
  return { id: user.id, username, password, token, refreshToken };
}

/** Posts JSON; gives the `data` of the answer. @throws {Error} with the answer if it is not a success. */
export async function postJson(url: string, body: object): Promise<unknown> {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${url} answered ${answer.status}: ${text}`);
  return (JSON.parse(text) as { data: unknown }).data;
}
