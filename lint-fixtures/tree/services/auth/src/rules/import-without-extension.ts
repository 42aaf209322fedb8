// expect: lint/correctness/useImportExtensions
import { x } from "./process-env";

export const used = x;
