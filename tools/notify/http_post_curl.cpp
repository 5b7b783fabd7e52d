// The child's side of a POST: libcurl, loaded when it is needed. `memwatch` itself is not linked
// with it: that would make every command slower to start, and need it on every machine.
#include <dlfcn.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdio>
#include <string>

// Its macros for checking types want its functions themselves.
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#undef curl_easy_setopt
#undef curl_easy_getinfo

#include "tools/notify/http_post.h"

namespace memwatch::notify {

namespace {

constexpr const char* kLibrary = "libcurl.so.4";

struct Curl {
  decltype(&::curl_global_init) global_init = nullptr;
  decltype(&::curl_easy_init) easy_init = nullptr;
  decltype(&::curl_easy_setopt) setopt = nullptr;
  decltype(&::curl_easy_perform) perform = nullptr;
  decltype(&::curl_easy_getinfo) getinfo = nullptr;
  decltype(&::curl_easy_strerror) strerror = nullptr;
  decltype(&::curl_slist_append) append = nullptr;

  bool load() {
    void* const library = dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) return false;
    const auto find = [library](const char* name, auto* function) {
      *function = reinterpret_cast<std::remove_pointer_t<decltype(function)>>(dlsym(library, name));
      return *function != nullptr;
    };
    return find("curl_global_init", &global_init) && find("curl_easy_init", &easy_init) &&
           find("curl_easy_setopt", &setopt) && find("curl_easy_perform", &perform) &&
           find("curl_easy_getinfo", &getinfo) && find("curl_easy_strerror", &strerror) &&
           find("curl_slist_append", &append);
  }
};

std::size_t swallow(char*, std::size_t size, std::size_t count, void*) {
  return size * count;
}

// What no second try will change.
bool is_for_good(CURLcode code) {
  return code == CURLE_UNSUPPORTED_PROTOCOL || code == CURLE_URL_MALFORMAT ||
         code == CURLE_NOT_BUILT_IN || code == CURLE_BAD_FUNCTION_ARGUMENT;
}

std::string send(const HttpPost& post) {
  Curl curl;
  if (!curl.load()) {
    return fmt::format("retry {} cannot be loaded (Debian: apt install libcurl4)", kLibrary);
  }
  if (curl.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return "retry libcurl does not start";
  CURL* const handle = curl.easy_init();
  if (handle == nullptr) return "retry libcurl does not start";
  curl_slist* headers = curl.append(nullptr, "Content-Type: application/json");
  headers = curl.append(headers, "Expect:");
  for (const std::string& header : post.headers) headers = curl.append(headers, header.c_str());
  std::array<char, CURL_ERROR_SIZE> why{};
  curl.setopt(handle, CURLOPT_URL, post.url.c_str());
  // The older name of the option, which libcurl has had since 7.19.
  curl.setopt(handle, static_cast<CURLoption>(CURLOPTTYPE_LONG + 181),
              static_cast<long>(CURLPROTO_HTTP | CURLPROTO_HTTPS));
  curl.setopt(handle, CURLOPT_HTTPHEADER, headers);
  curl.setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(post.body.size()));
  curl.setopt(handle, CURLOPT_POSTFIELDS, post.body.c_str());
  curl.setopt(handle, CURLOPT_NOSIGNAL, 1L);
  curl.setopt(handle, CURLOPT_TIMEOUT, post.timeout_seconds);
  curl.setopt(handle, CURLOPT_FOLLOWLOCATION, 0L);
  if (!post.ca.empty()) {
    curl.setopt(handle, CURLOPT_CAINFO, post.ca.c_str());
    curl.setopt(handle, CURLOPT_CAPATH, nullptr);  // the system's, which is trusted no longer
  }
  curl.setopt(handle, CURLOPT_USERAGENT, "memwatch/" MEMWATCH_VERSION);
  curl.setopt(handle, CURLOPT_WRITEFUNCTION, &swallow);
  curl.setopt(handle, CURLOPT_ERRORBUFFER, why.data());
  const CURLcode code = curl.perform(handle);
  // The child ends with this: nothing has to be given back.
  if (code != CURLE_OK) {
    return fmt::format("{} {}{}", is_for_good(code) ? "failed" : "retry",
                       why.front() != '\0' ? why.data() : curl.strerror(code),
                       code == CURLE_PEER_FAILED_VERIFICATION
                           ? " (ca = \"FILE\" in memwatch.toml says whom to trust)"
                           : "");
  }
  long status = 0;
  curl.getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  return fmt::format("http {}", status);
}

}  // namespace

int run_http_post() {
  constexpr std::size_t kMost = std::size_t{4} << 20;
  std::string input;
  while (input.size() < kMost) {
    char buffer[65536];
    const ssize_t count = read(STDIN_FILENO, buffer, sizeof buffer);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) break;
    input.append(buffer, static_cast<std::size_t>(count));
  }
  HttpPost post;
  const std::string answer =
      decode_post(input, &post) ? send(post) : "failed the request makes no sense";
  std::puts(answer.c_str());
  return std::fflush(stdout) == 0 ? 0 : 1;
}

}  // namespace memwatch::notify
