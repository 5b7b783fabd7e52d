"""Redis with both kinds of persistence: forks that save while the parent is written to (copy-on-write), and what is read
back after a restart from the snapshot, from the rewritten log, and after a kill.

DEBUG DIGEST is redis's own checksum of all it holds, whatever the order.
"""

from .suite import Suite, lines_as_facts, write

SCRIPT = """
    cli() { redis-cli -s "$PWD/redis.sock" "$@"; }
    start() {
      redis-server redis.conf --unixsocket "$PWD/redis.sock" "$@" >> redis.log 2>&1 &
      server=$!
      until cli ping 2>&1 | grep -q PONG; do sleep 0.05; done
    }
    saved() { until cli info persistence | grep -q "$1:0"; do sleep 0.05; done; }

    start --appendonly yes
    cli --pipe < fill.txt | tail -1 | sed 's/^/filled: /'
    echo "digest of what was filled: $(cli debug digest)"
    for round in 1 2; do
      cli bgsave > /dev/null
      redis-benchmark -s "$PWD/redis.sock" -q -c 20 -n 20000 -r 2000 -t set,lpush,sadd,hset,zadd,spop > load.$round
      echo "load while saving, $round: $?"
      saved rdb_bgsave_in_progress
      cli bgrewriteaof > /dev/null
      redis-benchmark -s "$PWD/redis.sock" -q -c 20 -n 20000 -r 2000 -P 8 -t set,get,incr,mset > load.$round
      echo "load while the log is rewritten, $round: $?"
      saved aof_rewrite_in_progress
    done
    echo "last save: $(cli info persistence | grep -c -e rdb_last_bgsave_status:ok -e aof_last_bgrewrite_status:ok -e aof_last_write_status:ok)"
    echo "script: $(cli eval 'local s = 0; for i = 1, 100000 do s = s + i % 7; redis.call("incr", "n") end; return s' 0)"
    digest=$(cli debug digest)
    keys=$(cli dbsize)

    cli shutdown save > /dev/null
    wait $server
    echo "server: $?"
    start --appendonly yes
    echo "keys from the log: $([ "$(cli dbsize)" = "$keys" ] && echo all)"
    echo "contents from the log: $([ "$(cli debug digest)" = "$digest" ] && echo the same)"
    cli shutdown nosave > /dev/null
    wait $server
    start --appendonly no
    echo "contents from the snapshot: $([ "$(cli debug digest)" = "$digest" ] && echo the same)"
    cli config set activedefrag no > /dev/null
    cli flushall async > /dev/null
    echo "after flushall: $(cli dbsize)"
    cli shutdown nosave > /dev/null
    wait $server
    start --appendonly yes --appendfsync always
    cli set after kill > /dev/null
    kill -9 $server
    wait $server
    echo "killed server: $?"
    start --appendonly yes
    echo "written before the kill: $(cli get after)"
    cli shutdown nosave > /dev/null
    wait $server
    echo "check of the snapshot: $(redis-check-rdb dump.rdb | grep -c 'RDB looks OK')"
    echo "check of the log: $(redis-check-aof appendonlydir/*.manifest | grep -c 'is valid')"
"""


def prepare(directory):
    write(directory / "redis.conf", "port 0\nsave ''\nenable-debug-command yes\nrdb-save-incremental-fsync yes\n")
    commands = []
    for i in range(20_000):
        commands.append(f"SET key:{i} {'v' * (i % 200)}{i}")
        if i % 10 == 0:
            commands.append(f"RPUSH list:{i % 50} item-{i} other-{i}")
            commands.append(f"HSET hash:{i % 50} field-{i} {i}")
            commands.append(f"ZADD sorted:{i % 20} {i} member-{i}")
            commands.append(f"XADD stream:{i % 10} {i + 1}-1 field {i}")
    (directory / "fill.txt").write_text("\r\n".join(commands) + "\r\n")


SUITES = [
    Suite(
        "redis",
        "checks",
        ("redis-server", "redis-benchmark", "redis-cli", "redis-check-rdb"),
        SCRIPT,
        prepare,
        lines_as_facts,
        limit_s=120,
    )
]
