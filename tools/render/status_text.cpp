#include <fmt/format.h>

#include <algorithm>

#include "collector/analysis/failures.h"
#include "tools/render/alert_channels.h"
#include "tools/render/alerts.h"
#include "tools/render/human.h"
#include "tools/render/page.h"
#include "tools/render/phrases.h"
#include "tools/render/printable.h"
#include "tools/render/shorten.h"
#include "tools/render/status.h"
#include "tools/render/status_words.h"
#include "tools/render/table.h"

namespace memwatch::render {

namespace {

using daemon::ProcessStatus;
using daemon::Source;

constexpr std::size_t kEvents = 10;
constexpr std::size_t kEnded = 5;

std::string ending(const ProcessStatus& process) {
  model::Process facts;
  facts.exit_kind = process.exit_kind;
  facts.exit_code = process.exit_code;
  facts.exit_signal = process.exit_signal;
  return end_phrase(facts);
}

std::vector<Cell> row(const ProcessStatus& process) {
  const bool recorded = process.source == Source::recorded;
  const auto count = [&](std::uint64_t value, Tone tone) {
    if (!recorded) return Cell{"-", Tone::faint};
    return Cell{human_count(value), value > 0 ? tone : Tone::faint};
  };
  return {{std::to_string(process.pid)},
          {how_recorded(process), recorded ? Tone::plain : Tone::faint},
          knows_heap(process) ? Cell{human_bytes(process.live_bytes), Tone::strong}
                              : Cell{"-", Tone::faint},
          {human_bytes(process.rss)},
          count(process.totals.allocations, Tone::plain),
          count(process.totals.large, Tone::caution),
          count(process.totals.failed, Tone::bad),
          count(process.dropped, Tone::bad),
          {program_line(process)}};
}

void write_processes(Page& page, const std::vector<const ProcessStatus*>& processes) {
  Table table({{"pid"},
               {"recorded", Align::left},
               {"live heap"},
               {"RSS"},
               {"allocations"},
               {"large"},
               {"failed"},
               {"lost"},
               {"program", Align::left}});
  for (const ProcessStatus* process : processes) table.add(row(*process));
  table.write(page);
}

// Of these the end matters, so it gets the room: what was large or failed is among the events.
void write_ended(Page& page, const std::vector<const ProcessStatus*>& processes) {
  Table table({{"pid"}, {"live heap"}, {"peak RSS"}, {"allocations"}, {"program", Align::left}});
  for (const ProcessStatus* process : processes) {
    table.add(
        {{std::to_string(process->pid)},
         knows_heap(*process) ? Cell{human_bytes(process->live_bytes)} : Cell{"-", Tone::faint},
         {human_bytes(process->rss_peak)},
         {human_count(process->totals.allocations)},
         {fmt::format("{} ({}, {} ago)", printable(process->name), ending(*process),
                      human_duration(process->ended_ago))}});
  }
  table.write(page);
}

void write_events(Page& page, const daemon::Status& status) {
  page.blank();
  page.line(page.paint(Tone::strong, "Events") +
            fmt::format(", {} since the start, the latest first", human_count(status.events_seen)));
  Table table({{""}, {"", Align::left}, {""}, {"", Align::left}});
  for (std::size_t i = 0; i < std::min(kEvents, status.events.size()); ++i) {
    const daemon::Event& event = status.events[i];
    const bool is_failure = event.kind == daemon::Event::Kind::failure;
    table.add({{human_duration(event.age) + " ago", Tone::faint},
               {is_failure ? "failed" : "large", is_failure ? Tone::bad : Tone::caution},
               {human_bytes(event.size), Tone::strong},
               {fmt::format("{} in {} ({}){}", function_name(event.function), printable(event.name),
                            event.pid,
                            is_failure ? ": " + analysis::errno_name(event.error_number) : "")}});
  }
  table.write(page);
}

std::string watched_names(const daemon::Status& status) {
  std::vector<std::string> names = status.configured_names;
  names.insert(names.end(), status.added_names.begin(), status.added_names.end());
  if (names.empty()) return "every process that carries the library";
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : ", ") + printable(name);
  return shorten_end(text, 300);
}

}  // namespace

std::string status_text(const daemon::Status& status, const RenderOptions& options) {
  Page page(options);
  page.line(page.paint(Tone::strong, fmt::format("memwatch daemon {}", status.version)) +
            fmt::format(", pid {}, up {}", status.pid, human_duration(status.uptime)));
  page.sentence(Tone::plain, "Watching " + watched_names(status) + ".");
  if (status.certificate && !status.certificate->trouble.empty()) {
    page.sentence(Tone::bad, "Certificate " + printable(status.certificate->trouble) + ".");
  }
  page.blank();
  std::vector<const ProcessStatus*> running, ended;
  std::uint64_t rss = 0, live = 0;
  for (const ProcessStatus& process : status.processes) {
    (process.is_running ? running : ended).push_back(&process);
    if (!process.is_running) continue;
    rss += process.rss;
    live += process.live_bytes;
  }
  if (running.empty()) {
    page.line("No such process runs. Start one with");
    page.line(page.paint(Tone::command, "  LD_PRELOAD=/path/to/libmemwatch_preload.so CMD"));
  } else {
    write_processes(page, running);
    page.line(fmt::format("  {}: live heap {}, RSS {}",
                          counted(running.size(), "process", "processes"), human_bytes(live),
                          human_bytes(rss)));
  }
  if (status.not_recorded > 0) {
    page.sentence(Tone::caution,
                  fmt::format("  Not recorded, though carrying the library: {}; what the daemon "
                              "has printed says why.",
                              counted(status.not_recorded, "process", "processes")));
  }
  if (!ended.empty()) {
    page.blank();
    page.line(page.paint(Tone::strong, "Ended") +
              (ended.size() > kEnded ? fmt::format(", the latest {} of {}", kEnded, ended.size())
                                     : std::string()));
    if (ended.size() > kEnded) ended.resize(kEnded);
    write_ended(page, ended);
  }
  write_alert_summary(page, status.alerts, static_cast<std::int64_t>(status.now * 1000));
  write_channels(page, status.alerts.channels);
  if (!status.events.empty()) write_events(page, status);
  const bool is_estimated =
      std::any_of(running.begin(), running.end(), [](const ProcessStatus* process) {
        return process->source == Source::recorded && process->mode == model::Mode::sample;
      });
  const bool is_joined = std::any_of(running.begin(), running.end(), [](const auto* process) {
    return process->was_joined && process->mode != model::Mode::idle;
  });
  if (is_estimated || is_joined) page.blank();
  if (is_estimated) {
    page.sentence(Tone::faint, "Figures of sampled processes are estimates.");
  }
  if (is_joined) {
    page.sentence(Tone::faint,
                  "Live heap is what was allocated since the daemon found the process; what was "
                  "there before is not known.");
  }
  return std::move(page).take();
}

}  // namespace memwatch::render
