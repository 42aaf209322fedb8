import { randomBytes } from "node:crypto";

/** Somebody with a token. */
export type Account = Readonly<{ id: string; username: string; token: string }>;

/** Registers somebody through auth's HTTP side and logs in. @throws {Error} if auth refuses. */
export async function openAccount(authUrl: string, username: string): Promise<Account> {
  const password = randomBytes(12).toString("base64url");
  await post(`${authUrl}/api/v1/register`, { username, password });
  const { token, user } = (await post(`${authUrl}/api/v1/login`, { username, password })) as {
    token: string;
    user: { id: string };
  };
  return { id: user.id, username, token };
}

async function post(url: string, body: object): Promise<unknown> {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const { data } = (await answer.json()) as { data?: unknown };
  if (data === undefined) throw new Error(`${url} answered ${answer.status}`);
  return data;
}
