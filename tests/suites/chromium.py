"""Chromium without a window opens pages made by scripts: the document it ends with is compared. Once without its sandbox
(root), once with it (another user): namespaces, a zygote that forks the renderers, filters on system calls.

Its own allocator (PartitionAlloc) serves its calls of malloc, so few of its calls are seen; what has to hold is that it runs.
"""


from .suite import Suite, write

FLAGS = (
    "--headless=new --disable-gpu --disable-dev-shm-usage --no-first-run --disable-background-networking --password-store=basic"
    " --disable-component-update --disable-sync --no-default-browser-check --virtual-time-budget=20000"
)

SCRIPT = """
    for page in first second; do
      chromium FLAGS MORE --user-data-dir="$PWD/profile" --dump-dom "file://$PWD/$page.html" > $page.dom 2> $page.log
      echo "$page: $?"
    done
    chromium FLAGS MORE --user-data-dir="$PWD/profile" --window-size=400,300 --screenshot="$PWD/page.png" \
      "file://$PWD/first.html" > /dev/null 2> picture.log
    echo "picture: $? $(head -c 8 page.png | od -An -tx1 | tr -d ' ')"
    chromium FLAGS MORE --user-data-dir="$PWD/profile" --print-to-pdf="$PWD/page.pdf" "file://$PWD/first.html" > /dev/null 2> pdf.log
    echo "pdf: $? $(head -c 5 page.pdf)"
"""

FIRST = """
    <!doctype html><title>first</title><body><table id="rows"></table><svg width="40" height="40"></svg><canvas id="c"></canvas>
    <script>
      const table = document.getElementById('rows');
      for (let i = 0; i < 300; ++i) table.insertRow().insertCell().textContent = `row ${i * 7919 % 300}`;
      const sorted = [...table.rows].map((row) => row.textContent).sort();
      document.body.dataset.sorted = sorted.slice(0, 5).join();
      const context = document.getElementById('c').getContext('2d');
      context.fillRect(10, 10, 20, 20);
      document.body.dataset.pixel = context.getImageData(15, 15, 1, 1).data.join();
    </script></body>
"""

SECOND = """
    <!doctype html><title>second</title><body><iframe srcdoc="<p>inner</p>"></iframe><script>
      const source = 'onmessage = (m) => { let s = 0; for (let i = 0; i < m.data; ++i) s += i % 7; postMessage(s); }';
      const worker = (n) => new Promise((done) => {
        const one = new Worker(URL.createObjectURL(new Blob([source])));
        one.onmessage = (m) => done(m.data);
        one.postMessage(n);
      });
      // (module (func (export "add") (param i32 i32) (result i32) local.get 0 local.get 1 i32.add))
      const bytes = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0, 1, 7, 1, 96, 2, 127, 127, 1, 127, 3, 2, 1, 0, 7, 7, 1, 3, 97, 100,
        100, 0, 0, 10, 9, 1, 7, 0, 32, 0, 32, 1, 106, 11]);
      (async () => {
        const sums = await Promise.all([worker(100000), worker(200000), worker(300000)]);
        document.body.dataset.workers = sums.join();
        document.body.dataset.added = (await WebAssembly.instantiate(bytes)).instance.exports.add(20, 22);
        try { localStorage.setItem('key', 'value'); document.body.dataset.stored = localStorage.getItem('key'); } catch (e) {}
        document.title = 'done';
      })();
    </script></body>
"""


def prepare(directory):
    write(directory / "first.html", FIRST)
    write(directory / "second.html", SECOND)


def documents_as_facts(directory, stdout):
    facts = {"programs": stdout}
    for page in ("first", "second"):
        facts[f"document of {page}"] = (directory / f"{page}.dom").read_text(errors="replace")
    return facts


def suite(name, more, user):
    return Suite(
        name,
        "documents",
        ("chromium",),
        SCRIPT.replace("FLAGS", FLAGS).replace("MORE", more),
        prepare,
        documents_as_facts,
        limit_s=120,
        user=user,
    )


SUITES = [
    suite("chromium", "--no-sandbox", ""),
    suite("chromium, sandboxed", "", "nobody"),
]
