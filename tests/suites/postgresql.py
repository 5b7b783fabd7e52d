"""PostgreSQL: initdb, pgbench with several clients, parallel workers, dump and restore, recovery after an immediate stop and
after a backend was killed. Many processes on shared memory of their own. Runs as the user postgres: it refuses root.
"""

from pathlib import Path

from .suite import Suite, lines_as_facts, write


def programs():
    """Where Debian puts those of the newest version that is installed."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: float(path.parent.name))
    return str(versions[-1]) if versions else "/usr/lib/postgresql/15/bin"


SCRIPT = """
    PATH=PROGRAMS:$PATH
    export PGHOST=$PWD/sockets PGDATABASE=postgres PGUSER=postgres PGOPTIONS='--client-min-messages=warning'
    mkdir -m 700 sockets
    ask() { psql -XAtq -F ' ' -v ON_ERROR_STOP=1 "$@"; }
    start() { pg_ctl -D data -w -s -t 60 -l server.log start; echo "$1: $?"; }
    initdb -D data -A trust -U postgres --locale=C --encoding=UTF8 --no-sync > initdb.log 2>&1
    echo "initdb: $?"
    cat settings >> data/postgresql.conf
    start start
    pgbench -q -i -s 2 > pgbench.init 2>&1
    echo "pgbench, filling: $?"
    pgbench -n -c 1 -t 500 --random-seed=1 > pgbench.one 2>&1
    echo "pgbench, one client: $? $(grep -E 'actually processed|failed' pgbench.one | tr '\\n' ' ')"
    echo "balance after one client: $(ask -c 'select sum(abalance), sum(abalance * aid) from pgbench_accounts')"
    pgbench -n -c 6 -j 2 -t 150 --random-seed=2 -M prepared > pgbench.many 2>&1
    echo "pgbench, six clients: $? $(grep -E 'actually processed|failed' pgbench.many | tr '\\n' ' ')"
    ask -f consistent.sql
    ask -f questions.sql
    echo "parallel plan: $(ask -c 'explain select count(*) from words' | grep -c Parallel)"
    # \\restrict has a random key in each dump.
    dump() { pg_dump "$@" | grep -v -E '^.(un)?restrict '; }
    dump > first.sql
    createdb copy
    ask -d copy -f first.sql > restore.log
    dump -d copy > second.sql
    cmp first.sql second.sql && echo "dump, restored and dumped again: the same"
    ask -c 'create extension if not exists pg_trgm' > /dev/null
    echo "extension: $(ask -c "select similarity('memory', 'memories')")"
    # A backend that is killed takes the others down; all come back.
    (ask -c "insert into kept values(1)" -c "select pg_backend_pid()" -c 'select pg_sleep(60)' > victim.pid 2> victim.err; echo $? > victim.status) &
    until [ -s victim.pid ]; do sleep 0.05; done
    kill -9 $(head -1 victim.pid)
    wait
    echo "client of the killed backend: $(cat victim.status)"
    until ask -c 'select 1' > /dev/null 2>&1; do sleep 0.1; done
    echo "kept after a killed backend: $(ask -c 'select count(*) from kept')"
    pgbench -n -c 4 -t 50 --random-seed=3 > pgbench.more 2>&1
    pg_ctl -D data -s -m immediate stop
    echo "immediate stop: $?"
    start "start after an immediate stop"
    ask -f consistent.sql | sed 's/^/after recovery, /'
    vacuumdb -q -z -f postgres
    echo "vacuum: $?"
    pg_ctl -D data -s -w -m fast stop
    echo "stop: $?"
    echo "checkpoint at the end: $(grep -c 'database system is shut down' server.log)"
    echo "server processes ended by signals: $(grep -c 'was terminated by signal' server.log)"
    pg_checksums -D data --check 2>&1 | grep -c 'data checksums are not enabled' | sed 's/^/pg_checksums: /'
"""

SETTINGS = """
    listen_addresses = ''
    unix_socket_directories = 'SOCKETS'
    shared_buffers = 32MB
    fsync = off
    max_parallel_workers_per_gather = 2
    parallel_setup_cost = 0
    parallel_tuple_cost = 0
    min_parallel_table_scan_size = 0
    autovacuum_naptime = 1s
    jit = off
"""

CONSISTENT = """
    select 'the same sums: ' || (a = t and t = b and b = h) from
      (select sum(abalance) a from pgbench_accounts) x, (select sum(tbalance) t from pgbench_tellers) y,
      (select sum(bbalance) b from pgbench_branches) z, (select sum(delta) h from pgbench_history) w;
    select 'transactions: ' || count(*) from pgbench_history;
"""

QUESTIONS = r"""
    create table if not exists kept(n int);
    create table words as select i as id, md5(i::text) as word, i % 100 as part from generate_series(1, 50000) i;
    create index on words using gin (string_to_array(word, 'a'));
    create index on words(part, word);
    analyze words;
    set force_parallel_mode = on;
    select 'parallel sum: ' || sum(length(word) + part) || ' ' || count(distinct part) from words;
    select 'parallel join: ' || count(*) from words a join words b on a.part = b.part and a.id = b.id + 100;
    reset force_parallel_mode;
    select 'json: ' || jsonb_agg(x order by x)::text from (select distinct part as x from words where part < 5) s;
    select 'window: ' || sum(r) from (select rank() over (partition by part order by word) r from words) s;
    select 'regular expression: ' || count(*) from words where word ~ '^[0-9]{4}.*f$';
    select 'numeric: ' || round(exp(ln(2.0::numeric(50, 40))), 30) || ' ' || factorial(30);
    create function fail(n int) returns text language plpgsql as $$
      begin return (1 / n)::text; exception when division_by_zero then return 'caught'; end $$;
    select 'exceptions: ' || string_agg(fail(i % 3), ' ') from generate_series(1, 6) i;
    select 'sorted on disk: ' || count(*) from (select * from words order by word desc offset 0) s;
"""


def prepare(directory):
    write(directory / "settings", SETTINGS.replace("SOCKETS", str(directory / "sockets")))
    write(directory / "consistent.sql", CONSISTENT)
    write(directory / "questions.sql", QUESTIONS)


SUITES = [
    Suite(
        "PostgreSQL",
        "checks",
        (programs() + "/initdb", programs() + "/pgbench"),
        SCRIPT.replace("PROGRAMS", programs()),
        prepare,
        lines_as_facts,
        limit_s=180,
        user="postgres",
    )
]
