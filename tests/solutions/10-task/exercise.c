/* exercise.c - three tasks answer the same question; the first to be done wins,
 * and the others are cancelled. As it stands, everybody is done, and everybody
 * wins. The program takes the milliseconds that B needs; the check tries it with
 * 300, and with 800. */

#include "lesson.h"

enum { COUNT = 3 };

struct task {
    uv_timer_t timer; /* plays the work */
    const char *name;
    unsigned ms;
    int result; /* once it is done */
    struct caller *caller;
};

struct caller {
    struct task tasks[COUNT];
};

static void start(struct task *task);
static void on_time(uv_timer_t *timer);
static void on_answer(struct caller *caller, struct task *task);
#ifdef SOLUTION
static void cancel(struct task *task);
#endif

int main(int argc, char *argv[])
{
    struct number ms = {.name = "MS", .value = 300, .least = 0, .most = 5000};
    struct caller caller = {
        {{.name = "A", .ms = 900}, {.name = "B", .ms = 300}, {.name = "C", .ms = 600}}};

    read_numbers(argc, argv, &ms, 1);
    caller.tasks[1].ms = (unsigned)ms.value;
    for (int i = 0; i < COUNT; i++) {
        caller.tasks[i].caller = &caller;
        start(&caller.tasks[i]);
    }
    run_and_close();
    say("caller: has gone home");
}

static void start(struct task *task)
{
    say("%s: start to answer, in %u ms", task->name, task->ms);
    must("start a task", uv_timer_init(uv_default_loop(), &task->timer));
    task->timer.data = task;
    must("start a task", uv_timer_start(&task->timer, on_time, task->ms, 0));
}

/* The loop calls this when a task is through. */
static void on_time(uv_timer_t *timer)
{
    struct task *task = timer->data;

    task->result = 42;
    say("%s: done", task->name);
    uv_close((uv_handle_t *)timer, NULL);
    on_answer(task->caller, task);
}

/* What the caller does with an answer. */
static void on_answer(struct caller *caller, struct task *task)
{
    say("caller: %s wins, the answer is %d", task->name, task->result);
#ifdef SOLUTION
    for (int i = 0; i < COUNT; i++)
        if (&caller->tasks[i] != task)
            cancel(&caller->tasks[i]);
#else
    (void)caller; /* TODO: the other tasks are not needed any more; cancel them */
#endif
}
#ifdef SOLUTION

static void cancel(struct task *task)
{
    say("%s: cancelled", task->name);
    uv_close((uv_handle_t *)&task->timer, NULL);
}
#endif
