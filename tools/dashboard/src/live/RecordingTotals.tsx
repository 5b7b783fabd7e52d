// Over all that is served: how much there is, the largest, what was lost.
import { Fact } from "../parts/Fact";
import { bytes, count, counted, exact } from "../text/format";
import { isByLifetime, leaked, type Recorded } from "./recording";
import type { Status } from "./types";

export function RecordingTotals({ status, processes }: { status: Status; processes: Recorded[] }) {
  const { sessions } = status.recordings!;
  const proven = processes.filter((each) => !isByLifetime(each));
  const lost = proven.reduce((sum, each) => sum + (leaked(each) ?? 0), 0);
  const doubtful = proven.filter((each) => !each.recording.leaks_all_seen).length;
  const largest = processes.reduce<Recorded | undefined>((most, each) => ((each.heap?.peak_bytes ?? 0) > (most?.heap?.peak_bytes ?? 0) ? each : most), undefined);
  const dropped = processes.reduce((sum, each) => sum + (each.losses?.dropped ?? 0), 0);
  const cut = processes.filter((each) => !each.recording.complete).length;
  return (
    <dl class="facts">
      <Fact label="Recordings" value={exact(sessions)} details={[`of ${counted(processes.length, "process", "processes")}`, cut > 0 && "not all are complete"]} {...(cut > 0 ? { tone: "caution" } : {})} />
      <Fact label="Largest heap" value={largest ? bytes(largest.heap?.peak_bytes ?? 0) : "–"} title={`${exact(largest?.heap?.peak_bytes ?? 0)} bytes`} details={[largest && `${largest.name}, at its peak`]} />
      <Fact
        label="Leaked"
        value={proven.length > 0 ? bytes(lost) : "–"}
        title={`${exact(lost)} bytes`}
        details={[proven.length > 0 ? `in ${counted(proven.length, "process that was checked", "processes that were checked")}` : "no process was checked at its end", doubtful > 0 && `of ${exact(doubtful)} as far as could be seen`]}
        {...(lost > 0 ? { tone: "bad" } : {})}
      />
      <Fact label="Allocations" value={count(status.totals.allocations)} title={exact(status.totals.allocations)} details={[counted(status.totals.large, "large one", "large ones")]} />
      <Fact label="Failed" value={exact(status.totals.failed)} details={["calls that got no memory"]} {...(status.totals.failed > 0 ? { tone: "bad" } : {})} />
      {dropped > 0 && <Fact label="Lost events" value={count(dropped)} tone="caution" details={["figures are too low by these"]} />}
    </dl>
  );
}
