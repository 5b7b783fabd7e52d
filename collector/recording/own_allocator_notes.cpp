#include "collector/recording/own_allocator_notes.h"

#include "collector/procfs/own_allocator.h"

namespace memwatch::recording {

namespace {

constexpr std::size_t kMostPrograms = 1000;  // of a build, say; then they are read anew

}  // namespace

void OwnAllocatorNotes::add_to(model::Process* facts) {
  if (facts->totals.allocations != 0 || facts->exe.empty()) return;
  const std::string& description = description_of(facts->exe);
  if (description.empty()) return;
  facts->notes.push_back("It brings " + description +
                         ": what that serves is not seen (link it as a shared library instead)");
}

const std::string& OwnAllocatorNotes::description_of(const std::string& program) {
  const auto known = descriptions_.find(program);
  if (known != descriptions_.end()) return known->second;
  if (descriptions_.size() >= kMostPrograms) descriptions_.clear();
  const Result<procfs::OwnAllocator> own = procfs::find_own_allocator(program);
  const bool serves_itself = own && own->defines("malloc");
  return descriptions_.emplace(program, serves_itself ? own->description() : "").first->second;
}

}  // namespace memwatch::recording
