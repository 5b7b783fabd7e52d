#include "tools/render/html_flame.h"

namespace memwatch::render {

void write_html_flame(JsonWriter& json, const analysis::FlameTree& tree, const CostNames& names,
                      HtmlNames& frames) {
  json.key("up").begin_array();
  std::uint32_t depth = 0;
  for (std::size_t i = 1; i < tree.nodes.size(); ++i) {
    json.number(depth + 1 - tree.nodes[i].depth);
    depth = tree.nodes[i].depth;
  }
  json.end_array();
  json.key("frame").begin_array();
  for (std::size_t i = 1; i < tree.nodes.size(); ++i) {
    const analysis::FlameNode& node = tree.nodes[i];
    if (node.folded > 0) {
      json.signed_number(-static_cast<std::int64_t>(node.folded));
    } else {
      const std::uint32_t frame = frames.frame_id(node.place.address, node.place.level);
      json.number(std::uint64_t{frame} * 2 + (node.several ? 1 : 0));
    }
  }
  json.end_array();
  json.key("own").begin_object();
  for (std::size_t cost = 0; cost < analysis::kCosts; ++cost) {
    if (names[cost].empty()) continue;
    json.key(names[cost]).begin_array();
    for (std::size_t i = 1; i < tree.nodes.size(); ++i) json.number(tree.nodes[i].own[cost]);
    json.end_array();
  }
  json.end_object();
  json.member("folded", tree.folded);
  json.key("crowded").boolean(tree.crowded);
}

}  // namespace memwatch::render
