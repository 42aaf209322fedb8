// expect: lint/style/useFilenamingConvention
export const x = 1;
