"""The base of tests that read an HTML report in a browser: opens it, waits for it, asks it."""

import os
import re
import tempfile
import time
import unittest
from pathlib import Path

from .browser import Browser, BrowserError, is_installed
from .case import IntegrationTest

SOON_S = 20

# Contrast of every visible text with what is behind it, as WCAG 2.1 reckons it. Returns the worst.
CONTRAST = """
const canvas = document.createElement("canvas").getContext("2d", {willReadFrequently: true});
const rgba = (color) => {
  canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = color; canvas.fillRect(0, 0, 1, 1);
  return [...canvas.getImageData(0, 0, 1, 1).data];
};
const luminance = ([r, g, b]) => {
  const part = (v) => (v /= 255) <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
};
const behind = (element) => {
  for (let at = element; at; at = at.parentElement) {
    const color = rgba(getComputedStyle(at).backgroundColor);
    if (color[3] > 250) return color;
  }
  return rgba(getComputedStyle(document.documentElement).colorScheme === "dark" ? "#121212" : "#fff");
};
let worst = {ratio: 99};
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const element = walker.currentNode.parentElement;
  if (!walker.currentNode.textContent.trim() || !element.checkVisibility() || element.closest(".hidden,script,style")) continue;
  const [x, y] = [luminance(rgba(getComputedStyle(element).color)), luminance(behind(element))];
  const ratio = (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
  if (ratio < worst.ratio) worst = {ratio, text: walker.currentNode.textContent, tag: element.outerHTML.slice(0, 200)};
}
return worst;
"""


def human_percent(share):
    if share <= 0:
        return "0 %"
    if share < 0.001:
        return "<0.1 %"
    if share >= 1:
        return "100 %"
    return ">99.9 %" if share >= 0.9995 else f"{share * 100:.1f} %"


def human_bytes(value):
    if value < 1024:
        return f"{value} B"
    for unit in ("KiB", "MiB", "GiB"):
        value /= 1024
        if value < 1023.5:
            return f"{value:.1f} {unit}" if value < 99.95 else f"{value:.0f} {unit}"
    raise AssertionError("no host program has so much")


class HtmlCase(IntegrationTest):
    browser = None  # one for all tests of a class

    @classmethod
    def setUpClass(cls):
        if not is_installed():
            raise unittest.SkipTest("no browser: scripts/install-dependencies --browser installs it")
        cls.profile = tempfile.TemporaryDirectory(prefix="mwb-", ignore_cleanup_errors=True)
        environment = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
        environment.update(HOME=cls.profile.name, TMPDIR=cls.profile.name)
        cls.browser = Browser(Path(cls.profile.name), environment)

    @classmethod
    def tearDownClass(cls):
        cls.browser.close()
        cls.profile.cleanup()

    def setUp(self):
        super().setUp()
        self.browser.resize(1024, 900)
        self.browser.prefer(prefers_color_scheme="light")

    def tearDown(self):
        self.browser.open("about:blank")
        super().tearDown()

    def open_report(self, session, *options, fragment=""):
        page = self.workspace.out / "report.html"
        run = self.memwatch("report", session, "--format", "html", "-o", page, *options)
        self.assertEqual((run.status, run.stdout, run.stderr), (0, b"", ""))
        self.browser.complaints()
        self.browser.open("about:blank")
        self.browser.open(f"{page.as_uri()}#{fragment}")
        self.assert_clean()
        return page

    def assert_readable(self, message=""):
        """Contrast of at least 4.5 to 1."""
        worst = self.browser.run(CONTRAST)
        self.assertGreaterEqual(worst["ratio"], 4.5, f"{message}: {worst}")

    def assert_clean(self):
        self.assertEqual(self.browser.complaints(), [])
        self.assertEqual(self.browser.run("return performance.getEntriesByType('resource').length"), 0, "loads nothing")

    def wait(self, condition, what):
        """As the other class has it. A page that is just being drawn anew lacks elements for a moment."""

        def is_there():
            try:
                return condition()
            except (BrowserError, TypeError):
                return None

        return super().wait(is_there, what)

    def soon(self, expected, script, message=""):
        """The page draws after an event; the last value is compared when it has had its time."""
        deadline = time.monotonic() + SOON_S
        while True:
            value = self.browser.run(script)
            if value == expected or time.monotonic() > deadline:
                self.assertEqual(value, expected, message)
                return
            time.sleep(0.02)

    def fragment(self):
        return self.browser.run("return Object.fromEntries(new URLSearchParams(location.hash.slice(1)))")

    def fact(self, label):
        """The exact figure behind a card, as its tool tip says it."""
        title = self.browser.run(
            "return [...document.querySelectorAll('.fact')].find(f => f.querySelector('dt').textContent === arguments[0])"
            "?.querySelector('strong').title",
            label,
        )
        return int(re.sub(r"\D", "", title)) if title else None

    def frames_below(self):
        """The hidden table of the graph: name, figures."""
        return self.browser.run(
            "return [...document.querySelectorAll('.flame tbody tr')].map(r => [r.children[0].textContent, r.children[1].textContent])"
        )

    def click_frame(self, name):
        """Where a frame is on the canvas is known to the eye alone: the mouse looks row by row, and once more from the
        start where the page moved meanwhile."""
        end = time.monotonic() + 60
        while time.monotonic() < end:
            for row in range(int(self.graph_box()["height"] // 20)):
                for column in range(1, 12):
                    box = self.graph_box()
                    x, y = box["x"] + box["width"] * column / 12, box["y"] + 20 * row + 10
                    self.browser.point(x, y)
                    # Both at once: a live page may take the tooltip away at any moment.
                    told, tooltip = self.browser.run(
                        "const t = document.querySelector('.tooltip');"
                        "return [t?.querySelector('b')?.textContent ?? '', t?.innerText ?? '']"
                    )
                    if told == name and self.graph_box() == box and self.hits(name, x, y):
                        return tooltip
        return self.fail(f"no frame {name} on the canvas")

    def hits(self, name, x, y):
        """Clicks. A live page may have moved since it was looked at: was the frame there at that moment?"""
        self.browser.run(
            "window.hit = null; document.addEventListener('pointerdown', event => {"
            "  window.hit = event.target.closest('.flame-scroller') && document.querySelector('.tooltip b')?.textContent;"
            "}, {capture: true, once: true}); return true"
        )
        self.browser.point(x, y, click=True)
        return self.browser.run("return window.hit") == name

    def graph_box(self):
        return self.browser.run(
            "document.querySelector('.flame-scroller').scrollIntoView({block: 'center'});"
            "const c = document.querySelector('.flame-scroller').getBoundingClientRect();"
            "return {x: c.x, y: c.y, width: document.querySelector('.flame-canvas').clientWidth, height: c.height}"
        )
