// doorman: a small service that knows who is logged in, and leaks. What docs/watching.md hunts for
// is in it on purpose.
//
//   c++ -g -O2 -std=c++20 doorman.cpp -o doorman            as it is
//   c++ -g -O2 -std=c++20 -DMENDED doorman.cpp -o doorman   without the mistake
//
//   ./doorman PORT     serves on 127.0.0.1: LOGIN name -> token, WHO token -> name, LOGOUT token ->
//   bye
//   ./doorman          the same from standard input, until it ends
#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

struct Session;

// What a session did, for whoever asks later.
struct Journal {
  std::vector<std::string> lines;
#ifdef MENDED
  std::weak_ptr<Session> session;
#else
  std::shared_ptr<Session> session;  // the session has its journal, the journal has its session
#endif
};

struct Session {
  std::string name;
  std::shared_ptr<Journal> journal;
  std::vector<char> answers = std::vector<char>(2048);  // room for what it is told
};

class Doorman {
 public:
  std::string answer(const std::string& request) {
    std::istringstream words(request);
    std::string verb, argument;
    words >> verb >> argument;
    if (verb == "LOGIN") return login(argument);
    const auto found = sessions_.find(argument);
    if (found == sessions_.end()) return "nobody";
    note(*found->second, request);
    if (verb == "WHO") return found->second->name;
    if (verb != "LOGOUT") return "what?";
    sessions_.erase(found);
    return "bye";
  }

 private:
  std::string login(const std::string& name) {
    auto session = std::make_shared<Session>();
    session->name = name;
    session->journal = open_journal(session);
    const std::string token = "t" + std::to_string(++last_);
    sessions_[token] = std::move(session);
    return token;
  }

  static std::shared_ptr<Journal> open_journal(const std::shared_ptr<Session>& session) {
    auto journal = std::make_shared<Journal>();
    journal->session = session;
    return journal;
  }

  static void note(Session& session, const std::string& request) {
    session.journal->lines.push_back(request);
  }

  std::map<std::string, std::shared_ptr<Session>> sessions_;
  unsigned long last_ = 0;
};

struct Client {
  int descriptor;
  std::string heard;
};

// False: it has gone.
static bool serve(Client& client, Doorman& doorman) {
  char piece[512];
  const ssize_t got = read(client.descriptor, piece, sizeof piece);
  if (got <= 0) return false;
  client.heard.append(piece, static_cast<std::size_t>(got));
  for (std::size_t end; (end = client.heard.find('\n')) != std::string::npos;) {
    const std::string said = doorman.answer(client.heard.substr(0, end)) + "\n";
    client.heard.erase(0, end + 1);
    if (write(client.descriptor, said.data(), said.size()) < 0) return false;
  }
  return true;
}

static int listen_on(int port) {
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  const int yes = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(static_cast<in_port_t>(port));
  socklen_t size = sizeof address;
  if (bind(listener, reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      listen(listener, 16) != 0) {
    std::perror("doorman");
    std::exit(1);
  }
  getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
  std::printf("serving on port %d\n", ntohs(address.sin_port));
  std::fflush(stdout);
  return listener;
}

int main(int argc, char** argv) {
  Doorman doorman;
  if (argc < 2) {
    for (std::string line; std::getline(std::cin, line);) std::cout << doorman.answer(line) << '\n';
    return 0;
  }
  const int listener = listen_on(std::atoi(argv[1]));
  std::vector<Client> clients;
  for (;;) {
    std::vector<pollfd> wanted{{listener, POLLIN, 0}};
    for (const Client& client : clients) wanted.push_back({client.descriptor, POLLIN, 0});
    if (poll(wanted.data(), wanted.size(), -1) < 0) return 1;
    for (std::size_t i = wanted.size() - 1; i > 0; --i) {
      if (wanted[i].revents == 0 || serve(clients[i - 1], doorman)) continue;
      close(clients[i - 1].descriptor);
      clients.erase(clients.begin() + static_cast<std::ptrdiff_t>(i - 1));
    }
    if (wanted[0].revents != 0) clients.push_back({accept(listener, nullptr, nullptr), {}});
  }
}
