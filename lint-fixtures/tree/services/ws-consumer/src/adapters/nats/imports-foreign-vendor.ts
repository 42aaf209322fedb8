// expect: lint/style/noRestrictedImports
import { x } from "fastify";

export const used = x;
