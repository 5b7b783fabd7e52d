#include "collector/analysis/growth_advice.h"

#include <fmt/format.h>

#include <algorithm>

namespace memwatch::analysis {
namespace {

// "load (a.cpp:3)", "load (a.cpp:3) and 2 more sites".
std::string with_others(std::string_view site, std::size_t sites) {
  const std::size_t others = sites == 0 ? 0 : sites - 1;
  if (others == 0) return std::string(site);
  return fmt::format("{} and {} more site{}", site, others, others == 1 ? "" : "s");
}

}  // namespace

model::StackId site_to_look_at(const ProcessGrowth& growth, const model::Process& process) {
  if (growth.pattern == GrowthPattern::spike) {
    const auto most = std::max_element(
        process.sites.begin(), process.sites.end(),
        [](const model::Site& a, const model::Site& b) { return a.peak_bytes < b.peak_bytes; });
    return most == process.sites.end() || most->peak_bytes == 0 ? model::kNone : most->stack;
  }
  if (!growth.grows() || growth.sites.empty()) return model::kNone;
  // They are in order, the fastest first.
  const auto fits = [&](const SiteGrowth& site) {
    if (growth.pattern == GrowthPattern::leak) return site.verdict.accumulates;
    return growth.pattern != GrowthPattern::exponential || site.verdict.exponential;
  };
  const auto found = std::find_if(growth.sites.begin(), growth.sites.end(), fits);
  return (found == growth.sites.end() ? growth.sites.front() : *found).stack;
}

std::string growth_advice(const ProcessGrowth& growth, const model::Process& process,
                          std::string_view site) {
  return growth_advice(growth.pattern, growth.sites.size(),
                       process.leak_check.method == model::LeakMethod::reachability, site);
}

std::string growth_advice(GrowthPattern pattern, std::size_t sites, bool is_judged,
                          std::string_view site) {
  const std::string subject = site.empty() ? "the growing sites" : with_others(site, sites);
  const bool is_one = !site.empty() && sites < 2;
  switch (pattern) {
    case GrowthPattern::stable:
      return "";
    case GrowthPattern::spike:
      return (site.empty()
                  ? "Look at who held the peak"
                  : fmt::format("Look at {}, which held the largest part of the peak", site)) +
             "; if it is not needed at once, work in smaller portions.";
    case GrowthPattern::leak:
      return fmt::format("Look at what {} {}: blocks of every age are still live", subject,
                         is_one ? "allocates" : "allocate") +
             (is_judged ? ". The leaks view says whether something still leads to them."
                        : ", so they are forgotten, or kept in something that is never trimmed.");
    case GrowthPattern::exponential:
      return fmt::format("Find what multiplies{}: each step adds more than the one before.",
                         site.empty() ? "" : fmt::format(" at {}", subject));
    case GrowthPattern::linear:
      return sites == 0 ? "Many sites grow a little; look at what was not freed, by library."
                        : fmt::format(
                              "Bound what {} {}: it is replaced by something larger again and "
                              "again.",
                              subject, is_one ? "keeps" : "keep");
  }
  return "";
}

}  // namespace memwatch::analysis
