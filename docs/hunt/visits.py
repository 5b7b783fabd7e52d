#!/usr/bin/env python3
"""Visitors for doorman: each logs in, asks who it is, and logs out.

usage: visits.py PORT [VISITS [PER_SECOND]]      over the network (default: 1000 at 50 a second)
       visits.py --print VISITS                  the requests alone, for doorman's standard input
"""

import socket
import sys
import time


def visit(number, ask):
    name = f"visitor-{number}-of-the-house"
    token = ask(f"LOGIN {name}")
    assert ask(f"WHO {token}") == name
    assert ask(f"LOGOUT {token}") == "bye"


def main():
    if sys.argv[1] == "--print":
        for number in range(1, int(sys.argv[2]) + 1):
            print(f"LOGIN visitor-{number}-of-the-house\nWHO t{number}\nLOGOUT t{number}")
        return
    port, visits, per_second = (int(word) for word in (sys.argv[1:] + ["1000", "50"][len(sys.argv) - 2 :]))
    with socket.create_connection(("127.0.0.1", port)) as connection:
        stream = connection.makefile("rw")

        def ask(request):
            print(request, file=stream, flush=True)
            return stream.readline().rstrip("\n")

        start = time.monotonic()
        for number in range(visits):
            visit(number, ask)
            time.sleep(max(0, start + (number + 1) / per_second - time.monotonic()))
    print(f"{visits} visits")


if __name__ == "__main__":
    main()
