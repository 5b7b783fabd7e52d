// Numbers of the protobuf fields that are not columns of rows (those are in row_columns.h). Part
// of the format: append, never reuse. The order of the packed lists (totals, heap …) is fixed too;
// new values go to their end, missing ones read as 0.
#pragma once

#include <cstdint>

namespace memwatch::capture {

inline constexpr std::uint32_t kTableMessageField = 1;  // in every table chunk: one message each

namespace session_field {
inline constexpr std::uint32_t kVersion = 1, kHost = 2, kStartedAt = 3, kCommand = 4,
                               kLargeThreshold = 5, kComplete = 6, kSuppressions = 7;
}

namespace module_field {
inline constexpr std::uint32_t kId = 1, kPath = 2, kBuildId = 3;
}

// Symbols of many addresses at once. Strings are numbered from 1 in the order of kStrings; 0 is "".
namespace symbols_field {
inline constexpr std::uint32_t kStrings = 1, kAddressDeltas = 2, kFrameCounts = 3, kFunctions = 4,
                               kFiles = 5, kLines = 6, kInlined = 7;
}

namespace process_field {
inline constexpr std::uint32_t kIndex = 1, kPid = 2, kPpid = 3, kExe = 4, kCommand = 5, kStart = 6,
                               kDuration = 7, kExitKind = 8, kExitCode = 9, kExitSignal = 10,
                               kOutOfMemoryKill = 11, kMode = 12, kSampleInterval = 13,
                               kTotals = 14, kHeap = 15, kPeakAt = 16, kMapped = 17, kRss = 18,
                               kLosses = 19, kExact = 20, kFunctionCalls = 21, kFunctionBytes = 22,
                               kFunctionFailed = 23, kSizeAllocations = 24, kSizeBytes = 25,
                               kNotes = 26, kRowCounts = 27, kSizeDeviations = 28, kLeakReason = 29,
                               kLeakCheck = 30, kHistory = 31, kLongPauseReason = 32, kHolder = 40;
}

// A way to a block (kHolder).
namespace holder_field {
inline constexpr std::uint32_t kWords = 1, kModule = 2, kSymbol = 3, kSteps = 4;
}

namespace cut_short_field {
inline constexpr std::uint32_t kWhy = 1;
}

namespace commit_field {
inline constexpr std::uint32_t kCheckpoint = 1, kTableSizes = 2;
}

}  // namespace memwatch::capture
