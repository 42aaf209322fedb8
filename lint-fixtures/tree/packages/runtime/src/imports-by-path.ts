// expect: lint/style/noRestrictedImports
import { x } from "../../protocol/src/codes.ts";

export const used = x;
