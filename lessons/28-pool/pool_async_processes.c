/* pool_async_processes.c - pool_async.c, and in do_job() another function is called: one
 * that lets another process do it. For a library that may crash, or leaks, or must not be
 * called from two threads.
 *
 * You will see the same lines at the same times, but for "in another process". Order of
 * events: main -> submit, for each photo -> do_job, in a thread of the pool ->
 * shrink_elsewhere, which waits for a process -> on_done, in the loop. */

#include "pool.h"

#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

struct job {
    uv_work_t work;
    struct photo photo;
    long *sum;
};

static void answer_for(int number);
static void submit(struct job *job);
static void do_job(uv_work_t *work);
static void shrink_elsewhere(struct photo *photo);
static pid_t start_process(int number, int result);
static void on_done(uv_work_t *work, int status);

/* With the number of a photo it is such a process.
 */
int main(int argc, char *argv[])
{
    struct number asked = {"PHOTO", 0, 1, PHOTOS};
    struct job jobs[PHOTOS];
    long sum = 0;

    read_numbers(argc, argv, &asked, 1);
    if (asked.value > 0) {
        answer_for(asked.value);
        return 0;
    }
    say("lab: six photos");
    for (int i = 0; i < PHOTOS; i++) {
        jobs[i] = (struct job){.photo = {.number = i + 1}, .sum = &sum};
        submit(&jobs[i]);
    }
    run_and_close();
    say("checksum: %ld", sum);
}

/* In the other process: what goes through the pipe is numbers, not our memory. */
static void answer_for(int number)
{
    struct photo photo = {.number = number};
    long answer[2];

    shrink(&photo);
    answer[0] = photo.result;
    answer[1] = photo.pid;
    must_errno("write the result", write(STDOUT_FILENO, answer, sizeof answer));
}

static void submit(struct job *job)
{
    say("photo %d: asked for", job->photo.number);
    job->work.data = job;
    must("ask for a thread",
         uv_queue_work(uv_default_loop(), &job->work, do_job, on_done));
}

static void do_job(uv_work_t *work)
{
    struct job *job = work->data;

    shrink_elsewhere(&job->photo);
}

/* A process has memory of its own: the result comes back through a pipe. The thread waits
 * for it. (The loop's uv_spawn() would not need a thread, but a callback for each step:
 * lesson 24.) */
static void shrink_elsewhere(struct photo *photo)
{
    uv_file ends[2];
    long answer[2];
    ssize_t size;
    int status;
    pid_t child;

    must("make a pipe", uv_pipe(ends, 0, 0)); /* no other process inherits it */
    child = start_process(photo->number, ends[1]);
    must_errno("close an end of a pipe", close(ends[1]));
    size = must_errno("read the result", read(ends[0], answer, sizeof answer));
    must_errno("close an end of a pipe", close(ends[0]));
    must_errno("wait for a process", waitpid(child, &status, 0));
    must("do it in another process", status == 0 && size == sizeof answer ? 0 : UV_EIO);
    photo->result = answer[0];
    photo->pid = (uv_pid_t)answer[1];
}

/* This program once more, with the pipe as its stdout. */
static pid_t start_process(int number, int result)
{
    char program[4096], word[12], *arguments[] = {program, word, NULL};
    size_t size = sizeof program;
    posix_spawn_file_actions_t files;
    extern char **environ;
    pid_t child;

    must("find this program", uv_exepath(program, &size));
    snprintf(word, sizeof word, "%d", number);
    must("start a process",
         uv_translate_sys_error(posix_spawn_file_actions_init(&files)));
    must("start a process", uv_translate_sys_error(posix_spawn_file_actions_adddup2(
                                &files, result, STDOUT_FILENO)));
    must("start a process", uv_translate_sys_error(posix_spawn(
                                &child, program, &files, NULL, arguments, environ)));
    posix_spawn_file_actions_destroy(&files);
    return child;
}

static void on_done(uv_work_t *work, int status)
{
    struct job *job = work->data;

    must("use a thread", status);
    show(&job->photo);
    *job->sum += job->photo.result;
}
