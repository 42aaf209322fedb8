import "./cycle.ts"; // ! noImportCycles
import "./users"; // ! useImportExtensions
import "left-pad"; // ! noUndeclaredDependencies
import "@parley/devstack/ports"; // ! noRestrictedImports
import { unused } from "./logout.ts"; // ! noUnusedImports
import { User } from "./users.ts"; // ! useImportType
const common = require("./logout.ts"); // ! noCommonJs

export * from "./sessions.ts"; // ! noReExportAll noBarrelFile
export default common; // ! noDefaultExport
export enum Role {} // ! noEnum
export const names: Array<string> = []; // ! useConsistentArrayType
export const anything = (it: any): User => it; // ! noExplicitAny
export const first = (rooms: string[]): string => rooms[0]!; // ! noNonNullAssertion
export const count = (seq: number): number => 1; // ! noUnusedFunctionParameters
export const environment = process.env; // ! noProcessEnv
// @ts-ignore because // ! noTsIgnore
export const text: number = "1";
console.log("hello"); // ! noConsole
const forgotten = 1; // ! noUnusedVariables
