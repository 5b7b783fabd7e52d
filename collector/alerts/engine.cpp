#include "collector/alerts/engine.h"

#include <algorithm>

namespace memwatch::alerts {

namespace {

// A condition that has no figure for as long is over.
constexpr double kUnreadFor = 600;
// An event is active for a minute at least, however short its cool-down.
constexpr double kLeastQuiet = 60;

std::string event_subject(const Incident& incident) {
  return incident.type == Type::failure ? "failure" : "large " + incident.event;
}

// Of what is shared by processes: it has a row of its own, named after the condition.
ProcessKey group_key(const std::string& subject) {
  return {0, 0, subject};
}

std::string resolution_of(const Reading& reading) {
  for (const auto& [name, word] : reading.labels) {
    if (name == "end") return word;
  }
  switch (reading.type) {
    case Type::threshold:
    case Type::pressure:
      return "it is below the level again";
    case Type::pattern:
    case Type::leak:
      return "it no longer grows";
    default:
      return "it has ended";
  }
}

}  // namespace

std::vector<ProcessKey> Engine::processes() const {
  std::vector<ProcessKey> all;
  for (const auto& [key, watched] : watched_) {
    if (!watched.is_group) all.push_back(key);
  }
  return all;
}

void Engine::restore(Alert alert, double age, const Moment& now) {
  next_id_ = std::max(next_id_, alert.id + 1);
  if (alert.is_test) return;
  const double at = now.steady - std::max(age, 0.0);
  const bool is_group = alert.type == Type::pressure;
  const ProcessKey key = is_group ? group_key(alert.subject) : alert.process;
  limiter_.raised(key, alert.subject, at);
  if (alert.is_resolved) return;
  Watched& watched = watched_[key];
  watched.seen = now.steady;
  watched.is_group = is_group;
  Slot& slot = watched.slots[alert.subject];
  slot.id = alert.id;
  slot.since = at;
  slot.seen = now.steady;
  if (alert.type == Type::large || alert.type == Type::failure) {
    slot.last_event = now.steady;
    slot.quiet = kLeastQuiet;
  }
  open_[alert.id] = std::move(alert);
}

void Engine::raise(const ProcessKey& key, Slot& slot, Alert alert, const Moment& now) {
  alert.id = next_id_++;
  alert.time_ms = now.wall_ms;
  limiter_.raised(key, alert.subject, now.steady);
  slot.id = alert.id;
  slot.is_dismissed = false;
  notices_.push_back({Notice::Kind::raised, alert});
  open_.emplace(alert.id, std::move(alert));
}

void Engine::close(Slot& slot, const std::string& why, const Moment& now) {
  const auto at = open_.find(std::exchange(slot.id, 0U));
  if (at == open_.end()) return;
  Alert alert = std::move(at->second);
  open_.erase(at);
  alert.is_resolved = true;
  alert.resolved_ms = now.wall_ms;
  alert.resolution = why;
  notices_.push_back({Notice::Kind::resolved, std::move(alert)});
}

void Engine::read(const ProcessKey& key, Watched& watched, const ProcessKey& process,
                  const Reading& reading, const Rules& rules, const Moment& now) {
  Slot& slot = watched.slots[reading.subject];
  slot.seen = now.steady;
  if (reading.has_ended()) {
    if (slot.ended < 0) slot.ended = now.steady;
    if (now.steady - slot.ended < reading.calm) return;
    close(slot, resolution_of(reading), now);
    slot.since = -1;
    slot.is_dismissed = slot.was_counted = false;
    return;
  }
  slot.ended = -1;
  if (slot.id != 0) {
    Alert& alert = open_.at(slot.id);
    if (reading.holds() && reading.severity > alert.severity) {
      alert.severity = reading.severity;
      alert.metrics = reading.metrics;
      notices_.push_back({Notice::Kind::escalated, alert});
    }
    return;
  }
  if (!reading.holds()) {
    if (!slot.was_counted && !slot.is_dismissed) slot.since = -1;
    return;
  }
  if (slot.since < 0) slot.since = now.steady;
  if (slot.is_dismissed || now.steady - slot.since < reading.hold) return;
  if (const auto why =
          limiter_.why_not(key, reading.subject, rules.cooldown_of(reading.type), now.steady)) {
    if (!std::exchange(slot.was_counted, true)) {
      limiter_.held_back(reading.type, process, *why, 1, now.wall_ms);
    }
    return;
  }
  Alert alert;
  alert.type = reading.type;
  alert.severity = reading.severity;
  alert.subject = reading.subject;
  alert.process = process;
  alert.metrics = reading.metrics;
  alert.labels = reading.labels;
  raise(key, slot, std::move(alert), now);
}

// Conditions that had no figure in this round, such as those that a new configuration leaves out.
void Engine::settle_unread(Watched& watched, const std::set<std::string>& read, bool rules_changed,
                           const Moment& now) {
  for (auto& [subject, slot] : watched.slots) {
    if (read.contains(subject) || slot.last_event >= 0) continue;
    if (!rules_changed && now.steady - slot.seen < kUnreadFor) continue;
    close(slot, "it is no longer looked at", now);
    slot = Slot{};
    slot.seen = now.steady;
  }
}

// Of failures that are alike only the first is told as it happens; the counter has the rest.
void Engine::count_unseen(Watched& watched, const Observation& seen, const Rules& rules,
                          const Moment& now) {
  const std::uint64_t more = seen.failed - std::min(seen.failed, watched.failed_seen);
  const std::uint64_t unseen = more - std::min(more, std::exchange(watched.failed_told, 0U));
  watched.failed_seen = seen.failed;
  const auto slot = watched.slots.find("failure");
  if (unseen == 0 || slot == watched.slots.end() || !rules.wants(Type::failure)) return;
  slot->second.last_event = now.steady;
  limiter_.held_back(Type::failure, seen.process, Held::cooldown, unseen, now.wall_ms);
  if (slot->second.id != 0) open_.at(slot->second.id).suppressed += unseen;
}

void Engine::observe(const Observation& seen, const Rules& rules, const Moment& now) {
  Watched& watched = watched_[seen.process];
  watched.seen = now.steady;
  const bool rules_changed = !watched.is_new && !(watched.rules == rules);
  watched.fresh_for = seen.fresh_for;
  watched.is_new = false;
  watched.rules = rules;
  std::set<std::string> subjects;
  for (const Reading& reading : read_process(seen, rules, watched.past, now.steady)) {
    subjects.insert(reading.subject);
    read(seen.process, watched, seen.process, reading, rules, now);
  }
  settle_unread(watched, subjects, rules_changed, now);
  count_unseen(watched, seen, rules, now);
}

void Engine::observe(const PressureObservation& seen, const Rules& rules, const Moment& now) {
  for (const Reading& reading : read_pressure(seen, rules)) {
    const ProcessKey key = group_key(reading.subject);
    Watched& watched = watched_[key];
    watched.seen = now.steady;
    watched.is_group = true;
    read(key, watched, seen.largest, reading, rules, now);
  }
}

void Engine::happened(const Incident& incident, const Rules& rules, const Moment& now) {
  Watched& watched = watched_[incident.process];
  watched.seen = now.steady;
  if (incident.type == Type::failure) ++watched.failed_told;
  if (!rules.wants(incident.type)) return;
  if (incident.type == Type::large && !rules.wants_large(incident.event)) return;
  const std::string subject = event_subject(incident);
  Slot& slot = watched.slots[subject];
  const double cooldown = rules.cooldown_of(incident.type);
  slot.last_event = now.steady;
  slot.quiet = std::max(cooldown, kLeastQuiet);
  if (const auto why = limiter_.why_not(incident.process, subject, cooldown, now.steady)) {
    limiter_.held_back(incident.type, incident.process, *why, 1, now.wall_ms);
    if (slot.id != 0) ++open_.at(slot.id).suppressed;
    return;
  }
  close(slot, "another one followed", now);
  Alert alert;
  alert.type = incident.type;
  alert.severity = incident.type == Type::failure ? Severity::critical : Severity::warning;
  if (incident.event == "release") alert.severity = Severity::info;
  alert.subject = subject;
  alert.process = incident.process;
  alert.metrics = {{"size", static_cast<double>(incident.size)},
                   {"tid", static_cast<double>(incident.tid)}};
  alert.labels = {{"function", incident.function}, {"event", incident.event}};
  if (incident.type == Type::failure) {
    alert.metrics.emplace_back("errno", incident.error_number);
    alert.labels.emplace_back("errno", incident.error_name);
  }
  raise(incident.process, slot, std::move(alert), now);
}

void Engine::finish(const ProcessKey& process, Watched& watched, const std::string& why,
                    const Moment& now) {
  for (auto& [subject, slot] : watched.slots) close(slot, why, now);
  limiter_.forget(process);
}

void Engine::gone(const ProcessKey& process, const std::string& why, const Moment& now) {
  const auto at = watched_.find(process);
  if (at == watched_.end()) return;
  finish(process, at->second, why, now);
  watched_.erase(at);
}

void Engine::end_round(const Moment& now) {
  for (auto at = watched_.begin(); at != watched_.end();) {
    auto& [key, watched] = *at;
    if (now.steady - watched.seen >= watched.fresh_for) {
      finish(key, watched,
             watched.is_group ? "no watched process is in it any more" : "it is no longer watched",
             now);
      at = watched_.erase(at);
      continue;
    }
    for (auto& [subject, slot] : watched.slots) {
      if (slot.id != 0 && slot.last_event >= 0 && now.steady - slot.last_event >= slot.quiet) {
        close(slot, "it has not happened again", now);
      }
    }
    ++at;
  }
}

Result<void> Engine::resolve(std::uint64_t id, const std::string& why, const Moment& now) {
  for (auto& [key, watched] : watched_) {
    for (auto& [subject, slot] : watched.slots) {
      if (slot.id != id || id == 0) continue;
      close(slot, why, now);
      slot.is_dismissed = true;
      return {};
    }
  }
  return Error{ErrorKind::usage, "resolve an alert", std::to_string(id), "no such alert is active",
               "memwatch alerts list shows those that are"};
}

bool Engine::update(const Alert& with_sentences) {
  const auto at = open_.find(with_sentences.id);
  if (at == open_.end()) return false;
  at->second.message = with_sentences.message;
  at->second.site = with_sentences.site;
  at->second.recommendations = with_sentences.recommendations;
  return true;
}

}  // namespace memwatch::alerts
