// expect: lint/style/noRestrictedImports
import { x } from "@parley/socket/door";

export const used = x;
