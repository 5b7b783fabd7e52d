#include "tools/cli/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <vector>

#include "collector/base/parse_duration.h"
#include "collector/base/parse_size.h"
#include "tools/cli/suggest.h"

namespace memwatch::cli {
namespace {

// The name to show in a mistake: "--output" of "-o,--output".
std::string shown_name(const std::string& name) {
  const std::size_t at = name.find("--");
  return at == std::string::npos ? name : name.substr(at);
}

[[noreturn]] void refuse(const std::string& name, const std::string& why) {
  throw CLI::ValidationError(shown_name(name), why);
}

CLI::Option* finish(CLI::Option* option, const char* type, const std::string& default_text) {
  option->type_name(type);
  if (!default_text.empty()) option->default_str(default_text);
  return option;
}

std::string why_not(const Error& error) {
  return fmt::format("'{}': {} ({})", error.subject, error.why, error.remedy);
}

}  // namespace

CLI::Option* add_size(CLI::App& app, const std::string& name, std::uint64_t& target,
                      const std::string& description, const std::string& default_text) {
  const auto take = [name, &target](const std::string& text) {
    const Result<std::uint64_t> size = parse_size(text);
    if (!size) refuse(name, why_not(size.error()));
    target = *size;
  };
  return finish(app.add_option_function<std::string>(name, take, description), "SIZE",
                default_text);
}

CLI::Option* add_duration(CLI::App& app, const std::string& name, std::chrono::nanoseconds& target,
                          const std::string& description, const std::string& default_text,
                          std::chrono::nanoseconds bare_unit) {
  const auto take = [name, &target, bare_unit](const std::string& text) {
    const Result<std::chrono::nanoseconds> duration = parse_duration(text, bare_unit);
    if (!duration) refuse(name, why_not(duration.error()));
    target = *duration;
  };
  return finish(app.add_option_function<std::string>(name, take, description), "TIME",
                default_text);
}

CLI::Option* add_choice(CLI::App& app, const std::string& name, std::string& target,
                        std::span<const std::string_view> choices, const std::string& description) {
  const auto take = [name, &target, choices](const std::string& text) {
    if (std::find(choices.begin(), choices.end(), text) != choices.end()) {
      target = text;
      return;
    }
    const std::vector<std::string> candidates(choices.begin(), choices.end());
    if (const auto meant = nearest(text, candidates)) {
      refuse(name, fmt::format("'{}' is none of its values: did you mean `{}`?", text, *meant));
    }
    refuse(name, fmt::format("'{}' is none of {}", text, fmt::join(candidates, ", ")));
  };
  CLI::Option* option = app.add_option_function<std::string>(
      name, take, fmt::format("{}: {}", description, fmt::join(choices, ", ")));
  return finish(option, "NAME", target);
}

CLI::Option* add_count(CLI::App& app, const std::string& name, std::uint64_t& target,
                       std::uint64_t most, const std::string& description,
                       const std::string& default_text) {
  const auto take = [name, &target, most](const std::string& text) {
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value > most) {
      refuse(name, fmt::format("'{}' is not a whole number from 0 to {}", text, most));
    }
    target = value;
  };
  return finish(app.add_option_function<std::string>(name, take, description), "N", default_text);
}

CLI::Option* add_files(CLI::App& app, const std::string& name, std::vector<std::string>& target,
                       const std::string& description) {
  return app.add_option(name, target, description)
      ->type_name("FILE")
      ->expected(1)
      ->allow_extra_args(false)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
}

}  // namespace memwatch::cli
