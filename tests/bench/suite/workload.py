"""What is measured: a workload runs once in one configuration and returns its figures by name.

A row of a table shows one of these figures. Less is better in all of them.
"""

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

    def recording_bytes(self):
        return sum(path.stat().st_size for path in self.directory.glob("recording*"))


class Failed(Exception):
    """A run that did not do its work; its figures would mean nothing."""


def require_success(configuration, measurement):
    if measurement.status != 0:
        raise Failed(f"status {measurement.status}: {measurement.output.strip()[-300:]}")
    if configuration.proof not in measurement.output:
        raise Failed(f"does not say {configuration.proof!r}: {measurement.output.strip()[-300:]}")


def process_figures(job, measurement):
    """The figures every measured process has."""
    figures = {
        "wall_s": measurement.wall,
        "total_s": measurement.wall + measurement.finish,
        "finish_s": measurement.finish,
        "cpu_s": measurement.cpu,
        "tracer_bytes": measurement.tracer_peak_bytes,
        "recording_bytes": job.recording_bytes(),
    }
    if measurement.tracer_cpu is not None:
        figures["tracer_cpu_s"] = measurement.tracer_cpu
    return figures
