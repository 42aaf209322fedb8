async function isOpen(): Promise<boolean> {
  return true;
}
export function run(kind: "group" | "direct", seq: number): number {
  isOpen(); // ! noFloatingPromises
  seq += 1; // ! noParameterAssign
  const rooms = []; // ! noEvolvingTypes
  rooms.push(seq);
  if (isOpen()) throw "no"; // ! noMisusedPromises useThrowOnlyError
  switch (kind) { // ! useExhaustiveSwitchCases
    case "group":
      return rooms.length;
  }
  return 0;
}
export function tangled(n: number): number { // ! noExcessiveCognitiveComplexity
  if (n > 1) if (n > 2) if (n > 3) if (n > 4) if (n > 5) if (n > 6) return 1;
  return 0;
}
