/* errors_sync.c - five things that fail, one after the other.
 * You will see five errors that all come through one door: each is what the
 * call itself returns. The exit status is 1, since nothing has worked. */

#include "lesson.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static int look_up(const char *name);
static int open_missing_file(void);
static int connect_to_closed_port(void);
static int write_to_nobody(void);
static int result_of(ssize_t returned);
static void report(const char *name, int result, int *errors);

int main(void)
{
    int errors = 0;

    say("5 things are tried");
    report("no name", look_up(NULL), &errors);
    report("unknown name", look_up("nobody"), &errors);
    report("missing file", open_missing_file(), &errors);
    report("closed port", connect_to_closed_port(), &errors);
    report("broken pipe", write_to_nobody(), &errors);
    say("given up: can't be, who waits in a call can't stop it");
    say("5 attempts, %d errors", errors);
    run_and_close(); /* nothing is left to wait for */
    return errors ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* Without a callback (the second NULL) libuv's calls do their work at once. With
 * AI_NUMERICHOST only the likes of 127.0.0.1 are names, and nobody is asked. */
static int look_up(const char *name)
{
    struct addrinfo numbers_only = {.ai_flags = AI_NUMERICHOST};
    uv_getaddrinfo_t req;

    return uv_getaddrinfo(uv_default_loop(), &req, NULL, name, NULL, &numbers_only);
}

static int open_missing_file(void)
{
    uv_fs_t req;
    int result = uv_fs_open(NULL, &req, "missing", UV_FS_O_RDONLY, 0, NULL);

    uv_fs_req_cleanup(&req);
    return result;
}

/* The port is certainly closed: it is ours, and we don't listen there. */
static int connect_to_closed_port(void)
{
    struct sockaddr_in address;
    struct sockaddr *any = (struct sockaddr *)&address;
    socklen_t size = sizeof address;
    int port = must("make a socket", result_of(socket(AF_INET, SOCK_STREAM, 0)));
    int client = must("make a socket", result_of(socket(AF_INET, SOCK_STREAM, 0)));
    int result;

    must("name an address", uv_ip4_addr("127.0.0.1", 0, &address));
    must("take a port", result_of(bind(port, any, size)));
    must("ask for it", result_of(getsockname(port, any, &size)));
    result = result_of(connect(client, any, size));
    must("close a socket", result_of(close(client)));
    must("close a socket", result_of(close(port)));
    return result;
}

static int write_to_nobody(void)
{
    uv_file ends[2];
    int result;

    must("make a pipe", uv_pipe(ends, 0, 0));
    must("close the reader's end", result_of(close(ends[0])));
    result = result_of(write(ends[1], "hello", 5));
    must("close our end", result_of(close(ends[1])));
    return result;
}

/* The system returns -1 and leaves the error in errno; libuv returns the error. */
static int result_of(ssize_t returned)
{
    return returned < 0 ? uv_translate_sys_error(errno) : (int)returned;
}

static void report(const char *name, int result, int *errors)
{
    if (result < 0) {
        say("%s: %s, through the return value", name, uv_err_name(result));
        *errors += 1;
    } else {
        say("%s: has worked", name);
    }
    uv_sleep(200);
}
