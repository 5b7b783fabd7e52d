// Session files that are open for questions, each of their processes under a number of its own in
// the place of a pid. Numbers begin above every pid that Linux gives (2^22, PID_MAX_LIMIT in its
// include/linux/threads.h) and are counted in the order of files and processes, so that the same
// files, named in the same order, have the same numbers again. A number is never used twice.
//
// Sessions are held in memory: what was read is answered even when its file is gone. look() sees
// files that have changed: one that has grown is read again and keeps its numbers, another
// recording in its place gets new ones, and what cannot be read leaves what was read before in its
// place.
//
// Questions may be asked from any thread; open() and look() are for one thread.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "collector/base/result.h"
#include "collector/daemon/status.h"
#include "collector/history/sample.h"
#include "collector/model/session.h"
#include "tools/server/recording_facts.h"

namespace memwatch::server {

inline constexpr pid_t kFirstRecordingNumber = 100'000'001;

class Recordings {
 public:
  struct Loaded {
    model::Session session;
    std::vector<std::string> warnings;  // sentences
  };
  // Reads a file; the stacks have their symbols as far as they can be had.
  using Load = std::function<Result<Loaded>(const std::string& path)>;

  // `warn`: sentences about files, each once.
  Recordings(Load load, std::function<void(const std::string&)> warn);

  // Error: the reader's. A file that is open already is passed over.
  Result<void> open(const std::string& path);
  // Have files changed? A look at each, and a reading of those that have.
  void look();

  [[nodiscard]] std::size_t sessions() const;
  // Fills in processes, events and recordings; `now`: seconds since the Unix epoch.
  void describe(daemon::Status* status) const;
  // Of one process, as the daemon gives those that run. Error of kind not_found: no such number.
  [[nodiscard]] Result<model::Session> session_of(pid_t number) const;
  // What is asked for counts back from the end of each process, not from `now_ms`.
  [[nodiscard]] std::vector<history::ProcessSample> samples(const history::Question& question,
                                                            std::int64_t now_ms) const;

 private:
  // What tells whether a file has changed.
  struct Stamp {
    dev_t device = 0;
    ino_t inode = 0;
    off_t size = 0;
    std::int64_t modified_ns = 0;
    bool operator==(const Stamp&) const = default;
  };
  struct Entry {
    pid_t number = 0;
    std::shared_ptr<const model::Process> process;
    RecordedProcess facts;
  };
  struct File {
    std::string path;
    Stamp stamp;
    bool is_there = true;
    std::string remark;                            // what is wrong with it now; "" nothing
    std::shared_ptr<const model::Session> tables;  // the session without its processes
    std::vector<Entry> entries;
    std::uint64_t times_read = 1;
    std::set<std::string> told;  // warnings
  };

  static Result<Stamp> stamp_of(const std::string& path);
  static bool is_same_recording(const File& file, const model::Session& session);
  void take(File& file, Loaded loaded);
  void look_at(File& file);
  void remark(File& file, const std::string& sentence);
  void tell(File& file, const std::string& sentence);

  Load load_;
  std::function<void(const std::string&)> warn_;
  pid_t next_ = kFirstRecordingNumber;
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<File>> files_;  // what questions need of them is guarded by mutex_
};

}  // namespace memwatch::server
