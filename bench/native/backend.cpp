// The instant backend: an OpenAI-compatible server that has every answer ready, so that it is never what a measurement waits for.
//
//   backend PORT [MODELS]
//
// It listens on every loopback address; the models that it lists at 127.0.0.N are bench-N-0, bench-N-1 and so on. A request names the
// model, `"stream":true` asks for a stream, "max_tokens" says how many tokens it has and "seed" the milliseconds between two of them (20).
// GET /bench/state tells how often it was asked, over how many connections, and when a caller last left a stream before its end.
#include "wire.h"

#include <algorithm>
#include <memory>
#include <queue>
#include <vector>

namespace {

struct Connection {
    int socket;
    uint64_t number;             // tells it from a later one with the same socket
    int host;                    // the last part of the address at which it arrived
    std::string in{}, out{}, model{};
    long tokens = 0, sent = 0;   // of the stream under way
    int64_t pace = 0, due = 0;
    bool streaming = false, usage = false, writing = false, last = false;
};

struct Due {
    int64_t at;
    int socket;
    uint64_t number;
    bool operator<(const Due& other) const { return at > other.at; }
};

int poll_set, models = 1;
std::vector<std::unique_ptr<Connection>> connections;
std::priority_queue<Due> timetable;
uint64_t requests, accepted, left_early;
int64_t last_left;

void close_connection(Connection& c) {
    if (c.streaming) {
        left_early++;
        last_left = now();
    }
    int socket = c.socket;
    close(socket);
    connections[static_cast<size_t>(socket)].reset();
}

// Sends what is waiting; false where the other side has gone and the connection with it.
bool flush(Connection& c) {
    size_t done = 0;
    while (done < c.out.size()) {
        ssize_t n = send(c.socket, c.out.data() + done, c.out.size() - done, MSG_NOSIGNAL);
        if (n > 0) done += static_cast<size_t>(n);
        else if (errno == EAGAIN) break;
        else {
            close_connection(c);
            return false;
        }
    }
    c.out.erase(0, done);
    if (bool waits = !c.out.empty(); waits != c.writing) {
        epoll_event event{.events = EPOLLIN | (waits ? EPOLLOUT : 0u), .data = {.fd = c.socket}};
        epoll_ctl(poll_set, EPOLL_CTL_MOD, c.socket, &event);
        c.writing = waits;
    }
    return true;
}

void whole(Connection& c, const char* status, std::string_view body) {
    char head[160];
    int n = snprintf(head, sizeof head, "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n", status, body.size());
    c.out.append(head, static_cast<size_t>(n)).append(body);
}

void chunk(Connection& c, std::string_view event) {
    char size[16];
    int n = snprintf(size, sizeof size, "%zx\r\n", event.size());
    c.out.append(size, static_cast<size_t>(n)).append(event).append("\r\n");
}

constexpr std::string_view Event = "data: {\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion.chunk\",\"created\":1763700000,\"model\":\"";

void token(Connection& c) {
    char rest[160];
    int n = snprintf(rest, sizeof rest, "\",\"system_fingerprint\":\"bench\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"%ld \"},\"logprobs\":null,\"finish_reason\":null}]}\n\n", c.sent++);
    chunk(c, std::string(Event).append(c.model).append(rest, static_cast<size_t>(n)));
}

void last_events(Connection& c) {
    std::string event = std::string(Event).append(c.model);
    chunk(c, event + "\",\"choices\":[{\"index\":0,\"delta\":{},\"logprobs\":null,\"finish_reason\":\"stop\"}]}\n\n");
    std::string count = std::to_string(c.tokens);
    if (c.usage) chunk(c, event + "\",\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":" + count + ",\"total_tokens\":" + std::to_string(c.tokens + 9) + "}}\n\n");
    chunk(c, "data: [DONE]\n\n");
    c.out += "0\r\n\r\n";
    c.streaming = false;
}

// Sends every token that is due; each goes out by itself, as it would from a model.
void stream_on(Connection& c) {
    while (c.sent < c.tokens && c.due <= now()) {
        token(c);
        c.due += c.pace;
        if (!flush(c)) return;
    }
    if (c.sent < c.tokens) timetable.push({c.due, c.socket, c.number});
    else {
        last_events(c);
        flush(c);
    }
}

void list_models(Connection& c) {
    std::string body = "{\"object\":\"list\",\"data\":[";
    for (int i = 0; i < models; i++)
        body += (i ? ",{\"id\":\"bench-" : "{\"id\":\"bench-") + std::to_string(c.host) + "-" + std::to_string(i) + "\",\"object\":\"model\",\"owned_by\":\"bench\"}";
    whole(c, "200 OK", body + "]}");
}

void tell_state(Connection& c) {
    char body[200];
    long streams = 0;
    for (auto& other : connections) streams += other && other->streaming;
    int n = snprintf(body, sizeof body, "{\"requests\":%lu,\"connections\":%lu,\"streams\":%ld,\"left_early\":%lu,\"last_left_ns\":%ld}", requests, accepted, streams, left_early, last_left);
    whole(c, "200 OK", {body, static_cast<size_t>(n)});
}

void complete(Connection& c, std::string_view body) {
    requests++;
    // What matters stands before or behind the prompt, which is not searched.
    std::string first(body.substr(0, 512));
    if (body.size() > 512) first += body.substr(std::max<size_t>(512, body.size() - 512));
    size_t name = first.find("\"model\":\"");
    c.model = name == first.npos ? "bench" : std::string(first.substr(name + 9, first.find('"', name + 9) - name - 9));
    if (first.find("\"stream\":true") == first.npos) {
        whole(c, "200 OK", "{\"id\":\"chatcmpl-bench\",\"object\":\"chat.completion\",\"created\":1763700000,\"model\":\"" + c.model +
            "\",\"system_fingerprint\":\"bench\",\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"A short answer that was ready before the question came.\"},"
            "\"logprobs\":null,\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":11,\"total_tokens\":20}}");
        return;
    }
    c.usage = first.find("include_usage") != first.npos;
    c.tokens = number_after(first, "\"max_tokens\":", 16);
    c.pace = number_after(first, "\"seed\":", 20) * Millisecond;
    c.sent = 0;
    c.due = now();
    c.streaming = true;
    c.out += "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
    stream_on(c);
}

// Answers each whole request that has arrived.
void answer(Connection& c) {
    int socket = c.socket;
    while (connections[static_cast<size_t>(socket)] && !c.streaming) {
        std::string_view in = c.in;
        size_t end = in.find("\r\n\r\n");
        if (end == in.npos) break;
        std::string_view head = in.substr(0, end);
        c.last = head.find(" HTTP/1.0\r\n") != head.npos;
        std::string_view length = header(head, "content-length");
        size_t size = end + 4 + (length.empty() ? 0 : strtoul(length.data(), nullptr, 10));
        if (in.size() < size) break;
        if (head.starts_with("POST ")) complete(c, in.substr(end + 4, size - end - 4));
        else if (head.starts_with("GET /v1/models ")) list_models(c);
        else if (head.starts_with("GET /bench/state ")) tell_state(c);
        else whole(c, "404 Not Found", "{\"error\":{\"message\":\"Unknown path\",\"type\":\"invalid_request_error\"}}");
        if (!connections[static_cast<size_t>(socket)]) return;
        c.in.erase(0, size);
        if (!flush(c)) return;
        if (c.last && !c.streaming) return close_connection(c);
    }
}

void receive(Connection& c) {
    static char buffer[256 * 1024];
    ssize_t n = recv(c.socket, buffer, sizeof buffer, 0);
    if (n > 0) {
        c.in.append(buffer, static_cast<size_t>(n));
        answer(c);
    } else if (n == 0 || errno != EAGAIN) close_connection(c);
}

void accept_all(int listener) {
    while (true) {
        int socket = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
        if (socket < 0) return;
        send_at_once(socket);
        sockaddr_in local{};
        socklen_t size = sizeof local;
        getsockname(socket, reinterpret_cast<sockaddr*>(&local), &size);
        if (connections.size() <= static_cast<size_t>(socket)) connections.resize(static_cast<size_t>(socket) + 1);
        connections[static_cast<size_t>(socket)] = std::make_unique<Connection>(Connection{.socket = socket, .number = ++accepted, .host = static_cast<int>(ntohl(local.sin_addr.s_addr) & 255)});
        epoll_event event{.events = EPOLLIN, .data = {.fd = socket}};
        epoll_ctl(poll_set, EPOLL_CTL_ADD, socket, &event);
    }
}

void run_timetable() {
    while (!timetable.empty() && timetable.top().at <= now()) {
        Due due = timetable.top();
        timetable.pop();
        auto& c = connections[static_cast<size_t>(due.socket)];
        if (c && c->number == due.number && c->streaming) stream_on(*c);
    }
}

}

int main(int count, char** arguments) {
    if (count < 2) return fputs("usage: backend PORT [MODELS]\n", stderr), 2;
    if (count > 2) models = atoi(arguments[2]);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    sockaddr_in everywhere = address(INADDR_ANY, atoi(arguments[1]));
    if (bind(listener, reinterpret_cast<sockaddr*>(&everywhere), sizeof everywhere) != 0 || listen(listener, 4096) != 0) fail("backend: listen");
    poll_set = epoll_create1(0);
    epoll_event event{.events = EPOLLIN, .data = {.fd = listener}};
    epoll_ctl(poll_set, EPOLL_CTL_ADD, listener, &event);
    puts("ready");
    fflush(stdout);
    epoll_event events[256];
    while (true) {
        int n = wait_until(poll_set, events, 256, timetable.empty() ? 0 : timetable.top().at);
        for (int i = 0; i < n; i++) {
            int socket = events[i].data.fd;
            if (socket == listener) accept_all(listener);
            else if (auto& c = connections[static_cast<size_t>(socket)]; c && (!(events[i].events & EPOLLOUT) || flush(*c)) && (events[i].events & ~EPOLLOUT)) receive(*c);
        }
        run_timetable();
    }
}
