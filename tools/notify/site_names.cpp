#include "tools/notify/site_names.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdio>
#include <string_view>
#include <utility>

#include "collector/analysis/noise_frames.h"
#include "collector/analysis/stack_identity.h"
#include "collector/analysis/stack_text.h"
#include "collector/symbols/symbolizer.h"
#include "tools/notify/child_process.h"
#include "tools/notify/helper.h"

namespace memwatch::notify {

namespace {

constexpr std::size_t kMostInput = 4U << 20, kMostOutput = 1U << 20;

std::string one_line(std::string_view text) {
  std::string line(text);
  std::erase(line, '\n');
  return line;
}

std::string_view take_line(std::string_view& rest) {
  const std::size_t end = std::min(rest.find('\n'), rest.size());
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return line;
}

// A session with these stacks and nothing else, so that they are named as any other.
class Names {
 public:
  history::SiteName of(const UnnamedStack& unnamed) {
    model::Session session;
    session.processes.emplace_back().exe = unnamed.program;
    model::StackId outer = model::kNone;
    for (auto at = unnamed.frames.rbegin(); at != unnamed.frames.rend(); ++at) {
      session.modules.push_back(at->module);
      session.code_addresses.push_back(at->address);
      session.code_addresses.back().module =
          at->module.path.empty() ? model::kNone
                                  : static_cast<model::ModuleId>(session.modules.size() - 1);
      session.symbols.push_back(symbolizer_.symbolize(at->module, at->address));
      session.stacks.push_back(
          {outer, static_cast<model::CodeAddressId>(session.code_addresses.size() - 1)});
      outer = static_cast<model::StackId>(session.stacks.size() - 1);
    }
    history::SiteName name;
    const std::vector<analysis::Frame> frames = analysis::frames_of(session, outer);
    if (frames.empty()) return name;
    const analysis::Frame& telling = frames[analysis::telling_frame(frames)];
    name.function = telling.function;
    name.file = telling.file;
    name.line = telling.line;
    name.module = telling.module;
    name.stack = analysis::StackIdentities(session).text_of(outer);
    return name;
  }

 private:
  symbols::Symbolizer symbolizer_{symbols::SymbolizeOptions{}};
};

}  // namespace

std::string encode_stacks(const std::vector<UnnamedStack>& stacks) {
  std::string text;
  for (const UnnamedStack& stack : stacks) {
    text += one_line(stack.program) + "\n" + encode_frames(stack.frames) + "\n";
  }
  return text;
}

std::vector<UnnamedStack> decode_stacks(const std::string& input) {
  std::vector<UnnamedStack> stacks;
  std::string_view rest = input;
  while (!rest.empty()) {
    UnnamedStack& stack = stacks.emplace_back();
    stack.program = take_line(rest);
    std::string frames;
    for (std::string_view line; !rest.empty() && !(line = take_line(rest)).empty();) {
      frames.append(line).append("\n");
    }
    stack.frames = decode_frames(frames);
  }
  return stacks;
}

std::vector<history::SiteName> names_of(const std::vector<UnnamedStack>& stacks) {
  Names names;
  std::vector<history::SiteName> all;
  for (const UnnamedStack& stack : stacks) all.push_back(names.of(stack));
  return all;
}

std::string encode_names(const std::vector<history::SiteName>& names) {
  std::string text;
  for (const history::SiteName& name : names) {
    text += fmt::format("{}\n{}\n{}\n{}\n{}\n", one_line(name.function), one_line(name.file),
                        name.line, one_line(name.module), one_line(name.stack));
  }
  return text;
}

std::vector<history::SiteName> decode_names(const std::string& output) {
  std::vector<history::SiteName> names;
  std::string_view rest = output;
  while (!rest.empty()) {
    history::SiteName& name = names.emplace_back();
    name.function = take_line(rest);
    name.file = take_line(rest);
    const std::string_view line = take_line(rest);
    std::from_chars(line.data(), line.data() + line.size(), name.line);
    name.module = take_line(rest);
    name.stack = take_line(rest);
  }
  return names;
}

std::optional<std::vector<history::SiteName>> find_names(const std::vector<UnnamedStack>& stacks,
                                                         int stop) {
  ChildRequest request;
  request.argv = helper_argv(Helper::find_names);
  request.input = encode_stacks(stacks);
  request.stop = stop;
  request.max_output = kMostOutput;
  const ChildOutcome outcome = run_child(request);
  if (!outcome.is_success()) return std::nullopt;
  std::vector<history::SiteName> names = decode_names(outcome.output);
  if (names.size() != stacks.size()) return std::nullopt;
  return names;
}

int run_find_names() {
  const std::string answer = encode_names(names_of(decode_stacks(read_input(kMostInput))));
  std::fputs(answer.c_str(), stdout);
  return std::fflush(stdout) == 0 ? 0 : 1;
}

}  // namespace memwatch::notify
