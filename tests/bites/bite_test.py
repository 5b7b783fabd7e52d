#!/usr/bin/env python3
"""Is a mistake in a patch's head told, and is what was not tried, or proved nothing, kept apart from what bites?

usage: bite_test.py
"""

import os
import re
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.dont_write_bytecode = True
sys.path[:0] = [str(ROOT / "tests" / name) for name in ("", "integration", "bench")]

from bites import table, trial  # noqa: E402
from bites.bite import BadPatch, Bite, all_bites  # noqa: E402
from bites.copied_tree import why_not_apply  # noqa: E402

DIFF = """--- a/door.txt
+++ b/door.txt
@@ -2,2 +2,1 @@
 the door
-is locked
"""


class Result:
    def __init__(self, bite, complaint="", how="", skipped=""):
        self.bite, self.complaint, self.how, self.skipped = bite, complaint, how, skipped


class BiteTest(unittest.TestCase):
    def setUp(self):
        place = tempfile.TemporaryDirectory()
        self.addCleanup(place.cleanup)
        self.place = Path(place.name)

    def patch(self, head, name="lock"):
        path = self.place / f"{name}.patch"
        path.write_text(head + "\n" + DIFF)
        return path

    def refused(self, head):
        with self.assertRaises(BadPatch) as caught:
            Bite(self.patch(head))
        return str(caught.exception)

    def test_a_head_says_what_is_taken_out_and_what_must_fail(self):
        head = "out: the lock\nshows: a thief\ntest: unit lock_test\ntest: integration exits --rows 'a b'\nhang: 9\ntries: 3\n"
        bite = Bite(self.patch(head))
        self.assertEqual((bite.name, bite.out, bite.shows, bite.hang_s, bite.tries), ("lock", "the lock", "a thief", 9, 3))
        self.assertEqual(bite.tests, [["unit", "lock_test"], ["integration", "exits", "--rows", "a b"]])
        self.assertEqual(bite.unit_tests(), ["lock_test"])

    def test_a_mistake_in_a_head_is_told(self):
        self.assertIn("no shows, test", self.refused("out: the lock\n"))
        self.assertIn("what does this line say? hung: 9", self.refused("out: a\nshows: b\nhung: 9\n"))
        self.assertIn("what does this line say? out: c", self.refused("out: a\nout: c\n"))
        self.assertIn("no such kind of test: manual x", self.refused("out: a\nshows: b\ntest: manual x\n"))

    def test_a_test_that_the_tree_does_not_have_is_named(self):
        head = "out: a\nshows: b\n"
        tests = ["unit recording_test", "unit gone_test", "integration exits", "integration exits.ExitsTest.test_gone"]
        bite = Bite(self.patch(head + "".join(f"test: {test}\n" for test in tests)))
        self.assertEqual(bite.unknown_tests(ROOT), ["gone_test", "exits.ExitsTest.test_gone"])

    def test_a_patch_applies_where_lines_have_moved_and_not_where_they_have_changed(self):
        patch = self.patch("out: the lock\nshows: a thief\ntest: unit lock_test\n")
        door = self.place / "door.txt"
        door.write_text("one\ntwo\nthree\nthe door\nis locked\n")
        self.assertEqual(why_not_apply(self.place, patch), "")
        door.write_text("the door\nis locked twice\n")
        self.assertIn("door.txt", why_not_apply(self.place, patch))

    def test_what_was_skipped_has_proved_nothing(self):
        self.assertEqual(trial.why_skipped("x ... skipped 'no cgroup'\nRan 1 test in 0s\n\nOK (skipped=1)\n"), "no cgroup")
        self.assertEqual(trial.why_skipped("x ... skipped 'no cgroup'\nRan 2 tests in 0s\n\nOK (skipped=1)\n"), "")
        self.assertEqual(trial.why_skipped("Ran 2 tests in 0s\n\nOK\n"), "")

    def test_what_a_test_leaves_in_the_place_of_segments_is_swept(self):
        before = trial.shared_memory_names()
        # Of a process that is none: no pid is that large, and this test's alone.
        left = [Path(f"/dev/shm/memwatch.{os.getuid()}.{2**31 - 1 - number}.{os.getpid()}.{number:016x}") for number in range(3)]
        left[0].mkdir()
        left[1].symlink_to("nowhere")
        left[2].write_bytes(b"")
        self.addCleanup(subprocess.run, ["rm", "-rf", *left], check=False)
        trial.sweep_segments(before)
        self.assertEqual([path for path in left if os.path.lexists(path)], [])

    def test_rows_of_what_was_not_tried_stay(self):
        bites = [Bite(self.patch("out: a\nshows: b\ntest: unit x\n", name)) for name in ("one", "three", "two")]
        before = "| a | `two` | b | fails | 1 May |\n| a | `gone` | b | fails | 1 May |\n"
        lines = table.markdown([Result(bites[0], how="hangs"), Result(bites[2], skipped="no root")], bites, before)
        rows = lines.splitlines()[2:]
        self.assertTrue(rows[0].startswith("| a | `one` | b | hangs | "), rows)
        self.assertEqual(rows[1:], ["| a | `three` | b | not tried yet | |", "| a | `two` | b | fails | 1 May |"])
        self.assertIn("| BITES NOBODY |", table.markdown([Result(bites[0], "bites nobody: passes: unit x")], bites, ""))

    def test_every_patch_can_be_read(self):
        self.assertGreater(len(all_bites()), 30)


class HazardsTest(unittest.TestCase):
    def test_each_hazard_of_the_documentation_names_what_takes_its_protection_out(self):
        document = (ROOT / "docs" / "reliability.md").read_text()
        table_of_hazards = re.search(r"^\| hazard \| programs \|[^\n]*\n\|[-|]+\n((?:\|.*\n)+)", document, re.MULTILINE)[1]
        patches = {bite.name for bite in all_bites()}
        for row in table_of_hazards.splitlines():
            named = set(re.findall(r"`(\w+)`", row.strip(" |").split(" | ")[2]))
            self.assertTrue(named and named <= patches, f"{row}: {named - patches}")


if __name__ == "__main__":
    unittest.main()
