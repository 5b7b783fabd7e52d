#include "tools/render/html_names.h"

#include "collector/analysis/noise_frames.h"
#include "tools/render/printable.h"

namespace memwatch::render {
namespace {

constexpr std::uint32_t kInlined = 1, kUnnamed = 2, kNotRecorded = 4, kNoise = 8;

std::uint64_t pair_of(std::uint32_t a, std::uint32_t b) {
  return std::uint64_t{a} << 32U | b;
}

template <typename Row, typename Number>
void write_column(JsonWriter& json, std::string_view name, const std::vector<Row>& rows,
                  Number Row::*member) {
  json.key(name).begin_array();
  for (const Row& row : rows) json.number(row.*member);
  json.end_array();
}

}  // namespace

HtmlNames::HtmlNames(const model::Session& session, analysis::CodeFunctions& functions)
    : session_(session), functions_(functions), nodes_(1) {
  string_id("");
  frames_.push_back({.function = string_id("(not recorded)"), .kind = kNotRecorded});
}

std::uint32_t HtmlNames::string_id(std::string_view text) {
  const auto [entry, is_new] =
      string_ids_.try_emplace(std::string(text), static_cast<std::uint32_t>(strings_.size()));
  if (is_new) strings_.push_back(&entry->first);
  return entry->second;
}

std::uint32_t HtmlNames::frame_id(model::CodeAddressId address, std::uint32_t level) {
  if (address == model::kNone) return 0;
  const auto [entry, is_new] =
      frame_ids_.try_emplace(pair_of(address, level), static_cast<std::uint32_t>(frames_.size()));
  if (is_new) {
    const analysis::Frame frame = analysis::frame_at(session_, address, level);
    frames_.push_back({.function = string_id(printable(analysis::frame_name(frame))),
                       .file = string_id(printable(frame.file)),
                       .line = frame.line,
                       .module = string_id(printable(frame.module)),
                       .kind = (frame.inlined ? kInlined : 0) +
                               (frame.function.empty() ? kUnnamed : 0) +
                               (analysis::is_noise(frame) ? kNoise : 0)});
  }
  return entry->second;
}

std::uint32_t HtmlNames::node_for(std::uint32_t parent, std::uint32_t frame) {
  const auto [entry, is_new] =
      node_ids_.try_emplace(pair_of(parent, frame), static_cast<std::uint32_t>(nodes_.size()));
  if (is_new) nodes_.push_back({parent, frame});
  return entry->second;
}

std::uint32_t HtmlNames::stack_id(model::StackId stack) {
  std::vector<model::StackId> path;
  std::uint32_t node = 0;
  while (stack != model::kNone && stack < session_.stacks.size()) {
    if (const auto known = stack_ids_.find(stack); known != stack_ids_.end()) {
      node = known->second;
      break;
    }
    path.push_back(stack);
    const model::StackId parent = session_.stacks[stack].parent;
    if (parent >= stack) break;  // only in a damaged table
    stack = parent;
  }
  for (auto step = path.rbegin(); step != path.rend(); ++step) {
    for (const analysis::FunctionAtAddress& place : functions_.at(session_.stacks[*step].address)) {
      node = node_for(node, frame_id(place.address, place.level));
    }
    stack_ids_.emplace(*step, node);
  }
  return node;
}

void HtmlNames::write(JsonWriter& json) const {
  json.key("strings").begin_array();
  for (const std::string* text : strings_) json.string(*text);
  json.end_array();
  json.key("frames").begin_object();
  write_column(json, "function", frames_, &Frame::function);
  write_column(json, "file", frames_, &Frame::file);
  write_column(json, "line", frames_, &Frame::line);
  write_column(json, "module", frames_, &Frame::module);
  write_column(json, "kind", frames_, &Frame::kind);
  json.end_object();
  json.key("stacks").begin_object();
  write_column(json, "parent", nodes_, &Node::parent);
  write_column(json, "frame", nodes_, &Node::frame);
  json.end_object();
}

}  // namespace memwatch::render
