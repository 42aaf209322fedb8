import { afterAll, describe, expect, it } from "vitest";
import { call } from "./api.ts";
import { Parley } from "./parley.ts";

const parley = await Parley.start();
afterAll(() => parley.stop());
const alice = await parley.person("alice");

type Content = Record<string, object>;
type Operation = {
  summary?: string;
  security?: unknown[];
  parameters?: { name: string }[];
  requestBody?: { content: Content };
  responses: Record<string, { content?: Content }>;
};
type Document = { paths: Record<string, Record<string, Operation>> };

const { paths } = (await (await fetch(`${parley.url("ws-consumer")}/docs/json`)).json()) as Document;
const routes = Object.entries(paths).flatMap(([path, operations]) =>
  Object.entries(operations).map(([method, operation]) => ({
    method: method.toUpperCase(),
    path,
    operation,
  })),
);
const ofRooms = routes.filter(
  ({ path, operation }) => operation.security?.length && !/\/presence\//.test(path),
);

/** The first example of a body, where OpenAPI has it. */
function exampleOf(content: Content | undefined): string {
  const media = content?.["application/json"] as {
    example?: unknown;
    examples?: Record<string, { value: unknown }>;
  };
  return JSON.stringify(media?.example ?? Object.values(media?.examples ?? {})[0]?.value ?? null);
}

/** A request that breaks a rule of its schema: a name that is too long, a seq, a limit or a body that is none. */
function badRequestOf({ path, operation: { parameters = [], requestBody } }: (typeof routes)[number]) {
  const names = parameters.map(({ name }) => name);
  const query = names.includes("limit") ? "?limit=x" : names.includes("q") ? "?q=" : "";
  const bad = path
    .replace("/api/v1", "")
    .replace("{seq}", "0")
    .replaceAll(/\{\w+\}/g, "x".repeat(1_000));
  return { url: `${bad}${query}`, body: requestBody && [] };
}

it("every route of rooms is there", () => {
  expect(ofRooms.length).toBeGreaterThan(20);
});

describe.each(ofRooms)("$method $path", (route) => {
  it("has a summary, examples and its problems in OpenAPI", () => {
    const { summary, security, requestBody, responses } = route.operation;
    expect(summary).toBeTruthy();
    expect(security).toEqual([{ bearer: [] }]);
    const success = Object.entries(responses).filter(([status]) => status.startsWith("2"));
    expect(success.length).toBeGreaterThan(0);
    for (const [, { content }] of success) expect(exampleOf(content)).toMatch(/^\{"data":/);
    for (const status of ["4XX", "5XX"])
      expect(JSON.stringify(responses[status])).toContain("#/components/schemas/Problem");
    if (requestBody) expect(exampleOf(requestBody.content)).toMatch(/^\{"/);
  });

  it("answers a bad request, and one without a token, with a problem", async () => {
    const { url, body } = badRequestOf(route);
    const refused = await call(parley, { token: "nobody" }, route.method, url, body);
    expect(refused).toMatchObject({ status: 401, code: "unauthenticated" });
    if (url === route.path.replace("/api/v1", "") && !body) return;
    const bad = await call(parley, alice, route.method, url, body);
    expect(bad).toMatchObject({ status: 400, code: "bad_frame" });
  });
});
