"""The order of the runs. A round runs every configuration once, each time starting with another one; so
whatever the machine does besides (other load, heat, neighbours) falls on all of them alike, and a ratio
compares two runs that were neighbours in time.
"""

import shutil

from .workload import Failed, Job


class Samples:
    """Figures of one workload: per configuration a list with one entry per round."""

    def __init__(self, workload, configurations):
        self.workload = workload
        self.by_configuration = {configuration.name: [] for configuration in configurations}
        self.failures = {}  # configuration: why it has no figures

    def values(self, configuration, figure):
        return [figures[figure] for figures in self.by_configuration.get(configuration, ()) if figure in figures]


def measure(workload, configurations, rounds, workspace, tiny, tell):
    """`tell(round, configuration)` is called before each run."""
    configurations = [each for each in configurations if workload.suits(each)]
    samples = Samples(workload, configurations)
    prepared_directory = workspace.root / "prepared"
    prepared_directory.mkdir()
    environment = workspace.environment(LC_ALL="C")
    try:
        prepared = workload.prepare(prepared_directory, Job(prepared_directory, environment, tiny))
        if not tiny:  # fills the page cache; counts for nothing
            _run_once(workload, configurations[0], workspace, environment, tiny, prepared)
        for number in range(rounds):
            first = number % len(configurations)
            for configuration in configurations[first:] + configurations[:first]:
                if configuration.name in samples.failures:
                    continue
                tell(number + 1, configuration.name)
                try:
                    figures = _run_once(workload, configuration, workspace, environment, tiny, prepared)
                    samples.by_configuration[configuration.name].append(figures)
                except (Failed, TimeoutError) as error:
                    samples.failures[configuration.name] = str(error)
                    samples.by_configuration[configuration.name].clear()
    finally:
        shutil.rmtree(prepared_directory)
    return samples


def _run_once(workload, configuration, workspace, environment, tiny, prepared):
    directory = workspace.out / "run"
    directory.mkdir()
    try:
        return workload.run(configuration, Job(directory, environment, tiny), prepared)
    finally:
        shutil.rmtree(directory)
