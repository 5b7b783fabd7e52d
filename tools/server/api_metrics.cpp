// GET /metrics, for Prometheus, and /debug/pprof/heap and allocs, for whatever reads profiles of a
// running process by HTTP (go tool pprof, Parca, Pyroscope): by ?pid=, or below /processes/PID for
// scrapers that know a path's prefix alone. seconds=N waits so long and shows the difference.
#include <memory>

#include "tools/server/api_route.h"
#include "tools/server/metrics.h"
#include "tools/server/names.h"
#include "tools/server/profile_delta.h"
#include "tools/server/report.h"

namespace memwatch::server {

namespace {

void metrics(const ApiSources& sources, const RequestTarget&, const ApiReply& reply) {
  sources.metrics([reply](const MetricFacts& facts) {
    HttpResponse response;
    response.content_type = kMetricsContentType;
    response.body = metrics_text(facts);
    reply(std::move(response));
  });
}

constexpr std::uint64_t kMostSeconds = 600;

struct ProfileWish {
  pid_t pid = 0;
  std::uint64_t seconds = 0;  // 0: everything so far
  bool by_allocated = false;  // what is shown unless asked otherwise
};

HttpResponse profile_page(model::Session& session, const ProfileWish& wish,
                          const std::string& symbol_cache) {
  name_all_stacks(session, symbol_cache);
  const Result<std::string> profile =
      gzipped_pprof(session, symbol_cache,
                    wish.by_allocated ? std::optional(analysis::Cost::allocated) : std::nullopt);
  if (!profile) return problem_of(profile.error());
  HttpResponse response;
  response.content_type = "application/octet-stream";
  response.headers["Content-Disposition"] = "attachment; filename=\"profile.pb.gz\"";
  response.body = *profile;
  return response;
}

void answer_profile(const ApiSources& sources, const ApiReply& reply, model::Session found,
                    const ProfileWish& wish) {
  const auto session = std::make_shared<model::Session>(std::move(found));
  work_off_thread(sources, reply, [session, wish, cache = sources.symbol_cache] {
    return profile_page(*session, wish, cache);
  });
}

void answer_delta(const ApiSources& sources, const ApiReply& reply, const ProfileWish& wish,
                  ProfileStart start) {
  const auto shared = std::make_shared<const ProfileStart>(std::move(start));
  const bool is_waiting =
      sources.later(std::chrono::seconds(wish.seconds), [&sources, reply, wish, shared] {
        sources.session(wish.pid, [&sources, reply, wish, shared](Result<model::Session> found) {
          if (!found) return reply(problem_of(found.error()));
          if (!subtract(*shared, *found)) {
            return reply(problem(503, "it was not the same recording all the time"));
          }
          answer_profile(sources, reply, *std::move(found), wish);
        });
      });
  if (!is_waiting) reply(problem(503, "too many differences are being waited for already"));
}

void profile(const ApiSources& sources, const RequestTarget& target, const ApiReply& reply,
             bool by_allocated) {
  std::optional<pid_t> pid;
  if (target.path.front() == "processes") {
    pid = pid_in(target.path[1]);
    if (!pid) return reply(problem(400, "a process is named by its pid"));
  } else {
    pid = asked_process(target, reply);
    if (!pid) return;
  }
  const auto seconds = number_in(target, "seconds", 0, kMostSeconds + 1);
  if (!seconds) return reply(problem(400, "seconds: expected a whole number, 600 at most"));
  const ProfileWish wish{*pid, *seconds, by_allocated};
  sources.session(wish.pid, [&sources, reply, wish](Result<model::Session> found) {
    if (!found) return reply(problem_of(found.error()));
    if (wish.seconds == 0) return answer_profile(sources, reply, *std::move(found), wish);
    answer_delta(sources, reply, wish, start_of(*found));
  });
}

void heap(const ApiSources& sources, const RequestTarget& target, const ApiReply& reply) {
  profile(sources, target, reply, false);
}
void allocs(const ApiSources& sources, const RequestTarget& target, const ApiReply& reply) {
  profile(sources, target, reply, true);
}

}  // namespace

const std::vector<Route>& metric_routes() {
  static const std::vector<Route> all = {
      {{"metrics"}, {}, "GET", metrics},
      {{"debug", "pprof", "heap"}, {"pid", "seconds"}, "GET", heap},
      {{"debug", "pprof", "allocs"}, {"pid", "seconds"}, "GET", allocs},
      {{"processes", "*", "debug", "pprof", "heap"}, {"seconds"}, "GET", heap},
      {{"processes", "*", "debug", "pprof", "allocs"}, {"seconds"}, "GET", allocs},
  };
  return all;
}

}  // namespace memwatch::server
