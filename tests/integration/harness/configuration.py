"""Where the things under test are: one object, filled from the environment by run_integration.py.

Read by every other file here; constant while tests run.
"""

import os
from pathlib import Path


class Configuration:
    def __init__(self, environment=os.environ):
        self.memwatch = Path(environment.get("MEMWATCH_BINARY", "build/release/bin/memwatch")).absolute()
        self.preload = Path(
            environment.get(
                "MEMWATCH_PRELOAD_LIBRARY",
                self.memwatch.parent.parent / "lib" / "libmemwatch_preload.so",
            )
        ).absolute()
        build = self.memwatch.parent.parent
        self.hosts = Path(environment.get("MEMWATCH_HOSTS", build / "tests" / "hosts")).absolute()
        self.oracle = Path(environment.get("MEMWATCH_ORACLE", build / "lib" / "liboracle.so")).absolute()
        self.random_allocator = Path(
            environment.get("MEMWATCH_RANDOM_ALLOCATOR", build / "bin" / "random_allocator")
        ).absolute()
        # The packages from npm that the build installed, of tools/dashboard/package-lock.json.
        self.packages = build / "tools" / "dashboard" / "work"
        self.rows = environment.get("MEMWATCH_TEST_ROWS", "*")
        self.seeds = int(environment.get("MEMWATCH_TEST_SEEDS", "12"))
        self.sources = Path(__file__).resolve().parents[2] / "hosts"


configuration = Configuration()
