import { Parser } from "@asyncapi/parser";
import type { TSchema } from "typebox";
import { Compile } from "typebox/compile";
import { describe, expect, test } from "vitest";
import { asyncApiOf } from "./asyncapi.ts";
import * as clientFrames from "./client-frames.ts";
import { FRAMES } from "./frame-table.ts";
import * as serverFrames from "./server-frames.ts";

const SERVICES = ["producer", "consumer"] as const;

describe.each(SERVICES)("the AsyncAPI document of the %s", (service) => {
  const document = asyncApiOf(service, "ws://localhost:8081");

  test("is valid AsyncAPI 3", async () => {
    const { document: parsed, diagnostics } = await new Parser().parse(JSON.stringify(document));
    // Most tools read 3.0.0; that 3.1.0 exists is no fault.
    const others = diagnostics.filter(({ code }) => code !== "asyncapi-latest-version");
    const faults = others.map(({ code, path, message }) => `${code} ${path.join(".")} ${message}`);
    expect(faults).toEqual([]);
    expect(parsed?.version()).toBe("3.0.0");
  });

  test("has every frame of the table as a message with a payload that is a component", () => {
    const { messages, schemas } = document.components as Record<string, Record<string, { payload?: object }>>;
    const { takes, sends } = FRAMES[service];
    const ids = [...takes, ...sends].map(({ frame }) => (frame as { $id?: string }).$id);
    expect(Object.keys(messages ?? {}).sort()).toEqual([...new Set(ids)].sort());
    for (const id of ids) {
      expect(messages?.[id as string]?.payload).toEqual({ $ref: `#/components/schemas/${id}` });
      expect(schemas?.[id as string]).toBeDefined();
    }
  });

  test("sends every frame that it names as an answer", () => {
    const { takes, sends } = FRAMES[service];
    const sent = new Set(sends.map(({ frame }) => frame));
    expect(takes.flatMap(({ answers }) => answers).filter((answer) => !sent.has(answer))).toEqual([]);
  });
});

type Frame = TSchema & { $id: string; examples?: unknown[] };
const isFrame = (value: unknown): value is Frame =>
  typeof value === "object" && value !== null && "$id" in value;
const exported: unknown[] = [...Object.values(clientFrames), ...Object.values(serverFrames)];
const frames = exported.filter(isFrame);
const examples = frames.flatMap((frame) => (frame.examples ?? []).map((example) => ({ frame, example })));

describe("the examples of the frames", () => {
  test("exist, and the ids of the frames are unique", () => {
    expect(examples.length).toBeGreaterThan(0);
    expect(new Set(frames.map(({ $id }) => $id)).size).toBe(frames.length);
  });

  test.each(examples)("$frame.$id: its example passes its own schema", ({ frame, example }) => {
    const validator = Compile(frame);
    expect(validator.Errors(example)).toEqual([]);
    expect(validator.Check(example)).toBe(true);
  });

  test.each(FRAMES.producer.takes.concat(FRAMES.consumer.takes))(
    "$frame.$id has one: clients may send it",
    ({ frame }) => {
      expect((frame as Frame).examples?.length).toBeGreaterThan(0);
    },
  );
});
