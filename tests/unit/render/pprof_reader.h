// profile.proto read back field by field, without a protobuf compiler: what the tests of the pprof
// format compare with. Throws protozero's exceptions where a message is damaged.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace memwatch::testing {

struct PprofProfile {
  struct Line {
    std::string function, system_name, file;
    std::int64_t line = 0;
  };
  struct Location {
    std::uint64_t mapping = 0, address = 0;
    std::vector<Line> lines;
  };
  struct Mapping {
    std::uint64_t start = 0, limit = 0, offset = 0;
    std::string file, build_id;
    bool functions = false, files = false, lines = false, inlined = false;
  };
  struct Sample {
    std::vector<std::uint64_t> locations;
    std::vector<std::int64_t> values;
  };
  std::vector<std::pair<std::string, std::string>> sample_types;
  std::vector<Sample> samples;
  std::vector<std::uint64_t> mapping_order;
  std::map<std::uint64_t, Mapping> mappings;
  std::map<std::uint64_t, Location> locations;
  std::int64_t time_nanos = 0, duration_nanos = 0, period = 0;
  std::pair<std::string, std::string> period_type;
  std::vector<std::string> comments, strings;
  std::string default_sample_type;
};

PprofProfile read_pprof(std::string_view message);

}  // namespace memwatch::testing
