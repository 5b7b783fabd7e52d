"""memwatch serve: recorded sessions by HTTP, compared with memwatch report and docs/openapi.json."""

import csv
import http.client
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from harness.case import TIMEOUT_S, IntegrationTest
from harness.configuration import configuration
from harness.running import RunningProgram
from test_daemon import MEBIBYTE, RestCase

# What is of running processes alone.
UNANSWERED = (
    "/metrics", "/api/v1/breakdown", "/api/v1/history/consumers", "/api/v1/history/operations", "/api/v1/stream", "/api/v1/ws"
)
FIRST_NUMBER = 100_000_001


class ServeCase(IntegrationTest):
    schema_complaints = RestCase.schema_complaints

    def setUp(self):
        super().setUp()
        self.api = json.loads((Path(__file__).parents[2] / "docs" / "openapi.json").read_text())
        self.log = self.workspace.root / "log"

    def record(self, name, orders, *options):
        """does_as_told under memwatch run; the session and its JSON report."""
        session = self.workspace.out / name
        report = self.workspace.out / f"{name}.json"
        stdin = "".join(f"{order}\n" for order in orders).encode()
        run = self.memwatch(
            "run", "--quiet", "-o", session, "--json", report, *options, "--", *self.host("does_as_told"), stdin=stdin
        )
        self.assertEqual(run.status, 0, run.stderr)
        return session, json.loads(report.read_text())

    def serve(self, *sessions, options=()):
        said_before = len(self.log.read_text()) if self.log.exists() else 0
        server = subprocess.Popen(
            [configuration.memwatch, "serve", "--listen", "127.0.0.1:0", *options, *map(str, sessions)],
            stdin=subprocess.DEVNULL,
            stderr=open(self.log, "ab"),
            env=self.workspace.environment(),
            cwd=self.workspace.out,
        )
        self.addCleanup(self.end, server, signal.SIGKILL)

        def address():
            self.assertIsNone(server.poll(), self.log.read_text())
            _, found, after = self.log.read_text()[said_before:].rpartition("://")
            return found and "/ (" in after and after.partition("/")[0]

        self.host_name, port = self.wait(address, "the address").split(":")
        self.port = int(port)
        return server

    def end(self, server, number=signal.SIGINT):
        if server.poll() is None:
            server.send_signal(number)
        return server.wait(timeout=TIMEOUT_S)

    def wait(self, condition, what):
        end = time.monotonic() + 60
        while True:
            found = condition()
            if found:
                return found
            if time.monotonic() > end:
                raise AssertionError(f"waited in vain: {what}\n{self.log.read_text()}")
            time.sleep(0.02)

    def request(self, path, method="GET"):
        connection = http.client.HTTPConnection(self.host_name, self.port, timeout=TIMEOUT_S)
        connection.request(method, path)
        response = connection.getresponse()
        body = response.read()
        connection.close()
        return response, body

    def get(self, path, method="GET"):
        response, body = self.request(path, method)
        self.assertEqual(response.status, 200, body)
        return json.loads(body)

    def processes(self):
        return self.get("/api/v1/processes")["processes"]


class ServeTest(ServeCase):
    def test_figures_are_those_of_the_report(self):
        session, report = self.record("app.mw", [f"large {32 * MEBIBYTE}", "fail", "lose 100", "keep 50"], "--large", "16MiB")
        self.serve(session)
        (process,) = self.processes()
        (told,) = report["processes"]
        number = process["pid"]
        self.assertEqual(number, FIRST_NUMBER)
        self.assertEqual((process["name"], process["state"], process["source"]), ("does_as_told", "ended", "recorded"))
        self.assertEqual(process["exit"], told["exit"])
        recording = process["recording"]
        self.assertEqual((recording["file"], recording["pid"], recording["complete"]), (str(session), told["pid"], True))
        for name in ("allocations", "frees", "allocated_bytes", "freed_bytes", "failed", "large"):
            self.assertEqual(process["totals"][name], told["totals"][name], name)
        for name in ("live_bytes", "live_blocks", "peak_bytes"):
            self.assertEqual(process["heap"][name], told["heap"][name], name)
        self.assertEqual(process["rss"]["peak"], told["rss"]["peak"])
        leaks = told["leaks"]
        self.assertEqual(leaks["method"], "reachability")
        lost = leaks["definite_bytes"] + leaks["indirect_bytes"] + leaks["possible_bytes"]
        self.assertGreaterEqual(lost, 90 * 100)
        self.assertEqual((recording["leak_method"], recording["leaked_bytes"]), ("reachability", lost))
        self.assertEqual(self.get(f"/api/v1/report?pid={number}")["processes"], report["processes"])
        analysis = self.get(f"/api/v1/analyze?pid={number}", "POST")["leaks"]
        for name in ("definite_bytes", "definite_blocks", "possible_bytes", "suppressed_bytes", "reachable_bytes"):
            self.assertEqual(analysis[name], leaks[name], name)
        self.assertTrue(any(f["function"] == "loses" for record in analysis["records"] for f in record["stack"]))
        events = self.get("/api/v1/status")["events"]
        self.assertEqual({(e["kind"], e["pid"]) for e in events}, {("large", number), ("failure", number)})
        consumers = self.get(f"/api/v1/consumers?pid={number}&top=0")
        self.assertEqual(sum(c["live_bytes"] for c in consumers["consumers"]), told["heap"]["live_bytes"])
        _, table = self.request(f"/api/v1/report?pid={number}&format=csv")
        rows = list(csv.DictReader(io.StringIO(table.decode())))
        self.assertEqual(sum(int(row["allocated_bytes"]) for row in rows), told["totals"]["allocated_bytes"])
        history = self.get(f"/api/v1/history?pid={number}")["samples"]
        self.assertLessEqual(len(history), told["rss"]["samples"])
        self.assertLessEqual({sample["pid"] for sample in history}, {number})
        self.assertLessEqual(max((sample["rss"] for sample in history), default=0), told["rss"]["peak"])

    def test_every_path_answers_as_it_is_described_or_says_why_not(self):
        session, _ = self.record("app.mw", ["lose 10", "fail"])
        other, _ = self.record("idle.mw", ["keep 10"], "--mode", "idle")
        self.serve(session, other)
        problem = self.api["components"]["schemas"]["Problem"]
        for number in (FIRST_NUMBER, FIRST_NUMBER + 1):
            for path, methods in self.api["paths"].items():
                for method, described in methods.items():
                    asked = path.replace("{pid}", str(number)).replace("{id}", "1")
                    if any(p["name"] == "pid" and p["in"] == "query" and p.get("required") for p in described.get("parameters", [])):
                        asked += f"?pid={number}"
                    response, body = self.request(asked, method.upper())
                    status = str(response.status)
                    self.assertIn(status, described["responses"], f"{path}: {body[:200]}")
                    expected = "409" if path in UNANSWERED else "404" if "{id}" in path else "200"
                    self.assertEqual(status, expected, path)
                    content = described["responses"][status].get("content", {}).get(response.headers["Content-Type"])
                    if content and "schema" in content and "json" in response.headers["Content-Type"]:
                        self.assert_no_complaints(self.schema_complaints(content["schema"], json.loads(body), path), path)
        for path in ("/api/v1/stream", "/api/v1/ws", f"/debug/pprof/heap?pid={FIRST_NUMBER}&seconds=1"):
            response, body = self.request(path)
            self.assertEqual(response.status, 409, path)
            self.assertEqual(self.schema_complaints(problem, json.loads(body), path), [])
        for path in ("/api/v1/processes/1", f"/api/v1/report?pid={FIRST_NUMBER + 2}", f"/api/v1/consumers?pid={os.getpid()}"):
            self.assertEqual(self.request(path)[0].status, 404, path)
        self.assertEqual(len(self.get("/api/v1/export")["reports"]), 2)
        for file in ("json", "text", "csv", "collapsed", "speedscope", "massif", "heaptrack", "pprof"):
            self.assertEqual(self.request(f"/api/v1/report?pid={FIRST_NUMBER}&format={file}")[0].status, 200, file)

    def test_a_tree_is_a_row_for_each_of_its_processes(self):
        run = self.trace_only(["/bin/sh", "-c", "/bin/ls / > /dev/null; exit 3"])
        self.assertEqual(run.status, 3)
        self.serve(run.session)
        processes = sorted(self.processes(), key=lambda p: p["pid"])
        self.assertEqual([p["recording"]["pid"] for p in processes], [p.pid for p in run.report.processes])
        self.assertEqual([p["pid"] for p in processes], list(range(FIRST_NUMBER, FIRST_NUMBER + len(processes))))
        for process, told in zip(processes, run.report.processes):
            self.assertEqual(self.get(f"/api/v1/report?pid={process['pid']}")["processes"][0]["exe"], told.data["exe"])
        self.assertIn(3, [p["exit"]["code"] for p in processes])

    def test_without_a_name_the_newest_session_here_is_served(self):
        old, _ = self.record("old.mw", ["keep 1"])
        new, report = self.record("new.mw", ["keep 2"])
        os.utime(old, (1e9, 1e9))
        server = self.serve()
        self.assertEqual([p["recording"]["pid"] for p in self.processes()], [report["processes"][0]["pid"]])
        self.assertEqual(self.end(server), 0, "Ctrl-C")
        old.unlink(), new.unlink()
        self.one_line(self.memwatch("serve"), 2, "none (*.mw) is in this directory")

    def one_line(self, run, status, *parts):
        self.assertEqual((run.status, run.stdout), (status, b""), run.stderr)
        self.assertEqual(run.stderr.count("\n"), 1, run.stderr)
        self.assertTrue(run.stderr.startswith("memwatch: "), run.stderr)
        for part in parts:
            self.assertIn(part, run.stderr)

    def test_what_cannot_be_read_is_one_line_and_the_rest_is_served(self):
        session, _ = self.record("app.mw", ["lose 10"])
        foreign = self.workspace.out / "foreign.mw"
        foreign.write_bytes(b"no session at all" * 100)
        newer = self.workspace.out / "cut.mw"
        newer.write_bytes(session.read_bytes()[:40])
        missing = self.workspace.out / "missing.mw"
        self.serve(foreign, missing, self.workspace.out, newer, session)
        self.assertEqual(len(self.processes()), 1)
        lines = self.log.read_text().splitlines()
        for path, why in ((foreign, "not a memwatch session"), (missing, "No such file"), (self.workspace.out, "no regular file"), (newer, "")):
            (line,) = [line for line in lines if f" {path}: " in line]
            self.assertIn(why, line)
        self.assertEqual(len(lines), 5, lines)
        self.one_line(self.memwatch("serve", foreign), 3, str(foreign), "not a memwatch session")
        self.one_line(self.memwatch("serve", missing), 3, str(missing))

    def test_a_recording_that_goes_on_grows_and_one_that_was_cut_short_stays(self):
        session = self.workspace.out / "app.mw"
        run = RunningProgram(
            self,
            [configuration.memwatch, "run", "--quiet", "-o", session, "--", *self.host("does_as_told")],
            self.workspace.environment(),
        )
        pid = int(run.line().split()[1])

        def keep(count):
            run.process.stdin.write(f"keep {count}\n".encode())
            run.process.stdin.flush()
            self.assertEqual(run.line(), "done")

        def figures():
            return next(((p["pid"], p["heap"]["live_bytes"], p["recording"]["complete"]) for p in self.processes() if p["recording"]["pid"] == pid), None)

        keep(1000)
        self.wait(lambda: session.exists() and self.memwatch("report", session).status == 0, "a session to read")
        self.serve(session)
        number, _, complete = self.wait(lambda: (found := figures()) and found[1] >= 100_000 and found, "the heap so far")
        self.assertFalse(complete)
        keep(5000)
        self.wait(lambda: figures()[1] >= 600_000, "the heap later")
        cut = self.workspace.out / "cut.mw"
        shutil.copy(session, cut)
        self.assertEqual(run.end()[0], 0)
        self.wait(lambda: figures()[2], "the end")
        self.assertEqual(figures()[0], number, "it is the same recording all the time")

        # As its writer would have left it, had it been killed then; and with its last bytes torn.
        for _ in range(2):
            self.serve(cut)
            told = json.loads(self.memwatch("report", cut, "--format", "json").stdout)
            self.assertFalse(told["complete"])
            (process,) = self.processes()
            self.assertFalse(process["recording"]["complete"])
            self.assertEqual(process["heap"]["live_bytes"], told["processes"][0]["heap"]["live_bytes"])
            self.assertEqual(self.get(f"/api/v1/report?pid={process['pid']}")["processes"], told["processes"])
            cut.write_bytes(cut.read_bytes() + b"\0" * 9)
        self.assertIn("warning: serve: ", self.log.read_text())

    def test_files_that_are_replaced_or_deleted_are_told_and_do_no_harm(self):
        session, _ = self.record("app.mw", ["keep 10"])
        other, report = self.record("other.mw", ["lose 10"])
        server = self.serve(session)

        def remarks():
            return self.get("/api/v1/status")["recordings"]["remarks"]

        session.rename(session.with_suffix(".aside"))
        self.wait(lambda: any("it was deleted" in remark for remark in remarks()), "the remark")
        self.assertEqual(self.get(f"/api/v1/report?pid={FIRST_NUMBER}")["schema"], "memwatch.report/1")
        session.write_bytes(b"something else")
        self.wait(lambda: any("cannot be read any more" in remark for remark in remarks()), "the remark")
        self.assertEqual(len(self.processes()), 1)
        shutil.copy(other, session.with_suffix(".new"))
        session.with_suffix(".new").rename(session)
        pid = report["processes"][0]["pid"]
        self.wait(lambda: [p["recording"]["pid"] for p in self.processes()] == [pid], "the other recording")
        self.assertEqual(remarks(), [])
        self.assertEqual([p["pid"] for p in self.processes()], [FIRST_NUMBER + 1])
        self.assertEqual(self.request(f"/api/v1/report?pid={FIRST_NUMBER}")[0].status, 404)
        self.assertEqual(self.end(server, signal.SIGTERM), 0)
        for part in ("it was deleted", "cannot be read any more", "another recording is in its place"):
            self.assertEqual(self.log.read_text().count(part), 1, self.log.read_text())

    def test_addresses_of_other_machines_and_taken_ones_are_refused(self):
        session, _ = self.record("app.mw", ["keep 1"])
        for address in ("0.0.0.0:7676", "192.0.2.1:80", "off", "7676", "127.0.0.1:99999", "[::]:80", ""):
            self.one_line(self.memwatch("serve", "--listen", address, session), 2, "an address of this machine alone")
        with socket.create_server(("127.0.0.1", 0)) as taken:
            where = f"127.0.0.1:{taken.getsockname()[1]}"
            self.one_line(self.memwatch("serve", "--listen", where, session), 2, where, "another program listens there already", "127.0.0.1:0")
