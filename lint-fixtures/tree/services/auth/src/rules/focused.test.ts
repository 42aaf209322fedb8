// expect: lint/suspicious/noFocusedTests
import { test } from "vitest";

test.only("mine", () => undefined);
