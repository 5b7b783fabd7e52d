"""The dashboard over recorded sessions, in a browser with a real server."""

from harness.html_case import HtmlCase, human_bytes
from test_daemon import MEBIBYTE
from test_serve import FIRST_NUMBER, ServeCase

WIDTHS = (360, 1440)


class ServePageTest(HtmlCase, ServeCase):
    def open(self, fragment=""):
        self.browser.complaints()
        self.browser.open("about:blank")
        self.browser.open(f"http://{self.host_name}:{self.port}/#{fragment}")

    def assert_clean(self):
        self.assertEqual(self.browser.complaints(), [])

    def has(self, selector):
        return self.browser.run("return document.querySelector(arguments[0]) !== null", selector)

    def test_from_the_list_to_the_place_that_leaks(self):
        first, report = self.record("first.mw", [f"touch {8 * MEBIBYTE}", "lose 100", "fail"])
        second, _ = self.record("second.mw", ["keep 10"], "--leak-check", "none")
        server = self.serve(first, second)
        (told,) = report["processes"]
        leaks = told["leaks"]
        lost = leaks["definite_bytes"] + leaks["indirect_bytes"] + leaks["possible_bytes"]
        self.browser.resize(1440, 900)
        self.open()
        self.wait(lambda: self.browser.run("return document.querySelectorAll('#processes .body .row').length") == 2, "both")
        self.wait(lambda: self.browser.text("#connection") == "recordings", "what is served")
        row = self.browser.text("#processes .body .row")
        for part in ("does_as_told", str(told["pid"]), "first.mw", "exit 0", human_bytes(told["heap"]["peak_bytes"]), human_bytes(lost)):
            self.assertIn(part, row)
        self.assertFalse(self.has("#alerts"))
        self.browser.click("#processes .body .row")
        self.soon(str(FIRST_NUMBER), "return new URLSearchParams(location.hash.slice(1)).get('pid')")
        self.wait(lambda: self.has("#history canvas"), "the charts")
        self.assertIn(human_bytes(told["heap"]["live_bytes"]), self.browser.text("#memory"))
        self.assertIn(human_bytes(told["heap"]["peak_bytes"]), self.browser.text("#memory"))
        self.wait(lambda: "% sure" in self.browser.text("#pattern"), "the verdict on growth")
        self.wait(lambda: self.has("#leaks .leaks summary"), "the leaks")
        self.assertIn(human_bytes(leaks["definite_bytes"]), self.browser.text("#leaks"))
        self.browser.run("document.querySelectorAll('#leaks summary').forEach(each => each.click())")
        self.soon(True, "return [...document.querySelectorAll('#leaks .stack li')].some(e => e.innerText.startsWith('loses'))")
        self.wait(lambda: self.has(".flame-canvas"), "the flame graph")
        self.assertEqual(self.browser.text("#flame-title"), f"Live at the end {human_bytes(told['heap']['live_bytes'])}")
        self.browser.click("input[value=peak]")
        self.soon(f"At the peak {human_bytes(told['heap']['peak_bytes'])}", "return document.querySelector('#flame-title').innerText")
        self.browser.click("input[value=failed]")
        self.soon("Failed 1 call", "return document.querySelector('#flame-title').innerText")
        self.wait(lambda: self.has("#consumers .body .row"), "consumers")
        self.assertFalse(self.has("#analyse") or self.has("#refresh") or self.has("#alerts") or self.has("input[name=range]"), "what needs a running process")
        self.browser.click(".export summary")
        links = self.browser.run("return [...document.querySelectorAll('.export a')].map(a => new URL(a.href)).map(u => u.pathname + u.search)")
        self.assertEqual(len(links), 11)
        for link in links:
            self.assertEqual(self.request(link)[0].status, 200, link)
        self.open(f"pid={FIRST_NUMBER + 1}")
        self.wait(lambda: "not freed" in self.browser.text("#leaks"), "what was not freed")
        self.open(f"pid={FIRST_NUMBER + 7}")
        self.soon(True, f"return document.body.innerText.includes('No recorded process has the number {FIRST_NUMBER + 7}')")
        self.assert_clean()
        self.open()
        self.wait(lambda: self.has("#processes .body .row"), "the list")
        second.unlink()
        self.wait(lambda: self.has("#file-remarks") and "second.mw: it was deleted" in self.browser.text("#file-remarks"), "the remark")
        self.assert_clean()
        self.assertEqual(self.end(server), 0)
        self.soon(True, "return document.querySelector('.gone')?.textContent.includes('memwatch serve') ?? false")

    def test_leaks_that_were_judged_without_everything_seen_are_no_certain_ones(self):
        program = [*self.host("traces_a_program"), *self.host("leak_shapes")]
        session = self.workspace.out / "traced.mw"
        run = self.memwatch("run", "--quiet", "-o", session, "--leak-check", "full", "--", *program)
        self.assertEqual(run.status, 0, run.stderr)
        self.serve(session)
        number = next(process["pid"] for process in self.processes() if process["name"] == "leak_shapes")
        self.open()
        self.wait(lambda: "as far as could be seen" in self.browser.text(".facts"), "the sums")
        self.open(f"pid={number}")
        self.wait(lambda: self.has("#leaks .leaks summary"), "the leaks")
        verdict = self.browser.text("#leaks .verdict")
        self.assertIn("that nothing led to any more when it ended", verdict)
        self.assertTrue(verdict.endswith(", as far as could be seen"), verdict)
        self.assertIn("Its threads ran on while memory was read", self.browser.text("#leaks"))
        self.assert_clean()

    def test_it_fits_a_phone_and_a_wide_screen_in_light_and_dark(self):
        session, _ = self.record("app.mw", ["keep 1000", "lose 10", "fail"])
        self.serve(session)
        for fragment in ("", f"pid={FIRST_NUMBER}"):
            ready = "#leaks .leaks" if fragment else "#processes .body .row"
            for width in WIDTHS:
                for theme in ("light", "dark"):
                    with self.subTest(width=width, theme=theme, fragment=fragment):
                        self.browser.resize(width, 800)
                        self.open(f"{fragment}&theme={theme}")
                        self.soon(True, f"return document.querySelector('{ready}') !== null")
                        self.assertLessEqual(self.browser.run("return document.documentElement.scrollWidth"), width)
                        self.assert_readable(theme)
        self.assert_clean()
