#include "tests/unit/preload/mazes.h"

#include <alloca.h>

#include <csetjmp>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <stdexcept>

namespace memwatch::preload_testing {

namespace {

volatile int g_sink = 0;
Visit g_visit = nullptr;

int compare_and_visit(const void* a, const void* b) {
  g_sink = g_sink + g_visit();
  return *static_cast<const int*>(a) - *static_cast<const int*>(b);
}

void handle(int) {
  g_sink = g_sink + g_visit();
}
void handle_and_raise(int) {
  raise(SIGUSR2);
  g_sink = g_sink + 1;
}

sigjmp_buf g_after_fault;
void handle_fault(int) {
  g_sink = g_sink + g_visit();
  siglongjmp(g_after_fault, 1);
}

class HandlerInstalled {
 public:
  HandlerInstalled(int signal, void (*handler)(int), int flags) : signal_(signal) {
    struct sigaction action {};
    action.sa_handler = handler;
    action.sa_flags = flags;
    sigaction(signal, &action, &before_);
  }
  ~HandlerInstalled() { sigaction(signal_, &before_, nullptr); }
  HandlerInstalled(const HandlerInstalled&) = delete;
  HandlerInstalled& operator=(const HandlerInstalled&) = delete;

 private:
  int signal_;
  struct sigaction before_ {};
};

struct Shape {
  explicit Shape(Visit visit) { g_sink = g_sink + visit(); }
  virtual ~Shape() = default;
  virtual int area(Visit visit) = 0;
};
struct Square : Shape {
  using Shape::Shape;
  [[gnu::noinline]] int area(Visit visit) override { return visit() + g_sink; }
};

[[gnu::noinline]] int mutual_b(unsigned depth, Visit visit);
[[gnu::noinline]] int mutual_c(unsigned depth, Visit visit);

[[gnu::noinline]] int mutual_a(unsigned depth, Visit visit) {
  return (depth == 0 ? visit() : mutual_b(depth - 1, visit)) + g_sink;
}
int mutual_b(unsigned depth, Visit visit) {
  volatile char room[300];
  room[depth % 300] = 1;
  return (depth == 0 ? visit() : mutual_c(depth - 1, visit)) + room[depth % 300];
}
int mutual_c(unsigned depth, Visit visit) {
  volatile long room[5] = {1, 2, 3, 4, 5};
  return (depth == 0 ? visit() : mutual_a(depth - 1, visit)) + static_cast<int>(room[depth % 5]);
}

}  // namespace

[[gnu::noinline]] int recurse(unsigned depth, Visit visit) {
  return (depth == 0 ? visit() : recurse(depth - 1, visit)) + g_sink;
}

int recurse_mutually(unsigned depth, Visit visit) {
  return mutual_a(depth, visit) + g_sink;
}

[[gnu::noinline]] int through_alloca(unsigned bytes, Visit visit) {
  auto* room = static_cast<char*>(alloca(bytes));
  std::memset(room, 1, bytes);
  const int result = bytes > 64 ? through_alloca(bytes / 2, visit) : visit();
  return result + room[bytes / 2];
}

[[gnu::noinline]] int through_aligned_frame(unsigned depth, Visit visit) {
  alignas(64) volatile char room[64] = {};
  auto* more = static_cast<volatile char*>(alloca(depth * 16 + 16));
  more[depth] = 1;
  room[depth % 64] = 1;
  const int result = depth == 0 ? visit() : through_aligned_frame(depth - 1, visit);
  return result + room[depth % 64] + more[depth];
}

[[gnu::noinline]] int through_many_registers(unsigned depth, Visit visit) {
  // Read again and again, so that they are seven values for all the compiler knows.
  const auto sink = [] { return static_cast<unsigned>(g_sink); };
  unsigned a = sink(), b = sink(), c = sink(), d = sink(), e = sink(), f = sink(), g = sink();
  const int result = depth == 0 ? visit() : through_many_registers(depth - 1, visit);
  a += b ^ sink();
  c += d ^ sink();
  e += f ^ sink();
  return static_cast<int>((static_cast<unsigned>(result) + a * b + c * d + e * f + g) & 0xff);
}

int through_qsort(Visit visit) {
  g_visit = visit;
  int numbers[] = {5, 3, 9, 1, 4, 8, 2};
  std::qsort(numbers, std::size(numbers), sizeof(int), compare_and_visit);
  return numbers[0] + g_sink;
}

int through_signal(Visit visit) {
  g_visit = visit;
  const HandlerInstalled installed(SIGUSR1, handle, 0);
  raise(SIGUSR1);
  return g_sink;
}

int through_signal_on_other_stack(Visit visit) {
  g_visit = visit;
  constexpr std::size_t kBytes = 256 * 1024;
  const std::unique_ptr<char[]> memory(new char[kBytes]);
  stack_t other{};
  other.ss_sp = memory.get();
  other.ss_size = kBytes;
  stack_t before{};
  sigaltstack(&other, &before);
  const HandlerInstalled installed(SIGUSR1, handle, SA_ONSTACK);
  raise(SIGUSR1);
  sigaltstack(&before, nullptr);
  return g_sink;
}

int through_nested_signals(Visit visit) {
  g_visit = visit;
  const HandlerInstalled outer(SIGUSR1, handle_and_raise, 0);
  const HandlerInstalled inner(SIGUSR2, handle, 0);
  raise(SIGUSR1);
  return g_sink;
}

// The interrupted instruction is inside this very function, not in a system call.
[[gnu::noinline]] int through_fault(Visit visit) {
  g_visit = visit;
  const HandlerInstalled installed(SIGTRAP, handle_fault, 0);
  if (sigsetjmp(g_after_fault, 1) == 0) asm volatile("int3");
  return g_sink;
}

[[gnu::noinline]] int through_functions(unsigned depth, const std::function<int()>& visit) {
  if (depth == 0) return visit() + g_sink;
  const std::function<int()> inner = [&] { return through_functions(depth - 1, visit) + g_sink; };
  return std::bind([](const std::function<int()>& f) { return f() + g_sink; }, inner)() + g_sink;
}

int through_catch(Visit visit) {
  int result = 0;
  try {
    if (visit != nullptr) throw std::runtime_error("on purpose");
  } catch (const std::runtime_error& error) {
    result = visit() + static_cast<int>(std::strlen(error.what()));
  }
  return result;
}

int through_constructor(Visit visit) {
  const std::unique_ptr<Shape> shape = std::make_unique<Square>(visit);
  return shape->area(visit) + g_sink;
}

int through_call_once(Visit visit) {
  std::once_flag flag;
  std::call_once(flag, [visit] { g_sink = g_sink + visit(); });
  return g_sink;
}

}  // namespace memwatch::preload_testing
