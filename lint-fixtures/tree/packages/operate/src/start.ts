import "@parley/devstack/ports";
import "@parley/protocol/codes"; // ! noRestrictedImports noUndeclaredDependencies
console.log(process.env);
