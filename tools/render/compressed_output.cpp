#include "tools/render/compressed_output.h"

#include <zlib.h>
#include <zstd.h>

#include <vector>

namespace memwatch::render {
namespace {

constexpr std::size_t kPieceBytes = 1 << 16;

Error out_of_memory() {
  return Error{ErrorKind::system, "compress the report", "its output", "not enough memory", {}};
}

class GzipOutput : public CompressedOutput {
 public:
  explicit GzipOutput(Output& target) : target_(target), piece_(kPieceBytes) {
    constexpr int kGzipWindow = 15 + 16;  // the largest window; +16 asks for gzip's frame
    constexpr int kMemoryLevel = 9;
    is_open_ = deflateInit2(&stream_, Z_BEST_SPEED, Z_DEFLATED, kGzipWindow, kMemoryLevel,
                            Z_DEFAULT_STRATEGY) == Z_OK;
  }
  ~GzipOutput() override { deflateEnd(&stream_); }

  void write(std::string_view text) override {
    waiting_ += text;
    if (waiting_.size() >= kPieceBytes) compress(Z_NO_FLUSH);
  }

  Result<void> finish() override {
    compress(Z_FINISH);
    if (!is_open_) return out_of_memory();
    return {};
  }

 private:
  void compress(int flush) {
    if (!is_open_) return;
    stream_.next_in = reinterpret_cast<Bytef*>(waiting_.data());
    stream_.avail_in = static_cast<uInt>(waiting_.size());
    do {
      stream_.next_out = piece_.data();
      stream_.avail_out = static_cast<uInt>(piece_.size());
      deflate(&stream_, flush);
      target_.write(
          {reinterpret_cast<const char*>(piece_.data()), piece_.size() - stream_.avail_out});
    } while (stream_.avail_out == 0);
    waiting_.clear();
  }

  Output& target_;
  z_stream stream_{};
  std::string waiting_;
  std::vector<Bytef> piece_;
  bool is_open_ = false;
};

class ZstdOutput : public CompressedOutput {
 public:
  explicit ZstdOutput(Output& target)
      : target_(target), context_(ZSTD_createCCtx()), piece_(ZSTD_CStreamOutSize()) {
    if (context_ != nullptr) ZSTD_CCtx_setParameter(context_, ZSTD_c_compressionLevel, 1);
  }
  ~ZstdOutput() override { ZSTD_freeCCtx(context_); }

  void write(std::string_view text) override {
    waiting_ += text;
    if (waiting_.size() >= kPieceBytes) compress(ZSTD_e_continue);
  }

  Result<void> finish() override {
    compress(ZSTD_e_end);
    if (context_ == nullptr || failed_) return out_of_memory();
    return {};
  }

 private:
  void compress(ZSTD_EndDirective directive) {
    if (context_ == nullptr || failed_) return;
    ZSTD_inBuffer input{waiting_.data(), waiting_.size(), 0};
    std::size_t left = 0;
    do {
      ZSTD_outBuffer output{piece_.data(), piece_.size(), 0};
      left = ZSTD_compressStream2(context_, &output, &input, directive);
      failed_ = ZSTD_isError(left) != 0;
      target_.write({piece_.data(), output.pos});
    } while (!failed_ && (directive == ZSTD_e_end ? left != 0 : input.pos < input.size));
    waiting_.clear();
  }

  Output& target_;
  ZSTD_CCtx* context_;
  std::string waiting_;
  std::vector<char> piece_;
  bool failed_ = false;
};

}  // namespace

std::unique_ptr<CompressedOutput> make_gzip_output(Output& target) {
  return std::make_unique<GzipOutput>(target);
}

std::unique_ptr<CompressedOutput> make_zstd_output(Output& target) {
  return std::make_unique<ZstdOutput>(target);
}

}  // namespace memwatch::render
