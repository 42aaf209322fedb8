// expect: lint/style/noRestrictedImports
import { x } from "../../app.ts";

export const used = x;
