// What the instant backend and the load generator share: sockets, time, and just enough HTTP/1.1.
#pragma once
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>

constexpr int64_t Millisecond = 1'000'000;
constexpr int64_t Second = 1'000 * Millisecond;

// Nanoseconds of the monotonic clock, the same for every process of the machine.
inline int64_t now() {
    timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * Second + t.tv_nsec;
}

[[noreturn]] inline void fail(const char* what) {
    perror(what);
    exit(1);
}

inline void send_at_once(int socket) {
    int one = 1;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
}

inline sockaddr_in address(uint32_t host, int port) {
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_addr.s_addr = htonl(host);
    a.sin_port = htons(static_cast<uint16_t>(port));
    return a;
}

// Waits for events until a point of the clock; for ever where it is 0.
inline int wait_until(int epoll, epoll_event* events, int most, int64_t until) {
    if (until == 0) return epoll_wait(epoll, events, most, -1);
    int64_t left = until > now() ? until - now() : 0;
    timespec t{left / Second, left % Second};
    return epoll_pwait2(epoll, events, most, &t, nullptr);
}

// The value of a header in a head, or nothing. Names are compared without regard to case.
inline std::string_view header(std::string_view head, std::string_view name) {
    for (size_t at = head.find("\r\n"); at != head.npos && at + 2 < head.size(); at = head.find("\r\n", at + 2)) {
        std::string_view line = head.substr(at + 2, head.find("\r\n", at + 2) - at - 2);
        if (line.size() <= name.size() || line[name.size()] != ':') continue;
        if (strncasecmp(line.data(), name.data(), name.size()) != 0) continue;
        line.remove_prefix(name.size() + 1);
        while (!line.empty() && line.front() == ' ') line.remove_prefix(1);
        return line;
    }
    return {};
}

// The number that follows a word, or the other one.
inline long number_after(std::string_view text, std::string_view word, long otherwise) {
    size_t at = text.find(word);
    return at == text.npos ? otherwise : strtol(text.data() + at + word.size(), nullptr, 10);
}
