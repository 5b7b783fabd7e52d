// The figures that the gate compares, by the names that baselines, budgets and reports use.
//
// All are sums over the processes of the tree, but for peak_rss, the largest of any process: pages
// are shared, so a sum would count them twice. allocated_bytes and allocations are the report's
// totals. peak_heap adds up the processes' peaks, each at its own time. leaked_bytes is definite
// and possible leaks where reachability was checked, else what was not freed at exit; memory of an
// image that exec replaced is gone with it and does not count. Thread safety: pure functions.
// Errors: an unknown name gives nullopt.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace memwatch::gate {

enum class Metric : std::uint8_t {
  allocated_bytes,
  allocations,
  failed,
  leaked_bytes,
  peak_heap,
  peak_rss,
};

inline constexpr std::array<std::string_view, 6> kMetricNames = {
    "allocated_bytes", "allocations", "failed", "leaked_bytes", "peak_heap", "peak_rss"};
inline constexpr std::size_t kMetricCount = kMetricNames.size();

constexpr std::string_view metric_name(Metric metric) {
  return kMetricNames[static_cast<std::size_t>(metric)];
}

constexpr std::optional<Metric> metric_from_name(std::string_view name) {
  for (std::size_t i = 0; i < kMetricCount; ++i) {
    if (kMetricNames[i] == name) return static_cast<Metric>(i);
  }
  return std::nullopt;
}

constexpr bool is_bytes(Metric metric) {
  return metric != Metric::allocations && metric != Metric::failed;
}

// The figures of one stack, or of the stacks that a budget's pattern picks. own_peak is the largest
// any one stack ever held in any one process; the others are sums.
enum class StackFigure : std::uint8_t {
  allocated_bytes,
  allocations,
  leaked_bytes,
  own_peak,
  peak_heap
};

inline constexpr std::array<std::string_view, 5> kStackFigureNames = {
    "allocated_bytes", "allocations", "leaked_bytes", "own_peak", "peak_heap"};
inline constexpr std::size_t kStackFigureCount = kStackFigureNames.size();

using StackFigures = std::array<std::uint64_t, kStackFigureCount>;

constexpr bool is_bytes(StackFigure figure) {
  return figure != StackFigure::allocations;
}

// Which figure of the stacks explains a metric: none for failed and peak_rss.
constexpr std::optional<StackFigure> stack_figure_of(Metric metric) {
  switch (metric) {
    case Metric::allocated_bytes:
      return StackFigure::allocated_bytes;
    case Metric::allocations:
      return StackFigure::allocations;
    case Metric::leaked_bytes:
      return StackFigure::leaked_bytes;
    case Metric::peak_heap:
      return StackFigure::peak_heap;
    case Metric::failed:
    case Metric::peak_rss:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace memwatch::gate
