"""The HTML report in a real browser: it opens from a file without a complaint, its numbers are those
of the JSON report, and whatever a reader can do on it works.

Needs Chromium and its driver (scripts/install-dependencies --browser); says so and is skipped without.
"""

import json
import re
import shutil
import subprocess
import unittest
from pathlib import Path

from harness.case import IntegrationTest
from harness.configuration import configuration
from harness.html_case import HtmlCase, human_bytes, human_percent

WIDTHS = (320, 360, 1024, 1920)
HOSTILE = "</script><script>alert(1)"


class HtmlReportTest(HtmlCase):
    def trace_containers(self):
        return self.trace(self.host("cxx_containers"))

    def test_figures_are_those_of_the_json_report(self):
        traced = self.trace_containers()
        root = traced.report.root
        self.open_report(traced.session)
        self.assertEqual(self.fact("Peak heap"), root.heap["peak_bytes"])
        self.assertEqual(self.fact("Allocated"), root.totals["allocated_bytes"])
        self.assertEqual(self.fact("Not freed at exit"), root.heap["live_bytes"])
        self.assertIn("exact: every call recorded, nothing lost", self.browser.text("header"))
        self.assertIn("exit 0", self.browser.text("header"))
        for cost, total in (
            ("peak", root.heap["peak_bytes"]),
            ("leaked", sum(root.data["leaks"][kind + "_bytes"] for kind in ("definite", "indirect", "possible"))),
            ("allocated", root.totals["allocated_bytes"]),
        ):
            self.browser.click(f"input[value={cost}]")
            shown = self.browser.run("return document.querySelector('.flame-scroller').getAttribute('aria-label')")
            self.assertIn(human_bytes(total), shown, cost)
        document = json.loads(self.browser.run("return document.getElementById('data').textContent"))
        for cost, total in (("peak", root.heap["peak_bytes"]), ("temporary", root.totals["temporary"])):
            self.assertEqual(sum(document["scopes"][0]["flame"]["own"][cost]), total, cost)
        self.assert_clean()

    def test_a_click_zooms_and_every_way_back_works(self):
        traced = self.trace_containers()
        self.open_report(traced.session, "--cost", "allocated")
        self.soon(True, "return document.querySelector('.flame-canvas').width > 300")
        tooltip = self.click_frame("main")
        total = traced.report.root.sum_through("main", "allocated_bytes")
        self.assertIn(human_bytes(total), tooltip)
        self.assertIn("cxx_containers.cpp", tooltip)
        self.soon("main", "return document.querySelector('.crumbs [aria-current]')?.textContent ?? ''")
        zoomed = self.fragment()["zoom"]
        self.assertGreater(int(zoomed), 0)
        self.browser.back()
        self.soon(None, "return document.querySelector('.crumbs')", "the browser's back button")
        self.browser.run("history.forward()")
        self.soon("main", "return document.querySelector('.crumbs [aria-current]')?.textContent ?? ''")
        self.browser.type("Escape")
        self.soon(True, "return !location.hash.includes('zoom=%s')" % zoomed, "Escape leaves the frame")
        for _ in range(8):
            self.browser.type("Escape")
        self.soon("", "return location.hash.replace('#', '')", "and in the end everything is seen")
        self.assert_clean()

    def test_what_was_scrolled_into_sight_is_drawn_as_if_all_were_drawn_anew(self):
        self.browser.resize(1024, 400)
        self.open_report(self.trace_containers().session, "--cost", "allocated")
        self.soon(True, "return document.querySelector('.flame-canvas').width > 300")
        room = self.browser.run("const s = document.querySelector('.flame-scroller'); return s.scrollHeight - s.clientHeight")
        self.assertGreater(room, 30, "something to scroll")
        # Down, further, back up: each by less than what is in sight, so that the picture is moved.
        for top in (7, room, room - 23, 3, room // 2):
            picture = self.browser.run_async(
                "const [top, done] = arguments; const s = document.querySelector('.flame-scroller'); s.scrollTop = top;"
                "let n = 0; const next = () => n++ < 5 ? requestAnimationFrame(next) : done([s.scrollTop, s.querySelector('canvas').toDataURL()]);"
                "next()",
                top,
            )
            self.assertEqual(picture[0], top)
            self.browser.type("x", "#search")
            self.soon(True, "return document.querySelector('#matched').textContent !== ''", "the search, by which all is drawn anew")
            self.browser.type("\ue003", "#search")  # backspace
            self.soon("", "return document.querySelector('#matched').textContent")
            self.soon(top, "return document.querySelector('.flame-scroller').scrollTop")
            self.soon(picture[1], "return document.querySelector('.flame-canvas').toDataURL()", f"scrolled to {top}")
        self.assert_clean()

    def test_keys_alone_are_enough(self):
        traced = self.trace_containers()
        self.open_report(traced.session)
        self.browser.run("document.querySelector('.flame-scroller').focus()")
        for key in ("Down", "Down", "Down"):
            self.browser.type(key)
        told = self.browser.run("return document.querySelector('.flame-told b')?.textContent ?? ''")
        self.assertTrue(told)
        self.browser.type("Enter")
        self.soon(told, "return document.querySelector('.crumbs [aria-current]')?.title ?? ''")
        self.browser.type("?")
        self.soon(True, "return document.querySelector('#help')?.open ?? false")
        self.assertIn("Width", self.browser.text("#help"))
        self.browser.type("Escape")
        self.soon(None, "return document.querySelector('#help')")
        self.assertIn("zoom", self.fragment(), "closing the help changes nothing else")
        self.browser.run("document.querySelector('[role=grid]').focus()")
        for key in ("Down", "Enter"):
            self.browser.type(key)
        self.soon(True, "return document.querySelector('.detail .stack li') !== null")
        self.assert_clean()

    def test_a_search_says_how_much_goes_through_what_it_finds(self):
        traced = self.trace_containers()
        root = traced.report.root
        self.open_report(traced.session, "--cost", "allocated")
        self.browser.type("/")
        self.soon("search", "return document.activeElement.id")
        self.browser.type("COUNT_words")
        share = root.sum_through("count_words", "allocated_bytes") / root.totals["allocated_bytes"]
        self.soon(human_percent(share), "return document.querySelector('#matched b')?.textContent ?? ''")
        self.assertEqual(self.fragment()["search"], "COUNT_words")
        self.browser.click("input[value=allocations]")
        share = root.sum_through("count_words", "allocations") / root.totals["allocations"]
        self.soon(human_percent(share), "return document.querySelector('#matched b')?.textContent ?? ''")
        self.browser.click("#search")
        self.browser.type("Escape")
        self.soon("", "return document.querySelector('#search').value")
        self.browser.type("no such function", "#search")
        self.soon("No frame matches “no such function”.", "return document.querySelector('#matched').textContent")
        self.assert_clean()

    def test_tables_sort_and_open_the_stack_of_a_row(self):
        traced = self.trace_containers()
        root = traced.report.root
        self.open_report(traced.session)
        largest = max(root.sites, key=lambda site: site["peak_bytes"])
        frames = traced.report.frames(largest["stack"])
        self.browser.click(".body .row")
        self.soon(
            [frame["function"] or f"{Path(frame['module']).name}+{frame['offset']}" for frame in frames],
            "return [...document.querySelectorAll('.stack li > span:first-child')].map(e => e.textContent)",
        )
        lines = self.browser.run("return [...document.querySelectorAll('.stack li')].map(e => e.innerText)")
        for frame, line in zip(frames, lines):
            if frame["file"]:
                self.assertIn(f"{frame['file']}:{frame['line']}", line)
            self.assertEqual("inlined" in line.split("\n")[0], frame["inlined"], line)
        self.browser.run(
            "[...document.querySelectorAll('[role=columnheader] button')].find(b => b.textContent.startsWith('Calls')).click()"
        )
        self.soon(
            "descending",
            "return [...document.querySelectorAll('[role=columnheader]')].find(h => h.textContent.startsWith('Calls')).ariaSort",
        )
        self.assertEqual(self.fragment()["sort.sites"], "allocations")
        self.browser.click("#tab-leaks")
        self.soon("true", "return document.querySelector('#tab-leaks').ariaSelected")
        records = root.data["leaks"]["records"]
        self.assertEqual(self.browser.run("return document.querySelector('[role=grid]').ariaRowCount"), str(len(records) + 1))
        first = self.browser.run("return document.querySelector('.body .row .cell:nth-child(2) [title]').title")
        self.assertEqual(int(first.replace(",", "")), max(record["bytes"] for record in records))
        self.assertEqual(self.fragment()["sort.sites"], "allocations", "the other table's order stays")
        for table in ("functions", "modules", "processes", "threads", "failures", "large", "sizes"):
            self.browser.click(f"#tab-{table}")
            self.soon(True, "return document.querySelector('#tab-panel .body .row, #tab-panel .empty') !== null", table)
        self.assert_clean()

    def test_the_address_holds_the_view_and_one_choice_changes_nothing_else(self):
        traced = self.trace_containers()
        page = self.open_report(traced.session, fragment="cost=allocations&search=words&zoom=2&table=modules&graph=flame&theme=dark")
        before = self.fragment()
        self.assertEqual(self.browser.run("return document.querySelector('#search').value"), "words")
        self.assertEqual(self.browser.run("return document.documentElement.dataset.theme"), "dark")
        self.assertEqual(self.browser.run("return document.querySelector('[role=tab][aria-selected=true]').id"), "tab-modules")
        self.browser.click("input[value=temporary]")
        self.browser.click("#tab-sizes")
        self.browser.click("#flip")
        self.soon("sizes", "return new URLSearchParams(location.hash.slice(1)).get('table')")
        changed = {name: value for name, value in before.items() if name != "graph"}
        self.assertEqual(self.fragment(), {**changed, "cost": "temporary", "table": "sizes"})
        self.browser.open("about:blank")
        self.browser.open(f"{page.as_uri()}#scope=99&zoom=99999999&row=99999999&cost=nonsense&table=%F0")
        self.assert_clean()
        self.assertEqual(self.fact("Peak heap"), traced.report.root.heap["peak_bytes"])

    def test_light_and_dark_follow_the_system_or_the_switch(self):
        traced = self.trace_containers()
        self.open_report(traced.session)
        background = "return getComputedStyle(document.body).backgroundColor"
        light = self.browser.run(background)
        self.browser.prefer(prefers_color_scheme="dark")
        self.soon(True, f"return ({background.removeprefix('return ')}) !== '{light}'")
        self.browser.click("#theme-button")
        self.soon(light, background, "chosen against the system")
        self.assertEqual(self.fragment()["theme"], "light")
        for theme in ("light", "dark"):
            for fragment in ("search=words&zoom=2&row=0", "table=failures", "table=processes&row=0&search=nothing+there"):
                self.open_report(traced.session, fragment=f"theme={theme}&{fragment}")
                self.assert_readable(theme)

    def test_it_fits_narrow_and_wide_windows(self):
        traced = self.trace_containers()
        for width in WIDTHS:
            with self.subTest(width=width):
                self.browser.resize(width, 800)
                self.open_report(traced.session, fragment="row=0&zoom=3&search=x")
                self.assertLessEqual(self.browser.run("return document.documentElement.scrollWidth"), width)
                canvas = self.browser.run("return document.querySelector('.flame-canvas').clientWidth")
                self.assertGreater(canvas, width * 0.7)

    def test_everything_has_a_name_for_who_cannot_see_it(self):
        traced = self.trace_containers()
        self.open_report(traced.session, fragment="row=0")
        nameless = self.browser.run(
            "return [...document.querySelectorAll('button, input, select, [role=grid], [role=img], [role=application], dialog')]"
            ".filter(e => !(e.ariaLabel || e.textContent.trim() || e.labels?.length || e.getAttribute('aria-labelledby')))"
            ".map(e => e.outerHTML)"
        )
        self.assertEqual(nameless, [])
        names = [name for name, _ in self.frames_below()]
        self.assertTrue(any("count_words" in name for name in names), names)
        self.assertEqual(self.browser.run("return document.documentElement.lang"), "en")

    def test_each_process_of_a_tree_can_be_looked_at(self):
        traced = self.trace(["/bin/sh", "-c", f"{configuration.hosts}/cxx_containers; {configuration.hosts}/temporary_blocks; exit 0"])
        self.open_report(traced.session)
        (containers,) = traced.report.of_program("cxx_containers")
        number = self.browser.run(
            "return [...document.querySelectorAll('#scope option')].find(o => o.textContent.includes('cxx_containers')).value"
        )
        self.browser.run(
            "const s = document.querySelector('#scope'); s.value = arguments[0]; s.dispatchEvent(new Event('change', {bubbles: true}))",
            number,
        )
        self.soon(number, "return new URLSearchParams(location.hash.slice(1)).get('scope')")
        self.assertEqual(self.fact("Peak heap"), containers.heap["peak_bytes"])
        self.assertEqual(self.fact("Allocated"), containers.totals["allocated_bytes"])
        self.assert_clean()

    def test_a_program_that_did_nothing_has_a_page_that_says_what_to_do(self):
        traced = self.trace(self.host("does_nothing"))
        self.open_report(traced.session)
        for table in ("sites", "leaks", "functions", "failures", "large", "threads", "sizes"):
            self.browser.click(f"#tab-{table}")
            self.soon(True, "return document.querySelector('#tab-panel .empty, #tab-panel .body') !== null", table)
        self.assertIn("memwatch", self.browser.text("#flame .empty"))
        self.assert_clean()

    def test_failures_are_shown_with_their_stacks(self):
        traced = self.trace(self.host("failed_c_calls"))
        failures = traced.report.root.failures
        self.assertTrue(failures)
        self.open_report(traced.session, fragment="table=failures&row=0")
        self.assertIn(str(sum(failure["count"] for failure in failures)), self.browser.text(".fact.bad"))
        rows = self.browser.run("return document.querySelector('[role=grid]').ariaRowCount")
        self.assertEqual(rows, str(len(failures) + 1))
        self.assertIn("ENOMEM", self.browser.text("#tab-panel"))
        self.assertTrue(self.browser.run("return document.querySelectorAll('.stack li').length"))
        self.assert_clean()

    @unittest.skipUnless(shutil.which("objcopy") and shutil.which("g++"), "no compiler to make a hostile program with")
    def test_hostile_function_names_are_only_text(self):
        source, object_file, program = (self.workspace.out / name for name in ("evil.cpp", "evil.o", "evil"))
        source.write_text(
            '#include <cstdlib>\nextern "C" __attribute__((noinline)) void* evil() { return std::malloc(4711); }\n'
            "int main() { return evil() == nullptr; }\n"
        )
        subprocess.run(["g++", "-O0", "-c", source, "-o", object_file], check=True)
        subprocess.run(["objcopy", "--redefine-sym", f"evil={HOSTILE}", object_file], check=True)
        subprocess.run(["g++", object_file, "-o", program], check=True)
        traced = self.trace([program])
        self.assertTrue(traced.report.root.sites_through(HOSTILE), "the name is in the JSON report")
        page = self.open_report(traced.session, fragment="cost=allocated&row=0")
        self.assertNotIn(HOSTILE, page.read_text())
        shown = self.browser.run("return document.body.textContent.includes(arguments[0])", HOSTILE)
        self.assertTrue(shown, "and is shown as it is")
        self.assertEqual(self.browser.run("return document.scripts.length"), 2, "the data and the page's own")
        self.assert_clean()

    def open_diff(self, *options, fragment=""):
        page = self.workspace.out / "diff.html"
        run = self.memwatch("diff", *options, "--format", "html", "-o", page)
        self.assertEqual((run.status, run.stdout, run.stderr), (0, b"", ""))
        self.browser.open("about:blank")
        self.browser.open(f"{page.as_uri()}#{fragment}")
        self.assert_clean()
        return page

    def test_a_difference_is_shown_in_the_same_page(self):
        # peak_shares twice, the second time recorded as another program would be: more of one stack.
        old = self.trace_only(self.host("allocates_as_told", 1000, 10))
        new = self.trace_only(self.host("allocates_as_told", 1500, 4))
        document = self.memwatch("diff", old.session, new.session, "--metric", "allocated", "--format", "json")
        expected = json.loads(document.stdout)
        page = self.open_diff(old.session, new.session, "--metric", "allocated")
        facts = self.browser.text(".facts")
        self.assertIn(human_bytes(expected["old"]), facts)
        self.assertIn(human_bytes(expected["new"]), facts)
        self.assertIn("+" + human_bytes(expected["delta"]), facts)
        data = json.loads(self.browser.run("return document.getElementById('data').textContent"))
        self.assertEqual((data["before"]["total"], data["after"]["total"]), (expected["old"], expected["new"]))
        own = data["flame"]["own"]
        # Unchanged stacks are in the graph as well, so that both sides are whole.
        self.assertEqual((sum(own["before"]), sum(own["after"])), (expected["old"], expected["new"]))
        self.assertEqual(sum(own["grown"]), expected["grown"]["amount"])
        self.assertEqual(sum(own["shrunk"]), expected["shrunk"]["amount"])
        rows = data["rows"]["columns"]
        listed = sorted((before, after) for before, after in zip(rows["before"], rows["after"]) if before != after)
        self.assertEqual(listed, sorted((row["old"], row["new"]) for row in expected["stacks"]))
        self.click_frame("passes_through")
        self.soon("passes_through", "return document.querySelector('.crumbs [aria-current]')?.textContent ?? ''")
        self.browser.click("input[value=before]")
        self.soon("before", "return new URLSearchParams(location.hash.slice(1)).get('width')")
        self.browser.click(".body .row")
        self.soon(
            ["passes_through", "main"],
            "return [...document.querySelectorAll('.stack li > span:first-child')].map(e => e.textContent).slice(0, 2)",
        )
        for theme in ("light", "dark"):
            self.browser.open("about:blank")
            self.browser.open(f"{page.as_uri()}#theme={theme}&search=main")
            self.assert_readable(theme)
        self.assert_clean()

    def test_a_difference_says_what_makes_it_doubtful(self):
        one = self.trace_only(self.host("cxx_containers"))
        other = self.trace_only(self.host("peak_shares"))
        self.open_diff(one.session, other.session)
        self.assertIn("Different programs", self.browser.text(".remarks"))
        same = self.memwatch("diff", one.session, one.session, "--format", "html")
        self.assertEqual(same.status, 0)
        self.open_diff(one.session, one.session)
        self.assertIn("No stack grew or shrank.", self.browser.text("#flame"))

    def test_the_graph_of_leaks_has_what_leaked_alone(self):
        traced = self.trace(self.host("leak_shapes", "alone"))
        leaks = traced.report.root.data["leaks"]
        leaked = sum(leaks[kind + "_bytes"] for kind in ("definite", "indirect", "possible"))
        self.open_report(traced.session, "--cost", "leaked")
        self.assertIn("Leaked " + human_bytes(leaked), self.browser.text("#flame-title"))
        data = json.loads(self.browser.run("return document.getElementById('data').textContent"))
        self.assertEqual(sum(data["scopes"][0]["flame"]["own"]["leaked"]), leaked)
        self.assertLess(leaked, traced.report.root.heap["live_bytes"])
        by_lifetime = self.trace(self.host("leak_shapes", "alone"), ["--leak-check", "none"])
        self.open_report(by_lifetime.session, "--cost", "leaked")
        live = by_lifetime.report.root.heap["live_bytes"]
        self.assertIn("Not freed at exit " + human_bytes(live), self.browser.text("#flame-title"))

    def test_leaks_that_were_judged_without_everything_seen_are_no_certain_ones(self):
        # A thread has one tracer at most, so that the program cannot be made to stand still.
        traced = self.trace([*self.host("traces_a_program"), *self.host("leak_shapes")], ["--leak-check", "full"])
        self.open_report(traced.session, "--cost", "leaked")
        self.assertRegex(self.browser.text("#flame-title"), r"^Leaked, as far as could be seen [0-9.]+ KiB$")
        facts = self.browser.run("return document.querySelector('.facts').innerText")
        self.assertIn("as far as could be seen: its threads ran on while memory was read", facts)


class WithoutBrowserTest(IntegrationTest):
    def test_the_page_is_one_file_of_reasonable_size(self):
        traced = self.trace(self.host("cxx_containers"))
        run = self.memwatch("report", traced.session, "--format", "html")
        self.assertEqual((run.status, run.stderr), (0, ""))
        self.assertLess(len(run.stdout), 400_000)
        self.assertTrue(run.stdout.startswith(b"<!doctype html>"))
