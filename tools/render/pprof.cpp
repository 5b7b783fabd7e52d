#include "tools/render/pprof.h"

#include <algorithm>
#include <array>
#include <protozero/pbf_writer.hpp>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "collector/analysis/ranking.h"
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
// One more where it is asked for.
constexpr ValueType kLeakedType = {"leaked_space", "bytes"};
using LeakedBytes = std::unordered_map<model::StackId, std::uint64_t>;

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

std::string_view default_type(const model::Process& process,
                              const std::optional<analysis::Cost>& cost) {
  if (cost == analysis::Cost::leaked) return kLeakedType.type;
  if (cost == analysis::Cost::allocated) return "alloc_space";
  if (cost == analysis::Cost::allocations) return "alloc_objects";
  const bool any_live = std::any_of(process.sites.begin(), process.sites.end(),
                                    [](const model::Site& site) { return site.live_bytes > 0; });
  return any_live ? "inuse_space" : "alloc_space";
}

// In the session's order, or the first by cost.
std::vector<const model::Site*> choose_sites(const analysis::Selection& selection,
                                             const model::Process& process,
                                             const PprofOptions& options) {
  if (options.top != 0) {
    const bool by_live = default_type(process, {}) == "inuse_space";
    return analysis::sites_by_cost(
        selection, process,
        options.cost.value_or(by_live ? analysis::Cost::live : analysis::Cost::allocated),
        options.top);
  }
  std::vector<const model::Site*> sites;
  for (const model::Site& site : process.sites) {
    if (selection.includes(site.stack)) sites.push_back(&site);
  }
  return sites;
}

std::string header(const model::Session& session, const model::Process& process,
                   const PprofOptions& options, PprofTables& tables) {
  std::string fields;
  protozero::pbf_writer writer(fields);
  for (const ValueType& type : kSampleTypes) {
    writer.add_message(pprof::profile::kSampleType, value_type(tables, type));
  }
  if (options.cost == analysis::Cost::leaked) {
    writer.add_message(pprof::profile::kSampleType, value_type(tables, kLeakedType));
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
  writer.add_uint64(pprof::profile::kDefaultSampleType,
                    tables.string(default_type(process, options.cost)));
  return fields;
}

// Appends a sample; the vectors are scratch space.
class SampleWriter {
 public:
  // `leaked`: null unless wanted.
  SampleWriter(const model::Session& session, PprofTables& tables, const LeakedBytes* leaked)
      : session_(session), tables_(tables), leaked_(leaked) {}

  void append(const model::Site& site, std::string& fields) {
    const bool complete = analysis::addresses_of_stack(session_, site.stack, addresses_);
    locations_.clear();
    for (const model::CodeAddressId address : addresses_) {
      locations_.push_back(tables_.location(address));
    }
    if (!complete) locations_.push_back(tables_.location_named("[truncated]"));
    if (locations_.empty()) locations_.push_back(tables_.location_named("[unknown]"));
    values_.assign({site.allocations + site.reallocations, site.allocated_bytes, site.live_blocks,
                    site.live_bytes});
    if (leaked_ != nullptr) {
      const auto found = leaked_->find(site.stack);
      values_.push_back(found == leaked_->end() ? 0 : found->second);
    }
    message_.clear();
    protozero::pbf_writer writer(message_);
    writer.add_packed_uint64(pprof::sample::kLocationId, locations_.begin(), locations_.end());
    writer.add_packed_uint64(pprof::sample::kValue, values_.begin(), values_.end());
    protozero::pbf_writer(fields).add_message(pprof::profile::kSample, message_);
  }

 private:
  const model::Session& session_;
  PprofTables& tables_;
  const LeakedBytes* leaked_;
  std::vector<model::CodeAddressId> addresses_;
  std::vector<std::uint64_t> locations_, values_;
  std::string message_;
};

}  // namespace

void write_pprof(const analysis::Selection& selection, const model::Process& process,
                 const PprofOptions& options, Output& output) {
  constexpr std::size_t kPieceBytes = 1 << 16;
  const model::Session& session = selection.session();
  PprofTables tables(session, process.exe, options.linkage_names);
  const std::vector<const model::Site*> sites = choose_sites(selection, process, options);
  std::string fields = header(session, process, options, tables);
  LeakedBytes leaked;
  const bool with_leaked = options.cost == analysis::Cost::leaked;
  if (with_leaked) leaked = analysis::leaked_by_stack(selection.of_process(process));
  SampleWriter samples(session, tables, with_leaked ? &leaked : nullptr);
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
