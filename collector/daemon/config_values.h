// Values of memwatch.toml: each read as what its key wants, or a complaint with FILE:LINE. Internal
// to the configuration's readers. Thread safety: read-only.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "collector/base/result.h"
#include "collector/base/toml_document.h"

namespace memwatch::daemon {

class ConfigValues {
 public:
  using Entry = toml_document::Entry;
  using Value = toml_document::Value;

  explicit ConfigValues(toml_document::Source source) : source_(std::move(source)) {}

  [[nodiscard]] Error wrong(const Value& at, std::string why) const;
  [[nodiscard]] Error wrong_kind(const Entry& entry, std::string_view what) const;
  [[nodiscard]] Error unknown_key(const Entry& entry, std::string_view known) const;

  // Whole seconds from `least` to 24 h.
  Result<void> read_seconds(const Entry& entry, std::chrono::seconds least,
                            std::chrono::seconds* target) const;
  // Whole hours from an hour to 366 days.
  Result<void> read_hours(const Entry& entry, std::chrono::hours* target) const;
  [[nodiscard]] Result<std::uint64_t> bytes(const Entry& entry) const;  // not 0
  [[nodiscard]] Result<double> number(const Entry& entry, double least, double most) const;
  [[nodiscard]] Result<std::string> text(const Entry& entry, std::string_view what) const;
  Result<void> read_boolean(const Entry& entry, bool* target) const;
  Result<void> expect_table(const Entry& entry) const;

 private:
  toml_document::Source source_;
};

}  // namespace memwatch::daemon
