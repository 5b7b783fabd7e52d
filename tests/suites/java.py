"""A Java program compiled and run: virtual machine, compiler threads and collectors of its own, faults that it turns into
exceptions, guard pages, direct buffers, child processes; and jcmd attaching to a running one.
"""

from .suite import Suite, lines_as_facts, write

SCRIPT = """
    javac -d classes Program.java
    echo "javac: $?"
    for collector in Serial Parallel G1; do
      java -Xmx200m -XX:+Use${collector}GC -cp classes Program 200000 | sed "s/^/$collector, /"
    done
    java -Xint -Xmx200m -cp classes Program 5000 | sed 's/^/interpreted, /'
    java -Xmx24m -Xss512k -cp classes Program exhaust | sed 's/^/exhausted, /'
    java -Xmx64m -cp classes Program wait > waiting.txt &
    waiting=$!
    until grep -q ready waiting.txt; do sleep 0.05; done
    echo "jcmd: $(jcmd $waiting VM.version | grep -c 'OpenJDK')"
    echo "jcmd, threads: $(jcmd $waiting Thread.print | grep -c 'Program.main')"
    kill -TERM $waiting
    wait $waiting
    echo "ended by SIGTERM: $?, $(tail -1 waiting.txt)"
    jar cf program.jar -C classes . && java -cp program.jar Program 100 | sed 's/^/from a jar, /'
"""

PROGRAM = """
    import java.nio.ByteBuffer;
    import java.util.*;
    import java.util.concurrent.*;
    import java.util.concurrent.atomic.*;
    import java.util.stream.*;

    public class Program {
      record Row(int id, String name, double value) {}

      static int depth(int n) { return depth(n + 1) + 1; }

      static void exhaust() {
        var kept = new ArrayList<byte[]>();
        try { while (true) kept.add(new byte[1 << 20]); } catch (OutOfMemoryError error) { kept = null; }
        System.out.println("heap: caught");
        try { depth(0); } catch (StackOverflowError error) { System.out.println("stack: caught"); }
        var thread = new Thread(() -> {
          try { depth(0); } catch (StackOverflowError error) { System.out.println("stack of a thread: caught"); }
        });
        thread.start();
        try { thread.join(); } catch (InterruptedException error) { throw new RuntimeException(error); }
      }

      public static void main(String[] words) throws Exception {
        if (words[0].equals("exhaust")) { exhaust(); return; }
        if (words[0].equals("wait")) {
          Runtime.getRuntime().addShutdownHook(new Thread(() -> System.out.println("hook ran")));
          System.out.println("ready");
          Thread.sleep(60_000);
        }
        int n = Integer.parseInt(words[0]);
        var rows = IntStream.range(0, n).mapToObj(i -> new Row(i, "row " + (i * 7919L % n), i / 3.0)).toList();
        System.out.println("hash: " + rows.stream().sorted(Comparator.comparing(Row::name)).limit(1000).toList().hashCode());
        System.out.println("parallel: " + rows.parallelStream().mapToLong(Row::id).sum());
        var groups = rows.stream().collect(Collectors.groupingBy(row -> row.id() % 7, TreeMap::new, Collectors.counting()));
        System.out.println("groups: " + groups);
        var pool = Executors.newFixedThreadPool(8);
        var sum = new AtomicLong();
        var parts = new ArrayList<Future<Integer>>();
        for (int t = 0; t < 64; ++t) {
          int part = t;
          parts.add(pool.submit(() -> { for (int i = 0; i < 1000; ++i) sum.addAndGet(new int[i + 1].length); return part; }));
        }
        int total = 0;
        for (var part : parts) total += part.get();
        pool.shutdown();
        System.out.println("pool: " + total + " " + sum);
        for (int i = 0; i < 300; ++i) { var thread = new Thread(sum::incrementAndGet); thread.start(); thread.join(); }
        System.out.println("short threads: " + sum);
        int caught = 0;
        for (int i = 0; i < 20_000; ++i) {
          try { Row none = i % 2 == 0 ? null : rows.get(0); caught += none.id(); }  // a fault in compiled code
          catch (NullPointerException error) { ++caught; }
        }
        System.out.println("null: " + caught);
        long bytes = 0;
        for (int i = 0; i < 200; ++i) { var buffer = ByteBuffer.allocateDirect(1 << 16); buffer.putInt(0, i); bytes += buffer.getInt(0); }
        System.out.println("direct buffers: " + bytes);
        var crc = new java.util.zip.CRC32();
        var out = new java.io.ByteArrayOutputStream();
        try (var zip = new java.util.zip.GZIPOutputStream(out)) { for (var row : rows) zip.write(row.name().getBytes()); }
        crc.update(out.toByteArray());
        System.out.println("zip: " + crc.getValue());
        var child = new ProcessBuilder("/bin/sh", "-c", "cat; echo from a child; exit 7").redirectErrorStream(true).start();
        child.getOutputStream().close();
        System.out.println("child: " + new String(child.getInputStream().readAllBytes()).trim() + " " + child.waitFor());
        System.gc();
        System.out.println("end: " + rows.size());
        System.exit(n % 256 == 0 ? 1 : 0);
      }
    }
"""

SUITES = [
    Suite(
        "java",
        "checks",
        ("java", "javac", "jcmd", "jar"),
        SCRIPT,
        lambda directory: write(directory / "Program.java", PROGRAM),
        lines_as_facts,
        limit_s=180,
    )
]
