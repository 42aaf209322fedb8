// expect: lint/style/noRestrictedImports
import { x } from "./adapters/nats/good.ts";

export const used = x;
