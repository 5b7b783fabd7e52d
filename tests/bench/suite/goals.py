"""The figures that this project has set itself goals for, as far as they were measured."""

from .comparisons import differences, extra_shares, geometric_mean, ratios, spread
from .results import NATIVE, RIVAL, YARDSTICK, counted_ratios, seconds
from .table import Table, number, number_with_spread, size


def goals_table(results):
    table = Table("The figures that have a goal", ["", "measured", "goal"])
    for label, value, goal in _summary(results):
        if value is not None:
            table.rows.append([label, value, goal])
    return table


def _summary(results):
    yield "exact: wall ratio, geometric mean", _mean_of(counted_ratios(results, "exact")), "1.35"
    yield "exact: extra wall time ÷ heaptrack's", _share(results, "wall"), "0.167"
    yield "exact: extra CPU ÷ heaptrack's", _share(results, "cpu"), "0.25"
    yield "exact: session file ÷ heaptrack's", _file_share(results), "0.33"
    yield "exact: extra ns, same site, depth 12", _extra(results, "exact", "same site, depth 12"), "30"
    yield "exact: extra ns, new leaf of 16", _extra(results, "exact", "new leaf of 16, depth 12"), "60"
    yield "exact: extra ns, 2^8 random paths", _extra(results, "exact", "2^8 random paths"), "150"
    yield "exact: extra ns, 2^14 random paths", _extra(results, "exact", "2^14 random paths"), "350"
    yield "exact: short thread ÷ native", _ratio(results, "exact", "short thread, in µs"), "1.3"
    yield "exact: `true`, extra ms", _start(results), "40"
    yield "exact: CPU per event, 8 threads ÷ 1", _scaling(results), "1.25"
    yield "exact: time to report, sqlite3", _finish(results, "sqlite3 rows, index"), "1 s"
    yield "exact: time to report, cc1plus", _finish(results, "cc1plus"), "3 s"
    yield "exact+mi: wall ratio, geometric mean", _mean_of(counted_ratios(results, "exact+mi")), "1.15"
    for mode, goal in (("sample", "4"), ("idle", "2")):
        yield f"{mode}: extra ns, same site, depth 12", _extra(results, mode, "same site, depth 12"), goal
    yield "sample: redis, private memory and shared pages", _private_memory(results), "5.0 MiB"
    for name in ("sqlite3 rows, index", "redis"):
        yield f"sample: {name.split()[0]}, wall ratio", _ratio(results, "sample", name), "1.02"


def _mean_of(values):
    mean = geometric_mean(values)
    return None if mean is None else number(mean)


def _share(results, what):
    found = []
    for samples in results.of_kind("real"):
        for row in samples.workload.rows:
            if row.counts:
                figure = row.figure if what == "wall" else "cpu_s"
                shares = extra_shares(*(samples.values(name, figure) for name in ("exact", RIVAL, NATIVE)))
                found += [spread(shares).median] if shares else []
    mean = geometric_mean(found)
    return None if mean is None else f"{mean:.3f}"


def _file_share(results):
    found = []
    for samples in results.of_kind("real"):
        shares = ratios(*(samples.values(name, "recording_bytes") for name in ("exact", RIVAL)))
        found += [spread(shares).median] if shares else []
    mean = geometric_mean(found)
    return None if mean is None else f"{mean:.3f}"


def _figure(results, name):
    samples = results.named(name)
    return (samples, samples.workload.rows[0].figure) if samples else (None, None)


def _extra(results, mode, name):
    """By the clock, and in CPU time, which other load on the machine hardly changes."""
    samples = results.named(name)
    if samples is None:
        return None
    of_wall, of_cpu = (
        differences(samples.values(mode, figure), samples.values(YARDSTICK, figure)) for figure in ("wall_ns", "cpu_ns")
    )
    return f"{number_with_spread(spread(of_wall))} (CPU {number(spread(of_cpu).median)})" if of_wall else None


def _ratio(results, mode, name):
    samples, figure = _figure(results, name)
    found = samples and ratios(samples.values(mode, figure), samples.values(NATIVE, figure))
    return number_with_spread(spread(found)) if found else None


def _start(results):
    samples, figure = _figure(results, "start of `true`")
    found = samples and differences(samples.values("exact", figure), samples.values(NATIVE, figure))
    return number(spread(found).median * 1000) if found else None


def _finish(results, name):
    samples = results.named(name)
    found = samples and samples.values("exact", "report_s")
    return seconds(spread(found).median) if found else None


def _private_memory(results):
    samples = results.named("redis")
    found = samples and samples.values("sample", "private_bytes")
    return size(spread(found).median) if found else None


def _scaling(results):
    one, eight = results.named("same site, depth 12"), results.named("depth 12, 8 threads")
    if not one or not eight:
        return None
    found = ratios(eight.values("exact", "cpu_ns"), one.values("exact", "cpu_ns"))
    return number_with_spread(spread(found)) if found else None
