// The history with a thread of its own, so that a slow or full disk never holds up the recording.
// The database is opened there; a damaged one is set aside under another name, told in a line, and
// begun anew. A disk that is full is told once and tried again; meanwhile a minute of samples
// waits.
//
// Samples are dated by the wall clock, but age by what has really passed (lived_time.h): a clock
// that jumps deletes nothing, and is told in a line. Any thread may call; the callbacks are called
// from the history's thread.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "collector/base/result.h"
#include "collector/history/history_store.h"
#include "collector/history/lived_time.h"
#include "collector/history/sample.h"

namespace memwatch::history {

class History {
 public:
  using Answer = Result<std::vector<ProcessSample>>;
  using AlertAnswer = Result<std::vector<KeptAlert>>;
  using ConsumerAnswer = Result<ConsumerHistory>;
  using NameAnswer = Result<std::map<SiteId, SiteName>>;
  using OperationAnswer = Result<std::vector<Operation>>;
  // The sites of a batch that have no name yet; called once it has been written.
  using Written = std::function<void(const std::vector<SiteId>& unnamed)>;
  static constexpr std::size_t kMaxWaiting = 60;  // batches, a second apart
  static constexpr std::size_t kMaxWaitingAlerts = 1000;

  // Called from the history's thread.
  struct Clocks {
    std::function<std::int64_t()> wall_ms;
    std::function<std::int64_t()> running_ms;  // since the machine's start, never set
  };
  static Clocks system_clocks();

  // `on_trouble`: a sentence about what is wrong with the file, or with the clock. `give_back` is
  // called after all that was done at once, and before what is not done each second (consumers,
  // upkeep, questions), so that the code of both need not be in memory at the same time.
  History(std::string path, std::string boot, Limits limits,
          std::function<void(const std::string&)> on_trouble, Clocks clocks = system_clocks(),
          std::function<void()> give_back = {});
  ~History();  // what waits is written
  History(const History&) = delete;
  History& operator=(const History&) = delete;

  void add(Batch batch, Written written = {});
  void ask(Question question, std::function<void(Answer)> answer);
  void find_consumers(ConsumerQuestion question, std::function<void(ConsumerAnswer)> answer);
  void find_operations(Question question, std::function<void(OperationAnswer)> answer);
  // What cannot be written is forgotten; the next round asks for it again.
  void name_sites(std::vector<std::pair<SiteId, SiteName>> names);
  // Of those that have been named.
  void find_names(std::vector<SiteId> sites, std::function<void(NameAnswer)> answer);
  // In the place of what was saved with its id.
  void save(alerts::Alert alert);
  void find_alerts(AlertQuestion question, std::function<void(AlertAnswer)> answer);

 private:
  struct Waiting {
    Batch batch;
    Written written;
  };
  // Of the store, or of an error where there is none.
  using Job = std::function<void(HistoryStore*)>;

  void run();
  bool open_store();  // false: not now
  void set_aside(const Error& error);
  void write(std::deque<Waiting>& batches);
  void do_later(Job job);
  void write_alerts(std::vector<alerts::Alert>& alerts);
  void complain(const Error& error);
  [[nodiscard]] Error closed() const;
  void trouble(const Error& error);
  void look_at_clock();
  void keep_clock();
  void maintain();
  void give_back() const {
    if (give_back_) give_back_();
  }

  std::string path_, boot_;
  Limits limits_;
  std::function<void(const std::string&)> on_trouble_;
  Clocks clocks_;
  std::function<void()> give_back_;
  // Of the thread alone.
  std::optional<HistoryStore> store_;
  LivedTime lived_;  // as in the store
  bool told_trouble_ = false;
  std::int64_t next_upkeep_ms_ = 0;  // by running_ms

  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Waiting> batches_;        // guarded by mutex_
  std::deque<Job> jobs_;               // guarded by mutex_
  std::vector<alerts::Alert> alerts_;  // guarded by mutex_
  bool stopping_ = false;              // guarded by mutex_
  std::thread thread_;
};

}  // namespace memwatch::history
