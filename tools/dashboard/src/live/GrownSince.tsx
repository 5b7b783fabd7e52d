// Who has more of the heap than at the beginning of the time that the charts show: what the daemon kept
// of each minute, so it is known of what ended too.
import { useMemo } from "preact/hooks";
import { clock, dayAndTime } from "../text/clock";
import { bytes } from "../text/format";
import { shortName } from "../text/names";
import { grownSince } from "./grown";
import type { ConsumerHistory } from "./types";
import { useAnswer } from "./use_answer";

const EVERY_MS = 30_000; // a round is a minute
const MOST_SITES = 6;
const DAY_S = 86_400;

export function GrownSince({ pid, seconds, epoch }: { pid: number; seconds: number; epoch: number }) {
  const { value } = useAnswer<ConsumerHistory>(`api/v1/history/consumers?pid=${pid}&seconds=${seconds}&ends=1`, EVERY_MS, epoch);
  const grown = useMemo(() => value && grownSince(value), [value]);
  if (value === undefined) return null;
  const when = grown && (Date.now() / 1000 - grown.since < DAY_S ? clock(grown.since, 1) : dayAndTime(grown.since));
  return (
    <div id="grown">
      <h3>{grown ? `Grew since ${when}` : "What grew"}</h3>
      {grown === undefined ? (
        <p class="faint">Two rounds of a minute are compared; there are none of this time yet.</p>
      ) : (
        <>
          <p class="faint">
            The heap went from {bytes(grown.from)} to {bytes(grown.to)}
            {grown.isEstimate ? ", by estimates" : ""}
            {grown.sites.length === 0 ? ". None of its largest sites grew." : "."}
          </p>
          <ul class="growing">
            {grown.sites.slice(0, MOST_SITES).map((site) => (
              <li key={site.site} title={site.callers || site.name}>
                {shortName(site.name)} <span class="faint">{site.place}</span>{" "}
                <span class="growing-rate">{site.from === undefined ? `${bytes(site.to)}, before not among the largest` : `+${bytes(site.to - site.from)}, to ${bytes(site.to)}`}</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  );
}
