"""The JSON report, with the questions the tests ask of it."""

import json
from pathlib import Path

ALLOCATING = (
    "malloc",
    "calloc",
    "realloc",
    "reallocarray",
    "posix_memalign",
    "aligned_alloc",
    "memalign",
    "valloc",
    "pvalloc",
    "operator new",
)


class Report:
    def __init__(self, path):
        self.text = Path(path).read_text()
        self.data = json.loads(self.text)
        self.processes = [Process(self, record) for record in self.data["processes"]]
        self._stacks = {stack["id"]: stack["frames"] for stack in self.data["stacks"]}

    @property
    def root(self):
        """The first image of the process that memwatch started: its parent is in no record."""
        pids = {process.pid for process in self.processes}
        roots = [process for process in self.processes if process.data["ppid"] not in pids]
        return min(roots, key=lambda process: process.data["start"])

    def of_program(self, name):
        return [process for process in self.processes if Path(process.data["exe"]).name == name]

    def frames(self, stack):
        return [self.data["frames"][index] for index in self._stacks[stack]]

    def functions(self, stack):
        return [frame["function"] or "" for frame in self.frames(stack)]

    def has_stack(self, stack):
        return stack in self._stacks


class Process:
    def __init__(self, report, data):
        self.report = report
        self.data = data
        self.pid = data["pid"]
        self.totals = data["totals"]
        self.heap = data["heap"]
        self.mapped = data["mapped"]
        self.losses = data["losses"]
        self.functions = data["functions"]
        self.failures = data["failures"]
        self.sites = data["sites"]
        self.exit = data["exit"]

    def calls(self, function):
        return self.functions.get(function, {}).get("calls", 0)

    def bytes(self, function):
        return self.functions.get(function, {}).get("bytes", 0)

    def failed(self, function):
        return self.functions.get(function, {}).get("failed", 0)

    def sites_through(self, function):
        """Sites with a frame whose function's name contains this."""
        return [
            site
            for site in self.sites
            if any(function in name for name in self.report.functions(site["stack"]))
        ]

    def sum_through(self, function, field):
        return sum(site[field] for site in self.sites_through(function))

    def sum_at(self, function, field):
        """Over the sites whose caller of the allocation function is this one."""
        return sum(site[field] for site in self.sites if self.report.functions(site["stack"])[:1] == [function])
