"""Alerts of a real daemon about real programs: what is told, to whom, what ends, what outlives what.

Programs have names of their own, as in test_daemon.
"""

import http.client
import http.server
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time
import unittest
import urllib.request
from pathlib import Path

from harness.configuration import configuration
from harness.kills import Cgroup
from harness.running import RunningProgram
from test_daemon import MEBIBYTE, DaemonTest, Target
from test_daemon_tls import make_certificate


class Receiver:
    """A web server that notes what is posted to it; `status` is what it answers, `location` where it sends others.

    `certificate`: its files, for https."""

    def __init__(self, test, port=0, status=200, location="", certificate=()):
        receiver = self
        self.posts, self.status, self.location = [], status, location

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.posts.append((self.path, dict(self.headers), json.loads(body)))
                self.send_response(receiver.status)
                if receiver.location:
                    self.send_header("Location", receiver.location)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            # A connection that is refused fails in its own thread, not where others are accepted.
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True, do_handshake_on_connect=False)
            self.server.handle_error = lambda *_: None
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        test.addCleanup(self.close)

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class AlertsTest(DaemonTest):
    def alerting(self, text, mode="exact"):
        self.watching(mode)
        self.configure(self.config.read_text() + text)

    def alerts(self, state="all", **wanted):
        run = self.memwatch("alerts", "--format", "json", "--state", state, "--count", "1000")
        self.assertEqual(run.status, 0, run.stderr)
        found = json.loads(run.stdout)["alerts"]
        return [a for a in found if all(a[key] == value for key, value in wanted.items())]

    def wait_for_alert(self, state="all", **wanted):
        """Until it has been told: its site is found a moment after it has become active."""

        def told():
            return [alert for alert in self.alerts(state, **wanted) if alert["recommendations"]]

        return self.wait(told, f"an alert: {wanted}")[-1]

    def large_alert(self):
        target = Target(self, self.tag)
        self.wait_for_recording(target.pid)
        target.tell(f"large {32 * MEBIBYTE}")
        return target, self.wait_for_alert(type="large", pid=target.pid)

    def configuration_of(self, daemon, text):
        """Another configuration, which is in force when this returns."""
        before = self.log.read_text().count("read again")
        self.alerting(text)
        daemon.send_signal(signal.SIGHUP)
        self.wait(lambda: self.log.read_text().count("read again") > before, "the reload")


class EngineTest(AlertsTest):
    def test_events_are_told_with_their_site_and_counted_after_that(self):
        self.alerting("")
        self.start()
        target, alert = self.large_alert()
        self.assertEqual((alert["severity"], alert["process"]), ("warning", target.name))
        self.assertEqual(alert["metrics"]["size"], 32 * MEBIBYTE)
        self.assertEqual((alert["site"]["function"], alert["labels"]["function"]), ("main", "malloc"))
        self.assertTrue(alert["site"]["file"].endswith("does_as_told.c"), alert)
        self.assertRegex(alert["message"], r"^large allocation: 32.0 MiB by malloc in .* at main \(does_as_told.c:\d+\)$")
        self.assertIn("main (does_as_told.c:", alert["recommendations"][0])
        target.tell("fail")
        failure = self.wait_for_alert(type="failure", pid=target.pid)
        self.assertEqual((failure["severity"], failure["labels"]["errno"]), ("critical", "ENOMEM"))
        self.assertIn("allocation failed: 8.0 EiB by malloc", failure["message"])
        for _ in range(3):
            target.tell(f"large {32 * MEBIBYTE}")
            target.tell("fail")  # as before: the process's counter alone tells of it
        for kind in ("large", "failure"):
            self.wait(lambda kind=kind: self.alerts(type=kind)[0]["suppressed"] == 3, f"the count of {kind}")
        self.assertEqual(len(self.alerts()), 2)
        status = self.status()["alerts"]
        self.assertEqual((status["active"], status["suppressed"], status["in_last_hour"]), (2, 6, 2))
        text = self.memwatch("status").stdout.decode()
        self.assertRegex(text, r"\n2 active alerts, 6 held back since the start\n")
        text = self.memwatch("alerts").stdout.decode()
        self.assertRegex(text, r"\n +1  warning   large, ")
        self.assertIn("3 more of the same since", text)
        self.assertRegex(self.log.read_text(), r"\nmemwatch: alert 1, warning: large allocation: 32.0 MiB by malloc")

    def test_what_happened_just_before_the_daemon_came_is_told(self):
        target = Target(self, self.tag)
        target.tell(f"large {32 * MEBIBYTE}")  # far below what a program notes by itself as large for good
        target.tell(f"large {17 * MEBIBYTE - 4096}")
        target.tell("fail")
        self.watching("sample")
        self.configure(self.config.read_text().replace("16MiB", "24MiB"))
        self.start()
        alert = self.wait_for_alert(type="large", pid=target.pid)
        self.assertEqual((alert["metrics"]["size"], alert["site"]["function"]), (32 * MEBIBYTE, "main"))
        failure = self.wait_for_alert(type="failure", pid=target.pid)
        self.assertEqual(failure["labels"]["errno"], "ENOMEM")
        events = [(event["kind"], event["size"]) for event in self.status()["events"]]
        self.assertEqual(sorted(events), [("failure", 1 << 63), ("large", 32 * MEBIBYTE)])
        # Let go and found again with a lower threshold, which the smaller block is above.
        self.stop(self.daemons[0])
        target.tell(f"large {20 * MEBIBYTE}")
        self.configure(self.config.read_text().replace("24MiB", "16MiB"))
        self.start()
        self.wait(
            lambda: any(event["size"] == 20 * MEBIBYTE for event in self.status()["events"]), "the block of the time between"
        )

    def test_what_becomes_of_large_blocks_is_told_where_it_is_wanted(self):
        for mode in ("exact", "sample"):
            self.alerting('[alerts]\nlarge_events = ["reallocation", "release"]\n', mode)
            daemon = self.start()
            target = Target(self, self.tag + mode)
            self.wait_for_recording(target.pid)
            target.tell(f"large {32 * MEBIBYTE}")
            target.tell(f"resize {48 * MEBIBYTE}")
            target.tell("drop")
            alert = self.wait_for_alert(subject="large release", pid=target.pid)
            self.assertEqual(alert["metrics"]["size"], 48 * MEBIBYTE)
            self.assertRegex(alert["message"], r"^large release: 48.0 MiB by free in .*, allocated at main \(does_as_told.c:\d+\)$")
            self.wait_for_alert(subject="large reallocation", pid=target.pid)
            self.assertEqual(self.alerts(subject="large allocation"), [])
            self.stop(daemon)

    def test_a_threshold_is_told_and_ends_with_the_process(self):
        self.alerting('[alerts]\nhold = "0s"\n[[process]]\nname = "*b"\nalerts.heap = "8MiB"\n')
        self.start()
        spared, watched = Target(self, self.tag + "a"), Target(self, self.tag + "b")
        for target in (spared, watched):
            self.wait_for_recording(target.pid)
            target.tell(f"large {12 * MEBIBYTE}")
        alert = self.wait_for_alert("active", type="threshold", pid=watched.pid)
        self.assertEqual((alert["subject"], alert["metrics"]["threshold"]), ("heap", 8 * MEBIBYTE))
        self.assertGreaterEqual(alert["metrics"]["value"], 12 * MEBIBYTE)
        self.assertEqual(alert["site"]["function"], "main")
        self.assertEqual(self.alerts(pid=spared.pid), [])
        watched.end()
        over = self.wait_for_alert("resolved", id=alert["id"])
        self.assertEqual(over["resolution"], "the process has ended with status 0")
        self.assertGreaterEqual(over["resolved_at"], over["time"])

    def test_one_that_is_resolved_by_hand_is_not_told_again(self):
        self.alerting('[alerts]\nheap = "8MiB"\nhold = "0s"\ncooldown.threshold = "0s"\n')
        daemon = self.start()
        target = Target(self, self.tag)
        self.wait_for_recording(target.pid)
        target.tell(f"large {12 * MEBIBYTE}")
        alert = self.wait_for_alert("active", subject="heap")
        self.one_line(self.memwatch("alerts", "resolve", alert["id"] + 7), 2, "no such alert is active")
        self.one_line(self.memwatch("alerts", "resolve"), 2, "by its number")
        self.one_line(self.memwatch("alerts", "close", "1"), 2, "expected list or resolve")
        run = self.memwatch("alerts", "resolve", alert["id"])
        self.assertEqual((run.status, run.stdout.decode()), (0, f"alert {alert['id']} is resolved\n"))
        self.assertEqual(self.wait_for_alert("resolved")["resolution"], "resolved by hand")
        # Another alert shows that the daemon has looked since.
        self.configuration_of(daemon, '[alerts]\nheap = "8MiB"\nrss = "1MiB"\nhold = "0s"\ncooldown.threshold = "0s"\n')
        self.wait_for_alert("active", subject="rss")
        self.assertEqual(len(self.alerts(subject="heap")), 1)
        self.configuration_of(daemon, "")
        self.assertEqual(self.wait_for_alert("resolved", subject="rss")["resolution"], "it is no longer looked at")

    def test_what_is_lost_again_and_again_is_a_leak_with_its_site(self):
        self.alerting('[alerts]\ngrowth_after = "0s"\n')
        self.start()
        target = Target(self, self.tag)
        self.wait_for_recording(target.pid)

        def lose():
            for _ in range(10):
                target.tell("lose 100")
                time.sleep(0.01)
            return [alert for alert in self.alerts(type="leak") if alert["site"]]

        (alert,) = self.wait(lose, "a leak")
        self.assertEqual((alert["site"]["function"], alert["labels"]["pattern"]), ("loses", "leak"))
        self.assertGreaterEqual(alert["metrics"]["confidence"], 70)
        self.assertGreater(alert["metrics"]["bytes_per_second"], 0)
        self.assertRegex(
            alert["recommendations"][0],
            r"^Look at what loses \(does_as_told\.c:\d+\) (allocates|and \d+ more sites? allocate): blocks of every age are still live",
        )

    def test_a_buffer_that_gets_larger_and_larger_is_a_pattern_and_no_leak(self):
        self.alerting('[alerts]\ngrowth_after = "0s"\n[alerts.enabled]\nspike = false\nlarge = false\n')
        self.start()
        target = Target(self, self.tag)
        self.wait_for_recording(target.pid)
        size = 64 * 1024
        target.tell(f"large {size}")

        def enlarge():
            nonlocal size
            for _ in range(10):
                size += 16 * 1024
                target.tell(f"resize {size}")
                time.sleep(0.02)
            return [alert for alert in self.alerts(pid=target.pid) if alert["recommendations"]]

        (alert,) = self.wait(enlarge, "growth of one block")
        self.assertEqual((alert["type"], alert["subject"]), ("pattern", "growth"))
        self.assertIn(alert["labels"]["pattern"], ("linear", "exponential"))
        self.assertGreaterEqual(alert["metrics"]["confidence"], 70)
        self.assertGreater(alert["metrics"]["bytes_per_second"], 16 * 1024)
        self.assertEqual(alert["site"]["function"], "main")
        self.assertRegex(alert["recommendations"][0], r"^(Bound what|Find what multiplies at) main \(does_as_told\.c:\d+\)")

    def test_memory_beyond_the_heap_has_thresholds_of_its_own_in_bytes_and_as_a_share(self):
        self.alerting('[alerts]\nexternal = "24MiB"\nexternal_ratio = 0.6\nhold = "0s"\n[alerts.enabled]\nlarge = false\nspike = false\n')
        early = Target(self, self.tag + "e")
        early.tell(f"touch {48 * MEBIBYTE}")  # heap, but nobody knows
        self.start()
        heap, beyond = Target(self, self.tag + "a"), Target(self, self.tag + "b")
        for target in (heap, beyond):
            self.wait_for_recording(target.pid)
        told = self.wait_for_alert("active", pid=early.pid, subject="external")
        self.assertIn("The process ran before the daemon found it", told["recommendations"][-2])
        heap.tell(f"touch {48 * MEBIBYTE}")  # as much resident memory, and the program's own heap
        beyond.tell(f"map {48 * MEBIBYTE}")
        found = {s: self.wait_for_alert("active", pid=beyond.pid, subject=s) for s in ("external", "external_ratio")}
        self.assertEqual({alert["type"] for alert in found.values()}, {"threshold"})
        self.assertEqual(found["external"]["metrics"]["threshold"], 24 * MEBIBYTE)
        self.assertGreaterEqual(found["external"]["metrics"]["value"], 24 * MEBIBYTE)  # it may not be all there yet
        self.assertEqual(found["external_ratio"]["metrics"]["threshold"], 0.6)
        self.assertGreater(found["external_ratio"]["metrics"]["value"], 0.8)
        # A heap that is larger makes the share less, and the bytes not.
        beyond.tell(f"touch {96 * MEBIBYTE}")
        self.wait_for_alert("resolved", id=found["external_ratio"]["id"])
        self.assertEqual([alert["subject"] for alert in self.alerts("active", pid=beyond.pid)], ["external"])
        self.assertEqual([alert for alert in self.alerts(pid=heap.pid) if alert["subject"] == "external"], [])

    def test_growth_a_minute_is_told_of_the_heap_and_without_the_library_of_resident_memory(self):
        self.watching("exact", 'poll_interval = "1s"\n')
        self.configure(
            self.config.read_text() + '[alerts]\ngrowth_per_minute = "1MiB"\nhold = "0s"\n'
            "[alerts.enabled]\nleak = false\npattern = false\nspike = false\nlarge = false\n"
        )
        self.start()
        steady, heap, polled = (Target(self, self.tag + name, shim) for name, shim in (("a", True), ("b", True), ("c", False)))
        for target in (steady, heap):
            self.wait_for_recording(target.pid)
        self.wait_for(polled.pid)
        steady.tell(f"touch {MEBIBYTE}")  # far less than what it is compared with
        found = {}

        def grow():  # five points at least, three seconds apart, make a slope
            heap.tell("keep 1000")
            polled.tell("touch 200000")
            found.update((alert["pid"], alert) for alert in self.alerts("active") if alert["recommendations"])
            return {heap.pid, polled.pid} <= set(found)

        self.wait(grow, "growth in both")
        self.assertEqual(set(found), {heap.pid, polled.pid}, "and not in the one that stays as it is")
        for target in (heap, polled):
            alert = found[target.pid]
            self.assertEqual((alert["type"], alert["subject"]), ("threshold", "growth_per_minute"))
            self.assertEqual(alert["metrics"]["threshold"], MEBIBYTE)
            self.assertGreaterEqual(alert["metrics"]["value"], MEBIBYTE)
            self.assertRegex(alert["message"], rf"^growth a minute of {target.name} \(pid {target.pid}\) is [0-9.]+ [KMG]iB, above 1.0 MiB$")
        self.assertRegex(found[heap.pid]["recommendations"][0], r"^Look at what holds most of the heap: keeps \(does_as_told\.c:\d+\)$")
        heap.end()
        self.assertEqual(self.wait_for_alert("resolved", pid=heap.pid)["resolution"], "the process has ended with status 0")

    def test_a_spike_is_told_and_is_over_when_it_is_gone(self):
        self.alerting('[alerts]\nspike_least = "8MiB"\n[alerts.enabled]\nlarge = false\n')
        self.start()
        target = Target(self, self.tag)
        self.wait_for_recording(target.pid)
        target.tell(f"large {4 * MEBIBYTE}")

        def has_a_past():  # against which a spike is one: five points, three seconds apart
            run = self.memwatch("history", target.pid, "--format", "json", "--count", "1000")
            times = [sample["time"] for sample in json.loads(run.stdout)["samples"]] if run.status == 0 else []
            return len(times) > 5 and times[-1] - times[0] > 20

        self.wait(has_a_past, "twenty seconds of history")
        self.assertEqual(self.alerts(), [])
        target.tell(f"resize {48 * MEBIBYTE}")
        alert = self.wait_for_alert("active", type="spike", pid=target.pid)
        self.assertEqual((alert["labels"]["of"], alert["site"]["function"]), ("heap", "main"))
        self.assertLess(alert["metrics"]["before"], 5 * MEBIBYTE)
        self.assertGreaterEqual(alert["metrics"]["most"], 48 * MEBIBYTE)
        target.tell("drop")
        over = self.wait_for_alert("resolved", id=alert["id"])
        self.assertIn("it is gone again", over["resolution"])

    def test_a_cgroup_that_fills_up_is_pressure(self):
        if os.geteuid() != 0:
            self.skipTest("needs root, to make a cgroup")
        group = Cgroup(64 * MEBIBYTE)
        self.addCleanup(group.remove)
        if not group.available:
            self.skipTest("no memory cgroup can be made here")
        self.alerting("[alerts.enabled]\nlarge = false\nspike = false\n")
        target = Target(self, self.tag)
        self.addCleanup(target.end)
        (Path(group.directory) / "cgroup.procs").write_text(str(target.pid))
        self.start()
        self.wait_for_recording(target.pid)
        target.tell(f"touch {56 * MEBIBYTE}")
        alert = self.wait_for_alert("active", type="pressure")
        self.assertEqual((alert["pid"], alert["labels"]["limit"]), (target.pid, "cgroup"))
        self.assertEqual(alert["metrics"]["limit"], 64 * MEBIBYTE)
        self.assertGreaterEqual(alert["metrics"]["used"], 56 * MEBIBYTE)
        self.assertTrue(alert["subject"].endswith(Path(group.directory).name), alert["subject"])

    def test_the_limit_an_hour_holds_back_and_counts(self):
        self.alerting("[alerts]\nper_hour = 2\n")
        self.start()
        targets = [Target(self, self.tag + str(i)) for i in range(4)]
        for target in targets:
            self.wait_for_recording(target.pid)
            target.tell(f"large {32 * MEBIBYTE}")
        self.wait(lambda: self.status()["alerts"]["suppressed"] == 2, "those that are held back")
        self.assertEqual(len(self.alerts()), 2)
        text = self.memwatch("alerts").stdout.decode()
        self.assertIn("Held back since the daemon's start: 2 alerts.", text)
        self.assertRegex(text, rf"1 large of {self.tag}\d \(pid \d+\), by the limit an hour")

    def test_alerts_outlive_a_killed_daemon(self):
        self.alerting("")
        daemon = self.start()
        lives, first = self.large_alert()
        dies = Target(self, self.tag + "d")
        self.wait_for_recording(dies.pid)
        dies.tell(f"large {32 * MEBIBYTE}")
        second = self.wait_for_alert(pid=dies.pid)
        self.memwatch("alerts", "resolve", second["id"])
        dies.tell("fail")
        third = self.wait_for_alert(type="failure", pid=dies.pid)
        # What was written shows in a question that the database answers.
        self.wait(lambda: {a["id"] for a in self.alerts()} == {1, 2, 3}, "three alerts")
        self.workspace.collector_was_killed = True
        daemon.kill()
        daemon.wait()
        dies.end()
        self.start()
        self.wait(lambda: len(self.alerts()) == 3, "the alerts of before")
        over = self.wait_for_alert("resolved", id=third["id"])
        self.assertEqual(over["resolution"], "the process ended while no daemon ran")
        self.assertEqual([a["id"] for a in self.alerts("active")], [first["id"]])
        self.wait_for(lives.pid, lambda p: p["source"] == "recorded")
        lives.tell(f"large {32 * MEBIBYTE}")
        self.wait(lambda: self.alerts("active")[0]["suppressed"] >= 1, "the cool-down, which goes on")
        lives.tell("fail")
        self.assertEqual(self.wait_for_alert("active", type="failure")["id"], 4)


class RestAlertsTest(AlertsTest):
    def setUp(self):
        super().setUp()
        self.alerting("")
        self.start("--listen", "127.0.0.1:0")
        self.host, port = self.status()["listen"].split(":")
        self.port = int(port)

    def request(self, path, method="GET", **headers):
        connection = http.client.HTTPConnection(self.host, self.port, timeout=60)
        connection.request(method, path, headers=headers)
        response = connection.getresponse()
        value = json.loads(response.read())
        connection.close()
        return response.status, value

    def test_pages_and_resolving(self):
        self.assertEqual(self.request("/api/v1/alerts"), (200, self.request("/api/v1/alerts?state=all")[1]))
        _, alert = self.large_alert()
        self.assertEqual(self.request("/api/v1/health")[1]["alerts"], 1)
        self.assertEqual(self.request("/api/v1/health")[1]["status"], "warning")
        self.assertEqual(self.request("/api/v1/alerts?state=active&count=5&seconds=600")[1]["alerts"], [alert])
        self.assertEqual(self.request("/api/v1/alerts?state=resolved")[1]["alerts"], [])
        self.assertEqual(self.request(f"/api/v1/alerts/{alert['id']}"), (200, alert))
        page = f"/api/v1/alerts/{alert['id']}/resolve"
        self.assertEqual(self.request(page, "POST", Origin="http://evil.example")[0], 403)
        self.assertEqual(self.request(page, "POST", Origin=f"http://{self.host}:1")[0], 403)
        self.assertEqual(self.request(page)[0], 405)
        own = f"http://{self.host}:{self.port}"
        self.assertEqual(self.request(page, "POST", Origin=own), (200, {"id": alert["id"], "resolved": True}))
        self.assertEqual(self.request(page, "POST")[0], 404)
        self.wait(lambda: self.request("/api/v1/alerts?state=resolved")[1]["alerts"], "the resolved one")
        self.assertEqual(self.request("/api/v1/health")[1]["alerts"], 0)
        for status, path in ((400, "?state=open"), (400, "?count=-1"), (400, "?pid=1"), (404, "/99"), (400, "/x"), (404, "/1/x")):
            self.assertEqual(self.request("/api/v1/alerts" + path)[0], status, path)


class ChannelsTest(AlertsTest):
    def test_a_webhook_is_told_when_it_is_back_also_by_another_daemon(self):
        port = free_port()
        self.alerting(
            f'[alerts.webhook]\nurl = "http://127.0.0.1:{port}/hook?key=s3cret"\n'
            'headers = { Authorization = "Bearer s3cret" }\n'
        )
        daemon = self.start()
        target, alert = self.large_alert()

        def channel():
            return self.status()["alerts"]["channels"][0]

        self.wait(lambda: channel()["trouble"], "the trouble")
        self.assertEqual((channel()["name"], channel()["waiting"]), ("webhook", 1))
        self.assertIn("alerts by webhook: ", self.log.read_text())
        self.workspace.collector_was_killed = True
        daemon.kill()
        daemon.wait()
        daemon = self.start()
        receiver = Receiver(self, port)
        target.tell("fail")
        self.wait(lambda: len(receiver.posts) == 2, "what waited")
        self.assertEqual([body["alert"]["type"] for _, _, body in receiver.posts], ["large", "failure"])
        path, headers, body = receiver.posts[0]
        self.assertEqual((path, headers["Authorization"]), ("/hook?key=s3cret", "Bearer s3cret"))
        self.assertEqual((headers["Content-Type"], body["event"]), ("application/json", "raised"))
        self.assertEqual(body["alert"]["id"], alert["id"])
        self.assertEqual(body["alert"]["message"], alert["message"])
        receiver.status = 400
        self.memwatch("alerts", "resolve", alert["id"])
        self.wait(lambda: channel()["failed"] == 1, "a refusal, which is not repeated")
        self.assertEqual(channel()["trouble"], "HTTP status 400")
        self.assertNotIn("s3cret", self.log.read_text())
        self.assertNotIn(b"s3cret", self.memwatch("status", "--format", "json").stdout)

    def test_a_webhook_that_sends_the_alert_elsewhere_is_not_followed(self):
        elsewhere = Receiver(self)
        receiver = Receiver(self, location=f"http://127.0.0.1:{elsewhere.port}/theirs")
        self.alerting(f'[alerts.webhook]\nurl = "http://localhost:{receiver.port}/"\nheaders = {{ Authorization = "Bearer s3cret" }}\n')
        self.start()
        # Found, see other, and the two that ask for the same POST there.
        for number, receiver.status in enumerate((302, 303, 307, 308), 1):
            run = self.memwatch("test-alert", "large")
            self.assertEqual(run.status, 1, run)
            self.assertIn(f"HTTP status {receiver.status}: redirects are not followed", run.stdout.decode() + run.stderr)
            self.assertEqual(len(receiver.posts), number)
        receiver.status = 307
        self.large_alert()
        self.wait(lambda: self.status()["alerts"]["channels"][0]["failed"] == 1, "the one that is given up")
        self.assertEqual(len(receiver.posts), 5)
        self.assertEqual(elsewhere.posts, [])
        self.assertEqual(self.log.read_text().count("redirects are not followed"), 1)

    @unittest.skipUnless(shutil.which("openssl"), "needs openssl")
    def test_a_certificate_that_nobody_trusted_signed_is_refused_until_it_is_named(self):
        files = self.workspace.out / "tls"
        files.mkdir()
        ours, other = make_certificate(files, "ours"), make_certificate(files, "other")
        receiver = Receiver(self, certificate=ours)

        def text(ca=""):
            return f'[alerts.webhook]\nurl = "https://localhost:{receiver.port}/"\n{ca}\n'

        self.alerting(text())
        daemon = self.start()
        target, alert = self.large_alert()

        def channel():
            return self.status()["alerts"]["channels"][0]

        self.wait(lambda: channel()["trouble"], "the refusal")
        self.assertRegex(channel()["trouble"], r"^SSL certificate problem: self.signed certificate.*\(ca = \"FILE\" in memwatch.toml says whom to trust\)$")
        self.assertEqual((channel()["waiting"], channel()["failed"]), (1, 0), "it is tried again")
        self.assertEqual(receiver.posts, [])
        time.sleep(2)  # in which it has been tried again
        self.assertEqual(self.log.read_text().count("SSL certificate problem"), 1)
        for ca, trouble in ((other[0], "SSL certificate problem"), (files / "none.pem", "none.pem")):
            self.configuration_of(daemon, text(f'ca = "{ca}"'))
            run = self.memwatch("test-alert", "large")
            self.assertEqual(run.status, 1)
            self.assertIn(trouble, run.stdout.decode() + run.stderr)
        self.assertEqual(receiver.posts, [])
        self.configuration_of(daemon, text(f'ca = "{ours[0]}"'))
        self.wait(lambda: receiver.posts, "what waited")
        self.assertEqual(receiver.posts[0][2]["alert"]["id"], alert["id"])
        self.wait(lambda: not channel()["trouble"] and channel()["waiting"] == 0, "the end of the trouble")
        target.end()

    def test_a_command_gets_the_alert_and_one_that_hangs_holds_nobody_up(self):
        heard = self.workspace.out / "heard"
        command = self.workspace.out / "command"
        command.write_text(f'#!/bin/sh\necho "$@" >> {heard}\ncat >> {heard}\nexec sleep "$2"\n')
        command.chmod(0o755)

        def text(seconds, limit):
            return f'[alerts.command]\nrun = ["{command}", "a b;c", "{seconds}"]\ntimeout = "{limit}s"\n'

        self.alerting(text(0, 60))
        daemon = self.start()
        target, alert = self.large_alert()
        self.wait(lambda: heard.exists() and heard.read_text().count("\n") == 2, "the command")
        words, line = heard.read_text().splitlines()
        self.assertEqual(words, "a b;c 0")
        self.assertEqual(json.loads(line)["alert"]["id"], alert["id"])
        self.configuration_of(daemon, text(1000, 1))
        target.tell("fail")
        self.wait(lambda: "it took longer than 1 s, and was ended" in self.log.read_text(), "its end")
        self.configuration_of(daemon, text(1000, 600))
        self.memwatch("alerts", "resolve", alert["id"])
        self.wait(lambda: heard.read_text().count("\n") == 6, "a command that hangs")
        target.tell(f"large {32 * MEBIBYTE}")
        self.wait(lambda: self.of(target.pid)["totals"]["large"] == 2, "the daemon, which goes on")
        self.stop(daemon)

    def test_what_programs_call_themselves_and_their_functions_is_never_a_command(self):
        out = self.workspace.out
        heard, command = out / "heard", out / "command"
        command.write_text(f'#!/bin/sh\necho "$# words: $*" >> {heard}\ncat >> {heard}\n')
        command.chmod(0o755)
        bad = "\"'; $(touch {0}) `touch {0}` | touch {0} &"
        function, name = f"{bad}\ntouch {{0}}".format(out / "done"), self.tag + bad.format("done")
        source, object_file, program = out / "bad.c", out / "bad.o", out / name
        source.write_text(
            "#include <stdlib.h>\n#include <unistd.h>\n__attribute__((noinline)) void* bad(void) { return malloc(32 << 20); }\n"
            "int main(void) { char c; while (read(0, &c, 1) > 0) bad(); return 0; }\n"
        )
        subprocess.run(["gcc", "-O0", "-c", source, "-o", object_file], check=True)
        subprocess.run(["objcopy", "--redefine-sym", f"bad={function}", object_file], check=True)
        subprocess.run(["gcc", object_file, "-o", program], check=True)
        self.alerting(f'[alerts.command]\nrun = ["{command}", "$(touch {out}/done)"]\n')
        self.start()
        running = RunningProgram(self, [program], self.workspace.environment(LD_PRELOAD=configuration.preload))
        self.wait_for_recording(running.pid)
        running.process.stdin.write(b"!")
        running.process.stdin.flush()
        alert = self.wait_for_alert(type="large", pid=running.pid)
        self.assertIn(f"$(touch {out}/done)", alert["site"]["function"])
        self.wait(lambda: heard.exists() and heard.read_text().count("\n") == 2, "the command")
        words, line = heard.read_text().splitlines()
        self.assertEqual(words, f"1 words: $(touch {out}/done)")
        self.assertEqual(json.loads(line)["alert"], alert)
        self.assertEqual([path for path in (out / "done", Path("/done")) if path.exists()], [])

    def test_lines_are_kept_back_while_the_disk_is_full(self):
        file = self.workspace.out / "alerts.jsonl"
        file.symlink_to("/dev/full")
        self.alerting(f'[alerts]\njsonl = "{file}"\nconsole = false\n')
        self.start()
        target, alert = self.large_alert()
        self.wait(lambda: "No space left on device; it is tried again" in self.log.read_text(), "the trouble")
        target.tell("fail")
        self.wait_for_alert(type="failure")
        file.unlink()
        self.wait(lambda: file.exists() and file.read_text().count("\n") == 2, "both lines")
        lines = [json.loads(line) for line in file.read_text().splitlines()]
        self.assertEqual([line["alert"]["type"] for line in lines], ["large", "failure"])
        self.assertEqual(lines[0]["alert"], alert)
        self.assertNotIn("memwatch: alert", self.log.read_text())

    def test_a_test_alert_says_what_each_channel_did(self):
        receiver = Receiver(self)
        file = self.workspace.out / "alerts.jsonl"
        self.alerting(
            f'[alerts]\njsonl = "{file}"\nwebhook.url = "http://127.0.0.1:{receiver.port}/"\n'
            'command.run = ["/bin/cat"]\n'
        )
        daemon = self.start()
        run = self.memwatch("test-alert", "leak")
        self.assertEqual((run.status, run.stderr), (0, ""))
        self.assertEqual(
            run.stdout.decode(),
            f"console       told: printed by the daemon\njsonl         told: {file}\n"
            "webhook       told: HTTP status 200\ncommand       told: exit status 0\n",
        )
        (post,) = receiver.posts
        self.assertEqual((post[2]["alert"]["type"], post[2]["alert"]["test"]), ("leak", True))
        self.assertTrue(json.loads(file.read_text())["alert"]["test"])
        self.assertIn("test alert 0, info: this is a test of leak alerts", self.log.read_text())
        self.assertEqual(self.alerts(), [])
        receiver.status = 500
        self.configuration_of(
            daemon, f'[alerts]\nwebhook.url = "http://127.0.0.1:{receiver.port}/"\ncommand.run = ["/bin/false"]\n'
        )
        run = self.memwatch("test-alert")
        self.assertEqual(run.status, 1)
        self.assertIn("webhook       failed: HTTP status 500\n", run.stdout.decode())
        self.assertIn("command       failed: /bin/false: exit status 1\n", run.stdout.decode())
        self.one_line(self.memwatch("test-alert", "fire"), 2, "expected threshold, pattern, leak")

    def test_the_real_alertmanager_shows_what_is_active(self):
        program = shutil.which("prometheus-alertmanager")
        if program is None:
            self.skipTest("no alertmanager is installed")
        port = free_port()
        settings = self.workspace.out / "alertmanager.yml"
        settings.write_text("route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")
        manager = subprocess.Popen(
            [
                program,
                f"--config.file={settings}",
                f"--storage.path={self.workspace.out / 'alertmanager'}",
                f"--web.listen-address=127.0.0.1:{port}",
                "--cluster.listen-address=",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.addCleanup(manager.wait)
        self.addCleanup(manager.kill)

        def shown():
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v2/alerts", timeout=60) as answer:
                    return json.loads(answer.read())
            except OSError:
                return None

        self.wait(lambda: shown() is not None, "Alertmanager")
        self.alerting(
            f'[alerts.alertmanager]\nurl = "http://127.0.0.1:{port}/"\nresend = "1s"\nlabels = {{ team = "core" }}\n'
        )
        self.start()
        target, alert = self.large_alert()
        (seen,) = self.wait(shown, "the alert")
        labels = seen["labels"]
        self.assertEqual((labels["alertname"], labels["severity"]), ("MemwatchLarge", "warning"))
        self.assertEqual((labels["process"], labels["pid"]), (target.name, str(target.pid)))
        self.assertEqual((labels["team"], labels["instance"]), ("core", os.uname().nodename))
        self.assertEqual(seen["annotations"]["summary"], alert["message"])
        self.assertEqual(seen["status"]["state"], "active")
        # It is said again: Alertmanager moves the end with each time.
        self.wait(lambda: shown()[0]["endsAt"] > seen["endsAt"], "a reminder")
        self.memwatch("alerts", "resolve", alert["id"])
        self.wait(lambda: shown() == [], "its end")
        run = self.memwatch("test-alert")
        self.assertIn("alertmanager  told: HTTP status 200\n", run.stdout.decode())
