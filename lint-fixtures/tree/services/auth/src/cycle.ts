import type { Role } from "./login.ts"; // ! noImportCycles
export type Rights = Role[];
