#include "tools/render/massif.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "collector/analysis/caller_tree.h"
#include "collector/analysis/stack_text.h"
#include "tools/render/printable.h"
#include "tools/render/provenance.h"

namespace memwatch::render {
namespace {

constexpr double kThreshold = 0.01;          // massif's own default
constexpr std::size_t kMostSnapshots = 100;  // massif's own default
// Perl warns of recursion from 100 levels on, and inlined functions take levels too.
constexpr std::size_t kMostAddresses = 60;
constexpr std::size_t kMostLevels = 90;

std::string without_comments(std::string text) {
  std::replace(text.begin(), text.end(), '#', '@');
  return text;
}

std::string frame_text(const analysis::Frame& frame) {
  std::string text = fmt::format("0x{:x}: ", frame.offset);
  text += frame.function.empty() ? "???" : printable(frame.function);
  if (!frame.file.empty()) {
    text += fmt::format(" ({}:{})", printable(analysis::base_name(frame.file)), frame.line);
  } else if (!frame.module.empty()) {
    text += fmt::format(" (in {})", printable(frame.module));
  }
  return without_comments(std::move(text));
}

class TreeWriter {
 public:
  TreeWriter(const model::Session& session, Output& output) : session_(session), output_(output) {}

  void write(const analysis::CallerTree& tree) {
    std::vector<Line> extra;
    if (tree.unselected_stacks > 0) {
      extra.push_back(
          {tree.unselected_bytes, fmt::format("in {}, left out by --filter or --exclude",
                                              places(tree.unselected_stacks))});
    }
    write_node(tree.root, "(heap allocation functions) malloc/new/new[], --alloc-fns, etc.", 0,
               std::move(extra));
  }

 private:
  // A line that stands for several callers.
  struct Line {
    std::uint64_t bytes;
    std::string text;
  };

  static std::string places(std::uint64_t count) {
    return fmt::format("{} {}", count, count == 1 ? "place" : "places");
  }

  void write_line(std::size_t level, std::size_t children, std::uint64_t bytes,
                  const std::string& text) {
    output_.write(std::string(level, ' ') + fmt::format("n{}: {} {}\n", children, bytes, text));
  }

  // An address, and in lines of their own what was inlined there.
  void write_caller(const analysis::CallerNode& node, std::size_t level) {
    const std::vector<analysis::Frame> frames = analysis::frames_at(session_, node.address);
    for (std::size_t i = 0; i + 1 < frames.size() && level < kMostLevels; ++i) {
      write_line(level++, 1, node.bytes, frame_text(frames[i]));
    }
    write_node(node, frames.empty() ? "???" : frame_text(frames.back()), level, {});
  }

  void write_node(const analysis::CallerNode& node, const std::string& text, std::size_t level,
                  std::vector<Line> lines) {
    if (node.small_count > 0) {
      lines.push_back(
          {node.small_bytes,
           fmt::format("in {}, {}below massif's threshold ({:.2f}%)", places(node.small_count),
                       node.small_count == 1 ? "" : "all ", kThreshold * 100)});
    }
    if (level >= kMostLevels) {
      write_line(level, 0, node.bytes, text);
      return;
    }
    write_line(level, node.callers.size() + lines.size(), node.bytes, text);
    std::sort(lines.begin(), lines.end(),
              [](const Line& a, const Line& b) { return a.bytes > b.bytes; });
    std::size_t next = 0;
    const auto write_larger = [&](std::uint64_t bytes) {
      for (; next < lines.size() && lines[next].bytes > bytes; ++next) {
        write_line(level + 1, 0, lines[next].bytes, lines[next].text);
      }
    };
    for (const analysis::CallerNode& caller : node.callers) {
      write_larger(caller.bytes);
      write_caller(caller, level + 1);
    }
    for (; next < lines.size(); ++next) {
      write_line(level + 1, 0, lines[next].bytes, lines[next].text);
    }
  }

  const model::Session& session_;
  Output& output_;
};

struct Snapshot {
  double at = 0;
  std::uint64_t bytes = 0;
  const analysis::CallerTree* tree = nullptr;
  const char* kind = "empty";
};

// Times come from a file and may be no numbers; a peak may be dated a millisecond before its start.
double not_negative(double seconds) {
  return seconds > 0 && seconds < 1e12 ? seconds : 0;
}

std::vector<Snapshot> make_snapshots(const model::Process& process,
                                     const analysis::CallerTree& peak,
                                     const analysis::CallerTree& end) {
  // The beginning, the peak and the end take three.
  constexpr std::size_t kMostSamples = kMostSnapshots - 3;
  const std::size_t step = process.timeline.size() / (kMostSamples + 1) + 1;
  std::vector<Snapshot> snapshots{{0, 0}};
  for (std::size_t i = step - 1; i < process.timeline.size(); i += step) {
    const model::TimelineSample& sample = process.timeline[i];
    const double at = sample.at - process.start;
    if (at > 0 && at < not_negative(process.duration)) snapshots.push_back({at, sample.live_bytes});
  }
  const double peak_at = not_negative(process.heap.peak_at - process.start);
  snapshots.push_back({peak_at, peak.root.bytes, &peak, "peak"});
  std::stable_sort(snapshots.begin(), snapshots.end(),
                   [](const Snapshot& a, const Snapshot& b) { return a.at < b.at; });
  const double last = std::max(not_negative(process.duration), snapshots.back().at);
  snapshots.push_back({last, end.root.bytes, &end, "detailed"});
  return snapshots;
}

}  // namespace

void write_massif(const analysis::Selection& selection, const model::Process& process,
                  Output& output) {
  const analysis::CallerTree peak = analysis::make_caller_tree(
      selection, process, analysis::Cost::peak, kThreshold, kMostAddresses);
  const analysis::CallerTree end = analysis::make_caller_tree(
      selection, process, analysis::Cost::live, kThreshold, kMostAddresses);

  for (const std::string& sentence : provenance(selection.session(), process)) {
    output.write("desc: " + without_comments(sentence) + "\n");
  }
  output.write("cmd: " + without_comments(command_line(process)) + "\ntime_unit: ms\n");
  std::size_t number = 0;
  TreeWriter trees(selection.session(), output);
  for (const Snapshot& snapshot : make_snapshots(process, peak, end)) {
    output.write(
        fmt::format("#-----------\nsnapshot={}\n#-----------\ntime={:.0f}\nmem_heap_B={}\n"
                    "mem_heap_extra_B=0\nmem_stacks_B=0\nheap_tree={}\n",
                    number++, snapshot.at * 1000, snapshot.bytes, snapshot.kind));
    if (snapshot.tree != nullptr) trees.write(*snapshot.tree);
  }
}

}  // namespace memwatch::render
