/* exercise.c - five pages, asked for at once. All are printed when the last one is
 * here, at 1.00. Print each as soon as it and all before it are here. (The argument: how
 * many ms page 3 takes. What isn't here after 2 s has failed.) */

#include "fetch.h"
#include "lesson.h"

#include <stdbool.h>
#include <stdio.h>

enum { PAGES = 5, DEADLINE = 2000 };

struct list;

struct page {
    struct fetch fetch;
    int number, delay;
#ifdef SOLUTION
    bool is_here;
#endif
    struct list *list;
};

struct list {
    struct fetcher fetcher;
    struct page pages[PAGES];
    int missing;
#ifdef SOLUTION
    int shown; /* the first `shown` of them have been shown */
#endif
};

static void ask(struct list *list, struct page *page);
static void on_done(struct fetch *fetch);
#ifdef SOLUTION
static void show_in_order(struct list *list);
#endif
static void show(const struct page *page);

int main(int argc, char *argv[])
{
    struct number ms = {"MS", 400, 0, 60000};
    struct list list = {.pages = {{.delay = 600},
                                  {.delay = 200},
                                  {.delay = 400},
                                  {.delay = 1000},
                                  {.delay = 800}}};

    read_numbers(argc, argv, &ms, 1);
    list.pages[2].delay = ms.value;
    must("start curl", fetcher_init(uv_default_loop(), &list.fetcher, 0));
    for (int i = 0; i < PAGES; i++) {
        list.pages[i].number = i + 1;
        ask(&list, &list.pages[i]);
    }
    run_and_close();
#ifdef SOLUTION
    for (int i = 0; i < PAGES; i++)
        fetch_cleanup(&list.pages[i].fetch);
#else
    for (int i = 0; i < PAGES; i++) {
        show(&list.pages[i]); /* TODO: too late for most of them */
        fetch_cleanup(&list.pages[i].fetch);
    }
#endif
    say("all done");
}

static void ask(struct list *list, struct page *page)
{
    char url[100];

    say("page %d: asked", page->number);
    snprintf(url, sizeof url, "%s/page/%d?delay=%d", site(), page->number, page->delay);
    page->list = list;
    page->fetch.data = page;
    must("ask for a page",
         fetch_start(&list->fetcher, &page->fetch, url, DEADLINE, on_done));
    list->missing++;
}

/* The loop calls this once for each page, in whatever order they come. */
static void on_done(struct fetch *fetch)
{
    struct page *page = fetch->data;
    struct list *list = page->list;

#ifdef SOLUTION
    page->is_here = true;
    show_in_order(list);
#endif
    if (--list->missing == 0)
        fetcher_close(&list->fetcher, NULL);
}

#ifdef SOLUTION
/* As many as are here without a gap. */
static void show_in_order(struct list *list)
{
    while (list->shown < PAGES && list->pages[list->shown].is_here)
        show(&list->pages[list->shown++]);
}

#endif
static void show(const struct page *page)
{
    const struct fetch *fetch = &page->fetch;

    if (fetch->result != CURLE_OK)
        say("page %d: failed, %s", page->number, fetch->error);
    else
        say("page %d: %ld, %zu bytes", page->number, fetch->status, fetch->size);
}
