// expect: lint/style/noRestrictedImports
import { x } from "./adapters/postgres/good.ts";

export const used = x;
