#include "tools/server/tls_session.h"

#include <algorithm>
#include <utility>

#include "tools/server/tls_library.h"

namespace memwatch::server {

namespace {

// Answers that a peer can make wait here by saying odd things; beyond that it is not listened to.
constexpr std::size_t kMostUnsent = 64U << 10;

}  // namespace

TlsSession::TlsSession(std::shared_ptr<const TlsCertificate> certificate)
    : certificate_(std::move(certificate)), library_(certificate_->library_) {
  session_ = library_.session_new(certificate_->context_);
  in_ = library_.bio_new(library_.bio_s_mem());
  out_ = library_.bio_new(library_.bio_s_mem());
  if (session_ == nullptr || in_ == nullptr || out_ == nullptr) {
    library_.bio_free(in_);
    library_.bio_free(out_);
    library_.session_free(session_);
    session_ = nullptr;
    return;
  }
  library_.set_bio(session_, in_, out_);
  library_.set_accept_state(session_);
}

TlsSession::~TlsSession() {
  library_.session_free(session_);
}

void TlsSession::put(const char* bytes, std::size_t count) {
  if (session_ != nullptr) library_.bio_write(in_, bytes, static_cast<int>(count));
}

std::string TlsSession::take() {
  std::string bytes;
  if (session_ == nullptr) return bytes;
  bytes.resize(library_.bio_pending(out_));
  if (bytes.empty()) return bytes;
  const int count = library_.bio_read(out_, bytes.data(), static_cast<int>(bytes.size()));
  bytes.resize(count > 0 ? static_cast<std::size_t>(count) : 0);
  return bytes;
}

TlsSession::Outcome TlsSession::shake_hands() {
  if (session_ == nullptr) return Outcome::failed;
  library_.clear_errors();
  return outcome_of(library_.do_handshake(session_));
}

TlsSession::Outcome TlsSession::read(void* target, std::size_t size, std::size_t* count) {
  if (session_ == nullptr) return Outcome::failed;
  library_.clear_errors();
  const int got = library_.read(session_, target, static_cast<int>(std::min(size, kMostAtOnce)));
  *count = got > 0 ? static_cast<std::size_t>(got) : 0;
  const Outcome outcome = outcome_of(got);
  return library_.bio_pending(out_) > kMostUnsent ? Outcome::failed : outcome;
}

TlsSession::Outcome TlsSession::write(const void* bytes, std::size_t size) {
  if (session_ == nullptr || size > kMostAtOnce) return Outcome::failed;
  library_.clear_errors();
  return outcome_of(library_.write(session_, bytes, static_cast<int>(size)));
}

void TlsSession::say_farewell() {
  if (session_ == nullptr) return;
  library_.clear_errors();
  library_.shutdown(session_);
}

TlsSession::Outcome TlsSession::outcome_of(int result) {
  if (result > 0) return Outcome::done;
  const int error = library_.get_error(session_, result);
  library_.clear_errors();
  if (error == SSL_ERROR_WANT_READ) return Outcome::starved;
  return error == SSL_ERROR_ZERO_RETURN ? Outcome::over : Outcome::failed;
}

}  // namespace memwatch::server
