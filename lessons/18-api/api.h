/* api.h - what the three programs share: how long a call may take, and how an answer
 * becomes data, or a sentence that says what is wrong with it. */
#ifndef API_H
#define API_H

#include "fetch.h"
#include "lesson.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

enum { DEADLINE = 3000 /* ms, for each call */, WHY = 200 /* bytes of a sentence */ };

/* Put an answer's fields where they belong, as json_unpack_ex() does. Returns the answer,
 * which owns the strings (json_decref() gives it back); or NULL, and `why` says why. It
 * is read before all else, as a failure's answer may tell more; no answer is no JSON. */
static json_t *read_fields(const struct fetch *fetch, char why[WHY], const char *fields,
                           va_list places)
{
    json_error_t error;
    json_t *answer = json_loadb(fetch->body, fetch->size, 0, &error), *good = NULL;
    const char *told = json_string_value(json_object_get(answer, "error"));

    if (fetch->result != CURLE_OK)
        snprintf(why, WHY, "%s", fetch->error);
    else if (fetch->status != 200)
        snprintf(why, WHY, "the status is %ld%s%s", fetch->status, told ? ": " : "",
                 told ? told : "");
    else if (answer == NULL)
        snprintf(why, WHY, "line %d, column %d: %s", error.line, error.column,
                 error.text);
    else if (json_vunpack_ex(answer, &error, 0, fields, places) != 0)
        snprintf(why, WHY, "%s", error.text);
    else
        good = json_incref(answer);
    json_decref(answer);
    return good;
}

#endif
