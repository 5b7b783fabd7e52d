#include "tools/notify/locate.h"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>

#include "collector/analysis/noise_frames.h"
#include "collector/analysis/program_start.h"
#include "collector/symbols/symbolizer.h"
#include "tools/notify/child_process.h"
#include "tools/notify/helper.h"

namespace memwatch::notify {

namespace {

constexpr std::size_t kMostFrames = 64, kMostInput = 1U << 20;

std::string_view take(std::string_view& rest, char separator) {
  const std::size_t end = std::min(rest.find(separator), rest.size());
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return part;
}

std::string one_line(std::string text) {
  std::erase(text, '\n');
  return text;
}

}  // namespace

std::string encode_frames(const Frames& frames) {
  std::string text;
  for (const recording::Alert::Frame& frame : frames) {
    if (frame.module.path.find('\n') != std::string::npos) continue;
    text +=
        fmt::format("{} {} {} {}\n", frame.address.offset, frame.address.exact ? 1 : 0,
                    frame.module.build_id.empty() ? "-" : frame.module.build_id, frame.module.path);
  }
  return text;
}

Frames decode_frames(const std::string& input) {
  Frames frames;
  std::string_view rest = input;
  while (!rest.empty() && frames.size() < kMostFrames) {
    std::string_view line = take(rest, '\n');
    const std::string_view offset = take(line, ' ');
    recording::Alert::Frame frame;
    const auto [stop, error] =
        std::from_chars(offset.data(), offset.data() + offset.size(), frame.address.offset);
    if (error != std::errc{} || stop != offset.data() + offset.size()) continue;
    frame.address.exact = take(line, ' ') == "1";
    frame.module.build_id = take(line, ' ');
    if (frame.module.build_id == "-") frame.module.build_id.clear();
    frame.module.path = line;
    frame.address.module = frame.module.path.empty() ? model::kNone : 1;
    frames.push_back(std::move(frame));
  }
  return frames;
}

alerts::Site site_of(const Frames& frames) {
  symbols::Symbolizer symbolizer{symbols::SymbolizeOptions{}};
  std::vector<model::Symbols> symbols;  // the frames are views into these
  symbols.reserve(frames.size());
  std::vector<analysis::Frame> all;
  for (const recording::Alert::Frame& at : frames) {
    symbols.push_back(symbolizer.symbolize(at.module, at.address));
    analysis::Frame frame;
    frame.module = at.module.path;
    frame.offset = at.address.offset;
    if (symbols.back().frames.empty()) all.push_back(frame);
    for (const model::SourceFrame& source : symbols.back().frames) {
      frame.function = source.function;
      frame.file = source.file;
      frame.line = source.line;
      frame.inlined = source.inlined;
      all.push_back(frame);
    }
  }
  all = analysis::without_program_start(std::move(all));
  alerts::Site site;
  if (all.empty()) return site;
  const analysis::Frame& telling = all[analysis::telling_frame(all)];
  site.function = analysis::frame_name(telling);
  site.file = telling.file;
  site.line = telling.line;
  site.module = telling.module;
  return site;
}

alerts::Site locate_site(const Frames& frames, int stop) {
  alerts::Site site;
  if (frames.empty()) return site;
  site.module = frames.front().module.path;
  ChildRequest request;
  request.argv = helper_argv(Helper::locate);
  request.input = encode_frames(frames);
  request.stop = stop;
  const ChildOutcome outcome = run_child(request);
  if (!outcome.is_success()) return site;
  std::string_view rest = outcome.output;
  const std::string function(take(rest, '\n')), file(take(rest, '\n'));
  const std::string_view line = take(rest, '\n');
  site.module = take(rest, '\n');
  site.function = function;
  site.file = file;
  std::from_chars(line.data(), line.data() + line.size(), site.line);
  return site;
}

std::string read_input(std::size_t most) {
  std::string input;
  while (input.size() < most) {
    char buffer[16384];
    const ssize_t count = read(STDIN_FILENO, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    input.append(buffer, static_cast<std::size_t>(count));
  }
  return input;
}

int run_locate() {
  const alerts::Site site = site_of(decode_frames(read_input(kMostInput)));
  const std::string answer = fmt::format("{}\n{}\n{}\n{}\n", one_line(site.function),
                                         one_line(site.file), site.line, one_line(site.module));
  std::fputs(answer.c_str(), stdout);
  return std::fflush(stdout) == 0 ? 0 : 1;
}

}  // namespace memwatch::notify
