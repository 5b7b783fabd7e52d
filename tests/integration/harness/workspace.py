"""A private place for one test: its own temporary, runtime, state and home directories, so that what
a run leaves behind is seen at once and nothing of the user's is read or written.
"""

import os
import shutil
import tempfile
import time
from pathlib import Path

SHARED_MEMORY = Path("/dev/shm")
RENDEZVOUS = slice(248, 248 + 108)  # of the header (shared/segment_layout.h): the collector's socket, or nothing


class Workspace:
    def __init__(self):
        # Short: the path of a unix socket has room for 107 characters.
        # Elsewhere for who has to take down what tests leave that are killed (scripts/check-bites).
        self.root = Path(tempfile.mkdtemp(prefix="mwt-", dir=os.environ.get("MEMWATCH_WORKSPACES", "/tmp")))
        self.out = self.root / "out"
        self.temporary = self.root / "tmp"
        self.runtime = self.root / "run"
        for directory in (self.out, self.temporary, self.runtime, self.root / "home"):
            directory.mkdir(mode=0o700)
        self.shared_memory_before = shared_memory_names()
        # A collector that was killed cannot clean up its directories; segments still have to go.
        self.collector_was_killed = False

    def environment(self, **more):
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("MEMWATCH_", "XDG_", "LD_PRELOAD", "MALLOC_"))
        }
        environment.update(
            TMPDIR=str(self.temporary),
            XDG_RUNTIME_DIR=str(self.runtime),
            XDG_STATE_HOME=str(self.root / "home" / "state"),
            XDG_CONFIG_HOME=str(self.root / "home" / "config"),
            XDG_CACHE_HOME=str(self.root / "home" / "cache"),
            HOME=str(self.root / "home"),
        )
        environment.update({name: str(value) for name, value in more.items()})
        return environment

    def leftovers(self):
        """Files that should be gone: empty directories under the runtime directory may stay."""
        if self.collector_was_killed:
            return self._shared_memory_leftovers()
        found = [str(path) for path in self.temporary.rglob("*")]
        found += [str(path) for path in self.runtime.rglob("*") if not path.is_dir()]
        return found + self._shared_memory_leftovers()

    def processes(self):
        """Living ones, as (pid, name), that were started with this workspace's environment."""
        mark = f"={self.temporary}\0".encode()
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (process / "environ").read_bytes():  # empty of a zombie
                    found.append((int(process.name), (process / "comm").read_text().strip()))
            except OSError:
                continue
        return found

    def _shared_memory_leftovers(self):
        # Other tests may run at the same time, some of which put files in the place of segments, or kill both sides
        # and end before the next command sweeps. So a new name counts only when no living process uses it, it stays,
        # and no collector of another workspace made it.
        for _ in range(200):
            new = shared_memory_names() - self.shared_memory_before
            unused = new - shared_memory_in_use() if new else set()
            if not unused:
                return []
            time.sleep(0.05)
        return [f"/dev/shm/{name}" for name in sorted(unused & shared_memory_names()) if not self._is_of_another(name)]

    def _is_of_another(self, name):
        try:
            with open(SHARED_MEMORY / name, "rb") as file:
                socket = file.read(RENDEZVOUS.stop)[RENDEZVOUS].rstrip(b"\0").decode()
        except (OSError, UnicodeDecodeError):
            return False
        return bool(socket) and not socket.startswith(f"{self.root}/")

    def remove(self):
        shutil.rmtree(self.root, ignore_errors=True)


def remove_segments_of(pid):
    """Of a process that a test has killed: they would stay until a command of memwatch runs after somebody has waited
    for it, and another test that runs meanwhile would take them for its own."""
    for segment in SHARED_MEMORY.glob(f"memwatch.{os.getuid()}.{pid}.*"):
        segment.unlink(missing_ok=True)


def shared_memory_names():
    """Of memwatch: other programs on this machine come and go with names of their own."""
    try:
        return {entry.name for entry in os.scandir(SHARED_MEMORY) if entry.name.startswith("memwatch")}
    except FileNotFoundError:
        return set()


def shared_memory_in_use():
    """Names in /dev/shm that some process has mapped or open."""
    names = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            targets = [line.split(None, 5)[5].strip() for line in open(process / "maps") if "/dev/shm/" in line]
            targets += [os.readlink(link) for link in (process / "fd").iterdir()]
        except OSError:
            continue
        names.update(
            target.removeprefix("/dev/shm/").removesuffix(" (deleted)").split("/")[0]
            for target in targets
            if target.startswith("/dev/shm/")
        )
    return names
