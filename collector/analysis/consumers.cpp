#include "collector/analysis/consumers.h"

#include <algorithm>
#include <tuple>

#include "collector/analysis/modules.h"
#include "collector/analysis/ranking.h"

namespace memwatch::analysis {

namespace {

auto key_of(const Consumer& consumer) {
  return std::tuple(consumer.live_bytes, consumer.peak_bytes, consumer.allocated_bytes,
                    consumer.calls);
}

std::vector<Consumer> largest(std::vector<Consumer> all, std::size_t top) {
  std::stable_sort(all.begin(), all.end(),
                   [&](const Consumer& a, const Consumer& b) { return key_of(a) > key_of(b); });
  if (top != 0 && all.size() > top) all.resize(top);
  return all;
}

Consumer consumer_of(const model::Site& site) {
  Consumer consumer;
  consumer.stack = site.stack;
  consumer.calls = site.allocations + site.reallocations;
  consumer.allocated_bytes = site.allocated_bytes;
  consumer.peak_bytes = site.peak_bytes;
  consumer.live_blocks = site.live_blocks;
  consumer.live_bytes = site.live_bytes;
  consumer.temporary = site.temporary;
  consumer.allocated_deviation = site.allocated_deviation;
  consumer.live_deviation = site.live_deviation;
  return consumer;
}

}  // namespace

std::vector<Consumer> consuming_sites(const Selection& selection, std::size_t top) {
  std::vector<Consumer> all;
  for (const model::Site& site : merged_sites(selection)) all.push_back(consumer_of(site));
  return largest(std::move(all), top);
}

std::vector<Consumer> consuming_sites(const model::Process& process, std::size_t top) {
  std::vector<Consumer> found;  // a heap, the smallest on top
  const auto before = [](const Consumer& a, const Consumer& b) { return key_of(a) > key_of(b); };
  for (const model::Site& site : process.sites) {
    if (found.size() >= top && site.live_bytes < found.front().live_bytes) continue;
    found.push_back(consumer_of(site));
    std::push_heap(found.begin(), found.end(), before);
    if (found.size() <= top) continue;
    std::pop_heap(found.begin(), found.end(), before);
    found.pop_back();
  }
  std::sort(found.begin(), found.end(), [](const Consumer& a, const Consumer& b) {
    return key_of(a) != key_of(b) ? key_of(a) > key_of(b) : a.stack < b.stack;
  });
  return found;
}

std::vector<Consumer> consuming_modules(const Selection& selection, std::size_t top) {
  std::vector<Consumer> all;
  for (const ModuleRow& row : list_modules(selection)) {
    Consumer& consumer = all.emplace_back();
    consumer.module = row.path;
    consumer.calls = row.allocations + row.reallocations;
    consumer.allocated_bytes = row.allocated_bytes;
    consumer.peak_bytes = row.peak_bytes;
    consumer.live_blocks = row.live_blocks;
    consumer.live_bytes = row.live_bytes;
    consumer.temporary = row.temporary;
    consumer.allocated_deviation = row.allocated_deviation;
    consumer.live_deviation = row.live_deviation;
  }
  return largest(std::move(all), top);
}

}  // namespace memwatch::analysis
