/* files_sync.c - 300 files of 110 kB are written, read back, and read again after the
 * system was asked to forget them: one call after the other.
 * You will see how long each takes, and how much came from the disk itself. */

#include "files.h"

static void do_files(struct store *store, bool writing);
static int do_file(const struct store *store, int number, unsigned long long *checksum);
static int move(const struct store *store, uv_file file, char *buffer);

int main(int argc, char *argv[])
{
    struct number asked[] = {{"FILES", 300, 1, 10000}, {"KB", MOST_KB, 1, MOST_KB}};
    struct store store;

    read_numbers(argc, argv, asked, 2);
    open_store(&store, asked[0].value, asked[1].value);
    do_files(&store, true);
    do_files(&store, false);
    forget_files(&store);
    do_files(&store, false);
    say_untimed("checksum: %llu", store.checksum);
}

/* Write or read all files. */
static void do_files(struct store *store, bool writing)
{
    begin(store, writing);
    for (int i = 0; i < store->files; i++)
        must_file(writing ? "write" : "read", i, do_file(store, i, &store->checksum));
    show_cost(store);
}

/* Returns 0 or an error; what was read is added to the checksum. A file has another name
 * until it is whole, so that nobody ever finds half of one. */
static int do_file(const struct store *store, int number, unsigned long long *checksum)
{
    bool writing = store->writing;
    int flags = writing ? O_WRONLY | O_CREAT | O_EXCL : O_RDONLY;
    char path[NAME], part[NAME], buffer[MOST_KB * 1000];
    int file, error;

    name(number, path, part);
    if (writing)
        memset(buffer, number, store->size);
    file = result_of(open(writing ? part : path, flags, 0600));
    if (file < 0)
        return file;
    error = move(store, file, buffer);
    if (close(file) < 0 && error == 0)
        error = result_of(-1);
    if (error == 0 && writing)
        error = result_of(rename(part, path));
    else if (error == 0)
        *checksum += sum_of(buffer, store->size);
    return error;
}

/* The system may take, or give, only a part. */
static int move(const struct store *store, uv_file file, char *buffer)
{
    for (size_t done = 0; done < store->size;) {
        int moved =
            result_of(store->writing ? write(file, buffer + done, store->size - done)
                                     : read(file, buffer + done, store->size - done));

        if (moved <= 0)
            return moved < 0 ? moved : UV_EOF;
        done += (size_t)moved;
    }
    return 0;
}
