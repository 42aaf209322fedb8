import "pino";
import "@parley/protocol/codes"; // ! noRestrictedImports noUndeclaredDependencies
