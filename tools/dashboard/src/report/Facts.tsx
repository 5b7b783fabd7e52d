// The key figures, as the text summary has them: largest heap, allocated, not freed, RSS, trouble.
import type { Scope } from "../data/document";
import { bytes, count, counted, errorBar, exact, percent } from "../text/format";
import { Fact } from "../parts/Fact";
import { capital, isAllSeen, isClassified, processLabel, since, type ReportModel } from "./model";

const exactBytes = (value: number) => `${exact(value)} bytes`;

export function Facts({ model, scope }: { model: ReportModel; scope: Scope }) {
  const { totals } = scope;
  const isTree = scope.pids > 1;
  const largest = scope.largest === undefined ? undefined : model.process(scope.largest);
  return (
    <dl class="facts">
      {largest !== undefined && !scope.idle && (
        <Fact
          label="Peak heap"
          value={bytes(largest.peak)}
          title={exactBytes(largest.peak)}
          details={
            largest.peak === 0
              ? ["nothing was allocated"]
              : [
                  errorBar(largest.peakError),
                  isTree && `in ${processLabel(largest)}`,
                  counted(largest.peakBlocks, "block", "blocks"),
                  `after ${since(largest, largest.peakAt)}`,
                ]
          }
        />
      )}
      <Fact
        label="Allocated"
        value={bytes(totals.allocated)}
        title={exactBytes(totals.allocated)}
        details={[
          errorBar(totals.allocatedError),
          `in ${counted(totals.allocations, "allocation", "allocations")}`,
          totals.temporary > 0 && `${percent(totals.temporary / totals.allocations)} temporary`,
          totals.reallocations > 0 && counted(totals.reallocations, "reallocation", "reallocations"),
        ]}
      />
      {!scope.idle && <NotFreed scope={scope} />}
      {scope.rss !== undefined && (
        <Fact
          label="Peak RSS"
          value={bytes(scope.rss.peak)}
          title={exactBytes(scope.rss.peak)}
          details={[isTree && `in ${processLabel(model.process(scope.rss.process))}`, ...scope.rss.coverage]}
        />
      )}
      {largest !== undefined && totals.mapped * 20 > largest.peak && totals.mapped > 0 && (
        <Fact
          label="Mapped"
          value={bytes(totals.mapped)}
          title={exactBytes(totals.mapped)}
          details={["at most, by mmap, brk and sbrk of the program", `${bytes(totals.mappedAtEnd)} at the end`]}
        />
      )}
      {totals.failed > 0 && (
        <Fact label="Failed" tone="bad" value={count(totals.failed)} details={["⚠ allocations that got no memory", "the table Failures says which"]} />
      )}
      {totals.large > 0 && (
        <Fact
          label="Large"
          tone="caution"
          value={count(totals.large)}
          details={[`single allocations of ${bytes(model.report.large.threshold)} or more`]}
        />
      )}
    </dl>
  );
}

function NotFreed({ scope }: { scope: Scope }) {
  const { totals, leaks } = scope;
  const classified = isClassified(scope);
  const details =
    totals.notFreedBlocks === 0
      ? [scope.sampled ? "no block that was sampled" : "every block was freed"]
      : [errorBar(totals.notFreedError), `in ${counted(totals.notFreedBlocks, "block", "blocks")}`];
  return (
    <Fact
      label={capital(scope.notFreedPhrase)}
      value={bytes(totals.notFreed)}
      title={exactBytes(totals.notFreed)}
      tone={totals.notFreedBlocks > 0 ? "caution" : "good"}
      details={[...details, totals.execBytes > 0 && `${bytes(totals.execBytes)} more went with images that exec replaced`]}
    >
      {classified &&
        leaks.kinds.map(({ kind, bytes: size, blocks }) => (
          <li key={kind}>
            {kind}: {bytes(size)} in {counted(blocks, "block", "blocks")}
          </li>
        ))}
      {!isAllSeen(scope) && <li class="caution">⚠ as far as could be seen: {leaks.doubt}</li>}
    </Fact>
  );
}
