// expect: lint/style/noRestrictedImports
import { x } from "./main.ts";

export const used = x;
