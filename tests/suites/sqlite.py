"""SQLite: a script of its shell with the checks that SQLite itself offers (integrity_check, .dump read back, sha3sum of
the contents, backup, VACUUM), and the same through Python's module, which is part of every installation.
"""

from .suite import Suite, lines_as_facts, write

SHELL_SCRIPT = """
    set -e
    sqlite3 first.db < fill.sql
    sqlite3 first.db .dump > first.sql
    sqlite3 second.db < first.sql
    sqlite3 second.db .dump > second.sql
    cmp first.sql second.sql && echo "dump, restored and dumped again: the same"
    echo "sha256 of the dump: $(sha256sum < first.sql)"
    for database in first second; do
      echo "integrity of $database: $(sqlite3 $database.db 'pragma integrity_check')"
      echo "foreign keys of $database: $(sqlite3 $database.db 'pragma foreign_key_check' | wc -l)"
      echo "contents of $database: $(sqlite3 $database.db .sha3sum)"
    done
    sqlite3 first.db ".backup copy.db" "vacuum into 'vacuumed.db'"
    echo "backup: $(sqlite3 copy.db .sha3sum)"
    echo "vacuumed: $(sqlite3 vacuumed.db .sha3sum)"
    sqlite3 first.db < questions.sql | sed 's/|/: /'
    # Two writers and a reader at once, in write-ahead mode.
    sqlite3 wal.db "pragma journal_mode=wal; create table t(who, n)" > /dev/null
    for who in a b; do
      i=0
      while [ $i -lt 40 ]; do
        i=$((i + 1))
        sqlite3 -cmd '.timeout 60000' wal.db "insert into t values('$who', $i)"
      done &
    done
    wait
    echo "rows of two writers: $(sqlite3 wal.db 'select count(*), sum(n), count(distinct who) from t')"
    echo "integrity after two writers: $(sqlite3 wal.db 'pragma integrity_check')"
    # A statement that is cut off by a signal leaves a journal, which the next one plays back.
    status=0
    sqlite3 first.db "pragma cache_size=3" begin "delete from words" ".shell kill -9 \$PPID" || status=$?
    echo "killed: $status, journal: $(ls first.db-journal)"
    echo "rows after a kill: $(sqlite3 first.db 'select count(*) from words')"
    echo "integrity after a kill: $(sqlite3 first.db 'pragma integrity_check')"
"""

FILL = """
    pragma foreign_keys = on;
    pragma page_size = 1024;
    create table words(id integer primary key, word text not null, length integer as (length(word)) stored, score real);
    create table pairs(a integer references words, b integer references words, note blob, primary key(a, b)) without rowid;
    create view long_words as select * from words where length > 8;
    create trigger scored after insert on words begin update words set score = new.id / 7.0 where id = new.id; end;
    begin;
    with recursive n(i) as (select 1 union all select i + 1 from n where i < 8000)
      insert into words(id, word) select i, 'word ' || (i * 7919 % 8000) || char(228, 8364, 128512) from n;
    insert into pairs select id, (id * 31 % 8000) + 1, cast(printf('%.*c', id % 300, 'x') as blob) from words;
    commit;
    create index by_word on words(word collate nocase);
    create index by_score on words(score) where score > 100;
    create virtual table found using fts5(word, content = 'words', content_rowid = 'id');
    create virtual table places using rtree(id, x0, x1, y0, y1);
    insert into places select id, id % 100, id % 100 + 2, id / 100, id / 100 + 2 from words;
    delete from pairs where a % 5 = 0;
    update words set word = word || ' again' where id % 11 = 0;
    insert into found(found) values('rebuild');
    analyze;
"""

QUESTIONS = """
    select 'count', count(*), sum(length), round(sum(score), 3) from words;
    select 'view', count(*), min(word), max(word) from long_words;
    select 'join', count(*), sum(length(note)) from pairs join words on words.id = pairs.b where words.length > 9;
    select 'full text', count(*) from found where found match 'again';
    select 'rtree', count(*) from places where x0 > 10 and x1 < 20 and y0 > 5 and y1 < 40;
    select 'window', sum(r) from (select row_number() over (partition by length order by score desc) as r from words);
    select 'json', json_group_array(id) from (select id from words where score > 1140 order by id);
    select 'recursion', group_concat(n) from (with recursive f(n, m) as (values(0, 1) union all select m, n + m from f limit 40)
      select n from f);
    select 'dates', date('2024-02-29', '+1 year'), strftime('%J', '2000-01-01');
    select 'text', upper('abc'), hex(zeroblob(4)), quote('it''s'), printf('%08.3f', 3.14159), unicode('€');
"""

PYTHON_SCRIPT = r"""
    import hashlib, sqlite3, threading

    def dump_of(connection):
        return "\n".join(connection.iterdump())

    def value(connection, question):
        return connection.execute(question).fetchone()[0]

    first = sqlite3.connect("first.db", isolation_level=None)
    first.executescript(open("fill.sql").read())
    text = dump_of(first)
    print("dump:", hashlib.sha256(text.encode()).hexdigest())
    second = sqlite3.connect("second.db", isolation_level=None)
    for connection, name in ((first, "first"), (second, "second")):
        if connection is second:
            first.backup(second)
        print(f"integrity of {name}:", value(connection, "pragma integrity_check"))
        print(f"dump of {name}:", hashlib.sha256(dump_of(connection).encode()).hexdigest())
    for line in open("questions.sql").read().split(";\n"):
        if line.strip():
            row = first.execute(line).fetchone()
            print(f"{row[0]}:", *row[1:])

    first.create_function("backwards", 1, lambda text: text[::-1])
    first.create_aggregate("digest", 1, type("Digest", (), {
        "__init__": lambda self: setattr(self, "hash", hashlib.sha256()),
        "step": lambda self, word: self.hash.update(word.encode()),
        "finalize": lambda self: self.hash.hexdigest(),
    }))
    print("functions:", value(first, "select digest(backwards(word)) from (select word from words order by id)"))

    shared = sqlite3.connect("wal.db", isolation_level=None)
    shared.executescript("pragma journal_mode=wal; create table t(who, n)")

    def write(who):
        connection = sqlite3.connect("wal.db", timeout=60, isolation_level=None)
        connection.execute("pragma synchronous = off")
        for n in range(200):
            connection.execute("insert into t values(?, ?)", (who, n))

    writers = [threading.Thread(target=write, args=(who,)) for who in "abcd"]
    for writer in writers: writer.start()
    for writer in writers: writer.join()
    print("rows of four writers:", *shared.execute("select count(*), sum(n), count(distinct who) from t").fetchone())
    print("integrity after four writers:", value(shared, "pragma integrity_check"))
"""


def prepare(directory):
    write(directory / "fill.sql", FILL)
    write(directory / "questions.sql", QUESTIONS)
    write(directory / "job.py", PYTHON_SCRIPT)


SUITES = [
    Suite(
        "sqlite3",
        "checks",
        ("sqlite3", "sha256sum"),
        SHELL_SCRIPT,
        prepare,
        lines_as_facts,
        limit_s=120,
    ),
    Suite(
        "sqlite3 in Python",
        "checks",
        ("/usr/bin/python3",),
        "exec /usr/bin/python3 job.py",
        prepare,
        lines_as_facts,
        limit_s=60,
        short=True,
    ),
]
