// expect: lint/style/noRestrictedImports
import { x } from "typebox";

export const used = x;
