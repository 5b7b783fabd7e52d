#include "tools/server/certificate_watch.h"

#include <algorithm>
#include <utility>

#include "tools/render/human.h"

namespace memwatch::server {

namespace {

std::string time_left(std::int64_t seconds) {
  constexpr std::int64_t kDay = std::int64_t{24} * 3600;
  if (seconds >= 2 * kDay) return std::to_string(seconds / kDay) + " days";
  return render::human_duration(static_cast<double>(seconds));
}

}  // namespace

void CertificateWatch::watch(CertificateTimes times) {
  times_ = std::move(times);
  told_ = Stage::good;
}

CertificateWatch::Stage CertificateWatch::stage(std::int64_t now) const {
  if (!is_watching()) return Stage::good;
  if (now >= times_.until) return Stage::over;
  if (now < times_.from) return Stage::early;
  const std::int64_t near = std::min(kNear, (times_.until - times_.from) / kNearShare);
  return times_.until - now <= near ? Stage::near : Stage::good;
}

std::string CertificateWatch::trouble(std::int64_t now) const {
  switch (stage(now)) {
    case Stage::good:
      break;
    case Stage::early:
      return times_.path + ": is not valid before " + times_.from_text;
    case Stage::near:
      return times_.path + ": expires " + times_.until_text + ", in " +
             time_left(times_.until - now) + "; SIGHUP reads a renewed one";
    case Stage::over:
      return times_.path + ": expired " + times_.until_text + ", clients refuse it; SIGHUP reads " +
             "a renewed one";
  }
  return "";
}

std::string CertificateWatch::news(std::int64_t now) {
  const Stage is = stage(now);
  if (is == std::exchange(told_, is)) return "";
  return trouble(now);
}

}  // namespace memwatch::server
