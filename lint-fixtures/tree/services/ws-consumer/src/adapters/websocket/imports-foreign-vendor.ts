// expect: lint/style/noRestrictedImports
import { x } from "postgres";

export const used = x;
