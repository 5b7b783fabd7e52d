// Compares every address of every fixture with binutils' addr2line, which shares no code with us.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <set>
#include <sstream>

#include "tests/unit/symbols/fixtures.h"

namespace memwatch::symbols {
namespace {

std::string run(const std::string& command) {
  std::string output;
  FILE* pipe = popen(command.c_str(), "r");
  if (pipe == nullptr) return output;
  std::array<char, 4096> buffer{};
  std::size_t got = 0;
  while ((got = fread(buffer.data(), 1, buffer.size(), pipe)) > 0)
    output.append(buffer.data(), got);
  EXPECT_EQ(pclose(pipe), 0) << command;
  return output;
}

// "ns::Class::method(int) const" gives "method": addr2line has no scopes and types for functions
// without a linkage name. What GCC's clones are called is cut off too.
std::string bare_name(std::string function) {
  if (const auto lambda = function.find("operator()"); lambda != std::string::npos) return "()";
  function = function.substr(0, function.find(" [clone"));
  constexpr std::string_view kAnonymous = "(anonymous namespace)::";
  for (std::size_t at = 0; (at = function.find(kAnonymous)) != std::string::npos;) {
    function.erase(at, kAnonymous.size());
  }
  function = function.substr(0, function.find('('));
  function = function.substr(0, function.find('<'));
  const auto scope = function.rfind("::");
  return scope == std::string::npos ? function : function.substr(scope + 2);
}

struct Frame {
  std::string function, file;
  std::uint32_t line = 0;
  bool operator==(const Frame&) const = default;
};

std::string show(const std::vector<Frame>& frames) {
  std::string text;
  for (const Frame& frame : frames) {
    text += fmt::format("{} {}:{}; ", frame.function, frame.file, frame.line);
  }
  return text;
}

// addr2line -a prints the address, then a function line and a file:line line for each frame.
std::vector<std::vector<Frame>> ask_addr2line(const std::string& path,
                                              const std::vector<std::uint64_t>& addresses) {
  const TemporaryFolder folder;
  std::string list;
  for (const std::uint64_t address : addresses) list += fmt::format("{:#x}\n", address);
  const std::string input = folder.write("addresses", list);
  std::istringstream output(
      run(fmt::format("'{}' -a -i -f -C -e '{}' < '{}'", ADDR2LINE, path, input)));
  std::vector<std::vector<Frame>> answers;
  std::string line;
  while (std::getline(output, line)) {
    if (line.starts_with("0x")) {
      answers.emplace_back();
      continue;
    }
    Frame frame;
    if (line != "??") frame.function = bare_name(line);
    std::getline(output, line);
    line = line.substr(0, line.find(" (discriminator"));
    const auto colon = line.rfind(':');
    const std::string file = line.substr(0, colon);
    if (file != "??") frame.file = std::filesystem::path(file).lexically_normal().string();
    const std::string number = line.substr(colon + 1);
    // Without debug information it names the file symbol, a base name that may be of another file.
    if (frame.file.find('/') == std::string::npos) frame.file.clear();
    if (number != "?") frame.line = static_cast<std::uint32_t>(std::stoul(number));
    answers.back().push_back(frame);
  }
  return answers;
}

// The addresses inside functions, by nm: between them addr2line names the function before the gap.
std::vector<std::uint64_t> addresses_in_functions(const std::string& path) {
  std::istringstream output(run(fmt::format("'{}' -S --defined-only '{}'", NM, path)));
  std::set<std::uint64_t> addresses;
  std::string line;
  while (std::getline(output, line)) {
    std::istringstream fields(line);
    std::uint64_t start = 0;
    std::uint64_t size = 0;
    char type = 0;
    if (!(fields >> std::hex >> start >> size >> type)) continue;
    if (type != 't' && type != 'T' && type != 'W') continue;
    for (std::uint64_t i = 0; i < size; ++i) addresses.insert(start + i);
  }
  return {addresses.begin(), addresses.end()};
}

class Oracle : public testing::TestWithParam<const char*> {};

TEST_P(Oracle, AgreesAtEveryAddress) {
  const std::string path = fixture(GetParam());
  const model::Module module = module_at(path);
  const auto addresses = addresses_in_functions(path);
  ASSERT_GT(addresses.size(), 100U);
  const auto oracle = ask_addr2line(path, addresses);
  ASSERT_EQ(oracle.size(), addresses.size());
  Symbolizer symbolizer({});
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    std::vector<Frame> ours;
    for (const auto& frame : symbolizer.symbolize(module, exact_address(addresses[i])).frames) {
      ours.push_back({bare_name(frame.function), frame.file, frame.line});
    }
    if (ours.empty()) ours.emplace_back();
    // addr2line gives an inlined static function the name of the symbol that holds it.
    std::vector<Frame> theirs = oracle[i];
    if (theirs.size() > 1 && theirs.front().function == theirs.back().function) {
      theirs.front().function = ours.front().function;
    }
    EXPECT_EQ(show(ours), show(theirs)) << fmt::format("{:#x}", addresses[i]);
  }
}

INSTANTIATE_TEST_SUITE_P(Fixtures, Oracle,
                         testing::Values("dwarf5.so", "dwarf4.so", "compressed.so", "sections.so",
                                         "no_debug.so"));

}  // namespace
}  // namespace memwatch::symbols
