// What the daemon's page shows and which keys it knows: the answer to "?".
import { HelpDialog } from "../parts/HelpDialog";

const KEYS: [string, string][] = [
  ["/", "search functions, files and modules; /…/ is a regular expression"],
  ["Esc", "leave the search, then zoom out step by step"],
  ["Arrow keys, Enter", "in a table: walk from row to row, open it"],
  ["Arrow keys, Enter", "in the graph: walk from frame to frame, zoom in"],
  ["?", "this help"],
];

export function LiveHelp({ isOfRecordings, onClose }: { isOfRecordings: boolean; onClose(): void }) {
  return (
    <HelpDialog title="Reading this page" keys={KEYS} onClose={onClose}>
      <dt>RSS</dt>
      <dd>is the memory that is really there for a process, as the kernel counts it.</dd>
      <dt>Heap</dt>
      <dd>is what its allocations hold: all of them in exact mode, an estimate (±) in sample mode, not known in idle mode.</dd>
      <dt>External</dt>
      <dd>is RSS without the heap: code, stacks, mapped files, and what the allocator keeps. “What it is made of” tells them apart.</dd>
      <dt>The flame graph</dt>
      <dd>gives each function the width of what it and all it called hold. Up and down is who calls whom, colour is the library; left and right mean nothing.</dd>
      <dt>Growth</dt>
      <dd>is judged over the whole recording; below 50 % sure it is a suspicion. {!isOfRecordings && "Analyse looks whether something still leads to each block."}</dd>
      {isOfRecordings ? (
        <>
          <dt>Recordings</dt>
          <dd>are what memwatch run or attach wrote: “at the end” is when the process, or its recording, ended. A file that changes is read again.</dd>
          <dt>Leaked</dt>
          <dd>is what nothing led to any more, where that was checked at the end; with a question mark, what was not freed.</dd>
        </>
      ) : (
        <>
          <dt>Live</dt>
          <dd>means that changes arrive as they happen. When the daemon is gone the page says so, keeps what it has, and goes on when there is one again.</dd>
        </>
      )}
      <dt>The address</dt>
      <dd>holds what you see: process, range, graph, sorting. Copy it to see the same again.</dd>
    </HelpDialog>
  );
}
