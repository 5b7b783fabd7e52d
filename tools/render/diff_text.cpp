#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include "tools/render/diff.h"
#include "tools/render/human.h"
#include "tools/render/page.h"
#include "tools/render/phrases.h"
#include "tools/render/printable.h"
#include "tools/render/shorten.h"
#include "tools/render/signed.h"
#include "tools/render/stack_lines.h"

namespace memwatch::render {
namespace {

using analysis::Diff;
using analysis::DiffMetric;
using analysis::StackDelta;

std::string_view title_of(const Diff& diff) {
  switch (diff.metric) {
    case DiffMetric::live:
      return "Live at the end";
    case DiffMetric::peak:
      return "Heap at the peak";
    case DiffMetric::allocated:
      return "Bytes allocated";
    case DiffMetric::allocations:
      return "Allocations";
    case DiffMetric::leaked:
      // A block that is live at the end need not be leaked.
      return diff.after.by_lifetime ? "Not freed at the end" : "Leaked";
  }
  return "";
}

struct Words {
  bool bytes = true;
  [[nodiscard]] std::string value(std::uint64_t value) const {
    return bytes ? human_bytes(value) : human_count(value);
  }
  [[nodiscard]] std::string change(std::uint64_t before, std::uint64_t after) const {
    return bytes ? signed_bytes(before, after) : signed_count(before, after);
  }
};

std::string right_aligned(const std::string& text, std::size_t width) {
  const std::size_t used = display_width(text);
  return std::string(width > used ? width - used : 0, ' ') + text;
}

std::string recorded_on(const model::Session& session) {
  if (!(session.started_at > 0) || session.started_at > 1e11) return "";
  const auto seconds = static_cast<std::time_t>(session.started_at);
  std::tm parts{};
  if (gmtime_r(&seconds, &parts) == nullptr) return "";
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02} UTC", parts.tm_year + 1900, parts.tm_mon + 1,
                     parts.tm_mday, parts.tm_hour, parts.tm_min);
}

void write_side(Page& page, const char* name, const analysis::DiffSide& side,
                const std::string& path) {
  std::string facts = printable(path);
  const auto add = [&](const std::string& fact) {
    if (!fact.empty()) facts += " · " + fact;
  };
  if (side.session->processes.empty()) {
    add("holds no process");
  } else {
    const model::Process* root = &side.session->processes.front();
    for (const model::Process& process : side.session->processes) {
      if (process.pid == root->pid && root->exit_kind == model::ExitKind::exec) root = &process;
    }
    add(end_phrase(*side.session, *root));
  }
  if (side.processes > 1) add(fmt::format("{} programs", side.processes));
  add(recorded_on(*side.session));
  page.line(page.paint(Tone::faint, shorten_end(fmt::format("{}  {}", name, facts), page.width())));
}

void write_head(Page& page, const DiffContext& context) {
  const Diff& diff = context.diff;
  const auto& before = diff.before.session->command;
  const auto& after = diff.after.session->command;
  const std::string title = printable(command_title(after));
  if (before == after) {
    page.line(page.paint(Tone::strong, shorten_middle(title, page.width())));
  } else {
    page.line(page.paint(Tone::strong,
                         shorten_middle("old: " + printable(command_title(before)), page.width())));
    page.line(page.paint(Tone::strong, shorten_middle("new: " + title, page.width())));
  }
  write_side(page, "old", diff.before, context.before_path);
  write_side(page, "new", diff.after, context.after_path);
  for (const std::string& doubt : diff_doubts(context)) page.sentence(Tone::caution, doubt + ".");
  page.blank();
}

void write_totals(Page& page, const Diff& diff, const Words& words) {
  std::string line = page.paint(Tone::strong, title_of(diff));
  line += ": " + words.value(diff.before.total) + " → " + words.value(diff.after.total) + "   ";
  const Tone tone = diff.delta() > 0 ? Tone::caution : diff.delta() < 0 ? Tone::good : Tone::plain;
  line += page.paint(tone, words.change(diff.before.total, diff.after.total));
  const std::string percent = signed_percent(diff.before.total, diff.after.total);
  if (!percent.empty() && diff.delta() != 0) line += " (" + percent + ")";
  const std::uint64_t deviation = std::max(diff.before.deviation, diff.after.deviation);
  if (deviation > 0) line += page.paint(Tone::faint, "  each " + error_phrase(deviation));
  page.line(std::move(line));

  std::string parts;
  const auto add = [&](const analysis::DeltaSum& sum, const char* what, const char* mark,
                       const analysis::DeltaSum& part, const char* part_name) {
    if (sum.stacks == 0) return;
    if (!parts.empty()) parts += ", ";
    parts += fmt::format("{} {}{} in {}", what, mark, words.value(sum.amount),
                         counted(sum.stacks, "stack", "stacks"));
    if (part.stacks > 0) parts += fmt::format(" ({} {})", human_count(part.stacks), part_name);
  };
  add(diff.grown, "grew", "+", diff.added, "new");
  add(diff.shrunk, "shrank", "−", diff.gone, "gone");
  if (diff.rows.empty()) parts = "no stack grew or shrank";
  if (diff.unchanged.stacks > 0) {
    parts += fmt::format("; {} unchanged", counted(diff.unchanged.stacks, "stack", "stacks"));
  }
  page.sentence(Tone::plain, parts, 2);
}

void write_row(Page& page, const StackDelta& row, std::size_t number, const Words& words) {
  page.blank();
  std::string line = page.paint(Tone::faint, right_aligned(std::to_string(number), 3)) + "  ";
  const bool grew = row.after > row.before;
  line += page.paint(grew ? Tone::caution : Tone::good,
                     right_aligned(words.change(row.before, row.after), 11));
  line += "  ";
  if (row.before == 0) {
    line += page.paint(Tone::strong, "new");
  } else if (row.after == 0) {
    line += page.paint(Tone::strong, "gone");
  } else {
    line += words.value(row.before) + " → " + words.value(row.after) + "  " +
            page.paint(Tone::faint, signed_percent(row.before, row.after));
  }
  page.line(std::move(line));
  page.lines(stack_lines(page, *row.session, row.stack,
                         StackLayout{.indent = 7, .lines = page.options().frames}));
}

void write_rows(Page& page, const Diff& diff, const Words& words) {
  const std::size_t top = page.options().top;
  const std::size_t shown = top == 0 ? diff.rows.size() : std::min(top, diff.rows.size());
  std::uint64_t rest_before = 0, rest_after = 0;
  for (std::size_t i = 0; i < diff.rows.size(); ++i) {
    if (i < shown) {
      write_row(page, diff.rows[i], i + 1, words);
    } else {
      rest_before += diff.rows[i].before;
      rest_after += diff.rows[i].after;
    }
  }
  if (shown == diff.rows.size()) return;
  page.blank();
  page.line(page.paint(
      Tone::faint, fmt::format("… and {} more stacks, {} together (--top 0 shows all)",
                               diff.rows.size() - shown, words.change(rest_before, rest_after))));
}

std::string next_command(const DiffContext& context) {
  const Diff& diff = context.diff;
  const auto same_with = [&](const char* metric) {
    return command_line({"memwatch", "diff", printable(context.before_path),
                         printable(context.after_path), "--metric", metric});
  };
  switch (diff.metric) {
    case DiffMetric::live:
    case DiffMetric::leaked:
      if (diff.grown.stacks == 0) return same_with("peak");
      return command_line({"memwatch", "report", printable(context.after_path), "--view", "leaks"});
    case DiffMetric::peak:
      return command_line({"memwatch", "report", printable(context.after_path), "--view", "peak"});
    case DiffMetric::allocated:
      return same_with("allocations");
    case DiffMetric::allocations:
      return command_line(
          {"memwatch", "report", printable(context.after_path), "--view", "hotspots"});
  }
  return "";
}

}  // namespace

std::vector<std::string> diff_doubts(const DiffContext& context) {
  const Diff& diff = context.diff;
  std::vector<std::string> doubts;
  const auto each_side = [&](auto tell) {
    tell("the old session", diff.before);
    tell("the new session", diff.after);
  };
  each_side([&](const char* name, const analysis::DiffSide& side) {
    if (!side.session->complete) {
      doubts.push_back(fmt::format("Cut short: {} holds what was known until then", name));
    }
  });
  each_side([&](const char* name, const analysis::DiffSide& side) {
    if (!side.lossless) doubts.push_back(fmt::format("Events were lost in {}", name));
  });
  if (diff.doubts.different_modes) {
    doubts.emplace_back("Recorded in different modes: figures of a sample are estimates");
  } else if (diff.before.sampled) {
    doubts.emplace_back("Both were sampled: all figures are estimates");
  }
  each_side([&](const char* name, const analysis::DiffSide& side) {
    if (side.counted_only) {
      doubts.push_back(fmt::format(
          "{} was recorded with --mode idle and has no stacks",
          name == std::string_view("the old session") ? "The old session" : "The new session"));
    }
  });
  each_side([&](const char* name, const analysis::DiffSide& side) {
    if (!side.leaks_doubt.empty()) {
      doubts.push_back(fmt::format("In {} {}", name, side.leaks_doubt));
    }
  });
  if (diff.doubts.different_leak_methods) {
    doubts.emplace_back(
        "Leaks were judged by reachability in one session and by lifetime in the other, which "
        "counts everything that was live at the end");
  }
  if (diff.doubts.different_programs) {
    doubts.emplace_back("Different programs: functions are compared by their names");
  }
  return doubts;
}

void write_diff_text(const DiffContext& context, const RenderOptions& options, Output& output) {
  const Diff& diff = context.diff;
  const Words words{.bytes = diff.metric != DiffMetric::allocations};
  Page page(options);
  write_head(page, context);
  write_totals(page, diff, words);
  write_rows(page, diff, words);
  page.blank();
  page.line("Next: " + page.paint(Tone::command, next_command(context)));
  output.write(std::move(page).take());
}

}  // namespace memwatch::render
