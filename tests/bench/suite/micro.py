"""The small programs of tests/bench/programs: they measure themselves, from the first recorded event to
the last, without start and end of the process.
"""

import re

from .workload import Failed, Row, require_success

FIGURES = re.compile(r"wall_ns ([0-9.]+) cpu_ns ([0-9.]+)")


class MicroWorkload:
    kind = "micro"
    needs = ()

    def __init__(
        self,
        programs,
        label,
        program,
        arguments,
        operations,
        tiny_operations=2000,
        scale=1.0,
        raw_heaptrack=False,
    ):
        self.name = label
        self.rows = [Row("wall_ns", label, "ns", scale)]
        self._raw_heaptrack = raw_heaptrack
        self._program = str(programs / program)
        self._arguments = [str(argument) for argument in arguments]
        self._operations = operations
        self._tiny_operations = tiny_operations

    def prepare(self, directory, job):
        pass

    def suits(self, configuration):
        return True

    def run(self, configuration, job, prepared):
        operations = job.amount(self._operations // configuration.slowness, self._tiny_operations)
        program = [self._program, *self._arguments, str(operations)]
        measurement = job.start(configuration, program, raw=self._raw_heaptrack).wait()
        require_success(configuration, measurement)
        found = FIGURES.search(measurement.output)
        if not found:
            raise Failed(f"no figures in {measurement.output.strip()[-300:]!r}")
        return {"wall_ns": float(found[1]), "cpu_ns": float(found[2])}


def micro_workloads(programs):
    million = 1_000_000

    def micro(label, program, arguments, operations, **more):
        return MicroWorkload(programs, label, program, arguments, operations, **more)

    return [
        *(micro(f"same site, depth {depth}", "malloc_loop", [depth, 1], 4 * million) for depth in (3, 12, 32, 100)),
        *(micro(f"depth 12, {threads} threads", "malloc_loop", [12, threads], 4 * million) for threads in (2, 4, 8)),
        *(micro(f"new leaf of {leaves}, depth 12", "changing_leaf", [12, leaves], 3 * million) for leaves in (16, 256)),
        *(micro(f"2^{levels} random paths", "random_paths", [levels], 2 * million) for levels in (4, 8)),
        # heaptrack's interpreter (1.4) dies here for lack of memory.
        *(
            micro(f"2^{levels} random paths", "random_paths", [levels], 2 * million, raw_heaptrack=True)
            for levels in (14, 16)
        ),
        micro("queue, other thread frees", "handover_queue", [], 2 * million),
        micro("realloc growth, per call", "realloc_growth", [], 2 * million),
        micro("short thread, in µs", "short_threads", [], 20_000, tiny_operations=20, scale=1e-3),
    ]
