// Which programs were started and never came to be recorded: of each child that executed one
// without a fork it is known that it did so (intake/begun_programs.h), and of each program that is
// recorded that it introduced itself; in either order, since one comes from a segment and the other
// by a socket. Internal to the recorder; one thread.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>

namespace memwatch::recording {

class StartedPrograms {
 public:
  // A child of pid `child` executes a program, or failed to after all; `row`: its parent's in the
  // session.
  void begun(pid_t child, std::size_t row);
  void failed(pid_t child);

  // A program introduced itself that is neither a fork's child nor another's successor by exec.
  void introduced(pid_t program);
  // One did that too, and had ended when it was to be answered.
  void gone_unanswered(pid_t program);

  struct Unrecorded {
    std::uint64_t unheard = 0;     // never introduced themselves
    std::uint64_t unanswered = 0;  // waited in vain
    bool operator==(const Unrecorded&) const = default;
  };
  // By the parent's row; then forgets them all. Call it when all have been heard, which is when the
  // recording ends.
  std::map<std::size_t, Unrecorded> take_unrecorded();

 private:
  void give_up(pid_t child);

  std::map<pid_t, std::size_t> awaited_;  // by child: its parent's row
  std::set<pid_t> introduced_, gone_;     // programs nobody has told of yet
  std::map<std::size_t, Unrecorded> unrecorded_;
};

}  // namespace memwatch::recording
