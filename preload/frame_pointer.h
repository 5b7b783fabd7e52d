// Code without unwind information (made at run time, hand-written): the frame pointer is believed
// if it points up this stack and what it points at looks like a frame. A twin for each processor.
#pragma once

#include "preload/walk_stack.h"

namespace memwatch::preload {

Step follow_frame_pointer(Position& at, ReadableRange& memory);

}  // namespace memwatch::preload
