#include "tools/render/speedscope.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <string>
#include <tuple>
#include <vector>

#include "collector/analysis/ranking.h"
#include "collector/analysis/stack_text.h"
#include "tools/render/json_writer.h"
#include "tools/render/printable.h"
#include "tools/render/provenance.h"

namespace memwatch::render {
namespace {

using Layout = JsonWriter::Layout;

// Hands out frame numbers, and for each code address the text of its frames' numbers, outermost
// first: "17,3". Stacks are then put together from pieces.
class Frames {
 public:
  explicit Frames(const model::Session& session)
      : session_(session), texts_(session.code_addresses.size()) {}

  const std::string& text_of(model::CodeAddressId address) {
    std::string& text = texts_[address];
    if (text.empty()) {
      const std::vector<analysis::Frame> frames = analysis::frames_at(session_, address);
      for (auto frame = frames.rbegin(); frame != frames.rend(); ++frame) {
        if (!text.empty()) text += ',';
        text += std::to_string(number_of(*frame));
      }
    }
    return text;
  }

  std::size_t number_of(const analysis::Frame& frame) {
    std::string name = analysis::frame_name(frame);
    const auto [entry, is_new] = numbers_.try_emplace(
        std::tuple{std::move(name), std::string(frame.file), frame.line}, numbers_.size());
    if (is_new) used_.push_back(&entry->first);
    return entry->second;
  }

  void write(JsonWriter& json) const {
    json.key("frames").begin_array(Layout::lines);
    for (const Key* key : used_) {
      const auto& [name, file, line] = *key;
      json.begin_object();
      json.member("name", printable(name));
      if (!file.empty()) json.member("file", file);
      if (line != 0) json.member("line", line);
      json.end_object();
    }
    json.end_array();
  }

 private:
  using Key = std::tuple<std::string, std::string, std::uint32_t>;
  const model::Session& session_;
  std::vector<std::string> texts_;  // by code address
  std::map<Key, std::size_t> numbers_;
  std::vector<const Key*> used_;
};

struct Sample {
  model::StackId stack;
  std::uint64_t weight;
};

std::vector<Sample> samples_of(const analysis::Selection& selection, const model::Process& process,
                               analysis::Cost cost, std::size_t top) {
  const analysis::RankFilter only_this{
      [&](const model::Process& each) { return &each == &process; }, {}};
  std::vector<Sample> samples;
  for (const analysis::RankedSite& row :
       analysis::rank_sites(selection, cost, top, only_this).rows) {
    samples.push_back({row.site.stack, row.cost});
  }
  return samples;
}

// For each node of the stack tree its place in a walk that visits a node before its children, and
// these in the order in which they were first seen.
std::vector<std::uint32_t> tree_order(const model::Session& session) {
  const std::size_t count = session.stacks.size();
  std::vector<std::uint32_t> first_child(count), next_sibling(count), place(count);
  for (std::size_t node = count; node-- > 1;) {
    const model::StackId parent = session.stacks[node].parent;
    if (parent >= node) continue;
    next_sibling[node] = first_child[parent];
    first_child[parent] = static_cast<std::uint32_t>(node);
  }
  std::uint32_t next_place = 0;
  std::vector<std::uint32_t> open;
  for (std::uint32_t node = count > 0 ? first_child[0] : 0; node != 0 || !open.empty();) {
    if (node == 0) {
      node = open.back();
      open.pop_back();
    }
    place[node] = ++next_place;
    if (next_sibling[node] != 0) open.push_back(next_sibling[node]);
    node = first_child[node];
  }
  return place;
}

std::string profile_name(const model::Process& process, analysis::Cost cost) {
  std::string name = fmt::format("{} {}, {}", printable(analysis::base_name(process.exe)),
                                 process.pid, analysis::cost_name(cost));
  if (process.mode == model::Mode::sample) name += " (estimates of a sample)";
  return name;
}

void write_profile(JsonWriter& json, const model::Process& process, analysis::Cost cost,
                   const std::vector<std::string>& stacks, const std::vector<Sample>& samples) {
  std::uint64_t total = 0;
  for (const Sample& sample : samples) total += sample.weight;
  json.begin_object(Layout::lines);
  json.member("type", "sampled");
  json.member("name", profile_name(process, cost));
  json.member("unit", analysis::counts_bytes(cost) ? "bytes" : "none");
  json.member("startValue", std::uint64_t{0});
  json.member("endValue", total);
  json.key("samples").begin_array(Layout::lines);
  for (const std::string& stack : stacks) json.raw(stack);
  json.end_array();
  json.key("weights").begin_array();
  for (const Sample& sample : samples) json.number(sample.weight);
  json.end_array();
  json.end_object();
}

}  // namespace

void write_speedscope(const analysis::Selection& selection, analysis::Cost cost, std::size_t top,
                      Output& output) {
  const model::Session& session = selection.session();
  struct Profile {
    const model::Process* process;
    std::vector<Sample> samples;
    std::vector<std::string> stacks;
  };
  std::vector<Profile> profiles;
  for (const model::Process* process : selection.processes()) {
    profiles.push_back({process, samples_of(selection, *process, cost, top), {}});
  }
  const bool any = std::any_of(profiles.begin(), profiles.end(),
                               [](const Profile& profile) { return !profile.samples.empty(); });
  if (any) std::erase_if(profiles, [](const Profile& profile) { return profile.samples.empty(); });

  const std::vector<std::uint32_t> place = tree_order(session);
  const auto place_of = [&](model::StackId stack) {
    return stack < place.size() ? place[stack] : 0;
  };
  Frames frames(session);
  const auto number_of_name = [&](std::string_view name) {
    analysis::Frame frame;
    frame.function = name;
    return std::to_string(frames.number_of(frame));
  };
  std::vector<model::CodeAddressId> addresses;
  for (Profile& profile : profiles) {
    std::sort(
        profile.samples.begin(), profile.samples.end(),
        [&](const Sample& a, const Sample& b) { return place_of(a.stack) < place_of(b.stack); });
    for (const Sample& sample : profile.samples) {
      const bool complete = analysis::addresses_of_stack(session, sample.stack, addresses);
      std::string& text = profile.stacks.emplace_back("[");
      if (!complete) text += number_of_name("[truncated]");
      if (complete && addresses.empty()) text += number_of_name("[unknown]");
      for (auto address = addresses.rbegin(); address != addresses.rend(); ++address) {
        if (text.size() > 1) text += ',';
        text += frames.text_of(*address);
      }
      text += ']';
    }
  }

  JsonWriter json(output);
  json.begin_object(Layout::lines);
  json.member("$schema", "https://www.speedscope.app/file-format-schema.json");
  json.member("exporter", "memwatch " + session.memwatch_version);
  json.member("name", selection.processes().empty() ? std::string("memwatch")
                                                    : command_line(*selection.processes().front()));
  json.member("activeProfileIndex", std::uint64_t{0});
  json.key("shared").begin_object();
  frames.write(json);
  json.end_object();
  json.key("profiles").begin_array(Layout::lines);
  for (const Profile& profile : profiles) {
    write_profile(json, *profile.process, cost, profile.stacks, profile.samples);
  }
  json.end_array();
  json.end_object();
  output.write("\n");
}

}  // namespace memwatch::render
