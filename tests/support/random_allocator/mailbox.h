// Hands one batch of blocks from one thread to another. Both sides wait: the giver until the last
// batch was taken, the taker until one is there; so which blocks change hands, and at which of its
// steps a thread gets them, never depends on timing. Allocates nothing.
// One giver and one taker thread. Errors: none.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "tests/support/random_allocator/blocks.h"

namespace memwatch::random_allocator {

class Mailbox {
 public:
  static constexpr std::size_t kBatch = 8;
  using Batch = std::array<Block, kBatch>;  // a null address is an empty place

  void give(const Batch& batch) {
    full_.wait(1, std::memory_order_acquire);  // matched by the store in take
    batch_ = batch;
    full_.store(1, std::memory_order_release);
    full_.notify_one();
  }

  Batch take() {
    full_.wait(0, std::memory_order_acquire);  // matched by the store in give
    const Batch batch = batch_;
    full_.store(0, std::memory_order_release);
    full_.notify_one();
    return batch;
  }

 private:
  std::atomic<std::int32_t> full_{0};
  Batch batch_{};
};

}  // namespace memwatch::random_allocator
