"""Where the other tool is better: what anybody who chooses between the two has to know."""

from .comparisons import ratios, spread
from .results import RIVAL
from .table import Table, number_with_spread

OTHER_FIGURES = {
    "cpu_s": "CPU, all together",
    "report_s": "time to report",
    "tracer_bytes": "tracer's peak memory",
    "recording_bytes": "file",
}


def losses_table(results):
    table = Table(f"Where memwatch (exact) takes more than {RIVAL}", ["", f"ratio to {RIVAL}"])
    for samples in results.samples:
        figures = {row.figure: row.label for row in samples.workload.rows}
        figures.update({key: f"{samples.workload.name}: {words}" for key, words in OTHER_FIGURES.items()})
        for figure, label in figures.items():
            theirs = samples.values(RIVAL, figure)
            if not theirs or min(theirs) <= 0:
                continue
            found = spread(ratios(samples.values("exact", figure), theirs))
            if found and found.median > 1:
                table.rows.append([label, number_with_spread(found)])
    return table
