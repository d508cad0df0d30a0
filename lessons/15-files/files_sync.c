/* files_sync.c - 300 files of 110 kB are written, read back, and read again after the
 * system was asked to forget them: one call after the other.
 * You will see how long each takes, and how much came from the disk itself. */

#include "files.h"

static void do_files(struct store *store);
static void do_file(struct store *store, int number);
static void move(const struct store *store, int number, uv_file file, char *buffer);

int main(int argc, char *argv[])
{
    struct number asked[] = {{"FILES", 300, 1, 10000}, {"KB", MOST_KB, 1, MOST_KB}};
    struct store store = {0};

    read_numbers(argc, argv, asked, 2);
    run_rounds(&store, asked[0].value, asked[1].value, do_files);
}

/* Write or read all files. */
static void do_files(struct store *store)
{
    for (int i = 0; i < store->files; i++)
        do_file(store, i);
}

static void do_file(struct store *store, int number)
{
    char path[NAME], buffer[MOST_KB * 1000];
    uv_file file;

    snprintf(path, sizeof path, "%04d", number);
    fill(store, number, buffer);
    file = must_errno(doing(store, number), open(path, store->flags, 0600));
    move(store, number, file, buffer);
    must_errno(doing(store, number), close(file));
    if (!store->writing)
        store->checksum += sum_of(buffer, store->size);
}

/* The system may take, or give, only a part. */
static void move(const struct store *store, int number, uv_file file, char *buffer)
{
    for (size_t done = 0; done < store->size;) {
        size_t rest = store->size - done;
        int moved = must_errno(doing(store, number),
                               store->writing ? write(file, buffer + done, rest)
                                              : read(file, buffer + done, rest));

        must(doing(store, number), moved > 0 ? 0 : UV_EOF);
        done += (size_t)moved;
    }
}
