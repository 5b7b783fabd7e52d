// The packed lists of a process record as lists of members: one list for writing and reading.
// The order is the format (FORMAT.md): append only.
#pragma once

#include <array>

#include "collector/model/session.h"

namespace memwatch::capture {

inline constexpr std::array kTotalsWords = {&model::Totals::allocations,
                                            &model::Totals::frees,
                                            &model::Totals::reallocations,
                                            &model::Totals::allocated_bytes,
                                            &model::Totals::freed_bytes,
                                            &model::Totals::failed,
                                            &model::Totals::large,
                                            &model::Totals::temporary,
                                            &model::Totals::maps,
                                            &model::Totals::unmaps,
                                            &model::Totals::mapped_bytes,
                                            &model::Totals::unmapped_bytes,
                                            &model::Totals::inherited_frees,
                                            &model::Totals::allocated_deviation};
static_assert(sizeof(model::Totals) == 8 * kTotalsWords.size());

inline constexpr std::array kHeapWords = {
    &model::HeapFacts::live_blocks,      &model::HeapFacts::live_bytes,
    &model::HeapFacts::peak_bytes,       &model::HeapFacts::peak_blocks,
    &model::HeapFacts::inherited_blocks, &model::HeapFacts::live_deviation,
    &model::HeapFacts::peak_deviation};
static_assert(sizeof(model::HeapFacts) == 8 * (kHeapWords.size() + 1));  // and peak_at

inline constexpr std::array kMappedWords = {&model::MappedFacts::live_bytes,
                                            &model::MappedFacts::peak_bytes};
static_assert(sizeof(model::MappedFacts) == 8 * kMappedWords.size());

inline constexpr std::array kRssWords = {&model::RssFacts::last, &model::RssFacts::peak,
                                         &model::RssFacts::samples};
static_assert(sizeof(model::RssFacts) == 8 * kRssWords.size());

inline constexpr std::array kLossesWords = {
    &model::Losses::dropped_allocations, &model::Losses::dropped_frees,
    &model::Losses::unmatched_frees,     &model::Losses::truncated_stacks,
    &model::Losses::stack_mismatches,    &model::Losses::damaged_records,
    &model::Losses::children_unrecorded};
static_assert(sizeof(model::Losses) == 8 * (kLossesWords.size() + 1));  // and exact

}  // namespace memwatch::capture
