// JUnit XML as Jenkins, GitLab and others read it: testsuites, one testsuite, test cases with
// failure, error or skipped. Times are left out: a gate's run times are nobody's test duration.
#include <fmt/format.h>

#include <algorithm>

#include "tools/render/gate.h"
#include "tools/render/gate_words.h"
#include "tools/render/printable.h"

namespace memwatch::render {
namespace {

using gate::GateReport;
using gate::MetricResult;
using gate::Outcome;

constexpr std::size_t kMostStacks = 10;

// Control characters are not allowed in XML, not even escaped; line ends in attributes are.
std::string escaped(std::string_view text, bool attribute) {
  std::string result;
  std::size_t begin = 0;
  while (begin <= text.size()) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    for (const char c : printable(text.substr(begin, end - begin))) {
      switch (c) {
        case '&':
          result += "&amp;";
          break;
        case '<':
          result += "&lt;";
          break;
        case '>':
          result += "&gt;";
          break;
        case '"':
          result += "&quot;";
          break;
        default:
          result += c;
      }
    }
    if (end < text.size()) result += attribute ? "&#10;" : "\n";
    begin = end + 1;
  }
  return result;
}

struct Counts {
  std::size_t tests = 0, failures = 0, errors = 0, skipped = 0;
};

class Suite {
 public:
  void passed(const std::string& group, const std::string& name, const std::string& output) {
    test_case(
        group, name,
        output.empty() ? std::string() : "<system-out>" + escaped(output, false) + "</system-out>");
  }
  void failure(const std::string& group, const std::string& name, const std::string& message,
               const std::string& text) {
    ++counts_.failures;
    test_case(group, name,
              fmt::format("<failure type=\"regression\" message=\"{}\">{}</failure>",
                          escaped(message, true), escaped(text, false)));
  }
  void error(const std::string& group, const std::string& name, const std::string& message) {
    ++counts_.errors;
    test_case(group, name,
              fmt::format("<error type=\"not measured\" message=\"{}\">{}</error>",
                          escaped(message, true), escaped(message, false)));
  }
  void skipped(const std::string& group, const std::string& name, const std::string& why) {
    ++counts_.skipped;
    test_case(group, name, fmt::format("<skipped message=\"{}\"/>", escaped(why, true)));
  }
  void write(Output& output) const {
    const std::string counts =
        fmt::format("tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\"", counts_.tests,
                    counts_.failures, counts_.errors, counts_.skipped);
    output.write("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    output.write(fmt::format("<testsuites name=\"memwatch gate\" {}>\n", counts));
    output.write(
        fmt::format("  <testsuite name=\"memwatch gate\" {}>\n{}  </testsuite>\n", counts, cases_));
    output.write("</testsuites>\n");
  }

 private:
  void test_case(const std::string& group, const std::string& name, const std::string& body) {
    ++counts_.tests;
    cases_ += fmt::format("    <testcase classname=\"memwatch.{}\" name=\"{}\"", group,
                          escaped(name, true));
    cases_ += body.empty() ? std::string("/>\n") : fmt::format(">{}</testcase>\n", body);
  }

  Counts counts_;
  std::string cases_;
};

std::string details(const MetricResult& result, const GateReport& report) {
  std::string text = fmt::format(
      "baseline {}, now {}\n",
      result.before ? metric_spread(result.metric, *result.before) : std::string("none"),
      metric_spread(result.metric, result.now));
  for (const std::string& rule : rule_sentences(result, report)) text += rule + "\n";
  if (const std::string unlisted = unlisted_phrase(result); !unlisted.empty()) {
    text += unlisted + "\n";
  }
  std::size_t shown = 0;
  for (const gate::GrownStack& grown : result.grown) {
    if (++shown > kMostStacks) break;
    text += fmt::format("\n{}\n  {}\n", growth_phrase(result.metric, grown), grown.text);
  }
  return text;
}

void add_metric(Suite& suite, const MetricResult& result, const GateReport& report) {
  const std::string name(gate::metric_name(result.metric));
  if (!result.failed()) {
    suite.passed("metric", name, details(result, report));
    return;
  }
  const std::string change = metric_change(result);
  suite.failure("metric", name,
                fmt::format("{}{}{}", metric_value(result.metric, result.now.middle),
                            change.empty() ? "" : ", ", change),
                details(result, report));
}

}  // namespace

void write_gate_junit(const GateReport& report, Output& output) {
  Suite suite;
  const bool measured = report.outcome == Outcome::passed || report.outcome == Outcome::regressed;
  if (measured) {
    suite.passed("gate", "run", report.subject + "\n" + runs_phrase(report) + "\n");
    for (const MetricResult& result : report.metrics) add_metric(suite, result, report);
    for (const gate::StackLimitResult& result : report.stack_limits) {
      const std::string rule = limit_sentence(result);
      if (result.failed()) {
        suite.failure("stack", limit_title(result), rule, rule);
      } else if (result.is_unchecked()) {
        suite.skipped("stack", limit_title(result), rule);
      } else {
        suite.passed("stack", limit_title(result), rule);
      }
    }
  } else {
    suite.error("gate", "run", report.subject + ": " + gate_headline(report));
    for (const std::string_view name : gate::kMetricNames) {
      suite.skipped("metric", std::string(name), "not measured");
    }
    for (const std::string& name : report.unmeasured_limits) {
      suite.skipped("stack", name, "not measured");
    }
  }
  suite.write(output);
}

}  // namespace memwatch::render
