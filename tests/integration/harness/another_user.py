"""Commands of another user than ours, for root; of everybody else that is themselves."""

import os
import shutil
import tempfile
from pathlib import Path

from .configuration import configuration


class AnotherUser:
    """`prefix`: what a command begins with to be theirs. `directory`: where they may write; their places are in it."""

    def __init__(self, test):
        self.directory = Path(tempfile.mkdtemp(prefix="mwt-", dir="/tmp"))
        test.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        self.uid, self.prefix = os.geteuid(), []
        if self.uid == 0:
            self.uid = 60_000 + os.getpid() % 4000  # who has no processes yet
            self.give(self.directory)
            self.prefix = ["setpriv", f"--reuid={self.uid}", f"--regid={self.uid}", "--clear-groups"]
        for place in ("run", "home"):
            (self.directory / place).mkdir(mode=0o700)
            self.give(self.directory / place)
        if test.run_command([*self.prefix, "test", "-x", configuration.memwatch, "-a", "-r", configuration.preload]).status != 0:
            test.skipTest("another user may not use this build (or there is no setpriv)")

    def give(self, path):
        os.chown(path, self.uid, self.uid)

    @property
    def places(self):
        home = self.directory / "home"
        return {
            "HOME": str(home),
            "TMPDIR": "/tmp",
            "XDG_RUNTIME_DIR": str(self.directory / "run"),
            "XDG_CONFIG_HOME": str(home / "config"),
            "XDG_STATE_HOME": str(home / "state"),
            "XDG_CACHE_HOME": str(home / "cache"),
        }
