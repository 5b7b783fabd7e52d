"""One suite natively, twice, and once under memwatch in each of its modes; what differs, what was lost, what was left.

A fact on which the two native runs disagree is unsteady: it is named and counted, and not held against memwatch. The
second native run comes after the traced ones, so that a load that came in between is shared by both kinds.
"""

import functools
import os
import shutil
from dataclasses import dataclass, field

from harness.checks import check_exact, check_frames, check_sums
from harness.report import Report
from harness.workspace import Workspace

from . import bounded_run
from .suite import EXACT

TIMES_LONGER = 3  # a traced run may take


@dataclass
class Differences:
    wrong: list = field(default_factory=list)  # lines: a fact, natively, traced
    unsteady: list = field(default_factory=list)  # names of facts
    explained: dict = field(default_factory=dict)  # cause -> names of facts


@dataclass
class Traced:
    mode: str
    outcome: object
    facts: dict
    report: object  # Report, or None
    differences: Differences = None
    complaints: list = field(default_factory=list)  # about the recording and what was left behind

    def is_wrong(self):
        return bool(self.differences.wrong or self.complaints)


@dataclass
class Trial:
    suite: object
    native_s: tuple
    facts: dict  # of the first native run
    native_complaints: list
    traced: list


def run_trial(suite, memwatch, modes, keep=None):
    first = run_natively(suite)
    traced = [run_traced(suite, memwatch, mode, keep) for mode in suite.modes if mode in modes]
    second = run_natively(suite)
    for one in traced:
        one.differences = compare(suite, first[1], second[1], one.facts)
    return Trial(
        suite,
        tuple(outcome.seconds for outcome, _, _ in (first, second)),
        first[1],
        first[2] + second[2],
        traced,
    )


class Place:
    """A workspace for one run, with a directory that the suite's user may write to."""

    def __init__(self, suite):
        self.workspace = Workspace()
        self.directory = self.workspace.root / "work"
        self.directory.mkdir(mode=0o700)
        suite.prepare(self.directory)
        self.account = suite.account()
        if self.account:
            for path in [self.workspace.root, *self.workspace.root.rglob("*")]:
                os.chown(path, self.account.pw_uid, self.account.pw_gid, follow_symlinks=False)
        # What the suite itself leaves in its temporary directory is no business of memwatch's leftovers.
        scratch = self.directory / "tmp"
        scratch.mkdir(mode=0o700)
        if self.account:
            os.chown(scratch, self.account.pw_uid, self.account.pw_gid)
        self.environment = self.workspace.environment(
            LC_ALL="C.UTF-8", PYTHONHASHSEED="0", TZ="UTC", TMPDIR=scratch, **suite.environment
        )
        for name in ("USER", "LOGNAME", "DISPLAY"):
            self.environment.pop(name, None)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.workspace.remove()


def run_natively(suite):
    with Place(suite) as place:
        outcome = bounded_run.run(suite.shell(), place.directory, place.environment, suite.limit_s, place.account)
        return outcome, facts_of(suite, place, outcome), ends_well(outcome, suite.limit_s)


def run_traced(suite, memwatch, mode, keep):
    with Place(suite) as place:
        out = place.workspace.out
        json_file = out / "report.json"
        command = [str(memwatch), "run", "--quiet", "--wait-all", "--mode", mode, "-o", str(out / "session.mw")]
        command += ["--json", str(json_file), "--", *suite.shell()]
        limit_s = TIMES_LONGER * suite.limit_s
        outcome = bounded_run.run(command, place.directory, place.environment, limit_s, place.account)
        traced = Traced(mode, outcome, facts_of(suite, place, outcome), None)
        traced.complaints = ends_well(outcome, limit_s)
        # What the suites leave is theirs, and another's run may leave it meanwhile.
        traced.complaints += [f"left behind: {name}" for name in place.workspace.leftovers() if "memwatch" in name]
        if json_file.exists():
            traced.report = Report(json_file)
            traced.complaints += judge_report(traced.report, suite, mode)
        else:
            traced.complaints.append(f"no report: {outcome.stderr.strip()[-300:]}")
        if keep:
            kept = keep / f"{suite.name}-{mode}".replace(" ", "-")
            shutil.copytree(place.workspace.root, kept, dirs_exist_ok=True, symlinks=True, ignore=skip_sockets)
        return traced


def skip_sockets(directory, names):
    return [name for name in names if not os.path.isfile(p := os.path.join(directory, name)) and not os.path.isdir(p)]


def facts_of(suite, place, outcome):
    try:
        facts = suite.facts(place.directory, outcome.stdout)
    except (OSError, ValueError) as error:  # the suite came to no end that can be read
        facts = {"facts": f"unreadable: {error}"}
    return {"exit status": str(outcome.status), **facts}


def ends_well(outcome, limit_s):
    found = [f"did not end within {limit_s} s, and was killed"] if outcome.timed_out else []
    return found + [f"still running at the end: {one}" for one in outcome.still_running]


def compare(suite, first, second, traced):
    found = Differences()
    for name in [*first, *(name for name in traced if name not in first)]:
        native, seen = first.get(name), traced.get(name)
        if native == seen:
            continue
        cause = next((cause for part, cause in suite.explained.items() if part in name), None)
        if second.get(name) != native:
            found.unsteady.append(name)
        elif cause:
            found.explained.setdefault(cause, []).append(name)
        else:
            found.wrong.append(f"{name}: {excerpt(seen, native)}, natively {excerpt(native, seen)}")
    return found


def excerpt(text, other):
    """The part that differs, where a text is long."""
    if text is None:
        return "missing"
    if other is None or len(text) < 200:
        return repr(text[:200])
    at = next((i for i, (a, b) in enumerate(zip(text, other)) if a != b), min(len(text), len(other)))
    return repr(text[max(0, at - 60) : at + 120])


def judge_report(report, suite, mode):
    found = [] if report.data["complete"] else ["the session is not complete"]
    exactly = functools.partial(check_exact, children_may_be_missing=not suite.every_child_recorded)
    check = exactly if mode == EXACT else check_sums if mode == "sample" else lambda process: []
    for process in report.processes:
        where = f"{' '.join(process.data['command'])[:60]} ({process.pid})"
        if process.losses["damaged_records"]:
            found.append(f"{where}: {process.losses['damaged_records']} damaged records")
        found += [f"{where}: {complaint}" for complaint in check(process)]
    return found + check_frames(report)


def events(report):
    """Calls recorded, in all processes."""
    counted = ("allocations", "frees", "reallocations", "maps", "unmaps", "failed")
    return sum(process.totals[name] for process in report.processes for name in counted)


def lost(report):
    names = ("dropped_allocations", "dropped_frees", "unmatched_frees", "damaged_records")
    return sum(process.losses[name] for process in report.processes for name in names)
