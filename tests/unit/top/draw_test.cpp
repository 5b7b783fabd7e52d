#include "tools/top/draw.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tools/render/printable.h"

namespace memwatch::top {
namespace {

Screen screen_with(std::size_t count) {
  daemon::Status status;
  status.version = "1.0";
  status.pid = 1;
  for (std::size_t i = 0; i < count; ++i) {
    daemon::ProcessStatus process;
    process.pid = static_cast<pid_t>(1000 + i);
    process.name = "server";
    process.command = {"/opt/\x1b[31mserver", "--name=\xe4\xb8\xad\xe6\x96\x87",
                       std::string(300, 'x')};
    process.mode = model::Mode::exact;
    process.live_bytes = 1ULL << (i % 60);
    process.totals.failed = i;
    status.processes.push_back(process);
  }
  Screen screen;
  screen.table.update(std::move(status));
  return screen;
}

Screen with_sites(Screen screen) {
  screen.view = View::sites;
  screen.sites.pid = 7;
  screen.sites.name = "server";
  screen.sites.sites.emplace();
  screen.sites.sites->mode = "exact";
  for (int i = 0; i < 30; ++i) {
    Site site;
    site.live_bytes = 1ULL << 40;
    for (int frame = 0; frame < 50; ++frame) {
      site.stack.push_back(
          {"ns::function<std::vector<int>>(char const*)\n", "/src/a.cpp", "/lib/x", 7});
    }
    site.stack.push_back({});
    screen.sites.sites->all.push_back(site);
  }
  screen.sites.sites->all.push_back({});
  return screen;
}

Screen with_leaks(Screen screen) {
  screen.view = View::leaks;
  for (int i = 0; i < 100; ++i) screen.leaks.lines.push_back("line\t" + std::to_string(i));
  screen.leaks.first = 10;
  return screen;
}

// Without the escapes of our own.
std::string plain(const std::string& line) {
  std::string text;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\x1b') {
      i = line.find('m', i);
      continue;
    }
    text += line[i];
  }
  return text;
}

TEST(Draw, FitsEverySizeWithAndWithoutColour) {
  Screen help = screen_with(1);
  help.has_help = true;
  Screen trouble = screen_with(3);
  trouble.trouble = "The daemon has gone\n" + std::string(500, 'y');
  Screen waiting = with_sites(screen_with(1));
  waiting.sites.sites.reset();
  for (const Screen& screen :
       {screen_with(0), screen_with(1), screen_with(100), with_sites(screen_with(1)),
        with_leaks(screen_with(1)), help, trouble, waiting}) {
    for (std::size_t width = 1; width < 140; width += width < 20 ? 1 : 13) {
      for (std::size_t height = 1; height < 40; ++height) {
        for (const bool color : {false, true}) {
          const std::vector<std::string> lines = draw(screen, {width, height}, color);
          ASSERT_EQ(lines.size(), height);
          for (const std::string& line : lines) {
            const std::string text = plain(line);
            ASSERT_LE(render::display_width(text), width) << text;
            ASSERT_EQ(render::printable(text), text) << "names drive no terminal";
          }
        }
      }
    }
  }
}

TEST(Draw, TheChosenRowIsAlwaysThere) {
  for (std::size_t height = 1; height < 40; ++height) {
    for (const long chosen : {0L, 1L, 50L, 99L}) {
      Screen screen = screen_with(100);
      screen.table.move(chosen);
      int bars = 0;
      for (const std::string& line : draw(screen, {80, height}, false)) {
        bars += line.starts_with("\x1b[7m>") ? 1 : 0;
      }
      EXPECT_EQ(bars, 1) << height << " " << chosen;
    }
  }
}

TEST(Draw, NarrowTerminalsKeepTheHeap) {
  const std::string text = draw(screen_with(1), {40, 10}, false)[3];
  EXPECT_NE(text.find("1 B"), std::string::npos) << text;
  EXPECT_NE(text.find("serv"), std::string::npos) << text;
}

TEST(Draw, OnceIsEveryRowWithoutEscapes) {
  const std::string text = draw_once(screen_with(100), 120, false);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 102);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
}

TEST(Draw, TheVerdictIsToldForWhatWasJudged) {
  Screen screen = with_leaks(screen_with(1));
  const auto verdict = [&] { return draw(screen, {100, 20}, false)[1]; };
  EXPECT_EQ(verdict(), "No leak: something leads to every block");
  screen.leaks.knows_all = false;
  EXPECT_EQ(verdict(), "No leak among the blocks that are known");
  screen.leaks.status = 1;
  EXPECT_EQ(verdict(), "It leaks");
  screen.leaks.status = 143;
  EXPECT_EQ(verdict(), "It could not be judged");
  screen.leaks.is_running = true;
  EXPECT_NE(verdict().find("Looking for blocks"), std::string::npos);
  screen.leaks.is_watched = true;
  EXPECT_NE(verdict().find("Watching for 10 s what it allocates"), std::string::npos);
  screen.leaks.is_running = false;
  screen.leaks.status = 0;
  EXPECT_EQ(verdict(), "No leak among the blocks of these seconds");
}

}  // namespace
}  // namespace memwatch::top
