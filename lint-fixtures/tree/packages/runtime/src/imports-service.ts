// expect: lint/style/noRestrictedImports
import { x } from "@parley/auth/users";

export const used = x;
