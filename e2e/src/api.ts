import type { Parley, Person } from "./parley.ts";

export type Answer = Readonly<{ status: number; body: never; data: never; code: string }>;

/** Calls the REST API of a service as somebody. */
export async function call(
  parley: Parley,
  who: Person,
  method: string,
  path: string,
  body?: object,
  service: "ws-consumer" | "ws-consumer-2" | "ws-producer" = "ws-consumer",
): Promise<Answer> {
  const answer = await fetch(`${parley.url(service)}/api/v1${path}`, {
    method,
    headers: {
      authorization: `Bearer ${who.token}`,
      ...(body && { "content-type": "application/json" }),
    },
    ...(body && { body: JSON.stringify(body) }),
  });
  const json = (await answer.json()) as { data?: unknown; code?: string };
  const wanted = answer.ok ? "application/json" : "application/problem+json";
  if (!answer.headers.get("content-type")?.startsWith(wanted))
    throw new Error(`${method} ${path}: ${answer.status} is ${answer.headers.get("content-type")}`);
  return { status: answer.status, body: json as never, data: json.data as never, code: String(json.code) };
}

/** The same, for what must succeed. @throws {Error} with the problem if it does not. */
export async function must<T>(
  parley: Parley,
  who: Person,
  method: string,
  path: string,
  body?: object,
): Promise<T> {
  const answer = await call(parley, who, method, path, body);
  if (answer.status >= 300) throw new Error(`${method} ${path}: ${JSON.stringify(answer.body)}`);
  return answer.data as T;
}
