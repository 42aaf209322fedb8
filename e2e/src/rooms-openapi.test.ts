import { afterAll, expect, it } from "vitest";
import { call } from "./api.ts";
import { Parley } from "./parley.ts";

const parley = await Parley.start();
afterAll(() => parley.stop());
const [alice] = await parley.people("alice");

type Route = [method: string, path: string, bad: string, body?: object];

/** Each route, and a request of it that breaks a rule of its schema. */
const ROUTES: readonly Route[] = [
  ["get", "/rooms", "/rooms?limit=x"],
  ["post", "/rooms", "/rooms", { kind: "club" }],
  ["get", "/rooms/{room}", "/rooms/No"],
  ["patch", "/rooms/{room}", "/rooms/general", { title: "" }],
  ["delete", "/rooms/{room}", "/rooms/No"],
  ["post", "/rooms/{room}/join", "/rooms/No/join"],
  ["post", "/rooms/{room}/leave", "/rooms/No/leave"],
  ["get", "/rooms/{room}/members", "/rooms/general/members?limit=0"],
  ["post", "/rooms/{room}/members", "/rooms/general/members", { userId: 1 }],
  ["patch", "/rooms/{room}/members/{user}", "/rooms/general/members/x", { role: "king" }],
  ["delete", "/rooms/{room}/members/{user}", "/rooms/No/members/x"],
  ["post", "/directs", "/directs", {}],
  ["get", "/rooms/{room}/messages", "/rooms/general/messages?around=x"],
  ["patch", "/rooms/{room}/messages/{seq}", "/rooms/general/messages/1", { body: " " }],
  ["delete", "/rooms/{room}/messages/{seq}", "/rooms/general/messages/0"],
  ["put", "/rooms/{room}/read", "/rooms/general/read", { seq: -1 }],
  ["post", "/me/invitations/{room}/accept", "/me/invitations/No/accept"],
  ["post", "/rooms/{room}/invites", "/rooms/No/invites"],
  ["delete", "/rooms/{room}/invites", "/rooms/No/invites"],
  ["post", "/invites/{code}", "/invites/x"],
  ["get", "/search", "/search?q="],
  ["get", "/unread", ""],
];

type Content = Record<string, object>;
type Operation = {
  summary?: string;
  security?: unknown[];
  requestBody?: { content: Content };
  responses: Record<string, { content?: Content }>;
};

/** The first example of a body, where OpenAPI has it. */
function exampleOf(content: Content | undefined): string {
  const media = content?.["application/json"] as {
    example?: unknown;
    examples?: Record<string, { value: unknown }>;
  };
  return JSON.stringify(media?.example ?? Object.values(media?.examples ?? {})[0]?.value ?? null);
}

it("every route of rooms is in OpenAPI with a summary, examples and its problems", async () => {
  const answer = await fetch(`${parley.url("ws-consumer")}/docs/json`);
  const { paths } = (await answer.json()) as { paths: Record<string, Record<string, Operation>> };
  for (const [method, path, , body] of ROUTES) {
    const operation = paths[`/api/v1${path}`]?.[method];
    const name = `${method} ${path}`;
    if (!operation) throw new Error(`${name} is not documented`);
    expect(operation.summary, name).toBeTruthy();
    expect(operation.security, name).toEqual([{ bearer: [] }]);
    const success = Object.entries(operation.responses).filter(([status]) => status.startsWith("2"));
    expect(success.length, name).toBeGreaterThan(0);
    for (const [, { content }] of success) expect(exampleOf(content), name).toMatch(/^\{"data":/);
    for (const status of ["4XX", "5XX"])
      expect(JSON.stringify(operation.responses[status]), name).toContain("#/components/schemas/Problem");
    if (body) expect(exampleOf(operation.requestBody?.content), name).toMatch(/^\{"/);
  }
});

it.each(ROUTES.filter(([, , bad]) => bad !== ""))(
  "%s %s answers a bad request, and one without a token, with a problem",
  async (method, _path, bad, body) => {
    expect(await call(parley, alice, method.toUpperCase(), bad, body)).toMatchObject({
      status: 400,
      code: "bad_frame",
    });
    const refused = await call(parley, { token: "nobody" }, method.toUpperCase(), bad, body);
    expect(refused).toMatchObject({ status: 401, code: "unauthenticated" });
  },
);
