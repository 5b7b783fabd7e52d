#include "tools/render/pprof_tables.h"

#include <algorithm>
#include <bit>

#include "tools/render/pprof_fields.h"
#include "tools/render/printable.h"

namespace memwatch::render {
namespace {

constexpr std::uint64_t kLibrariesFrom = 0x7f0000000000;
constexpr std::uint64_t kSmallestRange = 1 << 20;
constexpr std::uint64_t kLargestRange = std::uint64_t{1} << 40;

}  // namespace

PprofTables::PprofTables(const model::Session& session, const std::string& program,
                         const std::vector<std::string>& linkage_names)
    : session_(session),
      linkage_names_(linkage_names),
      mappings_(session.modules.size()),
      locations_(session.code_addresses.size()) {
  string("");
  place_modules(program);
}

void PprofTables::place_modules(const std::string& program) {
  for (const model::CodeAddress& address : session_.code_addresses) {
    if (address.module == model::kNone || address.module >= mappings_.size()) continue;
    std::uint64_t& limit = mappings_[address.module].limit;
    limit = std::max(limit, std::min(address.offset, kLargestRange - 1) + 1);
  }
  std::uint64_t next = kLibrariesFrom;
  bool placed_program = false;
  for (std::size_t module = 1; module < mappings_.size(); ++module) {
    Mapping& mapping = mappings_[module];
    const std::uint64_t size = std::bit_ceil(std::max(mapping.limit, kSmallestRange));
    if (!placed_program && session_.modules[module].path == program) {
      placed_program = true;
    } else {
      mapping.start = (next + size - 1) / size * size;
      next = mapping.start + size;
    }
    mapping.limit = mapping.start + size;
  }
}

std::uint64_t PprofTables::string(std::string_view text) {
  const auto [entry, is_new] = strings_.try_emplace(valid_utf8(text), texts_.size());
  if (is_new) texts_.push_back(&entry->first);
  return entry->second;
}

std::uint64_t PprofTables::function(const analysis::Frame& frame) {
  std::string key(frame.function);
  key += '\0';
  key += frame.file;
  const auto [entry, is_new] = functions_.try_emplace(std::move(key), functions_.size() + 1);
  if (is_new) {
    std::string message;
    protozero::pbf_writer writer(message);
    writer.add_uint64(pprof::function::kId, entry->second);
    writer.add_uint64(pprof::function::kName, string(frame.function));
    const bool has_own_name = !frame.inlined && frame.address < linkage_names_.size() &&
                              !linkage_names_[frame.address].empty();
    writer.add_uint64(pprof::function::kSystemName,
                      string(has_own_name ? linkage_names_[frame.address] : frame.function));
    writer.add_uint64(pprof::function::kFilename, string(frame.file));
    protozero::pbf_writer(function_messages_).add_message(pprof::profile::kFunction, message);
  }
  return entry->second;
}

void PprofTables::add_line(protozero::pbf_writer& location, const analysis::Frame& frame) {
  std::string message;
  protozero::pbf_writer writer(message);
  writer.add_uint64(pprof::line::kFunctionId, function(frame));
  writer.add_int64(pprof::line::kLine, frame.line);
  location.add_message(pprof::location::kLine, message);
}

std::uint64_t PprofTables::location(model::CodeAddressId id) {
  if (id >= locations_.size()) return location_named("[unknown]");
  if (locations_[id] != 0) return locations_[id];
  const model::CodeAddress& address = session_.code_addresses[id];
  std::uint64_t pc = address.offset - (address.exact || address.offset == 0 ? 0 : 1);
  Mapping* mapping = nullptr;
  if (address.module != model::kNone && address.module < mappings_.size()) {
    mapping = &mappings_[address.module];
    pc = mapping->start + std::min(pc, kLargestRange - 1);
    if (mapping->number == 0) mapping->number = ++mapping_count_;
  }
  std::string message;
  protozero::pbf_writer writer(message);
  writer.add_uint64(pprof::location::kId, ++location_count_);
  if (mapping != nullptr) writer.add_uint64(pprof::location::kMappingId, mapping->number);
  writer.add_uint64(pprof::location::kAddress, pc);
  for (const analysis::Frame& frame : analysis::frames_at(session_, id)) {
    if (frame.function.empty()) {
      // pprof would take all code of a module without a name for one function.
      const std::string name = analysis::frame_name(frame);
      analysis::Frame named = frame;
      named.function = name;
      add_line(writer, named);
      continue;
    }
    add_line(writer, frame);
    if (mapping == nullptr) continue;
    mapping->functions = true;
    mapping->files = mapping->files || !frame.file.empty();
    mapping->lines = mapping->lines || frame.line != 0;
    mapping->inlined = mapping->inlined || frame.inlined;
  }
  protozero::pbf_writer(location_messages_).add_message(pprof::profile::kLocation, message);
  return locations_[id] = location_count_;
}

std::uint64_t PprofTables::location_named(std::string_view name) {
  const auto [entry, is_new] = named_locations_.try_emplace(std::string(name), location_count_ + 1);
  if (is_new) {
    analysis::Frame frame;
    frame.function = name;
    std::string message;
    protozero::pbf_writer writer(message);
    writer.add_uint64(pprof::location::kId, ++location_count_);
    add_line(writer, frame);
    protozero::pbf_writer(location_messages_).add_message(pprof::profile::kLocation, message);
  }
  return entry->second;
}

void PprofTables::append_to(std::string& profile) {
  std::vector<std::size_t> used;
  for (std::size_t module = 0; module < mappings_.size(); ++module) {
    if (mappings_[module].number != 0) used.push_back(module);
  }
  // pprof takes the first for the program itself, which is the one at 0.
  std::sort(used.begin(), used.end(), [this](std::size_t a, std::size_t b) {
    return mappings_[a].start < mappings_[b].start;
  });
  protozero::pbf_writer fields(profile);
  for (const std::size_t module : used) {
    const Mapping& mapping = mappings_[module];
    std::string message;
    protozero::pbf_writer writer(message);
    writer.add_uint64(pprof::mapping::kId, mapping.number);
    writer.add_uint64(pprof::mapping::kMemoryStart, mapping.start);
    writer.add_uint64(pprof::mapping::kMemoryLimit, mapping.limit);
    writer.add_uint64(pprof::mapping::kFilename, string(session_.modules[module].path));
    writer.add_uint64(pprof::mapping::kBuildId, string(session_.modules[module].build_id));
    writer.add_bool(pprof::mapping::kHasFunctions, mapping.functions);
    writer.add_bool(pprof::mapping::kHasFilenames, mapping.files);
    writer.add_bool(pprof::mapping::kHasLineNumbers, mapping.lines);
    writer.add_bool(pprof::mapping::kHasInlineFrames, mapping.inlined);
    fields.add_message(pprof::profile::kMapping, message);
  }
  profile += location_messages_;
  profile += function_messages_;
  for (const std::string* text : texts_) fields.add_string(pprof::profile::kStringTable, *text);
}

}  // namespace memwatch::render
