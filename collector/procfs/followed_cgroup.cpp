#include "collector/procfs/followed_cgroup.h"

#include <utility>

#include "collector/procfs/text.h"

namespace memwatch::procfs {

FollowedCgroup::FollowedCgroup(pid_t pid, std::string proc_root)
    : pid_(pid), proc_root_(std::move(proc_root)) {
  look();
}

bool FollowedCgroup::follow(double now, bool has_vanished) {
  if (pid_ == 0) return false;
  if (!looked_at_) looked_at_ = now;
  const double since = now - *looked_at_;
  if (since < kAtLeastBetween) return false;
  if (since < kBetweenLooks && !has_vanished) return false;
  looked_at_ = now;
  return look();
}

bool FollowedCgroup::look() {
  std::optional<std::string> membership = read_text(process_path(proc_root_, pid_, "cgroup"));
  if (!membership || *membership == membership_) return false;
  std::optional<CgroupLocation> found = locate_cgroup(pid_, proc_root_);
  membership_ = *std::move(membership);
  const bool is_another =
      found.has_value() != location_.has_value() ||
      (found && (found->directory != location_->directory || found->version != location_->version));
  location_ = std::move(found);
  return is_another;
}

}  // namespace memwatch::procfs
