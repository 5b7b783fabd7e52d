// Which flag of a chart is meant by who points at one of its moments.
import { nearest } from "./series";

interface Mark {
  at: number;
  small?: boolean;
}

const CLOSE = 1 / 100; // of the time that is shown
const OWN = 1 / 20; // as far as a moment answers for what lies between it and the next

// The one at the moment with this index: flags with a line first (alerts: what they tell of has a flag
// of its own at the same place), then the nearest.
export function markAt<T extends Mark>(marks: T[], times: number[], index: number, shown: number): T | undefined {
  const at = times[index];
  if (at === undefined) return undefined;
  const distance = (mark: T) => Math.abs(mark.at - at);
  const meant = marks.filter((mark) => distance(mark) <= shown * CLOSE || (distance(mark) <= shown * OWN && nearest(times, mark.at) === index));
  return meant.sort((a, b) => Number(a.small ?? false) - Number(b.small ?? false) || distance(a) - distance(b))[0];
}
