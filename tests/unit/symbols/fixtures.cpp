#include "tests/unit/symbols/fixtures.h"

#include <fmt/format.h>
#include <gelf.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <map>
#include <sstream>

#include "collector/symbols/build_id.h"
#include "collector/symbols/elf_file.h"

namespace memwatch::symbols {

std::string fixture(const std::string& name) {
  return std::string(FIXTURE_DIR) + "/" + name;
}

std::string source(const std::string& file) {
  return std::string(FIXTURE_SOURCES) + "/" + file;
}

std::uint32_t line_of(const std::string& file, const std::string& marker) {
  std::ifstream input(source(file));
  std::string line;
  for (std::uint32_t number = 1; std::getline(input, line); ++number) {
    if (line.ends_with("// line: " + marker)) return number;
  }
  ADD_FAILURE() << "no line of " << file << " is marked " << marker;
  return 0;
}

model::Module module_at(const std::string& path) {
  const auto build_id = read_build_id(path);
  EXPECT_TRUE(build_id) << path;
  return {path, build_id ? *build_id : std::string()};
}

std::vector<std::uint64_t> text_addresses(const std::string& path) {
  std::vector<std::uint64_t> addresses;
  const auto file = ElfFile::open(path);
  if (!file) return addresses;
  std::size_t names = 0;
  elf_getshdrstrndx(file->get(), &names);
  for (Elf_Scn* section = nullptr; (section = elf_nextscn(file->get(), section)) != nullptr;) {
    GElf_Shdr header;
    gelf_getshdr(section, &header);
    if (std::string_view(elf_strptr(file->get(), names, header.sh_name)) != ".text") continue;
    for (std::uint64_t i = 0; i < header.sh_size; ++i) addresses.push_back(header.sh_addr + i);
  }
  return addresses;
}

model::CodeAddress exact_address(std::uint64_t offset) {
  return {1, offset, true};
}

std::string describe(const model::Symbols& symbols) {
  std::string text;
  for (const model::SourceFrame& frame : symbols.frames) {
    if (!text.empty()) text += " < ";
    text += fmt::format("{} {}:{}{}", frame.function,
                        std::filesystem::path(frame.file).filename().string(), frame.line,
                        frame.inlined ? "*" : "");
  }
  return text;
}

std::vector<Described> describe_all(Symbolizer& symbolizer, const model::Module& module,
                                    const std::string& addresses_of) {
  std::map<std::string, std::uint64_t> seen;
  for (const std::uint64_t address : text_addresses(addresses_of)) {
    seen.emplace(describe(symbolizer.symbolize(module, exact_address(address))), address);
  }
  std::vector<Described> all;
  for (const auto& [text, address] : seen) all.push_back({text, address});
  return all;
}

TemporaryFolder::TemporaryFolder() {
  std::string pattern = (std::filesystem::temp_directory_path() / "symbols-XXXXXX").string();
  EXPECT_NE(mkdtemp(pattern.data()), nullptr);
  path_ = pattern;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::string TemporaryFolder::copy(const std::string& from, const std::string& to) const {
  return write(to, read_file(from));
}

std::string TemporaryFolder::write(const std::string& to, const std::string& bytes) const {
  const auto target = path_ / to;
  std::filesystem::create_directories(target.parent_path());
  // Some file systems flush a file that is emptied and written anew, which takes its time.
  std::filesystem::remove(target);
  std::ofstream(target, std::ios::binary | std::ios::trunc)
      .write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return target.string();
}

std::string read_file(const std::string& path) {
  std::ostringstream bytes;
  bytes << std::ifstream(path, std::ios::binary).rdbuf();
  EXPECT_FALSE(bytes.str().empty()) << path;
  return bytes.str();
}

}  // namespace memwatch::symbols
