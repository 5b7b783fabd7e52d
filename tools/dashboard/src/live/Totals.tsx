// The sums over all processes.
import { Fact } from "../parts/Fact";
import { bytes, count, counted, exact } from "../text/format";
import type { Status } from "./types";

export function Totals({ status }: { status: Status }) {
  const { totals } = status;
  const dropped = status.processes.reduce((sum, process) => sum + (process.losses?.dropped ?? 0), 0);
  return (
    <dl class="facts">
      <Fact label="Processes" value={exact(totals.running)} details={["running", totals.ended > 0 && `${exact(totals.ended)} ended`, totals.not_recorded > 0 && `${exact(totals.not_recorded)} could not be recorded`]} {...(totals.not_recorded > 0 ? { tone: "caution" } : {})} />
      <Fact label="Resident memory" value={bytes(totals.rss)} title={`${exact(totals.rss)} bytes`} details={["of all that run"]} />
      <Fact label="Traced heap" value={bytes(totals.live_bytes)} title={`${exact(totals.live_bytes)} bytes`} details={["where it is followed"]} />
      <Fact label="Allocations" value={count(totals.allocations)} title={exact(totals.allocations)} details={[counted(totals.large, "large one", "large ones")]} />
      <Fact label="Failed" value={exact(totals.failed)} details={["calls that got no memory"]} {...(totals.failed > 0 ? { tone: "bad" } : {})} />
      {dropped > 0 && <Fact label="Lost events" value={count(dropped)} tone="caution" details={["figures are too low by these"]} />}
    </dl>
  );
}
