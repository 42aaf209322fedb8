// expect: lint/style/noRestrictedImports
import { x } from "node:crypto";

export const used = x;
