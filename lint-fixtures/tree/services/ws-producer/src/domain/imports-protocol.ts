// expect: lint/style/noRestrictedImports
import { x } from "@parley/protocol/limits";

export const used = x;
