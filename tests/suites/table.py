"""Trials as a table, for a terminal and for a document; below it what differs, what is explained, what is unsteady by itself."""

from .suite import EVERY_MODE
from .trial import events, lost

COLUMNS = ("suite", "compared", "mode", "native s", "traced s", "ratio", "processes", "events", "lost", "differences")
WIDTHS = (32, 36, 7, 9, 9, 6, 10, 13, 5, 0)


def cells(trial, traced):
    report = traced.report
    native_s = sum(trial.native_s) / len(trial.native_s)
    return (
        trial.suite.name,
        f"{len(trial.facts) - 1} {trial.suite.compared}, status",
        traced.mode,
        f"{native_s:.1f}",
        f"{traced.outcome.seconds:.1f}",
        f"{traced.outcome.seconds / native_s:.2f}",
        len(report.processes) if report else "-",
        f"{events(report):,}" if report else "-",
        lost(report) if report else "-",
        verdict(traced),
    )


def verdict(traced):
    differences = traced.differences
    wrong = len(differences.wrong) + len(traced.complaints)
    said = [f"{wrong} WRONG" if wrong else "none"]
    explained = sum(len(names) for names in differences.explained.values())
    if explained:
        said.append(f"{explained} explained")
    if differences.unsteady:
        said.append(f"{len(differences.unsteady)} unsteady natively")
    return ", ".join(said)


def text_line(values):
    line = ""
    for index, (value, width) in enumerate(zip(values, WIDTHS)):
        left = index in (0, 1, 2, len(WIDTHS) - 1)
        line += ("  " if index == len(WIDTHS) - 1 else "") + (f"{value!s:<{width}}" if left else f"{value!s:>{width}}")
    return line.rstrip()


def header():
    return text_line(COLUMNS)


def notes(trial, most=12):
    """What the table's row has no room for, a line each."""
    found = [f"{trial.suite.name}, natively: {complaint}" for complaint in trial.native_complaints]
    if trial.facts["exit status"] != "0":
        found.append(f"{trial.suite.name}, natively: exit status {trial.facts['exit status']}")
    for traced in trial.traced:
        where = f"{trial.suite.name}, {traced.mode}"
        wrong = traced.differences.wrong + traced.complaints
        found += [f"{where}: {line}" for line in wrong[:most]]
        if len(wrong) > most:
            found.append(f"{where}: and {len(wrong) - most} more")
        for cause, names in traced.differences.explained.items():
            found.append(f"{where}: explained, {cause}: {', '.join(names)}")
        if traced.differences.unsteady:
            found.append(f"{where}: unsteady natively: {', '.join(traced.differences.unsteady[:most])}")
    return found


def markdown(trials, skipped, before, names, today):
    """The table of a document. `before`: its text until now, whose rows of suites and modes that did not run stay, as do the
    notes on them; `names`: of all suites, in order."""
    rows = {}
    for line in before.splitlines():
        values = [value.strip() for value in line.strip("|").split("|")]
        if line.startswith("| ") and values[0] in names:
            rows[values[0], values[2]] = line
    for trial in trials:
        for traced in trial.traced:
            values = (*cells(trial, traced), today)
            rows[trial.suite.name, traced.mode] = "| " + " | ".join(map(str, values)) + " |"
    columns = (*COLUMNS, "on")
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += [rows[name, mode] for name in names for mode in EVERY_MODE if (name, mode) in rows]
    told = [line.removeprefix("- ") for line in before.splitlines() if is_note_on_others(line, trials)]
    told += [note for trial in trials for note in notes(trial)] + skipped
    if told:
        lines += ["", *(f"- {note}" for note in told)]
    return "\n".join(lines)


def is_note_on_others(line, trials):
    """Notes begin with the suite and, where it is about one, the mode."""
    ran = [f"- {trial.suite.name}{part}: " for trial in trials for part in ("", ", natively")]
    ran += [f"- {trial.suite.name}, {traced.mode}: " for trial in trials for traced in trial.traced]
    return line.startswith("- ") and not line.startswith(tuple(ran))
