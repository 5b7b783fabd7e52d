"""All samples of a run, and the tables made of them."""

from .comparisons import differences, geometric_mean, ratios, spread
from .table import Table, number, number_with_spread, size

NATIVE, YARDSTICK, RIVAL = "native", "pass", "heaptrack"


class Results:
    def __init__(self, configurations):
        self.names = [configuration.name for configuration in configurations]
        self.samples = []

    def of_kind(self, kind):
        return [samples for samples in self.samples if samples.workload.kind == kind]

    def named(self, name):
        return next((samples for samples in self.samples if samples.workload.name == name), None)


def micro_table(results):
    return Table("Small programs: ns of wall time per pair of malloc and free", ["", *results.names], streamed=True)


def cell(values, row):
    return number_with_spread(spread([value * row.scale for value in values]))


def micro_row(results, samples):
    row = samples.workload.rows[0]
    return [row.label, *(cell(samples.values(name, row.figure), row) for name in results.names)]


def real_table(results):
    return Table(
        "Real programs: time natively, and ratio to it",
        ["", *results.names],
        ["geometric mean: of python3, lua, sqlite3, cc1plus and redis (time per request)"],
        streamed=True,
    )


def real_rows(results, samples):
    for row in samples.workload.rows:
        native = samples.values(NATIVE, row.figure)
        median = spread([value * row.scale for value in native])
        cells = [f"{number(median.median)} {row.unit}" if median else "-"]
        cells += [
            number_with_spread(spread(ratios(samples.values(name, row.figure), native))) for name in results.names[1:]
        ]
        yield [row.label, *cells]


def counted_ratios(results, name, other=None):
    """Median ratios to native of the rows that count, where the other configuration has them too."""
    found = []
    for samples in results.of_kind("real"):
        for row in samples.workload.rows:
            native = samples.values(NATIVE, row.figure)
            of_name = ratios(samples.values(name, row.figure), native)
            if row.counts and of_name and (other is None or samples.values(other, row.figure)):
                found.append(spread(of_name).median)
    return found


def mean_row(results):
    """Geometric means over the programs that every configuration has done."""
    names = results.names[1:]
    last = RIVAL if RIVAL in names else None
    means = [geometric_mean(counted_ratios(results, name, last)) for name in names]
    return ["geometric mean", "", *(number(mean) for mean in means)]


def extra_table(results):
    table = Table(
        "Small programs: extra ns per pair over the pass-through interposer",
        ["", *results.names[2:]],
    )
    for samples in results.of_kind("micro"):
        yardstick = samples.values(YARDSTICK, "wall_ns")
        row = samples.workload.rows[0]
        extras = [differences(samples.values(name, row.figure), yardstick) for name in results.names[2:]]
        table.rows.append([row.label, *(cell(extra, row) for extra in extras)])
    return table


def cpu_table(results):
    table = Table("Small programs: CPU ns per pair in the program, all its threads", ["", *results.names])
    for samples in results.of_kind("micro"):
        row = samples.workload.rows[0]
        table.rows.append([row.label, *(cell(samples.values(name, "cpu_ns"), row) for name in results.names)])
    return table


def resource_table(results):
    """What tracing costs besides the program's own time, for everything that starts the program itself."""
    table = Table(
        "What it takes besides",
        ["", "CPU ratio", "extra CPU", "tracer's CPU", "to report", "tracer's peak", "file"],
        [
            "CPU ratio, extra CPU: of program and tracer together, to and over native; tracer's CPU: its part;",
            "to report: from the program's end to the end of the text report, which heaptrack_print makes for",
            "heaptrack.",
        ],
    )
    for samples in results.of_kind("real"):
        for name in results.names:
            if name in (NATIVE, YARDSTICK, "idle") or not samples.values(name, "cpu_s"):
                continue
            median = lambda figure: _median(samples.values(name, figure))  # noqa: E731
            cpu, native_cpu = samples.values(name, "cpu_s"), samples.values(NATIVE, "cpu_s")
            table.rows.append(
                [
                    f"{samples.workload.name}: {name}",
                    number(_median(ratios(cpu, native_cpu))),
                    seconds(_median(differences(cpu, native_cpu))),
                    seconds(median("tracer_cpu_s")) if name != RIVAL else "-",
                    seconds(median("report_s")),
                    size(median("tracer_bytes")),
                    size(median("recording_bytes")),
                ]
            )
    return table


def seconds(value):
    return "-" if value is None else f"{value:.2f} s"


def _median(values):
    return spread(values).median if values else None
