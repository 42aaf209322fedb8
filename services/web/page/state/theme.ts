import { signal } from "@preact/signals";

/** As the system says, or one of the two. */
export type Theme = "system" | "light" | "dark";

/** Kept outside of the database, as it is needed before the first picture; it is of the device, not of the user. */
const KEY = "theme";

const isTheme = (value: unknown): value is Theme => value === "light" || value === "dark";

function saved(): Theme {
  try {
    const value = localStorage.getItem(KEY);
    return isTheme(value) ? value : "system";
  } catch {
    return "system";
  }
}

/** The theme that was chosen on this device. */
export const theme = signal<Theme>(saved());

/** Shows the theme that was chosen. */
export function showTheme(): void {
  document.documentElement.style.colorScheme = theme.value === "system" ? "" : theme.value;
}

/** Shows a theme from now on. A browser that keeps nothing shows it until the page is left. */
export function setTheme(next: Theme): void {
  theme.value = next;
  showTheme();
  try {
    if (next === "system") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, next);
  } catch {
    // Not kept.
  }
}
