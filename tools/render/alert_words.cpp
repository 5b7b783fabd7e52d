#include "tools/render/alert_words.h"

#include <fmt/format.h>

#include <limits>

#include "collector/analysis/growth_advice.h"
#include "collector/analysis/stack_text.h"
#include "tools/render/growth_words.h"
#include "tools/render/human.h"
#include "tools/render/printable.h"
#include "tools/render/shorten.h"

namespace memwatch::render {

namespace {

using alerts::Alert;
using alerts::Type;

constexpr std::size_t kFunctionWidth = 70;

std::uint64_t whole(double value) {
  constexpr double kTooMuch = 18446744073709551616.0;  // 2^64
  if (!(value > 0)) return 0;
  if (value >= kTooMuch) return std::numeric_limits<std::uint64_t>::max();
  return static_cast<std::uint64_t>(value + 0.5);
}

std::string bytes(const Alert& alert, std::string_view metric) {
  return human_bytes(whole(alert.metric(metric)));
}

std::string who(const Alert& alert) {
  return fmt::format("{} (pid {})", printable(alert.process.name), alert.process.pid);
}

std::string_view subject_name(std::string_view subject) {
  if (subject == "heap") return "live heap";
  if (subject == "rss") return "resident memory";
  if (subject == "external") return "memory outside the traced heap";
  if (subject == "external_ratio") return "the share of memory outside the traced heap";
  return "growth a minute";
}

std::string threshold_value(const Alert& alert, std::string_view metric) {
  return alert.label("of") == "external_ratio" ? human_percent(alert.metric(metric))
                                               : bytes(alert, metric);
}

std::string at_site(const Alert& alert) {
  const std::string site = alert_site(alert.site);
  return site.empty() ? "" : " at " + site;
}

std::string large_message(const Alert& alert) {
  const bool is_release = alert.label("event") == "release";
  const std::string site = at_site(alert);
  return fmt::format("large {}: {} by {} in {}{}{}", alert.label("event"), bytes(alert, "size"),
                     printable(alert.label("function")), who(alert),
                     is_release && !site.empty() ? ", allocated" : "", site);
}

std::string pressure_message(const Alert& alert) {
  if (alert.label("limit") == "stall") {
    return fmt::format(
        "memory is short on this machine: something waited for it {:.0f} % of the last 10 s; "
        "{} is the largest that is watched",
        alert.metric("stall_percent"), who(alert));
  }
  return fmt::format("the cgroup of {} uses {} of its limit of {} ({}): {}", who(alert),
                     bytes(alert, "used"), bytes(alert, "limit"),
                     human_percent(alert.metric("share")), printable(alert.label("cgroup")));
}

std::string growth_message(const Alert& alert) {
  const std::string_view how = alert.type == Type::leak ? "is leaking, it seems: it grows by"
                               : alert.label("pattern") == "exponential"
                                   ? "grows faster and faster, now by"
                                   : "grows steadily, by";
  std::string message =
      fmt::format("{} {} {}{}, {:.0f} % sure, seen for {}", who(alert), how,
                  growth_rate(alert.metric("bytes_per_second")), at_site(alert),
                  alert.metric("confidence"), human_duration(alert.metric("duration")));
  if (!alert.label("limit").empty()) {
    message += fmt::format(
        "; {} is reached in {}",
        alert.label("limit") == "cgroup" ? "its cgroup's limit" : std::string(alert.label("limit")),
        human_duration(alert.metric("seconds_to_limit")));
  }
  return message;
}

void add_site(const Alert& alert, std::string_view sentence, std::vector<std::string>& list) {
  const std::string site = alert_site(alert.site);
  if (!site.empty()) list.push_back(fmt::format("{} {}", sentence, site));
}

// Of one that grows: what to do about the site that it is told with. "": there is none.
std::string advice_on_site(const Alert& alert) {
  using analysis::GrowthPattern;
  const std::string site = alert_site(alert.site);
  const std::size_t sites = whole(alert.metric("sites"));
  if (site.empty() || sites == 0) return "";
  for (const auto pattern :
       {GrowthPattern::linear, GrowthPattern::exponential, GrowthPattern::leak}) {
    if (alert.label("pattern") != analysis::growth_pattern_name(pattern)) continue;
    return analysis::growth_advice(pattern, sites, false, site);
  }
  return "";
}

std::string without_stop(std::string sentence) {
  if (sentence.ends_with('.')) sentence.pop_back();
  return sentence;
}

}  // namespace

std::string alert_site(const alerts::Site& site) {
  if (!site.is_known()) return "";
  const std::string function = shorten_function(printable(site.function), kFunctionWidth);
  if (!site.file.empty()) {
    return fmt::format("{} ({}:{})", function, printable(short_path(site.file)), site.line);
  }
  const std::string module = printable(analysis::base_name(site.module));
  return function.empty() ? module : fmt::format("{} ({})", function, module);
}

std::string alert_message(const Alert& alert) {
  if (alert.is_test) {
    return fmt::format("this is a test of {} alerts, sent on request: nothing has happened",
                       alerts::type_name(alert.type));
  }
  switch (alert.type) {
    case Type::threshold:
      return fmt::format("{} of {} is {}, above {}", subject_name(alert.label("of")), who(alert),
                         threshold_value(alert, "value"), threshold_value(alert, "threshold"));
    case Type::pattern:
    case Type::leak:
      return growth_message(alert);
    case Type::spike:
      return fmt::format("{} of {} went from {} to {} within seconds",
                         subject_name(alert.label("of")), who(alert), bytes(alert, "before"),
                         bytes(alert, "most"));
    case Type::large:
      return large_message(alert);
    case Type::failure:
      return fmt::format("allocation failed: {} by {} in {}: {}{}", bytes(alert, "size"),
                         printable(alert.label("function")), who(alert), alert.label("errno"),
                         at_site(alert));
    case Type::pressure:
      return pressure_message(alert);
  }
  return "";
}

std::vector<std::string> alert_recommendations(const Alert& alert) {
  std::vector<std::string> list;
  if (alert.is_test) return {"Nothing is to be done."};
  const std::string history =
      fmt::format("memwatch history {} shows how it got there", alert.process.pid);
  switch (alert.type) {
    case Type::threshold:
      add_site(alert, "Look at what holds most of the heap:", list);
      if (alert.label("of") == "external" || alert.label("of") == "external_ratio") {
        list.emplace_back(
            "Memory outside the traced heap is code, stacks, mappings, and free memory that the "
            "allocator keeps: memwatch trim " +
            std::to_string(alert.process.pid) + " says how much of it that is");
        if (!alert.label("heap").empty()) {
          list.emplace_back(
              "The process ran before the daemon found it: what it had allocated until then counts "
              "as outside; start it anew to know");
        }
      }
      list.push_back(history);
      break;
    case Type::pattern:
    case Type::leak:
      if (const std::string advice = advice_on_site(alert); !advice.empty()) {
        list.push_back(without_stop(advice));
      } else {
        add_site(alert, "Look at what is allocated and kept at", list);
        const std::string general = printable(alert.label("advice"));
        if (!general.empty()) list.push_back(without_stop(general));
      }
      list.push_back(
          fmt::format("memwatch leaks {} says what nothing leads to any more", alert.process.pid));
      list.push_back(history);
      break;
    case Type::spike:
      add_site(alert, "Look at what holds most now:", list);
      list.emplace_back("Work in smaller portions if not all of it is needed at once");
      list.push_back(history);
      break;
    case Type::large:
      if (alert.label("event") == "release") {
        list.emplace_back("Nothing is to be done: the block is gone");
        break;
      }
      add_site(alert, "Look at how the size is computed at", list);
      list.emplace_back("If such sizes are usual there, raise `large` of this program");
      break;
    case Type::failure:
      add_site(alert, "See that the failure is handled at", list);
      list.emplace_back(
          "Compare the size with the limits of the process (ulimit -v, its cgroup) and with what "
          "the machine has");
      break;
    case Type::pressure:
      list.emplace_back("memwatch status shows which process holds most");
      if (alert.label("limit") == "cgroup") {
        list.emplace_back("Raise the limit (MemoryMax=, --memory) or bound what is kept");
      }
      break;
  }
  return list;
}

std::string alert_line(const Alert& alert) {
  const std::string test = alert.is_test ? "test " : "";
  if (alert.is_resolved) {
    return fmt::format("{}alert {} is over: {} ({})", test, alert.id, alert.message,
                       printable(alert.resolution));
  }
  return fmt::format("{}alert {}, {}: {}", test, alert.id, alerts::severity_name(alert.severity),
                     alert.message);
}

}  // namespace memwatch::render
