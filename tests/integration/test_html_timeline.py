"""The timeline of the HTML report in a real browser: what is painted is what was recorded, in both themes; the pointer asks it
and zooms into it.

Needs Chromium and its driver (scripts/install-dependencies --browser); says so and is skipped without.
"""

import subprocess
import time

from harness.configuration import configuration
from harness.html_case import HtmlCase, human_bytes
from harness.report import Report

LARGE = 32 << 20
HALF_S = 0.6  # it holds the large block for as long, and is there as long without it

# Of a column of the picture, as a share of its width: how far above the axis the line of a colour is, as a share of the
# height; null where it is not. Antialiasing: near the colour is enough.
LINE_BODY = """
const plot = document.querySelector(".timeline .plot"), canvas = plot.querySelector("canvas");
const over = plot.querySelector(".u-over").getBoundingClientRect(), outer = canvas.getBoundingClientRect();
const ratio = canvas.width / outer.width;
const probe = document.createElement("i");
probe.style.color = `var(${key})`;
plot.append(probe);
const wanted = getComputedStyle(probe).color.match(/[0-9.]+/g).slice(0, 3).map(Number);
probe.remove();
const x = Math.round((over.x - outer.x + over.width * share) * ratio);
const top = Math.round((over.y - outer.y) * ratio), height = Math.round(over.height * ratio);
// A line along the axis is painted on both sides of it.
const rows = height + 2;
const column = Object.assign(document.createElement("canvas"), {width: 1, height: rows}).getContext("2d", {willReadFrequently: true});
column.drawImage(canvas, x, top, 1, rows, 0, 0, 1, rows);
const pixels = column.getImageData(0, 0, 1, rows).data;
for (let y = 0; y < rows; ++y) {
  const [r, g, b, a] = pixels.slice(4 * y, 4 * y + 4);
  const distance = Math.abs(r - wanted[0]) + Math.abs(g - wanted[1]) + Math.abs(b - wanted[2]);
  if (a > 200 && distance < 60) return 1 - y / height;
}
return null;
"""
LINE = "const [share, key] = arguments;" + LINE_BODY
TOLD = "return [...document.querySelectorAll('.timeline output')].map((o) => o.textContent)"
WHEN = "return document.querySelector('.timeline figcaption .faint').textContent"
BOX = """
document.querySelector(".timeline .plot").scrollIntoView({block: "center"});
const {x, y, width, height} = document.querySelector(".timeline .u-over").getBoundingClientRect();
return {x, y, width, height};
"""


class HtmlTimelineTest(HtmlCase):
    def record(self):
        """A program whose heap is 32 MiB in its first half and next to nothing in its second."""
        session, report = self.workspace.out / "halves.mw", self.workspace.out / "halves.json"
        options = ["--rss-interval", "10", "-q", "-o", session, "--json", report]
        memwatch = subprocess.Popen(
            [str(part) for part in (configuration.memwatch, "run", *options, "--", *self.host("does_as_told"))],
            env=self.workspace.environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.assertTrue(memwatch.stdout.readline().startswith(b"ready"))
        for line in (f"large {LARGE}", "drop"):
            memwatch.stdin.write(f"{line}\n".encode())
            memwatch.stdin.flush()
            self.assertEqual(memwatch.stdout.readline(), b"done\n")
            time.sleep(HALF_S)  # so that there are samples of either half; nothing is judged by how long it was
        memwatch.stdin.close()
        memwatch.stdout.read()
        memwatch.stdout.close()
        self.assertEqual(memwatch.wait(), 0)
        return session, Report(report).root

    def open_timeline(self, session, fragment=""):
        self.open_report(session, fragment=fragment)
        self.soon(True, "return (document.querySelector('.timeline canvas')?.width ?? 0) > 300")
        return self.browser.run(BOX)

    def line_soon(self, share, condition):
        self.soon(True, f"const [share, key] = [{share}, '--heap'];{LINE_BODY.replace('return 1 - y / height', 'return 1 - y / height ' + condition)}")

    def told_at(self, box, share):
        """What the caption says with the pointer there: the heap in bytes of text, and when."""
        self.browser.point(box["x"] + box["width"] * share, box["y"] + box["height"] / 2)
        return self.browser.run(TOLD)[0], self.browser.run(WHEN)

    def test_what_is_painted_is_what_was_recorded_in_both_themes(self):
        session, root = self.record()
        self.assertGreaterEqual(root.heap["peak_bytes"], LARGE)
        pictures = {}
        for theme in ("light", "dark"):
            with self.subTest(theme=theme):
                self.open_timeline(session, f"theme={theme}")
                # The axis ends a little above the peak. The beginning is no spike and no dip: the line rises once.
                for share in (0.02, 0.25):
                    self.assertGreater(self.browser.run(LINE, share, "--heap"), 0.85, "held in the first half")
                self.assertLess(self.browser.run(LINE, 0.75, "--heap"), 0.1, "not in the second")
                rss = self.browser.run(LINE, 0.75, "--rss")
                self.assertTrue(0 < rss < 0.5, f"{rss}: the block was never written to")
                self.assert_readable(theme)
                self.assert_clean()
                pictures[theme] = self.browser.run("return document.querySelector('.timeline canvas').toDataURL()")
        self.assertNotEqual(pictures["light"], pictures["dark"])
        # The switch paints it anew, without a page being opened.
        self.browser.click("#theme-button")
        self.soon(pictures["light"], "return document.querySelector('.timeline canvas').toDataURL()")

    def test_the_pointer_asks_for_a_moment(self):
        session, root = self.record()
        box = self.open_timeline(session)
        self.assertEqual(self.browser.run(TOLD)[0], human_bytes(root.heap["peak_bytes"]))
        self.assertIn("at most", self.browser.run(WHEN))
        held, when = self.told_at(box, 0.25)
        self.assertEqual(held, human_bytes(root.heap["peak_bytes"]))
        self.assertRegex(when, r"^at .*s$")
        small, later = self.told_at(box, 0.75)
        self.assertNotIn("MiB", small)
        self.assertNotEqual(later, when)
        self.browser.point(5, 5)
        self.soon(human_bytes(root.heap["peak_bytes"]), TOLD + "[0]", "the pointer is gone")
        self.assert_clean()

    def test_dragging_zooms_and_a_double_click_sees_all(self):
        session, root = self.record()
        box = self.open_timeline(session)
        middle = box["y"] + box["height"] / 2
        self.assertGreater(self.browser.run(LINE, 0.1, "--heap"), 0.85)
        self.browser.drag(box["x"] + box["width"] * 0.7, middle, box["x"] + box["width"] * 0.95, middle)
        # The first moment that is seen now is one of the second half.
        self.line_soon(0.1, "< 0.1")
        self.assertNotIn("MiB", self.told_at(box, 0.02)[0])
        self.browser.double_click(box["x"] + box["width"] / 2, middle)
        self.line_soon(0.1, "> 0.85")
        self.assertEqual(self.told_at(box, 0.25)[0], human_bytes(root.heap["peak_bytes"]))
        self.assert_clean()
