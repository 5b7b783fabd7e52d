// Numbers as the text reports print them (tools/render/human.cpp), so that page and terminal agree.

export function bytes(value: number): string {
  if (value < 0) return `−${bytes(-value)}`;
  if (value < 1024) return `${value} B`;
  const units = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
  let scaled = value / 1024;
  let unit = 0;
  while (scaled >= 1023.5 && unit + 1 < units.length) {
    scaled /= 1024;
    ++unit;
  }
  return `${scaled.toFixed(scaled < 99.95 ? 1 : 0)} ${units[unit]}`;
}

// A size that somebody asked for; 2^64 − 1 is what an overflown calloc asks for.
export function requestedBytes(value: number): string {
  return value >= 2 ** 64 - 1 ? "more than 2^64 bytes" : bytes(value);
}

export function exact(value: number): string {
  return Math.round(value)
    .toString()
    .replace(/\B(?=(\d{3})+(?!\d))/g, ",")
    .replace("-", "−");
}

export function count(value: number): string {
  if (Math.abs(value) < 1e6) return exact(value);
  const units = ["M", "G", "T", "P"];
  let scaled = value / 1e6;
  let unit = 0;
  while (Math.abs(scaled) >= 999.5 && unit + 1 < units.length) {
    scaled /= 1000;
    ++unit;
  }
  const size = Math.abs(scaled);
  return scaled.toFixed(size < 9.995 ? 2 : size < 99.95 ? 1 : 0).replace("-", "−") + units[unit];
}

export function duration(seconds: number): string {
  if (!(seconds > 0)) return "0 s";
  if (seconds < 0.0009995) return `${(seconds * 1e6).toFixed(0)} µs`;
  if (seconds < 0.9995) return `${(seconds * 1e3).toFixed(0)} ms`;
  if (seconds < 9.995) return `${seconds.toFixed(2)} s`;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const two = (value: number) => value.toString().padStart(2, "0");
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${two(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${two(Math.floor((whole % 3600) / 60))} min`;
}

export function percent(share: number): string {
  if (!(share > 0)) return "0 %";
  if (share < 0.001) return "<0.1 %";
  if (share >= 1) return "100 %";
  if (share >= 0.9995) return ">99.9 %";
  return `${(share * 100).toFixed(1)} %`;
}

export function counted(value: number, singular: string, plural: string): string {
  return `${count(value)} ${value === 1 ? singular : plural}`;
}

// "± 1.2 MiB"; "" of an exact figure.
export function errorBar(value: number): string {
  return value > 0 ? `± ${bytes(value)}` : "";
}
