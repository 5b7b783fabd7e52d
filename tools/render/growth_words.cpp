#include "tools/render/growth_words.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "collector/analysis/growth_advice.h"
#include "tools/render/human.h"
#include "tools/render/phrases.h"
#include "tools/render/printable.h"
#include "tools/render/stack_lines.h"

namespace memwatch::render {
namespace {

constexpr std::size_t kSites = 3, kStackLines = 6;
constexpr double kMinute = 60, kHour = 3600, kDay = 24 * kHour;

std::uint64_t rounded(double bytes) {
  return bytes > 0 && bytes < 1e18 ? static_cast<std::uint64_t>(std::llround(bytes)) : 0;
}

// Times ahead are uncertain: one unit is enough.
std::string time_ahead(double seconds) {
  if (!(seconds < 1000 * kDay)) return "never";
  if (seconds >= 2 * kDay) return fmt::format("{:.0f} days", seconds / kDay);
  if (seconds >= 2 * kHour) return fmt::format("{:.0f} h", seconds / kHour);
  if (seconds >= 2 * kMinute) return fmt::format("{:.0f} min", seconds / kMinute);
  return fmt::format("{:.0f} s", seconds);
}

}  // namespace

std::vector<GrowingProcess> growing_processes(const analysis::Selection& selection,
                                              analysis::Sensitivity sensitivity) {
  std::vector<GrowingProcess> growing;
  for (const model::Process* process : selection.processes()) {
    GrowingProcess one{process, analysis::find_growth(*process, sensitivity)};
    if (!one.growth.grows()) continue;
    // Without a site there is nothing to look at, and a program that builds up data until it ends
    // (a compiler) looks just like this.
    if (one.growth.sites.empty() && sensitivity != analysis::Sensitivity::high) continue;
    std::erase_if(one.growth.sites, [&](const analysis::SiteGrowth& site) {
      return !selection.includes(site.stack);
    });
    if (selection.narrows_stacks() && one.growth.sites.empty()) continue;
    growing.push_back(std::move(one));
  }
  std::stable_sort(growing.begin(), growing.end(), [](const auto& a, const auto& b) {
    return a.growth.bytes_per_second > b.growth.bytes_per_second;
  });
  return growing;
}

std::string growth_rate(double bytes_per_second) {
  constexpr double kEnough = 1024;
  if (bytes_per_second >= kEnough) return human_bytes(rounded(bytes_per_second)) + " a second";
  if (bytes_per_second * kMinute >= kEnough) {
    return human_bytes(rounded(bytes_per_second * kMinute)) + " a minute";
  }
  return human_bytes(rounded(bytes_per_second * kHour)) + " an hour";
}

std::string growth_phrase(const analysis::ProcessGrowth& growth) {
  const bool multiplies = growth.pattern == analysis::GrowthPattern::exponential;
  return fmt::format("{}{} % sure, seen for {}", multiplies ? "faster and faster, " : "",
                     growth.confidence, human_duration(growth.duration));
}

std::string limit_phrase(const analysis::ProcessGrowth& growth) {
  if (!growth.time_to_limit) return "";
  const analysis::TimeToLimit& ahead = *growth.time_to_limit;
  const std::string name =
      ahead.limit == "cgroup" ? "the limit of its cgroup" : std::string(ahead.limit);
  return fmt::format("{} is reached in about {} ({} to {})", name, time_ahead(ahead.seconds),
                     time_ahead(ahead.range[0]), time_ahead(ahead.range[1]));
}

std::string growth_recommendation(const analysis::ProcessGrowth& growth,
                                  const model::Process& process, const model::Session& session) {
  constexpr std::size_t kWidth = 100;
  const model::StackId stack = analysis::site_to_look_at(growth, process);
  if (stack == model::kNone) return growth.recommendation;
  return analysis::growth_advice(growth, process,
                                 printable(stack_headline(session, stack, kWidth)));
}

void write_growth(Page& page, const analysis::Selection& selection) {
  const std::vector<GrowingProcess> growing =
      growing_processes(selection, page.options().sensitivity);
  for (const GrowingProcess& one : growing) {
    const analysis::ProcessGrowth& growth = one.growth;
    page.blank();
    const std::string of =
        selection.processes().size() > 1 ? " in " + program_name(*one.process) : "";
    page.line(page.paint(Tone::strong, "Growing" + of) + "  " +
              page.paint(Tone::caution, growth_rate(growth.bytes_per_second)) + "  " +
              growth_phrase(growth));
    if (const std::string limit = limit_phrase(growth); !limit.empty()) {
      page.sentence(Tone::caution, limit, 2);
    }
    std::size_t shown = 0;
    for (const analysis::SiteGrowth& site : growth.sites) {
      if (shown++ == kSites) break;
      page.line(
          "  " + page.paint(Tone::caution, growth_rate(site.verdict.bytes_per_second)) +
          fmt::format("  {} % sure  ", site.verdict.confidence) +
          page.paint(Tone::faint,
                     human_bytes(rounded(site.verdict.bytes)) + " more" +
                         (site.verdict.accumulates ? ", blocks of every age are still live" : "")));
      page.lines(stack_lines(page, selection.session(), site.stack,
                             StackLayout{.indent = 6, .lines = kStackLines}));
    }
    if (growth.sites.size() > kSites) {
      page.line("  and " + counted(growth.sites.size() - kSites, "more site", "more sites") +
                ", in the JSON report");
    }
    page.sentence(Tone::plain, growth_recommendation(growth, *one.process, selection.session()), 2);
  }
}

}  // namespace memwatch::render
