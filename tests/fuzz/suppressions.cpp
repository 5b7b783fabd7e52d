// libFuzzer entry: any text as a file of suppressions, and those it holds tried on some stacks.
#include "collector/analysis/suppressions.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace memwatch;

analysis::Frame frame(std::string_view function, std::string_view file, std::uint32_t line,
                      std::string_view module) {
  analysis::Frame frame;
  frame.function = function;
  frame.file = file;
  frame.line = line;
  frame.module = module;
  return frame;
}

const std::array<std::vector<analysis::Frame>, 4>& stacks() {
  static const std::array<std::vector<analysis::Frame>, 4> all{{
      {},
      {frame("", "", 0, "")},
      {frame("parse", "parse.c", 12, "/usr/bin/program"),
       frame("load", "load.c", 40, "/usr/bin/program"),
       frame("main", "main.c", 7, "/usr/bin/program")},
      {frame("ns::Cache<int>::grow(unsigned long)", "/src/cache.h", 300, "/usr/lib/libcache.so.1"),
       frame("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "", 0, "/usr/lib/libcache.so.1"),
       frame("start_thread", "", 0, "/lib/x86_64-linux-gnu/libc.so.6")},
  }};
  return all;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto demangle = [](const std::string& name) { return name + "(int)"; };
  const auto parsed = analysis::parse_suppressions(text, "file.supp", demangle);
  if (!parsed) return 0;
  for (const analysis::Suppression& suppression : *parsed) {
    for (const auto& stack : stacks()) (void)analysis::matches(suppression, stack);
  }
  return 0;
}
