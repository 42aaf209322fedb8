// expect: lint/style/noRestrictedImports
import { x } from "../config.ts";

export const used = x;
