"""Real programs, one process each as far as possible: what a user waits for, natively and traced."""

import shutil
import subprocess
import sys

from .redis import RedisWorkload
from .workload import Row, process_figures, require_success

PYTHON_JOB = """
import hashlib, json
rows = [{"id": i, "name": "row %d" % i, "tags": ["a", "b", str(i % 7)], "value": i / 3} for i in range(ROWS)]
back = json.loads(json.dumps(rows))
back.sort(key=lambda row: row["name"])
print(hashlib.sha256(json.dumps(back, sort_keys=True).encode()).hexdigest())
"""

LUA_JOB = """
local sum = 0
for round = 1, 10 do
  local rows = {}
  for i = 1, ROWS do rows[i] = { id = i, name = "row " .. (i * 7919 % ROWS), tags = { i % 7, i % 11 } } end
  table.sort(rows, function(a, b) return a.name < b.name end)
  for _, row in ipairs(rows) do sum = sum + row.id % 3 + row.tags[1] end
end
print(sum)
"""

SQLITE_JOB = """
create table t(id integer primary key, name text, value real);
with recursive n(i) as (select 1 union all select i + 1 from n where i < ROWS)
  insert into t select i, 'row ' || (i * 7919 % ROWS), i / 3.0 from n;
create index by_name on t(name);
select count(*), sum(value) from t where name between 'row 1' and 'row 5';
select name from t order by name desc limit 3;
"""

CXX_HEADERS = (
    "algorithm array chrono deque filesystem fstream functional future iomanip iostream list map memory mutex"
    " numeric optional random regex set sstream string thread tuple unordered_map variant vector"
).split()

CXX_FUNCTION = """
struct S# { int value; std::string name; std::variant<int, std::string, S#*> other; };
int f#(int n) {
  std::map<std::string, S#> m; std::unordered_map<int, std::vector<S#>> u; std::vector<S#> v;
  for (int k = 0; k < n; ++k) { m[std::to_string(k)] = S#{k, "x", k}; u[k % 7].push_back(S#{k, "y", "z"}); }
  for (auto& [key, s] : m) v.push_back(s);
  std::sort(v.begin(), v.end(), [](const S#& a, const S#& b) { return a.value < b.value; });
  std::function<int(int)> sum = [&](int i) { return i == 0 ? 0 : v[i].value + sum(i - 1); };
  return v.empty() ? 0 : sum(int(v.size()) - 1) + std::visit([](auto&& x) { return int(sizeof x); }, v[0].other);
}
"""


def write(path, text, **values):
    for name, value in values.items():
        text = text.replace(name, str(value))
    path.write_text(text.lstrip("\n"))


class ProgramWorkload:
    """One command. `prepare(job, directory)` returns what `program(prepared, job)` needs to know."""

    kind = "real"

    def __init__(self, name, needs, prepare, program, counts=True, variables=None, copies=False):
        self.name = name
        self.needs = needs
        self.rows = [Row("wall_s", name, "s", counts=counts)]
        self._prepare = prepare
        self._program = program
        self._variables = variables or {}
        self._copies = copies  # the run changes what was prepared

    def prepare(self, directory, job):
        self._prepare(job, directory)
        return directory

    def suits(self, configuration):
        return True

    def run(self, configuration, job, prepared):
        if self._copies:
            prepared = shutil.copytree(prepared, job.directory / "copy")
        program = self._program(prepared)
        measurement = job.start(configuration, program, **self._variables).wait()
        require_success(configuration, measurement)
        return process_figures(job, configuration, measurement)


class GitWorkload(ProgramWorkload):
    """A tree of processes; heaptrack follows no children, so it would record next to nothing."""

    def suits(self, configuration):
        return configuration.follows_children


class StartWorkload(ProgramWorkload):
    """A process that is over at once: all there is, start and end of the tracer included."""

    def __init__(self):
        super().__init__("start of `true`", ["true"], lambda job, directory: None, None, counts=False)
        self.rows = [Row("total_s", self.name, "ms", scale=1000)]

    def run(self, configuration, job, prepared):
        runs = []
        for _ in range(job.amount(20, 1)):
            measurement = job.start(configuration, [shutil.which("true")]).wait()
            require_success(configuration, measurement)
            runs.append(measurement.wall + measurement.finish)
        return {"total_s": sorted(runs)[len(runs) // 2]}


def prepare_git(job, directory):
    """As loose objects, so that `git gc` has something to pack."""
    commits = []
    for commit in range(job.amount(300, 5)):
        commits.append(f"commit refs/heads/main\ncommitter bench <bench@localhost> {1_000_000_000 + commit} +0000\n")
        commits.append(f"data 1\nx\n")
        for file in range(10):
            text = "".join(f"{commit // 7} {file} {line * 7919 % (97 + commit)}\n" for line in range(300))
            commits.append(f"M 100644 inline file-{file}.txt\ndata {len(text)}\n{text}\n")
    subprocess.run(["git", "init", "-q", "-b", "main", str(directory)], check=True, env=job.environment)
    subprocess.run(
        ["git", "-c", "fastimport.unpackLimit=1000000", "fast-import", "--quiet"],
        cwd=directory,
        input="".join(commits).encode(),
        check=True,
        env=job.environment,
    )


def prepare_compilation(job, directory):
    headers = CXX_HEADERS if not job.tiny else ["string"]
    body = "".join(f"#include <{header}>\n" for header in headers)
    body += "".join(CXX_FUNCTION.replace("#", str(i)) for i in range(job.amount(4, 0)))
    (directory / "large.cpp").write_text(body)
    subprocess.run(["g++", "-std=c++20", "-E", "large.cpp", "-o", "large.ii"], cwd=directory, check=True)


def cc1plus(directory):
    """The compiler proper, so that one process is measured and not the driver, the assembler and it."""
    named = subprocess.run(["g++", "-print-prog-name=cc1plus"], stdout=subprocess.PIPE, check=True)
    compiler = named.stdout.decode().strip()
    return [compiler, "-quiet", "-fpreprocessed", "-std=c++20", "-O1", f"{directory}/large.ii", "-o", "large.s"]


def real_workloads():
    def python_job(job, directory):
        write(directory / "job.py", PYTHON_JOB, ROWS=job.amount(150_000, 200))

    def lua_job(job, directory):
        write(directory / "job.lua", LUA_JOB, ROWS=job.amount(40_000, 100))

    def sqlite_job(job, directory):
        write(directory / "job.sql", SQLITE_JOB, ROWS=job.amount(1_000_000, 200))

    python = shutil.which("python3") or sys.executable
    return [
        ProgramWorkload(
            "python3 on malloc, JSON",
            ["python3"],
            python_job,
            lambda directory: [python, f"{directory}/job.py"],
            variables={"PYTHONMALLOC": "malloc", "PYTHONHASHSEED": "0"},
        ),
        ProgramWorkload(
            "lua tables", ["lua5.4"], lua_job, lambda directory: [shutil.which("lua5.4"), f"{directory}/job.lua"]
        ),
        ProgramWorkload(
            "sqlite3 rows, index",
            ["sqlite3"],
            sqlite_job,
            lambda directory: [shutil.which("sqlite3"), ":memory:", f".read {directory}/job.sql"],
        ),
        ProgramWorkload("cc1plus", ["g++"], prepare_compilation, cc1plus),
        RedisWorkload(),
        GitWorkload(
            "git gc",
            ["git"],
            prepare_git,
            lambda directory: [shutil.which("git"), "-C", str(directory), "gc", "-q"],
            counts=False,
            copies=True,
        ),
        StartWorkload(),
    ]
