// The dialog that "?" opens: what a page shows, and the keys it knows.
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";

interface HelpDialogProps {
  title: string;
  keys: [string, string][]; // key, meaning
  children: ComponentChildren; // <dt>, <dd>
  onClose(): void;
}

export function HelpDialog({ title, keys, children, onClose }: HelpDialogProps) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current!.showModal(), []);
  return (
    <dialog ref={dialog} id="help" aria-labelledby="help-title" onClose={onClose} onClick={(event) => event.target === dialog.current && dialog.current?.close()}>
      <div>
        <h2 id="help-title">{title}</h2>
        <dl>{children}</dl>
        <h3>Keys</h3>
        <dl class="keys">
          {keys.map(([key, meaning]) => (
            <div key={meaning}>
              <dt>
                <kbd>{key}</kbd>
              </dt>
              <dd>{meaning}</dd>
            </div>
          ))}
        </dl>
        <form method="dialog">
          <button type="submit">Close</button>
        </form>
      </div>
    </dialog>
  );
}
