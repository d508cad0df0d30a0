/* mixed.h - what the programs of this lesson share: eleven jobs of four kinds, and how
 * the kinds that block are done. */
#ifndef MIXED_H
#define MIXED_H

#include "fetch.h"
#include "lesson.h"

#include <stdio.h>

enum { JOBS = 11, WAITS = 5, DEADLINE = 10000 /* ms */ };

enum kind { DOWNLOADS, LIBRARY, COMPUTING, WAITING };

struct job {
    enum kind kind;
    int number, ms; /* ms: how long it takes by itself */
    long result;
};

static const struct job all_jobs[JOBS] = {
    {DOWNLOADS, 1, 200, 0}, {DOWNLOADS, 2, 600, 0}, {WAITING, 1, 100, 0},
    {WAITING, 2, 100, 0},   {WAITING, 3, 100, 0},   {WAITING, 4, 100, 0},
    {LIBRARY, 1, 400, 0},   {LIBRARY, 2, 800, 0},   {COMPUTING, 1, 300, 0},
    {COMPUTING, 2, 500, 0}, {COMPUTING, 3, 700, 0}};

static inline void tell(const struct job *job, const char *what)
{
    static const char *const names[] = {"downloads", "library", "computing", "waiting"};

    say("%s: number %d, %s", names[job->kind], job->number, what);
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
