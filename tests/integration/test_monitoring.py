"""The daemon as others' tools see it: scraped by Prometheus, judged by promtool, profiles read by go tool pprof.

The dashboard's and the rules' expressions are asked of that Prometheus too, so that no name in them is a slip.
"""

import gzip
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from harness.case import TIMEOUT_S
from harness.kills import Cgroup
from harness.skips import need
from test_daemon import MEBIBYTE, RestCase, Target

MONITORING = Path(__file__).parents[2] / "docs" / "monitoring"
LINE = re.compile(r'^([a-zA-Z_:][\w:]*)(?:\{((?:[a-z_]+="(?:[^"\\\n]|\\.)*",?)*)\})? (\S+)$')


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def measures_pressure():
    try:
        return "some" in Path("/proc/pressure/memory").read_text()
    except OSError:  # no file, or switched off at the machine's start
        return False


class MonitoringTest(RestCase):
    def url(self, path):
        return f"http://{self.host}:{self.port}{path}"

    def fetch(self, path):
        with urllib.request.urlopen(self.url(path), timeout=TIMEOUT_S) as answer:
            return answer.headers, answer.read()

    def metrics(self):
        """{(name, frozenset of labels): value}; every line must be well formed, no series twice."""
        headers, body = self.fetch("/metrics")
        self.assertEqual(headers["Content-Type"], "text/plain; version=0.0.4; charset=utf-8")
        found = {}
        for line in body.decode().splitlines():
            if line.startswith("#"):
                continue
            match = LINE.match(line)
            self.assertIsNotNone(match, line)
            labels = frozenset(re.findall(r'([a-z_]+)="((?:[^"\\]|\\.)*)"', match[2] or ""))
            self.assertNotIn((match[1], labels), found)
            found[match[1], labels] = float(match[3])
        return found

    def of_process(self, pid, name, **more):
        wanted = {("pid", str(pid)), *more.items()}
        values = [v for (n, labels), v in self.metrics().items() if n == "memwatch_process_" + name and wanted <= labels]
        self.assertLessEqual(len(values), 1)
        return values[0] if values else None

    def tool(self, *command, **more):
        done = self.run_command(command, **more)
        self.assertEqual(done.status, 0, done.stderr + done.stdout.decode())
        return done.stdout.decode()


class MetricsTest(MonitoringTest):
    def test_figures_are_those_of_status(self):
        target = Target(self, self.tag)
        self.wait_for_recording(target.pid)
        target.tell("keep 1000")
        target.tell("fail")
        target.tell(f"large {32 * MEBIBYTE}")
        status = self.wait_for(target.pid, lambda p: p["totals"]["large"] == 1, "a large allocation")
        for name, value in (
            ("heap_live_bytes", status["heap"]["live_bytes"]),
            ("heap_live_blocks", status["heap"]["live_blocks"]),
            ("heap_peak_bytes", status["heap"]["peak_bytes"]),
            ("allocations_total", status["totals"]["allocations"]),
            ("allocated_bytes_total", status["totals"]["allocated_bytes"]),
            ("freed_bytes_total", status["totals"]["freed_bytes"]),
            ("failed_allocations_total", 1),
            ("large_allocations_total", 1),
            ("lost_events_total", 0),
            ("info", 1),
        ):
            self.assertEqual(self.of_process(target.pid, name, exe=target.name), value, name)
        # A large block that was never touched is live and not resident.
        self.assertEqual(self.of_process(target.pid, "external_bytes"), 0)
        self.wait(lambda: self.of_process(target.pid, "page_faults_total", kind="minor"), "a sample of the kernel's figures")
        metrics = self.metrics()
        modules = {
            dict(labels)["module"]: value
            for (name, labels), value in metrics.items()
            if name == "memwatch_module_live_bytes" and ("pid", str(target.pid)) in labels
        }
        self.assertEqual(sum(modules.values()), status["heap"]["live_bytes"])
        self.assertGreaterEqual(modules[str(self.workspace.out / target.name)], 32 * MEBIBYTE)
        own = self.status()["pid"]
        (start,) = [v for (name, _), v in metrics.items() if name == "process_start_time_seconds"]
        (resident,) = [v for (name, _), v in metrics.items() if name == "process_resident_memory_bytes"]
        self.assertGreater(resident, MEBIBYTE)
        self.assertGreater(start, os.stat(f"/proc/{own}").st_mtime - 600)
        target.end()
        self.wait_for(target.pid, state="ended")
        self.assertIsNone(self.of_process(target.pid, "heap_live_bytes"))
        self.assertEqual(self.of_process(target.pid, "failed_allocations_total"), 1)
        self.assertEqual(self.of_process(target.pid, "info"), 0)

    def look_often(self):
        """At who uses a heap: each second."""
        self.watching("exact", '[history]\nconsumers_every = "1s"\n')
        self.daemons[-1].send_signal(signal.SIGHUP)
        self.wait(lambda: "read again" in self.log.read_text(), "the new configuration")

    def sites(self, pid, metrics):
        """{site: (function, module, live bytes)}"""
        found = {}
        for (name, labels), value in metrics.items():
            of = dict(labels)
            if name == "memwatch_site_live_bytes" and of["pid"] == str(pid):
                found[of["site"]] = (of["function"], of["module"], value)
        return found

    def test_a_program_of_very_many_sites_shows_the_largest_and_no_more_than_a_hundred_ever(self):
        self.look_often()
        target = Target(self, self.tag)
        self.wait_for_recording(target.pid)
        target.tell("sites 0 3000 16")
        ever = {}

        def look():
            """The sites that are shown, if there are some: few, and with the rest all there is."""
            metrics = self.metrics()
            sites = self.sites(target.pid, metrics)
            if not sites:
                return None
            of_modules = sum(
                value
                for (name, labels), value in metrics.items()
                if name == "memwatch_module_live_bytes" and ("pid", str(target.pid)) in labels
            )
            self.assertEqual(sum(live for _, _, live in sites.values()), of_modules)
            sites.pop("other")
            self.assertLessEqual(len(sites), 10)
            ever.update(sites)
            return sites

        def spread(turn):  # others are the largest each time
            first = 10_000 + 30 * turn
            target.tell(f"sites {first} {first + 30} {1000 * turn}")

        def is_shown(size):
            sites = look()
            return sites and size in {live for _, _, live in sites.values()}

        turn = 0
        while len(ever) < 100:
            turn += 1
            self.assertLess(turn, 100)
            spread(turn)
            self.wait(lambda: len(ever) == 100 or is_shown(1000 * turn), f"sites of turn {turn}")
        self.assertGreaterEqual(turn, 9)
        spread(turn + 1)

        def rounds():
            return self.request(f"/api/v1/history/consumers?pid={target.pid}&count=5000")[1]

        def is_known():
            found = rounds()
            names = {site["site"] for site in found["sites"] if site["function"]}
            latest = found["rounds"][-1]["consumers"]
            return latest[0]["live_bytes"] == 1000 * (turn + 1) and {each["site"] for each in latest} <= names and found

        found = self.wait(is_known, "the last round, with its names")
        self.assertEqual(len(look()), 10)
        self.assertEqual(len(ever), 100)
        self.assertFalse(is_shown(1000 * (turn + 1)))
        named = {site["site"]: (site["function"], site["module"]) for site in found["sites"]}
        for site, (function, module, _) in ever.items():
            self.assertEqual((function, module), named[site])
        self.assertEqual({module for _, module, _ in ever.values()}, {str(self.workspace.out / target.name)})

    def test_prometheus_scrapes_it_and_knows_every_name_that_is_asked_for(self):
        need("prometheus")
        need("promtool")
        self.look_often()
        target = Target(self, self.tag)
        # A limit is told of a process in a cgroup that has one alone.
        group = Cgroup(512 * MEBIBYTE)
        self.addCleanup(group.remove)
        self.addCleanup(target.kill)
        if group.available:
            (Path(group.directory) / "cgroup.procs").write_text(str(target.pid))
        self.wait_for_recording(target.pid)
        if group.available:
            self.wait(lambda: self.of_process(target.pid, "cgroup_limit_bytes"), "a look at its cgroup")
        target.tell("keep 1000")
        live = self.wait_for(target.pid, lambda p: p["heap"]["live_bytes"] > 100_000, "blocks")["heap"]["live_bytes"]
        _, body = self.fetch("/metrics")
        self.tool("promtool", "check", "metrics", stdin=body)
        port = free_port()
        config = self.workspace.out / "prometheus.yml"
        shutil.copy(MONITORING / "alerts.yml", self.workspace.out)
        text = (MONITORING / "prometheus.yml").read_text()
        config.write_text(text.replace("15s", "1s\n  evaluation_interval: 1s").replace("127.0.0.1:7676", f"{self.host}:{self.port}"))
        prometheus = subprocess.Popen(
            [
                "prometheus",
                f"--config.file={config}",
                f"--storage.tsdb.path={self.workspace.out / 'tsdb'}",
                f"--web.listen-address=127.0.0.1:{port}",
                "--log.level=error",
            ],
            stdout=subprocess.DEVNULL,
            stderr=(self.workspace.out / "prometheus.log").open("wb"),
            env=self.workspace.environment(),
        )
        self.addCleanup(prometheus.wait)
        self.addCleanup(prometheus.kill)

        def query(expression):
            question = urllib.parse.urlencode({"query": expression})
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/query?{question}", timeout=TIMEOUT_S) as got:
                    return json.load(got)["data"]["result"]
            except urllib.error.HTTPError as error:
                if error.code == 503:
                    return []  # it has just started
                raise AssertionError(f"{expression}: {error.read().decode()}") from error
            except (urllib.error.URLError, ConnectionError):
                return []

        self.wait(lambda: self.sites(target.pid, self.metrics()), "names of its sites")
        series = f'memwatch_process_heap_live_bytes{{pid="{target.pid}", exe="{target.name}"}}'
        (result,) = self.wait(lambda: query(series), "a scrape")
        self.assertEqual(float(result["value"][1]), live)
        sites = f'sum(memwatch_site_live_bytes{{pid="{target.pid}", exe="{target.name}"}})'
        (result,) = self.wait(lambda: query(sites), "a scrape of its sites")
        self.assertEqual(float(result["value"][1]), live)
        (result,) = query(f'memwatch_site_live_bytes{{pid="{target.pid}", function="keeps"}} > 99999')
        self.assertEqual(float(result["value"][1]), 100_000)
        self.assertEqual(query('up{job="memwatch"}')[0]["value"][1], "1")
        def get(path):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/{path}", timeout=TIMEOUT_S) as got:
                return json.load(got)["data"]

        rules = (MONITORING / "alerts.yml").read_text()
        absent = {"memwatch_certificate_valid_until_seconds"}  # this daemon has none; test_daemon_tls looks
        absent |= set() if group.available else {"memwatch_process_cgroup_limit_bytes", "memwatch_process_cgroup_usage_bytes"}
        if not measures_pressure():
            absent.add("memwatch_machine_pressure_ratio")
        known = set(get("label/__name__/values"))
        for name in re.findall(r"(?:memwatch|process)_\w+", rules):
            self.assertIn(name, known | absent)
        for rule in self.wait(lambda: [r for group in get("rules")["groups"] for r in group["rules"]], "the rules"):
            self.wait(lambda name=rule["name"]: self.health(get("rules"), name) == "ok", f"rule {rule['name']}")
        if not group.available:
            absent.add("memwatch_process_cgroup_pressure_ratio")
        dashboard = json.loads((MONITORING / "grafana.json").read_text())
        chosen = self.variables(dashboard, get)
        self.assertEqual((chosen["exe"], chosen["pid"]), (target.name, str(target.pid)))
        self.assertGreater(len(dashboard["panels"]), 10)
        for panel in dashboard["panels"]:
            for line in panel["targets"]:
                asked = re.sub(r"\$(\w+)", lambda name: chosen[name[1]], line["expr"])
                if not absent & set(re.findall(r"memwatch_\w+", asked)):
                    # Two scrapes make a rate.
                    found = self.wait(lambda asked=asked: query(asked), f"{panel['title']}: {asked}")
                    labels = {label for series in found for label in series["metric"]}
                    self.assertLessEqual(set(re.findall(r"{{(\w+)}}", line["legendFormat"])), labels, asked)

    @staticmethod
    def health(rules, name):
        return {rule["name"]: rule["health"] for group in rules["groups"] for rule in group["rules"]}[name]

    def variables(self, dashboard, get):
        """What Grafana puts in the place of each variable when the first of its values is chosen."""
        chosen = {"__rate_interval": "1m"}
        for variable in dashboard["templating"]["list"]:
            if variable["type"] == "query":
                asked = re.sub(r"\$(\w+)", lambda name: chosen[name[1]], variable["query"]["query"])
                series, label = re.fullmatch(r"label_values\((.*), (\w+)\)", asked).groups()
                chosen[variable["name"]] = get(f"label/{label}/values?{urllib.parse.urlencode({'match[]': series})}")[0]
        return chosen

    def test_the_rules_do_what_they_say(self):
        need("promtool")
        self.tool("promtool", "check", "rules", MONITORING / "alerts.yml")
        self.tool("promtool", "test", "rules", MONITORING / "alerts_test.yml")


class ProfileTest(MonitoringTest):
    def top(self, path, index):
        """{function: flat bytes or objects}"""
        text = self.tool(
            "go", "tool", "pprof", "-top", "-nodecount=0", "-unit=b", "-nodefraction=0", f"-sample_index={index}",
            self.url(path), HOME=self.workspace.out,
        )
        rows = [line.split() for line in text.splitlines() if re.match(r" +-?\d", line)]
        return {row[5]: int(re.sub(r"[^-\d]", "", row[0])) for row in rows}

    def test_go_reads_the_heap_and_what_was_allocated(self):
        need("go")
        target = Target(self, self.tag)
        self.wait_for_recording(target.pid)
        target.tell("keep 1000")
        self.wait_for(target.pid, lambda p: p["heap"]["live_bytes"] > 100_000, "blocks")
        for path in (f"/debug/pprof/heap?pid={target.pid}", f"/processes/{target.pid}/debug/pprof/heap"):
            self.assertEqual(self.top(path, "inuse_space")["keeps"], 108_000)
            self.assertEqual(self.top(path, "inuse_objects")["keeps"], 1001)
        self.assertEqual(self.top(f"/debug/pprof/allocs?pid={target.pid}", "alloc_space")["keeps"], 108_000)
        for which, first in (("heap", b"inuse_space"), ("allocs", b"alloc_space")):
            headers, body = self.fetch(f"/debug/pprof/{which}?pid={target.pid}")
            self.assertEqual(headers["Content-Type"], "application/octet-stream")
            shown = self.tool("go", "tool", "pprof", "-top", self.url(f"/debug/pprof/{which}?pid={target.pid}"), HOME=self.workspace.out)
            self.assertIn(f"Type: {first.decode()}", shown)
            self.assertIn(first, gzip.decompress(body))

    def test_a_difference_has_what_happened_meanwhile_alone(self):
        need("go")
        target = Target(self, self.tag)
        self.wait_for_recording(target.pid)
        target.tell("keep 1000")
        self.wait_for(target.pid, lambda p: p["heap"]["live_bytes"] > 100_000, "blocks")
        # The blocks of `touch` are never freed; what is made until the second look is in the difference.
        question = subprocess.Popen(
            ["go", "tool", "pprof", "-raw", self.url(f"/debug/pprof/heap?pid={target.pid}&seconds=5")],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=self.workspace.environment(HOME=self.workspace.out),
        )
        self.addCleanup(lambda: [stream.close() for stream in (question.stdout, question.stderr)])
        while question.poll() is None:
            target.tell("touch 1000")
            time.sleep(0.05)
        text = question.stdout.read().decode()
        self.assertEqual(question.returncode, 0, question.stderr.read().decode())
        self.assertNotIn("keeps", text)
        self.assertIn("main", text)
        self.assertRegex(text, r"Duration: [45]\.\d")

    def test_mistakes_are_problems(self):
        for path, status in (
            ("/debug/pprof/heap", 400),
            ("/debug/pprof/heap?pid=1", 404),
            ("/debug/pprof/heap?pid=x", 400),
            ("/debug/pprof/allocs?pid=1&seconds=601", 400),
            ("/debug/pprof/cpu?pid=1", 404),
            ("/processes/x/debug/pprof/heap", 400),
            ("/metrics?x=1", 400),
        ):
            self.assertEqual(self.request(path)[0].status, status, path)
