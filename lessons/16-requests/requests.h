/* requests.h - what the three programs share, and the lesson is not about: which pages
 * are asked for, and how a page is printed. */
#ifndef REQUESTS_H
#define REQUESTS_H

#include "fetch.h"
#include "lesson.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEADLINE = 3000 }; /* ms; a page that isn't here by then has failed */

struct list {
    char **urls;
    int count;
};

/* An address that begins with a slash is a page of the course's site. */
static void add_url(struct list *list, const char *address)
{
    const char *host = address[0] == '/' ? site() : "";
    char url[1000];
    int size = snprintf(url, sizeof url, "%s%s", host, address);

    must("remember such a URL", size < (int)sizeof url ? 0 : UV_ENAMETOOLONG);
    list->urls = realloc(list->urls, (size_t)(list->count + 1) * sizeof *list->urls);
    must("remember all pages", list->urls ? 0 : UV_ENOMEM);
    list->urls[list->count] = strdup(url);
    must("remember a URL", list->urls[list->count] ? 0 : UV_ENOMEM);
    list->count++;
}

/* One URL a line. */
static void read_urls(struct list *list, const char *name)
{
    FILE *file = fopen(name, "r");
    char *line = NULL;
    size_t room = 0;

    must("open the list of pages", file ? 0 : uv_translate_sys_error(errno));
    while (getline(&line, &room, file) > 0) {
        line[strcspn(line, "\r\n")] = '\0';
        if (line[0] != '\0')
            add_url(list, line);
    }
    must("read the list of pages", ferror(file) ? uv_translate_sys_error(errno) : 0);
    must("find a page in the list", list->count ? 0 : UV_EOF);
    free(line);
    fclose(file);
}

/* What the command line asks for; without it, eight pages of the course's site. */
static void list_urls(struct list *list, int argc, char *argv[])
{
    char address[32];

    if (argc == 3 && strcmp(argv[1], "-f") == 0) {
        read_urls(list, argv[2]);
        return;
    }
    if (argc > 1 && argv[1][0] == '-') {
        fprintf(stderr, "usage: %s [URL... | -f FILE]\n", program_name());
        exit(2);
    }
    for (int i = 1; i < argc; i++)
        add_url(list, argv[i]);
    for (int i = 1; argc == 1 && i <= 8; i++) {
        snprintf(address, sizeof address, "/page/%d?delay=250", i);
        add_url(list, address);
    }
}

static void free_urls(struct list *list)
{
    for (int i = 0; i < list->count; i++)
        free(list->urls[i]);
    free(list->urls);
}

/* Print how it went with a page; `error` is NULL when an answer came, and the body ends
 * with a '\0'. Returns whether it is a failure: an answer whose status tells of an error
 * (404, ...) is one, too. */
static int show(int number, const char *error, long status, const char *body, size_t size)
{
    const char *title = strstr(body, "<title>");
    int length;

    title = title ? title + strlen("<title>") : "";
    length = (int)strcspn(title, "<\r\n"); /* there it ends, or else our line would */
    if (error)
        say("page %d: failed, %s", number, error);
    else
        say("page %d: %ld, %zu bytes, '%.*s'", number, status, size, length, title);
    return error != NULL || status >= 400;
}

#endif
