// The load generator: keep-alive connections that ask one thing again and again, and one line of JSON about what they saw.
//
//   load --port 8000 --path /v1/chat/completions --body FILE --connections 64 --seconds 2
//
// --requests N     ends after N requests, however long they take          --header 'A: b'   sent with each (repeatable)
// --events N       every answer is a stream of N numbered tokens; each is counted, and their order is checked
// --ramp MS        spreads the first requests of the connections over so long
// --rate N         so many requests a second, however long each takes; at most one per connection at a time
// --subscribe      no answer ends: count the events that come meanwhile    --stalled N       so many of the connections never read
#include "wire.h"

#include <algorithm>
#include <vector>

namespace {

struct Options {
    int port = 0, connections = 1, stalled = 0;
    long requests = 0, events = 0;
    double seconds = 0, rate = 0;
    int64_t ramp = 0;
    bool subscribe = false;
    std::string path = "/", request;
} options;

struct Connection {
    int socket = -1;
    bool busy = false, headed = false, chunked = false, ended = false;
    std::string in{}, event{};
    size_t left = 0;                       // of the body, or of the chunk
    size_t sent = 0;
    int64_t started = 0, first = 0, previous = 0;
    long seen = 0;
};

int poll_set;
std::vector<Connection> connections;
std::vector<double> latencies, first_tokens;
long started, finished, errors, events_seen, disorder;
double longest_gap;
int64_t begin, stop_at, next_by_rate;
size_t next_to_begin;                      // connections before it have had their first request

void connect_to(size_t index) {
    Connection& c = connections[index];
    if (c.socket >= 0) close(c.socket);
    c = Connection{};
    c.socket = socket(AF_INET, SOCK_STREAM, 0);
    bool stalls = index < static_cast<size_t>(options.stalled);
    if (int small = 4096; stalls) setsockopt(c.socket, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    send_at_once(c.socket);
    sockaddr_in there = address(INADDR_LOOPBACK, options.port);
    if (connect(c.socket, reinterpret_cast<sockaddr*>(&there), sizeof there) != 0) fail("load: connect");
    fcntl(c.socket, F_SETFL, O_NONBLOCK);
    epoll_event event{.events = stalls ? 0u : EPOLLIN, .data = {.u64 = index}};
    epoll_ctl(poll_set, EPOLL_CTL_ADD, c.socket, &event);
}

void send_rest(size_t index) {
    Connection& c = connections[index];
    while (c.sent < options.request.size()) {
        ssize_t n = send(c.socket, options.request.data() + c.sent, options.request.size() - c.sent, MSG_NOSIGNAL);
        if (n < 0) break;
        c.sent += static_cast<size_t>(n);
    }
    epoll_event event{.events = EPOLLIN | (c.sent < options.request.size() ? EPOLLOUT : 0u), .data = {.u64 = index}};
    if (options.request.size() > 16 * 1024) epoll_ctl(poll_set, EPOLL_CTL_MOD, c.socket, &event);
}

bool may_start(int64_t time) { return options.requests > 0 ? started < options.requests : time < stop_at; }

void start(size_t index, int64_t time) {
    Connection& c = connections[index];
    started++;
    c.busy = true;
    c.headed = c.ended = false;
    c.seen = 0;
    c.sent = 0;
    c.first = 0;
    c.event.clear();
    c.started = time;
    send_rest(index);
}

void finish(Connection& c, int64_t time, bool good) {
    if (options.events > 0 && c.seen != options.events) good = false;
    if (good) {
        finished++;
        latencies.push_back(static_cast<double>(time - c.started) / 1000);
        if (options.events > 0) first_tokens.push_back(static_cast<double>(c.first - c.started) / 1000);
    } else errors++;
    c.busy = false;
}

// A token of a stream carries its number, so that none can be missing or late unseen.
void take_event(Connection& c, std::string_view event, int64_t time) {
    if (options.subscribe) {
        events_seen++;
        return;
    }
    long number = number_after(event, "\"content\":\"", -1);
    if (number < 0 || event.find("\"content\":\"\"") != event.npos) return;
    if (number != c.seen) disorder++;
    if (c.seen == 0) c.first = time;
    else longest_gap = std::max(longest_gap, static_cast<double>(time - c.previous) / 1000);
    c.previous = time;
    c.seen++;
    events_seen++;
}

void take_body(Connection& c, std::string_view body, int64_t time) {
    if (options.events == 0 && !options.subscribe) return;
    c.event.append(body);
    size_t done = 0;
    for (size_t end; (end = c.event.find("\n\n", done)) != std::string::npos; done = end + 2)
        take_event(c, std::string_view(c.event).substr(done, end - done), time);
    c.event.erase(0, done);
}

enum class Step { More, Done, Bad };

Step read_head(Connection& c) {
    size_t end = c.in.find("\r\n\r\n");
    if (end == std::string::npos) return Step::More;
    std::string_view head = std::string_view(c.in).substr(0, end);
    bool good = head.starts_with("HTTP/1.1 200");
    c.chunked = header(head, "transfer-encoding").starts_with("chunked");
    std::string_view length = header(head, "content-length");
    c.left = length.empty() ? 0 : strtoul(length.data(), nullptr, 10);
    c.headed = true;
    c.in.erase(0, end + 4);
    return good ? Step::Done : Step::Bad;
}

Step read_sized(Connection& c, int64_t time) {
    size_t n = std::min(c.left, c.in.size());
    take_body(c, std::string_view(c.in).substr(0, n), time);
    c.in.erase(0, n);
    return (c.left -= n) == 0 ? Step::Done : Step::More;
}

// `left` counts a chunk's bytes with the line end behind them.
Step read_chunks(Connection& c, int64_t time) {
    size_t at = 0;
    Step step = Step::More;
    while (at < c.in.size()) {
        if (c.left == 0) {
            size_t line = c.in.find("\r\n", at);
            if (line == std::string::npos) break;
            size_t size = strtoul(c.in.data() + at, nullptr, 16);
            c.ended = size == 0;
            c.left = size + 2;
            at = line + 2;
            continue;
        }
        size_t n = std::min(c.left, c.in.size() - at), data = c.left > 2 ? std::min(n, c.left - 2) : 0;
        take_body(c, std::string_view(c.in).substr(at, data), time);
        at += n;
        c.left -= n;
        if (c.left == 0 && c.ended) {
            step = Step::Done;
            break;
        }
    }
    c.in.erase(0, at);
    return step;
}

void go_on(size_t index, int64_t time) {
    if (options.rate == 0 && may_start(time)) start(index, time);
}

// The answer was wrong or broke off: its connection is of no more use.
void start_over(size_t index, int64_t time) {
    if (connections[index].busy) finish(connections[index], time, false);
    connect_to(index);
    go_on(index, time);
}

void receive(size_t index) {
    static char buffer[256 * 1024];
    Connection& c = connections[index];
    ssize_t n = recv(c.socket, buffer, sizeof buffer, 0);
    int64_t time = now();
    if (n < 0 && errno == EAGAIN) return;
    if (n <= 0) return start_over(index, time);
    c.in.append(buffer, static_cast<size_t>(n));
    if (!c.headed) {
        Step step = read_head(c);
        if (step == Step::More) return;
        if (step == Step::Bad) return start_over(index, time);
    }
    if ((c.chunked ? read_chunks(c, time) : read_sized(c, time)) != Step::Done) return;
    finish(c, time, true);
    go_on(index, time);
}

// Starts what is due by the clock, the first request of each connection or the next by rate, and returns when to look again.
int64_t start_due(int64_t time) {
    if (options.rate > 0) {
        for (size_t i = 0; i < connections.size() && next_by_rate <= time && may_start(time); i++) {
            if (connections[i].busy) continue;
            start(i, time);
            next_by_rate += static_cast<int64_t>(Second / options.rate);
        }
        return std::max(next_by_rate, time + Millisecond / 10);
    }
    for (; next_to_begin < connections.size() && may_start(time); next_to_begin++) {
        int64_t due = begin + options.ramp * static_cast<int64_t>(next_to_begin) / static_cast<int64_t>(connections.size());
        if (due > time) return due;
        start(next_to_begin, time);
    }
    return stop_at;
}

double at(std::vector<double>& sorted, double part) {
    return sorted.empty() ? 0 : sorted[std::min(sorted.size() - 1, static_cast<size_t>(part * static_cast<double>(sorted.size())))];
}

void report(double seconds) {
    std::sort(latencies.begin(), latencies.end());
    std::sort(first_tokens.begin(), first_tokens.end());
    printf("{\"requests\":%ld,\"errors\":%ld,\"seconds\":%.3f,\"per_second\":%.1f,\"p50_us\":%.1f,\"p99_us\":%.1f,\"max_us\":%.1f,"
           "\"first_p50_us\":%.1f,\"first_p99_us\":%.1f,\"events\":%ld,\"disorder\":%ld,\"longest_gap_us\":%.1f}\n",
           finished, errors, seconds, static_cast<double>(finished) / seconds, at(latencies, 0.5), at(latencies, 0.99), at(latencies, 1),
           at(first_tokens, 0.5), at(first_tokens, 0.99), events_seen, disorder, longest_gap);
}

std::string read_file(const char* name) {
    FILE* file = fopen(name, "rb");
    if (!file) fail(name);
    std::string text;
    char buffer[64 * 1024];
    for (size_t n; (n = fread(buffer, 1, sizeof buffer, file)) > 0;) text.append(buffer, n);
    fclose(file);
    return text;
}

void read_options(int count, char** arguments) {
    std::string headers, body;
    for (int i = 1; i < count; i++) {
        std::string_view name = arguments[i];
        if (name == "--subscribe") {
            options.subscribe = true;
            continue;
        }
        if (i + 1 == count) exit((fprintf(stderr, "load: %s needs a value\n", arguments[i]), 2));
        const char* value = arguments[++i];
        if (name == "--port") options.port = atoi(value);
        else if (name == "--path") options.path = value;
        else if (name == "--body") body = read_file(value);
        else if (name == "--header") headers.append(value).append("\r\n");
        else if (name == "--connections") options.connections = atoi(value);
        else if (name == "--stalled") options.stalled = atoi(value);
        else if (name == "--seconds") options.seconds = atof(value);
        else if (name == "--requests") options.requests = atol(value);
        else if (name == "--events") options.events = atol(value);
        else if (name == "--ramp") options.ramp = atol(value) * Millisecond;
        else if (name == "--rate") options.rate = atof(value);
        else exit((fprintf(stderr, "load: unknown option %s\n", arguments[i - 1]), 2));
    }
    options.request = (body.empty() ? "GET " : "POST ") + options.path + " HTTP/1.1\r\nHost: 127.0.0.1:" + std::to_string(options.port) + "\r\n" + headers;
    if (!body.empty()) options.request += "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n";
    options.request += "\r\n" + body;
}

}

int main(int count, char** arguments) {
    read_options(count, arguments);
    poll_set = epoll_create1(0);
    connections.resize(static_cast<size_t>(options.connections));
    for (size_t i = 0; i < connections.size(); i++) connect_to(i);
    begin = now();
    stop_at = options.requests > 0 ? begin + 600 * Second : begin + static_cast<int64_t>(options.seconds * static_cast<double>(Second));
    next_by_rate = begin;

    // Answers under way at the end are waited for, so that every event is counted; what hangs is given up.
    epoll_event events[512];
    int64_t ended = begin, give_up = stop_at + 30 * Second;
    while (true) {
        int64_t time = now(), next = start_due(time);
        bool more = may_start(time) || (!options.subscribe && started > finished + errors);
        if (!more || time > give_up) break;
        int n = wait_until(poll_set, events, 512, next > time ? next : time + 100 * Millisecond);
        for (int i = 0; i < n; i++) {
            if (events[i].events & EPOLLOUT) send_rest(events[i].data.u64);
            if (events[i].events & ~EPOLLOUT) receive(events[i].data.u64);
        }
        ended = now();
    }
    errors += options.subscribe ? 0 : started - finished - errors;
    report(static_cast<double>(ended - begin) / Second);
}
