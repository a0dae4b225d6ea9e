// The demo's web server: answers every request with its pod's name and its version, so that one sees who
// answered. One thread per connection, HTTP/1.1 with keep-alive, one log line per request on stdout.
//
//   GET /         "<pod> <version>\n"; pod from POD_NAME, else HOSTNAME; version from VERSION
//   GET /healthz  "ok\n", and 503 "draining\n" after SIGTERM
//   GET /slow?ms=N  like /, after N milliseconds (at most 30,000)
//
// SIGTERM drains: service rules that still name this pod change a moment after the pod learns that it must
// go, so it goes on answering (with Connection: close) until no request but probes has come for
// DRAIN_SECONDS (default 2), at most 20 seconds; then it finishes what is in flight and exits with 0.
#define _GNU_SOURCE
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
  connections_max = 512,       // more are closed at once
  request_bytes_max = 16384,   // head and body of one request
  idle_ms_max = 30000,         // a connection without a request
  drain_idle_ms_max = 1000,    // the same while draining
  slow_ms_max = 30000,
  drain_ms_max = 20000,
  tick_ms = 100,               // how soon a waiting thread sees that draining began
};

static atomic_bool draining;
static atomic_int connections;
static atomic_long last_request_ms;  // probes do not count
static const char *pod, *version;

static void on_term(int number) {
  (void)number;
  draining = true;
}

static long now_ms(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static const char *env_or(const char *name, const char *otherwise) {
  const char *value = getenv(name);
  return value && *value ? value : otherwise;
}

static int write_all(int fd, const char *data, size_t size) {
  while (size > 0) {
    ssize_t n = send(fd, data, size, MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0)
      return -1;
    data += n;
    size -= (size_t)n;
  }
  return 0;
}

static int answer(int fd, const char *status, const char *body, int head_only, int keep) {
  char text[1024];
  int n = snprintf(text, sizeof text,
                   "HTTP/1.1 %s\r\nContent-Type: text/plain\r\nContent-Length: %zu\r\n%s\r\n%s", status,
                   strlen(body), keep ? "" : "Connection: close\r\n", head_only ? "" : body);
  return write_all(fd, text, (size_t)n);
}

// Reads until the blank line after the head. Returns the bytes in `buffer`, 0 when the client is gone, is
// idle for too long, -1 when the head is too large.
static int read_head(int fd, char *buffer, int used) {
  long began = now_ms();
  for (;;) {
    buffer[used] = 0;
    if (strstr(buffer, "\r\n\r\n"))
      return used;
    if (used == request_bytes_max)
      return -1;
    struct pollfd p = {.fd = fd, .events = POLLIN};
    int ready = poll(&p, 1, tick_ms);
    if (ready > 0) {
      ssize_t n = recv(fd, buffer + used, (size_t)(request_bytes_max - used), 0);
      if (n <= 0)
        return 0;
      used += (int)n;
    } else if (now_ms() - began > (draining ? drain_idle_ms_max : idle_ms_max)) {
      return 0;
    }
  }
}

// Answers the request at the start of `buffer`. Returns whether the connection goes on.
static int serve(int fd, const char *buffer) {
  char method[16] = "", path[256] = "", protocol[16] = "";
  if (sscanf(buffer, "%15s %255s %15s", method, path, protocol) != 3 || strncmp(protocol, "HTTP/1.", 7)) {
    answer(fd, "400 Bad Request", "bad request\n", 0, 0);
    return 0;
  }
  const char *close_asked = strcasestr(buffer, "\r\nconnection: close");
  const char *has_body = strcasestr(buffer, "\r\ncontent-length:");
  int keep = !strcmp(protocol, "HTTP/1.1") && !close_asked && !has_body && !draining;
  int head_only = !strcmp(method, "HEAD");
  const char *status = "200 OK";
  char body[512];
  snprintf(body, sizeof body, "%s %s\n", pod, version);
  if (strcmp(method, "GET") && !head_only) {
    status = "405 Method Not Allowed";
    snprintf(body, sizeof body, "only GET and HEAD\n");
  } else if (!strcmp(path, "/healthz")) {
    status = draining ? "503 Service Unavailable" : status;
    snprintf(body, sizeof body, draining ? "draining\n" : "ok\n");
  } else if (!strncmp(path, "/slow?ms=", 9)) {
    long ms = strtol(path + 9, NULL, 10);
    ms = ms < 0 ? 0 : ms > slow_ms_max ? slow_ms_max : ms;
    struct timespec pause = {ms / 1000, ms % 1000 * 1000000};
    while (nanosleep(&pause, &pause) && errno == EINTR) {
    }
  } else if (strcmp(path, "/")) {
    status = "404 Not Found";
    snprintf(body, sizeof body, "no such page\n");
  }
  int sent = answer(fd, status, body, head_only, keep);
  if (!strcmp(path, "/healthz"))  // a probe; in the log they would drown everything else
    return keep && !sent;
  last_request_ms = now_ms();
  printf("%s %s %.3s\n", method, path, status);
  return keep && !sent;
}

static void *connection(void *argument) {
  int fd = (int)(long)argument;
  char *buffer = malloc(request_bytes_max + 1);
  int used = 0, more = buffer != NULL;
  while (more) {
    used = read_head(fd, buffer, used);
    if (used < 0)
      answer(fd, "431 Request Header Fields Too Large", "too large\n", 0, 0);
    if (used <= 0)
      break;
    more = serve(fd, buffer);
    char *end = strstr(buffer, "\r\n\r\n") + 4;
    used -= (int)(end - buffer);
    memmove(buffer, end, (size_t)used);
  }
  free(buffer);
  shutdown(fd, SHUT_WR);
  close(fd);
  connections--;
  return NULL;
}

static void accept_one(int listener) {
  int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
  if (fd < 0)
    return;
  if (connections >= connections_max) {
    close(fd);
    return;
  }
  int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  pthread_t thread;
  connections++;
  if (pthread_create(&thread, NULL, connection, (void *)(long)fd)) {
    close(fd);
    connections--;
    return;
  }
  pthread_detach(thread);
}

// Accepts until draining is over: no request for `quiet_ms`, or drain_ms_max passed.
static void accept_connections(int listener, long quiet_ms) {
  long began = 0;
  for (;;) {
    struct pollfd p = {.fd = listener, .events = POLLIN};
    int ready = poll(&p, 1, tick_ms);
    long now = now_ms();
    if (ready > 0)
      accept_one(listener);
    if (!draining)
      continue;
    if (!began) {
      began = now;
      printf("draining\n");
    }
    long last = last_request_ms > began ? last_request_ms : began;
    if (now - last >= quiet_ms || now - began >= drain_ms_max)
      return;
  }
}

int main(void) {
  pod = env_or("POD_NAME", env_or("HOSTNAME", "unknown"));
  version = env_or("VERSION", "unversioned");
  int port = atoi(env_or("PORT", "8080"));
  long quiet_ms = atol(env_or("DRAIN_SECONDS", "2")) * 1000;
  setvbuf(stdout, NULL, _IOLBF, 0);
  struct sigaction term = {.sa_handler = on_term};
  sigaction(SIGTERM, &term, NULL);
  sigaction(SIGINT, &term, NULL);
  signal(SIGPIPE, SIG_IGN);

  int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
  if (port <= 0 || port > 65535 || bind(listener, (struct sockaddr *)&address, sizeof address) ||
      listen(listener, 256)) {
    fprintf(stderr, "web: cannot listen on port %d: %s\n", port, strerror(errno));
    return 1;
  }
  printf("%s %s listens on port %d\n", pod, version, port);
  accept_connections(listener, quiet_ms);
  close(listener);
  while (connections > 0)
    usleep(10000);
  printf("drained\n");
  return 0;
}
