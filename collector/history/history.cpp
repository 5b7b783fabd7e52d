#include "collector/history/history.h"

#include <signal.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <utility>

namespace memwatch::history {

namespace {

constexpr std::int64_t kBetweenUpkeepsMs = 60'000;

std::int64_t read_clock_ms(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return std::int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1'000'000;
}

}  // namespace

History::History(std::string path, std::string boot, Limits limits,
                 std::function<void(const std::string&)> on_trouble, Clocks clocks,
                 std::function<void()> give_back)
    : path_(std::move(path)),
      boot_(std::move(boot)),
      limits_(limits),
      on_trouble_(std::move(on_trouble)),
      clocks_(std::move(clocks)),
      give_back_(std::move(give_back)),
      thread_([this] { run(); }) {}

History::Clocks History::system_clocks() {
  return {[] { return read_clock_ms(CLOCK_REALTIME); },
          [] { return read_clock_ms(CLOCK_BOOTTIME); }};
}

History::~History() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void History::add(Batch batch, Written written) {
  if (batch.is_empty()) return;
  {
    const std::lock_guard lock(mutex_);
    batches_.push_back({std::move(batch), std::move(written)});
    if (batches_.size() > kMaxWaiting) batches_.pop_front();
  }
  wake_.notify_all();
}

void History::do_later(Job job) {
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
  }
  wake_.notify_all();
}

void History::ask(Question question, std::function<void(Answer)> answer) {
  do_later([this, question = std::move(question), answer = std::move(answer)](HistoryStore* store) {
    answer(store != nullptr ? store->ask(question) : Answer(closed()));
  });
}

void History::find_consumers(ConsumerQuestion question,
                             std::function<void(ConsumerAnswer)> answer) {
  do_later([this, question = std::move(question), answer = std::move(answer)](HistoryStore* store) {
    answer(store != nullptr ? store->find_consumers(question) : ConsumerAnswer(closed()));
  });
}

void History::find_operations(Question question, std::function<void(OperationAnswer)> answer) {
  do_later([this, question = std::move(question), answer = std::move(answer)](HistoryStore* store) {
    answer(store != nullptr ? store->find_operations(question) : OperationAnswer(closed()));
  });
}

void History::name_sites(std::vector<std::pair<SiteId, SiteName>> names) {
  do_later([this, names = std::move(names)](HistoryStore* store) {
    if (store == nullptr) return;
    if (const Result<void> named = store->name_sites(names); !named) complain(named.error());
  });
}

void History::find_names(std::vector<SiteId> sites, std::function<void(NameAnswer)> answer) {
  do_later([this, sites = std::move(sites), answer = std::move(answer)](HistoryStore* store) {
    answer(store != nullptr ? store->find_names(sites) : NameAnswer(closed()));
  });
}

void History::save(alerts::Alert alert) {
  {
    const std::lock_guard lock(mutex_);
    if (alerts_.size() >= kMaxWaitingAlerts) alerts_.erase(alerts_.begin());
    alerts_.push_back(std::move(alert));
  }
  wake_.notify_all();
}

void History::find_alerts(AlertQuestion question, std::function<void(AlertAnswer)> answer) {
  do_later([this, question, answer = std::move(answer)](HistoryStore* store) {
    answer(store != nullptr ? store->find_alerts(question) : AlertAnswer(closed()));
  });
}

void History::look_at_clock() {
  const std::vector<LivedTime::Gap> before = lived_.gaps();
  const bool is_first = !lived_.last();
  const std::string news = lived_.look({boot_, clocks_.wall_ms(), clocks_.running_ms()});
  if (!news.empty()) on_trouble_(news);
  if (is_first || lived_.gaps() != before) keep_clock();
}

// Where it cannot be written the next daemon still finds an earlier time, and sees the jump itself.
void History::keep_clock() {
  if (const auto kept = store_->keep(lived_); !kept) complain(kept.error());
}

void History::maintain() {
  const std::int64_t running_ms = clocks_.running_ms(), now_ms = clocks_.wall_ms();
  if (running_ms < next_upkeep_ms_) return;
  next_upkeep_ms_ = running_ms + kBetweenUpkeepsMs;
  give_back();
  lived_.forget(now_ms, std::max({limits_.keep, limits_.keep_alerts, limits_.keep_operations,
                                  limits_.minutes_for, limits_.seconds_for})
                            .count());
  keep_clock();
  if (!store_) return;
  if (const auto kept = store_->maintain(now_ms, lived_); !kept) trouble(kept.error());
}

// The same trouble is told once, until something has worked again.
void History::trouble(const Error& error) {
  if (!std::exchange(told_trouble_, true)) {
    on_trouble_(error.to_line() + "; everything else goes on, writing is tried again");
  }
}

void History::set_aside(const Error& error) {
  store_.reset();
  char stamp[32] = {};
  const time_t now = time(nullptr);
  tm parts{};
  gmtime_r(&now, &parts);
  strftime(stamp, sizeof stamp, ".damaged-%Y%m%d-%H%M%S", &parts);
  const std::string aside = path_ + stamp;
  if (rename(path_.c_str(), aside.c_str()) != 0) {
    trouble(error);
    return;
  }
  // The log belongs to the file it was written for.
  for (const char* suffix : {"-wal", "-shm"}) {
    static_cast<void>(rename((path_ + suffix).c_str(), (aside + suffix).c_str()));
  }
  on_trouble_(error.to_line() + "; it was set aside as " + aside + ", and a new one begun");
}

bool History::open_store() {
  for (int attempt = 0; attempt < 2; ++attempt) {
    Result<HistoryStore> opened = HistoryStore::open(path_, boot_, limits_);
    Result<LivedTime> lived = opened ? opened->lived_time() : Result<LivedTime>(opened.error());
    if (lived) {
      store_.emplace(*std::move(opened));
      lived_ = *std::move(lived);
      return true;
    }
    if (lived.error().kind != ErrorKind::damaged) {
      trouble(lived.error());
      return false;
    }
    set_aside(lived.error());
  }
  return false;
}

void History::write(std::deque<Waiting>& batches) {
  while (!batches.empty()) {
    if (!batches.front().batch.rounds.empty()) give_back();
    const Result<std::vector<SiteId>> unnamed = store_->append(batches.front().batch);
    if (!unnamed) return complain(unnamed.error());
    told_trouble_ = false;
    if (batches.front().written) batches.front().written(*unnamed);
    batches.pop_front();
  }
}

void History::write_alerts(std::vector<alerts::Alert>& alerts) {
  if (alerts.empty() || !store_) return;
  const Result<void> written = store_->save(alerts);
  if (!written) return complain(written.error());
  told_trouble_ = false;
  alerts.clear();
}

void History::complain(const Error& error) {
  if (error.kind == ErrorKind::damaged) {
    set_aside(error);
  } else {
    trouble(error);
  }
}

Error History::closed() const {
  return Error{ErrorKind::system, "read the history", path_, "it could not be opened", {}};
}

void History::run() {
  sigset_t all;  // signals are for the main thread
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, nullptr);
  std::deque<Waiting> batches;
  std::vector<alerts::Alert> alerts;
  while (true) {
    std::deque<Job> jobs;
    bool last = false;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] {
        return stopping_ || !batches_.empty() || !jobs_.empty() || !alerts_.empty();
      });
      last = stopping_;
      for (auto& batch : batches_) batches.push_back(std::move(batch));
      batches_.clear();
      jobs.swap(jobs_);
      for (alerts::Alert& alert : alerts_) alerts.push_back(std::move(alert));
      alerts_.clear();
    }
    if (alerts.size() > kMaxWaitingAlerts) {
      alerts.erase(alerts.begin(), alerts.end() - kMaxWaitingAlerts);
    }
    while (batches.size() > kMaxWaiting) batches.pop_front();
    if (store_ || open_store()) {
      look_at_clock();
      if (store_) write(batches);
      write_alerts(alerts);
      if (store_) maintain();
    }
    if (!jobs.empty()) give_back();
    // One of them may set the file aside.
    for (const Job& job : jobs) job(store_ ? &*store_ : nullptr);
    if (last) {
      if (store_) keep_clock();
      return;
    }
    give_back();
  }
}

}  // namespace memwatch::history
