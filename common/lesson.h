/* lesson.h - what every lesson program uses: a stamped line, a checked call,
 * a number from the command line, and an end that proves that everything was
 * closed. */
#ifndef LESSON_H
#define LESSON_H

#include <uv.h>

/* Print one line of the story, stamped with the seconds since the first one:
 *
 *     [ 0.00] dryer: start
 *     [ 0.75] dryer: done
 *
 * The text before the first ": " names who acts; it becomes that actor's lane
 * in the timeline. Whole lines, at once, from any thread. Print the first line
 * before the loop is used and before any fork: it sets the origin of time.
 * Stops the program when stdout can't be written. */
void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* The same without a time, `[  -  ] text`, for what follows computing or disk
 * work: its text and its place are checked, its time is the machine's. */
void say_untimed(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Print something measured, `~ text`. The words are checked, the numbers are
 * not, except that a count of 0 must stay 0, and one that isn't must not. */
void measure(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Return `result`, or stop the program when it is a libuv error (negative):
 *
 *     must("open recipe.txt", uv_fs_open(...));
 *     chores_async: cannot open recipe.txt: no such file or directory
 */
int must(const char *what, ssize_t result);

/* The same for what a call of the system returned: -1 is an error, and errno says which.
 *
 *     pid_t child = must_errno("start a bot", fork());
 */
int must_errno(const char *what, ssize_t returned);

/* "chores_async": for an error that must() can't tell, and for the usage. Not to be
 * freed, and not from two threads at once. */
const char *program_name(void);

/* libuv's uv_default_loop() returns NULL when it can't make the loop (no more files, no
 * memory). Here it stops the program with a sentence instead, wherever it is called. */
uv_loop_t *default_loop(void);
#define uv_default_loop() default_loop()

/* Run the default loop until it has nothing left to wait for, then close it.
 * Stops the program, naming each handle, when one was left open. */
void run_and_close(void);

/* A whole number that the command line may give. */
struct number {
    const char *name; /* as the usage shows it, "SLEEPERS" */
    int value;        /* before: the default; after: what was asked for */
    int least, most;
};

/* Read the program's arguments into numbers[0], numbers[1], ...; those that
 * are not given keep their default. Anything else (no number, too small, too
 * large, too many) ends the program with the usage on stderr and status 2. */
void read_numbers(int argc, char *argv[], struct number numbers[], int count);

#endif
