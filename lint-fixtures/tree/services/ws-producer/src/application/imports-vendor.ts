// expect: lint/style/noRestrictedImports
import { x } from "@nats-io/jetstream";

export const used = x;
