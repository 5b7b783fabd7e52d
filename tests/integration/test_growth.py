"""Growth, end to end: programs of tests/leak-corpus for real, all at once, since they mostly sleep. Short runs are judged at
high sensitivity; how often the verdicts are right is scripts/leak-accuracy's to say."""

import concurrent.futures
import json
import re

from harness.case import IntegrationTest

SECONDS = "8"


class GrowthTest(IntegrationTest):
    NAMES = ("growing_list", "per_request", "lru_churn", "warm_up")

    def run_program(self, name, *options, called="", limits=(), seconds=SECONDS):
        """The session."""
        session = self.workspace.out / f"{called or name}.mw"
        command = [*limits, *self.host("leak_corpus_program"), name, "3", seconds]
        run = self.memwatch("run", *options, "-o", session, "--", *command)
        self.assertEqual(run.status, 0, run.stderr)
        return session

    def report_of(self, session, sensitivity="high"):
        report = self.memwatch("report", session, "--format", "json", "--sensitivity", sensitivity)
        self.assertEqual(report.status, 0, report.stderr)
        return json.loads(report.stdout)

    def record(self, name):
        session = self.run_program(name)
        summary = self.memwatch("report", session, "--sensitivity", "high").stdout.decode()
        return self.report_of(session), summary

    def growing_sites(self, report):
        sites = []
        for site in report["processes"][0]["sites"]:
            self.assertEqual(set(site["growth"]), {"growing", "confidence", "bytes_per_second"})
            self.assertLessEqual(site["growth"]["confidence"], 100)
            if site["growth"]["growing"]:
                frame = report["frames"][report["stacks"][site["stack"]]["frames"][0]]
                sites.append(int(re.search(r"leak_site<(\d+)", frame["function"])[1]))
        return sorted(sites)

    def test_what_grows_is_told_with_its_site_and_what_does_not_is_not(self):
        with concurrent.futures.ThreadPoolExecutor(len(self.NAMES)) as pool:
            results = dict(zip(self.NAMES, pool.map(self.record, self.NAMES)))
        fields = {"pattern", "confidence", "bytes_per_second", "duration", "severity", "recommendation",
                  "seconds_to_limit"}
        for name, (report, _) in results.items():
            self.assertLessEqual(fields, set(report["processes"][0]["growth"]), name)
        self.assertEqual(self.growing_sites(results["growing_list"][0]), [0, 2])
        self.assertEqual(self.growing_sites(results["per_request"][0]), [0])
        report, summary = results["growing_list"]
        growth = report["processes"][0]["growth"]
        self.assertEqual(growth["pattern"], "leak")
        # 4000 nodes of 48 bytes and texts of 110 on average, in the time that the run took.
        rate = 4000 * 158 / report["processes"][0]["duration"]
        self.assertAlmostEqual(growth["bytes_per_second"] / rate, 1, delta=0.5)
        self.assertIn("Growing", summary)
        self.assertIn("leak_site<0>", summary)
        # What is to be done names the faster of the two, and where it is.
        named = r"Look at what .*leak_site<[02]>.* \(leak_corpus_program\.cpp:\d+\) and 1 more site allocate: "
        self.assertRegex(growth["recommendation"], named)
        self.assertRegex(" ".join(summary.split()), named)
        for name in ("lru_churn", "warm_up"):
            report, summary = results[name]
            self.assertEqual(self.growing_sites(report), [], name)
            self.assertIn(report["processes"][0]["growth"]["pattern"], ("stable", "spike"), name)
            self.assertNotIn("Growing", summary)

    def test_a_limit_of_address_space_is_dated(self):
        limit = 1 << 30
        limits = ["/bin/sh", "-c", f'ulimit -v {limit >> 10}; exec "$@"', "sh"]
        report = self.report_of(self.run_program("growing_list", limits=limits))
        process = report["processes"][-1]  # the shell's own image is the first
        growth = process["growth"]
        self.assertEqual((process["exit"]["code"], growth["pattern"], growth["limit"]), (0, "leak", "RLIMIT_AS"))
        left = limit - process["timeline"][-1]["vms"]
        self.assertGreater(left, limit / 8)
        self.assertAlmostEqual(growth["seconds_to_limit"], left / growth["bytes_per_second"], delta=1)
        earliest, latest = growth["seconds_to_limit_range"]
        self.assertLess(earliest, growth["seconds_to_limit"])
        self.assertLess(growth["seconds_to_limit"], latest)
        slowest, fastest = growth["bytes_per_second_range"]
        self.assertAlmostEqual(earliest, left / fastest, delta=1)
        self.assertAlmostEqual(latest, left / slowest, delta=1)
        # Some 80 KB a second: hours are left, not less than one and not a day.
        self.assertEqual(growth["severity"], "high")
        text = self.memwatch("report", self.workspace.out / "growing_list.mw", "--sensitivity", "high").stdout.decode()
        self.assertRegex(text, r"RLIMIT_AS is reached in about [\d.]+ .+ \(.+ to .+\)")
        self.assertRegex(" ".join(text.split()), r"Look at what .*leak_site<[02]>.* and 1 more site allocate")

    def test_each_sensitivity_claims_from_its_confidence_on_of_a_sample_too(self):
        # A draw for each 256 bytes: about 2500 of what grows. Twelve seconds are long enough for medium, not for low.
        options = {"exact": [], "sampled": ["--mode", "sample", "--sample-interval", "256"]}
        with concurrent.futures.ThreadPoolExecutor(len(options)) as pool:
            record = lambda mode: self.run_program("growing_list", *options[mode], called=mode, seconds="12")  # noqa: E731
            sessions = dict(zip(options, pool.map(record, options)))
        for mode, session in sessions.items():
            reports = {name: self.report_of(session, name) for name in ("low", "medium", "high")}
            for name, bar in (("low", 85), ("medium", 70), ("high", 50)):
                for site in reports[name]["processes"][0]["sites"]:
                    self.assertEqual(site["growth"]["growing"], site["growth"]["confidence"] >= bar, (mode, name))
            self.assertEqual(self.growing_sites(reports["low"]), [], mode)
            self.assertEqual(self.growing_sites(reports["medium"]), [0, 2], mode)
            self.assertEqual(self.growing_sites(reports["high"]), [0, 2], mode)
            process = reports["medium"]["processes"][0]
            self.assertEqual(process["mode"], "exact" if mode == "exact" else "sample")
            self.assertEqual(process["growth"]["pattern"], "leak", mode)
            rate = 4000 * 158 / process["duration"]
            self.assertAlmostEqual(process["growth"]["bytes_per_second"] / rate, 1, delta=0.5)
            for name in ("low", "medium"):
                text = self.memwatch("report", session, "--sensitivity", name).stdout.decode()
                self.assertEqual("Growing" in text, name == "medium", (mode, name))

    def test_a_sample_in_which_nothing_was_drawn_tells_nothing(self):
        # It allocates 630 KB: one run in 1700 would draw one block of it.
        session = self.run_program("growing_list", "--mode", "sample", "--sample-interval", "1GiB")
        process = self.report_of(session)["processes"][0]
        self.assertEqual((process["sites"], process["heap"]["peak_bytes"]), ([], 0))
        growth = process["growth"]
        self.assertEqual((growth["pattern"], growth["confidence"], growth["severity"]), ("stable", 0, "none"))
