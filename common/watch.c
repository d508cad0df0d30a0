/* watch.c - check an exercise again each time that one of its files is saved.
 *
 *     build/common/watch lessons/05-chores
 *
 * Watches the directories, not the file: many editors write a new file and put
 * it in the place of the old one.
 * Order of events: main -> check, on_change -> on_quiet -> check -> on_checked, ... */

#include "lesson.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { QUIET = 100 /* ms; one save of an editor is several events */ };

static char *lesson; /* lessons/05-chores */
static uv_fs_event_t directories[2];
static uv_timer_t quiet;
static uv_process_t checker;
static bool is_checking, again;

static void watch(uv_fs_event_t *directory, const char *path);
static void end_with(uv_signal_t *ending, int signal);
static void check(void);
static void on_change(uv_fs_event_t *directory, const char *file, int events, int status);
static void on_quiet(uv_timer_t *timer);
static void on_checked(uv_process_t *process, int64_t status, int signal);
static void on_ending(uv_signal_t *ending, int signal);

int main(int argc, char *argv[])
{
    uv_signal_t endings[3];

    if (argc != 2) {
        fprintf(stderr, "usage: watch lessons/NN-NAME\n");
        return 2;
    }
    lesson = argv[1];
    end_with(&endings[0], SIGINT);
    end_with(&endings[1], SIGTERM);
    end_with(&endings[2], SIGHUP);
    must("start a timer", uv_timer_init(uv_default_loop(), &quiet));
    watch(&directories[0], lesson);
    watch(&directories[1], "common");
    check();
    run_and_close(); /* until on_ending() */
}

static void watch(uv_fs_event_t *directory, const char *path)
{
    char what[256];

    snprintf(what, sizeof what, "watch the directory %s", path);
    must(what, uv_fs_event_init(uv_default_loop(), directory));
    must(what, uv_fs_event_start(directory, on_change, path, 0));
}

static void end_with(uv_signal_t *ending, int signal)
{
    must("listen for Ctrl-C", uv_signal_init(uv_default_loop(), ending));
    must("listen for Ctrl-C", uv_signal_start(ending, on_ending, signal));
}

static void clear_screen(void)
{
    char clock[32] = "";
    time_t now = time(NULL);

    strftime(clock, sizeof clock, "%H:%M:%S", localtime(&now));
    printf("%s%s  %.40s: checked at each save; Ctrl-C ends this\n\n",
           isatty(STDOUT_FILENO) ? "\033[H\033[2J" : "", clock, lesson);
    must("write to stdout", fflush(stdout) == 0 ? 0 : UV_EIO);
}

/* In a process group of its own, so that it can be ended as a whole. */
static void check(void)
{
    static char script[] = "common/exercise", verb[] = "check";
    char *command[] = {script, verb, lesson, NULL};
    uv_stdio_container_t files[3] = {
        {.flags = UV_IGNORE},
        {.flags = UV_INHERIT_FD, .data.fd = STDOUT_FILENO},
        {.flags = UV_INHERIT_FD, .data.fd = STDERR_FILENO},
    };
    uv_process_options_t options = {.file = script,
                                    .args = command,
                                    .stdio = files,
                                    .stdio_count = 3,
                                    .exit_cb = on_checked,
                                    .flags = UV_PROCESS_DETACHED};

    clear_screen();
    must("start common/exercise", uv_spawn(uv_default_loop(), &checker, &options));
    is_checking = true;
}

/* It may have ended by itself a moment ago, and then nothing is left to end. */
static void end_check(void)
{
    int error = is_checking ? uv_kill(-checker.pid, SIGTERM) : 0;

    if (error != UV_ESRCH)
        must("end the check", error);
}

static bool is_source(const char *file)
{
    size_t size = strlen(file);

    return file[0] != '.' && size > 2 &&
           (strcmp(file + size - 2, ".c") == 0 || strcmp(file + size - 2, ".h") == 0);
}

/* The loop calls this for every file that is written, renamed or removed; not
 * always does the system say which. What editors keep beside it doesn't matter. */
static void on_change(uv_fs_event_t *directory, const char *file, int events, int status)
{
    (void)directory;
    (void)events;
    must("watch a directory", status);
    if (file == NULL || is_source(file))
        must("start a timer", uv_timer_start(&quiet, on_quiet, QUIET, 0));
}

/* Nothing has changed for a moment. What is being checked is old by now. */
static void on_quiet(uv_timer_t *timer)
{
    (void)timer;
    again = is_checking;
    if (is_checking)
        end_check();
    else
        check();
}

static void on_closed(uv_handle_t *process)
{
    (void)process;
    is_checking = false;
    if (again)
        check();
    again = false;
}

static void on_checked(uv_process_t *process, int64_t status, int signal)
{
    (void)status;
    (void)signal;
    uv_close((uv_handle_t *)process, on_closed);
}

static void on_ending(uv_signal_t *ending, int signal)
{
    (void)ending;
    end_check();
    printf("\n");
    exit(signal == SIGINT ? 0 : 128 + signal); /* Ctrl-C is how one ends this */
}
