// Segments that get shorter while they are read. Whoever can write an object in /dev/shm can cut
// it, and a page of a full /dev/shm may not be there: touching it is SIGBUS, which would end the
// collector and with it the recordings of all other processes. While a mapping is watched, a page
// that is gone becomes a private page of zeros, and is counted.
//
// Any thread. The handler is installed with the first watched mapping and stays; a SIGBUS anywhere
// else is what it would have been without us. Never frees what a handler might be looking at.
#pragma once

#include <cstddef>
#include <cstdint>

namespace memwatch::intake {

class WatchedPages {
 public:
  WatchedPages(void* start, std::size_t bytes);
  ~WatchedPages();  // before the mapping goes
  WatchedPages(const WatchedPages&) = delete;
  WatchedPages& operator=(const WatchedPages&) = delete;

  // Pages that were not there when they were needed.
  [[nodiscard]] std::uint64_t lost() const;

 private:
  struct Entry* entry_;
};

}  // namespace memwatch::intake
