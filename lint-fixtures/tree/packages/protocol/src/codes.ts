import "@parley/runtime/log"; // ! noRestrictedImports noUndeclaredDependencies
import "../../runtime/src/log.ts"; // ! noRestrictedImports
