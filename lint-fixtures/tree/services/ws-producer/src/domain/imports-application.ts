// expect: lint/style/noRestrictedImports
import { x } from "../application/post-message.ts";

export const used = x;
