// A program of the corpus for real: malloc from one function per site, sleep between the steps.
//
// usage: leak_corpus_program NAME SEED SECONDS
//        leak_corpus_program --list      name, sites that grow, sites without a label (as "0,2",
//        "-"), pattern
#include <time.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "tests/leak-corpus/world.h"

namespace {

using namespace memwatch::leak_corpus;

template <unsigned kSite>
[[gnu::noinline]] void* leak_site(void* old, std::size_t size) {
  void* const block = old == nullptr ? malloc(size) : realloc(old, size);
  if (block == nullptr) abort();
  return block;
}

using SiteFunction = void* (*)(void*, std::size_t);
template <std::size_t... kSite>
constexpr std::array<SiteFunction, sizeof...(kSite)> all_sites(std::index_sequence<kSite...>) {
  return {leak_site<kSite>...};
}

class RealWorld : public World {
 public:
  RealWorld(std::uint64_t seed, double seconds) : World(seed), seconds_(seconds) {
    clock_gettime(CLOCK_MONOTONIC, &start_);
  }
  Block allocate(unsigned site, std::uint64_t size) override { return reallocate(site, 0, size); }
  Block reallocate(unsigned site, Block old, std::uint64_t size) override {
    static constexpr auto kFunctions = all_sites(std::make_index_sequence<kSites>());
    return reinterpret_cast<Block>(kFunctions.at(site)(reinterpret_cast<void*>(old), size));
  }
  void release(Block block) override { free(reinterpret_cast<void*>(block)); }
  void wait(double share) override {
    elapsed_ += share;
    const double at = elapsed_ * seconds_;
    timespec until = start_;
    until.tv_sec += static_cast<time_t>(at);
    until.tv_nsec += static_cast<long>((at - static_cast<double>(static_cast<time_t>(at))) * 1e9);
    if (until.tv_nsec >= 1'000'000'000) {
      ++until.tv_sec;
      until.tv_nsec -= 1'000'000'000;
    }
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr);
  }

 private:
  double seconds_;
  timespec start_{};
};

void print_sites(const std::vector<unsigned>& sites) {
  if (sites.empty()) std::printf(" -");
  for (std::size_t i = 0; i < sites.size(); ++i) std::printf("%c%u", i == 0 ? ' ' : ',', sites[i]);
}

}  // namespace

int main(int argc, char** argv) {
  const bool list = argc == 2 && std::strcmp(argv[1], "--list") == 0;
  if (!list && argc != 4) {
    std::fprintf(stderr, "usage: leak_corpus_program NAME SEED SECONDS | --list\n");
    return 2;
  }
  for (const auto* programs : {&leaks(), &no_leaks(), &held_out()}) {
    for (const Program& program : *programs) {
      if (list) {
        std::printf("%s", program.name);
        print_sites(program.growing);
        print_sites(program.unlabelled);
        std::printf(" %s\n", program.pattern);
      } else if (std::strcmp(program.name, argv[1]) == 0) {
        RealWorld world(std::strtoull(argv[2], nullptr, 10), std::strtod(argv[3], nullptr));
        program.run(world);
        return 0;
      }
    }
  }
  if (!list) std::fprintf(stderr, "leak_corpus_program: no program named %s\n", argv[1]);
  return list ? 0 : 2;
}
