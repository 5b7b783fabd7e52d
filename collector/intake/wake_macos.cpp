#include "collector/intake/wake.h"

namespace memwatch::intake {

// A target looks again after two milliseconds at most (preload/macos/kernel.cpp).
void wake_waiters(protocol::Shared<std::uint32_t>&) {}

}  // namespace memwatch::intake
