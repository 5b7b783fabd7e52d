// Internal to the pprof format: the numbers of the fields in profile.proto.
#pragma once

#include <protozero/types.hpp>

namespace memwatch::render::pprof {

namespace profile {
inline constexpr protozero::pbf_tag_type kSampleType = 1, kSample = 2, kMapping = 3, kLocation = 4,
                                         kFunction = 5, kStringTable = 6, kTimeNanos = 9,
                                         kDurationNanos = 10, kPeriodType = 11, kPeriod = 12,
                                         kComment = 13, kDefaultSampleType = 14;
}
namespace value_type {
inline constexpr protozero::pbf_tag_type kType = 1, kUnit = 2;
}
namespace sample {
inline constexpr protozero::pbf_tag_type kLocationId = 1, kValue = 2;
}
namespace mapping {
inline constexpr protozero::pbf_tag_type kId = 1, kMemoryStart = 2, kMemoryLimit = 3, kFilename = 5,
                                         kBuildId = 6, kHasFunctions = 7, kHasFilenames = 8,
                                         kHasLineNumbers = 9, kHasInlineFrames = 10;
}
namespace location {
inline constexpr protozero::pbf_tag_type kId = 1, kMappingId = 2, kAddress = 3, kLine = 4;
}
namespace line {
inline constexpr protozero::pbf_tag_type kFunctionId = 1, kLine = 2;
}
namespace function {
inline constexpr protozero::pbf_tag_type kId = 1, kName = 2, kSystemName = 3, kFilename = 4;
}

}  // namespace memwatch::render::pprof
