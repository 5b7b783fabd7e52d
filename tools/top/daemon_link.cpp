#include "tools/top/daemon_link.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tools/render/human.h"
#include "tools/top/read_sites.h"
#include "tools/top/read_status.h"

namespace memwatch::top {

namespace {

using namespace std::chrono_literals;

// Asking waits so long where the daemon lets nobody in.
constexpr std::chrono::milliseconds kPatience = 50ms;
// One that says nothing for this long is told as silent, and then asked anew.
constexpr std::chrono::seconds kSilent = 3s, kGivenUp = 60s;
constexpr std::chrono::milliseconds kLeastBetweenTries = 500ms;
// The daemon copies what it has recorded and looks names up: a tenth of the time at most.
constexpr std::chrono::milliseconds kBetweenSites = 2s;
constexpr int kRestFactor = 10;
constexpr const char* kMostSites = "200";

// The daemon is asked by pid alone.
bool has_gone_to_another(const ProcessTable& table, const SitesView& view) {
  return std::any_of(table.rows().begin(), table.rows().end(), [&](const Row& row) {
    return row.process.pid == view.pid && row.process.start_ticks != view.start_ticks;
  });
}

}  // namespace

std::optional<Result<std::string>> DaemonLink::turn(Asking& asking,
                                                    const std::vector<std::string>& words) {
  const auto now = Clock::now();
  if (!asking.question) {
    if (now < asking.due) return std::nullopt;
    asking.due = now + std::max(interval_, kLeastBetweenTries);  // of the next, if this one fails
    Result<server::ControlQuestion> asked = server::ControlQuestion::ask(words, kPatience);
    if (!asked) {
      asking.silent_since.reset();
      return Result<std::string>(asked.error());
    }
    asking.question = *std::move(asked);
    asking.asked = now;
    if (!asking.silent_since) asking.silent_since = now;
  }
  if (now - asking.asked >= kGivenUp) {
    asking.question.reset();
    return std::nullopt;
  }
  std::optional<Result<server::ControlAnswer>> answer = asking.question->turn();
  if (!answer) return std::nullopt;
  asking.question.reset();
  asking.silent_since.reset();
  if (!*answer) return Result<std::string>(answer->error());
  if ((*answer)->status != 0) {
    Error refusal{ErrorKind::system, (*answer)->text, {}, {}, {}};
    return Result<std::string>(std::move(refusal));
  }
  return Result<std::string>((*answer)->text);
}

bool DaemonLink::turn_status(Screen& screen) {
  const auto now = Clock::now();
  auto answer = turn(status_, {"status", "json"});
  if (!answer) {
    if (!status_.question || now - *status_.silent_since < kSilent) return false;
    const double silent = std::chrono::duration<double>(now - *status_.silent_since).count();
    std::string trouble =
        fmt::format("The daemon has not answered for {:.0f} s", std::floor(silent));
    if (trouble == screen.trouble) return false;
    screen.trouble = std::move(trouble);
    return true;
  }
  Result<daemon::Status> status =
      *answer ? read_status(**answer) : Result<daemon::Status>(answer->error());
  if (!status) {
    std::string trouble =
        status.error().kind == ErrorKind::not_found
            ? "The daemon has gone (memwatch daemon starts it); these are its last figures"
            : status.error().to_line();
    if (trouble == screen.trouble) return false;
    screen.trouble = std::move(trouble);
    return true;
  }
  status_.due = std::max(status_.asked + interval_, now);
  screen.trouble.clear();
  screen.table.update(*std::move(status));
  return true;
}

bool DaemonLink::turn_sites(Screen& screen) {
  are_sites_shown_ = screen.view == View::sites;
  if (!are_sites_shown_) {
    sites_ = Asking{};
    return false;
  }
  SitesView& view = screen.sites;
  auto answer = turn(sites_, {"sites", std::to_string(view.pid), kMostSites});
  if (!answer) return false;
  const auto now = Clock::now();
  sites_.due = now + std::max<Clock::duration>(kBetweenSites, (now - sites_.asked) * kRestFactor);
  Result<Sites> sites = *answer ? read_sites(**answer) : Result<Sites>(answer->error());
  if (!sites) {
    view.trouble = sites.error().to_line();
    return true;
  }
  if (has_gone_to_another(screen.table, view)) {
    view.trouble = "it has ended, and another process has its pid now";
    return true;
  }
  view.trouble.clear();
  view.sites = *std::move(sites);
  const std::size_t last = view.sites->all.empty() ? 0 : view.sites->all.size() - 1;
  view.chosen = std::min(view.chosen, last);
  return true;
}

bool DaemonLink::turn(Screen& screen) {
  const bool has_status = turn_status(screen);
  return turn_sites(screen) || has_status;
}

std::vector<pollfd> DaemonLink::waits_for() const {
  std::vector<pollfd> waits;
  for (const Asking* asking : {&status_, &sites_}) {
    if (asking->question) waits.push_back(asking->question->waits_for());
  }
  return waits;
}

DaemonLink::Clock::time_point DaemonLink::next_turn() const {
  // While a question waits, once a second: silence is told.
  const auto status = status_.question ? Clock::now() + 1s : status_.due;
  if (!are_sites_shown_ || sites_.question) return status;
  return std::min(status, sites_.due);
}

void DaemonLink::ask_for_sites() {
  sites_ = Asking{};
}

}  // namespace memwatch::top
