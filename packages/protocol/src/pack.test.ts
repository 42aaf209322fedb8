import fc from "fast-check";
import { expect, test } from "vitest";
import { type PackEntry, packLength, parseLine, writePack } from "./pack.ts";

const receipts = fc.option(fc.stringMatching(/^receipt\.[0-9a-f-]{1,36}\.[0-9]{1,9}$/), { nil: undefined });
const entries = fc.array(
  fc.record({ payload: fc.object().map((value) => JSON.stringify(value)), receiptTo: receipts }),
  { minLength: 1, maxLength: 20 },
);

function packOf(entries: readonly Omit<PackEntry, "bytes">[]): string {
  const packed = entries.map((entry) => ({ ...entry, bytes: Buffer.byteLength(entry.payload) }));
  const into = Buffer.alloc(3 + packLength(packed));
  expect(writePack(into, 3, packed)).toBe(into.length);
  return into.toString("utf8", 3);
}

test("a pack of any entries is parsed to the same entries", () => {
  fc.assert(
    fc.property(entries, (packed) => {
      const lines = packOf(packed).split("\n").map(parseLine);
      expect(lines).toEqual(packed.map(({ payload, receiptTo }) => ({ text: payload, receiptTo })));
    }),
  );
});

test("a line without an entry is returned as it is", () => {
  expect(parseLine("")).toEqual({ text: "", receiptTo: undefined });
  expect(parseLine("no braces")).toEqual({ text: "no braces", receiptTo: undefined });
});

test("each entry has a line, also an empty one", () => {
  expect(packOf([{ payload: "" }, { payload: "{}" }, { payload: "" }])).toBe("\n{}\n");
});
