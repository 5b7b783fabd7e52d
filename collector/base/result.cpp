#include "collector/base/result.h"

#include <system_error>

namespace memwatch {

std::string Error::to_line() const {
  std::string line = attempted;
  for (const std::string* part : {&subject, &why}) {
    if (part->empty()) continue;
    if (!line.empty()) line += ": ";
    line += *part;
  }
  if (!remedy.empty()) line += " (" + remedy + ")";
  return line;
}

Error system_error(std::string attempted, std::string subject, int error_number) {
  return Error{ErrorKind::system,
               std::move(attempted),
               std::move(subject),
               std::generic_category().message(error_number),
               {}};
}

}  // namespace memwatch
