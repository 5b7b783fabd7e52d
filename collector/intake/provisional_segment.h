// A segment's object that was just made, to be removed again unless everything went well. Internal
// to the twins of segment_object.h.
#pragma once

#include <string>

#include "collector/intake/segment_object.h"

namespace memwatch::intake {

class ProvisionalSegment {
 public:
  explicit ProvisionalSegment(const std::string& name) : name_(name) {}
  ~ProvisionalSegment() {
    if (!kept_) SegmentObject::remove(name_);
  }
  ProvisionalSegment(const ProvisionalSegment&) = delete;
  ProvisionalSegment& operator=(const ProvisionalSegment&) = delete;
  void keep() { kept_ = true; }

 private:
  const std::string& name_;
  bool kept_ = false;
};

}  // namespace memwatch::intake
