#include "tools/render/heaptrack.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <deque>
#include <iterator>
#include <limits>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "collector/analysis/allocation_script.h"
#include "collector/analysis/stack_text.h"
#include "tools/render/printable.h"
#include "tools/render/provenance.h"

namespace memwatch::render {
namespace {

constexpr std::uint64_t kPageBytes = 4096;
constexpr std::uint32_t kHeaptrackVersion = 0x010400;  // of the program whose format it is
constexpr std::uint32_t kFileVersion = 3;

// Strings, instruction pointers and traces, each written when it is first asked for.
class Tables {
 public:
  Tables(const model::Session& session, Output& output)
      : session_(session),
        output_(output),
        pointers_(session.code_addresses.size()),
        traces_(session.stacks.size()) {}

  // 0 for the stack that is unknown. Parents have smaller ids than their children.
  std::uint32_t trace(model::StackId stack) {
    path_.clear();
    std::uint32_t parent = 0;
    while (stack != model::kNone && stack < session_.stacks.size()) {
      const model::StackNode& node = session_.stacks[stack];
      if (traces_[stack] != 0 || node.address == model::kNone) {
        parent = traces_[stack];
        break;
      }
      path_.push_back(stack);
      if (node.parent >= stack) break;
      stack = node.parent;
    }
    for (auto node = path_.rbegin(); node != path_.rend(); ++node) {
      const std::uint32_t instruction = pointer(session_.stacks[*node].address);
      output_.write(fmt::format("t {:x} {:x}\n", instruction, parent));
      parent = traces_[*node] = ++trace_count_;
    }
    return parent;
  }

 private:
  std::uint32_t pointer(model::CodeAddressId address) {
    if (address >= pointers_.size()) return 0;
    if (pointers_[address] != 0) return pointers_[address];
    const std::vector<analysis::Frame> frames = analysis::frames_at(session_, address);
    // Strings are written when they are first asked for, so one at a time, in the order of the
    // line.
    std::string line = fmt::format("i {:x}", frames.front().offset);
    const auto add = [&](std::uint32_t number) {
      fmt::format_to(std::back_inserter(line), " {:x}", number);
    };
    add(string(frames.front().module));
    for (const analysis::Frame& frame : frames) {
      // heaptrack takes all code without a name for one place.
      add(string(frame.function.empty() ? unnamed(frame) : frame.function));
      add(string(frame.file));
      add(frame.line);
    }
    output_.write(line + "\n");
    return pointers_[address] = ++pointer_count_;
  }

  std::uint32_t string(std::string_view text) {
    if (text.empty()) return 0;
    const auto [entry, is_new] =
        strings_.try_emplace(text, static_cast<std::uint32_t>(strings_.size() + 1));
    if (is_new) {
      const std::string clean = printable(text);  // no line ends
      output_.write(fmt::format("s {:x} {}\n", clean.size(), clean));
    }
    return entry->second;
  }

  // "libfoo.so+0x1234", kept for as long as strings_ refers to it.
  std::string_view unnamed(const analysis::Frame& frame) {
    return unnamed_.emplace_back(analysis::frame_name(frame));
  }

  const model::Session& session_;
  Output& output_;
  std::unordered_map<std::string_view, std::uint32_t> strings_;
  std::deque<std::string> unnamed_;
  std::vector<std::uint32_t> pointers_, traces_;  // by address, by stack node; 0: not yet written
  std::uint32_t pointer_count_ = 0, trace_count_ = 0;
  std::vector<model::StackId> path_;
};

// Events as lines, gathered: a compiler's run has five million.
class Lines : public analysis::AllocationSink {
 public:
  explicit Lines(Output& output) : output_(output) {}

  void allocate(std::uint32_t kind, std::uint64_t times) override {
    line_.clear();
    add('+', kind);
    repeat(times);
  }
  void free(std::uint32_t kind, std::uint64_t times) override {
    line_.clear();
    add('-', kind);
    repeat(times);
  }
  void allocate_and_free(std::uint32_t kind, std::uint32_t freed, std::uint64_t times) override {
    line_.clear();
    add('+', kind);
    add('-', freed);
    repeat(times);
  }
  void clock(std::uint64_t milliseconds, std::uint64_t rss) override {
    line_.clear();
    add('c', milliseconds);
    if (rss > 0) add('R', rss / kPageBytes);
    repeat(1);
  }
  void flush() {
    output_.write(waiting_);
    waiting_.clear();
  }

 private:
  void add(char what, std::uint64_t number) {
    std::array<char, 16> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number, 16).ptr;
    line_ += what;
    line_ += ' ';
    line_.append(digits.data(), end);
    line_ += '\n';
  }
  void repeat(std::uint64_t times) {
    constexpr std::size_t kAtOnce = 1 << 16;
    for (; times > 0; --times) {
      waiting_ += line_;
      if (waiting_.size() >= kAtOnce) flush();
    }
  }

  Output& output_;
  std::string line_, waiting_;
};

}  // namespace

std::uint64_t heaptrack_calls(const model::Process& process) {
  constexpr std::uint64_t kEndless = std::numeric_limits<std::uint64_t>::max();
  const auto sum = [](std::uint64_t a, std::uint64_t b) {
    return b > kEndless - a ? kEndless : a + b;
  };
  std::uint64_t calls = 0;
  for (const model::Site& site : process.sites) {
    // Live blocks are among the calls, unless the totals contradict each other.
    calls = sum(calls, std::max(sum(site.allocations, site.reallocations), site.live_blocks));
  }
  return calls;
}

void write_heaptrack(const model::Session& session, const model::Process& process, Output& output) {
  output.write(fmt::format("v {:x} {:x}\n", kHeaptrackVersion, kFileVersion));
  for (const std::string& sentence : provenance(session, process)) {
    output.write("# " + sentence + "\n");
  }
  output.write("# The order of events is not the recorded one; sums, peak and leaks are.\n");
  output.write("X " + command_line(process) + "\n");
  output.write(fmt::format("I {:x} 0\n", kPageBytes));

  const analysis::AllocationScript script(process);
  Tables tables(session, output);
  model::StackId stack = model::kNone;
  std::uint32_t trace = 0;
  for (const analysis::AllocationScript::Kind& kind : script.kinds()) {
    if (kind.stack != stack) trace = tables.trace(stack = kind.stack);
    output.write(fmt::format("a {:x} {:x}\n", kind.size, trace));
  }
  Lines lines(output);
  script.play(lines);
  lines.flush();
}

}  // namespace memwatch::render
