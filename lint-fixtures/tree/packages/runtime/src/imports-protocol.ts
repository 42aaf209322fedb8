// expect: lint/style/noRestrictedImports
import { x } from "@parley/protocol/codes";

export const used = x;
