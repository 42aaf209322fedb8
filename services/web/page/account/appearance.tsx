import { Section } from "../parts/section.tsx";
import { setTheme, type Theme, theme } from "../state/theme.ts";
import { screens } from "../text/en-screens.ts";

const words = screens.account;
const THEMES: readonly Theme[] = ["system", "light", "dark"];

/** The theme of this device. */
export function Appearance() {
  return (
    <Section title={words.appearance}>
      <fieldset class="segments">
        <legend class="visually-hidden">{words.theme}</legend>
        {THEMES.map((one) => (
          <label key={one}>
            <input
              type="radio"
              name="theme"
              class="visually-hidden"
              checked={one === theme.value}
              onChange={() => setTheme(one)}
            />
            {words.themes[one]}
          </label>
        ))}
      </fieldset>
    </Section>
  );
}
