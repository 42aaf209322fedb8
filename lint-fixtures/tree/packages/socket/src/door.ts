import "@parley/identity/identity";
import "@parley/protocol/codes";
import "@parley/devstack/ports"; // ! noRestrictedImports
import "../../runtime/src/log.ts"; // ! noRestrictedImports
