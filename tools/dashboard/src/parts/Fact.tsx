// One key figure with what is to be said about it.
import type { ComponentChildren } from "preact";

interface FactProps {
  label: string;
  value: string;
  title?: string;
  tone?: "bad" | "caution" | "good";
  details: (string | false | undefined)[];
  children?: ComponentChildren;
}

export function Fact({ label, value, title, tone, details, children }: FactProps) {
  return (
    <div class={`fact ${tone ?? ""}`}>
      <dt>{label}</dt>
      <dd>
        <strong title={title}>{value}</strong>
        <ul>
          {details.map((detail) => detail && <li key={detail}>{detail}</li>)}
          {children}
        </ul>
      </dd>
    </div>
  );
}
