// expect: lint/performance/noBarrelFile
export { x } from "./evolving-type.ts";
