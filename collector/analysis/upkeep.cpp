#include "collector/analysis/upkeep.h"

#include <algorithm>
#include <array>

#include "collector/analysis/noise_frames.h"
#include "collector/analysis/stack_text.h"

namespace memwatch::analysis {
namespace {

constexpr auto kPrefixes = std::to_array<std::string_view>({"_IO_file_doallocate",
                                                            "_IO_wfile_doallocate",
                                                            "_nl_",
                                                            "setlocale",
                                                            "__setlocale",
                                                            "newlocale",
                                                            "__newlocale",
                                                            "bindtextdomain",
                                                            "textdomain",
                                                            "__bindtextdomain",
                                                            "__textdomain",
                                                            "_dl_",
                                                            "call_init",
                                                            "__tz",
                                                            "tzset",
                                                            "__gconv_",
                                                            "__nss_",
                                                            "getpw",
                                                            "getgr",
                                                            "gethostby",
                                                            "getserv",
                                                            "__libc_setup_tls"});

bool keeps(std::string_view name) {
  constexpr std::string_view kInternal = "__GI_";
  if (name.starts_with(kInternal)) name.remove_prefix(kInternal.size());
  return std::any_of(kPrefixes.begin(), kPrefixes.end(),
                     [&](std::string_view prefix) { return name.starts_with(prefix); });
}

}  // namespace

bool is_upkeep(const model::Session& session, model::StackId stack) {
  // From the allocator outwards, as long as nothing but runtime libraries is met: a constructor of
  // the program's own that the loader called is the program's.
  bool found = false;
  for_each_frame(session, stack, [&](const Frame& frame) {
    if (!is_runtime_library(frame.module)) return false;
    found = keeps(frame.function);
    return !found;
  });
  return found;
}

}  // namespace memwatch::analysis
