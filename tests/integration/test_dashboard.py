"""The daemon's page: how it is served, and in a browser with a real daemon and real programs."""

import gzip
import http.client
import json
import re
import signal
import time

from harness.case import TIMEOUT_S
from harness.html_case import HtmlCase, human_bytes
from harness.page_timing import time_of_row
from test_daemon import MEBIBYTE, DaemonTest, Target

WIDTHS = (360, 768, 1440)
MOST_COMPRESSED = 100_000
SOON_ON_THE_PAGE_S = 5


class PageCase(DaemonTest):
    def setUp(self):
        super().setUp()
        self.watching("exact", 'poll_interval = "1s"\n')
        self.listen("127.0.0.1:0")

    def listen(self, address):
        daemon = self.start("--listen", address)
        self.host, port = self.status()["listen"].split(":")
        self.port = int(port)
        return daemon

    def request(self, path, method="GET", **headers):
        connection = http.client.HTTPConnection(self.host, self.port, timeout=TIMEOUT_S)
        connection.request(method, path, None, {name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        body = b"" if path.endswith("/stream") else response.read()
        connection.close()
        return response, body


class ServedTest(PageCase):
    def test_the_page_and_its_files_come_with_types_tags_and_a_policy(self):
        response, page = self.request("/")
        self.assertEqual((response.status, response.headers["Content-Type"]), (200, "text/html; charset=utf-8"))
        self.assertEqual(response.headers["Cache-Control"], "no-cache")
        policy = response.headers["Content-Security-Policy"]
        self.assertIn("default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'", policy)
        self.assertNotIn("unsafe", policy)
        self.assertNotRegex(page, rb"<script>|<style|style=|https?://(?!www.w3.org)")
        files = re.findall(rb'(?:src|href)="([^":]+)"', page)
        self.assertEqual(sorted(name.rsplit(b".", 1)[1] for name in files), [b"css", b"js", b"txt"])
        compressed = 0
        types = {"js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8", "txt": "text/plain; charset=utf-8"}
        for name in (name.decode() for name in files):
            response, plain = self.request(f"/{name}")
            self.assertEqual((response.status, response.headers["Content-Type"]), (200, types[name.rsplit(".", 1)[1]]))
            self.assertIn("immutable", response.headers["Cache-Control"])
            packed_response, packed = self.request(f"/{name}", Accept_Encoding="br, gzip")
            self.assertEqual(packed_response.headers["Content-Encoding"], "gzip")
            self.assertEqual(gzip.decompress(packed), plain)
            compressed += len(packed)
            self.assertEqual(self.request(f"/{name}", Accept_Encoding="gzip;q=0")[1], plain)
        self.assertLess(compressed + len(page), MOST_COMPRESSED)

    def test_what_a_browser_has_already_is_not_sent_again(self):
        tag = self.request("/")[0].headers["ETag"]
        for match, status in ((tag, 304), (f'"other", W/{tag}, {tag}', 304), ("*", 304), ('"other"', 200)):
            response, body = self.request("/", If_None_Match=match)
            self.assertEqual((response.status, body == b"", response.headers["ETag"]), (status, status == 304, tag), match)

    def test_it_can_be_read_only_and_there_are_no_other_files(self):
        self.assertEqual(self.request("/", "POST")[0].status, 405)
        response, body = self.request("/", "HEAD")
        self.assertEqual((response.status, body), (200, b""))
        for path in ("/page.js", "/index.html", "/../etc/passwd", "/..%2fetc%2fpasswd", "//"):
            self.assertIn(self.request(path)[0].status, (400, 404), path)


class DashboardTest(HtmlCase, PageCase):
    def open(self, fragment=""):
        self.browser.complaints()
        self.browser.open("about:blank")
        self.browser.open(f"http://{self.host}:{self.port}/#{fragment}")

    def assert_clean(self):
        self.assertEqual(self.browser.complaints(), [])
        foreign = self.browser.run("return performance.getEntriesByType('resource').map(e => new URL(e.name).host).filter(h => h !== location.host)")
        self.assertEqual(foreign, [], "loads nothing from elsewhere")

    def row(self, target):
        """The cells of a process in the list, by the title of their column."""
        return self.browser.run(
            "const titles = [...document.querySelectorAll('#processes [role=columnheader]')].map(e => e.innerText.replace(/[▾▴\\s]+$/, ''));"
            "const row = [...document.querySelectorAll('#processes .body .row')].find(r => r.innerText.includes(arguments[0]));"
            "return row ? Object.fromEntries([...row.children].map((c, i) => [titles[i], c.innerText])) : null",
            f"{target.name} {target.pid}",
        )

    def test_a_program_is_on_the_page_by_itself_as_soon_as_it_is_found(self):
        self.browser.resize(1440, 900)
        self.open()
        self.soon(True, "return document.querySelector('#processes .empty')?.textContent.includes('LD_PRELOAD') ?? false", "what to do")
        target = Target(self, self.tag)
        self.wait(lambda: self.row(target), "the program")
        target.tell(f"large {32 * MEBIBYTE}")
        target.tell("fail")
        self.wait(lambda: self.row(target)["Failed"] == "1" and self.row(target)["Large"] == "1", "its figures")
        process = self.of(target.pid)
        self.assertEqual(self.row(target)["Heap"], human_bytes(process["heap"]["live_bytes"]))
        self.assertEqual(self.row(target)["Recorded"], "exact")
        self.wait(lambda: "32.0 MiB" in self.browser.text("#events"), "the large allocation")
        self.assertIn("ENOMEM", self.browser.text("#events"))
        target.end()
        self.wait(lambda: self.row(target)["State"].startswith("exit 0"), "its end")
        self.assert_clean()

    def test_a_program_is_on_the_page_within_seconds_of_its_start(self):
        """Two are promised, scripts/measure-dashboard has the figures; here the quickest of three, for busy machines."""
        self.open()
        self.wait(lambda: self.browser.text("#connection") == "● live", "the stream")
        seconds = []
        for letter in "abc":
            self.program(self.tag + letter)  # the copy is made before
            start = time.time()
            target = Target(self, self.tag + letter)
            seconds.append(time_of_row(self.browser, f"{target.name} {target.pid}") - start)
        self.assertLess(min(seconds), SOON_ON_THE_PAGE_S, seconds)
        self.assert_clean()

    def test_what_grew_since_the_beginning_of_the_time_is_named(self):
        self.watching("exact", 'poll_interval = "1s"\n[history]\nconsumers_every = "1s"\n')
        self.daemons[0].send_signal(signal.SIGHUP)
        self.wait(lambda: "read again" in self.log.read_text(), "the settings")
        target = Target(self, self.tag)
        self.wait_for_recording(target.pid)
        target.tell("keep 10")
        self.open(f"pid={target.pid}")
        self.wait(lambda: "Two rounds" in self.browser.text("#grown"), "the place")

        def grows():
            target.tell("keep 1000")
            _, answer = self.request(f"/api/v1/history/consumers?pid={target.pid}&seconds=600&ends=1")
            answer = json.loads(answer)
            return len(answer["rounds"]) == 2 and any(site["function"] == "keeps" for site in answer["sites"])

        self.wait(grows, "two rounds, named")
        self.open(f"pid={target.pid}")
        self.wait(lambda: "Grew since" in self.browser.text("#grown"), "what grew")
        self.assertRegex(self.browser.text("#grown"), r"keeps does_as_told\.c:\d+ \+[0-9.]+ [KM]iB, to [0-9.]+ [KM]iB")
        self.assert_clean()

    def test_a_process_has_its_memory_and_its_history_and_the_address_leads_there(self):
        target = Target(self, self.tag)
        self.wait_for_recording(target.pid)
        self.open()
        self.wait(lambda: self.row(target), "the program")
        self.browser.click("#processes .body .row")
        self.soon(str(target.pid), "return new URLSearchParams(location.hash.slice(1)).get('pid')")
        target.tell(f"keep {1 << 18}")
        heap = self.settled_heap(target.pid)
        self.soon(human_bytes(heap), "return [...document.querySelectorAll('#memory .pairs > div')].find(d => d.innerText.includes('Traced heap'))?.querySelector('b').textContent")
        self.wait(lambda: self.browser.run("return document.querySelectorAll('#history canvas').length") >= 3, "charts")
        self.wait(lambda: human_bytes(heap) in self.browser.run("return document.querySelector('#history .live-chart figcaption').innerText"), "the heap in the chart")
        self.browser.back()
        self.soon(True, "return document.querySelector('#processes') !== null")
        self.open(f"pid={target.pid}&range=1h")
        self.soon(True, "return document.querySelector('#memory') !== null")
        self.assertTrue(self.browser.run("return document.querySelector('input[name=range][value=\"1h\"]').checked"))
        self.assert_clean()

    def settled_heap(self, pid):
        """Of one that has allocated, once the daemon has read all of it: how much, not even it knows (it may drop)."""
        heaps = []

        def is_settled():
            heaps.append(self.of(pid)["heap"]["live_bytes"])
            return heaps[-1] > MEBIBYTE and len(heaps) > 20 and len(set(heaps[-20:])) == 1

        self.wait(is_settled, "the heap")
        return heaps[-1]

    def test_where_the_memory_is_and_who_uses_it(self):
        target = Target(self, self.tag)
        self.wait_for_recording(target.pid)
        target.tell(f"touch {8 * MEBIBYTE}")
        target.tell("lose 100")
        target.tell("fail")
        heap = self.wait_for(target.pid, lambda p: p["totals"]["failed"] == 1)["heap"]["live_bytes"]
        self.browser.resize(1440, 900)
        self.open(f"pid={target.pid}")
        self.wait(lambda: self.browser.run("return document.querySelector('.flame-canvas') !== null"), "the flame graph")
        self.assertEqual(self.browser.text("#flame-title"), f"Live now {human_bytes(heap)}")
        names = [name for name, _ in self.frames_below()]
        self.assertIn("main", names)
        self.click_frame("main")
        self.soon("main", "return document.querySelector('.crumbs [aria-current]')?.textContent ?? ''")
        # A later report has other numbers for the frames; the place is found again.
        self.browser.click("#refresh")
        self.soon(False, "return document.querySelector('#refresh').disabled")
        self.soon("main", "return document.querySelector('.crumbs [aria-current]')?.textContent ?? ''")
        self.browser.click("input[value=failed]")
        self.soon("Failed 1 call", "return document.querySelector('#flame-title').innerText")
        self.wait(lambda: self.browser.run("return document.querySelector('#consumers .body .row') !== null"), "consumers")
        self.assertIn(human_bytes(heap), self.browser.text("#consumers-title"))
        self.assertIn("main", self.browser.text("#consumers .body .row"))
        self.wait(lambda: self.browser.click("#consumers .body .row") is None, "a row to click")
        self.soon(True, "return [...document.querySelectorAll('.stack li')].some(e => e.innerText.startsWith('main'))")
        self.browser.click("input[value=module]")
        self.wait(lambda: self.tag in self.browser.text("#consumers .body"), "libraries")
        self.assert_clean()

    def test_what_is_sampled_is_watched_before_its_leaks_are_told(self):
        self.watching("sample")
        self.daemons[0].send_signal(1)
        target = Target(self, self.tag)
        self.wait_for(target.pid, lambda p: p.get("mode") == "sample", "a sample")
        self.open(f"pid={target.pid}")
        self.wait(lambda: self.browser.run("return document.querySelector('#analyse-seconds') !== null"), "for how long")
        self.assertEqual(self.browser.text("#analyse-seconds option:checked"), "10 s")
        # A shorter time than a person would choose.
        self.browser.run(
            "const all = document.querySelector('#analyse-seconds'); all.add(new Option('1 s', '1'));"
            "all.value = '1'; all.dispatchEvent(new Event('change', { bubbles: true }))"
        )
        self.browser.click("#analyse")
        self.wait(lambda: "of what it allocated in " in self.told_while_it_loses(target), "leaks of that second")
        self.assertRegex(self.browser.text("#analysis"), r"nothing leads to any more, of what it allocated in [0-9.]+ s")
        self.assertIn("those from before are not known", self.browser.text("#analysis"))
        self.wait(lambda: "those are in “Free in the allocator” and “Unexplained”" in self.browser.text("#memory"), "the note")
        self.assertNotRegex(self.browser.text("#memory"), "allocator_free|untracked")
        self.assert_clean()

    def told_while_it_loses(self, target):
        """What the page says of leaks; it is asked again where the process got round to none."""
        target.tell("lose 20")
        text = self.browser.text("#analysis")
        if "No leak was found" in text:
            self.browser.click("#analyse")
        return text

    def test_resident_memory_is_explained_growth_judged_and_leaks_looked_for(self):
        target = Target(self, self.tag)
        self.wait_for_recording(target.pid)
        target.tell(f"touch {8 * MEBIBYTE}")
        target.tell("lose 50")
        self.open(f"pid={target.pid}")
        self.wait(lambda: self.browser.run("return document.querySelectorAll('.parts > li').length") >= 3, "the parts")
        self.assertIn("Live heap", self.browser.text(".parts"))
        widths = self.browser.run("return [...document.querySelectorAll('.stacked .part')].map(e => parseFloat(e.style.width)).reduce((a, b) => a + b)")
        self.assertAlmostEqual(widths, 100, delta=0.1)
        self.browser.click("#memory button")
        self.soon(True, "return document.querySelector('#memory-parts').hidden")
        self.wait(lambda: "% sure" in self.browser.text("#pattern"), "the verdict on growth")
        self.browser.click("#analyse")
        self.wait(lambda: "nothing leads to any more" in self.browser.text("#analysis"), "leaks")
        self.browser.run("document.querySelectorAll('#analysis summary').forEach(each => each.click())")
        self.soon(True, "return [...document.querySelectorAll('#analysis .stack li')].some(e => e.innerText.startsWith('loses'))")
        self.assertFalse(self.browser.run("return document.querySelector('#analyse-seconds') !== null"), "nothing to wait for")
        self.browser.click(".export summary")
        for link in self.browser.run("return [...document.querySelectorAll('.export a')].map(a => new URL(a.href)).map(u => u.pathname + u.search)"):
            self.assertEqual(self.request(link)[0].status, 200, link)
        self.assert_clean()

    def test_alerts_are_shown_and_resolved(self):
        target = Target(self, self.tag)
        self.wait_for_recording(target.pid)
        target.tell(f"large {32 * MEBIBYTE}")
        self.open()
        self.wait(lambda: "32.0 MiB" in self.browser.text("#alerts"), "the alert")
        self.browser.click("#alerts .alert button.link")
        self.soon(str(target.pid), "return new URLSearchParams(location.hash.slice(1)).get('pid')")
        # The list, which has one alert too, goes a moment after the address; a click on it then is lost with it.
        self.soon(True, "return document.querySelector('#memory') !== null && document.querySelectorAll('#alerts .alert').length === 1")
        self.browser.click("#alerts .alert > button")
        self.wait(lambda: "Nothing to be told" in self.browser.text("#alerts"), "none is active")
        self.browser.click("input[name=alerts][value=resolved]")
        self.wait(lambda: "32.0 MiB" in self.browser.text("#alerts"), "it is kept")
        self.assert_clean()

    def test_charts_are_zoomed_together_and_show_all_again(self):
        target = Target(self, self.tag)
        self.wait_for_recording(target.pid)
        target.tell("keep 10")
        self.open(f"pid={target.pid}")
        self.wait(lambda: self.browser.run("return document.querySelectorAll('#history canvas').length") >= 3, "charts")
        self.wait(lambda: self.browser.run("return document.querySelectorAll('#history .hidden tbody tr').length") >= 6, "some seconds")
        self.browser.run("document.querySelector('#history').scrollIntoView()")
        box = self.browser.run("const b = document.querySelector('#history .u-over').getBoundingClientRect(); return {x: b.x, y: b.y, width: b.width, height: b.height}")
        middle = box["y"] + box["height"] / 2
        self.browser.drag(box["x"] + box["width"] * 0.6, middle, box["x"] + box["width"] * 0.95, middle)
        zoomed = "return [...document.querySelectorAll('#history .live-chart')].map(c => c.querySelector('figcaption .link') !== null)"
        self.wait(lambda: self.browser.run(zoomed) == [True, True, True], "all of them zoomed")
        self.browser.click("#history figcaption .link")
        self.wait(lambda: self.browser.run(zoomed) == [False, False, False], "all of each")
        self.assert_clean()

    def test_pointing_at_a_chart_tells_the_figures_of_that_moment_in_all_and_the_alert_at_its_flag(self):
        target = Target(self, self.tag)
        self.wait_for_recording(target.pid)
        target.tell(f"large {32 * MEBIBYTE}")
        self.open(f"pid={target.pid}")
        self.wait(lambda: "Flags mark alerts" in self.browser.text("#history"), "the flag")
        self.wait(lambda: self.browser.run("return document.querySelectorAll('#history .hidden tbody tr').length") >= 6, "some seconds")
        captions = "return [...document.querySelectorAll('#history .live-chart figcaption')].map(c => c.innerText)"
        self.assertEqual([" now" in caption.replace("\n", " ") for caption in self.browser.run(captions)], [True] * 3)
        self.browser.run("document.querySelector('#history').scrollIntoView()")

        def told_at_the_flag():
            box = self.browser.run("const b = document.querySelector('#history .u-over').getBoundingClientRect(); return {x: b.x, y: b.y, width: b.width, height: b.height}")
            for step in range(100):
                self.browser.point(box["x"] + box["width"] * step / 100, box["y"] + box["height"] / 2)
                told = self.browser.run(captions)
                if "large allocation: 32.0 MiB" in told[0]:
                    return told
            return None

        for caption in self.wait(told_at_the_flag, "the alert"):
            self.assertRegex(caption, r"\bat \d\d:\d\d:\d\d")
        self.assert_clean()

    def test_eight_windows_are_live_at_once(self):
        """More than the six connections that a browser has to a server for all of them."""
        first = self.browser.window()
        windows = [first]
        try:
            self.open()
            for _ in range(7):
                windows.append(self.browser.open_window())
                self.open()
            for window in windows:
                self.browser.switch(window)
                self.assertEqual(self.browser.run("return document.visibilityState"), "visible")
                self.wait(lambda: self.browser.text("#connection") == "● live", "the stream")
            target = Target(self, self.tag)
            for window in windows:
                self.browser.switch(window)
                self.wait(lambda: self.row(target), "the program in each")
                self.assertEqual(self.browser.run("return performance.getEntriesByType('resource').filter(e => e.name.endsWith('/stream')).length"), 0)
        finally:
            for window in windows[1:]:
                self.browser.switch(window)
                self.browser.close_window()
            self.browser.switch(first)
        self.assert_clean()

    def test_a_daemon_that_is_gone_is_told_and_found_again_by_itself(self):
        target = Target(self, self.tag)
        self.wait_for_recording(target.pid)
        self.open()
        self.wait(lambda: self.row(target), "the program")
        self.assert_clean()
        self.stop(self.daemons[-1])
        self.soon(True, "return document.querySelector('.gone') !== null")
        self.assertIn("memwatch daemon", self.browser.text(".gone"))
        self.assertTrue(self.row(target), "what was known stays")
        # Whether it still runs the page cannot know, nor that what it has is of now.
        self.browser.run(f"location.hash = 'pid={target.pid}'")
        self.soon(True, "return document.querySelector('#process-head .badge')?.textContent.startsWith('running when last seen, ') ?? false")
        self.soon(True, "return document.querySelector('#history').textContent.includes('The daemon does not answer.')")
        self.browser.run("location.hash = ''")
        self.wait(lambda: self.row(target), "the list again")
        self.listen(f"127.0.0.1:{self.port}")
        self.soon(False, "return document.querySelector('.gone') !== null")
        self.wait_for_recording(target.pid)
        self.wait(lambda: self.row(target) and self.row(target)["Recorded"] == "exact", "the program again")
        late = Target(self, self.tag + "b")
        self.wait(lambda: self.row(late), "what started since")

    def test_without_the_library_the_page_says_what_is_missing(self):
        target = Target(self, self.tag, shim=False)
        self.wait_for(target.pid)
        self.open(f"pid={target.pid}")
        self.soon(True, "return document.querySelector('#without-heap')?.textContent.includes('LD_PRELOAD') ?? false")
        self.assertFalse(self.browser.run("return document.querySelector('#flame, #consumers, #actions') !== null"))
        self.open("pid=1")
        self.soon(True, "return document.body.innerText.includes('is not watched')")
        self.assert_clean()

    def test_it_fits_a_phone_and_a_wide_screen_in_light_and_dark(self):
        target = Target(self, self.tag)
        self.wait_for_recording(target.pid)
        target.tell("keep 1000")
        target.tell("fail")
        for fragment in ("", f"pid={target.pid}"):
            ready = "#history canvas" if fragment else "#processes .body .row"
            for width in WIDTHS:
                for theme in ("light", "dark"):
                    with self.subTest(width=width, theme=theme, fragment=fragment):
                        self.browser.resize(width, 800)
                        self.open(f"{fragment}&theme={theme}")
                        self.soon(True, f"return document.querySelector('{ready}') !== null")
                        self.assertLessEqual(self.browser.run("return document.documentElement.scrollWidth"), width)
                        self.assert_readable(theme)
        self.assert_clean()

    def test_keys_are_enough_and_everything_has_a_name(self):
        target = Target(self, self.tag)
        self.wait_for_recording(target.pid)
        self.open()
        self.wait(lambda: self.row(target), "the program")
        self.browser.type("?")
        self.soon(True, "return document.querySelector('dialog[open]') !== null")
        self.browser.type("Escape")
        self.soon(False, "return document.querySelector('dialog[open]') !== null")
        self.browser.run("document.querySelector('#processes [role=grid]').focus()")
        self.browser.type("Down")
        self.browser.type("Enter")
        self.soon(str(target.pid), "return new URLSearchParams(location.hash.slice(1)).get('pid')")
        self.soon(True, "return document.querySelector('#history canvas') !== null")
        nameless = self.browser.run(
            "return [...document.querySelectorAll('button, a, input, summary, [role=grid], [role=img], [role=meter], [role=application], section')]"
            ".filter(e => !(e.ariaLabel || e.textContent.trim() || e.labels?.length || e.getAttribute('aria-labelledby')))"
            ".map(e => e.outerHTML)"
        )
        self.assertEqual(nameless, [])
        self.assertEqual(self.browser.run("return document.querySelectorAll('h1').length"), 1)
        self.assert_clean()

    def test_hostile_names_are_only_text(self):
        target = Target(self, self.tag + "<img src=x onerror=alert(1)>")
        self.wait_for_recording(target.pid)
        self.open()
        self.wait(lambda: self.row(target), "the program, as it is called")
        self.open(f"pid={target.pid}&search=<img src=x>&sort=<b>")
        self.soon(True, f"return document.querySelector('h1').textContent.includes('{self.tag}<img')")
        self.assertEqual(self.browser.run("return document.querySelectorAll('img').length"), 0)
        self.assert_clean()
