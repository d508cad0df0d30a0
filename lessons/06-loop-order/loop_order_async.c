/* loop_order_async.c - a round of the loop: who is called when.
 * You will see timer, idle, prepare, pipe, check and close, in the loop's order and
 * not in that of main; then a round that sleeps for 0.50 s; then the last one.
 * Order of events: main -> on_timer, on_idle, on_prepare, on_pipe, on_check, ... */

#include "lesson.h"

#include <unistd.h>

struct round {
    uv_check_t check;
    uv_prepare_t prepare;
    uv_idle_t idle;
    uv_poll_t pipe;
    uv_timer_t timer;
    int ends[2]; /* of the pipe: we read from 0 what is written to 1 */
};

static int calls; /* of all callbacks so far; they print it */

static void start_hooks(struct round *round);
static void start_pipe_and_timer(struct round *round);
static void on_timer(uv_timer_t *timer);
static void on_idle(uv_idle_t *idle);
static void on_prepare(uv_prepare_t *prepare);
static void on_pipe(uv_poll_t *pipe, int status, int events);
static void on_check(uv_check_t *check);
static void on_close(uv_handle_t *handle);

int main(void)
{
    struct round round;

    say("main: start check, prepare, idle, pipe, timer");
    start_hooks(&round);
    start_pipe_and_timer(&round);
    must("run the loop", uv_run(uv_default_loop(), UV_RUN_DEFAULT));
    say("main: the loop has ended, prepare is %s",
        uv_is_active((uv_handle_t *)&round.prepare) ? "active" : "not active");
    uv_close((uv_handle_t *)&round.prepare, NULL);
    uv_close((uv_handle_t *)&round.check, NULL);
    run_and_close();
    must("close", close(round.ends[0]) | close(round.ends[1]));
    say("main: the end");
}

/* These are called in every round. Two of them only watch: with uv_unref() they do
 * not keep the loop running. */
static void start_hooks(struct round *round)
{
    must("start check", uv_check_init(uv_default_loop(), &round->check));
    must("start check", uv_check_start(&round->check, on_check));
    must("start prepare", uv_prepare_init(uv_default_loop(), &round->prepare));
    must("start prepare", uv_prepare_start(&round->prepare, on_prepare));
    must("start idle", uv_idle_init(uv_default_loop(), &round->idle));
    must("start idle", uv_idle_start(&round->idle, on_idle));
    uv_unref((uv_handle_t *)&round->check);
    uv_unref((uv_handle_t *)&round->prepare);
}

/* The pipe holds a byte already; the timer is due at once, and again in 500 ms. */
static void start_pipe_and_timer(struct round *round)
{
    must("make a pipe", uv_pipe(round->ends, 0, 0));
    must("write", write(round->ends[1], "!", 1) == 1 ? 0 : UV_EIO);
    must("watch a pipe", uv_poll_init(uv_default_loop(), &round->pipe, round->ends[0]));
    must("watch a pipe", uv_poll_start(&round->pipe, UV_READABLE, on_pipe));
    must("start a timer", uv_timer_init(uv_default_loop(), &round->timer));
    must("start a timer", uv_timer_start(&round->timer, on_timer, 0, 500));
    round->pipe.data = round;
}

static void on_timer(uv_timer_t *timer)
{
    say("timer: call %d", ++calls);
    if (calls > 1) /* it rings twice */
        uv_close((uv_handle_t *)timer, on_close);
}

/* While an idle handle is active, the loop never sleeps: this one is called once. */
static void on_idle(uv_idle_t *idle)
{
    say("idle: call %d, is closed", ++calls);
    uv_close((uv_handle_t *)idle, on_close);
}

/* The last one before the loop looks at its files, and perhaps sleeps there. */
static void on_prepare(uv_prepare_t *prepare)
{
    (void)prepare;
    say("prepare: call %d", ++calls);
}

static void on_pipe(uv_poll_t *pipe, int status, int events)
{
    struct round *round = pipe->data;
    char byte;

    must("watch a pipe", status < 0 ? status : events & UV_READABLE ? 0 : UV_EIO);
    must("read", read(round->ends[0], &byte, 1) == 1 ? 0 : UV_EIO);
    say("pipe: call %d, reads %c", ++calls, byte);
    uv_close((uv_handle_t *)pipe, NULL);
}

/* The first one after the loop has looked, and perhaps slept. */
static void on_check(uv_check_t *check)
{
    (void)check;
    say("check: call %d", ++calls);
}

/* What was closed during the round is the loop's until here. */
static void on_close(uv_handle_t *handle)
{
    say("close: call %d, the %s", ++calls, uv_handle_type_name(handle->type));
}
