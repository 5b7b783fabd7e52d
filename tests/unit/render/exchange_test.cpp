// Collapsed stacks and CSV: formats for other programs, compared whole.
#include <gtest/gtest.h>

#include "tests/unit/render/sample_sessions.h"
#include "tools/render/collapsed.h"
#include "tools/render/csv.h"

namespace memwatch::render {
namespace {

std::string collapsed(const model::Session& session, analysis::Cost cost) {
  StringOutput output;
  write_collapsed(analysis::Selection(session), cost, 0, output);
  return output.text();
}

TEST(Collapsed, OneLinePerStackOutermostFirst) {
  const model::Session session = testing::server_session();
  EXPECT_EQ(collapsed(session, analysis::Cost::peak),
            "__libc_start_call_main;main;load_table(std::string const&);read_row;"
            "operator new(unsigned long) 18874368\n"
            "__libc_start_call_main;main;serve 4194304\n"
            "[truncated];serve;libfoo.so.1+0xbeef 2097152\n");
}

TEST(Collapsed, StacksWithoutThatCostAreLeftOut) {
  const model::Session session = testing::server_session();
  EXPECT_EQ(collapsed(session, analysis::Cost::temporary),
            "__libc_start_call_main;main;serve 600\n");
}

TEST(Collapsed, CharactersOfTheFormatAreReplacedInNames) {
  testing::SessionBuilder builder;
  const auto stack =
      builder.stack({builder.address(builder.module("/x"), 1, {{"a;b\nc\x1b", "", 0, false}})});
  EXPECT_EQ(collapsed_stack(builder.session(), stack), "a:b c\xEF\xBF\xBD");
  EXPECT_EQ(collapsed_stack(builder.session(), 0), "[unknown]");
}

TEST(Csv, HeaderAndOneRowPerProcessAndStack) {
  const model::Session session = testing::server_session();
  StringOutput output;
  write_csv(analysis::Selection(session), analysis::Cost::peak, 2, output);
  EXPECT_EQ(output.text(),
            "pid,allocations,reallocations,allocated_bytes,live_blocks,live_bytes,peak_bytes,"
            "own_peak_bytes,temporary,function,file,line,module,stack\n"
            "4242,202,0,18874368,2,2097152,18874368,18874368,0,operator new(unsigned long),,,"
            "/usr/lib/libc.so.6,__libc_start_call_main;main;load_table(std::string const&);"
            "read_row;operator new(unsigned long)\n"
            "4242,698,10,20971520,0,0,4194304,5242880,600,serve,/src/server/serve.cpp,88,"
            "/srv/app/server,__libc_start_call_main;main;serve\n");
}

TEST(Csv, CommasQuotesAndLineEndsAreQuoted) {
  testing::SessionBuilder builder;
  const auto stack = builder.stack(
      {builder.address(builder.module("/a,b"), 1, {{"f(int, \"x\")", "a\nb.c", 3, false}})});
  builder.process(1, "/x").sites = {{.stack = stack, .allocations = 1}};
  StringOutput output;
  write_csv(analysis::Selection(builder.session()), analysis::Cost::peak, 0, output);
  EXPECT_NE(
      output.text().find(",\"f(int, \"\"x\"\")\",\"a\nb.c\",3,\"/a,b\",\"f(int, \"\"x\"\")\"\n"),
      std::string::npos)
      << output.text();
}

}  // namespace
}  // namespace memwatch::render
