// The baseline as characters, and back. See baseline.h for what they look like.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>

#include "collector/base/toml_document.h"
#include "collector/gate/baseline.h"

namespace memwatch::gate {
namespace {

namespace toml = toml_document;
using toml::Kind;
using toml::Value;

constexpr std::string_view kSchema = "memwatch.baseline/1";
constexpr std::string_view kSchemaFamily = "memwatch.baseline/";
constexpr std::string_view kOthers = "(other stacks)", kLargestOther = "(largest other)";
constexpr auto kRemedy = "make it again with --update";

std::string metric_names() {
  return fmt::format("{}", fmt::join(kMetricNames, ", "));
}

bool is_kept(std::size_t figure) {
  return figure != static_cast<std::size_t>(StackFigure::own_peak);
}

// TOML knows whole numbers below 2^63.
std::uint64_t storable(std::uint64_t value) {
  return std::min<std::uint64_t>(value, std::numeric_limits<std::int64_t>::max());
}

// Names come from other people's binaries and machines. What is no printable ASCII is escaped byte
// by byte: the text only has to be the same for the same bytes.
std::string quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (byte < 0x20 || byte >= 0x7F) {
      quoted += fmt::format("\\u{:04X}", byte);
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

// The bytes again: the parser gives U+00XX as UTF-8, of one or two bytes.
std::string unescaped(std::string_view text) {
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto first = static_cast<unsigned char>(text[i]);
    if ((first == 0xC2 || first == 0xC3) && i + 1 < text.size()) {
      const auto second = static_cast<unsigned char>(text[++i]);
      bytes += static_cast<char>((first & 0x03U) << 6U | (second & 0x3FU));
    } else {
      bytes += text[i];
    }
  }
  return bytes;
}

std::string figures_text(const StackFigures& figures) {
  std::string text = "{ ";
  for (std::size_t i = 0; i < kStackFigureCount; ++i) {
    if (!is_kept(i)) continue;
    if (text.size() > 2) text += ", ";
    text += fmt::format("{} = {}", kStackFigureNames[i], storable(figures[i]));
  }
  return text + " }";
}

class Parser {
 public:
  explicit Parser(toml::Source source) : source_(std::move(source)) {}

  Result<Baseline> parse(const Value& root) {
    if (auto checked = check_schema(root); !checked) return checked.error();
    for (const toml::Entry& entry : root.table) {
      if (entry.key == "schema") continue;
      if (entry.key != "metrics" && entry.key != "environment" && entry.key != "stacks") {
        return wrong(entry.value.line,
                     fmt::format("unknown key '{}': expected [metrics], [environment] or [stacks]",
                                 entry.key));
      }
      if (entry.value.kind != Kind::table) {
        return wrong(entry.value.line, entry.key + ": " + toml::expected("a table", entry.value));
      }
      const Result<void> done = entry.key == "metrics"       ? parse_metrics(entry.value)
                                : entry.key == "environment" ? parse_environment(entry.value)
                                                             : parse_stacks(entry.value);
      if (!done) return done.error();
    }
    for (std::size_t i = 0; i < kMetricCount; ++i) {
      if (baseline_.metrics[i].runs == 0) {
        return wrong(0, fmt::format("[metrics] has no {}", kMetricNames[i]));
      }
    }
    std::sort(baseline_.stacks.begin(), baseline_.stacks.end(),
              [](const BaselineStack& a, const BaselineStack& b) { return a.text < b.text; });
    return std::move(baseline_);
  }

 private:
  [[nodiscard]] Error wrong(std::size_t line, std::string why) const {
    return toml::complaint(source_, line, std::move(why), kRemedy);
  }

  [[nodiscard]] Result<void> check_schema(const Value& root) const {
    for (const toml::Entry& entry : root.table) {
      if (entry.key != "schema") continue;
      if (entry.value.kind == Kind::string && entry.value.string == kSchema) return {};
      if (entry.value.kind == Kind::string && entry.value.string.starts_with(kSchemaFamily)) {
        return toml::complaint(source_, entry.value.line,
                               fmt::format("written by another memwatch: expected schema \"{}\", "
                                           "found \"{}\"",
                                           kSchema, entry.value.string));
      }
      return wrong(entry.value.line, fmt::format("expected schema = \"{}\"", kSchema));
    }
    return toml::complaint(source_, 1,
                           fmt::format("no memwatch baseline: expected schema = \"{}\"", kSchema));
  }

  [[nodiscard]] Result<std::uint64_t> number(const toml::Entry& entry) const {
    if (entry.value.kind == Kind::integer && entry.value.integer >= 0) {
      return static_cast<std::uint64_t>(entry.value.integer);
    }
    return wrong(entry.value.line, fmt::format("{}: expected a whole number from 0 on", entry.key));
  }

  Result<void> parse_metrics(const Value& table) {
    for (const toml::Entry& entry : table.table) {
      const std::optional<Metric> metric = metric_from_name(entry.key);
      if (!metric) {
        return wrong(entry.value.line, fmt::format("unknown metric '{}': expected one of {}",
                                                   entry.key, metric_names()));
      }
      if (entry.value.kind != Kind::table) {
        return wrong(entry.value.line,
                     entry.key + ": expected { value = …, min = …, max = …, runs = … }");
      }
      Spread spread;
      std::size_t seen = 0;
      for (const toml::Entry& part : entry.value.table) {
        if (*metric == Metric::leaked_bytes && part.key == "method" &&
            part.value.kind == Kind::string) {
          baseline_.leak_method = part.value.string;
          continue;
        }
        std::uint64_t* const target = part.key == "value" ? &spread.middle
                                      : part.key == "min" ? &spread.min
                                      : part.key == "max" ? &spread.max
                                                          : nullptr;
        if (target == nullptr && part.key != "runs") {
          return wrong(part.value.line, fmt::format("unknown key '{}' of {}: expected value, min, "
                                                    "max, runs",
                                                    part.key, entry.key));
        }
        const Result<std::uint64_t> value = number(part);
        if (!value) return value.error();
        (target != nullptr ? *target : spread.runs) = *value;
        ++seen;
      }
      if (seen != 4 || spread.runs == 0 || spread.min > spread.middle ||
          spread.middle > spread.max) {
        return wrong(entry.value.line, entry.key +
                                           ": expected value, min, max and runs, with min ≤ value "
                                           "≤ max and at least one run");
      }
      if (*metric == Metric::leaked_bytes && baseline_.leak_method != "lifetime" &&
          baseline_.leak_method != "reachability") {
        return wrong(entry.value.line,
                     "leaked_bytes: expected method = \"lifetime\" or \"reachability\"");
      }
      baseline_.metrics[static_cast<std::size_t>(*metric)] = spread;
    }
    return {};
  }

  Result<void> parse_environment(const Value& table) {
    Environment& environment = baseline_.environment.emplace();
    for (const toml::Entry& entry : table.table) {
      if (entry.key == "cpus") {
        const Result<std::uint64_t> value = number(entry);
        if (!value) return value.error();
        environment.cpus = *value;
        continue;
      }
      std::string* const target = entry.key == "allocator"  ? &environment.allocator
                                  : entry.key == "kernel"   ? &environment.kernel
                                  : entry.key == "libc"     ? &environment.libc
                                  : entry.key == "machine"  ? &environment.machine
                                  : entry.key == "memwatch" ? &environment.memwatch
                                                            : nullptr;
      if (target == nullptr) {
        return wrong(entry.value.line,
                     fmt::format("unknown key '{}' in [environment]: expected allocator, cpus, "
                                 "kernel, libc, machine, memwatch",
                                 entry.key));
      }
      if (entry.value.kind != Kind::string) {
        return wrong(entry.value.line, entry.key + ": " + toml::expected("a string", entry.value));
      }
      *target = unescaped(entry.value.string);
    }
    return {};
  }

  Result<void> parse_stacks(const Value& table) {
    for (const toml::Entry& entry : table.table) {
      if (entry.value.kind != Kind::table) {
        return wrong(entry.value.line,
                     "a stack: " + toml::expected("its figures in { }", entry.value));
      }
      StackFigures figures{};
      for (const toml::Entry& part : entry.value.table) {
        const auto name = std::find(kStackFigureNames.begin(), kStackFigureNames.end(), part.key);
        const auto index = static_cast<std::size_t>(name - kStackFigureNames.begin());
        if (name == kStackFigureNames.end() || !is_kept(index)) {
          return wrong(part.value.line,
                       fmt::format("unknown figure '{}' of a stack: expected allocated_bytes, "
                                   "allocations, leaked_bytes, peak_heap",
                                   part.key));
        }
        const Result<std::uint64_t> value = number(part);
        if (!value) return value.error();
        figures[index] = *value;
      }
      if (entry.key == kOthers) {
        baseline_.others = figures;
      } else if (entry.key == kLargestOther) {
        baseline_.largest_other = figures;
      } else {
        std::string text = unescaped(entry.key);
        if (!listed_.insert(text).second) {
          return wrong(entry.value.line, fmt::format("the stack {} stands here twice, in two "
                                                     "spellings",
                                                     quoted(text)));
        }
        baseline_.stacks.push_back(BaselineStack{std::move(text), figures});
      }
    }
    return {};
  }

  toml::Source source_;
  Baseline baseline_;
  std::set<std::string> listed_;  // TOML compares keys by their characters, not by their bytes
};

Result<Baseline> from(const toml::Source& source, const Result<Value>& document) {
  if (!document) {
    Error error = document.error();
    if (error.kind == ErrorKind::damaged) error.remedy = kRemedy;
    return error;
  }
  return Parser(source).parse(*document);
}

}  // namespace

std::string baseline_text(const Baseline& baseline) {
  std::string text =
      "# What `memwatch gate` compares with. Written by --update, to be committed and reviewed.\n";
  text += fmt::format("schema = \"{}\"\n\n[metrics]\n", kSchema);
  for (std::size_t i = 0; i < kMetricCount; ++i) {
    const Spread& spread = baseline.metrics[i];
    text += fmt::format("{} = {{ value = {}, min = {}, max = {}, runs = {}", kMetricNames[i],
                        storable(spread.middle), storable(spread.min), storable(spread.max),
                        spread.runs);
    if (static_cast<Metric>(i) == Metric::leaked_bytes) {
      text += ", method = " + quoted(baseline.leak_method);
    }
    text += " }\n";
  }
  if (const auto& environment = baseline.environment) {
    text += "\n[environment]\n";
    text += "allocator = " + quoted(environment->allocator) + "\n";
    text += fmt::format("cpus = {}\n", environment->cpus);
    text += "kernel = " + quoted(environment->kernel) + "\n";
    text += "libc = " + quoted(environment->libc) + "\n";
    text += "machine = " + quoted(environment->machine) + "\n";
    text += "memwatch = " + quoted(environment->memwatch) + "\n";
  }
  text += "\n[stacks]\n";
  text += quoted(kLargestOther) + " = " + figures_text(baseline.largest_other) + "\n";
  text += quoted(kOthers) + " = " + figures_text(baseline.others) + "\n";
  for (const BaselineStack& stack : baseline.stacks) {
    text += quoted(stack.text) + " = " + figures_text(stack.figures) + "\n";
  }
  return text;
}

Result<Baseline> read_baseline(const std::string& path) {
  const toml::Source source{"read the baseline", path};
  return from(source, toml::read(source));
}

Result<Baseline> parse_baseline(const std::string& path, std::string_view text) {
  const toml::Source source{"read the baseline", path};
  return from(source, toml::parse(source, text));
}

bool looks_like_baseline(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos ||
         text.find(kSchemaFamily) != std::string_view::npos;
}

}  // namespace memwatch::gate
