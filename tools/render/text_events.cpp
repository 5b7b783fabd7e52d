// The views that list single events: failures and large allocations.
#include <fmt/format.h>

#include "collector/analysis/failures.h"
#include "collector/analysis/large.h"
#include "tools/render/human.h"
#include "tools/render/phrases.h"
#include "tools/render/stack_lines.h"
#include "tools/render/text_views.h"

namespace memwatch::render {
namespace {

std::size_t limit(const Page& page, std::size_t rows) {
  const std::size_t top = page.options().top;
  return top == 0 || top > rows ? rows : top;
}

bool several_processes(const ViewContext& context) {
  return context.selection.processes().size() > 1;
}

std::string situation_phrase(const model::MemorySituation& situation) {
  std::string phrase;
  const auto add = [&](const std::string& part) { phrase += (phrase.empty() ? "" : ", ") + part; };
  if (situation.rss > 0) add("RSS " + human_bytes(situation.rss));
  if (situation.cgroup_limit > 0) {
    add(fmt::format("cgroup {} of {}", human_bytes(situation.cgroup_usage),
                    human_bytes(situation.cgroup_limit)));
  }
  if (situation.address_space_limit > 0) {
    add("address space limited to " + human_bytes(situation.address_space_limit));
  }
  return phrase;
}

}  // namespace

void write_failures(Page& page, const ViewContext& context) {
  const analysis::FailureReport report = analysis::find_failures(context.selection);
  if (report.total == 0) {
    page.line("No allocation failed.");
    return;
  }
  page.line(page.paint(Tone::bad, fmt::format("Failed: {}",
                                              counted(report.total, "allocation", "allocations"))) +
            (report.injected > 0
                 ? fmt::format(", {} of them made to fail on purpose", human_count(report.injected))
                 : ""));
  if (report.rows.empty()) {
    page.line(context.selection.narrows_stacks()
                  ? "None of them matches --filter and --exclude; leave one out."
                  : "Their stacks are not known.");
    return;
  }
  const std::size_t shown = limit(page, report.rows.size());
  for (std::size_t i = 0; i < shown; ++i) {
    const model::Failure& failure = *report.rows[i].failure;
    const model::Process& process = *report.rows[i].process;
    page.blank();
    std::string line = fmt::format("{:>9}  ", human_count(failure.count) + "×");
    line = page.paint(Tone::bad, line) + page.paint(Tone::strong, failure_phrase(failure));
    line += page.paint(Tone::faint, fmt::format("  first after {}",
                                                human_duration(failure.first_at - process.start)));
    if (several_processes(context)) {
      line += page.paint(Tone::faint, fmt::format(", {} ({})", program_name(process), process.pid));
    }
    page.line(std::move(line));
    const std::string situation = situation_phrase(failure.situation);
    if (!situation.empty()) page.line("      " + page.paint(Tone::faint, "then: " + situation));
    page.lines(stack_lines(page, context.selection.session(), failure.stack,
                           StackLayout{.indent = 6, .lines = page.options().frames}));
  }
  write_more(page, shown, report.rows.size(), "kinds of failure");
}

void write_large(Page& page, const ViewContext& context) {
  const analysis::LargeReport report = analysis::find_large(context.selection);
  const std::string threshold = human_bytes(report.threshold_bytes);
  if (report.total == 0) {
    page.line(report.threshold_bytes == 0
                  ? std::string("No large allocation was recorded.")
                  : fmt::format("No single allocation reached {}.", threshold));
    page.line("`memwatch run --large SIZE` sets another limit.");
    return;
  }
  page.line(page.paint(Tone::strong,
                       fmt::format("{} of {} or more",
                                   counted(report.total, "allocation", "allocations"), threshold)));
  const std::size_t shown = limit(page, report.rows.size());
  for (std::size_t i = 0; i < shown; ++i) {
    const model::LargeAllocation& allocation = *report.rows[i].allocation;
    const model::Process& process = *report.rows[i].process;
    page.blank();
    std::string line =
        page.paint(Tone::strong, fmt::format("{:>11}", human_bytes(allocation.requested)));
    line += fmt::format("  {}", function_name(allocation.function));
    line += page.paint(Tone::faint, fmt::format(" after {}, thread {}, address 0x{:x}",
                                                human_duration(allocation.at - process.start),
                                                allocation.tid, allocation.address));
    if (several_processes(context)) {
      line += page.paint(Tone::faint, fmt::format(", {} ({})", program_name(process), process.pid));
    }
    page.line(std::move(line));
    page.lines(stack_lines(page, context.selection.session(), allocation.stack,
                           StackLayout{.indent = 6, .lines = page.options().frames}));
  }
  write_more(page, shown, report.rows.size(), "large allocations");
  if (report.rows.size() < report.total && !context.selection.narrows_stacks()) {
    page.line(
        page.paint(Tone::faint, fmt::format("Details were kept for the first {} of each process.",
                                            model::kMaxLargeEvents)));
  }
}

}  // namespace memwatch::render
