// expect: lint/style/useConsistentArrayType
export const rooms: Array<string> = [];
