// Sounds: scaled files, the programs that play them, and what an alert is told by.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "tests/unit/temporary_directory.h"
#include "tools/notify/sound_channel.h"

namespace memwatch::notify {
namespace {

void put(std::string& bytes, std::uint32_t value, std::size_t size) {
  for (std::size_t i = 0; i < size; ++i) bytes += static_cast<char>(value >> (8 * i) & 0xFFU);
}

std::string wav(std::uint32_t bits, const std::vector<std::int64_t>& samples,
                std::uint32_t kind = 1, const std::string& before = {}) {
  std::string data;
  for (const std::int64_t sample : samples) put(data, static_cast<std::uint32_t>(sample), bits / 8);
  std::string file = "RIFF";
  put(file, static_cast<std::uint32_t>(36 + before.size() + data.size()), 4);
  file += "WAVE" + before + "fmt ";
  put(file, 16, 4);
  put(file, kind, 2);
  put(file, 1, 2);
  put(file, 8000, 4);
  put(file, 8000 * bits / 8, 4);
  put(file, bits / 8, 2);
  put(file, bits, 2);
  file += "data";
  put(file, static_cast<std::uint32_t>(data.size()), 4);
  return file + data;
}

TEST(Wav, SamplesOfEverySizeAreScaled) {
  for (const std::uint32_t bits : {8U, 16U, 24U, 32U}) {
    const std::int64_t full = (std::int64_t{1} << (bits - 1)) - 1;
    const std::int64_t middle = bits == 8 ? 128 : 0;
    const Result<Sound> sound =
        scaled_wav(wav(bits, {middle + full, middle - full, middle, middle + 10}), 0.5, "test");
    ASSERT_TRUE(sound) << bits << ": " << sound.error().to_line();
    const std::int64_t half = std::lround(static_cast<double>(full) * 0.5);
    EXPECT_EQ(sound->wav, wav(bits, {middle + half, middle - half, middle, middle + 5})) << bits;
  }
}

TEST(Wav, WhatElseIsInTheFileIsLeftOut) {
  const Result<Sound> sound =
      scaled_wav(wav(16, {1000}, 1, std::string("LIST\x03\0\0\0abc\0", 12)), 1, "test");
  ASSERT_TRUE(sound) << sound.error().to_line();
  EXPECT_EQ(sound->wav, wav(16, {1000}));
}

TEST(Wav, ItsLengthIsKnown) {
  EXPECT_EQ(scaled_wav(wav(16, std::vector<std::int64_t>(2000)), 1, "x")->length.count(), 250);
}

TEST(Wav, WhatIsNoneIsRefusedInALine) {
  const std::string good = wav(16, {1, 2, 3});
  for (std::size_t length = 0; length < good.size() - 5; ++length) {
    const Result<Sound> sound = scaled_wav(good.substr(0, length), 1, "cut");
    ASSERT_FALSE(sound) << length;
    EXPECT_EQ(sound.error().kind, ErrorKind::damaged);
  }
  EXPECT_TRUE(scaled_wav(good.substr(0, good.size() - 3), 1, "cut")) << "what there is of it";
  EXPECT_FALSE(scaled_wav(wav(16, {1}, 3), 1, "floating point"));
  EXPECT_FALSE(scaled_wav(wav(16, {}), 1, "empty"));
  std::string endless = good;  // a chunk that says it is four gigabytes long
  endless.insert(12, "junk\xff\xff\xff\xff");
  EXPECT_FALSE(scaled_wav(endless, 1, "endless"));
  // Every byte of the head as every value: nothing is read that is not there.
  for (std::size_t at = 0; at < 44; ++at) {
    for (int value = 0; value < 256; ++value) {
      std::string changed = good;
      changed[at] = static_cast<char>(value);
      const Result<Sound> sound = scaled_wav(changed, 0.3, "changed");
      if (sound) {
        EXPECT_LE(sound->wav.size(), good.size());
      }
    }
  }
}

class Players : public testing::Test {
 protected:
  void SetUp() override {
    old_path_ = std::getenv("PATH");
    setenv("PATH", (directory_.path() + ":/usr/bin:/bin").c_str(), 1);
  }
  void TearDown() override { setenv("PATH", old_path_.c_str(), 1); }
  // A player that notes that it was asked, and what it was given.
  void make(const std::string& name, const std::string& more) const {
    const std::string path = directory_.path(name);
    std::ofstream(path) << "#!/bin/sh\necho " << name << " >>" << directory_.path("asked") << "\n"
                        << more << "\n";
    ASSERT_EQ(chmod(path.c_str(), 0755), 0);
  }
  [[nodiscard]] std::string read(const std::string& name) const {
    std::ifstream file(directory_.path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  [[nodiscard]] std::string playing(const std::string& name) const {
    return "cat >" + directory_.path("heard-" + name);
  }

  test_support::TemporaryDirectory directory_;
  std::string old_path_;
  std::vector<SoundProgram> programs_ = {
      {{"missing-player"}}, {{"first-player"}}, {{"second-player", "-q"}}};
  Sound sound_{wav(16, std::vector<std::int64_t>(100'000, 5)), std::chrono::seconds(60)};
};

TEST_F(Players, TheFirstThatPlaysIsRemembered) {
  make("first-player", "echo no server >&2; exit 1");
  make("second-player", playing("second") + "; test \"$1\" = -q");
  SoundPlayer player(programs_);
  for (int i = 0; i < 2; ++i) {
    const Delivery played = player.play(sound_, -1);
    EXPECT_EQ(played.result, Delivery::Result::done) << played.text;
    EXPECT_EQ(played.text, "played by second-player");
  }
  EXPECT_EQ(read("heard-second"), sound_.wav) << "more than a pipe holds, whole";
  EXPECT_EQ(read("asked"), "first-player\nsecond-player\nsecond-player\n");
}

TEST_F(Players, OneThatWantsAPathGetsAFileThatIsGoneAfterwards) {
  make("first-player", "cat \"$2\" >" + directory_.path("heard") + "; echo \"$2\" >" +
                           directory_.path("path") + "; test $1 = -q");
  setenv("TMPDIR", directory_.path().c_str(), 1);
  SoundPlayer player({{{"first-player", "-q"}, true}});
  EXPECT_EQ(player.play(sound_, -1).text, "played by first-player");
  EXPECT_EQ(read("heard"), sound_.wav);
  const std::string path = read("path");
  EXPECT_TRUE(path.starts_with(directory_.path())) << path;
  EXPECT_TRUE(path.ends_with(".wav\n")) << path;
  EXPECT_NE(access(path.substr(0, path.size() - 1).c_str(), F_OK), 0);
  setenv("TMPDIR", directory_.path("nowhere").c_str(), 1);
  const Delivery failed = player.play(sound_, -1);
  unsetenv("TMPDIR");
  EXPECT_EQ(failed.result, Delivery::Result::failed);
  EXPECT_NE(failed.text.find("No such file"), std::string::npos) << failed.text;
}

TEST_F(Players, WhyNoneHasPlayedIsOneLine) {
  make("first-player", "printf 'no\\033[31m server\\nand more\\n' >&2; exit 7");
  make("second-player", "kill -9 $$");
  SoundPlayer player(programs_);
  const Delivery played = player.play(sound_, -1);
  EXPECT_EQ(played.result, Delivery::Result::failed);
  EXPECT_EQ(played.text,
            "no sound: first-player: exit status 7, and said: no\xEF\xBF\xBD[31m server; "
            "second-player: killed by signal 9");
  SoundPlayer none({{{"missing-player"}}});
  const Delivery missing = none.play(sound_, -1);
  EXPECT_EQ(missing.result, Delivery::Result::failed);
  EXPECT_EQ(missing.text, no_sound_program());
}

TEST_F(Players, OneThatHangsIsEnded) {
  make("first-player", "exec sleep 1000");
  SoundPlayer player(programs_, std::chrono::milliseconds(200));
  sound_.length = std::chrono::milliseconds(100);
  EXPECT_EQ(player.play(sound_, -1).text,
            "no sound: first-player: it took longer than 0.3 s, and was ended");
}

TEST_F(Players, AnAlertIsHeardAtItsVolume) {
  make("first-player", playing("first"));
  daemon::SoundSettings settings;
  const auto index = static_cast<std::size_t>(alerts::Type::leak);
  settings.file[index] = directory_.path("own.wav");
  std::ofstream(settings.file[index], std::ios::binary) << wav(16, {1000, -1000});
  settings.volume[index] = 0.25;
  settings.volume[static_cast<std::size_t>(alerts::Type::spike)] = 0;
  SoundChannel channel(settings, directory_.path("bundled"),
                       SoundPlayer(programs_, std::chrono::seconds(60)));
  alerts::Notice notice;
  notice.alert.type = alerts::Type::leak;
  EXPECT_EQ(channel.payload(notice), "leak");
  EXPECT_EQ(channel.deliver("leak", -1).text, "played by first-player");
  EXPECT_EQ(read("heard-first"), wav(16, {250, -250}));
  notice.kind = alerts::Notice::Kind::resolved;
  EXPECT_EQ(channel.payload(notice), "") << "an end is silent";
  notice.kind = alerts::Notice::Kind::raised;
  notice.alert.type = alerts::Type::spike;
  EXPECT_EQ(channel.payload(notice), "") << "volume 0";
  const Delivery missing = channel.deliver("large", -1);
  EXPECT_EQ(missing.result, Delivery::Result::failed);
  EXPECT_NE(missing.text.find("bundled/large.wav: No such file"), std::string::npos);
  EXPECT_EQ(channel.deliver("../../etc/passwd", -1).result, Delivery::Result::failed);
}

// Of the build tree: the program of this test stands where memwatch does.
TEST(BundledSounds, AreThereForEveryType) {
  for (const alerts::Type type : alerts::kTypes) {
    const std::string path =
        SoundChannel::bundled_sounds() + "/" + std::string(alerts::type_name(type)) + ".wav";
    std::ifstream file(path, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    const Result<Sound> sound = scaled_wav(bytes, 1, path);
    ASSERT_TRUE(sound) << sound.error().to_line();
    EXPECT_EQ(sound->wav, bytes) << "at full volume it is the file itself";
    EXPECT_GT(sound->length.count(), 200);
    EXPECT_LT(sound->length.count(), 700);
  }
}

}  // namespace
}  // namespace memwatch::notify
