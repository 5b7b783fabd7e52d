#include "tools/server/consumers.h"

#include <vector>

#include "collector/analysis/consumers.h"
#include "tools/render/consumers_json.h"
#include "tools/server/names.h"

namespace memwatch::server {

std::string consumers_json(model::Session& session, const std::string& by, std::size_t top,
                           const std::string& symbol_cache) {
  const model::Process& process = session.processes.front();
  const analysis::Selection selection(session);
  std::vector<analysis::Consumer> consumers;
  if (by == "module") {
    consumers = analysis::consuming_modules(selection, top);
  } else {
    consumers = analysis::consuming_sites(selection, top);
    std::vector<model::StackId> stacks;
    for (const analysis::Consumer& consumer : consumers) stacks.push_back(consumer.stack);
    name_stacks(session, stacks, symbol_cache);
  }
  render::StringOutput output;
  render::write_consumers_json(session, process, by, consumers, output);
  return output.text();
}

}  // namespace memwatch::server
