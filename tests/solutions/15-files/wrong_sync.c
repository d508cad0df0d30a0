/* wrong_sync.c - the right lines in the right order; the files are copied one after
 * the other.
 *
 * verdict: waits for something that it need not wait for */

#include "lesson.h"

int main(int argc, char *argv[])
{
    struct number files = {"FILES", 10, 1, 100};

    read_numbers(argc, argv, &files, 1);
    for (int i = 0; i < files.value; i++)
        say("file %d: start", i);
    for (int i = 0; i < files.value; i++)
        uv_sleep(200);
    for (int i = 0; i < files.value; i++)
        say("file %d: its copy is equal", i);
    say("%d copies, %d equal", files.value, files.value);
}
