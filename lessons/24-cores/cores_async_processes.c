/* cores_async_processes.c - the same points, counted by several workers, each a process:
 * this program once more, with other arguments.
 *
 * You will see the same checksum, and what it costs to start a process and to hand back
 * the result, which has to come through a pipe. Order of events: main -> count_points ->
 * start, for each worker -> on_text, and on_end, of each. */

#include "cores.h"

#include <unistd.h>

struct worker {
    uv_process_t process;
    uv_pipe_t pipe;
    char text[32]; /* what has come through it */
    size_t size;
    long long points;
};

static long long count_points(int radius, int workers);
static void start(struct worker *worker, int radius, int first, int end);
static void give_room(uv_handle_t *pipe, size_t suggested, uv_buf_t *buffer);
static void on_text(uv_stream_t *pipe, ssize_t size, const uv_buf_t *buffer);
static void on_end(uv_process_t *process, int64_t status, int signal);

/* FIRST and END are for the workers: who has a share counts it, writes the result to its
 * stdout, and that is all. */
int main(int argc, char *argv[])
{
    struct number asked[] = {{"RADIUS", RADIUS, 1, MOST},
                             {"WORKERS", 0, 1, 256},
                             {"FIRST", 0, 1, MOST + 1},
                             {"END", 0, 1, MOST + 1}};

    read_numbers(argc, argv, asked, 4);
    if (asked[3].value == 0)
        compare_workers(asked[0].value, asked[1].value, count_points);
    else
        must_errno("write the result",
                   dprintf(STDOUT_FILENO, "%lld\n",
                           count_rows(asked[0].value, asked[2].value, asked[3].value)));
    run_and_close();
}

static long long count_points(int radius, int workers)
{
    struct worker *crew = calloc((size_t)workers, sizeof *crew);
    long long points = 0;

    must("get memory", crew ? 0 : UV_ENOMEM);
    for (int i = 0; i < workers; i++)
        start(&crew[i], radius, 1 + radius * i / workers, 1 + radius * (i + 1) / workers);
    must("run the loop", uv_run(uv_default_loop(), UV_RUN_DEFAULT));
    for (int i = 0; i < workers; i++)
        points += crew[i].points;
    free(crew);
    return points;
}

/* A process shares no memory with us: its share goes there as words, and the result comes
 * back through a pipe, which is its stdout. */
static void start(struct worker *worker, int radius, int first, int end)
{
    char program[4096], words[3][12],
        *arguments[] = {program, words[0], "1", words[1], words[2], NULL};
    size_t size = sizeof program;
    uv_stdio_container_t files[] = {
        {.flags = UV_IGNORE},
        {.flags = UV_CREATE_PIPE | UV_WRITABLE_PIPE,
         .data.stream = (uv_stream_t *)&worker->pipe},
        {.flags = UV_INHERIT_FD, .data.fd = STDERR_FILENO},
    };
    uv_process_options_t options = {.file = program,
                                    .args = arguments,
                                    .stdio = files,
                                    .stdio_count = 3,
                                    .exit_cb = on_end};

    must("find this program", uv_exepath(program, &size));
    snprintf(words[0], sizeof words[0], "%d", radius);
    snprintf(words[1], sizeof words[1], "%d", first);
    snprintf(words[2], sizeof words[2], "%d", end);
    must("make a pipe", uv_pipe_init(uv_default_loop(), &worker->pipe, 0));
    worker->pipe.data = worker;
    must("start a worker", uv_spawn(uv_default_loop(), &worker->process, &options));
    must("listen to a worker",
         uv_read_start((uv_stream_t *)&worker->pipe, give_room, on_text));
}

static void give_room(uv_handle_t *pipe, size_t suggested, uv_buf_t *buffer)
{
    struct worker *worker = pipe->data;

    (void)suggested;
    *buffer = uv_buf_init(worker->text + worker->size,
                          (unsigned)(sizeof worker->text - 1 - worker->size));
}

/* A pipe may give a part of the number: at the end of the text it is whole. */
static void on_text(uv_stream_t *pipe, ssize_t size, const uv_buf_t *buffer)
{
    struct worker *worker = pipe->data;

    (void)buffer;
    if (size >= 0) {
        worker->size += (size_t)size;
        return;
    }
    must("hear a worker", size == UV_EOF ? 0 : size);
    worker->points = atoll(worker->text);
    uv_close((uv_handle_t *)pipe, NULL);
}

/* Only who has ended well has counted all of its share. */
static void on_end(uv_process_t *process, int64_t status, int signal)
{
    if (status != 0 || signal != 0) {
        fprintf(stderr, "%s: a worker has failed: status %d, signal %d\n", program_name(),
                (int)status, signal);
        exit(EXIT_FAILURE);
    }
    uv_close((uv_handle_t *)process, NULL);
}
