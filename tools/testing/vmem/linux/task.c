// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tasks are threads; sleeping, waking and killing them; the time.
 *
 * A sleeper is on the list of what it waits for. It says that it will sleep, looks
 * once more whether it has to, and sleeps until it is woken, as in the kernel.
 */
#include <sched.h>
#include <time.h>

#include "kernel.h"

static __thread struct task_struct *this_task;
static atomic_t last_pid;

/* === Tasks === */

static struct task_struct *new_task(const char *comm)
{
	struct task_struct *task = calloc(1, sizeof(*task));
	pthread_condattr_t attr;

	BUG_ON(!task);
	kernel_snprintf(task->comm, sizeof(task->comm), "%s", comm);
	task->pid = atomic_inc_return(&last_pid);
	task->dice = task->pid * 2654435761u;
	task->cpu = task->pid % nr_cpu_ids;
	task->bound = -1;
	atomic_set(&task->refs, 1);
	pthread_mutex_init(&task->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&task->cond, &attr);
	return task;
}

struct task_struct *get_task_struct(struct task_struct *task)
{
	atomic_inc(&task->refs);
	return task;
}

void put_task_struct(struct task_struct *task)
{
	if (!atomic_dec_and_test(&task->refs))
		return;
	pthread_mutex_destroy(&task->lock);
	pthread_cond_destroy(&task->cond);
	free(task->exited);
	free(task);
}

/* The process's first thread, and those of a fuzzer, become tasks when they ask. */
struct task_struct *get_current(void)
{
	static __thread struct task_struct first;

	if (unlikely(!this_task)) {
		struct task_struct *task = new_task("init");

		first = *task;
		free(task);
		this_task = &first;
	}
	return this_task;
}

static void __noreturn end_thread(struct task_struct *task, int ret)
{
	BUG_ON(task->preempt_count);
	task->ret = ret;
	complete_all(task->exited);
	put_task_struct(task);
	pthread_exit(NULL);
}

/* A new thread waits for its first wake-up; if it is to stop before that, it does. */
static void *thread_main(void *data)
{
	struct task_struct *task = data;

	this_task = task;
	pthread_mutex_lock(&task->lock);
	while (!task->woken)
		pthread_cond_wait(&task->cond, &task->lock);
	WRITE_ONCE(task->asleep, false);
	pthread_mutex_unlock(&task->lock);
	if (READ_ONCE(task->should_stop))
		end_thread(task, -EINTR);
	end_thread(task, task->fn(task->data));
}

struct task_struct *kthread_create(int (*fn)(void *data), void *data,
				   const char *fmt, ...)
{
	struct task_struct *task;
	char comm[TASK_COMM_LEN];
	pthread_attr_t attr;
	va_list args;

	might_sleep();
	va_start(args, fmt);
	kernel_vsnprintf(comm, sizeof(comm), fmt, args);
	va_end(args);
	task = new_task(comm);
	task->fn = fn;
	task->data = data;
	task->asleep = true;
	task->exited = malloc(sizeof(*task->exited));
	BUG_ON(!task->exited);
	init_completion(task->exited);
	task->vfork_done = task->exited;
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	if (pthread_create(&task->thread, &attr, thread_main, task))
		panic("no thread");
	pthread_attr_destroy(&attr);
	return task;
}

void kthread_bind(struct task_struct *task, unsigned int cpu)
{
	task->bound = cpu;
}

static void wake(struct task_struct *task)
{
	pthread_mutex_lock(&task->lock);
	task->woken = true;
	pthread_cond_signal(&task->cond);
	pthread_mutex_unlock(&task->lock);
}

int wake_up_process(struct task_struct *task)
{
	wake(task);
	return 1;
}

int kthread_stop(struct task_struct *task)
{
	int ret;

	get_task_struct(task);
	WRITE_ONCE(task->should_stop, true);
	wake(task);
	wait_for_completion(task->exited);
	ret = task->ret;
	put_task_struct(task);
	return ret;
}

bool kthread_should_stop(void)
{
	return READ_ONCE(current->should_stop);
}

void kthread_exit(long code)
{
	end_thread(current, code);
}

void kthread_complete_and_exit(struct completion *done, long code)
{
	if (done)
		complete(done);
	end_thread(current, code);
}

bool task_is_running(const struct task_struct *task)
{
	return !READ_ONCE(task->asleep);
}

/* === Signals: there is one, and it kills === */

int send_sig(int sig, struct task_struct *task, int priv)
{
	WRITE_ONCE(task->killed, true);
	wake(task);
	return 0;
}

bool fatal_signal_pending(struct task_struct *task)
{
	return READ_ONCE(task->killed);
}

void flush_signals(struct task_struct *task)
{
	WRITE_ONCE(task->killed, false);
}

/* === Sleeping === */

void init_waitqueue_head(struct wait_queue_head *wait)
{
	pthread_mutex_init(&wait->lock, NULL);
	INIT_LIST_HEAD(&wait->sleepers);
}

static void expect_wake_up(struct task_struct *task)
{
	pthread_mutex_lock(&task->lock);
	task->woken = false;
	pthread_mutex_unlock(&task->lock);
}

/* From now on a wake-up of @wait is not lost. */
void kernel_wait_begin(struct wait_queue_head *wait, struct kernel_sleeper *me)
{
	me->task = current;
	pthread_mutex_lock(&wait->lock);
	list_add_tail(&me->link, &wait->sleepers);
	expect_wake_up(me->task);
	pthread_mutex_unlock(&wait->lock);
}

void kernel_wait_end(struct wait_queue_head *wait, struct kernel_sleeper *me)
{
	pthread_mutex_lock(&wait->lock);
	list_del_init(&me->link);
	pthread_mutex_unlock(&wait->lock);
}

void (*kernel_idle)(void);

/* Until somebody wakes us, or it is that late (0: never). False if it is. */
static bool block(s64 deadline)
{
	struct task_struct *task = current;
	struct timespec until = {
		.tv_sec = deadline / NSEC_PER_SEC,
		.tv_nsec = deadline % NSEC_PER_SEC,
	};
	bool woken;

	pthread_mutex_lock(&task->lock);
	WRITE_ONCE(task->asleep, true);
	while (!task->woken) {
		if (kernel_idle) {
			pthread_mutex_unlock(&task->lock);
			kernel_idle();
			pthread_mutex_lock(&task->lock);
		} else if (!deadline) {
			pthread_cond_wait(&task->cond, &task->lock);
		} else if (pthread_cond_timedwait(&task->cond, &task->lock, &until)) {
			break;
		}
	}
	woken = task->woken;
	WRITE_ONCE(task->asleep, false);
	pthread_mutex_unlock(&task->lock);
	return woken;
}

bool kernel_wait_block(struct wait_queue_head *wait, s64 deadline)
{
	return block(deadline);
}

static void wake_all(struct wait_queue_head *wait)
{
	struct kernel_sleeper *sleeper;

	list_for_each_entry(sleeper, &wait->sleepers, link)
		wake(sleeper->task);
}

void wake_up_all(struct wait_queue_head *wait)
{
	pthread_mutex_lock(&wait->lock);
	wake_all(wait);
	pthread_mutex_unlock(&wait->lock);
}

/* === Completions === */

#define ALL	UINT_MAX

void init_completion(struct completion *done)
{
	done->done = 0;
	init_waitqueue_head(&done->wait);
}

void complete(struct completion *done)
{
	struct kernel_sleeper *first;

	pthread_mutex_lock(&done->wait.lock);
	if (done->done != ALL)
		done->done++;
	first = list_first_entry_or_null(&done->wait.sleepers, struct kernel_sleeper,
					 link);
	if (first) {
		list_del_init(&first->link);
		wake(first->task);
	}
	pthread_mutex_unlock(&done->wait.lock);
}

void complete_all(struct completion *done)
{
	pthread_mutex_lock(&done->wait.lock);
	done->done = ALL;
	wake_all(&done->wait);
	pthread_mutex_unlock(&done->wait.lock);
}

bool completion_done(struct completion *done)
{
	bool ret;

	pthread_mutex_lock(&done->wait.lock);
	ret = done->done;
	pthread_mutex_unlock(&done->wait.lock);
	return ret;
}

static bool __take(struct completion *done)
{
	if (!done->done)
		return false;
	if (done->done != ALL)
		done->done--;
	return true;
}

bool try_wait_for_completion(struct completion *done)
{
	bool ret;

	pthread_mutex_lock(&done->wait.lock);
	ret = __take(done);
	pthread_mutex_unlock(&done->wait.lock);
	return ret;
}

/* 0, -EINTR if killed, -ETIME if it is too late. */
static int wait_for(struct completion *done, bool killable, s64 deadline)
{
	struct kernel_sleeper me = { .task = current };
	int ret = 0;

	might_sleep();
	INIT_LIST_HEAD(&me.link);
	pthread_mutex_lock(&done->wait.lock);
	while (!__take(done) && !ret) {
		if (list_empty(&me.link))
			list_add_tail(&me.link, &done->wait.sleepers);
		expect_wake_up(me.task);
		if (killable && fatal_signal_pending(me.task)) {
			ret = -EINTR;
			break;
		}
		pthread_mutex_unlock(&done->wait.lock);
		if (!block(deadline))
			ret = -ETIME;
		pthread_mutex_lock(&done->wait.lock);
	}
	list_del(&me.link);
	pthread_mutex_unlock(&done->wait.lock);
	return ret;
}

void wait_for_completion(struct completion *done)
{
	wait_for(done, false, 0);
}

int wait_for_completion_killable(struct completion *done)
{
	return wait_for(done, true, 0);
}

unsigned long wait_for_completion_timeout(struct completion *done,
					  unsigned long timeout)
{
	s64 deadline = ktime_get() + (s64)timeout * (NSEC_PER_SEC / HZ);

	return !wait_for(done, false, deadline);
}

/* === Time === */

s64 kernel_clock;

s64 ktime_get(void)
{
	struct timespec now;

	if (kernel_clock)
		return kernel_clock;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (s64)now.tv_sec * NSEC_PER_SEC + now.tv_nsec;
}

/* Wraps around soon, as in the kernel. */
unsigned long kernel_jiffies(void)
{
	return (unsigned long)(ktime_get() / (NSEC_PER_SEC / HZ)) - 300ul * HZ;
}

void ktime_get_ts64(struct timespec64 *ts)
{
	s64 now = ktime_get();

	ts->tv_sec = now / NSEC_PER_SEC;
	ts->tv_nsec = now % NSEC_PER_SEC;
}

struct timespec64 ns_to_timespec64(s64 ns)
{
	return (struct timespec64){ ns / NSEC_PER_SEC, ns % NSEC_PER_SEC };
}

struct timespec64 timespec64_sub(struct timespec64 a, struct timespec64 b)
{
	return ns_to_timespec64((a.tv_sec - b.tv_sec) * NSEC_PER_SEC + a.tv_nsec -
				b.tv_nsec);
}

void usleep_range(unsigned long min, unsigned long max)
{
	struct timespec time = { min / 1000000, min % 1000000 * 1000 };

	might_sleep();
	if (kernel_clock)
		kernel_clock += min * NSEC_PER_USEC;
	else
		nanosleep(&time, NULL);
}

void msleep(unsigned int ms)
{
	usleep_range(ms * 1000ul, ms * 1000ul);
}

void cond_resched(void)
{
	might_sleep();
	if (!kernel_clock)
		sched_yield();
}

void cpu_relax(void)
{
	sched_yield();
}
