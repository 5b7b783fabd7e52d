"""The daemon as a service: units that systemd takes, and root's, which watches everybody and is found from every login."""

import os
import shutil
import unittest
from pathlib import Path

from harness.another_user import AnotherUser
from harness.configuration import configuration
from harness.held_namespace import HeldNamespace
from harness.running import RunningProgram
from harness.skips import need
from test_daemon import DaemonTest, Target

UNITS = Path(__file__).parents[2] / "tools" / "server"


class TargetOf(Target):
    """A target of another user, with the library."""

    def __init__(self, test, user, name):
        self.name = name
        program = user.directory / name
        shutil.copy(configuration.hosts / "does_as_told", program)
        program.chmod(0o755)
        preload = ["env", f"LD_PRELOAD={configuration.preload}"]  # not of setpriv, which is root's
        RunningProgram.__init__(self, test, [*user.prefix, *preload, program], test.workspace.environment(**user.places))
        test.assertEqual(self.line(), f"ready {self.pid}")


class ServiceTest(DaemonTest):
    def test_systemd_takes_the_units(self):
        need("systemd-analyze")
        for name, scope in (("memwatch.service.in", "--user"), ("memwatch-system.service.in", "--system")):
            with self.subTest(unit=name):
                unit = self.workspace.out / scope / "memwatch.service"
                unit.parent.mkdir()
                text = (UNITS / name).read_text()
                unit.write_text(text.replace("@CMAKE_INSTALL_FULL_BINDIR@", str(configuration.memwatch.parent)))
                verdict = self.run_command(["systemd-analyze", scope, "--man=no", "verify", unit])
                self.assertEqual((verdict.status, verdict.stdout, verdict.stderr), (0, b"", ""))

    @unittest.skipUnless(os.geteuid() == 0, "needs root, to watch somebody else")
    def test_root_records_the_processes_of_other_users(self):
        user = AnotherUser(self)
        self.watching("exact")
        early = TargetOf(self, user, self.tag + "a")
        self.assertEqual(os.stat(f"/proc/{early.pid}").st_uid, user.uid)
        self.start()
        for target in (early, TargetOf(self, user, self.tag + "b")):
            before = self.wait_for_recording(target.pid)["totals"]["allocations"]
            target.tell("keep 1000")
            self.wait_for(target.pid, lambda p, b=before: p["totals"]["allocations"] == b + 1001, "each allocation")
            leaks = self.memwatch("leaks", target.pid)
            self.assertIn(leaks.status, (0, 1), leaks.stderr)
            self.assertEqual(target.end()[0], 0)

    def test_root_finds_the_machines_daemon_from_every_login(self):
        place = HeldNamespace(self, "1m", "/run")
        user = place.seen_from_here / "user" / "0"
        user.mkdir(parents=True, mode=0o700)
        self.watching("exact")
        memwatch = [*place.enter, configuration.memwatch]
        service, login = {"XDG_RUNTIME_DIR": "/run"}, {"XDG_RUNTIME_DIR": "/run/user/0"}
        self.one_line(self.run_command([*memwatch, "status"], **login), 3, "none runs")
        daemon = self.start(ready=False, prefix=place.enter, **service)
        for environment in (service, login, {"XDG_RUNTIME_DIR": ""}):
            self.wait(lambda e=environment: self.run_command([*memwatch, "status"], **e).status == 0, f"it, by {environment}")
            second = self.run_command([*memwatch, "daemon", "--listen", "off"], **environment)
            self.one_line(second, 2, f"one runs already (pid {daemon.pid})")
        self.assertEqual(list(user.iterdir()), [])
