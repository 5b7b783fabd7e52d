// Times of day as the reader's clock shows them.
const two = (value: number) => value.toString().padStart(2, "0");

// As fine as steps of `step` seconds need: "14:03:20", "14:03", "27 Nov".
export function clock(seconds: number, step: number): string {
  const date = new Date(seconds * 1000);
  const time = `${two(date.getHours())}:${two(date.getMinutes())}`;
  if (step >= 86_400) return date.toLocaleDateString("en-GB", { day: "numeric", month: "short" });
  return step >= 60 ? time : `${time}:${two(date.getSeconds())}`;
}

// "27 Nov 14:03:20", for what may be from another day.
export function dayAndTime(seconds: number): string {
  return `${clock(seconds, 86_400)} ${clock(seconds, 1)}`;
}
