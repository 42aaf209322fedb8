// expect: lint/correctness/noUnusedImports
import { x } from "./barrel.ts";

export const y = 1;
