#include "tools/render/pprof.h"

#include <algorithm>
#include <array>
#include <protozero/pbf_writer.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "collector/analysis/stack_text.h"
#include "tools/render/pprof_fields.h"
#include "tools/render/pprof_tables.h"
#include "tools/render/provenance.h"

namespace memwatch::render {
namespace {

struct ValueType {
  std::string_view type, unit;
};
constexpr std::array<ValueType, 4> kSampleTypes = {{{"alloc_objects", "count"},
                                                    {"alloc_space", "bytes"},
                                                    {"inuse_objects", "count"},
                                                    {"inuse_space", "bytes"}}};

// A time as profile.proto wants it. Times from a file may be anything.
std::int64_t nanoseconds(double seconds) {
  constexpr double kMost = 9e9;  // as nanoseconds it fits
  if (!(seconds > 0 && seconds < kMost)) return 0;
  // In two steps: a date in nanoseconds is beyond what a double can tell apart.
  const auto whole = static_cast<std::int64_t>(seconds);
  const double rest = seconds - static_cast<double>(whole);
  return whole * 1'000'000'000 + static_cast<std::int64_t>(rest * 1e9);
}

std::string value_type(PprofTables& tables, const ValueType& type) {
  std::string message;
  protozero::pbf_writer writer(message);
  writer.add_uint64(pprof::value_type::kType, tables.string(type.type));
  writer.add_uint64(pprof::value_type::kUnit, tables.string(type.unit));
  return message;
}

std::string_view default_type(const std::vector<const model::Site*>& sites,
                              const std::optional<analysis::Cost>& cost) {
  if (cost == analysis::Cost::leaked) return "inuse_space";
  if (cost == analysis::Cost::allocated) return "alloc_space";
  if (cost == analysis::Cost::allocations) return "alloc_objects";
  const bool any_live = std::any_of(sites.begin(), sites.end(),
                                    [](const model::Site* site) { return site->live_bytes > 0; });
  return any_live ? "inuse_space" : "alloc_space";
}

std::vector<const model::Site*> choose_sites(const analysis::Selection& selection,
                                             const model::Process& process,
                                             const PprofOptions& options) {
  std::vector<const model::Site*> sites;
  for (const model::Site& site : process.sites) {
    if (selection.includes(site.stack)) sites.push_back(&site);
  }
  if (options.top == 0 || sites.size() <= options.top) return sites;
  const analysis::Cost cost =
      options.cost.value_or(default_type(sites, {}) == "inuse_space" ? analysis::Cost::leaked
                                                                     : analysis::Cost::allocated);
  std::stable_sort(sites.begin(), sites.end(), [&](const model::Site* a, const model::Site* b) {
    return analysis::cost_of(*a, cost) > analysis::cost_of(*b, cost);
  });
  sites.resize(options.top);
  return sites;
}

std::string header(const model::Session& session, const model::Process& process,
                   std::string_view shown, PprofTables& tables) {
  std::string fields;
  protozero::pbf_writer writer(fields);
  for (const ValueType& type : kSampleTypes) {
    writer.add_message(pprof::profile::kSampleType, value_type(tables, type));
  }
  writer.add_int64(pprof::profile::kTimeNanos, nanoseconds(session.started_at + process.start));
  writer.add_int64(pprof::profile::kDurationNanos, nanoseconds(process.duration));
  writer.add_message(pprof::profile::kPeriodType, value_type(tables, {"space", "bytes"}));
  const bool is_sample = process.mode == model::Mode::sample;
  writer.add_int64(pprof::profile::kPeriod,
                   is_sample ? static_cast<std::int64_t>(process.sample_interval) : 1);
  for (const std::string& sentence : provenance(session, process)) {
    writer.add_uint64(pprof::profile::kComment, tables.string(sentence));
  }
  writer.add_uint64(pprof::profile::kComment, tables.string("Command: " + command_line(process)));
  writer.add_uint64(pprof::profile::kDefaultSampleType, tables.string(shown));
  return fields;
}

// Appends a sample; the vectors are scratch space.
class SampleWriter {
 public:
  SampleWriter(const model::Session& session, PprofTables& tables)
      : session_(session), tables_(tables) {}

  void append(const model::Site& site, std::string& fields) {
    const bool complete = analysis::addresses_of_stack(session_, site.stack, addresses_);
    locations_.clear();
    for (const model::CodeAddressId address : addresses_) {
      locations_.push_back(tables_.location(address));
    }
    if (!complete) locations_.push_back(tables_.location_named("[truncated]"));
    if (locations_.empty()) locations_.push_back(tables_.location_named("[unknown]"));
    const std::array<std::uint64_t, 4> values = {site.allocations + site.reallocations,
                                                 site.allocated_bytes, site.live_blocks,
                                                 site.live_bytes};
    message_.clear();
    protozero::pbf_writer writer(message_);
    writer.add_packed_uint64(pprof::sample::kLocationId, locations_.begin(), locations_.end());
    writer.add_packed_uint64(pprof::sample::kValue, values.begin(), values.end());
    protozero::pbf_writer(fields).add_message(pprof::profile::kSample, message_);
  }

 private:
  const model::Session& session_;
  PprofTables& tables_;
  std::vector<model::CodeAddressId> addresses_;
  std::vector<std::uint64_t> locations_;
  std::string message_;
};

}  // namespace

void write_pprof(const analysis::Selection& selection, const model::Process& process,
                 const PprofOptions& options, Output& output) {
  constexpr std::size_t kPieceBytes = 1 << 16;
  const model::Session& session = selection.session();
  PprofTables tables(session, process.exe);
  const std::vector<const model::Site*> sites = choose_sites(selection, process, options);
  std::string fields = header(session, process, default_type(sites, options.cost), tables);
  SampleWriter samples(session, tables);
  for (const model::Site* site : sites) {
    samples.append(*site, fields);
    if (fields.size() < kPieceBytes) continue;
    output.write(fields);
    fields.clear();
  }
  tables.append_to(fields);
  output.write(fields);
}

}  // namespace memwatch::render
