// expect: lint/correctness/noUndeclaredDependencies
import { x } from "left-pad";

export const used = x;
