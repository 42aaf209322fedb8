// expect: lint/style/noRestrictedImports
import { x } from "../adapters/nats/log-publisher.ts";

export const used = x;
