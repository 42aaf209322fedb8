// expect: lint/nursery/useExhaustiveSwitchCases
type Kind = "group" | "direct";

export function label(kind: Kind): string {
  switch (kind) {
    case "group":
      return "a group";
  }
  return "";
}
