/* mixed.h - what the programs of this lesson share: eleven jobs of four kinds, and how
 * the kinds that block are done. */
#ifndef MIXED_H
#define MIXED_H

#include "fetch.h"
#include "lesson.h"

#include <stdio.h>

enum { JOBS = 11, WAITS = 5, DEADLINE = 10000 /* ms */ };

enum kind { DOWNLOADS, WAITING, LIBRARY, COMPUTING, KINDS };

struct job {
    enum kind kind;
    int number, ms; /* of its kind; how long it takes by itself */
    long result;
};

static const struct job all_jobs[JOBS] = {
    {DOWNLOADS, 1, 200, 0}, {DOWNLOADS, 2, 400, 0}, {WAITING, 1, 100, 0},
    {WAITING, 2, 100, 0},   {WAITING, 3, 100, 0},   {WAITING, 4, 100, 0},
    {LIBRARY, 1, 200, 0},   {LIBRARY, 2, 1200, 0},  {COMPUTING, 1, 300, 0},
    {COMPUTING, 2, 400, 0}, {COMPUTING, 3, 1900, 0}};

static const char *const names[KINDS] = {"downloads", "waiting", "library", "computing"};
static const int counts[KINDS] = {2, 4, 2, 3};

/* Of each kind the first that starts, and the last that is done, are told of. */
static inline void tell_start(const struct job *job)
{
    if (job->number == 1)
        say("%s: start, %d of them", names[job->kind], counts[job->kind]);
}

static inline void tell_end(const struct job *job, int done[KINDS])
{
    if (++done[job->kind] == counts[job->kind])
        say("%s: done", names[job->kind]);
}

/* The page of a job: the site lets us wait for it. */
static inline void address_of(const struct job *job, char *url, size_t room)
{
    snprintf(url, room, "%s/page/%d?delay=%d", site(), job->number, job->ms);
}

/* It computes something small, and keeps its processor at work until its time is over: so
 * the lesson takes as long on every machine. */
static inline void compute(struct job *job)
{
    uint64_t end = uv_hrtime() + (uint64_t)job->ms * 1000000;

    for (int i = 1; i <= 1000 * job->number; i++)
        job->result += i % 7;
    while (uv_hrtime() < end)
        ;
}

/* Plays a library that knows nothing of a loop: it fetches a page, and returns when the
 * page is here. */
static inline void ask_library(struct job *job)
{
    CURL *easy = curl_easy_init();
    struct fetch fetch = {0};
    char url[100];

    must("start curl", easy ? 0 : UV_ENOMEM);
    address_of(job, url, sizeof url);
    fetch_and_wait(easy, &fetch, url, DEADLINE);
    must("fetch a page", fetch.status == 200 ? 0 : UV_EIO);
    job->result = (long)fetch.size;
    fetch_cleanup(&fetch);
    curl_easy_cleanup(easy);
}

#endif
