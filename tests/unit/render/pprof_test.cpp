// pprof profiles, read back from their bytes.
#include "tools/render/pprof.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/render/pprof_reader.h"
#include "tests/unit/render/sample_sessions.h"

namespace memwatch::render {
namespace {

constexpr std::int64_t kMiB = 1 << 20;

testing::PprofProfile profile_of(const analysis::Selection& selection,
                                 const PprofOptions& options = {}) {
  StringOutput output;
  write_pprof(selection, *selection.processes().front(), options, output);
  return testing::read_pprof(output.text());
}

testing::PprofProfile profile_of(const model::Session& session, const PprofOptions& options = {}) {
  return profile_of(analysis::Selection(session), options);
}

// "innermost < … < outermost" with files and lines.
std::string stack_of(const testing::PprofProfile& profile,
                     const testing::PprofProfile::Sample& sample) {
  std::string text;
  for (const std::uint64_t id : sample.locations) {
    const auto& location = profile.locations.at(id);
    for (const auto& line : location.lines) {
      text += line.function;
      if (!line.file.empty()) text += " " + line.file + ":" + std::to_string(line.line);
      text += " < ";
    }
  }
  return text;
}

TEST(Pprof, HasTheFourSampleTypesInTheirOrder) {
  const auto profile = profile_of(testing::server_session());
  const std::vector<std::pair<std::string, std::string>> expected = {{"alloc_objects", "count"},
                                                                     {"alloc_space", "bytes"},
                                                                     {"inuse_objects", "count"},
                                                                     {"inuse_space", "bytes"}};
  EXPECT_EQ(profile.sample_types, expected);
  EXPECT_EQ(profile.strings.at(0), "");
}

TEST(Pprof, SamplesHaveTheSitesNumbersAndStacks) {
  const auto profile = profile_of(testing::server_session());
  ASSERT_EQ(profile.samples.size(), 3U);
  EXPECT_EQ(profile.samples[0].values, (std::vector<std::int64_t>{202, 18 * kMiB, 2, 2 * kMiB}));
  EXPECT_EQ(profile.samples[1].values, (std::vector<std::int64_t>{708, 20 * kMiB, 0, 0}))
      << "a reallocation allocates one more";
  EXPECT_EQ(stack_of(profile, profile.samples[0]),
            "operator new(unsigned long) < read_row /src/server/row.h:7 < "
            "load_table(std::string const&) /src/server/table.cpp:33 < "
            "main /src/server/main.cpp:12 < __libc_start_call_main < ");
  EXPECT_EQ(stack_of(profile, profile.samples[2]),
            "libfoo.so.1+0xbeef < serve /src/server/serve.cpp:88 < [truncated] < ");
  EXPECT_EQ(profile.samples[0].locations.size(), 4U) << "inlined functions share a location";
}

TEST(Pprof, EveryLocationLiesInItsMappingAndMappingsDoNotOverlap) {
  const auto profile = profile_of(testing::server_session());
  ASSERT_EQ(profile.mappings.size(), 3U);
  const auto& program = profile.mappings.at(profile.mapping_order.front());
  EXPECT_EQ(program.file, "/srv/app/server");
  EXPECT_EQ(program.build_id, "abcd12");
  EXPECT_EQ(program.start, 0U) << "addresses as in the file";
  EXPECT_TRUE(program.functions && program.files && program.lines && program.inlined);
  std::uint64_t end = 0;
  for (const std::uint64_t id : profile.mapping_order) {
    const auto& mapping = profile.mappings.at(id);
    EXPECT_GE(mapping.start, end);
    EXPECT_GT(mapping.limit, mapping.start);
    end = mapping.limit;
  }
  for (const auto& [id, location] : profile.locations) {
    EXPECT_NE(id, 0U);
    if (location.mapping == 0) continue;
    const auto& mapping = profile.mappings.at(location.mapping);
    EXPECT_GE(location.address, mapping.start);
    EXPECT_LT(location.address, mapping.limit);
  }
  const auto& innermost = profile.locations.at(profile.samples[2].locations[0]);
  EXPECT_EQ(innermost.address - profile.mappings.at(innermost.mapping).start, 0xbeefU - 1)
      << "inside the call";
}

TEST(Pprof, SaysWhenHowLongAndWhatItIs) {
  const auto profile = profile_of(testing::server_session());
  EXPECT_EQ(profile.time_nanos, 1'700'000'000'250'000'000);
  EXPECT_EQ(profile.duration_nanos, 10'000'000'000);
  EXPECT_EQ(profile.period_type, (std::pair<std::string, std::string>{"space", "bytes"}));
  EXPECT_EQ(profile.period, 1);
  ASSERT_EQ(profile.comments.size(), 3U);
  EXPECT_EQ(profile.comments[1], "Process 4242: /srv/app/server");
  EXPECT_EQ(profile.comments[2], "Command: ./server --port 80");
}

TEST(Pprof, ASampleSaysSo) {
  model::Session session = testing::server_session();
  session.processes[0].mode = model::Mode::sample;
  session.processes[0].sample_interval = 512 << 10;
  const auto profile = profile_of(session);
  EXPECT_EQ(profile.period, 512 << 10);
  EXPECT_TRUE(std::any_of(profile.comments.begin(), profile.comments.end(), [](const auto& text) {
    return text.find("A sample") == 0 && text.find("512 KiB") != std::string::npos;
  }));
}

TEST(Pprof, ShowsWhatIsInUseFirstUnlessNothingIs) {
  model::Session session = testing::server_session();
  EXPECT_EQ(profile_of(session).default_sample_type, "inuse_space");
  EXPECT_EQ(profile_of(session, {.cost = analysis::Cost::allocations}).default_sample_type,
            "alloc_objects");
  EXPECT_EQ(profile_of(session, {.cost = analysis::Cost::allocated}).default_sample_type,
            "alloc_space");
  for (model::Site& site : session.processes[0].sites) site.live_bytes = 0;
  EXPECT_EQ(profile_of(session).default_sample_type, "alloc_space");
  const auto leaked = profile_of(session, {.cost = analysis::Cost::leaked});
  EXPECT_EQ(leaked.default_sample_type, "leaked_space");
  ASSERT_EQ(leaked.sample_types.size(), 5U);
  EXPECT_EQ(leaked.sample_types.back().first, "leaked_space");
  EXPECT_EQ(leaked.samples[0].values.size(), 5U);
}

TEST(Pprof, FiltersAndTopChooseStacks) {
  const model::Session session = testing::server_session();
  const auto selection = analysis::Selection::create(session, {std::nullopt, "libfoo", ""});
  const auto filtered = profile_of(*selection);
  ASSERT_EQ(filtered.samples.size(), 1U);
  EXPECT_EQ(filtered.samples[0].values[3], kMiB);
  const auto top = profile_of(session, {.cost = analysis::Cost::allocated, .top = 1});
  ASSERT_EQ(top.samples.size(), 1U);
  EXPECT_EQ(top.samples[0].values[1], 20 * kMiB);
}

TEST(Pprof, CodeOutsideOfEveryModuleAndStacksThatAreUnknownHavePlaces) {
  testing::SessionBuilder builder;
  const auto stack = builder.stack({builder.address(model::kNone, 0x7f1234)});
  builder.process(1, "/x").sites = {{.stack = stack, .allocations = 1},
                                    {.stack = 0, .allocations = 2}};
  const auto profile = profile_of(builder.session());
  EXPECT_TRUE(profile.mappings.empty());
  EXPECT_EQ(profile.locations.at(profile.samples[0].locations.at(0)).address, 0x7f1233U);
  EXPECT_EQ(stack_of(profile, profile.samples[0]), "0x7f1234 < ");
  EXPECT_EQ(stack_of(profile, profile.samples[1]), "[unknown] < ");
}

}  // namespace
}  // namespace memwatch::render
