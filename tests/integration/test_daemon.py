"""The daemon with real programs: found by themselves, watch list, configuration, trouble.

Every test watches copies of a host under names of its own, never everything: other tests run at the same
time, and their processes are not to be touched.
"""

import errno
import http.client
import itertools
import json
import os
import random
import re
import resource
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

from harness.another_user import AnotherUser
from harness.case import TIMEOUT_S, IntegrationTest
from harness.configuration import configuration
from harness.running import RunningProgram

MEBIBYTE = 1 << 20
numbers = itertools.count()


class Target(RunningProgram):
    """A copy of does_as_told under a name of its own; with `shim` it carries the library."""

    def __init__(self, test, name, shim=True, arguments=()):
        self.name = name
        program = test.program(name)
        environment = test.workspace.environment(**({"LD_PRELOAD": configuration.preload} if shim else {}))
        super().__init__(test, [program, *arguments], environment)
        test.assertEqual(self.line(), f"ready {self.pid}")

    def tell(self, order):
        """Waits until it is done; what was said before."""
        self.process.stdin.write(order.encode() + b"\n")
        self.process.stdin.flush()
        said = []
        while (line := self.line()) not in ("done", f"ready {self.pid}"):
            if not line:
                raise AssertionError(f"{self.name} has ended at: {order}")
            said.append(line)
        return said


class DaemonTest(IntegrationTest):
    def setUp(self):
        super().setUp()
        self.tag = f"mw{os.getpid()}x{next(numbers)}"
        self.config = self.workspace.root / "home" / "config" / "memwatch" / "memwatch.toml"
        self.log = self.workspace.root / "log"
        self.daemons = []

    def tearDown(self):
        for daemon in self.daemons:
            self.stop(daemon)
        # The lock stays, so that nobody takes one that another is about to hold.
        (self.workspace.runtime / "memwatch" / "daemon.lock").unlink(missing_ok=True)
        super().tearDown()

    def program(self, name):
        path = self.workspace.out / name
        if not path.exists():
            shutil.copy2(configuration.hosts / "does_as_told", path)
        return path

    def configure(self, text):
        self.config.parent.mkdir(parents=True, exist_ok=True)
        self.config.write_text(text)

    def start(self, *options, ready=True, limits=None, prefix=(), **more):
        daemon = subprocess.Popen(
            [*prefix, configuration.memwatch, "daemon", *(options or ["--listen", "off"])],
            stdin=subprocess.DEVNULL,
            stderr=open(self.log, "ab"),
            env=self.workspace.environment(**more),
            cwd=self.workspace.out,
            preexec_fn=lambda: [resource.setrlimit(what, (most, most)) for what, most in (limits or {}).items()],
        )
        self.daemons.append(daemon)
        if ready:
            self.wait(lambda: self.memwatch("status").status == 0, "the daemon")
        return daemon

    def stop(self, daemon):
        if daemon.poll() is None:
            daemon.send_signal(signal.SIGTERM)
        self.assertIn(daemon.wait(timeout=TIMEOUT_S), (0, -signal.SIGKILL), self.log.read_text())

    def wait(self, condition, what):
        end = time.monotonic() + 60
        while True:
            found = condition()
            if found:
                return found
            if time.monotonic() > end:
                raise AssertionError(f"waited in vain: {what}\n{self.log.read_text()}")
            time.sleep(0.02)

    def status(self):
        run = self.memwatch("status", "--format", "json")
        self.assertEqual(run.status, 0, run.stderr)
        return json.loads(run.stdout)

    def of(self, pid, state="running"):
        processes = [p for p in self.status()["processes"] if p["pid"] == pid and p["state"] == state]
        return processes[-1] if processes else None

    def wait_for(self, pid, condition=lambda process: True, what="", state="running"):
        def look():
            process = self.of(pid, state)
            return process if process and condition(process) else None

        return self.wait(look, what or f"process {pid}")

    def wait_for_recording(self, pid):
        """Of one that carries the library. On a busy machine the daemon may come to it late, and joins it then."""
        return self.wait_for(pid, lambda process: process["source"] == "recorded", f"the recording of {pid}")

    def watching(self, mode, more=""):
        self.configure(f'watch = ["{self.tag}*"]\n{more}[defaults]\nmode = "{mode}"\nlarge = "16MiB"\n')

    def one_line(self, run, status, *parts):
        self.assertEqual((run.status, run.stdout), (status, b""), run.stderr)
        self.assertRegex(run.stderr, r"^memwatch: [^\n]+\n$")
        for part in parts:
            self.assertIn(part, run.stderr)


class WatchingTest(DaemonTest):
    def test_what_runs_and_what_starts_is_found_and_told_exactly(self):
        self.watching("exact")
        early = Target(self, self.tag + "a")
        self.start()
        self.wait_for(early.pid)
        late = Target(self, self.tag + "b")
        for target in (early, late):
            before = self.wait_for(target.pid)
            self.assertEqual((before["source"], before["mode"], before["name"]), ("recorded", "exact", target.name))
            target.tell("keep 1000")
            target.tell(f"large {32 * MEBIBYTE}")
            target.tell("fail")
            after = self.wait_for(target.pid, lambda p: p["totals"]["failed"] == 1, "the failure")
            self.assertEqual(after["totals"]["allocations"] - before["totals"]["allocations"], 1002)
            grown = after["heap"]["live_bytes"] - before["heap"]["live_bytes"]
            self.assertEqual(grown, 1000 * (100 + 8) + 32 * MEBIBYTE)
            self.assertEqual((after["totals"]["large"], after["losses"]["dropped"]), (1, 0))
            self.assertGreater(after["rss"]["last"], 0)
        status = self.status()
        events = [(e["kind"], e["pid"], e["process"], e["size"]) for e in status["events"]]
        for target in (early, late):
            self.assertIn(("large", target.pid, target.name, 32 * MEBIBYTE), events)
            self.assertIn(("failure", target.pid, target.name, 1 << 63), events)
        self.assertEqual(status["totals"]["running"], 2)
        text = self.memwatch("status").stdout.decode()
        self.assertRegex(text, rf"\n +{early.pid}  exact +[\d.]+ MiB .* 1 +1 +0  .*{early.name}\n")
        self.assertRegex(text, rf" ago  large +32.0 MiB  malloc in {late.name} \({late.pid}\)\n")
        self.assertEqual(early.end()[0], 0)
        ended = self.wait_for(early.pid, state="ended")
        self.assertEqual(ended["exit"], {"kind": "exited", "code": 0, "signal": 0})

    def test_an_idle_process_is_counted_while_it_runs(self):
        self.watching("idle")
        self.start()
        target = Target(self, self.tag)
        before = self.wait_for(target.pid)
        self.assertIsNone(before["heap"]["live_bytes"])
        target.tell("keep 1000")
        target.tell(f"large {32 * MEBIBYTE}")
        target.tell(f"large {32 * MEBIBYTE}")
        after = self.wait_for(target.pid, lambda p: p["totals"]["large"] == 2, "large allocations")
        self.assertEqual(after["totals"]["allocations"] - before["totals"]["allocations"], 1003)
        self.assertEqual(self.status()["totals"]["events"], 2)

    def test_sampled_estimates_come_with_their_error(self):
        self.watching("sample")
        self.start()
        target = Target(self, self.tag)
        self.wait_for(target.pid)
        target.tell(f"large {64 * MEBIBYTE}")
        process = self.wait_for(target.pid, lambda p: p["totals"]["large"] == 1, "a large allocation")
        self.assertGreaterEqual(process["heap"]["live_bytes"], 64 * MEBIBYTE)
        self.assertIn("live_bytes_sd", process["heap"])
        self.assertEqual(process["sample_interval"], 512 << 10)

    def test_children_and_new_images_are_followed(self):
        self.watching("exact")
        self.start()
        target = Target(self, self.tag + "a")
        self.wait_for(target.pid)
        (child,) = [int(line.split()[1]) for line in target.tell("fork 1")]
        process = self.wait_for(child)
        self.assertEqual(process["losses"]["joined"], False)  # from its first allocation on
        target.tell(f"exec {self.program(self.tag + 'b')}")
        self.wait_for(target.pid, lambda p: p["name"] == self.tag + "b", "the new image")
        self.assertEqual(self.of(target.pid, "ended")["exit"]["kind"], "exec")
        self.assertEqual(target.end()[0], 0)
        self.wait_for(child, state="ended")

    def test_a_process_has_the_name_it_was_started_by(self):
        self.watching("exact", 'poll_interval = "1s"\n')
        self.start()
        name = self.tag + "-started-by-this-name"  # longer than the kernel's 15 characters
        (self.workspace.out / name).symlink_to(self.program(self.tag + "file"))
        for shim in (True, False):
            target = Target(self, name, shim=shim)
            process = self.wait_for(target.pid)
            self.assertEqual((process["name"], Path(process["exe"]).name), (name, self.tag + "file"))
            target.end()
        # The shown name is one that can be watched.
        self.configure(self.config.read_text().replace(f"{self.tag}*", self.tag + "other"))
        self.daemons[-1].send_signal(signal.SIGHUP)
        self.wait(lambda: "read again" in self.log.read_text(), "the new configuration")
        self.assertEqual(self.memwatch("watch", "add", name).status, 0)
        self.wait_for(Target(self, name).pid)

    def test_what_a_title_leaves_of_the_arguments_is_not_told(self):
        self.watching("exact")
        target = Target(self, self.tag, arguments=("an argument", "and another"))
        title = self.tag + ": main process"
        target.tell("title " + title)
        self.start()
        process = self.wait_for(target.pid)
        self.assertEqual((process["name"], process["command"]), (self.tag, [title]))
        self.assertIn(f"  {title}\n", self.memwatch("status").stdout.decode())

    def test_leaks_are_judged_by_the_daemon(self):
        self.watching("exact")
        self.start()
        target = Target(self, self.tag)
        self.wait_for(target.pid)
        target.tell("lose 50")
        run = self.memwatch("leaks", "--json", "-", target.pid)
        self.assertEqual(run.status, 1, run.stderr)
        (process,) = json.loads(run.stdout)["processes"]
        self.assertGreaterEqual(process["leaks"]["definite_blocks"], 49)

    def leaks_of(self, target):
        """A check that watches until it is told otherwise, and has begun to."""
        check = subprocess.Popen(
            [str(configuration.memwatch), "leaks", "--json", "-", "--duration", "10m", str(target.pid)],
            env=self.workspace.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.addCleanup(lambda: check.poll() is None and check.kill())
        self.assertIn(f"watching what process {target.pid} allocates", check.stderr.readline().decode())
        return check

    def test_what_the_daemon_samples_or_counts_is_watched_and_judged(self):
        for mode in ("sample", "idle"):
            self.watching(mode)
            daemon = self.start()
            target = Target(self, self.tag)
            self.wait_for_recording(target.pid)
            target.tell("lose 50")
            check = self.leaks_of(target)
            target.tell("lose 30")
            check.send_signal(signal.SIGINT)
            output, errors = check.communicate(timeout=TIMEOUT_S)
            self.assertEqual((check.returncode, errors), (1, b""))
            leaks = json.loads(output)["processes"][0]["leaks"]
            self.assertEqual((leaks["method"], leaks["complete"]), ("reachability", False))
            self.assertIn(leaks["definite_blocks"], (29, 30))
            # A daemon that ends lets go of whoever asks.
            check = self.leaks_of(target)
            self.stop(daemon)
            output, errors = check.communicate(timeout=TIMEOUT_S)
            self.assertEqual((check.returncode, output), (2, b""))
            self.assertRegex(errors.decode(), rf"^memwatch: [^\n]*process {target.pid}: the daemon is ending\n$")
            self.assertEqual(target.end()[0], 0)

    def test_without_the_library_there_is_resident_memory(self):
        self.watching("exact", 'poll_interval = "1s"\n')
        self.start()
        target = Target(self, self.tag, shim=False)
        process = self.wait_for(target.pid)
        self.assertEqual(process["source"], "polled")
        self.assertNotIn("heap", process)
        self.assertGreater(process["rss"]["last"], 0)
        self.assertRegex(self.memwatch("status").stdout.decode(), rf" {target.pid}  RSS only +- ")
        target.end()
        self.wait(lambda: not self.of(target.pid), "its end")

    def test_what_another_memwatch_records_is_left_to_it(self):
        self.watching("exact")
        target = Target(self, self.tag)
        attach = subprocess.Popen(
            [configuration.memwatch, "attach", "-q", "-o", self.workspace.out / "a.mw", str(target.pid)],
            env=self.workspace.environment(),
            stderr=subprocess.DEVNULL,
        )
        self.addCleanup(lambda: attach.poll() is None and attach.kill())
        self.wait((self.workspace.out / "a.mw").exists, "the other recording")
        self.start()
        process = self.wait_for(target.pid)
        self.assertEqual((process["source"], process["collector"]), ("elsewhere", attach.pid))
        attach.send_signal(signal.SIGINT)
        attach.wait(timeout=TIMEOUT_S)
        self.wait_for(target.pid, lambda p: p["source"] == "recorded", "taking over")

    def test_a_thousand_processes(self):
        self.watching("exact", 'poll_interval = "1s"\n')
        target = Target(self, self.tag, shim=False)
        children = {int(line.split()[1]) for line in target.tell("fork 999")}
        self.start()

        def all_there():
            return children <= {p["pid"] for p in self.status()["processes"]}

        self.wait(all_there, "a thousand processes")
        self.assertEqual(self.log.read_text().count("\n"), 1, self.log.read_text())

    def test_more_than_descriptors_allow_are_told_and_recorded_when_there_is_room(self):
        self.watching("exact")
        self.start(limits={resource.RLIMIT_NOFILE: 64})  # room for six
        target = Target(self, self.tag)
        self.wait_for(target.pid)
        children = [int(line.split()[1]) for line in target.tell("fork 9")]

        def recorded():
            return {p["pid"] for p in self.status()["processes"] if p["source"] == "recorded"}

        self.wait(lambda: self.status()["totals"]["not_recorded"] == 4, "those that are too many")
        self.assertEqual(len(recorded()), 6)
        self.assertIn("Not recorded, though carrying the library: 4 processes", self.memwatch("status").stdout.decode())
        lines = [line for line in self.log.read_text().splitlines() if "limit on open files" in line]
        self.assertRegex(
            lines[0],
            r"^memwatch: warning: record process \d+: 6 are recorded already: "
            r"the limit on open files, 64, allows no more \(LimitNOFILE= of the service, or ulimit -n\)$",
        )
        self.assertEqual(len(lines), 1)
        for pid in recorded() & set(children):
            os.kill(pid, signal.SIGKILL)
        self.wait(lambda: self.status()["totals"]["not_recorded"] == 0, "room")

    def test_programs_that_are_gone_before_they_are_opened_are_no_trouble(self):
        self.watching("exact", 'poll_interval = "1s"\nkeep_ended = "1s"\n')
        self.start()
        program = self.workspace.out / (self.tag + "s")
        shutil.copy2(self.host("does_nothing")[0], program)
        both = f"i=0; while [ $i -lt 75 ]; do {program}; LD_PRELOAD={configuration.preload} {program}; i=$((i+1)); done"
        slowest, seen, start = 0, 0, time.monotonic()
        # The daemon looks each second: for some of its looks, and until one has met any.
        while time.monotonic() < start + 3 or (seen == 0 and time.monotonic() < start + 60):
            shells = [
                subprocess.Popen(["/bin/sh", "-c", both], env=self.workspace.environment(), stdin=subprocess.DEVNULL)
                for _ in range(4)
            ]
            while any(shell.poll() is None for shell in shells):
                begin = time.monotonic()
                seen = max(seen, len(self.status()["processes"]))
                slowest = max(slowest, time.monotonic() - begin)
            self.assertEqual([shell.returncode for shell in shells], [0] * 4)
        self.assertGreater(seen, 0, "none was ever caught")
        self.assertLess(slowest, 20)
        late = Target(self, self.tag + "l")
        self.wait_for_recording(late.pid)
        self.assertEqual(self.log.read_text().count("\n"), 1, self.log.read_text())

    def test_ended_processes_are_forgotten(self):
        self.watching("exact", 'keep_ended = "1s"\n')
        self.start()
        target = Target(self, self.tag)
        self.wait_for(target.pid)
        target.end()
        self.wait(lambda: not self.status()["processes"], "oblivion")


class WatchListTest(DaemonTest):
    def recorder_of(self, target):
        lines = self.memwatch("list").stdout.decode().splitlines()
        (line,) = [line for line in lines if line.split()[0] == str(target.pid)]
        return line.split()[2]

    def test_names_come_and_go_and_are_kept(self):
        self.watching("exact")
        self.configure(self.config.read_text().replace(self.tag, self.tag + "fixed"))
        daemon = self.start()
        target = Target(self, self.tag + "a")
        listed = self.memwatch("watch", "list")
        self.assertEqual((listed.status, listed.stdout.decode()), (0, f"{self.tag}fixed*\n"))
        self.assertEqual(self.memwatch("watch", "add", target.name).status, 0)
        self.wait_for(target.pid)
        self.one_line(self.memwatch("watch", "add", target.name), 2, "watched already")
        self.one_line(self.memwatch("watch", "remove", self.tag + "fixed*"), 2, "configuration file")
        self.one_line(self.memwatch("watch", "remove", "nobody"), 2, "not on the list")
        self.one_line(self.memwatch("watch", "add", "a/b"), 2, "without their directory")
        self.one_line(self.memwatch("watch", "add"), 2, "name a program")
        self.one_line(self.memwatch("watch", "ad", "x"), 2, "expected add, remove or list")
        self.stop(daemon)
        self.start()
        self.wait_for(target.pid)
        removed = self.memwatch("watch", "remove", target.name)
        self.assertEqual(removed.status, 0, removed.stderr)
        self.assertIsNone(self.of(target.pid))
        self.assertEqual(self.recorder_of(target), "-")
        target.tell("keep 10")
        self.assertEqual(target.end()[0], 0)


class ConfigurationTest(DaemonTest):
    def test_a_new_configuration_is_read_and_a_wrong_one_is_not(self):
        self.watching("exact")
        daemon = self.start()
        target = Target(self, self.tag)
        self.wait_for(target.pid)
        self.configure("watch = [\n  17 ]\n")
        daemon.send_signal(signal.SIGHUP)
        self.wait(lambda: "memwatch.toml:2: watch: expected" in self.log.read_text(), "the complaint")
        target.tell("keep 5")
        self.assertEqual(self.of(target.pid)["mode"], "exact")
        self.watching("sample")
        daemon.send_signal(signal.SIGHUP)
        self.wait_for(target.pid, lambda p: p.get("mode") == "sample", "another mode")
        self.watching("sample")
        self.configure(self.config.read_text().replace(self.tag, self.tag + "other"))
        daemon.send_signal(signal.SIGHUP)
        self.wait(lambda: not self.of(target.pid), "letting go")
        self.assertEqual(target.end()[0], 0)

    def test_one_that_may_not_be_read_is_one_line_and_changes_nothing(self):
        user = AnotherUser(self)
        self.config = user.directory / "home" / "config" / "memwatch" / "memwatch.toml"
        self.watching("exact")
        user.give(self.config)
        self.config.chmod(0)
        memwatch = [*user.prefix, configuration.memwatch]
        run = self.run_command([*memwatch, "daemon", "--listen", "off"], **user.places)
        self.one_line(run, 3, f"{self.config}: Permission denied")
        self.config.chmod(0o600)
        daemon = self.start(ready=False, prefix=user.prefix, **user.places)

        def status():
            run = self.run_command([*memwatch, "status", "--format", "json"], **user.places)
            return json.loads(run.stdout) if run.status == 0 else None

        before = self.wait(status, "the daemon")
        self.assertEqual(before["watch"]["configured"], [self.tag + "*"])
        self.configure('watch = ["another"]\n')
        self.config.chmod(0)
        for times in (1, 2):
            daemon.send_signal(signal.SIGHUP)
            self.wait(lambda times=times: self.log.read_text().count("Permission denied") == times, "the complaint")
        lines = self.log.read_text().splitlines()
        self.assertEqual(len(lines), 3, "the first, and one for each reload: " + "\n".join(lines))
        self.assertIn(f"{self.config}: Permission denied", lines[-1])
        self.assertEqual(status()["watch"], before["watch"])
        self.config.chmod(0o600)
        daemon.send_signal(signal.SIGHUP)
        self.wait(lambda: status()["watch"]["configured"] == ["another"], "what can be read again")

    def test_a_service_manager_is_told_of_start_reload_and_end(self):
        self.watching("exact")
        path = self.workspace.out / "notify"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(str(path))
            manager.settimeout(TIMEOUT_S)
            daemon = self.start(NOTIFY_SOCKET=path)
            self.assertEqual(manager.recv(4096), b"READY=1\nSTATUS=watching")
            daemon.send_signal(signal.SIGHUP)
            self.assertRegex(manager.recv(4096), rb"^RELOADING=1\nMONOTONIC_USEC=\d+$")
            self.assertEqual(manager.recv(4096), b"READY=1\nSTATUS=watching")
            self.stop(daemon)
            self.assertEqual(manager.recv(4096), b"STOPPING=1")

    def test_what_is_wrong_at_the_start_is_one_line(self):
        self.configure("[defaults]\nmode = 'all'\n")
        self.one_line(self.memwatch("daemon", "--listen", "off"), 3, f"{self.config}:2: mode: expected")
        self.one_line(self.memwatch("daemon", "--listen", "off", "--config", "none.toml"), 3, "none.toml: No such file")
        self.config.unlink()
        self.config.mkdir()
        self.one_line(self.memwatch("daemon", "--listen", "off"), 3, "Is a directory")
        self.config.rmdir()
        file = self.workspace.out / "file"
        file.write_text("")
        self.one_line(self.memwatch("daemon", "--state-dir", file / "below"), 3, "state directory")


class HistoryTest(DaemonTest):
    def history(self, *arguments):
        run = self.memwatch("history", "--format", "json", *arguments)
        self.assertEqual(run.status, 0, run.stderr)
        return json.loads(run.stdout)["samples"]

    def test_what_was_seen_outlives_a_killed_daemon(self):
        self.watching("exact")
        daemon = self.start()
        target = Target(self, self.tag)
        self.wait_for(target.pid)
        target.tell(f"large {32 * MEBIBYTE}")
        seen = self.wait(
            lambda: [s for s in self.history(target.pid) if s["live_bytes"] >= 32 * MEBIBYTE], "samples"
        )
        self.assertEqual((seen[-1]["process"], seen[-1]["pid"], seen[-1]["span"]), (target.name, target.pid, 1))
        self.assertGreater(seen[-1]["rss"], 0)
        self.assertEqual((seen[-1]["large"], seen[-1]["failed"]), (1, 0))
        before = self.history(target.name)
        self.workspace.collector_was_killed = True
        daemon.kill()
        daemon.wait()
        self.start()
        after = self.history(target.name, "--count", "100000")
        self.assertEqual(after[: len(before)], before)
        self.assertEqual(self.history(target.name + "x"), [])
        (latest,) = self.history(target.pid, "--count", "1", "--last", "1h")
        self.assertGreaterEqual(latest["time"], after[-1]["time"])
        text = self.memwatch("history", target.name).stdout.decode()
        self.assertRegex(text, rf"^{target.name} \(pid {target.pid}\), \d+-\d\d-\d\d\n")
        self.assertRegex(text, r"\n +\d\d:\d\d:\d\d +[\d.]+ MiB +[\d.]+ MiB +\d+ +1 +0\n")
        csv = self.memwatch("history", target.name, "--format", "csv").stdout.decode().splitlines()
        self.assertEqual(csv[0].split(",")[:4], ["time", "span", "pid", "process"])
        self.assertEqual(csv[1].split(",")[2:4], [str(target.pid), target.name])

    def test_one_that_is_killed_unasked_loses_the_last_moment_alone(self):
        # Nobody asks for the history before the kill: what is written only when it is asked for would be lost.
        self.watching("exact")
        self.workspace.collector_was_killed = True
        target = Target(self, self.tag)
        missing = []
        for _ in range(3):  # a machine too busy to let the daemon look each second shows nothing
            daemon = self.start()
            self.wait_for_recording(target.pid)
            known = time.time() + 1
            time.sleep(4)
            killed = time.time()
            daemon.kill()
            daemon.wait()
            self.start()
            times = [sample["time"] for sample in self.history(target.pid, "--count", "100000")]
            kept = [known, *(time_ for time_ in times if known < time_ < killed), killed]
            self.stop(self.daemons[-1])
            missing.append(max(later - earlier for earlier, later in zip(kept, kept[1:])))
            if missing[-1] <= 2:
                return
        self.fail(f"seconds without a sample before the kill: {missing}")

    def test_a_damaged_file_is_set_aside(self):
        self.watching("exact")
        state = self.workspace.root / "home" / "state" / "memwatch"
        state.mkdir(parents=True)
        (state / "history.db").write_bytes(b"no database" * 1000)
        self.start()
        target = Target(self, self.tag)
        self.wait(lambda: self.history(target.pid), "samples")
        (aside,) = state.glob("history.db.damaged-*")
        self.assertEqual(aside.read_bytes(), b"no database" * 1000)
        self.assertIn(f"it was set aside as {aside}", self.log.read_text())


class RestCase(DaemonTest):
    """A daemon that answers requests, and docs/openapi.json to compare them with."""

    def setUp(self):
        super().setUp()
        self.watching("exact")
        self.start("--listen", "127.0.0.1:0")
        self.host, port = self.status()["listen"].split(":")
        self.port = int(port)
        self.api = json.loads((Path(__file__).parents[2] / "docs" / "openapi.json").read_text())

    def request(self, path, method="GET", headers=None, body=None):
        connection = http.client.HTTPConnection(self.host, self.port, timeout=TIMEOUT_S)
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        text = response.read()
        connection.close()
        return response, json.loads(text)

    def raw(self, bytes_):
        with socket.create_connection((self.host, self.port), timeout=TIMEOUT_S) as connection:
            answer = b""
            try:
                connection.sendall(bytes_)
                connection.shutdown(socket.SHUT_WR)
                while piece := connection.recv(65536):
                    answer += piece
            except OSError as error:  # the daemon has hung up, which may show in any of these calls
                if error.errno not in (errno.ECONNRESET, errno.EPIPE, errno.ENOTCONN):
                    raise
            return answer

    def schema_complaints(self, schema, value, where):
        """As far as docs/openapi.json goes: type, nullable, enum, required, no field beyond, $ref."""
        if "$ref" in schema:
            schema = self.api["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
        if value is None:
            return [] if schema.get("nullable") else [f"{where}: null"]
        python = {"object": dict, "array": list, "string": str, "integer": int, "number": (int, float), "boolean": bool}
        if not isinstance(value, python[schema["type"]]):
            return [f"{where}: {value!r} is no {schema['type']}"]
        complaints = []
        if "enum" in schema and value not in schema["enum"]:
            complaints.append(f"{where}: {value!r}")
        for key in schema.get("required", []):
            if key not in value:
                complaints.append(f"{where}: no {key}")
        if schema["type"] == "object":
            for key, member in value.items():
                open_ended = schema.get("additionalProperties")
                if open_ended is True and key not in schema["properties"]:
                    continue
                if open_ended and open_ended is not True:
                    complaints += self.schema_complaints(schema["additionalProperties"], member, f"{where}.{key}")
                elif key not in schema["properties"]:
                    complaints.append(f"{where}.{key}: not described")
                else:
                    complaints += self.schema_complaints(schema["properties"][key], member, f"{where}.{key}")
        if schema["type"] == "array":
            for i, item in enumerate(value):
                complaints += self.schema_complaints(schema["items"], item, f"{where}[{i}]")
        return complaints


class RestTest(RestCase):
    """The running server against docs/openapi.json, and what it does with those who mean it ill."""

    def test_every_path_answers_as_it_is_described(self):
        target = Target(self, self.tag)
        unshimmed = Target(self, self.tag + "u", shim=False)
        self.memwatch("watch", "add", unshimmed.name)  # looks at once
        self.wait_for(target.pid)
        target.tell(f"large {32 * MEBIBYTE}")
        target.tell("fail")
        self.wait_for(target.pid, lambda p: p["totals"]["failed"] == 1, "the failure")
        ended = Target(self, self.tag + "e")
        self.wait_for(ended.pid)
        ended.end()
        self.wait_for(ended.pid, state="ended")
        self.wait(lambda: self.request(f"/api/v1/history?pid={target.pid}")[1]["samples"], "samples")
        alert = self.wait(lambda: self.request("/api/v1/alerts?state=active")[1]["alerts"], "an alert")[0]["id"]
        for path, methods in self.api["paths"].items():
            for method, described in methods.items():
                if "application/json" not in described["responses"].get("200", {}).get("content", {}):
                    continue  # a test of its own
                asked = path.replace("{pid}", str(target.pid)).replace("{id}", str(alert))
                needed = [p["name"] for p in described.get("parameters", []) if p["in"] == "query" and p.get("required")]
                if needed:
                    self.assertEqual(needed, ["pid"])
                    asked += f"?pid={target.pid}"
                response, value = self.request(asked, method.upper())
                self.assertEqual(response.status, 200, path)
                content = described["responses"]["200"]["content"][response.headers["Content-Type"]]
                self.assert_no_complaints(self.schema_complaints(content["schema"], value, path), "schema")
                self.assertIsNone(response.headers["Access-Control-Allow-Origin"])
        _, processes = self.request("/api/v1/processes")
        self.assertEqual({p["source"] for p in processes["processes"]}, {"recorded", "polled"})
        self.assertEqual(self.request("/api/v1/health")[1]["processes"], 2)
        _, samples = self.request(f"/api/v1/history?name={target.name}&count=1&seconds=60")
        self.assertEqual([s["pid"] for s in samples["samples"]], [target.pid])

    def test_mistakes_are_problems_and_the_server_goes_on(self):
        problem = self.api["components"]["schemas"]["Problem"]
        for status, path, method, headers in (
            (404, "/api/v1/processes/1", "GET", {}),
            (400, "/api/v1/../../../etc/passwd", "GET", {}),
            (400, "/api/v1/%2e%2e%2f", "GET", {}),
            (400, "/api/v1/history?count=x", "GET", {}),
            (405, "/api/v1/status", "POST", {}),
            (405, "/api/v1/status", "DELETE", {}),
            (405, "/api/v1/analyze?pid=1", "GET", {}),
            (403, "/api/v1/analyze?pid=1", "POST", {"Origin": "http://evil.example"}),
            (403, "/api/v1/analyze?pid=1", "POST", {"Origin": "null"}),
            (404, "/api/v1/analyze?pid=1", "POST", {"Origin": f"http://{self.host}:{self.port}"}),
            (404, "/api/v1/breakdown?pid=1", "GET", {}),
            (400, "/api/v1/breakdown", "GET", {}),
            (403, "/api/v1/status", "GET", {"Host": "evil.example"}),
            (403, "/api/v1/status", "GET", {"Host": "127.0.0.1.evil.example:7676"}),
            (431, "/api/v1/status", "GET", {"X": "x" * 20000}),
        ):
            response, value = self.request(path, method, headers)
            self.assertEqual(response.status, status, path)
            self.assertEqual(self.schema_complaints(problem, value, path), [])
            self.assertEqual(response.headers["Content-Type"], "application/problem+json")
        response, _ = self.request("/api/v1/status", "POST", body=b"x" * 100_000)
        self.assertEqual(response.status, 413)
        for nonsense in (
            b"\0\0\0\0\r\n\r\n",
            b"GET\r\n\r\n",
            b"GET /api/v1/status HTTP/9.9\r\n\r\n",
            b"GET /api/v1/status HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
            b"GET /api/v1/status HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
            b"\x16\x03\x01" + bytes(range(256)) * 4,
            b"G" * 100_000,
        ):
            answer = self.raw(nonsense)
            self.assertTrue(answer == b"" or answer.startswith(b"HTTP/1.1 4"), answer[:100])
        generator = random.Random(7)
        whole = b"GET /api/v1/history?count=1 HTTP/1.1\r\nHost: localhost\r\n\r\n"
        for _ in range(30):
            damaged = bytearray(whole)
            for _ in range(generator.randint(1, 4)):
                damaged[generator.randrange(len(damaged))] = generator.randrange(256)
            self.raw(bytes(damaged))
        self.wait(lambda: self.request("/api/v1/health")[0].status == 200, "an answer")

    def test_too_many_are_refused_not_served_late(self):
        silent = [socket.create_connection((self.host, self.port)) for _ in range(64)]
        self.addCleanup(lambda: [connection.close() for connection in silent])

        def refused():
            try:
                return self.raw(b"GET /api/v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n") == b""
            except OSError:  # hung up on before everything was said
                return True

        self.wait(refused, "a refusal")
        for connection in silent:
            connection.close()
        self.wait(lambda: not refused(), "an answer")
        # All at once, so that it is the daemon's own pace that counts: an address may ask a hundred a second.
        answers = self.raw(b"GET /api/v1/health HTTP/1.1\r\nHost: localhost\r\n\r\n" * 2000)
        statuses = {int(status) for status in re.findall(rb"HTTP/1.1 (\d+)", answers)}
        self.assertEqual(statuses, {200, 429})

    def test_addresses_that_cannot_be_had_are_one_line(self):
        for daemon in self.daemons:
            self.stop(daemon)
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            run = self.memwatch("daemon", "--listen", f"127.0.0.1:{port}")
            self.one_line(run, 2, f"127.0.0.1:{port}: another program listens there already")
        for address in ("7676", "127.0.0.1:99999", "example.org:80", "127.0.0.1:", ":", " "):
            self.one_line(self.memwatch("daemon", "--listen", address), 2, "expected ADDRESS:PORT")


class TroubleTest(DaemonTest):
    def test_without_a_daemon_the_commands_say_so(self):
        for command in (["status"], ["watch", "list"], ["watch", "add", "x"]):
            self.one_line(self.memwatch(*command), 3, "none runs (start it: memwatch daemon)")

    def test_a_second_daemon_is_refused(self):
        self.watching("exact")
        daemon = self.start()
        self.one_line(self.memwatch("daemon", "--listen", "off"), 2, f"one runs already (pid {daemon.pid})")
        self.assertEqual(self.memwatch("status").status, 0)

    def test_its_end_leaves_the_programs_running_and_nothing_behind(self):
        self.watching("exact")
        daemon = self.start()
        target = Target(self, self.tag)
        self.wait_for(target.pid)
        self.stop(daemon)
        self.assertEqual(daemon.returncode, 0)
        target.tell("keep 10")
        self.assertEqual(target.end(), (0, b"bye\n"))

    def test_one_that_was_killed_is_followed_by_another(self):
        self.watching("exact")
        daemon = self.start()
        target = Target(self, self.tag)
        self.wait_for(target.pid)
        self.workspace.collector_was_killed = True
        daemon.kill()  # and fetched by nobody, so that it stays as a zombie
        target.tell("keep 10")
        self.one_line(self.memwatch("status"), 3, "none runs")  # its socket is still there
        self.start()
        before = self.wait_for(target.pid, lambda p: p["source"] == "recorded", "the next recording")
        self.assertEqual(daemon.wait(), -signal.SIGKILL)
        target.tell("keep 10")
        self.wait_for(
            target.pid,
            lambda p: p["totals"]["allocations"] - before["totals"]["allocations"] == 11,
            "what was allocated since",
        )
        self.assertEqual(target.end()[0], 0)
