/** Browsers by what their user agents say; those that name another one, too, come first. */
const APPS: readonly (readonly [RegExp, string])[] = [
  [/\bEdgA?\//, "Edge"],
  [/\bOPR\//, "Opera"],
  [/\b(?:Firefox|FxiOS)\//, "Firefox"],
  [/\b(?:Headless)?Chrom(?:e|ium)\/|\bCriOS\//, "Chrome"],
  [/\bSafari\//, "Safari"],
  [/^curl\//, "curl"],
  [/^node\b/i, "Node.js"],
];
const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/\bAndroid\b/, "Android"],
  [/\biPhone\b/, "iPhone"],
  [/\biPad\b/, "iPad"],
  [/\bWindows\b/, "Windows"],
  [/\bMac OS X\b|\bMacintosh\b/, "macOS"],
  [/\bCrOS\b/, "ChromeOS"],
  [/\bLinux\b/, "Linux"],
];

const match = (list: typeof APPS, agent: string): string =>
  list.find(([rule]) => rule.test(agent))?.[1] ?? "";

/** Browser and system of a user agent; both empty if it says neither. */
export function deviceOf(agent: string): { app: string; system: string } {
  return { app: match(APPS, agent), system: match(SYSTEMS, agent) };
}
