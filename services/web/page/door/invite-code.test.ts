import { expect, test } from "vitest";
import { codeIn } from "./invite-code.ts";

const CODE = "01J9ZK6Y3V4W5X6Y7Z8A9B0C1D";

test.each([
  [CODE, CODE],
  [` ${CODE.toLowerCase()} `, CODE],
  [`https://chat.example.org/invite/${CODE}`, CODE],
  [`${CODE}X`, undefined],
  ["", undefined],
])("finds the code in %j", (text, code) => {
  expect(codeIn(text)).toBe(code);
});
