// expect: lint/style/noRestrictedImports
import { x } from "../../services/ws-producer/src/main.ts";

export const used = x;
