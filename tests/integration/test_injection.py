"""Calls that are made to fail: which ones, how they fail, and what oom-sweep says of a program's sites."""

import json

from harness.case import IntegrationTest

ENOMEM = 12
FATES = {
    # (function, size) of the site that fails: what becomes of survives_or_not, which waits for none
    ("malloc", 101): ("went_on", False),
    ("calloc", 102): ("failed", 3),
    ("malloc", 103): ("crashed", 11),
    ("malloc", 104): ("went_on", True),
    ("malloc", 105): ("leaked", (1, 104)),
    ("operator new", 107): ("failed", 4),
    ("operator new", 108): ("crashed", 6),
    ("posix_memalign", 109): ("failed", 5),
    ("malloc", 110): ("failed", 6),
    ("realloc", 1110): ("failed", 7),
    ("mmap", 8192): ("failed", 8),
    ("malloc", 112): ("failed", 9),
    ("realloc", 1112): ("leaked", (1, 112)),
}


def fate_of(run):
    outcome = run["outcome"]
    told = {
        "went_on": run["same_output"],
        "failed": run["exit_code"],
        "crashed": run["signal"],
        "leaked": (run["lost_blocks"], run["lost_bytes"]),
    }
    return outcome, told.get(outcome)


def injected(process):
    return [f for f in process.failures if f["injected"]]


class InjectionTest(IntegrationTest):
    def trace_failing(self, spec, name, *arguments, options=()):
        run = self.trace_only(self.host(name, *arguments), options=["--inject-failure", spec, *options])
        for process in run.report.processes:
            self.assert_exact(process)
        return run

    def root_of(self, spec, name, *arguments):
        return self.trace_failing(spec, name, *arguments).report.root

    def sweep(self, *options, command):
        result = self.memwatch("oom-sweep", "--json", "-", *options, "--", *command)
        return result, json.loads(result.stdout) if result.stdout else None

    def test_every_function_fails_as_the_real_one(self):
        run = self.trace_failing("stack=fails_", "made_to_fail")
        self.assertEqual(run.status, 0, run.stderr)
        root = run.report.root
        failures = injected(root)
        self.assertEqual(failures, root.failures, "nothing failed by itself")
        counts = {}
        for failure in failures:
            self.assertEqual(failure["errno"], ENOMEM)
            self.assertTrue(any("fails_" in (f or "") for f in run.report.functions(failure["stack"])))
            counts[failure["function"]] = counts.get(failure["function"], 0) + failure["count"]
        self.assertEqual(
            counts,
            {
                # malloc: six of them are exceptions, which come from a reserve then.
                "malloc": 7, "calloc": 1, "realloc": 2, "reallocarray": 2, "aligned_alloc": 1, "memalign": 1, "valloc": 1,
                "pvalloc": 1, "posix_memalign": 1, "mmap": 1, "mremap": 1, "sbrk": 1, "brk": 1,
                # Eight forms; with a handler that gives up at the third call, thrice each.
                "operator new": 8 + 3 + 3,
            },
        )  # fmt: skip

    def test_the_conditions_choose_calls(self):
        # What it needs at most, with the last realloc: the one before it is as large but for two bytes.
        peak = self.trace_root(self.host("survives_or_not", "briefly")).heap["peak_bytes"]
        for spec, expected in [
            ("nth=2", ("calloc", 102)),
            ("nth=2+", ("calloc", 102)),
            ("every=3", ("malloc", 103)),
            ("size>=1000,nth=1", ("realloc", 1110)),
            ("stack=grows,nth=2", ("realloc", 1110)),
            ("stack=^grows", None),
            ("nth=2,stack=(handles_it|exits_cleanly){1,1}", ("calloc", 102)),
            (f"over={peak - 100}", ("realloc", 1110)),
        ]:
            with self.subTest(spec):
                first = injected(self.root_of(spec, "survives_or_not", "briefly"))
                self.assertEqual((first[0]["function"], first[0]["requested"]) if first else None, expected)

    def test_chance_is_the_same_for_the_same_seed(self):
        def failed(spec):
            return sorted((f["function"], f["requested"]) for f in injected(self.root_of(spec, "made_to_fail")))

        self.assertEqual(failed("prob=0.3:seed=11"), failed("prob=0.3:seed=11"))
        self.assertTrue(failed("prob=1"))

    def test_each_process_counts_for_itself(self):
        command = ["/bin/sh", "-c", "$0 briefly; $0 briefly; true", *self.host("survives_or_not")]
        run = self.trace_only(command, options=["--inject-failure", "stack=handles_it,nth=1"])
        processes = [p for p in run.report.processes if "survives_or_not" in p.data["exe"]]
        self.assertEqual([len(injected(p)) for p in processes], [1, 1])

    def test_what_makes_no_sense_is_refused(self):
        for spec in [
            "", "nth=0", "nth=x", "nth=3,every=2", "every=0", "prob=2", "prob=0", "prob=0.5:seed=x", "size>=0", "size>=1Q", "over=",
            "stack=", "stack=(", "site=12", "what=1", "nth=1,", "nth=1,nth=2", "before-main", "site=0123456789abcdef,stack=main",
        ]:  # fmt: skip
            with self.subTest(spec):
                result = self.memwatch("run", "--inject-failure", spec, "--", "/bin/true")
                self.assertEqual(result.status, 125, result.stderr)
                self.assertEqual(len(result.stderr.strip().splitlines()), 1, result.stderr)
        sampled = self.memwatch("run", "--mode", "sample", "--inject-failure", "nth=1", "--", "/bin/true")
        self.assertEqual(sampled.status, 125, sampled.stderr)

    def test_no_call_that_failed_is_told(self):
        result = self.memwatch("run", "-o", self.workspace.out / "x.mw", "--inject-failure", "nth=1000000", "--", *self.host("allocates_once"))
        self.assertEqual(result.status, 5, result.stderr)
        self.assertIn("no call was made to fail", result.stderr)

    def test_a_sweep_tells_the_fate_of_every_site(self):
        result, sweep = self.sweep(command=self.host("survives_or_not", "briefly"))
        self.assertEqual(result.status, 1, result.stderr)
        self.assertEqual(sweep["schema"], "memwatch.oom-sweep/1")
        self.assertEqual((sweep["undisturbed"]["exit_code"], sweep["sites"], sweep["not_run"]), (0, len(FATES), 0))
        found = {(r["function"], r["requested"]): fate_of(r) for r in sweep["runs"]}
        self.assertEqual(found, FATES)
        for run in sweep["runs"]:
            self.assertEqual(run["failures"], 1)
            self.assertIn("main", [f["function"] for f in run["stack"]])
        # What is told to repeat it does.
        crash = next(r for r in sweep["runs"] if r["requested"] == 103)
        command = crash["reproduce"].split()
        self.assertEqual(command[:2], ["memwatch", "run"])
        again = self.memwatch(*command[1:2], "-o", self.workspace.out / "again.mw", *command[2:])
        self.assertEqual(again.status, 128 + 11, again.stderr)

    def test_a_run_that_does_not_end_is_killed(self):
        result, sweep = self.sweep("--filter", "waits_for_ever", "--timeout", "2s", command=self.host("survives_or_not"))
        self.assertEqual(result.status, 1, result.stderr)
        self.assertEqual([(r["outcome"], r["requested"]) for r in sweep["runs"]], [("hung", 106)])
        self.assertEqual(sweep["filtered_out"], sweep["sites"] - 1)

    def test_a_program_that_cannot_be_swept(self):
        self.assertEqual(self.memwatch("oom-sweep").status, 2)
        self.assertEqual(self.memwatch("oom-sweep", "--filter", "(", "--", "/bin/true").status, 2)
        self.assertEqual(self.memwatch("oom-sweep", "--", "/nowhere/to/be/found").status, 127)
        crashing = self.memwatch("oom-sweep", "--", "/bin/sh", "-c", "kill -SEGV $$")
        self.assertEqual(crashing.status, 3, crashing.stderr)
        self.assertIn("though nothing fails", crashing.stderr)
