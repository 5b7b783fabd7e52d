// What is recorded of one process in a format of `memwatch report` (GET /api/v1/report), and all
// that there is of all processes in one document (GET /api/v1/export).
#include <functional>
#include <memory>
#include <utility>

#include "tools/render/history.h"
#include "tools/render/history_consumers.h"
#include "tools/render/history_operations.h"
#include "tools/render/json_writer.h"
#include "tools/render/output.h"
#include "tools/render/status.h"
#include "tools/server/api_route.h"
#include "tools/server/report.h"

namespace memwatch::server {

namespace {

void report(const ApiSources& sources, const RequestTarget& target, const ApiReply& reply) {
  const std::optional<pid_t> pid = asked_process(target, reply);
  if (!pid) return;
  const auto given = target.query.find("format");
  const std::string format = given == target.query.end() ? "json" : given->second;
  if (!is_report_format(format)) {
    return reply(problem(400,
                         "format: expected json, text, html, csv, collapsed, speedscope, massif, "
                         "heaptrack or pprof"));
  }
  sources.session(*pid, [&sources, reply, format](Result<model::Session> found) {
    if (!found) return reply(problem_of(found.error()));
    const auto session = std::make_shared<model::Session>(*std::move(found));
    work_off_thread(sources, reply, [session, format, cache = sources.symbol_cache] {
      Result<HttpResponse> made = make_report(*session, format, cache);
      return made ? *std::move(made) : problem_of(made.error());
    });
  });
}

// One process after another, so that one copy of a session exists at a time.
class Export : public std::enable_shared_from_this<Export> {
 public:
  Export(const ApiSources& sources, ApiReply reply) : sources_(sources), reply_(std::move(reply)) {}

  void start() {
    sources_.status([self = shared_from_this()](const daemon::Status& status) {
      render::StringOutput output;
      render::write_status_json(status, output);
      self->status_ = output.text();
      for (const daemon::ProcessStatus& process : status.processes) {
        if (process.source == daemon::Source::recorded) self->pids_.push_back(process.pid);
      }
      self->next();
    });
  }

 private:
  static constexpr std::size_t kMostBytes = std::size_t{1} << 30;
  static constexpr std::uint64_t kMostSamples = 100'000;

  void next() {
    if (at_ == pids_.size()) return add_history();
    sources_.session(pids_[at_++], [self = shared_from_this()](Result<model::Session> found) {
      if (!found) return self->next();  // forgotten meanwhile
      const auto session = std::make_shared<model::Session>(*std::move(found));
      self->work([self, session] { self->add_report(*session); });
    });
  }

  void add_report(model::Session& session) {
    const Result<HttpResponse> made = make_report(session, "json", sources_.symbol_cache);
    if (made) {
      if (!reports_.empty()) reports_ += ",\n";
      reports_ += made->body;
    }
    if (reports_.size() > kMostBytes) {
      return reply_(problem(503,
                            "there is too much for one document; ask for one process: "
                            "/api/v1/report?pid="));
    }
    next();
  }

  void add_history() {
    history::Question question;
    question.count = kMostSamples;
    sources_.history(question, [self = shared_from_this()](const history::History::Answer& answer) {
      if (!answer) return self->reply_(problem_of(answer.error()));
      render::StringOutput output;
      render::write_history_json(*answer, output);
      self->history_ = output.text();
      self->add_consumers();
    });
  }

  void add_consumers() {
    if (!sources_.consumers) return finish();  // recordings have none
    history::ConsumerQuestion question;
    question.question.count = kMostSamples;
    sources_.consumers(question, [self = shared_from_this()](const auto& answer) {
      if (!answer) return self->reply_(problem_of(answer.error()));
      render::StringOutput output;
      render::write_consumer_history_json(*answer, output);
      self->consumers_ = output.text();
      self->add_operations();
    });
  }

  void add_operations() {
    history::Question question;
    question.count = kMostSamples;
    sources_.operations(question, [self = shared_from_this()](const auto& answer) {
      if (!answer) return self->reply_(problem_of(answer.error()));
      render::StringOutput output;
      render::write_operations_json(*answer, output);
      self->operations_ = output.text();
      self->finish();
    });
  }

  void finish() { reply_(json_response(document())); }

  [[nodiscard]] std::string document() const {
    render::StringOutput output;
    render::JsonWriter json(output);
    json.begin_object(render::JsonWriter::Layout::lines);
    json.member("schema", "memwatch.export/1");
    json.key("time").real(static_cast<double>(sources_.now_ms()) / 1000);
    json.key("status").raw(status_);
    json.key("history").raw(history_);
    if (!consumers_.empty()) json.key("history_consumers").raw(consumers_);
    if (!operations_.empty()) json.key("history_operations").raw(operations_);
    json.key("reports").raw("[" + reports_ + "]");
    json.end_object();
    return output.text();
  }

  void work(std::function<void()> job) {
    if (!sources_.work(std::move(job))) {
      reply_(problem(503, "too many questions that take long are waiting already"));
    }
  }

  const ApiSources& sources_;
  ApiReply reply_;
  std::vector<pid_t> pids_;
  std::size_t at_ = 0;
  std::string status_, reports_, history_, consumers_, operations_;
};

void export_all(const ApiSources& sources, const RequestTarget&, const ApiReply& reply) {
  std::make_shared<Export>(sources, reply)->start();
}

}  // namespace

const std::vector<Route>& report_routes() {
  static const std::vector<Route> all = {
      {{"api", "v1", "report"}, {"pid", "format"}, "GET", report},
      {{"api", "v1", "export"}, {}, "GET", export_all},
  };
  return all;
}

}  // namespace memwatch::server
