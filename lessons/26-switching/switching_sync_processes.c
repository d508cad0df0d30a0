/* switching_sync_processes.c - two processes take turns. They share no memory, so the
 * number goes to and fro in two pipes, and whoever reads it has the turn.
 *
 * You will see that a hand-over takes as long as between threads, or longer. Order of
 * events: main -> start_other -> run, in each process -> main waits for the other's end.
 */

#include "switching.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

enum { READ, WRITE }; /* the two ends of a pipe */

static pid_t start_other(int turns, int to_other[2], int to_us[2]);
static void run(int number, int turns, int from, int to);
static int hear(int from);
static void tell(int to, int checksum);

int main(int argc, char *argv[])
{
    struct number turns = {"TURNS", TURNS, 1, MOST};
    int to_other[2], to_us[2], status, checksum;
    pid_t other;
    uint64_t start;

    read_numbers(argc, argv, &turns, 1);
    say("2 processes hand over %d times", RUNNERS * turns.value);
    must_errno("make a pipe", pipe(to_other));
    must_errno("make a pipe", pipe(to_us));
    start = uv_hrtime();
    tell(to_us[WRITE], 0); /* the first turn is ours */
    other = start_other(turns.value, to_other, to_us);
    run(0, turns.value, to_us[READ], to_other[WRITE]);
    checksum = hear(to_us[READ]); /* what the other's last turn has left */
    must_errno("wait for the other", waitpid(other, &status, 0));
    must("end both well", status == 0 ? 0 : UV_EIO);
    must_errno("close a pipe", close(to_us[READ]));
    must_errno("close a pipe", close(to_other[WRITE]));
    show_handover(turns.value, start, checksum);
}

/* fork() returns twice: 0 in the new process, its number in this one. Each process closes
 * the ends that only the other one needs; then whoever reads hears when the other ends.
 */
static pid_t start_other(int turns, int to_other[2], int to_us[2])
{
    pid_t other = must_errno("start a process", fork());

    must_errno("close a pipe", close(to_other[other == 0 ? WRITE : READ]));
    must_errno("close a pipe", close(to_us[other == 0 ? READ : WRITE]));
    if (other == 0) {
        run(1, turns, to_other[READ], to_us[WRITE]);
        _exit(EXIT_SUCCESS);
    }
    return other;
}

static void run(int number, int turns, int from, int to)
{
    for (int i = 0; i < turns; i++)
        tell(to, take_turn(hear(from), number));
}

/* read() blocks: this process gives the processor back until the other has written. */
static int hear(int from)
{
    int checksum;
    ssize_t size = read(from, &checksum, sizeof checksum);

    must_errno("hear the other", size);
    must("hear the other", size == sizeof checksum ? 0 : UV_EOF);
    return checksum;
}

/* So few bytes are never divided in a pipe. */
static void tell(int to, int checksum)
{
    must_errno("tell the other", write(to, &checksum, sizeof checksum));
}
