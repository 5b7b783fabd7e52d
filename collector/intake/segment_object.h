// The shared memory object behind a segment, and where objects are listed by name; a twin for each
// system. One owner. Names are those of segments (registry.h), nothing of what is in the object is
// looked at.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "collector/base/result.h"

namespace memwatch::intake {

class SegmentObject {
 public:
  // A new object of so many bytes, mode 0600, mapped, of which the first `backed_bytes` have memory
  // for certain. Nothing is left of one that could not be made.
  static Result<SegmentObject> create(const std::string& name, std::uint64_t bytes,
                                      std::uint64_t backed_bytes);
  static Result<SegmentObject> open(const std::string& name);
  Result<void> map(std::uint64_t bytes);
  // Its name and its place in the list; mappings live on. Nothing where there is none.
  static void remove(const std::string& name);

  SegmentObject(SegmentObject&&) noexcept;
  SegmentObject& operator=(SegmentObject&&) noexcept;
  ~SegmentObject();

  [[nodiscard]] int descriptor() const;
  [[nodiscard]] void* address() const;       // null before it is mapped
  [[nodiscard]] std::uint64_t size() const;  // as mapped

 private:
  struct State;
  explicit SegmentObject(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// The directory that has a file for each object, named as the segment: to be listed, to be told to
// the target, and in messages.
std::string segment_directory();

}  // namespace memwatch::intake
