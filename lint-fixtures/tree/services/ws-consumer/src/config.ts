import "@parley/protocol/limits";
import "typebox";
import "./delivery/hub.ts"; // ! noRestrictedImports
