import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  contentOf,
  LogMessage,
  logMessageOf,
  MessageContent,
  MessageExtra,
  MessageFrame,
} from "./message.ts";

const head = {
  room: "general",
  id: "m1",
  author: { id: "u1", username: "alice" },
  at: "2026-11-29T12:00:00.000Z",
};

describe("the shape of a message", () => {
  it("every field of the content is in the log's message and in the delivered frame", () => {
    const fields = Object.keys(MessageContent.properties);
    expect(Object.keys(LogMessage.properties)).toEqual(expect.arrayContaining(fields));
    expect(Object.keys(MessageFrame.properties)).toEqual(expect.arrayContaining(fields));
    expect(fields).toEqual(["body", "replyTo", ...Object.keys(MessageExtra.properties)]);
  });

  it("unknown keys do not get into the log", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (others) => {
        const known = { body: "Hello", replyTo: 7 };
        const content = contentOf({ ...others, ...known });
        for (const key of Object.keys(content)) expect(MessageContent.properties).toHaveProperty(key);
        expect(logMessageOf(head, content)).toMatchObject({ type: "message", ...head, ...known });
      }),
    );
  });
});
