// expect: lint/style/noRestrictedImports
import { x } from "@parley/devstack/ports";

export const used = x;
