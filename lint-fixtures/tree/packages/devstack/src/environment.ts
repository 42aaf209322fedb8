import "@parley/socket/door"; // ! noRestrictedImports noUndeclaredDependencies
console.log(process.env);
