// expect: nothing
export const x = 1;
