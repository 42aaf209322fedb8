// expect: lint/style/noRestrictedImports
import { x } from "@parley/runtime/log";

export const used = x;
