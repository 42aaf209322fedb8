import type { LogRecord } from "./types.ts";

/** A JWT, or a token of a service account, anywhere in a text. */
const TOKEN = /eyJ[\w-]+\.[\w-]+(\.[\w-]*)?|parley_[\w-]+/g;

export type WriteLog = (level: LogRecord["level"], event: string, detail?: Record<string, unknown>) => void;

function mask(value: unknown): unknown {
  if (typeof value === "string") return value.replace(TOKEN, "…");
  if (value instanceof Error)
    return { name: value.name, code: (value as { code?: unknown }).code, message: mask(value.message) };
  return value;
}

/** Makes the log of a client: what looks like a token is masked; a callback that throws is ignored. */
export function createLog(write: ((entry: LogRecord) => void) | undefined): WriteLog {
  return (level, event, detail = {}) => {
    if (!write) return;
    const entry: LogRecord = { level, event };
    for (const [key, value] of Object.entries(detail)) entry[key] = mask(value);
    try {
      write(entry);
    } catch {
      // A log that fails must not stop what it tells of.
    }
  };
}
