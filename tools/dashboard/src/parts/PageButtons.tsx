// Help and colours: what every page has in its corner.
import type { Theme } from "../state/hash";

const THEMES: { theme: Theme; text: string; icon: string }[] = [
  { theme: "auto", text: "Colours as the system has them", icon: "◐" },
  { theme: "light", text: "Light colours", icon: "☀" },
  { theme: "dark", text: "Dark colours", icon: "☾" },
];

export function PageButtons({ theme, onTheme, onHelp }: { theme: Theme; onTheme(theme: Theme): void; onHelp(): void }) {
  const at = THEMES.findIndex((each) => each.theme === theme);
  const current = THEMES[at]!;
  const next = THEMES[(at + 1) % THEMES.length]!;
  return (
    <div class="buttons">
      <button type="button" class="icon" id="help-button" title="What width and colour mean (?)" aria-label="Help" onClick={onHelp}>
        ?
      </button>
      <button
        type="button"
        class="icon"
        id="theme-button"
        title={`${current.text}. Click for: ${next.text.toLowerCase()}`}
        aria-label={`${current.text}. Switch to: ${next.text.toLowerCase()}`}
        onClick={() => onTheme(next.theme)}
      >
        {current.icon}
      </button>
    </div>
  );
}
