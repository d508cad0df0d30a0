/* idle_sync_network.c - why everybody waits: how long does one byte need over the network
 * and back, and how long an addition?
 *
 * The network is that of this machine, from a socket to another one: no cable is as
 * quick. You will see how many additions fit into one round trip. Order of events: main
 * -> connect_both -> round_trip, again and again -> addition. */

#include "idle.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TRIPS = 1000, ADDITIONS = 1000000 };

static void connect_both(int ends[2]);
static double round_trip(const int ends[2]);
static double addition(void);

int main(void)
{
    int ends[2];
    double trip, sum;

    connect_both(ends);
    say("network: %d round trips", TRIPS);
    trip = round_trip(ends);
    say_untimed("processor: %d additions", ADDITIONS);
    sum = addition();
    measure("a round trip: %.1f us", trip / 1000);
    measure("an addition: %.2f ns", sum);
    measure("a round trip takes as long as %.0f additions", trip / sum);
    must_errno("close a socket", close(ends[0]));
    must_errno("close a socket", close(ends[1]));
}

/* A TCP connection from this program to itself; the system chooses the port. */
static void connect_both(int ends[2])
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    struct sockaddr *any = (struct sockaddr *)&address;
    socklen_t size = sizeof address;
    int port = must_errno("make a socket", socket(AF_INET, SOCK_STREAM, 0));
    int no_delay = 1;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    must_errno("take a port", bind(port, any, size));
    must_errno("listen", listen(port, 1));
    must_errno("ask for the port", getsockname(port, any, &size));
    ends[0] = must_errno("make a socket", socket(AF_INET, SOCK_STREAM, 0));
    must_errno("connect", connect(ends[0], any, size));
    ends[1] = must_errno("accept", accept(port, NULL, NULL));
    must_errno("close a port", close(port));
    for (int i = 0; i < 2; i++) /* a byte is sent at once */
        must_errno("set a socket", setsockopt(ends[i], IPPROTO_TCP, TCP_NODELAY,
                                              &no_delay, sizeof no_delay));
}

/* ns, of the quickest: the others were in somebody's way. */
static double round_trip(const int ends[2])
{
    uint64_t least = UINT64_MAX;
    char byte = 0;

    for (int i = 0; i < TRIPS; i++) {
        uint64_t start = uv_hrtime(), took;

        for (int to = 0; to < 2; to++) {
            must_errno("send", write(ends[to], &byte, 1));
            must_errno("receive", read(ends[1 - to], &byte, 1));
        }
        took = uv_hrtime() - start;
        if (took < least)
            least = took;
    }
    return (double)least;
}

/* ns. (The number is volatile, or the compiler would add once.) */
static double addition(void)
{
    volatile uint64_t number = 0;
    uint64_t start = cpu_time();

    for (int i = 0; i < ADDITIONS; i++)
        number = number + 1;
    return (double)(cpu_time() - start) / ADDITIONS;
}
