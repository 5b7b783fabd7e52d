// What the tests of this folder share: the fixtures that the build made, addresses inside them, and
// a folder that is gone at the end of a test.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "collector/model/session.h"
#include "collector/symbols/symbolizer.h"

namespace memwatch::symbols {

// The path of a built fixture: fixture("dwarf5.so").
std::string fixture(const std::string& name);

// The path of a fixture's source and the line in it that is marked "line: marker".
std::string source(const std::string& file);
std::uint32_t line_of(const std::string& file, const std::string& marker);

// As the collector would record it: path and build id.
model::Module module_at(const std::string& path);

// Every address of the file's .text section.
std::vector<std::uint64_t> text_addresses(const std::string& path);

// The address itself, not a return address.
model::CodeAddress exact_address(std::uint64_t offset);

// "function file:line" per frame, innermost first, joined with " < "; inlined frames are followed
// by "*". For comparing and for messages.
std::string describe(const model::Symbols& symbols);

// The distinct descriptions of all addresses of a file, with one address of each.
struct Described {
  std::string text;
  std::uint64_t address;
};
std::vector<Described> describe_all(Symbolizer& symbolizer, const model::Module& module,
                                    const std::string& addresses_of);

class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }
  // Copies a file to a place below the folder, making the folders in between; gives its new path.
  std::string copy(const std::string& from, const std::string& to) const;
  std::string write(const std::string& to, const std::string& bytes) const;

 private:
  std::filesystem::path path_;
};

std::string read_file(const std::string& path);

}  // namespace memwatch::symbols
