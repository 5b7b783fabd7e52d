"""Growth, end to end: programs of tests/leak-corpus for real, all at once, since they mostly sleep. Short runs are judged at
high sensitivity; how often the verdicts are right is scripts/leak-accuracy's to say."""

import concurrent.futures
import json
import re

from harness.case import IntegrationTest

SECONDS = "8"


class GrowthTest(IntegrationTest):
    NAMES = ("growing_list", "per_request", "lru_churn", "warm_up")

    def record(self, name):
        session = self.workspace.out / f"{name}.mw"
        command = [*self.host("leak_corpus_program"), name, "3", SECONDS]
        run = self.memwatch("run", "-o", session, "--", *command)
        self.assertEqual(run.status, 0, run.stderr)
        report = self.memwatch("report", session, "--format", "json", "--sensitivity", "high")
        summary = self.memwatch("report", session, "--sensitivity", "high").stdout.decode()
        return json.loads(report.stdout), summary

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
        for name in ("lru_churn", "warm_up"):
            report, summary = results[name]
            self.assertEqual(self.growing_sites(report), [], name)
            self.assertIn(report["processes"][0]["growth"]["pattern"], ("stable", "spike"), name)
            self.assertNotIn("Growing", summary)
