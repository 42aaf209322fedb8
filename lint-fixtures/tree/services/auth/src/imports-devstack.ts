// expect: lint/style/noRestrictedImports
import { x } from "@parley/devstack/nats-server";

export const used = x;
