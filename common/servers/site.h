/* site.h - between site.c, which serves requests, and site-routes.c, which has the pages.
 * These run in libmicrohttpd's thread: they must not block, but may suspend a request. */
#ifndef SITE_H
#define SITE_H

#include <microhttpd.h>
#include <stdbool.h>
#include <stdint.h>

enum {
    MOST_CONNECTIONS = 4000,
    FOREVER = INT32_MAX /* ms: 24 days */
};

/* One request, from its header to the end of its answer, which frees it. */
struct request {
    struct MHD_Connection *connection;
    int socket;
    const char *path;     /* unescaped, without what follows a '?' */
    bool is_disconnected; /* found while it was suspended */

    /* site-routes.c's own; 0 at first. */
    const char *rest;  /* of the path, behind the route's */
    long number;       /* that, when it is a number */
    bool was_delayed;  /* as ?delay=MS asked for */
    bool has_waited;   /* the route's own wait is over */
    long bytes, every; /* of /drip */

    /* site.c's own. */
    bool is_counted; /* in flight, for /stats */
    bool is_at_barrier;
    uint64_t due;                   /* ns of uv_hrtime() */
    struct request *before, *after; /* in the queue */
};

/* site-routes.c: queue the answer, or suspend the request, after which this is called
 * once more, unless the client has disconnected. MHD_NO closes the connection. */
enum MHD_Result answer_request(struct request *request, const char *method);

/* To be returned by a route. After so many milliseconds (or FOREVER), or when the client
 * has disconnected, the request goes on; so does a reader of libmicrohttpd's that calls
 * this and returns 0. MHD_NO when the site is stopping. */
enum MHD_Result suspend_request(struct request *request, long ms);

/* The same until `count` requests, this one included, are suspended here at once. */
enum MHD_Result suspend_at_barrier(struct request *request, long count);

/* How many requests there were, and how many of them at the same time, /stats aside. */
void read_stats(unsigned *requests, unsigned *most_in_flight);

#endif
