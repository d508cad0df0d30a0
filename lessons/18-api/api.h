/* api.h - what the three programs share: how long a call may take, how an answer becomes
 * JSON, and what is said when it can't be used. */
#ifndef API_H
#define API_H

#include "fetch.h"
#include "lesson.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEADLINE = 3000 /* ms, for each call */, LONGEST_NAME = 99 /* of a city */ };

/* Returns what was answered, which owns its strings (json_decref() gives it back); or
 * NULL, and `why` says why. The answer is read before all else, as that of a failure may
 * tell more; no answer is no JSON. */
static json_t *read_json(const struct fetch *fetch, json_error_t *why)
{
    json_error_t error;
    json_t *answer = json_loadb(fetch->body, fetch->size, 0, &error);
    const char *told = json_string_value(json_object_get(answer, "error"));

    if (fetch->result == CURLE_OK && fetch->status == 200 && answer)
        return answer;
    if (fetch->result != CURLE_OK)
        snprintf(why->text, sizeof why->text, "%s", fetch->error);
    else if (fetch->status != 200)
        snprintf(why->text, sizeof why->text, "the status is %ld%s%.100s", fetch->status,
                 told ? ": " : "", told ? told : "");
    else
        snprintf(why->text, sizeof why->text, "line %d, column %d: %.100s", error.line,
                 error.column, error.text);
    json_decref(answer);
    return NULL;
}

static inline _Noreturn void fail(const char *call, const json_error_t *why)
{
    fprintf(stderr, "%s: no %s: %s\n", program_name(), call, why->text);
    exit(EXIT_FAILURE);
}

/* The city that the command line names; without it, Berlin. */
static inline const char *read_city(int argc, char *argv[])
{
    const char *city = argc > 1 ? argv[1] : "Berlin";

    if (argc > 2 || strlen(city) > LONGEST_NAME) {
        fprintf(stderr, "usage: %s [CITY], up to %d bytes\n", program_name(),
                LONGEST_NAME);
        exit(2);
    }
    return city;
}

#endif
