// expect: lint/style/noCommonJs
const x = require("./common-js-too.ts");

export const used = x;
