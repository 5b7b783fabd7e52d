// A whole stack, innermost frame first, with files, lines and inlined functions.
import type { Frame } from "../data/frames";

export function Stack({ frames }: { frames: Frame[] }) {
  if (frames.length === 0) return <p class="empty">This stack was not recorded.</p>;
  return (
    <>
      <h3>Stack, innermost first</h3>
      <ol class="stack">
        {frames.map((frame, index) => (
          <li key={index} class={frame.inlined ? "inlined" : ""}>
            <span class={frame.named && !frame.plumbing ? "" : "faint"}>{frame.function}</span>
            {frame.inlined && <span class="badge">inlined</span>}
            <span class="place">
              {frame.file !== "" && <span>{frame.line > 0 ? `${frame.file}:${frame.line}` : frame.file}</span>}
              {frame.module !== "" && <span class="faint">{frame.module}</span>}
              {!frame.recorded && <span class="faint">the stack could not be followed further out</span>}
            </span>
          </li>
        ))}
      </ol>
    </>
  );
}
