/* pool.h - what all programs of this lesson share: six photos, and a library that makes
 * them smaller. Its only call blocks. */
#ifndef POOL_H
#define POOL_H

#include "lesson.h"

enum { PHOTOS = 6 };

struct photo {
    int number;   /* 1 to PHOTOS */
    long result;  /* what the library has made of it */
    uv_pid_t pid; /* of the process in which it was done */
};

/* The call that blocks: 0.2 s for photo 1, 1.2 s for photo 6. (It sleeps, so that the
 * lesson is the same on every machine. A real one would compute.) */
static inline void shrink(struct photo *photo)
{
    uv_sleep(200 * (unsigned)photo->number);
    photo->result = 1000 + photo->number * photo->number;
    photo->pid = uv_os_getpid();
}

static inline void show(const struct photo *photo)
{
    say("photo %d: done, in %s process", photo->number,
        photo->pid == uv_os_getpid() ? "this" : "another");
}

#endif
