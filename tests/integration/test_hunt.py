"""The hunt that docs/watching.md tells of: a service that leaks slowly is found by an alert, located on the daemon's
pages, explained by a leak check, mended, and kept so by the gate.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

from harness.configuration import configuration
from harness.running import RunningProgram
from test_daemon import DaemonTest

HUNT = Path(__file__).resolve().parents[2] / "docs" / "hunt"


class HuntTest(DaemonTest):
    def build(self, path, *options):
        compiler = os.environ.get("CXX", "c++")
        command = [compiler, "-g", "-O2", "-std=c++20", *options, HUNT / "doorman.cpp", "-o", path]
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)

    def record(self, mode):
        self.configure(
            f'watch = ["{self.tag}"]\n[alerts]\ngrowth_after = "0s"\n'
            f'[defaults]\nsample_interval = "4KiB"\n[[process]]\nname = "{self.tag}"\nmode = "{mode}"\n'
        )

    def serve(self):
        environment = self.workspace.environment(LD_PRELOAD=configuration.preload)
        service = RunningProgram(self, [self.workspace.out / self.tag, "0"], environment)
        self.connection = socket.create_connection(("127.0.0.1", int(service.line().split()[-1])))
        self.addCleanup(self.connection.close)
        self.stream = self.connection.makefile("rw")
        self.addCleanup(self.stream.close)
        return service

    def visit(self, times):
        for _ in range(times):
            token = self.ask("LOGIN somebody-with-a-long-name")
            self.assertEqual(self.ask(f"WHO {token}"), "somebody-with-a-long-name")
            self.assertEqual(self.ask(f"LOGOUT {token}"), "bye")

    def ask(self, request):
        print(request, file=self.stream, flush=True)
        return self.stream.readline().rstrip("\n")

    def leak_alert(self):
        self.visit(20)
        run = self.memwatch("alerts", "--format", "json")
        return [a for a in json.loads(run.stdout)["alerts"] if a["type"] == "leak" and a["site"]]

    def page(self, path):
        with urllib.request.urlopen(f"http://{self.status()['listen']}/api/v1/{path}", timeout=60) as answer:
            return json.load(answer)

    def test_a_slow_leak_is_found_located_explained_and_kept_away(self):
        leaky = self.workspace.out / self.tag
        self.build(leaky)
        self.record("sample")
        daemon = self.start("--listen", "127.0.0.1:0")
        service = self.serve()
        self.wait_for_recording(service.pid)

        (alert,) = self.wait(self.leak_alert, "the alert")
        self.assertEqual(alert["pid"], service.pid)
        self.assertEqual((alert["site"]["function"], Path(alert["site"]["file"]).name), ("Session::Session()", "doorman.cpp"))

        def growth_as_told():  # it goes on, and so the page says so again and again
            self.visit(20)
            growth = self.page(f"growth?pid={service.pid}")
            return growth if growth["growth"]["pattern"] == "leak" and growth["sites"] else None

        growth = self.wait(growth_as_told, "the page to say the same")
        self.assertIn("Session::Session()", [frame["function"] for frame in growth["sites"][0]["stack"]])

        self.record("exact")
        daemon.send_signal(signal.SIGHUP)
        self.wait_for(service.pid, lambda process: process["mode"] == "exact", "the exact recording")
        self.visit(100)
        run = self.memwatch("leaks", "--json", "-", service.pid)
        self.assertEqual(run.status, 1, run.stderr)
        leaks = json.loads(run.stdout)["processes"][0]["leaks"]
        # What was freed or left on the stack may still point to some.
        self.assertGreaterEqual(leaks["definite_blocks"], 50)
        self.assertLessEqual(leaks["definite_blocks"], 100)
        self.assertGreater(leaks["indirect_blocks"], 3 * leaks["definite_blocks"])
        self.gate(leaky)

    def gate(self, leaky):
        requests = self.workspace.out / "visits"
        with open(requests, "wb") as file:
            subprocess.run([sys.executable, HUNT / "visits.py", "--print", "200"], stdout=file, check=True)
        program, baseline = self.workspace.out / "doorman", self.workspace.out / "doorman.baseline"
        self.build(program, "-DMENDED")

        def run(*options):  # from a file, which the gate rewinds
            command = [configuration.memwatch, "gate", "--baseline", baseline, *options, "--", program]
            return self.run_command(["sh", "-c", 'exec "$@" < "$0"', requests, *command])

        written, kept = run("--update"), run()
        self.assertEqual((written.status, kept.status), (0, 0), kept.stderr)
        program.unlink()
        shutil.copy2(leaky, program)
        broken = run()
        self.assertEqual(broken.status, 1, broken.stderr)
        self.assertRegex(broken.stdout.decode(), r"leaked_bytes +0 B +1[67]\.\d KiB .*REGRESSED")
        self.assertIn("Doorman::login", broken.stdout.decode())
