// expect: lint/complexity/noExcessiveCognitiveComplexity
export function run(rows: number[][]): number {
  let found = 0;
  for (const row of rows) {
    for (const cell of row) {
      if (cell > 1) {
        if (cell > 2) {
          if (cell > 3) {
            found += cell > 4 ? 2 : 1;
          }
        }
      }
    }
  }
  return found;
}
