#include "tests/unit/render/pprof_reader.h"

#include <protozero/pbf_reader.hpp>

namespace memwatch::testing {
namespace {

using protozero::pbf_reader;

struct Function {
  std::uint64_t name = 0, system_name = 0, file = 0;
};

class Reader {
 public:
  explicit Reader(std::string_view message) : message_(message.data(), message.size()) {}

  PprofProfile read() {
    // Strings and functions may stand behind those that name them.
    for (pbf_reader fields = message_; fields.next();) {
      if (fields.tag() == 6) {
        profile_.strings.push_back(fields.get_string());
      } else if (fields.tag() == 5) {
        read_function(fields.get_message());
      } else {
        fields.skip();
      }
    }
    for (pbf_reader fields = message_; fields.next();) read_field(fields);
    return std::move(profile_);
  }

 private:
  [[nodiscard]] std::string text(std::uint64_t index) const { return profile_.strings.at(index); }

  std::pair<std::string, std::string> value_type(pbf_reader fields) const {
    std::pair<std::string, std::string> type;
    while (fields.next()) {
      (fields.tag() == 1 ? type.first : type.second) =
          text(static_cast<std::uint64_t>(fields.get_int64()));
    }
    return type;
  }

  void read_function(pbf_reader fields) {
    std::uint64_t id = 0;
    Function function;
    while (fields.next()) {
      switch (fields.tag()) {
        case 1:
          id = fields.get_uint64();
          break;
        case 2:
          function.name = fields.get_uint64();
          break;
        case 3:
          function.system_name = fields.get_uint64();
          break;
        case 4:
          function.file = fields.get_uint64();
          break;
        default:
          fields.skip();
      }
    }
    functions_[id] = function;
  }

  void read_sample(pbf_reader fields) {
    PprofProfile::Sample sample;
    while (fields.next()) {
      if (fields.tag() == 1) {
        for (const std::uint64_t id : fields.get_packed_uint64()) sample.locations.push_back(id);
      } else {
        for (const std::int64_t value : fields.get_packed_int64()) sample.values.push_back(value);
      }
    }
    profile_.samples.push_back(std::move(sample));
  }

  void read_mapping(pbf_reader fields) {
    std::uint64_t id = 0;
    PprofProfile::Mapping mapping;
    while (fields.next()) {
      switch (fields.tag()) {
        case 1:
          id = fields.get_uint64();
          break;
        case 2:
          mapping.start = fields.get_uint64();
          break;
        case 3:
          mapping.limit = fields.get_uint64();
          break;
        case 4:
          mapping.offset = fields.get_uint64();
          break;
        case 5:
          mapping.file = text(fields.get_uint64());
          break;
        case 6:
          mapping.build_id = text(fields.get_uint64());
          break;
        case 7:
          mapping.functions = fields.get_bool();
          break;
        case 8:
          mapping.files = fields.get_bool();
          break;
        case 9:
          mapping.lines = fields.get_bool();
          break;
        case 10:
          mapping.inlined = fields.get_bool();
          break;
        default:
          fields.skip();
      }
    }
    profile_.mapping_order.push_back(id);
    profile_.mappings[id] = mapping;
  }

  void read_location(pbf_reader fields) {
    std::uint64_t id = 0;
    PprofProfile::Location location;
    while (fields.next()) {
      switch (fields.tag()) {
        case 1:
          id = fields.get_uint64();
          break;
        case 2:
          location.mapping = fields.get_uint64();
          break;
        case 3:
          location.address = fields.get_uint64();
          break;
        case 4:
          location.lines.push_back(read_line(fields.get_message()));
          break;
        default:
          fields.skip();
      }
    }
    profile_.locations[id] = std::move(location);
  }

  PprofProfile::Line read_line(pbf_reader fields) {
    PprofProfile::Line line;
    while (fields.next()) {
      if (fields.tag() == 1) {
        const Function& function = functions_.at(fields.get_uint64());
        line.function = text(function.name);
        line.system_name = text(function.system_name);
        line.file = text(function.file);
      } else {
        line.line = fields.get_int64();
      }
    }
    return line;
  }

  void read_field(pbf_reader& fields) {
    switch (fields.tag()) {
      case 1:
        profile_.sample_types.push_back(value_type(fields.get_message()));
        break;
      case 2:
        read_sample(fields.get_message());
        break;
      case 3:
        read_mapping(fields.get_message());
        break;
      case 4:
        read_location(fields.get_message());
        break;
      case 9:
        profile_.time_nanos = fields.get_int64();
        break;
      case 10:
        profile_.duration_nanos = fields.get_int64();
        break;
      case 11:
        profile_.period_type = value_type(fields.get_message());
        break;
      case 12:
        profile_.period = fields.get_int64();
        break;
      case 13:
        profile_.comments.push_back(text(fields.get_uint64()));
        break;
      case 14:
        profile_.default_sample_type = text(fields.get_uint64());
        break;
      default:
        fields.skip();
    }
  }

  pbf_reader message_;
  PprofProfile profile_;
  std::map<std::uint64_t, Function> functions_;
};

}  // namespace

PprofProfile read_pprof(std::string_view message) {
  return Reader(message).read();
}

}  // namespace memwatch::testing
