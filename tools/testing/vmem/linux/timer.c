// SPDX-License-Identifier: GPL-2.0-only
/*
 * What happens later: timers, interrupts, tasklets and works.
 *
 * One thread calls all that is due, in order of time: works as a task, the others
 * as an interrupt on the CPU on which they were started. So they are one at a time,
 * which is less than a kernel does; who needs more interrupts, and in the middle
 * of things, sets kernel_interrupt (cpu.c).
 */
#include <time.h>

#include "kernel.h"

static pthread_mutex_t events_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t events_change;	/* something is due earlier, or has ended */
static LIST_HEAD(events);		/* by time */
static pthread_once_t started = PTHREAD_ONCE_INIT;

/* Afterwards it may be gone. */
static void run(struct kernel_event *event)
{
	event->pending = false;
	list_del(&event->link);
	pthread_mutex_unlock(&events_lock);
	event->fn(event);
	pthread_mutex_lock(&events_lock);
}

static struct kernel_event *running;	/* may be gone: to be compared only */

static int events_main(void *data)
{
	pthread_mutex_lock(&events_lock);
	for (;;) {
		struct kernel_event *event =
			list_first_entry_or_null(&events, struct kernel_event, link);
		struct timespec until;

		if (!event || kernel_clock) {
			pthread_cond_wait(&events_change, &events_lock);
		} else if (event->when > ktime_get()) {
			until.tv_sec = event->when / NSEC_PER_SEC;
			until.tv_nsec = event->when % NSEC_PER_SEC;
			pthread_cond_timedwait(&events_change, &events_lock, &until);
		} else {
			running = event;
			run(event);
			running = NULL;
			pthread_cond_broadcast(&events_change);
		}
	}
	return 0;
}

/* Call what is due, where the time is set by hand. */
void kernel_run_events(void)
{
	struct kernel_event *event;

	pthread_mutex_lock(&events_lock);
	while ((event = list_first_entry_or_null(&events, struct kernel_event, link)) &&
	       event->when <= ktime_get())
		run(event);
	pthread_mutex_unlock(&events_lock);
}

static struct task_struct *events_task;

static void start(void)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&events_change, &attr);
	events_task = kthread_run(events_main, NULL, "events");
}

/* From whatever context an event is started, a thread is not created in it. */
static void __attribute__((constructor(200))) start_early(void)
{
	pthread_once(&started, start);
}

static void __enqueue(struct kernel_event *event, s64 when)
{
	struct kernel_event *later;

	event->when = when;
	event->pending = true;
	event->cpu = raw_smp_processor_id();
	list_for_each_entry(later, &events, link)
		if (later->when > when)
			break;
	list_add_tail(&event->link, &later->link);
	if (!kernel_clock)
		pthread_cond_broadcast(&events_change);
}

/* False if it was pending: it stays so, or has its time changed. */
static bool enqueue(struct kernel_event *event, s64 when, bool change)
{
	bool was;

	pthread_mutex_lock(&events_lock);
	was = event->pending;
	if (was && change)
		list_del(&event->link);
	if (!was || change)
		__enqueue(event, when);
	pthread_mutex_unlock(&events_lock);
	return !was;
}

static bool cancel(struct kernel_event *event)
{
	bool was = false;

	pthread_mutex_lock(&events_lock);
	for (;;) {
		if (event->pending) {
			list_del(&event->link);
			event->pending = false;
			was = true;
		}
		if (running != event || current == events_task)
			break;
		pthread_cond_wait(&events_change, &events_lock);
	}
	pthread_mutex_unlock(&events_lock);
	return was;
}

static bool pending(struct kernel_event *event)
{
	bool ret;

	pthread_mutex_lock(&events_lock);
	ret = event->pending;
	pthread_mutex_unlock(&events_lock);
	return ret;
}

static void wait_until_done(struct kernel_event *event)
{
	pthread_mutex_lock(&events_lock);
	while (event->pending || running == event)
		pthread_cond_wait(&events_change, &events_lock);
	pthread_mutex_unlock(&events_lock);
}

static s64 after(unsigned long delay)
{
	return ktime_get() + (s64)delay * (NSEC_PER_SEC / HZ);
}

/* If its CPU has gone, an interrupt comes on another one. */
static void interrupt(struct kernel_event *event, enum kernel_irq kind,
		      void (*fn)(void *arg))
{
	while (!kernel_run_on(event->cpu, kind, fn, event))
		event->cpu = (event->cpu + 1) % nr_cpu_ids;
}

/* === Works === */

void kernel_work(struct kernel_event *event)
{
	struct work_struct *work = container_of(event, struct work_struct, event);

	work->func(work);
}

bool schedule_work(struct work_struct *work)
{
	return enqueue(&work->event, ktime_get(), false);
}

bool schedule_delayed_work(struct delayed_work *work, unsigned long delay)
{
	return enqueue(&work->work.event, after(delay), false);
}

bool mod_delayed_work(struct workqueue_struct *wq, struct delayed_work *work,
		      unsigned long delay)
{
	return !enqueue(&work->work.event, after(delay), true);
}

#ifndef KERNEL_FAST

bool delayed_work_pending(struct delayed_work *work)
{
	return pending(&work->work.event);
}

#endif

bool flush_delayed_work(struct delayed_work *work)
{
	if (pending(&work->work.event))
		mod_delayed_work(system_wq, work, 0);
	wait_until_done(&work->work.event);
	return true;
}

bool cancel_delayed_work_sync(struct delayed_work *work)
{
	might_sleep();
	return cancel(&work->work.event);
}

bool cancel_work_sync(struct work_struct *work)
{
	might_sleep();
	return cancel(&work->event);
}

/* === High-resolution timers === */

static void call_hrtimer(void *arg)
{
	struct hrtimer *timer = container_of(arg, struct hrtimer, event);

	if (timer->function(timer) == HRTIMER_RESTART)
		enqueue(&timer->event, timer->expires, true);
}

static void hrtimer_event(struct kernel_event *event)
{
	struct hrtimer *timer = container_of(event, struct hrtimer, event);

	interrupt(event, timer->mode == HRTIMER_MODE_REL_SOFT ? KERNEL_SOFTIRQ :
							       KERNEL_HARDIRQ,
		  call_hrtimer);
}

void hrtimer_init(struct hrtimer *timer, int clock, enum hrtimer_mode mode)
{
	*timer = (struct hrtimer){ .event.fn = hrtimer_event, .mode = mode };
}

void hrtimer_start(struct hrtimer *timer, ktime_t in, enum hrtimer_mode mode)
{
	timer->mode = mode;
	timer->expires = ktime_get() + in;
	enqueue(&timer->event, timer->expires, true);
}

int hrtimer_cancel(struct hrtimer *timer)
{
	return cancel(&timer->event);
}

u64 hrtimer_forward_now(struct hrtimer *timer, ktime_t interval)
{
	timer->expires = ktime_get() + interval;
	return 1;
}

/* === Timers, interrupts, tasklets === */

static void call_timer(void *arg)
{
	struct timer_list *timer = container_of(arg, struct timer_list, event);

	timer->function(timer);
}

static void timer_event(struct kernel_event *event)
{
	interrupt(event, KERNEL_SOFTIRQ, call_timer);
}

void timer_setup(struct timer_list *timer, void (*fn)(struct timer_list *timer),
		 unsigned int flags)
{
	*timer = (struct timer_list){ .event.fn = timer_event, .function = fn };
}

int mod_timer(struct timer_list *timer, unsigned long at)
{
	return !enqueue(&timer->event, after(max((long)(at - jiffies), 0l)), true);
}

int timer_delete_sync(struct timer_list *timer)
{
	return cancel(&timer->event);
}

static void call_irq_work(void *arg)
{
	struct irq_work *work = container_of(arg, struct irq_work, event);

	work->func(work);
}

static void irq_work_event(struct kernel_event *event)
{
	interrupt(event, KERNEL_HARDIRQ, call_irq_work);
}

void init_irq_work(struct irq_work *work, void (*fn)(struct irq_work *work))
{
	*work = (struct irq_work){ .func = fn };
}

bool irq_work_queue(struct irq_work *work)
{
	work->event.fn = irq_work_event;
	return enqueue(&work->event, ktime_get(), false);
}

void irq_work_sync(struct irq_work *work)
{
	wait_until_done(&work->event);
}

static void call_tasklet(void *arg)
{
	struct tasklet_struct *tasklet = container_of(arg, struct tasklet_struct, event);

	tasklet->callback(tasklet);
}

static void tasklet_event(struct kernel_event *event)
{
	interrupt(event, KERNEL_SOFTIRQ, call_tasklet);
}

void tasklet_setup(struct tasklet_struct *tasklet,
		   void (*fn)(struct tasklet_struct *tasklet))
{
	*tasklet = (struct tasklet_struct){ .event.fn = tasklet_event, .callback = fn };
}

void tasklet_schedule(struct tasklet_struct *tasklet)
{
	enqueue(&tasklet->event, ktime_get(), false);
}

void tasklet_kill(struct tasklet_struct *tasklet)
{
	wait_until_done(&tasklet->event);
}
