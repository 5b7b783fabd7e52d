"""bun, a JavaScript runtime that has mimalloc linked in: its own blocks never reach the C library, those of the libraries it
loads do. Its server, its workers (threads), its SQLite, its compilers, child processes; what it prints is compared.
"""

import os
import platform
from pathlib import Path

from .suite import Suite, lines_as_facts, write

MACHINE = "x64" if platform.machine() == "x86_64" else "aarch64"
CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
BUN = CACHE / "memwatch/bun/node_modules/@oven" / f"bun-linux-{MACHINE}" / "bin/bun"

SCRIPT = f"""
    export HOME="$PWD" BUN='{BUN}'
    "$BUN" job.ts; echo "status: $?"
    "$BUN" build job.ts --target=bun --outfile=bundled.js > built.txt 2>&1; echo "bundled: $?"
    "$BUN" bundled.js | sed 's/^/bundled, /'
    "$BUN" -e 'console.log("small:", process.argv.length)'
    "$BUN" -e 'throw new Error("on purpose")' 2> error.txt; echo "an error: $? $(grep -c 'on purpose' error.txt)"
    "$BUN" -e 'process.kill(process.pid, "SIGTERM"); setInterval(() => {{}}, 1000)'; echo "a signal: $?"
    "$BUN" test checks.test.ts > checks.txt 2>&1; echo "its tests: $? $(grep -c '^(pass)' checks.txt)"
"""

JOB = """
    import { Database } from "bun:sqlite";
    import { createHash } from "node:crypto";
    import { gunzipSync, gzipSync } from "node:zlib";

    const show = (name: string, ...values: unknown[]) => console.log(`${name}: ${values.join(" ")}`);

    const rows = Array.from({ length: 20000 }, (_, id) => ({ id, name: `row ${(id * 7919) % 20000}`, tags: [id % 7, id % 11] }));
    const text = JSON.stringify(rows);
    show("json", text.length, JSON.parse(text).filter((row: { tags: number[] }) => row.tags[0] === 3).length);
    show("hash", createHash("sha256").update(text).digest("hex"));
    show("gzip", gunzipSync(gzipSync(text)).length);

    const database = new Database(":memory:");
    database.run("create table rows (id integer primary key, name text)");
    const insert = database.prepare("insert into rows values (?, ?)");
    database.transaction(() => rows.forEach((row) => insert.run(row.id, row.name)))();
    show("sqlite", JSON.stringify(database.query("select count(*) n, max(name) m from rows where id % 3 = 0").get()));

    const server = Bun.serve({ port: 0, hostname: "127.0.0.1", fetch: async (request) => new Response(`${(await request.text()).length}`) });
    const answers = await Promise.all(
      Array.from({ length: 200 }, async (_, i) => Number(await (await fetch(server.url, { method: "POST", body: "x".repeat(i * 100) })).text())),
    );
    show("served", answers.reduce((sum, length) => sum + length, 0));
    server.stop(true);

    const source = `onmessage = (event) => { let a = []; for (let i = 0; i < event.data; ++i) a.push({ i, s: "s" + i });
      postMessage(a.reduce((sum, x) => sum + x.s.length, 0)); };`;
    const url = URL.createObjectURL(new Blob([source], { type: "application/javascript" }));
    const counted = await Promise.all(
      [10000, 20000, 30000, 40000].map((n) => new Promise<number>((resolve) => {
        const worker = new Worker(url);
        worker.onmessage = (event) => { resolve(event.data); worker.terminate(); };
        worker.postMessage(n);
      })),
    );
    show("workers", ...counted);

    const child = Bun.spawn(["sh", "-c", "read line; echo heard $line; exit 3"], { stdin: "pipe" });
    child.stdin.write("this\\n");
    child.stdin.end();
    show("child", (await new Response(child.stdout).text()).trim(), await child.exited);
    show("buffers", Array.from({ length: 50 }, (_, i) => new Uint8Array(1 << 20).fill(i)[12345]).reduce((sum, x) => sum + x, 0));
    Bun.gc(true);
    show("pattern", text.match(/row 19\\d+/g)?.length);
    process.exit(4);
"""

CHECKS = """
    import { expect, test } from "bun:test";
    test("sum", () => expect(1 + 1).toBe(2));
    test("later", async () => expect(await Promise.resolve(3)).toBe(3));
"""


def prepare(directory):
    write(directory / "job.ts", JOB)
    write(directory / "checks.test.ts", CHECKS)


SUITES = [Suite("bun", "checks", (str(BUN),), SCRIPT, prepare, lines_as_facts, limit_s=120)]
