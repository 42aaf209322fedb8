// expect: lint/style/noRestrictedImports
import { x } from "../../services/auth/src/users.ts";

export const used = x;
