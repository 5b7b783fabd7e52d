#include "tests/unit/capture/files.h"

#include <fstream>
#include <iterator>

namespace memwatch::capture_testing {

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_file(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

}  // namespace memwatch::capture_testing
