"""What is measured: a workload runs once in one configuration and returns its figures by name.

A row of a table shows one of these figures. Less is better in all of them.
"""

import subprocess
import time

from .measured_process import MeasuredProcess


class Row:
    def __init__(self, figure, label, unit, scale=1.0, counts=False):
        self.figure = figure
        self.label = label
        self.unit = unit
        self.scale = scale  # figure × scale is in `unit`
        self.counts = counts  # takes part in the geometric mean over the real programs


class Job:
    """One run's surroundings: an empty directory, and the environment of a clean user."""

    def __init__(self, directory, environment, tiny):
        self.directory = directory
        self.environment = environment
        self.tiny = tiny  # the smoke test: as little as possible of everything

    def amount(self, full, tiny):
        return tiny if self.tiny else full

    def start(self, configuration, program, traced=None, raw=False, **variables):
        file = self.directory / "recording"
        environment = configuration.environment({**self.environment, **variables})
        return MeasuredProcess(
            configuration.command(program, file, raw or self.tiny),
            self.directory,
            environment,
            traced=(traced or program[0]) if configuration.is_tracer else None,
        )

    def recordings(self):
        return sorted(self.directory.glob("recording*"))

    def seconds_to_read(self, configuration):
        """What a report takes when the tracer has ended with a recording only."""
        if configuration.reader is None:
            return 0.0
        started = time.monotonic()
        command = [configuration.reader, *map(str, self.recordings())]
        subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=self.environment, check=True)
        return time.monotonic() - started


class Failed(Exception):
    """A run that did not do its work; its figures would mean nothing."""


def require_success(configuration, measurement):
    if measurement.status != 0:
        raise Failed(f"status {measurement.status}: {measurement.output.strip()[-300:]}")
    if configuration.proof not in measurement.output:
        raise Failed(f"does not say {configuration.proof!r}: {measurement.output.strip()[-300:]}")


def process_figures(job, configuration, measurement):
    """The figures every measured process has; of a raw recording (the smoke test's) no report can be made."""
    figures = {
        "wall_s": measurement.wall,
        "total_s": measurement.wall + measurement.finish,
        "cpu_s": measurement.cpu,
        "tracer_bytes": measurement.tracer_peak_bytes,
        "recording_bytes": sum(path.stat().st_size for path in job.recordings()),
    }
    if configuration.is_tracer and not (configuration.reader and job.tiny):
        figures["report_s"] = measurement.finish + job.seconds_to_read(configuration)
    if measurement.tracer_cpu is not None:
        figures["tracer_cpu_s"] = measurement.tracer_cpu
    return figures
