import { signal } from "@preact/signals";
import { keepOnDevice, onDevice } from "./device.ts";

/** As the system says, or one of the two. */
export type Theme = "system" | "light" | "dark";

const KEY = "theme";

function saved(): Theme {
  const value = onDevice(KEY);
  return value === "light" || value === "dark" ? value : "system";
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
  keepOnDevice(KEY, next === "system" ? undefined : next);
}
