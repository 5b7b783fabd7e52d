// How the decoders say "these bytes make no sense": an exception that never leaves this folder
// (SessionDecoder::apply catches it), because it may come from inside any loop over hostile bytes.
#pragma once

namespace memwatch::capture {

struct Damage {
  const char* why;
};

}  // namespace memwatch::capture
