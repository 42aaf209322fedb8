import "@parley/devstack/ports"; // ! noRestrictedImports noUndeclaredDependencies
import "../../runtime/src/log.ts"; // ! noRestrictedImports
