#include "collector/model/timeline.h"

namespace memwatch::model {

void Timeline::add(std::vector<TimelineSample>& samples, const TimelineSample& sample) {
  if (samples.size() >= kMaxSamples) {
    std::size_t kept = 0;
    for (std::size_t i = 0; i + 1 < samples.size(); i += 2) {
      const TimelineSample& first = samples[i];
      const TimelineSample& second = samples[i + 1];
      samples[kept++] = first.rss > second.rss ? first : second;
    }
    samples.resize(kept);
    interval_ *= 2;
  }
  samples.push_back(sample);
  next_at_ = sample.at + interval_;
}

}  // namespace memwatch::model
