#include "tools/render/html_diff.h"

#include <algorithm>
#include <map>

#include "collector/analysis/flame_tree.h"
#include "tools/render/html_assets.h"
#include "tools/render/html_columns.h"
#include "tools/render/html_flame.h"
#include "tools/render/printable.h"

namespace memwatch::render {
namespace {

constexpr std::size_t kMostRows = 1'000;
enum DiffCost : std::size_t { kBefore, kAfter, kGrown, kShrunk };
constexpr CostNames kNames = {"before", "after", "grown", "shrunk", ""};

// The code of several sessions in one, so that frames of either can be parts of one tree. Ids of
// the second follow those of the first; entry 0, "none", stays common.
class JoinedCode {
 public:
  model::StackId stack(const model::Session& session, model::StackId stack) {
    if (stack == model::kNone || stack >= session.stacks.size()) return model::kNone;
    return start_of(session) + stack - 1;
  }
  [[nodiscard]] const model::Session& session() const { return joined_; }

 private:
  model::StackId start_of(const model::Session& session) {
    const auto [entry, is_new] = starts_.try_emplace(&session, 0);
    if (!is_new) return entry->second;
    const auto size = [](const auto& table) { return static_cast<std::uint32_t>(table.size()); };
    const std::uint32_t modules = size(joined_.modules) - 1;
    const std::uint32_t addresses = size(joined_.code_addresses) - 1;
    const std::uint32_t stacks = size(joined_.stacks) - 1;
    const auto moved = [](std::uint32_t id, std::uint32_t by) {
      return id == model::kNone ? model::kNone : id + by;
    };
    joined_.symbols.resize(joined_.code_addresses.size());
    for (std::size_t i = 1; i < session.modules.size(); ++i) {
      joined_.modules.push_back(session.modules[i]);
    }
    for (std::size_t i = 1; i < session.code_addresses.size(); ++i) {
      model::CodeAddress address = session.code_addresses[i];
      if (address.module >= session.modules.size()) address.module = model::kNone;
      address.module = moved(address.module, modules);
      joined_.code_addresses.push_back(address);
      joined_.symbols.push_back(i < session.symbols.size() ? session.symbols[i] : model::Symbols{});
    }
    for (std::size_t i = 1; i < session.stacks.size(); ++i) {
      model::StackNode node = session.stacks[i];
      if (node.parent >= i) node.parent = model::kNone;  // only in a damaged table
      if (node.address >= session.code_addresses.size()) node.address = model::kNone;
      joined_.stacks.push_back({moved(node.parent, stacks), moved(node.address, addresses)});
    }
    return entry->second = stacks + 1;
  }

  model::Session joined_;
  std::map<const model::Session*, model::StackId> starts_;
};

std::vector<analysis::StackShare> shares_of(const HtmlDiff& diff, JoinedCode& code) {
  std::vector<analysis::StackShare> shares;
  for (const HtmlDiffStack& row : diff.stacks) {
    analysis::Costs costs{};
    costs[kBefore] = row.before;
    costs[kAfter] = row.after;
    costs[kGrown] = row.after > row.before ? row.after - row.before : 0;
    costs[kShrunk] = row.before > row.after ? row.before - row.after : 0;
    shares.push_back({code.stack(*row.session, row.stack), costs});
  }
  return shares;
}

void write_side(JsonWriter& json, std::string_view name, const HtmlDiffSide& side) {
  json.key(name).begin_object();
  json.member("session", printable(side.path));
  json.member("total", side.total);
  json.end_object();
}

}  // namespace

void write_html_diff_document(const HtmlDiff& diff, Output& output) {
  JoinedCode code;
  const std::vector<analysis::StackShare> shares = shares_of(diff, code);
  analysis::CodeFunctions functions(code.session());
  HtmlNames names(code.session(), functions);
  JsonWriter json(output, JsonWriter::Dialect::script);
  json.begin_object();
  json.member("schema", "memwatch.html-diff/1");
  json.member("version", MEMWATCH_VERSION);
  json.member("metric", diff.metric);
  json.key("isBytes").boolean(diff.is_bytes);
  write_side(json, "before", diff.before);
  write_side(json, "after", diff.after);
  json.key("remarks").begin_array();
  for (const std::string& remark : diff.remarks) json.string(printable(remark));
  json.end_array();
  const analysis::FlameOptions folding;
  json.key("leastShare").real(folding.least_share);
  json.member("mostNodes", folding.most_nodes);
  json.key("flame").begin_object();
  write_html_flame(
      json,
      analysis::make_flame_tree(analysis::sum_stacks(code.session(), shares), functions, folding),
      kNames, names);
  json.end_object();
  using Share = analysis::StackShare;
  const std::vector<Column<Share>> columns = {
      {"grown", [](const Share& share) { return share.costs[kGrown]; }},
      {"shrunk", [](const Share& share) { return share.costs[kShrunk]; }},
      {"before", [](const Share& share) { return share.costs[kBefore]; }},
      {"after", [](const Share& share) { return share.costs[kAfter]; }},
      {"stack", [&](const Share& share) { return names.stack_id(share.stack); }, false},
  };
  const std::size_t most = diff.top == 0 ? kMostRows : diff.top;
  json.key("rows").begin_object();
  write_columns(json, shares, leading_rows(shares, columns, most), columns);
  json.end_object();
  names.write(json);
  json.end_object();
}

void write_html_diff(const HtmlDiff& diff, Output& output) {
  const HtmlPage page = report_page();
  for (const std::string_view piece : page.before_data) output.write(piece);
  write_html_diff_document(diff, output);
  for (const std::string_view piece : page.after_data) output.write(piece);
}

}  // namespace memwatch::render
