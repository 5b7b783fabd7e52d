#include "collector/recording/unrecorded.h"

#include <array>
#include <string>

namespace memwatch::recording {

namespace {

constexpr const char* kNoAnswer =
    "memwatch did not answer within the second that a program waits for it (the machine was busy, "
    "or memwatch was stopped)";
constexpr const char* kNothingTaken =
    "it did not take the memory that memwatch had made for it (a limit on its descriptors or "
    "addresses, ulimit -n, -v or -d, left no room, say)";
constexpr const char* kNothingTakenYet =
    "when the recording ended it had not yet taken the memory that memwatch had made for it";
constexpr const char* kRemedy =
    "; make room there or enlarge it (mount -o remount,size=1G /dev/shm)";

constexpr const char* kWhyPrograms =
    "could not be recorded (static, set-user-id, without the preloaded library, or as another "
    "user)";

// By protocol::Unrecorded.
constexpr std::array<const char*, protocol::kUnrecordedReasons> kWhyChildren = {
    "this process had given up new privileges or installed a seccomp filter, which may kill for "
    "what a recording begins with",
    "this process had become another user, who may not reach memwatch's socket",
    "this process had changed its root directory or file systems: memwatch's socket is not there",
    "no file descriptor was free, of which recording a process takes one for a moment "
    "(RLIMIT_NOFILE, ulimit -n)",
    "there was no room for memwatch's memory (RLIMIT_AS or RLIMIT_DATA, ulimit -v or -d)",
    kNoAnswer,
};

void add_note(std::uint64_t children, const std::string& why, model::Process* facts) {
  if (children == 0) return;
  facts->notes.push_back(std::to_string(children) + (children == 1 ? " child" : " children") +
                         " ran unrecorded, with whatever came of " +
                         (children == 1 ? "it" : "them") + ": " + why);
}

}  // namespace

bool has_taken_nothing(const ProcessRecord& record) {
  // Acquire: matched by the release stores in preload/session.
  return record.tracked->segment().header().ready.load(std::memory_order_acquire) == 0;
}

const char* why_unrecorded(const ProcessRecord& record, const model::Process& facts) {
  switch (record.tracked->segment().header().ready.load(std::memory_order_acquire)) {
    case 0:
      if (record.may_have_been_late) return kNoAnswer;
      if (facts.exit_kind == model::ExitKind::signaled) return nullptr;
      return facts.exit_kind == model::ExitKind::running ? kNothingTakenYet : kNothingTaken;
    case protocol::kNoRoom:
      return "there was no room in shared memory (/dev/shm)";
    case protocol::kNoAddresses:
      return "its limit on address space (RLIMIT_AS or RLIMIT_DATA, ulimit -v or -d) leaves no "
             "room; recording takes 120 MB of addresses";
    default:
      return nullptr;
  }
}

void note_what_is_missing(const ProcessRecord& record, model::Process* facts) {
  const protocol::SegmentHeader& header = record.tracked->segment().header();
  if (const char* why = why_unrecorded(record, *facts)) {
    facts->losses.exact = false;
    // Relaxed: it was acquired by why_unrecorded, and is final.
    const bool is_shared_memory = header.ready.load(std::memory_order_relaxed) == protocol::kNoRoom;
    facts->notes.push_back(std::string("Ran unrecorded: ") + why +
                           (is_shared_memory ? kRemedy : ""));
  } else if (header.no_room.load(std::memory_order_relaxed) != 0) {
    facts->notes.push_back(
        std::string("Shared memory (/dev/shm) was full, so calls or stacks are missing") + kRemedy);
  }
}

void note_nothing_taken(model::Process* facts) {
  facts->losses.exact = false;
  facts->notes.push_back(std::string("Ran unrecorded: ") + kNothingTaken);
}

void note_unrecorded_children(const intake::UnrecordedChildren& children, std::uint64_t declined,
                              model::Process* facts) {
  facts->losses.children_unrecorded = intake::sum_of(children) + declined;
  for (std::size_t why = 0; why < children.size(); ++why) {
    add_note(children[why], kWhyChildren[why], facts);
  }
  add_note(declined, std::string("memwatch could make no shared memory (/dev/shm)") + kRemedy,
           facts);
}

void note_went_on_unrecorded(model::Process* facts) {
  facts->notes.push_back(std::string("went on as another program that ") + kWhyPrograms);
}

void note_unrecorded_programs(const StartedPrograms::Unrecorded& programs, model::Process* facts) {
  if (programs.unheard > 0) {
    facts->notes.push_back("started " + std::to_string(programs.unheard) +
                           (programs.unheard == 1 ? " program that " : " programs that ") +
                           kWhyPrograms);
  }
  facts->losses.children_unrecorded += programs.unanswered;
  add_note(programs.unanswered, kNoAnswer, facts);
}

}  // namespace memwatch::recording
