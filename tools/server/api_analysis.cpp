// What is thought of one process: GET consumers, GET growth, POST analyze under /api/v1.
#include <memory>

#include "collector/analysis/growth_advice.h"
#include "collector/analysis/process_growth.h"
#include "collector/analysis/recent_growth.h"
#include "collector/analysis/stack_text.h"
#include "tools/render/growth_json.h"
#include "tools/server/api_route.h"
#include "tools/server/consumers.h"
#include "tools/server/names.h"

namespace memwatch::server {

namespace {

using SharedSession = std::shared_ptr<model::Session>;

void consumers(const ApiSources& sources, const RequestTarget& target, const ApiReply& reply) {
  constexpr std::uint64_t kMostRows = 10'000;
  const std::optional<pid_t> pid = asked_process(target, reply);
  if (!pid) return;
  const auto given = target.query.find("by");
  const std::string by = given == target.query.end() ? "site" : given->second;
  if (by == "tag") {
    return reply(problem(
        400, "by: tags are not recorded yet; site and module are what consumers are told by"));
  }
  if (by != "site" && by != "module") return reply(problem(400, "by: expected site or module"));
  const auto top = number_in(target, "top", 50, kMostRows + 1);
  if (!top) return reply(problem(400, "top: expected a whole number up to 10000, 0 for all"));
  sources.session(*pid, [&sources, reply, by, top = *top](Result<model::Session> found) {
    if (!found) return reply(problem_of(found.error()));
    const auto session = std::make_shared<model::Session>(*std::move(found));
    work_off_thread(sources, reply, [session, by, top, cache = sources.symbol_cache] {
      return json_response(consumers_json(*session, by, top, cache));
    });
  });
}

// Of the process that had this pid last.
std::optional<render::RecentGrowth> recent_growth(
    const std::vector<history::ProcessSample>& samples, double seconds) {
  if (samples.empty()) return std::nullopt;
  const history::ProcessKey& latest = samples.back().process;
  std::vector<analysis::SizeAt> rss, live;
  for (const history::ProcessSample& row : samples) {
    if (row.process.pid != latest.pid || row.process.start_ticks != latest.start_ticks) continue;
    const double at = static_cast<double>(row.sample.time_ms) / 1000;
    rss.push_back({at, row.sample.rss});
    if (row.sample.live) live.push_back({at, *row.sample.live});
  }
  render::RecentGrowth recent;
  recent.seconds = seconds;
  recent.samples = rss.size();
  recent.rss = analysis::judge_samples(rss, analysis::Sensitivity::medium);
  if (!live.empty()) recent.live = analysis::judge_samples(live, analysis::Sensitivity::medium);
  return recent;
}

void name_growing_sites(model::Session& session, const std::string& symbol_cache) {
  std::vector<model::StackId> stacks;
  const analysis::ProcessGrowth growth =
      analysis::find_growth(session.processes.front(), analysis::Sensitivity::medium);
  for (const analysis::SiteGrowth& site : growth.sites) stacks.push_back(site.stack);
  const model::StackId told = analysis::site_to_look_at(growth, session.processes.front());
  if (told != model::kNone) stacks.push_back(told);  // of a spike it is none that grows
  name_stacks(session, stacks, symbol_cache);
}

// `session` null: it is not recorded by this daemon.
HttpResponse growth_page(pid_t pid, const SharedSession& session,
                         const std::vector<history::ProcessSample>& samples, double seconds,
                         const std::string& symbol_cache) {
  render::GrowthAnswer answer;
  answer.pid = pid;
  answer.recent = recent_growth(samples, seconds);
  if (session) {
    name_growing_sites(*session, symbol_cache);
    answer.session = session.get();
    answer.process = analysis::base_name(session->processes.front().exe);
  } else {
    answer.process = samples.back().process.name;
  }
  render::StringOutput output;
  render::write_growth_json(answer, output);
  return json_response(output.text());
}

void growth(const ApiSources& sources, const RequestTarget& target, const ApiReply& reply) {
  constexpr std::uint64_t kMostMinutes = 60UL * 24 * 366;
  constexpr std::uint64_t kMostSamples = 100'000;
  const std::optional<pid_t> pid = asked_process(target, reply);
  if (!pid) return;
  const auto minutes = number_in(target, "minutes", 60, kMostMinutes + 1);
  if (!minutes || *minutes == 0) {
    return reply(problem(400, "minutes: expected a whole number, a year's at most"));
  }
  const auto seconds = static_cast<double>(*minutes * 60);
  history::Question question;
  question.pid = *pid;
  question.since_ms = sources.now_ms() - static_cast<std::int64_t>(*minutes) * 60'000;
  question.count = kMostSamples;
  sources.session(*pid, [=, &sources](Result<model::Session> found) {
    if (!found && found.error().kind != ErrorKind::not_found) {
      return reply(problem_of(found.error()));
    }
    SharedSession session;
    if (found) session = std::make_shared<model::Session>(*std::move(found));
    const HttpResponse unknown = session ? HttpResponse{} : problem_of(found.error());
    sources.history(question, [=, &sources](const history::History::Answer& answer) {
      if (!answer) return reply(problem_of(answer.error()));
      if (!session && answer->empty()) return reply(unknown);
      work_off_thread(sources, reply, [=, samples = *answer, cache = sources.symbol_cache] {
        return growth_page(question.pid.value(), session, samples, seconds, cache);
      });
    });
  });
}

// `judged` and `recorded` may be the same.
void write_analysis(const ApiSources& sources, const ApiReply& reply, pid_t pid,
                    const SharedSession& judged, const SharedSession& recorded) {
  work_off_thread(sources, reply, [&sources, judged, recorded, pid] {
    name_all_stacks(*judged, sources.symbol_cache);
    if (!sources.has_final_verdicts) suppress_leaks(*judged);
    if (judged != recorded) name_growing_sites(*recorded, sources.symbol_cache);
    render::GrowthAnswer answer;
    answer.pid = pid;
    answer.process = analysis::base_name(judged->processes.front().exe);
    answer.session = recorded.get();
    answer.judged = judged.get();
    answer.has_ended = sources.has_final_verdicts;
    render::StringOutput output;
    render::write_analysis_json(answer, output);
    return json_response(output.text());
  });
}

void analyze(const ApiSources& sources, const RequestTarget& target, const ApiReply& reply) {
  constexpr std::uint64_t kDefaultSeconds = 10, kMostSeconds = 600;
  const std::optional<pid_t> pid = asked_process(target, reply);
  if (!pid) return;
  const auto seconds = number_in(target, "seconds", kDefaultSeconds, kMostSeconds + 1);
  if (!seconds || *seconds == 0) {
    return reply(problem(400, "seconds: expected a whole number from 1 to 600"));
  }
  sources.check_leaks(*pid, *seconds, [&sources, reply, pid = *pid](Result<model::Session> found) {
    if (!found && found.error().kind == ErrorKind::usage) {
      return reply(problem(409, found.error().to_line()));  // another check is under way
    }
    if (!found) return reply(problem_of(found.error()));
    const auto judged = std::make_shared<model::Session>(*std::move(found));
    if (judged->processes.front().leak_check.watched_ms == 0) {
      return write_analysis(sources, reply, pid, judged, judged);
    }
    // What was watched for seconds has no growth: that is the recording's.
    sources.session(pid, [&sources, reply, pid, judged](Result<model::Session> recorded) {
      write_analysis(sources, reply, pid, judged,
                     recorded ? std::make_shared<model::Session>(*std::move(recorded)) : judged);
    });
  });
}

}  // namespace

const std::vector<Route>& analysis_routes() {
  static const std::vector<Route> all = {
      {{"api", "v1", "consumers"}, {"pid", "by", "top"}, "GET", consumers},
      {{"api", "v1", "growth"}, {"pid", "minutes"}, "GET", growth},
      {{"api", "v1", "analyze"}, {"pid", "seconds"}, "POST", analyze},
  };
  return all;
}

}  // namespace memwatch::server
