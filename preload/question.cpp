#include "preload/question.h"

#include <cstddef>

#include "preload/kernel.h"
#include "preload/segment_source.h"

namespace memwatch::preload {

namespace {

using namespace protocol;

constexpr long kTurnNs = 2'000'000;
constexpr unsigned kTurnMs = 2, kLongestWaitMs = 10'000, kSilenceMs = 1000;

void wake(const SegmentHeader& header) {
  char path[kMaxRendezvousPath];
  for (std::size_t i = 0; i < sizeof path; ++i) path[i] = header.rendezvous[i];
  path[sizeof path - 1] = '\0';
  if (path[0] != '\0') wake_collector(path);
}

}  // namespace

bool take_turn(Shared<std::uint32_t>& owner, std::uint32_t tid) {
  for (unsigned waited_ms = 0; waited_ms < kLongestWaitMs; waited_ms += kTurnMs) {
    std::uint32_t nobody = 0;
    // Acquire: the answer before has been read; matched by the release of whoever asked.
    if (owner.compare_exchange_strong(nobody, tid, std::memory_order_acquire)) return true;
    wait_while(owner, nobody, kTurnNs);
  }
  return false;
}

// Counted in turns, as exit_check does: clock and collector may stand still.
bool await_answer(const SegmentHeader& header, const Shared<std::uint32_t>& answered,
                  std::uint32_t number) {
  wake(header);
  std::uint64_t last_beat = header.heartbeat_ms.load(std::memory_order_relaxed);
  unsigned silent_ms = 0;
  for (unsigned waited_ms = 0; waited_ms < kLongestWaitMs; waited_ms += kTurnMs) {
    const std::uint32_t now = answered.load(std::memory_order_acquire);
    if (now == number) return true;
    wait_while(answered, now, kTurnNs);
    const std::uint64_t beat = header.heartbeat_ms.load(std::memory_order_relaxed);
    silent_ms = beat != last_beat ? 0 : silent_ms + kTurnMs;
    last_beat = beat;
    if (silent_ms >= kSilenceMs) return false;
  }
  return false;
}

}  // namespace memwatch::preload
