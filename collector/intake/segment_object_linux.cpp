// Boost.Interprocess makes, opens and sizes objects: files in /dev/shm.
#include <fcntl.h>

#include <boost/interprocess/exceptions.hpp>
#include <boost/interprocess/mapped_region.hpp>
#include <boost/interprocess/shared_memory_object.hpp>

#include "collector/intake/provisional_segment.h"
#include "collector/intake/segment_object.h"

namespace memwatch::intake {

namespace bip = boost::interprocess;

struct SegmentObject::State {
  bip::shared_memory_object object;
  bip::mapped_region region;
  std::string name;
};

namespace {

Error shm_error(std::string attempted, const std::string& name,
                const bip::interprocess_exception& e) {
  return system_error(std::move(attempted), segment_directory() + "/" + name, e.get_native_error());
}

}  // namespace

SegmentObject::SegmentObject(std::unique_ptr<State> state) : state_(std::move(state)) {}
SegmentObject::SegmentObject(SegmentObject&&) noexcept = default;
SegmentObject& SegmentObject::operator=(SegmentObject&&) noexcept = default;
SegmentObject::~SegmentObject() = default;

Result<SegmentObject> SegmentObject::create(const std::string& name, std::uint64_t bytes,
                                            std::uint64_t backed_bytes) {
  auto state = std::make_unique<State>();
  state->name = name;
  try {
    bip::permissions owner_only(0600);
    state->object =
        bip::shared_memory_object(bip::create_only, name.c_str(), bip::read_write, owner_only);
    ProvisionalSegment provisional(name);
    state->object.truncate(static_cast<bip::offset_t>(bytes));
    // The object is sparse; what both sides write at once must be there for certain.
    const int error = posix_fallocate(state->object.get_mapping_handle().handle, 0,
                                      static_cast<off_t>(backed_bytes));
    if (error != 0) {
      return system_error("reserve shared memory for the traced process",
                          segment_directory() + "/" + name, error);
    }
    state->region = bip::mapped_region(state->object, bip::read_write, 0, bytes);
    provisional.keep();
  } catch (const bip::interprocess_exception& exception) {
    return shm_error("create the segment", name, exception);
  }
  return SegmentObject(std::move(state));
}

Result<SegmentObject> SegmentObject::open(const std::string& name) {
  auto state = std::make_unique<State>();
  state->name = name;
  try {
    state->object = bip::shared_memory_object(bip::open_only, name.c_str(), bip::read_write);
  } catch (const bip::interprocess_exception& exception) {
    return shm_error("open the segment", name, exception);
  }
  return SegmentObject(std::move(state));
}

Result<void> SegmentObject::map(std::uint64_t bytes) {
  try {
    state_->region = bip::mapped_region(state_->object, bip::read_write, 0, bytes);
  } catch (const bip::interprocess_exception& exception) {
    return shm_error("open the segment", state_->name, exception);
  }
  return {};
}

void SegmentObject::remove(const std::string& name) {
  bip::shared_memory_object::remove(name.c_str());
}

int SegmentObject::descriptor() const {
  return state_->object.get_mapping_handle().handle;
}
void* SegmentObject::address() const {
  return state_->region.get_address();
}
std::uint64_t SegmentObject::size() const {
  return state_->region.get_size();
}

std::string segment_directory() {
  return "/dev/shm";
}

}  // namespace memwatch::intake
