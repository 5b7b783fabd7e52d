#include "collector/gate/budget.h"

#include <fmt/format.h>

#include "collector/analysis/selection.h"
#include "collector/base/parse_number.h"
#include "collector/base/parse_size.h"
#include "collector/base/toml_document.h"

namespace memwatch::gate {
namespace {

namespace toml = toml_document;
using toml::Kind;
using toml::Value;

// In the order of StackFigure.
constexpr std::array<std::string_view, kStackFigureCount> kLimitKeys = {
    "max_allocated", "max_allocations", "max_leaked", "max_own_peak", "max_peak"};

std::string metric_names() {
  return fmt::format("{}", fmt::join(kMetricNames, ", "));
}

class Parser {
 public:
  explicit Parser(toml::Source source) : source_(std::move(source)) {}

  Result<Budget> parse(const Value& root) {
    for (const toml::Entry& entry : root.table) {
      if (auto done = parse_section(entry); !done) return done.error();
    }
    return std::move(budget_);
  }

 private:
  using Amounts = std::array<std::optional<std::uint64_t>, kMetricCount>;

  [[nodiscard]] Error wrong(const Value& at, std::string why) const {
    return toml::complaint(source_, at.line, std::move(why));
  }

  Result<void> parse_section(const toml::Entry& entry) {
    const Value& value = entry.value;
    if (entry.key == "stack") {
      if (value.kind != Kind::array) {
        return wrong(value, "stack: expected tables that begin with [[stack]]");
      }
      for (const Value& stack : value.array) {
        if (auto done = parse_stack(stack); !done) return done;
      }
      return {};
    }
    const bool tolerance = entry.key == "tolerance";
    Amounts* const amounts = tolerance              ? &budget_.tolerance
                             : entry.key == "floor" ? &budget_.floor
                             : entry.key == "limit" ? &budget_.limit
                                                    : nullptr;
    if (amounts == nullptr) {
      return wrong(value, fmt::format("unknown key '{}': expected [tolerance], [floor], [limit] "
                                      "or [[stack]]",
                                      entry.key));
    }
    if (value.kind != Kind::table) {
      return wrong(value, entry.key + ": " + toml::expected("a table", value));
    }
    return parse_metrics(entry.key, value, tolerance, *amounts);
  }

  Result<void> parse_metrics(const std::string& section, const Value& table, bool tolerance,
                             Amounts& amounts) {
    for (const toml::Entry& entry : table.table) {
      const std::optional<Metric> metric = metric_from_name(entry.key);
      if (!metric) {
        return wrong(entry.value, fmt::format("unknown metric '{}' in [{}]: expected one of {}",
                                              entry.key, section, metric_names()));
      }
      const Result<std::uint64_t> amount =
          tolerance ? percentage(entry) : quantity(entry, is_bytes(*metric));
      if (!amount) return amount.error();
      amounts[static_cast<std::size_t>(*metric)] = *amount;
    }
    return {};
  }

  // "5 %", "0.5%": in millionths.
  Result<std::uint64_t> percentage(const toml::Entry& entry) const {
    constexpr std::string_view kExpected = "a percentage as a string, such as \"5 %\"";
    if (entry.value.kind != Kind::string) {
      return wrong(entry.value, entry.key + ": " + toml::expected(kExpected, entry.value));
    }
    const std::optional<NumberWithUnit> number = split_number(entry.value.string);
    const std::optional<std::uint64_t> millionths =
        number && number->unit == "%" ? scaled(*number, 10'000) : std::nullopt;
    constexpr std::uint64_t kMost = 1'000'000'000;  // a thousandfold
    if (!millionths || *millionths > kMost) {
      return wrong(entry.value, fmt::format("{}: expected {}, found \"{}\"", entry.key, kExpected,
                                            entry.value.string));
    }
    return *millionths;
  }

  Result<std::uint64_t> quantity(const toml::Entry& entry, bool bytes) const {
    const Value& value = entry.value;
    if (value.kind == Kind::integer && value.integer >= 0) {
      return static_cast<std::uint64_t>(value.integer);
    }
    const std::string_view what =
        bytes ? "a size such as \"64MiB\" or a number of bytes" : "a whole number from 0 on";
    if (value.kind == Kind::integer) {
      return wrong(value, fmt::format("{}: expected {}, found {}", entry.key, what, value.integer));
    }
    if (!bytes || value.kind != Kind::string) {
      return wrong(value, entry.key + ": " + toml::expected(what, value));
    }
    const Result<std::uint64_t> size = parse_size(value.string);
    if (size) return *size;
    return wrong(value,
                 fmt::format("{}: expected {}, found \"{}\"", entry.key, what, value.string));
  }

  Result<void> parse_stack(const Value& table) {
    if (table.kind != Kind::table) return wrong(table, toml::expected("a table", table));
    StackLimit limit;
    limit.line = table.line;
    bool limited = false;
    for (const toml::Entry& entry : table.table) {
      if (entry.key == "match" || entry.key == "name") {
        if (entry.value.kind != Kind::string) {
          return wrong(entry.value, entry.key + ": " + toml::expected("a string", entry.value));
        }
        (entry.key == "match" ? limit.match : limit.name) = entry.value.string;
        if (entry.key == "match") {
          if (auto done = check_pattern(entry.value); !done) return done;
        }
        continue;
      }
      if (entry.key == "optional") {
        if (entry.value.kind != Kind::boolean) {
          return wrong(entry.value,
                       entry.key + ": " + toml::expected("true or false", entry.value));
        }
        limit.optional = entry.value.boolean;
        continue;
      }
      const auto figure = figure_of(entry.key);
      if (!figure) {
        return wrong(
            entry.value,
            fmt::format("unknown key '{}' in [[stack]]: expected match, name, optional, {}",
                        entry.key, fmt::join(kLimitKeys, ", ")));
      }
      const Result<std::uint64_t> most = quantity(entry, is_bytes(*figure));
      if (!most) return most.error();
      limit.most[static_cast<std::size_t>(*figure)] = *most;
      limited = true;
    }
    if (limit.match.empty()) {
      return wrong(table, "[[stack]] without match = \"REGEX\": it would pick every stack");
    }
    if (!limited) {
      return wrong(table, fmt::format("[[stack]] limits nothing: expected one of {}",
                                      fmt::join(kLimitKeys, ", ")));
    }
    if (limit.name.empty()) limit.name = limit.match;
    budget_.stacks.push_back(std::move(limit));
    return {};
  }

  Result<void> check_pattern(const Value& value) const {
    const Result<void> checked =
        analysis::check_patterns({.pid = {}, .filter = value.string, .exclude = {}});
    if (checked) return {};
    return wrong(value, fmt::format("match: '{}' is no regular expression (RE2): {}", value.string,
                                    checked.error().why));
  }

  static std::optional<StackFigure> figure_of(std::string_view key) {
    for (std::size_t i = 0; i < kStackFigureCount; ++i) {
      if (kLimitKeys[i] == key) return static_cast<StackFigure>(i);
    }
    return std::nullopt;
  }

  toml::Source source_;
  Budget budget_;
};

Result<Budget> from(const toml::Source& source, const Result<Value>& document) {
  if (!document) return document.error();
  return Parser(source).parse(*document);
}

}  // namespace

std::string_view stack_limit_key(StackFigure figure) {
  return kLimitKeys[static_cast<std::size_t>(figure)];
}

Result<Budget> read_budget(const std::string& path) {
  const toml::Source source{"read the budget", path};
  return from(source, toml::read(source));
}

Result<Budget> parse_budget(const std::string& path, std::string_view text) {
  const toml::Source source{"read the budget", path};
  return from(source, toml::parse(source, text));
}

}  // namespace memwatch::gate
