// Truncated, flipped, foreign and lying files: an error, an earlier state, never anything else.
#include <gtest/gtest.h>

#include <random>
#include <set>

#include "collector/capture/checksum.h"
#include "collector/capture/chunk_reader.h"
#include "collector/capture/little_endian.h"
#include "collector/capture/session_reader.h"
#include "collector/capture/session_writer.h"
#include "tests/unit/capture/dump_session.h"
#include "tests/unit/capture/files.h"
#include "tests/unit/capture/random_session.h"

namespace memwatch::capture {
namespace {

using namespace capture_testing;

struct Recording {
  std::string bytes;
  std::set<std::string> states;            // dumps of every checkpoint, incomplete
  std::vector<std::uint64_t> checkpoints;  // where each ends
  std::string last;                        // dump of the finished session
};

Recording record(std::uint32_t seed, std::size_t scale, int checkpoints) {
  const TemporaryDirectory directory;
  Recording recording;
  Result<SessionWriter> writer = SessionWriter::create(directory.path("s.mw"));
  RandomSession random(seed, scale);
  model::Session session;
  const auto remember = [&] {
    model::Session unfinished = session;
    unfinished.complete = false;
    recording.states.insert(dump(unfinished));
    recording.checkpoints.push_back(writer->bytes_written());
  };
  for (int i = 0; i < checkpoints; ++i) {
    random.step(session);
    EXPECT_TRUE(writer->checkpoint(session));
    remember();
  }
  EXPECT_TRUE(writer->finish(session));
  remember();
  recording.last = dump(session);
  recording.bytes = read_file(directory.path("s.mw"));
  return recording;
}

TEST(HostileSession, CutAtEveryByteItIsAnErrorOrTheStateOfTheLastCheckpoint) {
  const Recording recording = record(1, 2, 4);
  std::size_t states = 0;
  for (std::size_t length = 0; length < recording.bytes.size(); ++length) {
    const std::string cut = recording.bytes.substr(0, length);
    std::vector<std::string> warnings;
    const Result<model::Session> session = read_session_bytes(as_bytes(cut), &warnings);
    if (!session) {
      ASSERT_EQ(session.error().kind, ErrorKind::damaged);
      ASSERT_LT(length, recording.checkpoints.front());
      continue;
    }
    ++states;
    ASSERT_GE(length, recording.checkpoints.front());
    ASSERT_EQ(warnings.size(), 1U);
    ASSERT_TRUE(recording.states.contains(dump(*session))) << "cut at " << length;
  }
  EXPECT_EQ(states, recording.bytes.size() - recording.checkpoints.front());
  EXPECT_EQ(dump(*read_session_bytes(as_bytes(recording.bytes), nullptr)), recording.last);
}

TEST(HostileSession, WithAnyBitFlippedItIsAnErrorOrAnEarlierState) {
  const Recording recording = record(2, 6, 4);
  std::mt19937 random(7);
  for (int i = 0; i < 4000; ++i) {
    std::string bytes = recording.bytes;
    const std::size_t flips = 1 + random() % 3;
    for (std::size_t f = 0; f < flips; ++f) {
      bytes[random() % bytes.size()] ^= static_cast<char>(1U << (random() % 8));
    }
    if (bytes == recording.bytes) continue;
    const Result<model::Session> session = read_session_bytes(as_bytes(bytes), nullptr);
    if (!session) {
      ASSERT_EQ(session.error().kind, ErrorKind::damaged);
      continue;
    }
    ASSERT_TRUE(recording.states.contains(dump(*session)));
  }
}

// Recorded payloads, then changed at random and framed again with right checksums: what a liar
// would send. Under the sanitizers this is a fuzzer with a short breath.
TEST(HostileSession, LiesBehindRightChecksumsNeverCrash) {
  const Recording recording = record(3, 12, 3);
  struct Payload {
    std::uint16_t type;
    std::string bytes;
  };
  std::vector<Payload> payloads;
  MemorySource source(as_bytes(recording.bytes));
  const std::uint64_t file_id = *read_file_header(source);
  ChunkReader reader(source, file_id);
  std::string_view view;
  while (reader.next() == ChunkReader::Status::chunk && reader.payload(view)) {
    payloads.push_back({reader.type(), std::string(view)});
  }
  ASSERT_GT(payloads.size(), 20U);

  std::mt19937 random(11);
  int readable = 0;
  for (int i = 0; i < 2000; ++i) {
    ChunkWriter writer(file_id, {});
    const std::size_t victim = random() % payloads.size();
    for (std::size_t p = 0; p < payloads.size(); ++p) {
      std::string bytes = payloads[p].bytes;
      if (p == victim && !bytes.empty()) {
        const std::size_t at = random() % bytes.size();
        switch (random() % 4) {
          case 0:
            bytes[at] = static_cast<char>(random());
            break;
          case 1:
            bytes.erase(at, 1 + random() % 8);
            break;
          case 2:
            bytes.insert(at, 1 + random() % 12, '\xff');
            break;
          default:
            bytes += bytes.substr(at);
        }
      }
      writer.add(static_cast<ChunkType>(payloads[p].type), bytes);
    }
    const std::string file = make_file_header(file_id) + writer.bytes();
    const Result<model::Session> session = read_session_bytes(as_bytes(file), nullptr);
    if (!session) continue;
    ++readable;
    for (std::size_t id = 1; id < session->stacks.size(); ++id) {
      ASSERT_LT(session->stacks[id].parent, id);
      ASSERT_LT(session->stacks[id].address, session->code_addresses.size());
    }
    for (const model::CodeAddress& address : session->code_addresses) {
      ASSERT_LT(address.module, session->modules.size());
    }
    ASSERT_LE(session->symbols.size(), session->code_addresses.size());
    for (const model::Process& process : session->processes) {
      for (const model::Site& site : process.sites) ASSERT_LT(site.stack, session->stacks.size());
    }
  }
  EXPECT_GT(readable, 100);
}

TEST(HostileSession, UnknownChunksAndFieldsAreSkipped) {
  ChunkWriter writer(9, {});
  writer.add(ChunkType::session, std::string("\x12\x04host\xc2\x3e\x03new\xc8\x3e\x05", 15));
  writer.add(static_cast<ChunkType>(999), "from the future");
  writer.add(ChunkType::commit, {});
  writer.add(ChunkType::end, {});
  const std::string file = make_file_header(9) + writer.bytes();
  const Result<model::Session> session = read_session_bytes(as_bytes(file), nullptr);
  ASSERT_TRUE(session) << session.error().to_line();
  EXPECT_EQ(session->host, "host");
  EXPECT_TRUE(session->complete);
}

TEST(HostileSession, ANewerFormatIsNamed) {
  std::string file = make_file_header(9).substr(0, kFileVersionAt);
  append_le(file, std::uint32_t{3});
  append_le(file, kByteOrderMark);
  append_le(file, std::uint64_t{9});
  append_le(file, checksum_of(file));
  const Result<model::Session> session = read_session_bytes(as_bytes(file), nullptr);
  ASSERT_FALSE(session);
  EXPECT_EQ(session.error().kind, ErrorKind::damaged);
  EXPECT_EQ(session.error().why, "written by a newer memwatch (format 3, this one reads up to 1)");
}

TEST(HostileSession, FilesThatAreNotSessionsAreNamed) {
  const TemporaryDirectory directory;
  write_file(directory.path("text"), "hello, world, this is not a session at all\n");
  const Result<model::Session> text = read_session(directory.path("text"), nullptr);
  ASSERT_FALSE(text);
  EXPECT_EQ(text.error().kind, ErrorKind::damaged);
  EXPECT_EQ(text.error().to_line(),
            "read the session: " + directory.path("text") + ": not a memwatch session");
  EXPECT_EQ(read_session(directory.path("missing"), nullptr).error().kind, ErrorKind::not_found);
  EXPECT_EQ(read_session(directory.path("."), nullptr).error().kind, ErrorKind::damaged);
}

std::string varint(std::size_t value) {
  std::string bytes;
  for (; value > 0x7f; value >>= 7) bytes.push_back(static_cast<char>((value & 0x7f) | 0x80));
  bytes.push_back(static_cast<char>(value));
  return bytes;
}

// A length-delimited protobuf field.
std::string field(unsigned number, const std::string& bytes) {
  return varint(number << 3 | 2) + varint(bytes.size()) + bytes;
}

TEST(HostileSession, ASmallFileCannotAskForGigabytes) {
  // A thousand processes, each with 8192 samples of zeros that compress to a few bytes.
  ChunkWriter writer(9, {});
  const std::string runs = varint(0) + varint(kRowsPerBlock);
  const std::string samples = field(2, runs) + field(10, std::string(kRowsPerBlock, '\0'));
  for (std::size_t i = 0; i < 1000; ++i) {
    const std::string index = varint(1 << 3) + varint(i);
    writer.add(ChunkType::processes, field(1, index));
    writer.add(ChunkType::timeline, field(1, index + samples));
  }
  writer.add(ChunkType::commit, {});
  const std::string file = make_file_header(9) + writer.bytes();
  ASSERT_LT(file.size(), 200'000U);
  const Result<model::Session> session = read_session_bytes(as_bytes(file), nullptr);
  ASSERT_FALSE(session);
  EXPECT_EQ(session.error().kind, ErrorKind::damaged);
  EXPECT_TRUE(session.error().why.ends_with("it holds more than a file of this size can"))
      << session.error().why;
}

}  // namespace
}  // namespace memwatch::capture
