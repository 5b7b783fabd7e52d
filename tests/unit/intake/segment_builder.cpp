#include "tests/unit/intake/segment_builder.h"

#include <unistd.h>

#include <cstring>
#include <stdexcept>
#include <utility>

#include "collector/procfs/process_identity.h"

namespace memwatch::intake_testing {

using namespace protocol;

Geometry small_geometry() {
  Geometry g{};
  g.slots = 16;
  g.nodes = 4096;
  g.modules = 64;
  g.names_bytes = 8192;
  g.flight_entries = 16;
  g.long_rings = 2;
  g.middle_rings = 2;
  g.long_slots = 1024;
  g.middle_slots = 256;
  g.short_slots = 64;
  return place_parts(g);
}

SegmentBuilder::SegmentBuilder(const Geometry& geometry, Name name) : geometry_(geometry) {
  intake::SegmentSettings settings;
  auto made = intake::Segment::create(getpid(), procfs::process_start_ticks(getpid()).value_or(0U),
                                      geometry, settings);
  if (!made) throw std::runtime_error(made.error().to_line());
  segment_.emplace(*std::move(made));
  if (name == Name::is_removed) segment_->remove();
  base_ = segment_->at<char>(0);
  header().pid = static_cast<std::uint32_t>(getpid());
  header().modules_used.store(1);
  header().nodes_used.store(kFirstNode);
  header().ready.store(1);
}

intake::Segment SegmentBuilder::take() {
  intake::Segment segment = *std::move(segment_);
  segment_.reset();
  return segment;
}

ThreadSlot& SegmentBuilder::thread_slot(std::uint32_t ring) const {
  return at<ThreadSlot>(geometry_.slots_offset)[ring];
}
Slot& SegmentBuilder::slot(std::uint32_t ring, std::uint64_t position) const {
  return at<Slot>(ring_offset(geometry_, ring))[position & (ring_slots(geometry_, ring) - 1)];
}
Shard& SegmentBuilder::shard(std::uint32_t index) const {
  return at<Shard>(geometry_.shards_offset)[index];
}
StackNode& SegmentBuilder::node(std::uint32_t id) const {
  return at<StackNode>(geometry_.nodes_offset)[id];
}
ModuleEntry& SegmentBuilder::module(std::uint32_t index) const {
  return at<ModuleEntry>(geometry_.modules_offset)[index];
}
FlightEntry& SegmentBuilder::flight(std::uint32_t index) const {
  return at<FlightEntry>(geometry_.flight_offset)[index];
}
char* SegmentBuilder::names() const {
  return at<char>(geometry_.names_offset);
}

std::uint32_t SegmentBuilder::add_ring(std::uint32_t tid, bool sequenced, const std::string& name) {
  const auto ring = static_cast<std::uint32_t>(tails_.size());
  tails_.push_back(0);
  thread_slot(ring).owner_tid.store(tid);
  thread_slot(ring).sequenced.store(sequenced ? 1 : 0);
  header().slots_used.store(ring + 1, std::memory_order_release);
  std::uint64_t words[2] = {};
  std::memcpy(words, name.data(), name.size() < 16 ? name.size() : 16);
  extended(ring, RecordType::thread, {tid, sequenced ? 1U : 0U, words[0], words[1]});
  return ring;
}

void SegmentBuilder::put(std::uint32_t ring, std::vector<std::uint64_t> words) {
  if (words.size() % 2 != 0) words.push_back(0);
  for (std::size_t i = 0; i < words.size(); i += 2) {
    slot(ring, tails_[ring]++) = Slot{words[i], words[i + 1]};
  }
}

void SegmentBuilder::extended(std::uint32_t ring, RecordType type,
                              std::vector<std::uint64_t> payload) {
  payload.insert(payload.begin(), encode_extended_header(type, slots_of(type)));
  payload.resize(std::size_t{2} * slots_of(type), 0);
  put(ring, std::move(payload));
}

void SegmentBuilder::allocate(std::uint32_t ring, std::uint64_t address, std::uint64_t size,
                              std::uint32_t sequence, std::uint32_t stack, Function function) {
  const Slot record = encode_short(function, address, size, stack, sequence);
  put(ring, {record.word0, record.word1});
}

void SegmentBuilder::allocate_long(std::uint32_t ring, std::uint64_t address, std::uint64_t size,
                                   std::uint32_t sequence, std::uint32_t stack, Function function) {
  extended(ring, RecordType::allocation, {address, size, pack_stack(stack, function), sequence});
}

void SegmentBuilder::free(std::uint32_t ring, std::uint64_t address, std::uint32_t sequence) {
  allocate(ring, address, 0, sequence, 0, Function::free_);
}

void SegmentBuilder::free_long(std::uint32_t ring, std::uint64_t address, std::uint32_t sequence,
                               Function function) {
  extended(ring, RecordType::free, {address, static_cast<std::uint64_t>(function), sequence});
}

void SegmentBuilder::reallocate(std::uint32_t ring, std::uint64_t from, std::uint64_t to,
                                std::uint64_t size, std::uint32_t old_sequence,
                                std::uint32_t new_sequence, std::uint32_t stack) {
  extended(ring, RecordType::reallocation,
           {from, to, size, pack_stack(stack, Function::realloc_),
            old_sequence | (static_cast<std::uint64_t>(new_sequence) << 32)});
}

void SegmentBuilder::publish(std::uint32_t ring) {
  publish_to(ring, tails_[ring]);
}

void SegmentBuilder::publish_to(std::uint32_t ring, std::uint64_t position) {
  thread_slot(ring).published.store(position, std::memory_order_release);
}

void SegmentBuilder::publish_all() {
  for (std::uint32_t ring = 0; ring < tails_.size(); ++ring) publish(ring);
}

std::uint32_t SegmentBuilder::add_node(std::uint64_t pc, std::uint32_t parent,
                                       std::uint32_t module) {
  const std::uint32_t id = header().nodes_used.load();
  node(id) = StackNode{pc, parent, module};
  header().nodes_used.store(id + 1);
  return id;
}

std::uint32_t SegmentBuilder::add_module(std::uint64_t start, std::uint64_t end, std::uint64_t bias,
                                         const std::string& name,
                                         const std::string& build_id_bytes) {
  const std::uint32_t index = header().modules_used.load();
  const std::uint32_t at = header().names_used.load();
  std::memcpy(names() + at, name.data(), name.size());
  header().names_used.store(at + static_cast<std::uint32_t>(name.size()));
  ModuleEntry& entry = module(index);
  entry.start = start;
  entry.end = end;
  entry.bias = bias;
  entry.name_offset = at;
  entry.name_bytes = static_cast<std::uint32_t>(name.size());
  entry.build_id_bytes = static_cast<std::uint8_t>(build_id_bytes.size());
  std::memcpy(entry.build_id, build_id_bytes.data(), build_id_bytes.size());
  entry.ready.store(1);
  header().modules_used.store(index + 1);
  return index;
}

}  // namespace memwatch::intake_testing
