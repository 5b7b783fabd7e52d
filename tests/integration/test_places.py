"""What others have put where memwatch's directories and sockets go: it is neither used nor waited for, nobody is told
anything, and one line says why not."""

import os
import socket
import subprocess
import sys
import time
import unittest

from harness.another_user import AnotherUser
from harness.case import TIMEOUT_S, IntegrationTest
from harness.configuration import configuration
from harness.held_namespace import HeldNamespace
from test_daemon import DaemonTest

NOBODY = 65534
NOT_PRIVATE = "it is no directory that this user alone can enter"

# Whose socket it is for who connects is settled by listen(): path, kind and user are told.
LISTENER = """
import os, socket, sys
listener = socket.socket(socket.AF_UNIX, getattr(socket, sys.argv[2]))
listener.bind(sys.argv[1])
os.chmod(sys.argv[1], 0o777)
os.setuid(int(sys.argv[3]))
listener.listen()
print("listens", flush=True)
connection, _ = listener.accept()
message, descriptors, *_ = connection.recvmsg(4096, 4096)
print(f"told {len(message)} bytes and {len(descriptors)} sets of descriptors", flush=True)
"""
NOTHING = "told 0 bytes and 0 sets of descriptors"


def as_root(test):
    return unittest.skipUnless(os.geteuid() == 0, "needs root, to be somebody else")(test)


class Listener:
    """Somebody who listens at a path and can say what one was told there."""

    def __init__(self, test, path, kind, user):
        self.process = subprocess.Popen(
            [sys.executable, "-c", LISTENER, str(path), kind, str(user)], stdout=subprocess.PIPE, text=True
        )
        test.addCleanup(self.end)
        test.assertEqual(self.process.stdout.readline(), "listens\n")

    def heard(self):
        return self.process.communicate(timeout=TIMEOUT_S)[0].strip()

    def end(self):
        self.process.kill()
        self.process.communicate()


def squats(elsewhere, user, other):
    """Name -> what puts something else into the place of a directory. `elsewhere`: a private one of the user's."""

    def directory(mode, owner):
        def make(path):
            path.mkdir()
            path.chmod(mode)
            os.chown(path, owner, owner)

        return make

    def of_user(make):
        def made(path):
            make(path)
            os.chown(path, user, user, follow_symlinks=False)

        return made

    found = {
        "a file": of_user(lambda path: path.write_text("mine")),
        "a fifo": of_user(lambda path: os.mkfifo(path, 0o700)),
        "a link": of_user(lambda path: path.symlink_to(elsewhere)),
        "a dangling link": of_user(lambda path: path.symlink_to(elsewhere / "nowhere")),
        "open to all": directory(0o777, user),
        "open to the group": directory(0o770, user),
        "readable by all": directory(0o755, user),
    }
    if os.geteuid() == 0:
        found["another user's"] = directory(0o700, other)
        found["another user's and open"] = directory(0o777, other)
    return found


def clear(path):
    if path.is_dir() and not path.is_symlink():
        path.rmdir()
    else:
        path.unlink()


class DaemonsPlaceTest(DaemonTest):
    def refused(self, place, elsewhere, user, other, prefix, environment):
        """The daemon and who asks for one, with each squat at `place`, the daemon's directory."""
        self.watching("idle")
        memwatch = [*prefix, configuration.memwatch]
        config = self.workspace.root / "memwatch.toml"
        config.write_text(self.config.read_text())
        self.workspace.root.chmod(0o755)
        for name, make in squats(elsewhere, user, other).items():
            with self.subTest(squat=name):
                make(place)
                before = place.lstat()
                for command in (["daemon", "--listen", "off", "--config", config], ["status"], ["watch", "list"]):
                    run = self.run_command([*memwatch, *command], **environment)
                    self.one_line(run, 3, NOT_PRIVATE)
                self.assertEqual(place.lstat()[:6], before[:6])  # its kind, mode, owner
                clear(place)  # also: nothing was put into it
        self.assertEqual(list(elsewhere.iterdir()), [])
        # With nothing in its way it is found there.
        daemon = self.start("--listen", "off", "--config", config, ready=False, prefix=prefix, **environment)
        self.wait(lambda: self.run_command([*memwatch, "status"], **environment).status == 0, "the daemon")
        self.assertEqual((place.stat().st_mode & 0o7777, place.stat().st_uid), (0o700, user))
        self.stop(daemon)

    def test_a_users_place_in_the_temporary_directory(self):
        user = AnotherUser(self)
        temporary = user.directory / "tmp"
        temporary.mkdir()
        temporary.chmod(0o1777)
        elsewhere = user.directory / "elsewhere"
        elsewhere.mkdir(mode=0o700)
        user.give(elsewhere)
        environment = {**user.places, "XDG_RUNTIME_DIR": "", "TMPDIR": temporary}
        self.refused(temporary / f"memwatch-{user.uid}", elsewhere, user.uid, os.geteuid(), user.prefix, environment)

    def test_a_users_place_in_the_runtime_directory(self):
        user = AnotherUser(self)
        elsewhere = user.directory / "elsewhere"
        elsewhere.mkdir(mode=0o700)
        user.give(elsewhere)
        place = user.directory / "run" / "memwatch"
        self.refused(place, elsewhere, user.uid, os.geteuid(), user.prefix, user.places)

    @as_root
    def test_roots_place(self):
        held = HeldNamespace(self, "1m", "/run")
        elsewhere = self.workspace.root / "elsewhere"
        elsewhere.mkdir(mode=0o700)
        self.refused(held.seen_from_here / "memwatch", elsewhere, 0, NOBODY, held.enter, {"XDG_RUNTIME_DIR": ""})

    def test_something_else_in_the_place_of_its_socket(self):
        directory = self.workspace.runtime / "memwatch"
        directory.mkdir(mode=0o700)
        place = directory / "daemon.sock"
        for make in (
            lambda: place.write_text("mine"),
            lambda: os.mkfifo(place, 0o600),
            lambda: place.mkdir(),
            lambda: place.symlink_to(self.workspace.root / "nowhere"),
        ):
            make()
            self.one_line(self.memwatch("status"), 3)
            clear(place)

    @as_root
    def test_another_users_socket_is_told_nothing(self):
        directory = self.workspace.runtime / "memwatch"
        directory.mkdir(mode=0o700)
        place = directory / "daemon.sock"
        for user in (NOBODY, 0):
            listener = Listener(self, place, "SOCK_STREAM", user)
            run = self.memwatch("status")
            heard = listener.heard()
            self.assertEqual(heard == NOTHING, user == NOBODY, heard)
            self.assertEqual((run.status, run.stdout), (3, b""))
            if user:
                self.one_line(run, 3, f"another user (uid {NOBODY}) listens there")
            place.unlink()


class CollectorsPlaceTest(IntegrationTest):
    @as_root
    def test_a_process_introduces_itself_to_nobody_else(self):
        place = self.workspace.root / "socket"
        native = self.run_command(self.host("allocates_once"))
        for user, heard in ((NOBODY, NOTHING), (0, "told 56 bytes and 1 sets of descriptors")):
            listener = Listener(self, place, "SOCK_SEQPACKET", user)
            run = self.run_command(
                self.host("allocates_once"), LD_PRELOAD=configuration.preload, MEMWATCH_OPTIONS=f"socket={place}:follow=1"
            )
            self.assertEqual(listener.heard(), heard)
            self.assertEqual((run.status, run.stdout, run.stderr), (native.status, native.stdout, ""))
            place.unlink()

    def test_what_others_keep_under_its_names_in_the_temporary_directory_stays(self):
        elsewhere = self.workspace.root / "elsewhere"
        elsewhere.mkdir(mode=0o700)
        gone = subprocess.Popen(["/bin/true"])
        gone.wait()

        def dead_socket(directory):
            path = directory / f"run-{gone.pid}-0000000100000001"
            with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as one:
                one.bind(str(path))
            old = time.time() - 3600
            os.utime(directory, (old, old))
            return path

        def directory(name, mode, owner=os.geteuid()):
            path = self.workspace.temporary / name
            path.mkdir()
            path.chmod(mode)
            os.chown(path, owner, owner)
            return path

        kept = [dead_socket(directory("memwatch-open", 0o777)), dead_socket(elsewhere)]
        if os.geteuid() == 0:
            kept.append(dead_socket(directory("memwatch-theirs", 0o700, NOBODY)))
        link, file, fifo = (self.workspace.temporary / f"memwatch-{name}" for name in ("link", "file", "fifo"))
        link.symlink_to(elsewhere)
        file.write_text("mine")
        os.mkfifo(fifo)
        kept += [link, file, fifo]
        ours = directory("memwatch-ours", 0o700)
        dead_socket(ours)
        self.workspace.collector_was_killed = True  # what it left is here
        run = self.memwatch("run", "--quiet", "-o", self.workspace.out / "r.mw", "--", "/bin/true", XDG_RUNTIME_DIR="")
        self.assertEqual((run.status, run.stderr), (0, ""))
        self.assertEqual([path for path in kept if not os.path.lexists(path)], [])
        self.assertFalse(ours.exists(), "what a collector of ours left there is swept")


if __name__ == "__main__":
    unittest.main()
