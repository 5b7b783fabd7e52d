#include "tools/cli/record_options.h"

#include <unistd.h>

#include <array>
#include <cerrno>
#include <string_view>

#include "collector/procfs/text.h"
#include "collector/symbols/demangle.h"
#include "tools/cli/options.h"

namespace memwatch::cli {

namespace {

constexpr std::array<std::string_view, 2> kOnFull = {"block", "drop"};
constexpr std::array<std::string_view, 3> kModes = {"exact", "sample", "idle"};

model::Mode mode_of(const std::string& name) {
  if (name == "sample") return model::Mode::sample;
  return name == "idle" ? model::Mode::idle : model::Mode::exact;
}

recording::LeakCheckMode leak_check_of(const std::string& name) {
  if (name == "full") return recording::LeakCheckMode::full;
  return name == "none" ? recording::LeakCheckMode::none : recording::LeakCheckMode::auto_;
}

std::string base_name(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

}  // namespace

void add_record_options(CLI::App& app, RecordOptions& options, const std::string& default_on_full) {
  options.on_full = default_on_full;
  app.add_option("-o,--output", options.output,
                 "The session file: %p pid, %e program, %h host [memwatch-%e-%p.mw]")
      ->type_name("FILE")
      ->group("Output");
  app.add_option("--json", options.json, "Also write the JSON report at the end")
      ->type_name("FILE")
      ->group("Output");
  app.add_flag("-q,--quiet", options.quiet, "No alerts and no summary")->group("Output");
  app.add_flag("-v,--verbose", options.verbose, "Say what is being done")->group("Output");
  add_choice(app, "--mode", options.mode, kModes,
             "Every allocation; a sample of them, for production; or counters, large ones and "
             "failures only")
      ->group("Recording");
  add_size(app, "--sample-interval", options.sample_interval,
           "Mean bytes between samples in sample mode", "512KiB")
      ->group("Recording");
  add_size(app, "--large", options.large, "Tell of allocations from this size on", "1GiB")
      ->group("Recording");
  add_choice(app, "--on-full", options.on_full, kOnFull,
             "What the program does when memwatch falls behind: wait, or lose events, counted")
      ->group("Recording");
  add_choice(app, "--leak-check", options.leak_check, kLeakChecks,
             "At exit: who still leads to what was not freed, where that can be had; the same, "
             "told if it cannot; or no check")
      ->group("Leaks");
  add_files(app, "--suppressions", options.suppression_files,
            "Leaks not to be told: LeakSanitizer's syntax and Valgrind's")
      ->group("Leaks");
  app.add_flag("--follow,!--no-follow", options.follow, "Record child processes too (default)")
      ->group("Recording");
  add_count(app, "--rss-interval", options.rss_interval_ms, 3'600'000,
            "Milliseconds between looks at resident memory and page faults", "100")
      ->type_name("MS")
      ->group("Recording");
  add_text_options(app, options.text);
}

recording::RecorderOptions recorder_options(const RecordOptions& options,
                                            std::vector<std::string> command) {
  recording::RecorderOptions result;
  result.on_full = options.on_full == "block" ? protocol::OnFull::block : protocol::OnFull::drop;
  result.mode = mode_of(options.mode);
  result.bytes_between_samples = options.sample_interval == 0 ? 1 : options.sample_interval;
  result.large_threshold = options.large;
  result.sample_interval =
      std::chrono::milliseconds(options.rss_interval_ms == 0 ? 1 : options.rss_interval_ms);
  result.leak_check = leak_check_of(options.leak_check);
  result.follow = options.follow;
  result.command = std::move(command);
  return result;
}

Result<std::vector<analysis::Suppression>> read_suppressions(
    const std::vector<std::string>& files) {
  constexpr std::size_t kMostBytes = std::size_t{16} << 20;
  std::vector<analysis::Suppression> all;
  for (const std::string& file : files) {
    const auto text = procfs::read_text(file, kMostBytes);
    if (!text) return system_error("read suppressions", file, errno != 0 ? errno : EINVAL);
    Result<std::vector<analysis::Suppression>> parsed = analysis::parse_suppressions(
        *text, file, [](const std::string& name) { return symbols::demangle(name); });
    if (!parsed) return parsed.error();
    all.insert(all.end(), parsed->begin(), parsed->end());
  }
  return all;
}

std::string expand_session_name(const std::string& pattern, pid_t pid, const std::string& exe) {
  std::string name;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] != '%' || i + 1 == pattern.size()) {
      name += pattern[i];
      continue;
    }
    ++i;
    if (pattern[i] == 'p') {
      name += std::to_string(pid);
    } else if (pattern[i] == 'e') {
      name += base_name(exe);
    } else if (pattern[i] == 'h') {
      char host[256] = {};
      name += gethostname(host, sizeof host - 1) == 0 ? host : "unknown";
    } else if (pattern[i] == '%') {
      name += '%';
    } else {
      name += '%';
      name += pattern[i];
    }
  }
  return name;
}

}  // namespace memwatch::cli
