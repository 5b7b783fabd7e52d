"""nginx with a master and two workers under load: static files, gzip, a proxy to itself; reloads and reopened logs while
ab asks, the exchange of the running binary (USR2: exec with inherited sockets), and an orderly end. The workers of a root's
master become another user, who can reach neither the collector nor the segments any more: they are recorded in full all the
same, since they were forked before.
"""

import os
import socket

from .suite import Suite, lines_as_facts, write

OTHER_USER = "nobody nogroup"

CONFIGURATION = """
    USER
    pid nginx.pid;
    error_log error.log notice;
    worker_processes 2;
    worker_shutdown_timeout 20s;
    events { worker_connections 256; }
    http {
      access_log access.log;
      client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
      types { text/html html; text/plain txt; }
      gzip on; gzip_types text/plain; gzip_min_length 100;
      limit_req_zone $uri zone=all:1m rate=100000r/s;
      proxy_cache_path cache keys_zone=cache:1m;
      keepalive_requests 100000;
      server {
        listen 127.0.0.1:PORT reuseport;
        root www;
        location / { limit_req zone=all burst=1000; }
        location /proxied/ { proxy_pass http://127.0.0.1:PORT/; proxy_cache cache; proxy_cache_valid 1m; }
        location /ssi/ { ssi on; alias www/; }
        location = /status { return 200 "alive\\n"; }
      }
    }
"""

SCRIPT = """
    at=http://127.0.0.1:$(cat port)
    answers() { /usr/bin/python3 fetch.py $at; }
    load() { ab -q -k -n $1 -c 16 $2 $at/$3 > ab.$3.txt 2>&1; grep -E 'Complete requests|Failed requests|Document Length|Non-2xx' ab.$3.txt |
      sed "s/^/$3, /; s/:  */: /"; }
    /usr/sbin/nginx -p "$PWD" -c nginx.conf -t 2>&1 | grep -c successful | sed 's/^/configuration is good: /'
    /usr/sbin/nginx -p "$PWD" -c nginx.conf 2> stderr.log
    echo "start: $?"
    master=$(cat nginx.pid)
    until answers > first.txt 2> /dev/null; do sleep 0.05; done
    cat first.txt
    echo "users of the master and its children: $(stat -c %U /proc/$master $(ps -o pid= --ppid $master | sed 's,^ *,/proc/,') | sort -u | tr '\\n' ' ')"
    load 8000 '' small.txt
    load 1000 '-H Accept-Encoding:gzip' large.txt
    load 2000 '' page.html
    ab -q -n 6000 -c 8 $at/small.txt > reloading.txt 2>&1 &
    client=$!
    for round in 1 2 3; do
      sleep 0.2
      kill -HUP $master
      kill -USR1 $master
    done
    wait $client
    echo "client while reloading: $?"
    echo "answered while reloading: $(grep 'Complete requests' reloading.txt | tr -dc 0-9)"
    answers | sed 's/^/after reloading, /'
    kill -USR2 $master
    until [ -f nginx.pid.oldbin ] && [ -f nginx.pid ] && [ "$(cat nginx.pid)" != $master ]; do sleep 0.05; done
    kill -QUIT $master
    while kill -0 $master 2> /dev/null; do sleep 0.05; done
    answers | sed 's/^/from the new binary, /'
    new=$(cat nginx.pid)
    kill -QUIT $new
    while kill -0 $new 2> /dev/null; do sleep 0.05; done
    echo "ended by signals: $(grep -c 'exited on signal' error.log)"
    echo "alerts: $(grep -c -E '\\[(alert|emerg|crit)\\]' error.log)"
    echo "workers with another code than 0: $(grep 'exited with code' error.log | grep -vc 'code 0')"
"""

FETCH = """
    import gzip, hashlib, sys, urllib.request
    for path in ("small.txt", "large.txt", "proxied/large.txt", "ssi/page.html", "status", "nothing"):
        request = urllib.request.Request(f"{sys.argv[1]}/{path}", headers={"Accept-Encoding": "gzip"})
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                body = answer.read()
                if answer.headers["Content-Encoding"] == "gzip":
                    body = gzip.decompress(body)
                print(f"{path}: {answer.status} {len(body)} {hashlib.sha256(body).hexdigest()[:16]}")
        except urllib.error.HTTPError as error:
            print(f"{path}: {error.code}")
"""


def prepare(directory):
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    user = f"user {OTHER_USER};" if os.geteuid() == 0 else ""
    write(directory / "nginx.conf", CONFIGURATION.replace("PORT", str(port)).replace("USER", user))
    write(directory / "fetch.py", FETCH)
    (directory / "port").write_text(str(port))
    for way in (directory.parent, directory):  # for the workers, who own their files but not the way to them
        way.chmod(0o711)
    www = directory / "www"
    www.mkdir(mode=0o755)
    (www / "small.txt").write_text("small\n" * 10)
    (www / "large.txt").write_text("".join(f"line {i} of a larger file\n" for i in range(20_000)))
    (www / "page.html").write_text('<p>before</p><!--#include virtual="/small.txt" --><p>after</p>\n' * 20)


SUITES = [
    Suite(
        "nginx",
        "checks",
        ("/usr/sbin/nginx", "ab", "/usr/bin/python3", "ps"),
        SCRIPT,
        prepare,
        lines_as_facts,
        limit_s=120,
        every_child_recorded=True,
    )
]
