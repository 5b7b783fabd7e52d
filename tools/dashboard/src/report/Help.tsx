// What the page shows and which keys it knows: the answer to "?".
import { HelpDialog } from "../parts/HelpDialog";

const KEYS: [string, string][] = [
  ["/", "search functions, files and modules; /…/ is a regular expression"],
  ["Esc", "leave the search, then zoom out step by step"],
  ["Arrow keys, Enter", "in the graph: walk from frame to frame, zoom in"],
  ["Arrow keys, Enter", "in a table: walk from row to row, open its stack"],
  ["?", "this help"],
];

// `difference`: of the page that compares two sessions.
export function Help({ difference = false, onClose }: { difference?: boolean; onClose(): void }) {
  return (
    <HelpDialog title="Reading this report" keys={KEYS} onClose={onClose}>
      <dt>Width</dt>
      <dd>
        {difference
          ? "of a frame is what the stacks through it changed by, up and down added; or what they cost before or after, as chosen above. Left and right mean nothing."
          : "of a frame is its share of the cost chosen above: bytes or calls of all stacks that go through it. Left and right mean nothing."}
      </dd>
      <dt>Up and down</dt>
      <dd>is who calls whom: the program's start is the root, each frame is called by the one it touches on the root's side.</dd>
      <dt>Colour</dt>
      <dd>
        {difference
          ? "is orange where all grew, blue where all shrank, paler where some stacks did one and some the other."
          : "tells the module (library or program); shades only keep neighbours apart. Grey frames belong to modules with little cost."}
      </dd>
      <dt>(n small frames)</dt>
      <dd>stands for functions too small to draw, together with all they call. Their cost is counted, so sums are exact.</dd>
      <dt>Exact or estimated</dt>
      <dd>is said at the top. ± is the 95 % error of an estimate; figures without it are exact.</dd>
      <dt>The address</dt>
      <dd>holds what you see: choice of process, cost, zoom, search, table, row. Copy it to show somebody else the same.</dd>
    </HelpDialog>
  );
}
