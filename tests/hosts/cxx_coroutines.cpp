// C++20 coroutines: frames on the heap, resumed from another depth, in another order and by another
// thread than the one that made them, and destroyed half-way.
#include <coroutine>
#include <cstdlib>
#include <thread>
#include <utility>
#include <vector>

#include "tests/hosts/host.h"

namespace {

struct Generator {
  struct promise_type {
    int value = 0;
    Generator get_return_object() {
      return Generator(std::coroutine_handle<promise_type>::from_promise(*this));
    }
    static std::suspend_always initial_suspend() { return {}; }
    static std::suspend_always final_suspend() noexcept { return {}; }
    std::suspend_always yield_value(int next) {
      value = next;
      return {};
    }
    static void return_void() {}
    [[noreturn]] static void unhandled_exception() { std::abort(); }
  };
  explicit Generator(std::coroutine_handle<promise_type> made) : handle(made) {}
  Generator(Generator&& other) noexcept : handle(std::exchange(other.handle, nullptr)) {}
  ~Generator() {
    if (handle) handle.destroy();
  }
  int next() {
    handle.resume();
    return handle.promise().value;
  }
  std::coroutine_handle<promise_type> handle;
};

Generator allocates(int count) {
  for (int i = 0; i < count; ++i) {
    void* const block = keep(std::malloc(static_cast<std::size_t>(40 + i)));
    co_yield i;
    if (i % 2 == 0) std::free(block);
  }
}

HOST_NOINLINE int resume_at_depth(Generator& generator, int depth) {
  return depth > 0 ? resume_at_depth(generator, depth - 1) : generator.next();
}

}  // namespace

int main() {
  int sum = 0;
  std::vector<Generator> generators;
  generators.reserve(50);
  for (int i = 0; i < 50; ++i) generators.push_back(allocates(30));
  for (int turn = 0; turn < 20; ++turn) {
    for (auto& generator : generators) sum += resume_at_depth(generator, turn);
  }
  std::thread([&] {
    for (auto& generator : generators) sum += resume_at_depth(generator, 3);
  }).join();
  generators.clear();
  say("%d\n", sum);
  return 0;
}
