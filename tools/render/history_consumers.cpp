#include "tools/render/history_consumers.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "collector/analysis/stack_text.h"
#include "tools/render/csv.h"
#include "tools/render/human.h"
#include "tools/render/json_report.h"
#include "tools/render/json_writer.h"
#include "tools/render/local_time.h"
#include "tools/render/page.h"
#include "tools/render/printable.h"
#include "tools/render/signed.h"
#include "tools/render/stack_lines.h"
#include "tools/render/table.h"

namespace memwatch::render {

namespace {

using history::Consumer;
using history::ConsumerHistory;
using history::ConsumerRound;
using history::SiteId;
using history::SiteName;

constexpr std::size_t kMostProcesses = 10;  // on a page
constexpr std::size_t kPlaceWidth = 60;

double seconds(std::int64_t milliseconds) {
  return static_cast<double>(milliseconds) / 1000;
}

std::string site_text(SiteId site) {
  return fmt::format("{:016x}", site);
}

SiteName name_of(const ConsumerHistory& history, const Consumer& consumer) {
  const auto found = history.sites.find(consumer.site);
  if (found != history.sites.end()) return found->second;
  SiteName name;
  name.module = consumer.module;
  return name;
}

const Consumer* find(const ConsumerRound& round, SiteId site) {
  for (const Consumer& consumer : round.consumers) {
    if (consumer.site == site) return &consumer;
  }
  return nullptr;
}

bool has_all_sites(const ConsumerRound& round) {
  return round.consumers.size() >= round.sites;
}

// A site between two rounds. What a round does not have is nothing where it has all sites, else
// unknown.
struct Change {
  Consumer now;
  std::optional<Consumer> before;
  [[nodiscard]] std::int64_t grown() const {
    const auto live = static_cast<std::int64_t>(now.live_bytes);
    return before ? live - static_cast<std::int64_t>(before->live_bytes) : 0;
  }
};

std::vector<Change> changes(const ConsumerRound& first, const ConsumerRound& last) {
  std::vector<Change> all;
  for (const Consumer& now : last.consumers) {
    Change& change = all.emplace_back();
    change.now = now;
    if (const Consumer* const before = find(first, now.site)) {
      change.before = *before;
    } else if (has_all_sites(first)) {
      change.before = Consumer{};
    }
  }
  if (has_all_sites(last)) {
    for (const Consumer& before : first.consumers) {
      if (find(last, before.site) != nullptr) continue;
      Change& change = all.emplace_back();
      change.now = before;
      change.now.live_bytes = change.now.live_blocks = 0;
      change.before = before;
    }
  }
  std::stable_sort(all.begin(), all.end(), [](const Change& a, const Change& b) {
    return a.grown() != b.grown() ? a.grown() > b.grown() : a.now.live_bytes > b.now.live_bytes;
  });
  return all;
}

void write_process(Page& page, const ConsumerHistory& history, const ConsumerRound& first,
                   const ConsumerRound& last, std::uint64_t most) {
  const bool compares = first.time_ms != last.time_ms;
  std::string title = page.paint(Tone::strong, printable(last.process.name)) +
                      fmt::format(" (pid {}), ", last.process.pid);
  if (compares) title += local_time(first.time_ms, "%Y-%m-%d %H:%M:%S") + " to ";
  const bool is_one_day =
      local_time(first.time_ms, "%F") == local_time(last.time_ms, "%F") && compares;
  title += local_time(last.time_ms, is_one_day ? "%H:%M:%S" : "%Y-%m-%d %H:%M:%S");
  title += ": live heap " + human_bytes(last.live_bytes);
  if (compares) title += ", " + signed_bytes(first.live_bytes, last.live_bytes);
  if (!last.is_whole) {
    title += ", of what was allocated since " + local_time(last.since_ms, "%Y-%m-%d %H:%M:%S");
  }
  if (last.is_sample) title += "; estimates of a sample";
  page.blank();
  page.line(std::move(title));
  std::vector<Column> columns = {{"live"}};
  if (compares) columns.push_back({"grown"});
  columns.push_back({"blocks"});
  if (compares) columns.push_back({"grown"});
  columns.push_back({"allocated"});
  columns.push_back({"calls"});
  columns.push_back({"allocated in", Align::left});
  columns.push_back({"by", Align::left});
  Table table(std::move(columns));
  const std::vector<Change> all = changes(first, last);
  for (std::size_t i = 0; i < std::min<std::uint64_t>(most, all.size()); ++i) {
    const Consumer& now = all[i].now;
    const std::optional<Consumer>& before = all[i].before;
    std::vector<Cell> cells = {{human_bytes(now.live_bytes), Tone::strong}};
    const auto add_change = [&](const std::string& text) {
      if (compares) cells.push_back(before ? Cell{text} : Cell{"?", Tone::faint});
    };
    add_change(before ? signed_bytes(before->live_bytes, now.live_bytes) : "");
    cells.push_back({human_count(now.live_blocks)});
    add_change(before ? signed_count(before->live_blocks, now.live_blocks) : "");
    cells.push_back({human_bytes(now.allocated_bytes)});
    cells.push_back({human_count(now.calls)});
    const SiteName name = name_of(history, now);
    analysis::Frame frame;
    frame.function = name.function;
    frame.file = name.file;
    frame.line = name.line;
    frame.module = name.module;
    cells.push_back({frames_headline({frame}, kPlaceWidth), Tone::name});
    cells.push_back({printable(name.stack), Tone::faint});
    table.add(std::move(cells));
  }
  table.write(page);
  if (last.sites > last.consumers.size()) {
    page.sentence(Tone::faint,
                  fmt::format("Of {} sites the largest {} are kept; ? was not among them before.",
                              human_count(last.sites), last.consumers.size()),
                  2);
  }
}

}  // namespace

std::string consumer_history_text(const ConsumerHistory& history, std::uint64_t most,
                                  const RenderOptions& options) {
  Page page(options);
  std::vector<const ConsumerRound*> latest;  // of each process, in the order of the rounds
  std::vector<const ConsumerRound*> first;
  for (const ConsumerRound& round : history.rounds) {
    const auto known = std::find_if(latest.begin(), latest.end(), [&](const ConsumerRound* other) {
      return other->process == round.process;
    });
    if (known == latest.end()) {
      latest.push_back(&round);
      first.push_back(&round);
    } else {
      *known = &round;
    }
  }
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < latest.size(); ++i) order.push_back(i);
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return latest[a]->time_ms > latest[b]->time_ms;
  });
  for (std::size_t i = 0; i < std::min(order.size(), kMostProcesses); ++i) {
    write_process(page, history, *first[order[i]], *latest[order[i]], most);
  }
  if (order.size() > kMostProcesses) {
    page.blank();
    page.sentence(Tone::faint,
                  fmt::format("and {} more: name a program, or a pid",
                              counted(order.size() - kMostProcesses, "process", "processes")));
  }
  return std::move(page).take();
}

void write_consumer_history_json(const ConsumerHistory& history, Output& output) {
  JsonWriter json(output);
  json.begin_object(JsonWriter::Layout::lines);
  json.member("schema", "memwatch.history-consumers/1");
  json.key("rounds").begin_array(JsonWriter::Layout::lines);
  for (const ConsumerRound& round : history.rounds) {
    json.begin_object();
    json.key("pid").signed_number(round.process.pid);
    json.member("process", round.process.name);
    json.key("time").real(seconds(round.time_ms));
    json.key("since").real(seconds(round.since_ms));
    json.key("whole").boolean(round.is_whole);
    json.member("mode", round.is_sample ? "sample" : "exact");
    json.member("live_bytes", round.live_bytes);
    json.member("active", round.live_blocks);
    json.member("peak", round.peak_bytes);
    json.member("sites", round.sites);
    json.key("consumers").begin_array();
    for (const Consumer& consumer : round.consumers) {
      json.begin_object();
      json.member("site", site_text(consumer.site));
      json.member("calls", consumer.calls);
      json.member("allocated", consumer.allocated_bytes);
      json.member("peak", consumer.peak_bytes);
      json.member("active", consumer.live_blocks);
      json.member("live_bytes", consumer.live_bytes);
      if (round.is_sample) json.member("live_bytes_sd", consumer.live_deviation);
      json.end_object();
    }
    json.end_array();
    json.end_object();
  }
  json.end_array();
  json.key("sites").begin_array(JsonWriter::Layout::lines);
  for (const auto& [site, name] : history.sites) {
    json.begin_object();
    json.member("site", site_text(site));
    json.key("module").string_or_null(name.module);
    json.key("function").string_or_null(name.function);
    json.key("file").string_or_null(name.file);
    json.member("line", name.line);
    json.key("stack").string_or_null(name.stack);
    json.end_object();
  }
  json.end_array();
  json.end_object();
  output.write("\n");
}

void write_consumer_history_csv(const ConsumerHistory& history, Output& output) {
  output.write(
      "time,pid,process,mode,site,live_bytes,live_bytes_sd,active,allocated,calls,peak,function,"
      "file,line,module\n");
  for (const ConsumerRound& round : history.rounds) {
    for (const Consumer& consumer : round.consumers) {
      const SiteName name = name_of(history, consumer);
      output.write(fmt::format(
          "{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}\n", rfc3339(seconds(round.time_ms)),
          round.process.pid, csv_field(round.process.name), round.is_sample ? "sample" : "exact",
          site_text(consumer.site), consumer.live_bytes, consumer.live_deviation,
          consumer.live_blocks, consumer.allocated_bytes, consumer.calls, consumer.peak_bytes,
          csv_field(name.function), csv_field(name.file), name.line, csv_field(name.module)));
    }
  }
}

}  // namespace memwatch::render
