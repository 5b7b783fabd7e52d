"""The formats of other programs, each read by the program it is for: what go tool pprof, ms_print and heaptrack_print
say of a recording is what the JSON report says. speedscope has no command line, so its file is checked against the schema
that it publishes (in its package, of which tools/dashboard/package-lock.json names the version) and against the documentation
of its format (https://github.com/jlfwong/speedscope/wiki/Importing-from-custom-sources).
"""

import csv
import gzip
import io
import json
import re
import shutil
import unittest
from pathlib import Path

from harness.case import IntegrationTest
from harness.configuration import configuration

# Frees by another thread, reallocations, temporary blocks, blocks without bytes, a peak in the middle, many threads.
HOSTS = ("temporary_blocks", "peak_shares", "every_c_entry_point", "zero_sizes", "cxx_containers", "many_threads")

SQL = """
create table t(id integer primary key, name text, value real);
with recursive n(i) as (select 1 union all select i + 1 from n where i < 2000)
  insert into t select i, 'row ' || (i * 7919 % 2000), i / 3.0 from n;
create index by_name on t(name);
select count(*), sum(value) from t where name between 'row 1' and 'row 5';
"""


def needs(program, package):
    return unittest.skipUnless(shutil.which(program), f"{program} is not installed (package {package})")


class ExchangeTest(IntegrationTest):
    _recorded = {}  # by program: the run and its session's bytes, so that each is traced once

    def recordings(self):
        """Pairs of a program's name and its recording."""
        programs = {name: (self.host(name), b"") for name in HOSTS}
        if sqlite3 := shutil.which("sqlite3"):
            programs["sqlite3"] = ([sqlite3, ":memory:"], SQL.encode())
        for name, (command, stdin) in programs.items():
            if name not in self._recorded:
                run = self.trace(command, stdin=stdin)
                self._recorded[name] = run, run.session.read_bytes()
            run, session = self._recorded[name]
            run.session = self.workspace.out / f"{name}.mw"
            run.session.write_bytes(session)
            yield name, run

    def export(self, run, name, file, *options):
        path = self.workspace.out / file
        done = self.memwatch("report", run.session, "--format", name, "-o", path, *options)
        self.assertEqual((done.status, done.stdout, done.stderr), (0, b"", ""))
        return path

    def tool(self, *command):
        done = self.run_command(command)
        self.assertEqual(done.status, 0, done.stderr)
        return done.stdout.decode()

    def calls(self, process):
        return process.totals["allocations"] + process.totals["reallocations"]


@needs("go", "golang-go")
class PprofTest(ExchangeTest):
    def raw(self, file):
        """Samples as (values, locations); locations as (mapping, functions)."""
        text = self.tool("go", "tool", "pprof", "-raw", file)
        head, rest = text.split("Samples:\n")
        rest, locations = rest.split("Locations\n")
        locations, mappings = locations.split("Mappings\n")
        lines = rest.splitlines()
        types = [part.split("[")[0] for part in lines[0].split()]
        samples = [
            ([int(value) for value in values.split()], [int(i) for i in where.split()])
            for values, where in (line.split(":") for line in lines[1:] if line.strip())
        ]
        functions = {}
        for line in locations.splitlines():
            if start := re.match(r" +(\d+): (0x[0-9a-f]+) (?:M=(\d+) )?(.*)$", line):
                number = int(start[1])
                functions[number] = [start[4]]
            elif line.strip():
                functions[number].append(line.strip())
        return head, types, samples, functions, mappings

    def test_sums_and_sites_are_those_of_the_report(self):
        for program, run in self.recordings():
            with self.subTest(program=program):
                _, types, samples, _, _ = self.raw(self.export(run, "pprof", "p.pb.gz"))
                self.assertEqual(
                    types, ["alloc_objects/count", "alloc_space/bytes", "inuse_objects/count", "inuse_space/bytes"]
                )
                root = run.report.root
                sums = [sum(values[i] for values, _ in samples) for i in range(4)]
                expected = [
                    self.calls(root),
                    root.totals["allocated_bytes"],
                    root.heap["live_blocks"],
                    root.heap["live_bytes"],
                ]
                self.assertEqual(sums, expected)
                sites = [
                    [s["allocations"] + s["reallocations"], s["allocated_bytes"], s["live_blocks"], s["live_bytes"]]
                    for s in root.sites
                ]
                self.assertEqual(sorted(values for values, _ in samples), sorted(sites))

    def test_system_names_are_those_of_the_linker(self):
        run = self.trace(self.host("cxx_containers"))
        _, _, _, functions, _ = self.raw(self.export(run, "pprof", "p.pb.gz"))
        told = "\n".join(sum(functions.values(), []))
        self.assertRegex(told, r"\boperator new\(unsigned long\)|count_words")
        self.assertRegex(told, r"count_words.*\(_ZN12_GLOBAL__N_111count_words")

    def test_what_leaked_is_a_type_of_its_own(self):
        run = self.trace(self.host("leak_shapes", "alone"))
        file = self.workspace.out / "leaked.pb.gz"
        done = self.memwatch("report", run.session, "--format", "pprof", "--cost", "leaked", "-o", file)
        self.assertEqual((done.status, done.stderr), (0, ""))
        _, types, samples, _, _ = self.raw(file)
        self.assertEqual(types[:4], ["alloc_objects/count", "alloc_space/bytes", "inuse_objects/count", "inuse_space/bytes"])
        self.assertEqual(types[4:], ["leaked_space/bytes"])
        leaks = run.report.root.data["leaks"]
        leaked = sum(leaks[kind + "_bytes"] for kind in ("definite", "indirect", "possible"))
        self.assertEqual(sum(values[4] for values, _ in samples), leaked)
        self.assertGreater(run.report.root.heap["live_bytes"], leaked)
        self.assertIn("Type: leaked_space", self.tool("go", "tool", "pprof", "-top", file))

    def test_inlined_functions_files_and_build_ids_are_there(self):
        run = self.trace(self.host("known_stack_inlined"))
        head, _, _, functions, mappings = self.raw(self.export(run, "pprof", "p.pb.gz"))
        self.assertIn("known_stack_inlined", head, "the command, in the comments")
        self.assertTrue(any(len(lines) > 1 for lines in functions.values()), "several lines of one location")
        self.assertRegex("\n".join(sum(functions.values(), [])), r"known_stack_inlined\.cpp:\d+")
        (program,) = (line for line in mappings.splitlines() if "/known_stack_inlined" in line)
        self.assertRegex(program, r"\b[0-9a-f]{16,}\b.*\[FN\]\[FL\]\[LN\]\[IN\]")
        build_ids = {module["path"]: module["build_id"] for module in run.report.data["modules"]}
        for line in mappings.splitlines():
            for path, build_id in build_ids.items():
                if build_id and f" {path} " in line:
                    self.assertIn(build_id, line)

    def test_tops_are_the_sites_of_the_report(self):
        run = self.trace(self.host("peak_shares"))
        file = self.export(run, "pprof", "p.pb.gz")
        top = self.tool("go", "tool", "pprof", "-top", "-nodecount=0", "-unit=b", "-sample_index=alloc_space", file)
        root = run.report.root
        self.assertIn("Type: alloc_space", top)
        (line,) = (line for line in top.splitlines() if line.endswith(" second_grows"))
        self.assertEqual(int(line.split()[0].removesuffix("B")), root.sum_at("second_grows", "allocated_bytes"))

    def test_the_peak_is_refused_with_what_there_is_instead(self):
        run = self.trace(self.host("peak_shares"))
        done = self.memwatch("report", run.session, "--format", "pprof", "--cost", "peak", "-o", "/dev/null")
        self.assertEqual(done.status, 2)
        self.assertRegex(done.stderr, r"^memwatch: .*--cost peak.*speedscope.*\n$")


@needs("ms_print", "valgrind")
class MassifTest(ExchangeTest):
    def test_peak_and_end_are_those_of_the_report(self):
        for program, run in self.recordings():
            with self.subTest(program=program):
                text = self.tool("ms_print", self.export(run, "massif", "massif.out"))
                root = run.report.root
                peak = int(re.search(r"(\d+) \(peak\)", text)[1])
                rows = {
                    int(row[1]): int(row[2].replace(",", ""))
                    for row in re.finditer(r"^ +(\d+) +[\d,]+ +([\d,]+) +[\d,]+ +0 +0$", text, re.MULTILINE)
                }
                self.assertEqual(rows[peak], root.heap["peak_bytes"])
                self.assertEqual(rows[max(rows)], root.heap["live_bytes"])
                roots = re.findall(r"^[\d.]+% \(([\d,]+)B\) \(heap allocation functions\)", text, re.MULTILINE)
                self.assertEqual(
                    [int(bytes_.replace(",", "")) for bytes_ in roots], [rows[peak], root.heap["live_bytes"]]
                )

    def test_the_tree_has_the_shares_of_the_peak(self):
        run = self.trace(self.host("peak_shares"))
        text = self.tool("ms_print", self.export(run, "massif", "massif.out"))
        share = re.search(r"^->[\d.]+% \(([\d,]+)B\) 0x\w+: second_grows \(peak_shares\.c:\d+\)", text, re.MULTILINE)
        self.assertEqual(int(share[1].replace(",", "")), run.report.root.sum_at("second_grows", "peak_bytes"))


def heaptrack_bytes(count):
    """As heaptrack_print writes a size."""
    if count <= 1000:
        return f"{count}B"
    for unit in "KMGT":
        count /= 1000
        if count <= 1000:
            return f"{count:.2f}{unit}"
    return f"{count:.2f}T"


@needs("heaptrack_print", "heaptrack")
class HeaptrackTest(ExchangeTest):
    COSTS = {
        "allocations": lambda site: site["allocations"] + site["reallocations"],
        "temporary": lambda site: site["temporary"],
        "peak": lambda site: site["peak_bytes"],
        "leaked": lambda site: site["live_bytes"],
    }

    def print(self, file, *options):
        return self.tool("heaptrack_print", "--disable-builtin-suppressions", *options, file)

    def assert_agrees(self, file, process):
        text = self.print(file)
        for words, expected in (
            ("calls to allocation functions: ", f"{self.calls(process)} ("),
            ("temporary memory allocations: ", f"{process.totals['temporary']} ("),
            ("peak heap memory consumption: ", heaptrack_bytes(process.heap["peak_bytes"]) + "\n"),
            ("total memory leaked: ", heaptrack_bytes(process.heap["live_bytes"]) + "\n"),
            ("peak RSS (including heaptrack overhead): ", heaptrack_bytes(process.data["rss"]["peak"]) + "\n"),
        ):
            self.assertIn(words + expected, text)
        # Sizes are rounded there; stacks for a flame graph have whole numbers.
        for cost, of_site in self.COSTS.items():
            stacks = self.workspace.out / "stacks.txt"
            self.print(file, "-F", stacks, "--flamegraph-cost-type", cost)
            got = sorted(int(line.rsplit(" ", 1)[1]) for line in stacks.read_text().splitlines())
            self.assertEqual(got, sorted(of_site(site) for site in process.sites), cost)

    def test_totals_peak_and_leaks_are_those_of_the_report_for_every_stack(self):
        for program, run in self.recordings():
            with self.subTest(program=program):
                self.assert_agrees(self.export(run, "heaptrack", "h.zst"), run.report.root)

    def test_compressed_as_the_name_says(self):
        run = self.trace(self.host("temporary_blocks"))
        plain = self.export(run, "heaptrack", "h").read_bytes()
        self.assertTrue(plain.startswith(b"v 10400 3\n"))
        self.assertEqual(gzip.decompress(self.export(run, "heaptrack", "h.gz").read_bytes()), plain)
        for file in ("h", "h.gz", "h.zst"):
            self.assert_agrees(self.export(run, "heaptrack", file), run.report.root)

    def test_stacks_have_their_functions(self):
        run = self.trace(self.host("peak_shares"))
        text = self.print(self.export(run, "heaptrack", "h.gz"))
        self.assertRegex(text, r"second_grows\n +at .*peak_shares\.c:\d+\n +in .*/peak_shares\n")

    def test_a_process_is_chosen_by_its_pid(self):
        run = self.trace(self.host("forks_and_both_allocate"), same_output=False)
        self.assertGreater(len(run.report.processes), 1)
        for process in run.report.processes:
            self.assert_agrees(self.export(run, "heaptrack", "h.gz", "--pid", process.pid), process)

    def test_what_it_cannot_honour_is_refused(self):
        run = self.trace(self.host("peak_shares"))
        for option in (["--filter", "main"], ["--exclude", "main"], ["--top", "3"], ["--cost", "peak"]):
            done = self.memwatch("report", run.session, "--format", "heaptrack", *option)
            self.assertEqual((done.status, done.stdout), (2, b""))
            self.assertRegex(done.stderr, rf"^memwatch: .*{option[0]}.*\n$")


def leaked_bytes(process):
    leaks = process.data["leaks"]
    if leaks["method"] == "reachability":
        return leaks["definite_bytes"] + leaks["indirect_bytes"] + leaks["possible_bytes"]
    return process.heap["live_bytes"] - leaks["suppressed_bytes"]


class SpeedscopeTest(ExchangeTest):
    COSTS = {
        "peak": ("bytes", lambda process: process.heap["peak_bytes"]),
        "leaked": ("bytes", leaked_bytes),
        "allocated": ("bytes", lambda process: process.totals["allocated_bytes"]),
        "allocations": ("none", lambda process: process.totals["allocations"]),
        "temporary": ("none", lambda process: process.totals["temporary"]),
    }

    def complaints(self, path):
        """What speedscope's own schema has against the file."""
        node = shutil.which("node") or shutil.which("nodejs")
        schema = configuration.packages / "node_modules" / "speedscope" / "dist" / "release" / "file-format-schema.json"
        if node is None or not schema.exists():
            self.skipTest("no speedscope: the build installs it, unless it is built with MEMWATCH_DASHBOARD=OFF")
        script = Path(__file__).parent / "harness" / "validate_json.mjs"
        done = self.run_command([node, script, configuration.packages, schema, path])
        self.assertIn(done.status, (0, 1), done.stderr)
        self.assertEqual((done.status == 1, done.stderr), (done.stdout != b"", ""))
        return done.stdout.decode().splitlines()

    def read(self, run, *options):
        path = self.export(run, "speedscope", "s.json", *options)
        self.assertEqual(self.complaints(path), [])
        file = json.loads(path.read_text())
        self.assertEqual(file["$schema"], "https://www.speedscope.app/file-format-schema.json")
        self.assertTrue(file["name"] and file["exporter"].startswith("memwatch "))
        self.assertLess(file["activeProfileIndex"], len(file["profiles"]))
        frames = file["shared"]["frames"]
        for frame in frames:
            self.assertTrue(frame["name"])
            self.assertLessEqual(set(frame), {"name", "file", "line", "col"})
            self.assertIsInstance(frame.get("file", ""), str)
            self.assertIsInstance(frame.get("line", 1), int)
        for profile in file["profiles"]:
            self.assertEqual(
                set(profile), {"type", "name", "unit", "startValue", "endValue", "samples", "weights"}
            )
            self.assertEqual(profile["type"], "sampled")
            self.assertIn(
                profile["unit"], ("none", "nanoseconds", "microseconds", "milliseconds", "seconds", "bytes")
            )
            self.assertEqual(len(profile["samples"]), len(profile["weights"]))
            self.assertEqual(profile["endValue"] - profile["startValue"], sum(profile["weights"]))
            for sample in profile["samples"]:
                self.assertTrue(sample)
                self.assertTrue(all(0 <= index < len(frames) for index in sample))
        return file

    def test_weights_sum_to_the_totals_for_every_cost(self):
        for program, run in self.recordings():
            with self.subTest(program=program):
                for cost, (unit, total) in self.COSTS.items():
                    (profile,) = self.read(run, "--cost", cost)["profiles"]
                    self.assertEqual((profile["unit"], profile["endValue"]), (unit, total(run.report.root)), cost)

    def test_what_its_schema_does_not_allow_is_noticed(self):
        path = self.export(self.trace(self.host("peak_shares")), "speedscope", "s.json", "--cost", "peak")
        whole = path.read_text()
        self.assertEqual(self.complaints(path), [])

        def spoil(where, value=None):
            file = json.loads(whole)
            *way, last = where
            place = file
            for step in way:
                place = place[step]
            if value is None:
                del place[last]
            else:
                place[last] = value
            path.write_text(json.dumps(file))
            return self.complaints(path)

        for where, value in (
            (("$schema",), "https://example.com/another.json"),
            (("profiles",), None),
            (("shared", "frames"), None),
            (("shared", "frames", 0, "name"), None),
            (("shared", "frames", 0, "name"), 7),
            (("shared", "frames", 0, "line"), "7"),
            (("profiles", 0, "unit"), "blocks"),
            (("profiles", 0, "type"), "heap"),
            (("profiles", 0, "weights"), None),
            (("profiles", 0, "samples", 0), 3),
            (("profiles", 0, "samples", 0, 0), "main"),
        ):
            with self.subTest(where=where, value=value):
                self.assertNotEqual(spoil(where, value), [])

    def test_frames_lead_from_main_to_the_caller_with_file_and_line(self):
        file = self.read(self.trace(self.host("peak_shares")))
        frames = file["shared"]["frames"]
        stacks = [[frames[index] for index in sample] for sample in file["profiles"][0]["samples"]]
        (stack,) = (stack for stack in stacks if stack[-1]["name"] == "second_grows")
        self.assertIn("main", [frame["name"] for frame in stack[:-1]])
        self.assertTrue(stack[-1]["file"].endswith("peak_shares.c") and stack[-1]["line"] > 0)

    def test_every_process_is_a_profile(self):
        run = self.trace(self.host("forks_and_both_allocate"), same_output=False)
        file = self.read(run, "--cost", "allocated")
        allocated = sorted(process.totals["allocated_bytes"] for process in run.report.processes)
        self.assertEqual(sorted(profile["endValue"] for profile in file["profiles"]), [n for n in allocated if n])

    def test_filters_choose_stacks(self):
        run = self.trace(self.host("cxx_containers"))
        wanted = self.read(run, "--cost", "allocations", "--filter", "count_words")
        others = self.read(run, "--cost", "allocations", "--exclude", "count_words")
        total = wanted["profiles"][0]["endValue"] + others["profiles"][0]["endValue"]
        self.assertEqual(total, run.report.root.totals["allocations"])
        self.assertGreater(wanted["profiles"][0]["endValue"], 0)
        self.assertEqual(len(self.read(run, "--top", "1")["profiles"][0]["samples"]), 1)


class EveryFormatTest(ExchangeTest):
    FORMATS = ("collapsed", "csv", "pprof", "speedscope", "massif", "heaptrack")

    def test_a_sampled_session_is_estimates_as_whole_numbers(self):
        command = self.host("fills_the_ring")
        run = self.trace_only(command, options=["--mode", "sample", "--sample-interval", "64KiB"])
        root = run.report.root
        files = {name: self.export(run, name, name) for name in self.FORMATS}
        with self.subTest("says so"):
            for name in ("massif", "heaptrack", "speedscope"):
                self.assertIn(b"sample", files[name].read_bytes()[:2_000_000])
            self.assertIn(b"A sample: ", gzip.decompress(files["pprof"].read_bytes()))
        rows = list(csv.DictReader(io.StringIO(files["csv"].read_text())))
        self.assertEqual(sum(int(row["allocated_bytes"]) for row in rows), root.totals["allocated_bytes"])
        if shutil.which("heaptrack_print"):
            text = self.tool("heaptrack_print", "--disable-builtin-suppressions", files["heaptrack"])
            for figure, words in (
                ("live_bytes", "total memory leaked: "),
                ("peak_bytes", "peak heap memory consumption: "),
            ):
                self.assertIn(words + heaptrack_bytes(sum(site[figure] for site in root.sites)), text)
        if shutil.which("ms_print"):
            self.tool("ms_print", files["massif"])
        if shutil.which("go"):
            self.tool("go", "tool", "pprof", "-top", files["pprof"])

    def test_idle_sessions_and_programs_that_did_nothing(self):
        nothing = self.trace(self.host("does_nothing"))
        idle = self.trace_only(self.host("allocates_once"), options=["--mode", "idle"])
        for run in (nothing, idle):
            for name in self.FORMATS:
                with self.subTest(format=name):
                    file = self.export(run, name, name)
                    if name == "heaptrack" and shutil.which("heaptrack_print"):
                        self.tool("heaptrack_print", file)
                    if name == "massif" and shutil.which("ms_print"):
                        self.tool("ms_print", file)

    def test_after_exec_the_last_program_is_shown_and_named(self):
        run = self.trace(["/bin/sh", "-c", f"exec {self.host('peak_shares')[0]}"])
        last = run.report.root.pid
        self.assertEqual([process.pid for process in run.report.processes], [last, last])
        done = self.memwatch("report", run.session, "--format", "massif")
        self.assertEqual(done.status, 0)
        self.assertIn("2 programs", done.stderr)
        self.assertIn("peak_shares", done.stderr)
        self.assertIn(f"mem_heap_B={run.report.processes[1].heap['peak_bytes']}\n", done.stdout.decode())
