// expect: lint/style/noParameterAssign
export function next(seq: number): number {
  seq += 1;
  return seq;
}
