// Files as bytes, in a private directory for one test.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "tests/unit/temporary_directory.h"

namespace memwatch::capture_testing {

using test_support::TemporaryDirectory;

std::string read_file(const std::string& path);
void write_file(const std::string& path, const std::string& bytes);

inline std::span<const std::byte> as_bytes(const std::string& bytes) {
  return std::as_bytes(std::span(bytes.data(), bytes.size()));
}

}  // namespace memwatch::capture_testing
