// Poisson sampling by bytes. Along all bytes a thread allocates lie sample points, with exponential
// gaps of mean `interval`; a block is recorded when one falls into it. So a block of s bytes is
// recorded with probability
//
//   p = 1 − exp(−(s + 1) / interval)        (s + 1: blocks of no bytes are seen too)
//
// whatever came before it, and stands for 1/p blocks and s/p bytes: estimates by these weights are
// unbiased (Horvitz and Thompson 1952). Blocks of four intervals or more, where p is above 0.98,
// and large allocations are always recorded and stand for themselves.
//
// The common case is a subtraction and a branch. One owner: the thread. No lock, no allocation.
#pragma once

#include <cstddef>
#include <cstdint>

#include "preload/process_state.h"
#include "preload/thread_local_state.h"

namespace memwatch::preload {

inline constexpr std::uint64_t kAlwaysFrom = 4;  // intervals

// True: no sample point lies in an allocation of this size, nor is it one that is always recorded;
// it is counted. False: nothing is counted yet, draw_sample() has to.
inline bool is_passed_over(std::size_t size) {
  if (t_state.bytes_to_sample <= size) return false;
  t_state.bytes_to_sample -= size + 1;
  return true;
}

enum class Draw : std::uint8_t {
  passed_over,
  sampled,  // recorded, standing for more than itself
  always,   // recorded, standing for itself
};

// Counts an allocation and says what becomes of it. Draws the next gap where one is used up.
// `interval` gets the mean gap it was drawn with, where it is sampled.
Draw draw_sample(std::size_t size, std::uint64_t* interval);

// The ring is filling up: from now on the thread samples half as often; or it is empty again: as
// often as asked.
void sample_less();
void sample_more();

}  // namespace memwatch::preload
