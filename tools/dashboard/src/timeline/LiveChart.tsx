// Lines over the time of day that go on while one looks. Charts with the same `group` share pointer and
// zoom. It knows nothing of processes.
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { clock } from "../text/clock";
import { duration } from "../text/format";
import { chartLook } from "./look";
import { markAt } from "./marks";
import { spacedMoments } from "./series";

export interface Line {
  name: string;
  color: string; // custom property of the style sheet
  fill?: string;
  values: (number | null)[];
}

export interface TimeMark {
  at: number; // seconds since 1970, as all times here, or since a start
  text: string;
  tone: string; // custom property
  small?: boolean; // a flag at the top, no line through the picture
}

export interface LiveChartProps {
  title: string;
  at: number[];
  from: number; // the time that is shown where nobody zoomed in
  to: number;
  lines: Line[];
  marks: TimeMark[];
  format(value: number): string;
  steps?: number[]; // of the axis
  height: number;
  group: string;
  isElapsed?: boolean; // times are since a start, and nothing is added
  isNow: boolean; // the last values are those of now
  isZoomed: boolean; // all of the group
  onZoomed(isZoomed: boolean): void;
  theme: "light" | "dark"; // colours are read again when it changes
}

export function LiveChart(props: LiveChartProps) {
  const { title, at, lines, marks, format, steps, height, group, isZoomed, isElapsed = false, isNow, theme } = props;
  const moment = (seconds: number, step: number) => (isElapsed ? (seconds === 0 ? "0" : duration(seconds)) : clock(seconds, step));
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const now = useRef(props); // what the chart's callbacks look at
  now.current = props;
  const [told, setTold] = useState(-1);
  const names = lines.map((line) => line.name).join();
  const data = useMemo((): uPlot.AlignedData => [at, ...lines.map((line) => line.values)], [at, names]);

  useEffect(() => {
    const element = place.current!;
    const { color, axis } = chartLook(element);
    const options: uPlot.Options = {
      width: element.clientWidth,
      height,
      padding: [10, 22, 0, 0], // the last label is centred below the edge
      legend: { show: false },
      cursor: { drag: { x: true, y: false }, points: { size: 6 }, sync: { key: group, setSeries: false } },
      scales: {
        x: { time: !isElapsed, range: (_, least, most) => [least, most] },
        y: { range: (_, __, most) => [0, (most || 0) * 1.06 || 1] },
      },
      axes: [
        { ...axis, space: 70, size: 26, values: (_, splits, __, ___, step) => splits.map((each) => moment(each, step)) },
        { ...axis, size: 66, space: 32, values: (_, splits) => splits.map((each) => format(each)), ...(steps ? { incrs: steps } : {}) },
      ],
      series: [
        {},
        ...now.current.lines.map((line) => ({
          label: line.name,
          stroke: color(line.color),
          width: 1.5,
          // Between what was sampled seldom, lines go on; a single sample is a point.
          points: { show: isElapsed && at.length < 4 },
          spanGaps: isElapsed,
          ...(line.fill ? { fill: color(line.fill) } : {}),
        })),
      ],
      hooks: {
        setCursor: [(chart) => setTold(chart.cursor.idx ?? -1)],
        setSelect: [(chart) => chart.select.width > 0 && now.current.onZoomed(true)],
        draw: [(chart) => now.current.marks.forEach((mark) => drawMark(chart, mark, color(mark.tone)))],
      },
    };
    const chart = new uPlot(options, data, element);
    plot.current = chart;
    chart.setScale("x", { min: now.current.from, max: now.current.to });
    const seeAll = () => now.current.onZoomed(false);
    element.addEventListener("dblclick", seeAll);
    const observer = new ResizeObserver(() => chart.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      element.removeEventListener("dblclick", seeAll);
      observer.disconnect();
      chart.destroy();
      plot.current = undefined;
    };
  }, [names, group, height, theme, isElapsed, isElapsed && at.length < 4]);

  useEffect(() => {
    const chart = plot.current;
    if (chart === undefined) return;
    const { min, max } = chart.scales.x!;
    chart.batch(() => {
      chart.setData(data, false);
      // Who zoomed in looks at a moment that does not move.
      if (isZoomed && min != null && max != null) chart.setScale("x", { min, max });
      else chart.setScale("x", { min: props.from, max: props.to });
    });
  }, [data, isZoomed, props.from, props.to, marks]);

  const index = told >= 0 && told < at.length ? told : -1;
  const value = (values: (number | null)[]) => {
    const one = index >= 0 ? values[index] : values.findLast((each) => each !== null);
    return one == null ? "–" : format(one);
  };
  const near = markAt(marks, at, index, props.to - props.from);
  return (
    <figure class="timeline live-chart">
      <figcaption>
        <b>{title}</b>
        {lines.map((line) => (
          <span key={line.name}>
            <i class={`key-line ${line.color.slice(2)}`} /> {line.name} <output>{value(line.values)}</output>
          </span>
        ))}
        <span class="faint">{index >= 0 ? `at ${moment(at[index]!, 1)}` : isNow ? "now" : "last sample"}</span>
        {near && <span class="bad">{near.text}</span>}
        {isZoomed && (
          <button type="button" class="link" onClick={() => props.onZoomed(false)}>
            see all
          </button>
        )}
      </figcaption>
      <div ref={place} class="plot" role="img" aria-label={`${title} over time: ${lines.map((line) => `${line.name} ${value(line.values)}`).join(", ")}`} style={{ height: `${height}px` }} />
      <div class="hidden">
        <table>
          <caption>{title} over time</caption>
          <thead>
            <tr>
              <th scope="col">Time</th>
              {lines.map((line) => (
                <th key={line.name} scope="col">
                  {line.name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {spacedMoments(at, 8).map((row) => (
              <tr key={row}>
                <th scope="row">{moment(at[row]!, 1)}</th>
                {lines.map((line) => (
                  <td key={line.name}>{line.values[row] == null ? "–" : format(line.values[row]!)}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </figure>
  );
}

// A flag where something was raised, and a line below it.
function drawMark(plot: uPlot, { at, small }: TimeMark, color: string): void {
  const x = plot.valToPos(at, "x", true);
  const { left, top, width, height } = plot.bbox;
  if (x < left || x > left + width) return;
  const { ctx } = plot;
  const ratio = uPlot.pxRatio;
  ctx.save();
  ctx.strokeStyle = ctx.fillStyle = color;
  ctx.lineWidth = ratio;
  if (!small) {
    ctx.setLineDash([3 * ratio, 3 * ratio]);
    ctx.beginPath();
    ctx.moveTo(x, top);
    ctx.lineTo(x, top + height);
    ctx.stroke();
  }
  ctx.beginPath();
  ctx.moveTo(x, top);
  ctx.lineTo(x + 7 * ratio, top + 4 * ratio);
  ctx.lineTo(x, top + 8 * ratio);
  ctx.fill();
  ctx.restore();
}
