/* task_async.c - a task: it is started now, and joined when its result is needed.
 * You will see tea while the task is pending, the answer as soon as it is there,
 * and, once the task is done, the answer without any waiting, 1.50 s.
 * Order of events: main -> start, drink_tea -> on_empty_cup -> join
 * -> on_time -> on_answer -> drink_tea -> on_empty_cup -> join -> on_answer */

#include "lesson.h"

#include <stdbool.h>

struct caller;

struct task {
    uv_timer_t timer; /* plays the work, which takes a second */
    bool done;
    int result;            /* once it is done */
    struct caller *joiner; /* who waits for the result, or NULL */
};

struct caller {
    struct task task;
    uv_timer_t tea;
    int cups;
};

static void start(struct task *task);
static void drink_tea(struct caller *caller);
static void on_empty_cup(uv_timer_t *tea);
static void join(struct task *task, struct caller *caller);
static void on_time(uv_timer_t *timer);
static void on_answer(struct caller *caller);

int main(void)
{
    struct caller caller = {0};

    start(&caller.task);
    must("make tea", uv_timer_init(uv_default_loop(), &caller.tea));
    caller.tea.data = &caller;
    drink_tea(&caller);
    run_and_close();
    say("caller: has gone home");
}

/* From here on the task is under way, whether or not anybody waits for it. */
static void start(struct task *task)
{
    say("task: pending");
    must("start a task", uv_timer_init(uv_default_loop(), &task->timer));
    task->timer.data = task;
    must("start a task", uv_timer_start(&task->timer, on_time, 1000, 0));
    say("task: start to answer");
}

static void drink_tea(struct caller *caller)
{
    say("caller: drinks tea");
    caller->cups++;
    must("drink tea", uv_timer_start(&caller->tea, on_empty_cup, 500, 0));
}

/* The loop calls this for each cup. Now the caller needs the answer. */
static void on_empty_cup(uv_timer_t *tea)
{
    struct caller *caller = tea->data;

    say("caller: before await, task is %s", caller->task.done ? "done" : "pending");
    join(&caller->task, caller);
}

/* Have on_answer() called with the result: later, or now if it is there already. */
static void join(struct task *task, struct caller *caller)
{
    if (task->done)
        on_answer(caller);
    else
        task->joiner = caller;
}

/* The loop calls this once, when the task's second is over. */
static void on_time(uv_timer_t *timer)
{
    struct task *task = timer->data;

    task->result = 42;
    task->done = true;
    say("task: done");
    uv_close((uv_handle_t *)timer, NULL);
    if (task->joiner)
        on_answer(task->joiner);
}

/* What the caller does with the answer: called once for each join. */
static void on_answer(struct caller *caller)
{
    say("caller: the answer is %d", caller->task.result);
    if (caller->cups < 2)
        drink_tea(caller);
    else
        uv_close((uv_handle_t *)&caller->tea, NULL);
}
