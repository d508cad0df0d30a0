/* trace_subject.c - programs for the tests of the loop tracer: each does one thing that
 * it is to find, or to leave alone. Their callbacks wait, and don't compute, so that a
 * busy machine changes nothing. */

#include "lesson.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static uv_timer_t timer, other;

static void on_quick(uv_timer_t *handle)
{
    uv_close((uv_handle_t *)handle, NULL);
}

/* A signal would cut it short. */
static void on_sleepy(uv_timer_t *handle)
{
    struct timespec time = {.tv_nsec = 300 * 1000 * 1000};

    say("slept: %s", nanosleep(&time, NULL) == 0 ? "whole" : "cut short");
    uv_close((uv_handle_t *)handle, NULL);
}

static void on_crash(uv_timer_t *handle)
{
    (void)handle;
    raise(SIGSEGV);
}

static void on_exit_3(uv_timer_t *handle)
{
    (void)handle;
    exit(3);
}

static void on_endless(uv_timer_t *handle)
{
    (void)handle;
    say("endless");
    for (;;)
        pause();
}

/* The child goes on in the same callback, and uses the loop. */
static void on_fork(uv_timer_t *handle)
{
    int status;
    pid_t child = fork();

    if (child == 0) {
        must("start", uv_timer_start(&other, on_quick, 1, 0));
        uv_close((uv_handle_t *)handle, NULL);
        return;
    }
    if (waitpid(child, &status, 0) != child)
        exit(1);
    say("child: %d", status);
    uv_close((uv_handle_t *)handle, NULL);
    uv_close((uv_handle_t *)&other, NULL);
}

static void run_thread(void *context)
{
    uv_loop_t loop;
    uv_timer_t own;

    (void)context;
    must("make a loop", uv_loop_init(&loop));
    must("init", uv_timer_init(&loop, &own));
    must("start", uv_timer_start(&own, on_sleepy, 1, 0));
    must("run", uv_run(&loop, UV_RUN_DEFAULT));
    must("close", uv_loop_close(&loop));
}

__attribute__((noinline)) static void make(uv_timer_t *handle, uv_timer_cb cb,
                                           unsigned ms)
{
    must("init", uv_timer_init(uv_default_loop(), handle));
    must("start", uv_timer_start(handle, cb, ms, 0));
}

static void print_handle(uv_handle_t *handle, void *context)
{
    (void)context;
    say("walk: %s", uv_handle_type_name(handle->type));
}

int main(int argc, char *argv[])
{
    const char *what = argc > 1 ? argv[1] : "";
    uv_thread_t thread;

    say("%s", what);
    if (strcmp(what, "quick") == 0) {
        make(&timer, on_quick, 1);
    } else if (strcmp(what, "late") == 0) {
        make(&timer, on_sleepy, 1);
        make(&other, on_quick, 2);
    } else if (strcmp(what, "outside") == 0) {
        make(&timer, on_quick, 1);
        uv_sleep(300);
    } else if (strcmp(what, "open") == 0) {
        must("init", uv_timer_init(uv_default_loop(), &timer));
        make(&other, on_quick, 1);
        must("run", uv_run(uv_default_loop(), UV_RUN_DEFAULT));
        uv_walk(uv_default_loop(), print_handle, NULL);
        say("close: %s", uv_strerror(uv_loop_close(uv_default_loop())));
        return 0;
    } else if (strcmp(what, "crash") == 0) {
        make(&timer, on_crash, 1);
    } else if (strcmp(what, "exit") == 0) {
        make(&timer, on_exit_3, 1);
    } else if (strcmp(what, "waits") == 0) {
        make(&timer, on_exit_3, 3600000);
    } else if (strcmp(what, "endless") == 0) {
        make(&timer, on_endless, 1);
    } else if (strcmp(what, "fork") == 0) {
        must("init", uv_timer_init(uv_default_loop(), &other));
        make(&timer, on_fork, 1);
    } else if (strcmp(what, "threads") == 0) {
        make(&timer, on_quick, 1);
        must("start a thread", uv_thread_create(&thread, run_thread, NULL));
        must("join", uv_thread_join(&thread));
    } else if (strcmp(what, "freed") == 0) {
        uv_timer_t *handle = malloc(sizeof *handle);

        make(handle, on_quick, 1);
        must("start", uv_timer_start(handle, on_quick, 60000, 0));
        make(&timer, on_quick, 1);
        must("stop", uv_timer_stop(handle));
        free(handle);
        must("run", uv_run(uv_default_loop(), UV_RUN_DEFAULT));
        _exit(0);
    } else if (strcmp(what, "exec") == 0) {
        make(&timer, on_quick, 1);
        must("run", uv_run(uv_default_loop(), UV_RUN_DEFAULT));
        say("preloaded: %s, record: %s", getenv("LD_PRELOAD") ? "yes" : "no",
            getenv("TRACE_RECORD") ? "yes" : "no");
        execl("/proc/self/exe", argv[0], "quick", NULL);
        return 1;
    }
    run_and_close();
    return 0;
}
