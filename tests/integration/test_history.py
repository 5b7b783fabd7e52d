"""What the daemon's history keeps besides samples: who used the heap, and what was done with large blocks."""

import csv
import io
import json

from test_daemon import MEBIBYTE, RestCase, Target

FIGURES = ("calls", "allocated", "peak", "active", "live_bytes")
EVERY = '[history]\nconsumers_every = "1s"\n'


class HistoryOfConsumersTest(RestCase):
    def watching(self, mode, more=""):
        super().watching(mode, EVERY + more)

    def history(self, what, *arguments):
        run = self.memwatch("history", "--what", what, "--format", "json", *arguments)
        self.assertEqual(run.status, 0, run.stderr)
        return json.loads(run.stdout)

    def consumers(self, pid):
        """What holds now, as GET /api/v1/consumers tells it, largest first."""
        response, value = self.request(f"/api/v1/consumers?pid={pid}&top=0")
        self.assertEqual(response.status, 200)
        return value

    def rounds(self, target):
        return self.history("consumers", target.name, "--count", "5000")

    def wait_for_round(self, target, live):
        """Until the latest round has so much, and all of its sites have been named."""

        def look():
            found = self.rounds(target)
            named = {site["site"] for site in found["sites"] if site["function"]}
            if not found["rounds"] or found["rounds"][-1]["live_bytes"] != live:
                return None
            return found if {each["site"] for each in found["rounds"][-1]["consumers"]} <= named else None

        return self.wait(look, f"a round of {live} bytes")

    def test_the_latest_round_is_what_consumers_tells_at_a_standstill_to_the_byte(self):
        target = Target(self, self.tag)
        self.wait_for_recording(target.pid)
        target.tell("keep 1000")
        first = self.wait_for_round(target, self.settled(target))
        target.tell("lose 500")
        target.tell(f"large {8 * MEBIBYTE}")
        found = self.wait_for_round(target, self.settled(target))
        latest = found["rounds"][-1]
        now = self.consumers(target.pid)
        sites = {site["site"]: site for site in found["sites"]}
        self.assertEqual((latest["pid"], latest["process"], latest["mode"]), (target.pid, target.name, "exact"))
        self.assertEqual((latest["live_bytes"], latest["active"]), (now["totals"]["live_bytes"], now["totals"]["active"]))
        self.assertEqual((latest["peak"], latest["sites"]), (now["totals"]["peak"], len(now["consumers"])))

        def rows(consumers, name):
            return sorted(tuple(each[key] for key in FIGURES) + name(each) for each in consumers)

        names = ("function", "file", "line", "module")
        self.assertEqual(
            rows(latest["consumers"], lambda each: tuple(sites[each["site"]][key] for key in names)),
            rows(now["consumers"][:20], lambda each: tuple(each[key] for key in names)),
        )
        self.assertEqual(latest["consumers"][0]["live_bytes"], 8 * MEBIBYTE, "the largest comes first")
        # One site is the same in all rounds.
        (kept,) = [each for each in latest["consumers"] if sites[each["site"]]["function"] == "keeps" and each["active"] == 1000]
        before = {each["site"]: each for each in first["rounds"][-1]["consumers"]}
        self.assertEqual(before[kept["site"]]["live_bytes"], 100_000)
        self.assertRegex(sites[kept["site"]]["stack"], r"^keeps <- .*main$")
        self.shown(target, kept)

    def settled(self, target):
        """Bytes that are live: the program stands still, but the daemon may not have read all of it yet."""
        last = [None]

        def look():
            before, last[0] = last[0], self.consumers(target.pid)["totals"]["live_bytes"]
            return before == last[0] and last[0]

        return self.wait(look, "a standstill")

    def shown(self, target, kept):
        text = self.memwatch("history", target.name, "--what", "consumers", "--last", "1h").stdout.decode()
        self.assertRegex(text, rf"^{target.name} \(pid {target.pid}\), .*: live heap [\d.]+ MiB, \+")
        self.assertRegex(text, r"\n +48.8 KiB +\+48.8 KiB +500 +\+500 .* loses \(does_as_told\.c:\d+\)")
        lines = self.memwatch("history", str(target.pid), "--what", "consumers", "--format", "csv").stdout.decode()
        rows = list(csv.DictReader(io.StringIO(lines)))
        (row,) = [row for row in rows if row["site"] == kept["site"] and row["time"] == rows[-1]["time"]]
        self.assertEqual((row["live_bytes"], row["active"], row["function"]), ("100000", "1000", "keeps"))
        _, ends = self.request(f"/api/v1/history/consumers?pid={target.pid}&ends=1")
        self.assertEqual(len(ends["rounds"]), 2)
        _, everything = self.request("/api/v1/export")
        self.assertEqual(everything["history_consumers"]["rounds"][-1], ends["rounds"][-1])

    def test_a_site_is_the_same_after_a_restart_of_program_and_daemon(self):
        def run_once():
            target = Target(self, self.tag)
            self.wait_for_recording(target.pid)
            target.tell("keep 10")
            live = self.settled(target)
            found = self.wait_for_round(target, live)
            ours = {site["site"] for site in found["sites"] if site["function"] == "keeps"}
            return target, live, {
                each["site"]: each["live_bytes"] for each in found["rounds"][-1]["consumers"] if each["site"] in ours
            }

        first, live, sites = run_once()
        first.end()
        self.wait_for(first.pid, state="ended")
        self.workspace.collector_was_killed = True
        self.daemons[-1].kill()
        self.daemons[-1].wait()
        self.start("--listen", "127.0.0.1:0")
        self.port = int(self.status()["listen"].split(":")[1])
        kept = [each for each in self.rounds(first)["rounds"] if each["pid"] == first.pid]
        self.assertIn(live, [each["live_bytes"] for each in kept], "what was written outlives the daemon")
        _, _, again = run_once()
        self.assertEqual(sorted(again.values()), [80, 1000])
        self.assertEqual(again, sites)

    def test_sampled_figures_are_told_to_be_estimates_and_idle_processes_have_none(self):
        self.configure(
            f'watch = ["{self.tag}*"]\n{EVERY}[defaults]\nmode = "sample"\nsample_interval = "4KiB"\n'
            f'[[process]]\nname = "{self.tag}i"\nmode = "idle"\n'
        )
        self.daemons[-1].send_signal(1)  # SIGHUP
        idle = Target(self, self.tag + "i")
        sampled = Target(self, self.tag)
        for target in (idle, sampled):
            self.wait_for_recording(target.pid)
            target.tell("keep 10000")

        def latest():
            rounds = self.rounds(sampled)["rounds"]
            return rounds and rounds[-1]["mode"] == "sample" and rounds[-1]["live_bytes"] > 500_000 and rounds[-1]

        round_ = self.wait(latest, "a sampled round")
        self.assertGreater(round_["consumers"][0]["live_bytes_sd"], 0)
        self.assertEqual(self.rounds(idle)["rounds"], [])
        text = self.memwatch("history", sampled.name, "--what", "consumers").stdout.decode()
        self.assertIn("estimates of a sample", text)


class HistoryOfOperationsTest(RestCase):
    def operations(self, target):
        run = self.memwatch("history", target.name, "--what", "operations", "--format", "json")
        self.assertEqual(run.status, 0, run.stderr)
        return json.loads(run.stdout)["operations"]

    def test_large_blocks_and_failures_are_kept_and_recent_events_outlive_a_killed_daemon(self):
        target = Target(self, self.tag)
        self.wait_for_recording(target.pid)
        target.tell(f"large {32 * MEBIBYTE}")
        target.tell(f"resize {64 * MEBIBYTE}")
        target.tell("drop")
        target.tell("fail")
        kept = self.wait(lambda: [o for o in [self.operations(target)] if {e["kind"] for e in o[-1:]} == {"failure"}], "them")[0]
        self.assertEqual(
            [(each["kind"], each["function"], each["size"]) for each in kept if each["kind"] != "failure"],
            [
                ("large", "malloc", 32 * MEBIBYTE),
                ("reallocation", "realloc", 64 * MEBIBYTE),
                ("release", "free", 64 * MEBIBYTE),
            ],
        )
        failure = kept[-1]
        self.assertEqual((failure["errno_name"], failure["pid"], failure["size"]), ("ENOMEM", target.pid, 1 << 63))
        self.assertEqual({each["more"] for each in kept}, {0})
        events = self.status()["events"]
        self.assertEqual(len(events), 3, "releases are no events")
        text = self.memwatch("history", target.name, "--what", "operations").stdout.decode()
        self.assertRegex(text, rf"\n +\d\d:\d\d:\d\d +reallocation +64.0 MiB +realloc +{target.pid} +{target.name}\n")
        self.assertRegex(text, r"failure .* ENOMEM\n")
        self.workspace.collector_was_killed = True
        self.daemons[-1].kill()
        self.daemons[-1].wait()
        self.start("--listen", "127.0.0.1:0")
        self.port = int(self.status()["listen"].split(":")[1])
        after = self.wait(lambda: self.status()["events"], "events of the earlier daemon")
        told = ("kind", "pid", "process", "tid", "function", "size")
        self.assertEqual([[e[k] for k in told] for e in after], [[e[k] for k in told] for e in events])
        for old, new in zip(events, after):
            self.assertAlmostEqual(old["time"], new["time"], delta=1)
        self.assertEqual(self.status()["totals"]["events"], 0, "since the start")
        self.assertEqual(self.operations(target), kept)
        _, found = self.request(f"/api/v1/history/operations?name={target.name}&count=1")
        self.assertEqual(found["operations"], kept[-1:])
        _, everything = self.request("/api/v1/export")
        self.assertEqual(everything["history_operations"]["operations"], kept)

    def test_what_an_idle_process_remembers_is_told_once(self):
        self.watching("idle")
        self.daemons[-1].send_signal(1)  # SIGHUP
        target = Target(self, self.tag)
        self.wait_for(target.pid, lambda p: p.get("mode") == "idle", "the recording")
        for _ in range(3):
            target.tell(f"large {32 * MEBIBYTE}")
        self.wait(lambda: len(self.operations(target)) == 3, "three")
        self.workspace.collector_was_killed = True
        self.daemons[-1].kill()
        self.daemons[-1].wait()
        target.tell(f"large {48 * MEBIBYTE}")  # nobody looks
        self.start()
        self.wait(lambda: len(self.operations(target)) > 3, "the one that nobody saw")
        self.wait(lambda: len(self.status()["events"]) == 4, "all events once")
        self.assertEqual([o["size"] // MEBIBYTE for o in self.operations(target)], [32, 32, 32, 48])
