/* errors_sync.c - three things that fail, one after the other.
 * You will see three errors that all come through one door: each is what the call
 * itself returns. The exit status is 1, since nothing has worked. */

#include "lesson.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static int read_without_buffer(void);
static int open_missing_file(void);
static int connect_to_closed_port(void);
static void report(const char *name, int result, int *errors);

int main(void)
{
    int errors = 0;

    say("3 things are tried");
    report("no buffer", read_without_buffer(), &errors);
    report("missing file", open_missing_file(), &errors);
    report("connection", connect_to_closed_port(), &errors);
    say("3 attempts, %d errors", errors);
    run_and_close(); /* nothing is left to wait for */
    return errors ? EXIT_FAILURE : EXIT_SUCCESS;
}

/* From file 0, which is stdin, into no buffer at all. Without a callback (the NULL at the
 * end) libuv's calls for files do their work at once. */
static int read_without_buffer(void)
{
    uv_fs_t req;

    return uv_fs_read(NULL, &req, 0, NULL, 0, -1, NULL);
}

static int open_missing_file(void)
{
    uv_fs_t req;
    int result = uv_fs_open(NULL, &req, "missing", UV_FS_O_RDONLY, 0, NULL);

    uv_fs_req_cleanup(&req);
    return result;
}

/* The port is certainly closed: it is ours, and we don't listen there. A call of the
 * system returns -1 and leaves the error in errno. */
static int connect_to_closed_port(void)
{
    struct sockaddr_in address;
    struct sockaddr *any = (struct sockaddr *)&address;
    socklen_t size = sizeof address;
    int port = must_errno("make a socket", socket(AF_INET, SOCK_STREAM, 0));
    int client = must_errno("make a socket", socket(AF_INET, SOCK_STREAM, 0));
    int result;

    must("name an address", uv_ip4_addr("127.0.0.1", 0, &address));
    must_errno("take a port", bind(port, any, size));
    must_errno("ask for it", getsockname(port, any, &size));
    result = connect(client, any, size) < 0 ? uv_translate_sys_error(errno) : 0;
    must_errno("close a socket", close(client));
    must_errno("close a socket", close(port));
    return result;
}

static void report(const char *name, int result, int *errors)
{
    const char *what = result < 0 ? uv_err_name(result) : "has worked";

    say("%s: %s, through the return value", name, what);
    *errors += result < 0;
    uv_sleep(200);
}
