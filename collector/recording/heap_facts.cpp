#include "collector/recording/heap_facts.h"

#include <algorithm>
#include <cstddef>
#include <map>

#include "collector/reachability/process_memory.h"

namespace memwatch::recording {

namespace {

// The file whose code called the allocation function.
model::ModuleId library_of(const model::Session& session, model::StackId stack) {
  return session.code_addresses[session.stacks[stack].address].module;
}

}  // namespace

std::vector<analysis::AddressRange> shim_mappings_of(const ProcessRecord& record) {
  const protocol::SegmentHeader& header = record.tracked->segment().header();
  reachability::ProcessMemory memory(record.pid, record.memory.get(), {});
  const auto count = memory.word(header.private_mappings);
  if (!count) return {};
  std::vector<protocol::PrivateMapping> list(
      std::min<std::uint64_t>(*count, protocol::kMaxPrivateMappings));
  const std::size_t got =
      memory.read(header.private_mappings + offsetof(protocol::PrivateMappings, mappings),
                  list.data(), list.size() * sizeof list[0]);
  list.resize(got / sizeof list[0]);
  std::vector<analysis::AddressRange> ranges;
  for (const protocol::PrivateMapping& mapping : list) {
    if (mapping.bytes > UINT64_MAX - mapping.start) continue;
    ranges.emplace_back(mapping.start, mapping.start + mapping.bytes);
  }
  return ranges;
}

analysis::HeapFacts heap_facts_of(const ProcessRecord& record, const model::Session& session) {
  const model::LiveProcess& live = record.tracked->live();
  analysis::HeapFacts facts;
  facts.is_followed = live.facts.mode != model::Mode::idle;
  facts.is_sample = live.facts.mode == model::Mode::sample;
  facts.has_unknown_blocks =
      live.inherits_blocks() || record.was_joined || !live.facts.losses.exact;
  for (const auto& [start, end] : live.mapped_ranges().ranges()) {
    facts.program_mappings.emplace_back(start, end);
  }
  facts.memwatch_mappings = shim_mappings_of(record);
  std::vector<std::uint32_t> library_of_site;
  std::map<std::string_view, std::uint32_t> numbers;
  for (const model::Site& site : live.facts.sites) {
    const std::string& path = session.modules[library_of(session, site.stack)].path;
    const auto [known, is_new] =
        numbers.try_emplace(path, static_cast<std::uint32_t>(facts.libraries.size()));
    if (is_new) facts.libraries.push_back(path);
    library_of_site.push_back(known->second);
  }
  facts.blocks.reserve(live.heap().size() + live.sampled_heap().size());
  live.heap().for_each([&](const model::LiveBlock& block) {
    facts.blocks.push_back({block.address, block.size, block.size, library_of_site[block.site]});
  });
  live.sampled_heap().for_each_address(
      [&](std::uint64_t address, const model::SampledBlock& block) {
        facts.blocks.push_back(
            {address, block.size, block.estimate.bytes, library_of_site[block.site]});
      });
  return facts;
}

}  // namespace memwatch::recording
