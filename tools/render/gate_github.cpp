// Workflow commands of GitHub Actions:
// https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
// A failed check is an error at the line that explains it best, stacks that grew are warnings at
// theirs, an improvement is a notice.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "collector/analysis/noise_frames.h"
#include "collector/analysis/stack_text.h"
#include "tools/render/gate.h"
#include "tools/render/gate_words.h"
#include "tools/render/printable.h"
#include "tools/render/shorten.h"
#include "tools/render/stack_lines.h"

namespace memwatch::render {
namespace {

using gate::GateReport;
using gate::MetricResult;
using gate::Outcome;

constexpr std::size_t kMostShown = 9;  // of each kind; the tenth says how many more there are

// In messages % and line ends have a meaning, in properties also : and ,.
std::string escaped(std::string_view text, bool property) {
  std::string result;
  for (const char c : valid_utf8(text)) {
    if (c == '%') {
      result += "%25";
    } else if (c == '\r') {
      result += "%0D";
    } else if (c == '\n') {
      result += "%0A";
    } else if (property && c == ':') {
      result += "%3A";
    } else if (property && c == ',') {
      result += "%2C";
    } else if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) {
      result += c;
    }
  }
  return result;
}

struct Annotation {
  std::string title = {}, message = {};
  std::string file = {};  // "" none
  std::uint32_t line = 0;
  double weight = 0;  // how bad, to choose the worst
};

class Writer {
 public:
  Writer(const GateReport& report, std::string workspace, Output& output)
      : report_(report), workspace_(std::move(workspace)), output_(output) {
    while (workspace_.ends_with('/')) workspace_.pop_back();
  }

  void write() {
    if (report_.outcome == Outcome::target_failed || report_.outcome == Outcome::not_measured) {
      put("error",
          {.title = "memwatch gate", .message = report_.subject + ": " + gate_headline(report_)});
      return;
    }
    put_worst("error", errors(), "failed checks");
    put_worst("warning", warnings(), "stacks that grew");
    if (report_.outcome == Outcome::passed) {
      std::string message = gate_headline(report_) + ": " + report_.subject;
      const std::string update = update_command(report_);
      if (report_.improved() && !update.empty() && report_.update == GateReport::Update::none) {
        message += "\nTo keep what was won: " + update;
      }
      put("notice", {.title = "memwatch gate", .message = message});
    }
  }

 private:
  // The source line that tells most about a stack.
  void locate(model::StackId stack, Annotation& annotation) const {
    if (report_.stacks == nullptr) return;
    const std::vector<analysis::Frame> frames = analysis::frames_of(*report_.stacks, stack);
    if (frames.empty()) return;
    const analysis::Frame& frame = frames[analysis::telling_frame(frames)];
    annotation.file = frame.file;
    annotation.line = frame.line;
    const std::string prefix = workspace_ + "/";
    if (!workspace_.empty() && annotation.file.starts_with(prefix)) {
      annotation.file.erase(0, prefix.size());
    }
  }

  [[nodiscard]] std::vector<Annotation> errors() const {
    std::vector<Annotation> errors;
    for (const MetricResult& result : report_.metrics) {
      if (!result.failed()) continue;
      Annotation annotation;
      const std::string change = metric_change(result);
      annotation.title = fmt::format("memory: {} {}", gate::metric_name(result.metric),
                                     change.empty() ? "over limit" : change);
      for (const std::string& rule : rule_sentences(result, report_)) {
        annotation.message += rule + ".\n";
      }
      if (!result.grown.empty()) {
        locate(result.grown[0].stack, annotation);
        annotation.message +=
            fmt::format("Grew most: {}\n{}", growth_phrase(result.metric, result.grown[0]),
                        result.grown[0].text);
      }
      const double before = result.before ? static_cast<double>(result.before->middle)
                                          : static_cast<double>(result.limit.value_or(0));
      annotation.weight = static_cast<double>(result.now.middle) / std::max(before, 1.0);
      errors.push_back(std::move(annotation));
    }
    for (const gate::StackLimitResult& result : report_.stack_limits) {
      if (!result.failed()) continue;
      Annotation annotation;
      annotation.title = "memory: " + limit_title(result);
      annotation.message = limit_sentence(result);
      locate(result.largest, annotation);
      annotation.weight =
          static_cast<double>(result.now.middle) / std::max(static_cast<double>(result.most), 1.0);
      errors.push_back(std::move(annotation));
    }
    return errors;
  }

  // Each stack once, under the first metric that names it.
  [[nodiscard]] std::vector<Annotation> warnings() const {
    std::vector<Annotation> warnings;
    std::set<std::string_view> seen;
    for (const MetricResult& result : report_.metrics) {
      const double whole =
          result.before ? static_cast<double>(result.now.middle - result.before->middle) : 1;
      for (const gate::GrownStack& grown : result.grown) {
        if (!seen.insert(grown.text).second) continue;
        Annotation annotation;
        locate(grown.stack, annotation);
        annotation.title = fmt::format("memory: {} grew here", gate::metric_name(result.metric));
        annotation.message = growth_phrase(result.metric, grown) + "\n" + grown.text;
        annotation.weight = static_cast<double>(grown.after - grown.before) / std::max(whole, 1.0);
        warnings.push_back(std::move(annotation));
      }
    }
    return warnings;
  }

  void put_worst(const char* kind, std::vector<Annotation> annotations, const char* what) {
    std::stable_sort(annotations.begin(), annotations.end(),
                     [](const Annotation& a, const Annotation& b) { return a.weight > b.weight; });
    for (std::size_t i = 0; i < annotations.size() && i < kMostShown; ++i) {
      put(kind, annotations[i]);
    }
    if (annotations.size() > kMostShown) {
      put(kind, {.title = "memwatch gate",
                 .message = fmt::format("and {} more {}", annotations.size() - kMostShown, what)});
    }
  }

  void put(const char* kind, const Annotation& annotation) {
    std::string properties;
    if (!annotation.file.empty()) {
      properties += "file=" + escaped(annotation.file, true) + ",";
      if (annotation.line > 0) properties += fmt::format("line={},", annotation.line);
    }
    properties += "title=" + escaped(annotation.title, true);
    output_.write(
        fmt::format("::{} {}::{}\n", kind, properties, escaped(annotation.message, false)));
  }

  const GateReport& report_;
  std::string workspace_;
  Output& output_;
};

}  // namespace

void write_gate_github(const GateReport& report, const std::string& workspace, Output& output) {
  Writer(report, workspace, output).write();
}

}  // namespace memwatch::render
