#include "tools/server/alert_desk.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "collector/procfs/process_identity.h"
#include "tools/render/alert_words.h"

namespace memwatch::server {

namespace {

using alerts::Alert;
using alerts::Notice;
using alerts::Type;

constexpr std::chrono::seconds kBetweenSaves{10};
constexpr std::size_t kMaxEarly = 1000;

std::int64_t wall_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

alerts::Moment present() {
  const auto steady = std::chrono::steady_clock::now().time_since_epoch();
  return {std::chrono::duration<double>(steady).count(), wall_ms()};
}

bool is_of_process(const Alert& alert) {
  return alert.type != Type::pressure;
}

}  // namespace

AlertDesk::AlertDesk(Parts parts)
    : parts_(std::move(parts)),
      dispatcher_(parts_.state_directory + "/outbox", parts_.url_of_alerts,
                  // Channels have threads of their own.
                  [calls = &parts_.calls, warn = parts_.warn](const std::string& line) {
                    calls->add([warn, line] { warn(line); });
                  }) {
  parts_.fleet.alert_callbacks.on_incident =
      [this](const alerts::Incident& incident, const alerts::Rules& rules, const auto& frames) {
        happened({incident, rules, frames});
      };
  parts_.fleet.alert_callbacks.on_gone = [this](const alerts::ProcessKey& process,
                                                const std::string& why) {
    engine_.gone(process, why, present());
    hand_out({});
  };
}

AlertDesk::~AlertDesk() {
  parts_.fleet.alert_callbacks = {};
  *self_ = nullptr;
}

void AlertDesk::configure(const daemon::AlertSettings& settings) {
  settings_ = settings;
  engine_.set_per_hour(settings.per_hour);
  std::vector<Alert> active;
  for (const auto& [id, alert] : engine_.open()) active.push_back(alert);
  dispatcher_.configure(settings.channels, active);
}

void AlertDesk::start() {
  // Those of the last hour count for the limit, those that are active go on, and the latest has the
  // highest number so far.
  constexpr std::int64_t kHourMs = 3'600'000;
  history::AlertQuestion latest;
  latest.count = 1;
  parts_.history().find_alerts(latest, [self = self_, calls = &parts_.calls](auto last) {
    calls->add([self, last = std::move(last)] {
      if (*self == nullptr) return;
      AlertDesk& desk = **self;
      if (!last) {
        // Later than any that may be in there.
        desk.begin(static_cast<std::uint64_t>(wall_ms() / 1000), {});
        return;
      }
      const std::uint64_t next_id = last->empty() ? 1 : last->back().alert.id + 1;
      history::AlertQuestion open;
      open.since_ms = wall_ms() - kHourMs;
      open.with_older_active = true;
      desk.parts_.history().find_alerts(
          open, [self, next_id, calls = &desk.parts_.calls](auto kept) {
            calls->add([self, next_id, kept = std::move(kept)] {
              if (*self == nullptr) return;
              (*self)->begin(next_id, kept ? *kept : std::vector<history::KeptAlert>{});
            });
          });
    });
  });
}

void AlertDesk::begin(std::uint64_t next_id, const std::vector<history::KeptAlert>& kept) {
  engine_ = alerts::Engine(next_id);
  engine_.set_per_hour(settings_.per_hour);
  restore(kept);
  is_ready_ = true;
  for (const Happened& event : std::exchange(early_, {})) happened(event);
  hand_out({});
}

void AlertDesk::restore(const std::vector<history::KeptAlert>& kept) {
  const alerts::Moment now = present();
  for (const history::KeptAlert& one : kept) {
    engine_.restore(one.alert, static_cast<double>(now.wall_ms - one.alert.time_ms) / 1000, now);
    if (one.alert.is_resolved) continue;
    const bool lives = one.is_of_this_boot && procfs::process_start_ticks(one.alert.process.pid) ==
                                                  one.alert.process.start_ticks;
    if (is_of_process(one.alert) && !lives) {
      engine_.gone(one.alert.process, "the process ended while no daemon ran", now);
    } else {
      saved_counts_[one.alert.id] = one.alert.suppressed;
      dispatcher_.resume(one.alert);
    }
  }
}

void AlertDesk::happened(const Happened& event) {
  if (!is_ready_) {
    if (early_.size() < kMaxEarly) early_.push_back(event);
    return;
  }
  engine_.happened(event.incident, event.rules, present());
  hand_out(event.frames);
}

void AlertDesk::look() {
  if (!is_ready_) return;
  const alerts::Moment now = present();
  const daemon::AlertRound round = parts_.fleet.alert_round();
  for (const daemon::AlertRound::One& one : round.processes) {
    engine_.observe(one.seen, one.rules, now);
  }
  for (const alerts::PressureObservation& seen : round.pressure) {
    engine_.observe(seen, settings_.rules, now);
  }
  engine_.end_round(now);
  hand_out({});
  save_counts();
}

void AlertDesk::turn() {
  std::erase_if(tests_, [](const auto& test) { return test->finish(); });
}

// `frames`: of the event that was just told; other alerts' sites are asked of the fleet.
void AlertDesk::hand_out(const std::vector<recording::Alert::Frame>& frames) {
  for (Notice& notice : engine_.take_notices()) {
    if (notice.kind != Notice::Kind::raised) {
      announce(std::move(notice), {});
      continue;
    }
    const Alert& alert = notice.alert;
    const bool is_event = alert.type == Type::large || alert.type == Type::failure;
    const bool is_growth = alert.type == Type::leak || alert.type == Type::pattern;
    const bool is_outside =
        alert.label("of") == "external" || alert.label("of") == "external_ratio";
    std::vector<recording::Alert::Frame> site;
    if (is_event) {
      site = frames;
    } else if (is_of_process(alert) && !is_outside) {
      site = parts_.fleet.site_of(alert.process, is_growth);
    }
    announce(std::move(notice), std::move(site));
  }
}

void AlertDesk::announce(Notice notice, std::vector<recording::Alert::Frame> frames) {
  const std::uint64_t id = notice.alert.id;
  if (const auto waits = unplaced_.find(id); waits != unplaced_.end()) {
    waits->second.push_back(std::move(notice));
    return;
  }
  if (frames.empty()) return tell(std::move(notice));
  unplaced_[id].push_back(std::move(notice));
  locator_.add(std::move(frames), [self = self_, id, calls = &parts_.calls](alerts::Site site) {
    calls->add([self, id, site = std::move(site)] {
      if (*self != nullptr) (*self)->located(id, site);
    });
  });
}

void AlertDesk::located(std::uint64_t id, alerts::Site site) {
  const auto waits = unplaced_.extract(id);
  if (waits.empty()) return;
  for (Notice& notice : waits.mapped()) {
    notice.alert.site = site;
    tell(std::move(notice));
  }
}

void AlertDesk::tell(Notice notice) {
  Alert& alert = notice.alert;
  if (notice.kind != Notice::Kind::resolved || alert.message.empty()) {
    alert.message = render::alert_message(alert);
    alert.recommendations = render::alert_recommendations(alert);
  }
  engine_.update(alert);
  if (alert.is_resolved) {
    saved_counts_.erase(alert.id);
  } else {
    saved_counts_[alert.id] = alert.suppressed;
  }
  parts_.history().save(alert);
  if (settings_.channels.console) {
    parts_.say(render::alert_line(alert));
    ++said_;
  }
  dispatcher_.notify(notice);
  parts_.told(notice);
}

// What was held back since, so that a killed daemon has not forgotten it.
void AlertDesk::save_counts() {
  if (Clock::now() < next_save_) return;
  next_save_ = Clock::now() + kBetweenSaves;
  for (auto& [id, saved] : saved_counts_) {
    const auto alert = engine_.open().find(id);
    if (alert == engine_.open().end() || alert->second.suppressed == saved) continue;
    saved = alert->second.suppressed;
    parts_.history().save(alert->second);
  }
}

Result<void> AlertDesk::resolve(std::uint64_t id) {
  const Result<void> resolved = engine_.resolve(id, "resolved by hand", present());
  hand_out({});
  return resolved;
}

alerts::AlertStatus AlertDesk::status() {
  alerts::AlertStatus status;
  for (const auto& [id, alert] : engine_.open()) {
    status.active.push_back(alert);
    // Its site is still being looked for.
    if (alert.message.empty()) status.active.back().message = render::alert_message(alert);
  }
  const alerts::Limiter& limiter = engine_.limiter();
  status.per_hour = settings_.per_hour;
  status.in_last_hour = limiter.in_last_hour(present().steady);
  status.suppressed = limiter.suppressed();
  status.suppressed_in_all = limiter.suppressed_in_all();
  status.channels = dispatcher_.states();
  if (settings_.channels.console) {
    alerts::ChannelState console;
    console.name = "console";
    console.delivered = said_;
    status.channels.push_back(std::move(console));
  }
  return status;
}

// The history's, and what it does not have yet.
void AlertDesk::find(const history::AlertQuestion& question, Found found) {
  std::vector<Alert> active = status().active;
  if (question.state == history::AlertState::active) {
    std::erase_if(active, [&](const Alert& alert) { return alert.time_ms < question.since_ms; });
    if (active.size() > question.count) {
      active.erase(active.begin(), active.end() - static_cast<std::ptrdiff_t>(question.count));
    }
    return found(std::move(active));
  }
  parts_.history().find_alerts(
      question, [question, active = std::move(active), found = std::move(found)](auto kept) {
        if (!kept) return found(kept.error());
        std::map<std::uint64_t, Alert> all;
        for (history::KeptAlert& one : *kept) all[one.alert.id] = std::move(one.alert);
        for (const Alert& alert : active) {
          // It may have been resolved meanwhile.
          const auto before = all.find(alert.id);
          if (before != all.end() && before->second.is_resolved) continue;
          if (alert.time_ms >= question.since_ms) all[alert.id] = alert;
        }
        if (question.state == history::AlertState::resolved) {
          std::erase_if(all, [](const auto& entry) { return !entry.second.is_resolved; });
        }
        while (all.size() > question.count) all.erase(all.begin());
        std::vector<Alert> list;
        for (auto& [id, alert] : all) list.push_back(std::move(alert));
        found(std::move(list));
      });
}

void AlertDesk::test(Type type, std::function<void(const AlertTest&)> done) {
  Alert alert;
  alert.time_ms = wall_ms();
  alert.type = type;
  alert.severity = alerts::Severity::info;
  alert.subject = "test";
  alert.process = {getpid(), procfs::process_start_ticks(getpid()).value_or(0U), "memwatch"};
  alert.is_test = true;
  alert.message = render::alert_message(alert);
  alert.recommendations = render::alert_recommendations(alert);
  std::vector<std::string> channels = dispatcher_.names();
  if (settings_.channels.console) channels.insert(channels.begin(), "console");
  const auto test = std::make_shared<AlertTest>(std::move(channels), std::move(done));
  tests_.push_back(test);
  if (settings_.channels.console) {
    parts_.say(render::alert_line(alert));
    test->answered("console", true, "printed by the daemon");
  }
  dispatcher_.test(alert, [test, calls = &parts_.calls](const std::string& channel,
                                                        const notify::Delivery& delivery) {
    calls->add([test, channel, delivery] {
      test->answered(channel, delivery.result == notify::Delivery::Result::done, delivery.text);
    });
  });
}

}  // namespace memwatch::server
