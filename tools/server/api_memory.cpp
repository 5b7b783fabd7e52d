// GET /api/v1/breakdown: resident memory explained.
#include <memory>

#include "collector/daemon/memory_facts.h"
#include "tools/render/breakdown_json.h"
#include "tools/server/api_route.h"

namespace memwatch::server {

namespace {

void breakdown(const ApiSources& sources, const RequestTarget& target, const ApiReply& reply) {
  const std::optional<pid_t> pid = asked_process(target, reply);
  if (!pid) return;
  sources.memory(*pid, [&sources, reply, pid = *pid](Result<daemon::Fleet::MemoryOfProcess> known) {
    if (!known) return reply(problem_of(known.error()));
    const double now = static_cast<double>(sources.now_ms()) / 1000;
    const auto of = std::make_shared<const daemon::Fleet::MemoryOfProcess>(*std::move(known));
    work_off_thread(sources, reply, [pid, of, now] {
      const Result<analysis::MemoryFacts> memory = daemon::read_memory_facts(pid, of->start_ticks);
      if (!memory) return problem_of(memory.error());
      render::StringOutput output;
      render::write_breakdown_json({pid, of->name, now}, analysis::break_down(of->heap, *memory),
                                   output);
      return json_response(output.text());
    });
  });
}

}  // namespace

const std::vector<Route>& memory_routes() {
  static const std::vector<Route> all = {
      {{"api", "v1", "breakdown"}, {"pid"}, "GET", breakdown},
  };
  return all;
}

}  // namespace memwatch::server
