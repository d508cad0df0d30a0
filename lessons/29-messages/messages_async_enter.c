/* messages_async_enter.c - the scale weighs ten crates, and Enter stops it. What is typed
 * is one more thing that the loop is told of, beside the bell.
 *
 * You will see that neither waits for the other. Where there is no terminal, as in a
 * test, a thread plays you, and presses Enter after 1.0 s. Order of events: main ->
 * weigh, in the thread -> on_bell, for each crate; on_typed -> on_bell, when the scale
 * has stopped. */

#include "messages.h"

#include <stdatomic.h>
#include <unistd.h>

enum { TODAY = 10 }; /* crates */

union keyboard {
    uv_handle_t handle;
    uv_stream_t stream;
    uv_tty_t terminal;
    uv_pipe_t pipe;
};

struct office {
    uv_async_t bell;
    union keyboard keyboard;
    uv_thread_t scale, visitor;
    atomic_int weighed;      /* written by the scale, read by the loop */
    atomic_bool stop, ended; /* the loop's wish; the scale's last word */
    uv_file played[2];       /* a pipe in place of the keyboard, or two times -1 */
    int shown;
    char typed[64];
};

static void open_keyboard(struct office *office);
static void press_enter(void *office);
static void weigh(void *office);
static void on_bell(uv_async_t *bell);
static void give_room(uv_handle_t *keyboard, size_t suggested, uv_buf_t *buffer);
static void on_typed(uv_stream_t *keyboard, ssize_t size, const uv_buf_t *buffer);

int main(void)
{
    static struct office office = {.played = {-1, -1}};

    say("office: ten crates. Enter stops the scale");
    must("make a bell", uv_async_init(uv_default_loop(), &office.bell, on_bell));
    office.bell.data = &office;
    open_keyboard(&office);
    must("start a thread", uv_thread_create(&office.scale, weigh, &office));
    run_and_close();
}

/* A terminal or a pipe; else (a file, say) a pipe of our own. */
static void open_keyboard(struct office *office)
{
    uv_loop_t *loop = uv_default_loop();
    union keyboard *keyboard = &office->keyboard;
    uv_handle_type type = uv_guess_handle(STDIN_FILENO);
    uv_file from = STDIN_FILENO;

    if (type == UV_TTY) {
        must("use the terminal", uv_tty_init(loop, &keyboard->terminal, from, 0));
    } else {
        if (type != UV_NAMED_PIPE) {
            must("make a pipe", uv_pipe(office->played, 0, 0));
            from = office->played[0];
            must("start a thread",
                 uv_thread_create(&office->visitor, press_enter, office));
        }
        must("use a pipe", uv_pipe_init(loop, &keyboard->pipe, 0));
        must("use a pipe", uv_pipe_open(&keyboard->pipe, from));
    }
    keyboard->handle.data = office;
    must("listen", uv_read_start(&keyboard->stream, give_room, on_typed));
}

static void press_enter(void *argument)
{
    struct office *office = argument;

    uv_sleep(1000);
    must_errno("press Enter", write(office->played[1], "\n", 1));
    must_errno("close the pipe", close(office->played[1]));
}

/* In the thread: a crate every 0.4 s, until it is told to stop. It looks before each. */
static void weigh(void *argument)
{
    struct office *office = argument;

    for (int crate = 1; crate <= TODAY && !atomic_load(&office->stop); crate++) {
        uv_sleep(400);
        atomic_store(&office->weighed, crate);
        must("ring", uv_async_send(&office->bell));
    }
    atomic_store(&office->ended, true);
    must("ring", uv_async_send(&office->bell));
}

/* In the loop: shows what is new. Only the newest number counts, so no box is needed. */
static void on_bell(uv_async_t *bell)
{
    struct office *office = bell->data;
    bool ended = atomic_load(&office->ended); /* first: then no crate comes after it */
    int weighed = atomic_load(&office->weighed);

    while (office->shown < weighed)
        say("office: crate %d", ++office->shown);
    if (!ended || uv_is_closing((uv_handle_t *)bell))
        return;
    say("office: the scale has stopped, %d of %d crates", weighed, TODAY);
    must("join a thread", uv_thread_join(&office->scale));
    if (office->played[1] >= 0)
        must("join a thread", uv_thread_join(&office->visitor));
    uv_close((uv_handle_t *)bell, NULL);
    if (!uv_is_closing(&office->keyboard.handle))
        uv_close(&office->keyboard.handle, NULL);
}

static void give_room(uv_handle_t *keyboard, size_t suggested, uv_buf_t *buffer)
{
    struct office *office = keyboard->data;

    (void)suggested;
    *buffer = uv_buf_init(office->typed, sizeof office->typed);
}

/* Enter, or the end of what can be typed. A terminal gives whole lines. */
static void on_typed(uv_stream_t *keyboard, ssize_t size, const uv_buf_t *buffer)
{
    struct office *office = keyboard->data;

    (void)buffer;
    if (size == 0)
        return; /* nothing, after all */
    must("listen", size == UV_EOF ? 0 : size);
    say("office: Enter was pressed");
    atomic_store(&office->stop, true);
    uv_close((uv_handle_t *)keyboard, NULL);
}
