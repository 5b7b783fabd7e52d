// Colours and axes of every chart, read from the style sheet.
import type uPlot from "uplot";

// Call again when the theme changes. `color` resolves a custom property: a canvas knows no light-dark(),
// so that the browser does it for an element.
export function chartLook(element: HTMLElement): { color(name: string): string; axis: uPlot.Axis } {
  const color = (name: string): string => {
    const probe = document.createElement("span");
    probe.style.color = `var(${name})`;
    element.append(probe);
    const result = getComputedStyle(probe).color;
    probe.remove();
    return result;
  };
  const { fontFamily } = getComputedStyle(element);
  const axis = { stroke: color("--faint"), grid: { stroke: color("--line"), width: 1 }, ticks: { show: false }, font: `11px ${fontFamily}` };
  return { color, axis };
}
