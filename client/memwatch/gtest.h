// GoogleTest with memory: every test gets its peak, its leaks and its allocations, and may have
// limits that fail it. Header only; GoogleTest 1.10 or newer, C++14.
//
//   int main(int argc, char** argv) {
//     ::testing::InitGoogleTest(&argc, argv);
//     memwatch::gtest::install();  // or, for all: install(memwatch::gtest::Limits().max_peak(1 <<
//     20)) return RUN_ALL_TESTS();
//   }
//   TEST(Parser, TakesLittleMemory) {
//     memwatch::gtest::limit().max_peak(64 << 10).max_allocations(100).max_not_freed(0);
//     …
//   }
//
//   memwatch run -- ./my_tests
//
// Without memwatch, or where it does not record every call, tests run as ever, limits are not
// looked at, and one line on stderr says so: MEMWATCH_GTEST=required in the environment makes that
// an error, for a CI job that must not pass because nothing was measured.
//
// What a test is charged with is what its process did from its start to its end, fixtures (SetUp,
// TearDown) and other threads included, and the objects that GoogleTest makes for the test (some
// 300 bytes in two blocks). Peak and not freed are what exceeds what was live when it started. A
// table that is filled on its first use and kept counts as not freed by the test that uses it
// first. Figures go into the XML and JSON reports of GoogleTest as properties of the test.
#pragma once

#include <gtest/gtest.h>
#include <memwatch/memwatch.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

namespace memwatch {
namespace gtest {

// In bytes, and calls that returned a block. What is not limited is only measured.
class Limits {
 public:
  Limits& max_peak(unsigned long long bytes) { return set(peak_, bytes); }
  Limits& max_not_freed(unsigned long long bytes) { return set(not_freed_, bytes); }
  Limits& max_allocations(unsigned long long calls) { return set(allocations_, calls); }
  Limits& max_allocated(unsigned long long bytes) { return set(allocated_, bytes); }

  struct Limit {
    bool is_set = false;
    unsigned long long most = 0;
  };
  const Limit& peak() const { return peak_; }
  const Limit& not_freed() const { return not_freed_; }
  const Limit& allocations() const { return allocations_; }
  const Limit& allocated() const { return allocated_; }

 private:
  Limits& set(Limit& limit, unsigned long long most) {
    limit.is_set = true;
    limit.most = most;
    return *this;
  }
  Limit peak_, not_freed_, allocations_, allocated_;
};

// What one test cost.
struct Figures {
  unsigned long long peak = 0, not_freed = 0, allocations = 0, allocated = 0;
};

class Listener : public ::testing::EmptyTestEventListener {
 public:
  explicit Listener(const Limits& for_all) : for_all_(for_all), limits_(for_all) {
    current() = this;
  }
  ~Listener() override {
    if (current() == this) current() = nullptr;
  }

  Limits& limits() { return limits_; }
  static Listener*& current() {
    static Listener* listener = nullptr;
    return listener;
  }

 private:
  void OnTestStart(const ::testing::TestInfo&) override {
    limits_ = for_all_;
    const int status = memwatch_query_counters(&before_);
    is_measuring_ = status == MEMWATCH_OK;
    if (!is_measuring_) tell(status);
  }

  void OnTestEnd(const ::testing::TestInfo& test) override {
    if (!is_measuring_) return;
    is_measuring_ = false;
    memwatch_counters after;
    const int status = memwatch_query_counters(&after);
    if (status != MEMWATCH_OK) {
      tell(status);
      return;
    }
    const auto more = [](unsigned long long now, unsigned long long then) {
      return now > then ? now - then : 0;
    };
    Figures figures;
    figures.peak = more(after.peak_bytes, before_.live_bytes);
    figures.not_freed = more(after.live_bytes, before_.live_bytes);
    figures.allocations = after.allocations - before_.allocations;
    figures.allocated = after.allocated_bytes - before_.allocated_bytes;
    judge(test, "peak", figures.peak, limits_.peak(), "bytes");
    judge(test, "not_freed", figures.not_freed, limits_.not_freed(), "bytes");
    judge(test, "allocations", figures.allocations, limits_.allocations(), "calls");
    judge(test, "allocated", figures.allocated, limits_.allocated(), "bytes");
  }

  static void judge(const ::testing::TestInfo& test, const char* what, unsigned long long value,
                    const Limits::Limit& limit, const char* unit) {
    ::testing::Test::RecordProperty(std::string("memwatch_") + what, std::to_string(value));
    if (limit.is_set && value > limit.most) {
      ADD_FAILURE_AT(test.file(), test.line())
          << "memwatch: " << what << " of this test: " << value << ' ' << unit
          << ", more than the limit of " << limit.most;
    }
  }

  void tell(int status) {
    const char* const why =
        status == MEMWATCH_ABSENT ? "the tests run without memwatch (memwatch run -- PROGRAM)"
        : status == MEMWATCH_NOT_EXACT
            ? "memwatch does not record every call of this process (--mode exact)"
            : "memwatch gave no answer";
    const char* const wish = std::getenv("MEMWATCH_GTEST");
    if (wish != nullptr && std::strcmp(wish, "required") == 0) {
      ADD_FAILURE() << "memwatch: memory was not measured: " << why;
    } else if (!has_told_) {
      std::fprintf(stderr, "memwatch: memory is not measured, limits are not checked: %s\n", why);
    }
    has_told_ = true;
  }

  const Limits for_all_;
  Limits limits_;
  memwatch_counters before_{};
  bool is_measuring_ = false;
  bool has_told_ = false;
};

// After InitGoogleTest. The limits hold for every test that does not set its own.
inline void install(const Limits& for_all = Limits()) {
  ::testing::UnitTest::GetInstance()->listeners().Append(new Listener(for_all));
}

// Those of the test that runs now, to be tightened or loosened in it or in its SetUp.
inline Limits& limit() {
  static Limits ignored;  // nothing is installed
  Listener* const listener = Listener::current();
  return listener == nullptr ? ignored : listener->limits();
}

}  // namespace gtest
}  // namespace memwatch
