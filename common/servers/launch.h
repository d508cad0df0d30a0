/* launch.h - what the wrappers of a program share (with.c, and a stand-in for tests). */
#ifndef LAUNCH_H
#define LAUNCH_H

/* Replace this process by the program argv[0] (looked for in $PATH when it has no slash).
 * If that fails, print one sentence that starts with `self`, and exit with 127 (there is
 * no such program) or 126, as shells do.
 *
 * Readiness: common/check does not count the time before the wrapper is ready. It passes
 * one end of a pipe, whose number is in $READY_FD, and reads from it the moment of
 * readiness, by CLOCK_MONOTONIC, as an int64_t in ns. `make lesson-NN` does the same. Its
 * programs also share a barrier, so that they start together: each waits for the end of
 * another pipe, $START_BARRIER_FD. */
_Noreturn void launch_exec(const char *self, char *argv[]);

/* Close all files but 0, 1, 2, and these two (-1: none). */
void launch_close_others(int one, int other);

#endif
