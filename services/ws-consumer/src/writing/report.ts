/** Tells a person what happened. `details` are written as they are, so they hold no message text. */
export type Report = (
  level: "info" | "warn" | "error",
  text: string,
  details: Readonly<Record<string, unknown>>,
) => void;
