import "@parley/identity/identity";
import "@parley/protocol/codes";
import "@parley/devstack/ports"; // ! noRestrictedImports noUndeclaredDependencies
import "../../runtime/src/log.ts"; // ! noRestrictedImports
