#include "collector/reachability/holders.h"

#include <algorithm>
#include <array>
#include <unordered_map>

#include "collector/reachability/thread_local_storage.h"

namespace memwatch::reachability {

namespace {

// Of a longer way the first and the last blocks are listed.
constexpr std::size_t kListedAtEachEnd = 16;

// A word that leads into the block, with what it says; those to its start are preferred.
struct Found {
  std::uint64_t offset = 0, inside = 0;
};

Found find_pointer(Memory& memory, const Block& from, const Block& to) {
  constexpr std::uint64_t kWord = sizeof(std::uint64_t);
  std::array<std::uint64_t, 8192> words;  // NOLINT: read before it is used
  std::optional<Found> interior;
  std::uint64_t at = (from.address + kWord - 1) & ~(kWord - 1);
  const std::uint64_t end = (from.address + from.size) & ~(kWord - 1);
  while (at < end) {
    const std::size_t wanted = std::min<std::uint64_t>(sizeof words, end - at);
    const std::size_t count = memory.read(at, words.data(), wanted) / kWord;
    for (std::size_t i = 0; i < count; ++i) {
      const Found found{at + i * kWord - from.address, words[i] - to.address};
      if (found.inside == 0) return found;
      if (found.inside < to.size && !interior) interior = found;
    }
    if (count * kWord < wanted) break;
    at += wanted;
  }
  return interior.value_or(Found{});
}

class PathFinder {
 public:
  PathFinder(const Scan& scan, const Verdicts& verdicts) : scan_(scan), verdicts_(verdicts) {}

  // The blocks from the root's to this one.
  [[nodiscard]] Path path_to(std::uint32_t block) const {
    Path path;
    path.kind = verdicts_.kinds[block];
    const std::size_t length = std::size_t{verdicts_.links[block].depth} + 1;
    std::uint32_t at = block;
    for (std::size_t place = length; place-- > 0; at = verdicts_.links[at].from) {
      if (place < kListedAtEachEnd || place + kListedAtEachEnd >= length) {
        path.steps.push_back({at, 0, 0});
      } else {
        ++path.skipped;
      }
    }
    std::reverse(path.steps.begin(), path.steps.end());
    fill_in_pointers(path);
    return path;
  }

  // Where the first blocks of these ways are held, in one pass over the roots.
  void find_roots(std::vector<Path>& paths) const {
    std::unordered_map<std::uint32_t, std::vector<Path*>> wanted;
    for (Path& path : paths) {
      if (path.kind == Kind::reachable || path.kind == Kind::possible) {
        wanted[path.steps.front().block].push_back(&path);
      }
    }
    for (const RootEdge& edge : scan_.root_edges()) {
      const auto held = wanted.find(edge.to);
      if (held == wanted.end()) continue;
      for (Path* path : held->second) take_root(*path, edge);
    }
  }

 private:
  void fill_in_pointers(Path& path) const {
    for (std::size_t i = 1; i < path.steps.size(); ++i) {
      Step& step = path.steps[i];
      // Behind the gap in a long way the block before is not listed, but known.
      const std::uint32_t before = verdicts_.links[step.block].from;
      const Found found =
          find_pointer(scan_.memory(), scan_.blocks()[before], scan_.blocks()[step.block]);
      step.pointer_at = found.offset;
      step.inside = found.inside;
    }
  }

  // The first root to a start is taken, else the first of all.
  void take_root(Path& path, const RootEdge& edge) const {
    const bool interior = (edge.root & kInteriorRoot) != 0;
    Step& first = path.steps.front();
    if (path.source && (interior || first.inside == 0)) return;
    path.source = edge.root & ~kInteriorRoot;
    path.where = edge.where;
    first.inside = 0;
    if (!interior) return;
    const std::uint64_t start = scan_.blocks()[edge.to].address;
    if (const auto word = edge.where == 0 ? std::nullopt : scan_.memory().word(edge.where)) {
      first.inside = *word - start;
    }
    if (first.inside == 0) first.inside = 1;  // where exactly is no longer known
  }

  const Scan& scan_;
  const Verdicts& verdicts_;
};

bool is_held(Kind kind) {
  return kind == Kind::reachable || kind == Kind::possible;
}

// Of each of the sites that hold most, the block that the fewest pointers lead to.
std::vector<std::uint32_t> nearest_of_sites(const Scan& scan, const Verdicts& verdicts,
                                            std::size_t most) {
  struct OfSite {
    std::uint64_t bytes = 0;
    std::uint32_t nearest = kNoBlock;
  };
  std::vector<OfSite> sites;
  for (std::uint32_t block = 0; block < scan.blocks().size(); ++block) {
    if (!is_held(verdicts.kinds[block])) continue;
    const Block& b = scan.blocks()[block];
    if (b.site >= sites.size()) sites.resize(std::size_t{b.site} + 1);
    OfSite& site = sites[b.site];
    site.bytes += b.size;
    if (site.nearest == kNoBlock ||
        verdicts.links[block].depth < verdicts.links[site.nearest].depth) {
      site.nearest = block;
    }
  }
  std::erase_if(sites, [](const OfSite& site) { return site.nearest == kNoBlock; });
  std::stable_sort(sites.begin(), sites.end(),
                   [](const OfSite& a, const OfSite& b) { return a.bytes > b.bytes; });
  if (sites.size() > most) sites.resize(most);
  std::vector<std::uint32_t> blocks;
  blocks.reserve(sites.size());
  for (const OfSite& site : sites) blocks.push_back(site.nearest);
  return blocks;
}

}  // namespace

std::vector<Path> find_holders(const Scan& scan, const Verdicts& verdicts,
                               const HoldersWish& wish) {
  std::vector<std::uint32_t> wanted;
  if (wish.address) {
    const std::optional<std::uint32_t> block = scan.block_at(*wish.address);
    if (block) wanted.push_back(*block);
  }
  if (wish.sites > 0) {
    for (const std::uint32_t block : nearest_of_sites(scan, verdicts, wish.sites)) {
      wanted.push_back(block);
    }
  }
  const PathFinder finder(scan, verdicts);
  std::vector<Path> paths;
  paths.reserve(wanted.size());
  for (const std::uint32_t block : wanted) paths.push_back(finder.path_to(block));
  finder.find_roots(paths);
  return paths;
}

void recognise_thread_local(const Scan& scan, const std::vector<RootSource>& sources,
                            const std::vector<procfs::MemoryMapping>& maps,
                            std::vector<Path>& paths) {
  std::optional<std::uint64_t> bytes;
  for (Path& path : paths) {
    if (!path.source || path.where == 0) continue;
    const RootSource& source = sources[*path.source];
    const bool has_stack = source.kind == RootSource::Kind::stack;
    if (!has_stack && source.kind != RootSource::Kind::memory) continue;
    if (!bytes) bytes = thread_local_bytes(scan.memory(), maps);
    path.in_thread_local_storage =
        is_thread_local(scan.memory(), path.where, source.range, has_stack, *bytes);
  }
}

}  // namespace memwatch::reachability
