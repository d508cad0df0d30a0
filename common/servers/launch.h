/* around.h - what the programs that put something around a program (with-site,
 * lifeline) share. */
#ifndef AROUND_H
#define AROUND_H

/* Become the program argv[0] (looked for in $PATH when it has no slash), as exec does.
 * When that can't be, say so in one sentence that starts with `self`, and exit with 127
 * (there is no such program) or 126, as shells do.
 *
 * common/check wants to know when the surroundings stand and the program itself begins:
 * it hands down one end of a pipe, whose number is in $STARTED_FD, and there it is told
 * the moment, by CLOCK_MONOTONIC, as an int64_t in ns. `make lesson-NN` does the same,
 * and lets the programs that it shows side by side begin together: there the end of
 * another pipe, $START_GATE_FD, is waited for. */
_Noreturn void become(const char *self, char *argv[]);

/* Close all files but 0, 1, 2, and these two (-1: none). */
void close_others(int one, int other);

#endif
