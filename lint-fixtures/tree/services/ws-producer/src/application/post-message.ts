import "@parley/runtime/deadline";
import "@parley/runtime/log"; // ! noRestrictedImports
import "node:timers/promises"; // ! noRestrictedImports
import "../adapters/log/backlog.ts"; // ! noRestrictedImports
import "../config.ts"; // ! noRestrictedImports
