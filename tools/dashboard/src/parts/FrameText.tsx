// A frame in a line: short name, place, and who called it.
import { baseName, placeOf, type Frame } from "../data/frames";
import { shortName } from "../text/names";

export function FrameText({ frame, callers }: { frame: Frame; callers: string[] }) {
  const place = placeOf(frame) || (frame.named ? baseName(frame.module) : "");
  return (
    <span title={[frame.function, ...callers].join(" ← ")}>
      {shortName(frame.function)} <span class="faint">{[place, ...callers].filter((part) => part !== "").join(" ← ")}</span>
    </span>
  );
}
