// expect: lint/style/noRestrictedImports
import { x } from "../postgres/good.ts";

export const used = x;
