export const misnamed = 1; // ! useFilenamingConvention
