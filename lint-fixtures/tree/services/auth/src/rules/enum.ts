// expect: lint/style/noEnum
export enum Kind {
  Group = 1,
}
