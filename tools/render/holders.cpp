#include "tools/render/holders.h"

#include <fmt/format.h>

#include "collector/analysis/leaks.h"
#include "collector/analysis/stack_text.h"
#include "tools/render/human.h"
#include "tools/render/page.h"
#include "tools/render/phrases.h"
#include "tools/render/printable.h"
#include "tools/render/shorten.h"
#include "tools/render/stack_lines.h"

namespace memwatch::render {

namespace {

std::string of_thread(const model::HolderPath& path) {
  return path.tid == 0 ? "" : fmt::format(" of thread {}", path.tid);
}

std::string data_phrase(const model::HolderPath& path) {
  const std::string module = printable(analysis::base_name(path.module));
  if (path.symbol.empty()) return fmt::format("data of {} + {:#x}", module, path.module_offset);
  const std::string offset =
      path.symbol_offset == 0 ? "" : fmt::format(" + {}", path.symbol_offset);
  return fmt::format("variable {}{} ({})", printable(path.symbol), offset, module);
}

// "+8 → 6,002 bytes at 0x…, 24 bytes inside   parse (table.c:12)".
std::string step_line(const model::Session& session, const model::HolderStep& step, bool is_first,
                      std::size_t width) {
  std::string line = is_first ? "→ " : fmt::format("+{} → ", step.pointer_at);
  line += fmt::format("{} at {:#x}", counted(step.size, "byte", "bytes"), step.address);
  if (step.inside != 0) line += fmt::format(", {} inside", counted(step.inside, "byte", "bytes"));
  line += "  ";
  const std::size_t used = display_width(line);
  return line + stack_headline(session, step.stack, width > used + 20 ? width - used : 20);
}

void write_way(Page& page, const model::Session& session, const model::HolderPath& path) {
  constexpr std::size_t kIndent = 6;
  const std::string margin(kIndent, ' ');
  const bool is_leak = path.root == model::RootKind::nothing;
  page.line(margin + page.paint(is_leak ? Tone::bad : Tone::name,
                                shorten_middle(root_phrase(path), page.width() - kIndent)));
  const std::size_t gap = path.skipped == 0 ? path.steps.size() : path.steps.size() / 2;
  for (std::size_t i = 0; i < path.steps.size(); ++i) {
    if (i == gap) {
      page.line(margin + page.paint(Tone::faint,
                                    fmt::format("  … {} more blocks", exact_count(path.skipped))));
    }
    page.line(margin + "  " +
              step_line(session, path.steps[i], i == 0, page.width() - kIndent - 2));
  }
}

}  // namespace

std::string root_phrase(const model::HolderPath& path) {
  switch (path.root) {
    case model::RootKind::nothing:
      return path.steps.size() == 1 ? "nothing: it is leaked" : "nothing: leaked, with its owner";
    case model::RootKind::data:
      return data_phrase(path);
    case model::RootKind::stack:
      return fmt::format("stack{}, at {:#x}", of_thread(path), path.root_address);
    case model::RootKind::registers:
      return "a register" + of_thread(path);
    case model::RootKind::memory:
      return fmt::format("memory that the program mapped, at {:#x}", path.root_address);
    case model::RootKind::heap:
      return fmt::format("a block that memwatch does not know, at {:#x}", path.root_address);
    case model::RootKind::loader:
      return "the loader";
    case model::RootKind::thread_local_storage:
      break;
  }
  return fmt::format("thread-local storage{}, at {:#x}", of_thread(path), path.root_address);
}

std::string_view root_kind_name(model::RootKind kind) {
  switch (kind) {
    case model::RootKind::nothing:
      return "nothing";
    case model::RootKind::data:
      return "data";
    case model::RootKind::stack:
      return "stack";
    case model::RootKind::registers:
      return "register";
    case model::RootKind::memory:
      return "memory";
    case model::RootKind::heap:
      return "heap";
    case model::RootKind::loader:
      return "loader";
    case model::RootKind::thread_local_storage:
      break;
  }
  return "thread-local storage";
}

std::string render_holders(const model::Session& session,
                           const std::vector<analysis::Holder>& holders,
                           const std::string& question, const RenderOptions& options) {
  Page page(options);
  page.line(page.paint(Tone::strong, "Who holds " + printable(question)));
  page.blank();
  if (holders.empty()) page.line("Nothing that was looked at.");
  std::size_t shown = 0;
  for (const analysis::Holder& holder : holders) {
    if (options.top != 0 && shown == options.top) break;
    ++shown;
    const model::HolderPath& path = *holder.path;
    const std::string of =
        session.processes.size() == 1
            ? ""
            : fmt::format(", pid {} {}", holder.process->pid, program_name(*holder.process));
    page.line(fmt::format(
        "{:>3}  {}", shown,
        page.paint(Tone::strong, fmt::format("{} in {}, {}{}", human_bytes(holder.bytes),
                                             counted(holder.blocks, "block", "blocks"),
                                             analysis::leak_kind_name(path.kind), of))));
    page.lines(stack_lines(page, session, path.steps.back().stack,
                           {.indent = 6, .lines = options.frames}));
    page.line(page.paint(Tone::faint, "    held by"));
    write_way(page, session, path);
    page.blank();
  }
  if (shown < holders.size()) {
    page.line(fmt::format("… and {} more (--top 0 shows all)", holders.size() - shown));
  }
  return std::move(page).take();
}

}  // namespace memwatch::render
