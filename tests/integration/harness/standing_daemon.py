"""A daemon with a place of its own and programs that carry the library, for measurements and pictures: nothing else that
runs on the machine is watched, nothing of the user's is read or written, and all of it ends with the `with`.
"""

import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

START_S = 60


class StandingDaemon:
    """`names`: what is watched. `more`: lines of memwatch.toml. `build` has bin, lib and tests/hosts."""

    def __init__(self, build, names, more=""):
        self.build = build
        self.memwatch = build / "bin" / "memwatch"
        # Short: the path of a unix socket has room for 107 characters.
        self.place = Path(tempfile.mkdtemp(prefix="mwm-", dir="/tmp"))
        self.processes = []
        for directory in ("run", "home", "tmp"):
            (self.place / directory).mkdir(mode=0o700)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("MEMWATCH_", "XDG_", "LD_PRELOAD"))}
        home = self.place / "home"
        self.environment = dict(
            kept, XDG_RUNTIME_DIR=str(self.place / "run"), HOME=str(home), XDG_STATE_HOME=str(home / "state"),
            XDG_CONFIG_HOME=str(home / "config"), XDG_CACHE_HOME=str(home / "cache"), TMPDIR=str(self.place / "tmp"),
        )
        watched = ", ".join(f'"{name}"' for name in names)
        self.config = self.place / "memwatch.toml"
        self.config.write_text(f"watch = [{watched}]\n{more}")

    def __enter__(self):
        command = [self.memwatch, "daemon", "--listen", "127.0.0.1:0", "--config", self.config]
        self.daemon = subprocess.Popen(
            command, env=self.environment, stdin=subprocess.DEVNULL, stderr=(self.place / "log").open("wb")
        )
        end = time.monotonic() + START_S
        while not (status := self.status()):
            if self.daemon.poll() is not None or time.monotonic() > end:
                log = (self.place / "log").read_text()
                self.__exit__()
                raise RuntimeError(f"the daemon did not start: {log}")
            time.sleep(0.05)
        self.url = f"http://{status['listen']}/"
        return self

    def __exit__(self, *_):
        for process in self.processes:
            process.kill()
            process.communicate()
        self.daemon.terminate()
        self.daemon.wait()
        shutil.rmtree(self.place, ignore_errors=True)

    def status(self):
        run = subprocess.run(
            [self.memwatch, "status", "--format", "json"], env=self.environment, capture_output=True, check=False
        )
        return json.loads(run.stdout) if run.returncode == 0 else None

    def program(self, source, name):
        """A copy of a program under this name; `source` is a path, or the name of one of tests/hosts."""
        path = self.place / name
        if not path.exists():
            shutil.copy2(source if Path(source).is_absolute() else self.build / "tests" / "hosts" / source, path)
        return path

    def run(self, source, name, *arguments, shim=True, **options):
        """Starts it; its standard input stays open."""
        environment = dict(self.environment)
        if shim:
            environment["LD_PRELOAD"] = str(self.build / "lib" / "libmemwatch_preload.so")
        self.program(source, name)
        process = subprocess.Popen(
            [f"./{name}", *arguments], env=environment, cwd=self.place,
            **{"stdin": subprocess.PIPE, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, **options},
        )
        self.processes.append(process)
        return process
