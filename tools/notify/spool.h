// A queue on disk: a file for each payload in a directory of its own, numbered, written whole or
// not at all. Bounded. What a power cut may cost is the last moments; a killed daemon loses
// nothing. One owner, one thread. Bytes of a file are taken as they are; a file that is too large,
// or no file, is left out.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "collector/base/result.h"

namespace memwatch::notify {

class Spool {
 public:
  static constexpr std::size_t kMaxFiles = 1000, kMaxBytes = std::size_t{1} << 20;

  // `directory` is made when something is added.
  explicit Spool(std::string directory) : directory_(std::move(directory)) {}

  struct Item {
    std::uint64_t number = 0;
    std::string payload;
  };
  [[nodiscard]] std::vector<Item> load();  // oldest first, the latest kMaxFiles

  Result<std::uint64_t> add(const std::string& payload);  // its number
  void remove(std::uint64_t number);

 private:
  [[nodiscard]] std::string path_of(std::uint64_t number) const;

  std::string directory_;
  std::uint64_t last_ = 0;
};

}  // namespace memwatch::notify
