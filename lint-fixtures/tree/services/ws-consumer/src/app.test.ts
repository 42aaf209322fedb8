import "./wiring.ts"; // ! noRestrictedImports
