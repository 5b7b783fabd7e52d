"""gdb, traced itself, at work on a traced program: breakpoints, watchpoints, backtraces of threads, signals, forks, an attach
to a running program, a core file; and the exit codes it tells.
"""

from .suite import Suite, lines_as_facts, write

SCRIPT = r"""
    cc -g -O0 -pthread -o program program.c || exit 1
    run() { name=$1; shift; gdb -nx -q -batch "$@" > $name.out 2> $name.err; echo "$name: $?"
      sed -n -E 's/^(\$[0-9]+ = .*|#[0-9]+ .*|Breakpoint [0-9]+, .*|Thread .* hit .*|Old value.*|New value.*|(Program|Thread).*received.*|\[Inferior.*|said .*)$/\1/p' $name.out |
        sed -E "s/0x[0-9a-f]+/ADDRESS/g; s/process [0-9]+/process N/; s/LWP [0-9]+/LWP N/; s/Thread [0-9]+/Thread N/; s|at [^ ]*/|at |; s/^/$name, /" ; }
    run breakpoints -ex 'break middle if n == 3' -ex 'run plain' -ex 'backtrace' -ex 'info args' -ex 'print items[1]' -ex 'finish' \
      -ex 'print *last' -ex 'up' -ex 'info locals' -ex 'delete' -ex 'continue' -ex 'print $_exitcode' ./program
    run watch -ex 'break main' -ex 'run plain' -ex 'watch counter' -ex 'continue' -ex 'continue' -ex 'print counter' -ex 'delete' \
      -ex 'continue' -ex 'print $_exitcode' ./program
    run calls -ex 'break middle if n == 4' -ex 'run plain' -ex 'delete' -ex 'print middle_twice(5)' -ex 'print (int)strlen(items[0])' \
      -ex 'print (long)malloc_and_count(100)' -ex 'next' -ex 'step' -ex 'kill' ./program
    run threads -ex 'break in_thread' -ex 'run threads' -ex 'backtrace 1' -ex 'print number_of_threads' -ex 'delete' -ex 'continue' \
      -ex 'print $_exitcode' ./program
    run signals -ex 'handle SIGUSR1 stop print pass' -ex 'run signals' -ex 'continue' -ex 'print handled' -ex 'continue' \
      -ex 'print $_exitcode' ./program
    run crash -ex 'run crash' -ex 'backtrace' -ex 'generate-core-file core.file' -ex 'kill' ./program
    run core -ex 'backtrace' -ex 'print counter' ./program core.file
    run child -ex 'set follow-fork-mode child' -ex 'break in_child' -ex 'run forks' -ex 'backtrace' -ex 'continue' ./program
    run both -ex 'set detach-on-fork off' -ex 'set schedule-multiple on' -ex 'run forks' -ex 'print $_exitcode' ./program
    run exec -ex 'catch exec' -ex 'run execs' -ex 'delete' -ex 'continue' -ex 'print $_exitcode' ./program
    run syscalls -ex 'catch syscall write' -ex 'run plain' -ex 'continue' -ex 'print counter' -ex 'delete' -ex 'continue' ./program
    run python -ex 'python import json, sys' -ex 'break middle' -ex 'run plain' \
      -ex 'python print("said", json.dumps([gdb.selected_frame().name(), int(gdb.parse_and_eval("n"))]))' -ex 'kill' ./program
    touch waiting.out
    ./program waits > waiting.out &
    waiting=$!
    until grep -q ready waiting.out; do sleep 0.05; done
    run attach -p $waiting -ex 'print counter' -ex 'set var counter = 77' -ex 'detach'
    kill -USR1 $waiting
    wait $waiting
    echo "attached and left: $?"
    ./program plain | sed 's/^/natively, /'
"""

PROGRAM = r"""
    #include <pthread.h>
    #include <signal.h>
    #include <stdio.h>
    #include <stdlib.h>
    #include <string.h>
    #include <sys/wait.h>
    #include <unistd.h>

    volatile int counter, handled, number_of_threads;
    char *items[8];
    struct item { int number; char *text; } *last;

    int middle(int n) {
      items[n % 8] = strdup(n % 2 ? "odd" : "even");
      free(last);
      last = malloc(sizeof *last);
      last->number = n;
      last->text = items[n % 8];
      counter += n;
      return n * 2;
    }
    int middle_twice(int n) { return middle(n) + middle(n + 1); }
    long malloc_and_count(int n) {
      long sum = 0;
      for (int i = 1; i <= n; ++i) { char *p = malloc(i); memset(p, 1, i); sum += p[i - 1]; free(p); }
      return sum;
    }
    void *in_thread(void *word) { free(malloc((size_t)word)); __atomic_add_fetch(&number_of_threads, 1, __ATOMIC_SEQ_CST); return word; }
    void on_signal(int number) { handled += number == SIGUSR1; }
    int in_child(void) { return malloc_and_count(10) == 10 ? 9 : 1; }

    int main(int argc, char **words) {
      setvbuf(stdout, NULL, _IOLBF, 0);
      const char *what = argc > 1 ? words[1] : "plain";
      for (int n = 0; n < 5; ++n) middle(n);
      printf("counter: %d\n", counter);
      if (!strcmp(what, "threads")) {
        pthread_t threads[6];
        for (long i = 0; i < 6; ++i) pthread_create(&threads[i], NULL, in_thread, (void *)(i + 1));
        for (int i = 0; i < 6; ++i) pthread_join(threads[i], NULL);
        return 10 + number_of_threads;
      }
      if (!strcmp(what, "signals")) {
        signal(SIGUSR1, on_signal);
        raise(SIGUSR1);
        raise(SIGUSR1);
        return 20 + handled;
      }
      if (!strcmp(what, "crash")) { int *nowhere = NULL; *nowhere = middle(6); }
      if (!strcmp(what, "forks")) {
        pid_t child = fork();
        if (child == 0) return in_child();
        int status;
        waitpid(child, &status, 0);
        return 30 + WEXITSTATUS(status);
      }
      if (!strcmp(what, "execs")) execl("/proc/self/exe", "program", "plain", (char *)NULL);
      if (!strcmp(what, "waits")) {
        signal(SIGUSR1, on_signal);
        puts("ready");
        while (!handled) { free(malloc(100)); usleep(1000); }
        return counter;
      }
      return 3;
    }
"""

SUITES = [
    Suite("gdb", "lines", ("gdb", "cc"), SCRIPT, lambda directory: write(directory / "program.c", PROGRAM), lines_as_facts, limit_s=120)
]
