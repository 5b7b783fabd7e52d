// libFuzzer entry: an honest segment with events of three threads, which the input then writes to,
// anywhere, while it is being read, as a target gone wild would: header, positions, rings, stack
// nodes, modules and names. It may also shorten the object, and have it opened again by its name.
// The input is a list of commands; each byte of them means something. Whatever happens, reading has
// to end, and the books have to balance.
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <vector>

#include "collector/intake/flight_reader.h"
#include "collector/intake/tracked_process.h"
#include "tests/fuzz/input.h"
#include "tests/unit/intake/segment_builder.h"

namespace {

using namespace memwatch;
using fuzz::Input;
using intake::Segment;
using intake_testing::SegmentBuilder;

enum class Command : std::uint8_t { write, flip, drain, publish, attach, cut, flight, idle, count };

void record_some(SegmentBuilder& target) {
  const std::uint32_t module = target.add_module(0x1000, 0x9000, 0x1000, "/lib/one", "\x01\x02");
  std::uint32_t node = 0;
  for (unsigned i = 0; i < 6; ++i) node = target.add_node(0x1100 + i * 16, node, module);
  for (unsigned thread = 0; thread < 3; ++thread) {
    const std::uint32_t ring = target.add_ring(100 + thread, thread > 0);
    for (unsigned i = 0; i < 5; ++i) {
      const std::uint64_t block = 0x555500000000ULL + thread * 4096 + i * 16;
      target.allocate(ring, block, 24 + i, 0, node - i);
      target.allocate_long(ring, block + 8, 5000, 0, node);
      target.free(ring, block, 1);
    }
    target.publish(ring);
  }
  target.flight(0).ticket.store(1);
  target.flight(0).function = 1;
  target.header().flight_next.store(1);
}

// Where a command writes: the parts of the segment that mean something are small in it.
std::uint64_t place(const protocol::Geometry& g, Input& input) {
  const std::uint64_t starts[] = {0,
                                  g.slots_offset,
                                  g.shards_offset,
                                  g.nodes_offset,
                                  g.modules_offset,
                                  g.names_offset,
                                  g.flight_offset,
                                  g.rings_offset};
  const std::uint64_t part = starts[input.take<std::uint8_t>() % std::size(starts)];
  return (part + input.take<std::uint16_t>()) % (g.segment_bytes - 8);
}

class Session {
 public:
  explicit Session(Segment segment) { read(std::move(segment), false); }
  ~Session() { process_->segment().remove(); }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void run(SegmentBuilder& target, Input& input) {
    char* base = process_->segment().at<char>(0);  // the same memory as the target's
    const protocol::Geometry& geometry = target.geometry();
    switch (
        static_cast<Command>(input.take<std::uint8_t>() % static_cast<unsigned>(Command::count))) {
      case Command::write: {
        const auto bytes = input.take<std::uint64_t>();
        std::memcpy(base + place(geometry, input), &bytes, sizeof bytes);
        break;
      }
      case Command::flip:
        base[place(geometry, input)] ^= static_cast<char>(1U << (input.take<std::uint8_t>() % 8));
        break;
      case Command::drain:
        process_->drain();
        break;
      case Command::publish:
        target.thread_slot(input.take<std::uint8_t>() % geometry.slots)
            .published.fetch_add(input.take<std::uint16_t>());
        break;
      case Command::attach:
        attach();
        break;
      case Command::cut:
        // Not to nothing every time: a page more or less is what finds errors.
        if (ftruncate(process_->segment().descriptor(),
                      static_cast<off_t>(input.take<std::uint16_t>()) * 4096) != 0) {
          std::abort();
        }
        break;
      case Command::flight:
        intake::replay_flight(process_->segment(), *process_, {});
        break;
      case Command::idle:
        process_->resume_if_given_up(protocol::Control::exact);
        break;
      case Command::count:
        break;
    }
  }

  void finish() {
    process_->drain();
    process_->drain_to_end();
    intake::replay_flight(process_->segment(), *process_, {});
    process_->collect_losses();
    process_->live().settle();
    const model::Process& facts = process_->live().facts;
    if (facts.heap.live_bytes != facts.totals.allocated_bytes - facts.totals.freed_bytes) abort();
    for (std::size_t id = 1; id < session_.stacks.size(); ++id) {
      if (session_.stacks[id].parent >= id) abort();
      if (session_.stacks[id].address >= session_.code_addresses.size()) abort();
    }
    if (process_->segment().is_cut_short() && facts.losses.exact) abort();
  }

 private:
  void read(Segment segment, bool attaching) {
    process_.emplace(std::move(segment), table_, "/p", 1U << 20, attaching);
  }

  // Another collector finds the segment by its name.
  void attach() {
    auto found = Segment::open(process_->segment().name());
    if (!found) return;
    first_.push_back(std::move(process_->segment()));  // the target goes on writing to it
    read(*std::move(found), true);
  }

  model::Session session_;
  model::StackTable table_{session_};
  std::vector<Segment> first_;
  std::optional<intake::TrackedProcess> process_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size > 2000) return 0;
  Input input(data, size);
  SegmentBuilder target(intake_testing::small_geometry(), SegmentBuilder::Name::stays);
  record_some(target);
  Session session(target.take());
  while (!input.empty()) session.run(target, input);
  session.finish();
  return 0;
}
