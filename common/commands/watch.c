/* watch.c - check an exercise again each time that one of its files is saved.
 *
 *     build/common/watch lessons/05-chores
 *
 * Polls the state of all files five times a second. inotify and its like miss changes
 * behind a symbolic link, in a directory that has replaced another, and on a network
 * drive; and the system limits how many may use them.
 * Order of events: main -> start_check, on_time -> ... -> start_check -> on_checked, ...
 */

#include "lesson.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { PERIOD = 200 /* ms; one save of an editor is several changes */ };

static char *lesson;           /* lessons/05-chores */
static uint64_t checked, seen; /* fingerprints: when the check began, and the last */
static uv_timer_t timer;
static uv_process_t checker;
static bool is_checking, again;

static void end_by(uv_signal_t *ending, int signal);
static int add_sources(const char *directory, uint64_t *sum);
static uint64_t fingerprint(void);
static void start_check(void);
static void on_time(uv_timer_t *handle);
static void on_checked(uv_process_t *process, int64_t status, int signal);
static void on_ending(uv_signal_t *ending, int signal);

int main(int argc, char *argv[])
{
    uv_signal_t endings[3];
    char what[256];

    if (argc != 2) {
        fprintf(stderr, "usage: watch lessons/NN-NAME\n");
        return 2;
    }
    lesson = argv[1];
    end_by(&endings[0], SIGINT);
    end_by(&endings[1], SIGTERM);
    end_by(&endings[2], SIGHUP);
    snprintf(what, sizeof what, "watch %s", lesson);
    must(what, add_sources(lesson, &seen));
    must("start a timer", uv_timer_init(uv_default_loop(), &timer));
    must("start a timer", uv_timer_start(&timer, on_time, PERIOD, PERIOD));
    seen = fingerprint();
    start_check();
    run_and_close(); /* until on_ending() */
}

/* What was ignored when we were started (SIGHUP by nohup) stays ignored. */
static void end_by(uv_signal_t *ending, int signal)
{
    struct sigaction before;

    must("listen for Ctrl-C", uv_signal_init(uv_default_loop(), ending));
    if (sigaction(signal, NULL, &before) == 0 && before.sa_handler == SIG_IGN)
        return;
    must("listen for Ctrl-C", uv_signal_start(ending, on_ending, signal));
}

static void clear_screen(void)
{
    const char *terminal = isatty(STDOUT_FILENO) ? getenv("TERM") : NULL;
    char clock[32] = "";
    time_t now = time(NULL);

    strftime(clock, sizeof clock, "%H:%M:%S", localtime(&now));
    printf("%s%s  %.40s: checked at each save; Ctrl-C ends this\n\n",
           terminal && strcmp(terminal, "dumb") != 0 ? "\033[H\033[2J" : "", clock,
           lesson);
    must("write to stdout", fflush(stdout) == 0 ? 0 : UV_EIO);
}

/* In a process group of its own, so that it can be ended as a whole. */
static void start_check(void)
{
    static char script[] = "common/commands/exercise", verb[] = "check";
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

    checked = seen;
    clear_screen();
    must("start common/commands/exercise",
         uv_spawn(uv_default_loop(), &checker, &options));
    is_checking = true;
}

/* It may have ended by itself a moment ago, and then nothing is left to end. */
static void end_check(void)
{
    int error = is_checking ? uv_kill(-checker.pid, SIGTERM) : 0;

    if (error != UV_ESRCH)
        must("end the check", error);
}

/* What editors keep beside a source doesn't matter. */
static bool is_source(const char *file)
{
    size_t size = strlen(file);

    return file[0] != '.' && size > 2 &&
           (strcmp(file + size - 2, ".c") == 0 || strcmp(file + size - 2, ".h") == 0);
}

/* A number that is another one after any change (FNV-1a). */
static void add_bytes(uint64_t *sum, const void *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        *sum = (*sum ^ ((const unsigned char *)bytes)[i]) * 1099511628211U;
}

/* Add the sources in a directory: which there are, and each one's state. (One that is
 * gone meanwhile is missed the next time.) Returns 0 or an error. */
static int add_sources(const char *directory, uint64_t *sum)
{
    uv_fs_t listing, stat;
    uv_dirent_t entry;
    char path[1200];
    int error = uv_fs_scandir(NULL, &listing, directory, 0, NULL);

    while (error >= 0 && uv_fs_scandir_next(&listing, &entry) == 0) {
        if (!is_source(entry.name))
            continue;
        add_bytes(sum, entry.name, strlen(entry.name));
        snprintf(path, sizeof path, "%s/%s", directory, entry.name);
        if (uv_fs_stat(NULL, &stat, path, NULL) == 0) {
            add_bytes(sum, &stat.statbuf.st_ino, sizeof stat.statbuf.st_ino);
            add_bytes(sum, &stat.statbuf.st_size, sizeof stat.statbuf.st_size);
            add_bytes(sum, &stat.statbuf.st_mtim, sizeof stat.statbuf.st_mtim);
        }
        uv_fs_req_cleanup(&stat);
    }
    uv_fs_req_cleanup(&listing);
    return error < 0 ? error : 0;
}

/* A directory may be gone for a moment. */
static uint64_t fingerprint(void)
{
    uint64_t sum = 14695981039346656037U;

    (void)add_sources(lesson, &sum);
    (void)add_sources("common", &sum);
    return sum;
}

/* The loop calls this every 200 ms. When something has changed, but not since the last
 * time, the save is complete, and what is being checked is old by now. */
static void on_time(uv_timer_t *handle)
{
    uint64_t last = seen;

    (void)handle;
    seen = fingerprint();
    if (seen == checked || seen != last)
        return;
    checked = seen;
    again = is_checking;
    if (is_checking)
        end_check();
    else
        start_check();
}

static void on_closed(uv_handle_t *process)
{
    (void)process;
    is_checking = false;
    if (again)
        start_check();
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
