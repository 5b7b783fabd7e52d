// usage: leak_accuracy [--seeds N] [--first SEED] [--seconds N] [--errors] [--programs]
//                      [--no-held-out]
// Precision and recall of the verdicts on growth, for each sensitivity, exact and sampled, on the
// programs that the thresholds were chosen with and on those held out.
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "tests/leak-corpus/accuracy.h"

namespace {

using namespace memwatch::leak_corpus;
using memwatch::analysis::Sensitivity;

struct Options {
  std::uint64_t first = 1, seeds = 20;
  double seconds = 300;
  bool errors = false, programs = false, held_out = true;
};

Accuracy measure_all(const std::vector<Program>& programs, const Options& options,
                     const VirtualRun& run, Sensitivity sensitivity) {
  Accuracy all;
  for (const Program& program : programs) {
    const Accuracy one =
        measure(program, options.first, options.first + options.seeds, run, sensitivity);
    if (options.programs) {
      std::printf(
          "    %-24s found %4u  missed %3u  false alarms %3u  process wrong %3u, pattern %3u of "
          "%u\n",
          program.name, one.found, one.missed, one.false_alarms, one.wrong_processes,
          one.wrong_patterns, one.runs);
    }
    all.add(one);
  }
  return all;
}

void print(const char* corpus, const char* mode, const char* sensitivity, const Accuracy& all,
           bool errors) {
  std::printf("| %s | %s | %s | %u | %.3f | %.3f | %u | %u | %u | %u |\n", corpus, mode,
              sensitivity, all.runs, all.recall(), all.precision(), all.missed, all.false_alarms,
              all.wrong_processes, all.wrong_patterns);
  if (!errors) return;
  for (const std::string& error : all.errors) std::printf("    %s\n", error.c_str());
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const auto is = [&](const char* name) { return std::strcmp(argv[i], name) == 0; };
    if (is("--errors")) {
      options.errors = true;
    } else if (is("--programs")) {
      options.programs = true;
    } else if (is("--no-held-out")) {
      options.held_out = false;
    } else if (is("--seeds") && i + 1 < argc) {
      options.seeds = std::strtoull(argv[++i], nullptr, 10);
    } else if (is("--seconds") && i + 1 < argc) {
      options.seconds = std::strtod(argv[++i], nullptr);
    } else if (is("--first") && i + 1 < argc) {
      options.first = std::strtoull(argv[++i], nullptr, 10);
    } else {
      std::fprintf(stderr,
                   "usage: leak_accuracy [--seeds N] [--first SEED] [--seconds N] [--errors] "
                   "[--programs] [--no-held-out]\n");
      return 2;
    }
  }
  std::vector<Program> chosen = leaks();
  chosen.insert(chosen.end(), no_leaks().begin(), no_leaks().end());
  std::printf(
      "| programs | recorded | sensitivity | runs | recall | precision | missed | false "
      "alarms | processes told wrongly | patterns told wrongly "
      "|\n|---|---|---|---:|---:|---:|---:|---:|---:|---:|\n");
  constexpr std::pair<Sensitivity, const char*> kSensitivities[] = {
      {Sensitivity::low, "low"}, {Sensitivity::medium, "medium"}, {Sensitivity::high, "high"}};
  for (const bool sampled : {false, true}) {
    const VirtualRun run{options.seconds, sampled};
    const char* const mode = sampled ? "sampled" : "exact";
    for (const auto& [sensitivity, name] : kSensitivities) {
      print("chosen with", mode, name, measure_all(chosen, options, run, sensitivity),
            options.errors);
    }
    if (!options.held_out) continue;
    for (const auto& [sensitivity, name] : kSensitivities) {
      print("held out", mode, name, measure_all(held_out(), options, run, sensitivity),
            options.errors);
    }
  }
  return 0;
}
