import { describe, expect, it } from "vitest";
import { settleTargets } from "./entry-targets.ts";
import type { LogContent, LogEntry } from "./shard-log.ts";

const entry = (id: string, rest: object): LogEntry => {
  const content = {
    room: "general",
    id,
    author: { id: "u1", username: "ada" },
    at: "",
    ...rest,
  } as LogContent;
  const { room } = content;
  return { id, room, content, text: JSON.stringify(content) } as LogEntry;
};
const message = (id: string, replyTo?: number) =>
  entry(id, { type: "message", body: "x", ...(replyTo === undefined ? {} : { replyTo }) });
const reaction = (id: string, target: number) =>
  entry(id, { type: "reaction", target, emoji: "👍", remove: false });
const deletion = (id: string, target: number) => entry(id, { type: "message_deleted", target });

/** Stored are messages 1 to 10; 5 is deleted, 6 is no message. */
const settle = (...entries: LogEntry[]) => {
  const isMessage = (_room: string, seq: number) => seq <= 10 && seq !== 5 && seq !== 6;
  const { changed, missing } = settleTargets(entries, { headOf: () => 10, isMessage });
  return {
    dropped: [...changed].map(([{ id }, { content, text }]) => {
      expect(JSON.parse(text)).toEqual(content);
      expect(content).not.toHaveProperty("replyTo");
      return id;
    }),
    missing: [...missing].map(({ id }) => id),
  };
};

describe("targets", () => {
  it("of replies and reactions are visible messages; a reply to anything else loses it, a reaction is gone", () => {
    expect(settle(message("a", 1), message("b", 5), message("c", 6), message("d", 99))).toEqual({
      dropped: ["b", "c", "d"],
      missing: [],
    });
    expect(settle(reaction("a", 1), reaction("b", 5), reaction("c", 6), reaction("d", 99))).toEqual({
      dropped: [],
      missing: ["b", "c", "d"],
    });
  });

  it("may stand before in the same batch, as when the log is read again after a restore", () => {
    expect(settle(message("eleven"), message("a", 11), reaction("b", 12), reaction("c", 11))).toEqual({
      dropped: [],
      missing: [],
    });
  });

  it("are not what comes later, nor the entry itself", () => {
    expect(settle(message("a", 11), reaction("b", 12), message("twelve"))).toEqual({
      dropped: ["a"],
      missing: ["b"],
    });
  });

  it("are gone once a deletion stands before in the batch", () => {
    expect(settle(reaction("a", 1), deletion("b", 1), reaction("c", 1), message("d", 1))).toEqual({
      dropped: ["d"],
      missing: ["c"],
    });
  });

  it("a reaction that is gone takes no seq from those that follow", () => {
    expect(settle(reaction("a", 99), message("eleven"), reaction("b", 11))).toEqual({
      dropped: [],
      missing: ["a"],
    });
  });
});
