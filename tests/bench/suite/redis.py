"""redis-server, traced, under the load of redis-benchmark, which is not: throughput and the 99th
percentile of the latency, over a unix socket so that the network stack stays out of it.
"""

import csv
import math
import shutil
import subprocess
import time

from .workload import Failed, Row, process_figures, require_success

COMMANDS = "set,get,lpush,hset"


class RedisWorkload:
    kind = "real"
    needs = ("redis-server", "redis-benchmark", "redis-cli")

    def __init__(self):
        self.name = "redis"
        self.rows = [
            Row("us_per_request", "redis, per request", "µs", counts=True),
            Row("p99_ms", "redis, 99th percentile", "ms"),
        ]

    def prepare(self, directory, job):
        pass

    def suits(self, configuration):
        return True

    def run(self, configuration, job, prepared):
        socket = str(job.directory / "redis.sock")
        program = [shutil.which("redis-server"), "--port", "0", "--unixsocket", socket, "--save", ""]
        server = job.start(configuration, [*program, "--daemonize", "no"])
        try:
            server.find_target()
            self._await(socket, server)
            figures = self._load(socket, job)
            server.look_at_tracer()
            if configuration.is_tracer:
                figures["private_bytes"] = server.tracer_private_bytes()
            self._tell(socket, "shutdown", "nosave")
            measurement = server.wait()
        finally:
            server.stop()
        require_success(configuration, measurement)
        return {**process_figures(job, configuration, measurement), **figures}

    def _tell(self, socket, *words):
        command = ["redis-cli", "-s", socket, *words]
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False).stdout

    def _await(self, socket, server):
        for _ in range(500):
            if self._tell(socket, "ping").startswith(b"PONG"):
                return
            time.sleep(0.02)
        raise Failed(f"redis-server does not answer: {server.output.strip()[-300:]}")

    def _load(self, socket, job):
        command = ["redis-benchmark", "-s", socket, "--csv", "-c", "20", "-r", "10000", "-d", "64"]
        command += ["-n", str(job.amount(60_000, 300)), "-t", COMMANDS]
        text = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True).stdout.decode()
        rows = list(csv.DictReader(text.splitlines()))
        if len(rows) != COMMANDS.count(",") + 1:
            raise Failed(f"redis-benchmark: {text[-300:]!r}")
        return {
            "us_per_request": geometric_mean([1e6 / float(row["rps"]) for row in rows]),
            "p99_ms": geometric_mean([float(row["p99_latency_ms"]) for row in rows]),
        }


def geometric_mean(numbers):
    return math.exp(sum(math.log(number) for number in numbers) / len(numbers))
