// Compression on the way to another output: what is written here arrives there as one gzip or zstd
// stream. Call finish() once at the end; the destructor does not.
// Thread safety: none. Errors: compression itself fails only for want of memory, which is kept and
// told by finish(); write errors are the other output's own.
#pragma once

#include <memory>
#include <string>

#include "collector/base/result.h"
#include "tools/render/output.h"

namespace memwatch::render {

class CompressedOutput : public Output {
 public:
  virtual Result<void> finish() = 0;
};

// Quick rather than small: a pprof profile of a compiler's run is 21 MB before compression, 1.4 MB
// after it, and would be 1.1 MB at four times the time.
std::unique_ptr<CompressedOutput> make_gzip_output(Output& target);
std::unique_ptr<CompressedOutput> make_zstd_output(Output& target);

}  // namespace memwatch::render
