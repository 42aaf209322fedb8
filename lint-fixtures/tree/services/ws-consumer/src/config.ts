import "./delivery/hub.ts"; // ! noRestrictedImports
