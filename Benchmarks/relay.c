/* The floor that proxies are measured against: hands bytes from each client to an origin
   connection of its own and back, in one thread, and looks at none of them. For a small request
   and answer that is recv, send, recv, send: what any proxy pays before it does anything. Usage:
   relay PORT ORIGIN-PORT */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { descriptors_max = 16384, piece_bytes = 64 * 1024 };

/* What one socket still owes to its partner: bytes that did not fit when they came. */
struct end {
    int partner;
    char *owed;
    size_t owed_from, owed_to;
};

static struct end ends[descriptors_max];
static char piece[piece_bytes];
static int loop;

static void check(int result, const char *what) {
    if (result < 0) {
        perror(what);
        exit(1);
    }
}

static struct sockaddr_in loopback(const char *port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

static void close_pair(int fd) {
    int both[2] = {fd, ends[fd].partner};
    for (int i = 0; i < 2; i++) {
        free(ends[both[i]].owed);
        memset(&ends[both[i]], 0, sizeof ends[0]);
        close(both[i]);
    }
}

/* Sends what is owed to the partner of `fd`: 1 when nothing is left, 0 to wait, -1 at an end. */
static int pay(int fd) {
    struct end *end = &ends[fd];
    while (end->owed_from < end->owed_to) {
        ssize_t sent = send(end->partner, end->owed + end->owed_from,
                            end->owed_to - end->owed_from, MSG_NOSIGNAL);
        if (sent < 0) return errno == EAGAIN ? 0 : -1;
        end->owed_from += (size_t)sent;
    }
    return 1;
}

static int keep(struct end *end, size_t from, size_t to) {
    if (!end->owed) end->owed = malloc(piece_bytes);
    if (!end->owed) return -1;
    memcpy(end->owed, piece + from, to - from);
    end->owed_from = 0;
    end->owed_to = to - from;
    return 0;
}

/* Moves bytes from `fd` to its partner until there are none or the partner is full. */
static int move(int fd) {
    for (;;) {
        int paid = pay(fd);
        if (paid <= 0) return paid;
        ssize_t got = recv(fd, piece, sizeof piece, 0);
        if (got < 0) return errno == EAGAIN ? 0 : -1;
        if (got == 0) return -1;
        ssize_t sent = send(ends[fd].partner, piece, (size_t)got, MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN) return -1;
        if (sent < 0) sent = 0;
        if (sent < got && keep(&ends[fd], (size_t)sent, (size_t)got) < 0) return -1;
        /* A short read has emptied the socket: asking again would cost a fifth call. */
        if (got < (ssize_t)sizeof piece && sent == got) return 0;
    }
}

static void watch(int fd, int partner) {
    int one = 1;
    ends[fd].partner = partner;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.fd = fd};
    check(epoll_ctl(loop, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

static void welcome(int listener, const struct sockaddr_in *origin) {
    for (;;) {
        int client = accept4(listener, 0, 0, SOCK_NONBLOCK);
        if (client < 0) return;
        int upstream = socket(AF_INET, SOCK_STREAM, 0);
        check(upstream, "socket");
        if (client >= descriptors_max || upstream >= descriptors_max
            || connect(upstream, (const void *)origin, sizeof *origin) < 0) {
            close(client);
            close(upstream);
            continue;
        }
        check(fcntl(upstream, F_SETFL, O_NONBLOCK), "fcntl");
        watch(client, upstream);
        watch(upstream, client);
    }
}

int main(int count, char **arguments) {
    if (count != 3) {
        fprintf(stderr, "usage: relay PORT ORIGIN-PORT\n");
        return 64;
    }
    struct sockaddr_in here = loopback(arguments[1]), origin = loopback(arguments[2]);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), one = 1;
    check(listener, "socket");
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    check(bind(listener, (void *)&here, sizeof here), "bind");
    check(listen(listener, 4096), "listen");
    check(loop = epoll_create1(0), "epoll_create1");
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[256];
    check(epoll_ctl(loop, EPOLL_CTL_ADD, listener, &event), "epoll_ctl");
    for (;;) {
        int ready = epoll_wait(loop, events, 256, -1);
        for (int i = 0; i < ready; i++) {
            int fd = events[i].data.fd;
            if (fd == listener) {
                welcome(listener, &origin);
            } else if (ends[fd].partner) {
                /* Room to send wakes the partner's side; something to read wakes this one. */
                int owes = ends[ends[fd].partner].owed_from < ends[ends[fd].partner].owed_to;
                int ended = (events[i].events & EPOLLOUT) && owes ? move(ends[fd].partner) < 0 : 0;
                if (!ended && (events[i].events & (EPOLLIN | EPOLLRDHUP))) ended = move(fd) < 0;
                if (ended || (events[i].events & (EPOLLHUP | EPOLLERR))) close_pair(fd);
            }
        }
    }
}
