// A choice of one among few, all of them in sight.
import type { ComponentChildren } from "preact";

interface SegmentsProps<T extends string> {
  name: string; // of the radio buttons
  label: string; // of the group, for who cannot see it
  values: readonly T[];
  chosen: T;
  onChoose(value: T): void;
  text(value: T): ComponentChildren;
  hint?: (value: T) => string;
}

export function Segments<T extends string>({ name, label, values, chosen, onChoose, text, hint }: SegmentsProps<T>) {
  return (
    <div class="segments" role="radiogroup" aria-label={label}>
      {values.map((value) => (
        <label key={value} title={hint?.(value)}>
          <input type="radio" name={name} value={value} checked={value === chosen} onChange={() => onChoose(value)} />
          <span>{text(value)}</span>
        </label>
      ))}
    </div>
  );
}
