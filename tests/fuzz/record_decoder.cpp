// libFuzzer entry: any bytes as what a traced process left in its segment. The input is dealt out
// to the rings, the stack nodes and the modules, so that mutations reach the decoder and not the
// header. Every input has to be read to its end, and the books have to balance.
#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "collector/intake/flight_reader.h"
#include "collector/intake/tracked_process.h"
#include "tests/fuzz/input.h"
#include "tests/unit/intake/segment_builder.h"

namespace {

using namespace memwatch;

using fuzz::Input;

void fill(intake_testing::SegmentBuilder& target, Input& bytes) {
  const unsigned rings = 1 + bytes.take<std::uint8_t>() % 4U;
  for (unsigned i = 0; i < rings; ++i) target.add_ring(i, bytes.take<std::uint8_t>() % 2 != 0);
  const unsigned nodes = bytes.take<std::uint8_t>();
  for (unsigned i = 0; i < nodes && !bytes.empty(); ++i) {
    const auto pc = bytes.take<std::uint64_t>();
    const auto parent = bytes.take<std::uint32_t>();
    target.add_node(pc, parent % 256, parent >> 26);
  }
  const unsigned modules = bytes.take<std::uint8_t>() % 64U;
  for (unsigned i = 0; i < modules && !bytes.empty(); ++i) {
    protocol::ModuleEntry& module = target.module(i);
    module.bias = bytes.take<std::uint64_t>();
    module.name_offset = bytes.take<std::uint32_t>();
    module.name_bytes = bytes.take<std::uint32_t>();
    module.build_id_bytes = bytes.take<std::uint8_t>();
    module.ready.store(1);
  }
  target.header().modules_used.store(modules);
  while (!bytes.empty()) {
    const std::uint32_t ring = bytes.take<std::uint8_t>() % rings;
    const auto word0 = bytes.take<std::uint64_t>();
    target.put(ring, {word0, bytes.take<std::uint64_t>()});
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 800) return 0;  // what fits the shortest of the rings used
  Input bytes(data, size);
  intake_testing::SegmentBuilder target;
  fill(target, bytes);
  model::Session session;
  model::StackTable table(session);
  intake::TrackedProcess process(target.take(), table, "/p", 1U << 20, false);
  target.publish_all();
  process.drain();
  process.drain_to_end();
  intake::replay_flight(process.segment(), process, {});
  process.collect_losses();
  process.live().settle();
  const model::Process& facts = process.live().facts;
  if (facts.heap.live_bytes != facts.totals.allocated_bytes - facts.totals.freed_bytes) abort();
  return 0;
}
