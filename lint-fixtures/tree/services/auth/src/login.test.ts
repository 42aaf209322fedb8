import { test } from "vitest";
test.only("focused", () => undefined); // ! noFocusedTests
test.skip("skipped", () => undefined); // ! noSkippedTests
