// Internal to the pprof format: strings, functions, locations and mappings, each numbered when it
// is first asked for, and appended to the profile at the end. Thread safety: none. Errors: none;
// ids out of range count as unknown code.
#pragma once

#include <cstdint>
#include <protozero/pbf_writer.hpp>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "collector/analysis/stack_text.h"
#include "collector/model/session.h"

namespace memwatch::render {

class PprofTables {
 public:
  // The module whose path is `program` keeps its addresses. `linkage_names`: as of PprofOptions.
  PprofTables(const model::Session& session, const std::string& program,
              const std::vector<std::string>& linkage_names);

  std::uint64_t string(std::string_view text);  // 0 is ""
  std::uint64_t location(model::CodeAddressId address);
  // A frame that is no code: "[truncated]", "[unknown]".
  std::uint64_t location_named(std::string_view name);

  // Everything that was asked for, as fields of the profile. The last to be called.
  void append_to(std::string& profile);

 private:
  struct Mapping {
    std::uint64_t start = 0, limit = 0;
    bool functions = false, files = false, lines = false, inlined = false;
    std::uint64_t number = 0;  // 0: not used
  };

  void place_modules(const std::string& program);
  std::uint64_t function(const analysis::Frame& frame);
  void add_line(protozero::pbf_writer& location, const analysis::Frame& frame);

  const model::Session& session_;
  const std::vector<std::string>& linkage_names_;
  std::unordered_map<std::string, std::uint64_t> strings_;
  std::vector<const std::string*> texts_;  // its keys by number
  std::vector<Mapping> mappings_;          // by module
  std::vector<std::uint64_t> locations_;   // by address; 0: not yet
  std::unordered_map<std::string, std::uint64_t> named_locations_, functions_;
  std::uint64_t location_count_ = 0, mapping_count_ = 0;
  std::string location_messages_, function_messages_;  // ready fields of the profile
};

}  // namespace memwatch::render
