// Heap and RSS over time with the peak marked. It knows nothing of reports.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { bytes, duration } from "../text/format";
import { chartLook } from "./look";
import { momentOfPeak, withHeapAt } from "./peak";
import { BYTE_STEPS, spacedMoments, type Series } from "./series";

export interface Mark {
  at: number;
  value: number;
  text: string;
}

export interface TimelineChartProps {
  series: Series;
  start: number; // what times are counted from
  peak: Mark | undefined;
  stepped: boolean; // sums of several processes hold until the next sample of any
  height: number;
  theme: "light" | "dark"; // colours are read again when it changes
}

export function TimelineChart({ series, start, peak, stepped, height, theme }: TimelineChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const [at, setAt] = useState(-1);
  const peakAt = useMemo(() => (peak === undefined ? 0 : momentOfPeak(series, peak.at, peak.value)), [series, peak?.at, peak?.value]);
  const drawn = useMemo(() => (peak === undefined ? series : withHeapAt(series, peakAt, peak.value)), [series, peakAt, peak?.value]);
  const times = useMemo(() => drawn.at.map((moment) => moment - start), [drawn, start]);
  const showsMapped = series.mapped.some((value) => value > 0);

  useEffect(() => {
    const element = place.current!;
    const { color, axis } = chartLook(element);
    const line = (name: string, stroke: string, fill?: string): uPlot.Series => ({
      label: name,
      stroke,
      width: 1.5,
      points: { show: times.length < 4 },
      spanGaps: true,
      ...(stepped && uPlot.paths.stepped !== undefined ? { paths: uPlot.paths.stepped({ align: 1 }) } : {}),
      ...(fill === undefined ? {} : { fill }),
    });
    const options: uPlot.Options = {
      width: element.clientWidth,
      height,
      padding: [22, 22, 0, 0],
      legend: { show: false },
      cursor: { drag: { x: true, y: false }, points: { size: 6 } },
      scales: { x: { time: false }, y: { range: (_, __, most) => [0, Math.max(most, peak?.value ?? 0) * 1.04 || 1] } },
      axes: [
        { ...axis, values: (_, splits) => splits.map((each) => (each === 0 ? "0" : duration(each))), space: 70, size: 28 },
        { ...axis, incrs: BYTE_STEPS, values: (_, splits) => splits.map((each) => bytes(each)), size: 66, space: 36 },
      ],
      series: [
        {},
        line("RSS", color("--rss"), color("--rss-fill")),
        line("mapped", color("--mapped")),
        line("heap", color("--heap"), color("--heap-fill")),
      ],
      hooks: {
        setCursor: [(plot) => setAt(plot.cursor.idx ?? -1)],
        draw: [(plot) => peak !== undefined && drawMark(plot, { ...peak, at: peakAt - start }, color("--text"))],
      },
    };
    options.series[2]!.show = showsMapped;
    const plot = new uPlot(options, [times, drawn.rss, drawn.mapped, drawn.heap], element);
    const observer = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      plot.destroy();
    };
  }, [drawn, times, peak?.text, stepped, height, theme]);

  const told = at >= 0 && at < times.length ? at : -1;
  // At the moment under the pointer, else the largest of the run.
  const value = (values: (number | null)[]) => bytes(told < 0 ? values.reduce<number>((most, each) => Math.max(most, each ?? 0), 0) : (values.slice(0, told + 1).findLast((each) => each !== null) ?? 0));
  return (
    <figure class="timeline">
      <figcaption>
        <span class="key heap">Heap</span> <output>{value(drawn.heap)}</output>
        <span class="key rss">RSS</span> <output>{value(drawn.rss)}</output>
        {showsMapped && (
          <>
            <span class="key mapped">Mapped</span> <output>{value(drawn.mapped)}</output>
          </>
        )}
        <span class="faint">{told < 0 ? "at most. Drag to zoom, double-click to see all." : `at ${duration(times[told]!)}`}</span>
      </figcaption>
      <div ref={place} class="plot" role="img" aria-label={`Heap and RSS over time. ${peak?.text ?? ""}`} style={{ height: `${height}px` }} />
      <div class="hidden">
<table>
        <caption>Heap and RSS over time</caption>
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col">Heap</th>
            <th scope="col">RSS</th>
          </tr>
        </thead>
        <tbody>
          {spacedMoments(series.at.map((moment) => moment - start), 12).map((index) => (
            <tr key={index}>
              <th scope="row">{duration(series.at[index]! - start)}</th>
              <td>{bytes(series.heap[index]!)}</td>
              <td>{bytes(series.rss[index]!)}</td>
            </tr>
          ))}
        </tbody>
      </table>
</div>
    </figure>
  );
}

function drawMark(plot: uPlot, mark: Mark, color: string): void {
  const x = plot.valToPos(mark.at, "x", true);
  const y = plot.valToPos(mark.value, "y", true);
  const { left, top, width, height } = plot.bbox;
  if (x < left - 1 || x > left + width + 1) return; // zoomed away
  const { ctx } = plot;
  const ratio = uPlot.pxRatio;
  ctx.save();
  ctx.strokeStyle = ctx.fillStyle = color;
  ctx.lineWidth = ratio;
  ctx.setLineDash([3 * ratio, 3 * ratio]);
  ctx.beginPath();
  ctx.moveTo(x, top - 4 * ratio);
  ctx.lineTo(x, top + height);
  ctx.stroke();
  ctx.beginPath();
  ctx.arc(x, y, 3.5 * ratio, 0, 2 * Math.PI);
  ctx.fill();
  ctx.font = `${11 * ratio}px system-ui, sans-serif`;
  ctx.textAlign = "left";
  ctx.textBaseline = "alphabetic";
  const text = ctx.measureText(mark.text).width;
  ctx.fillText(mark.text, Math.max(left, Math.min(x - text / 2, left + width - text)), top - 9 * ratio);
  ctx.restore();
}
