// SPDX-License-Identifier: GPL-2.0-only
/*
 * CPUs, what runs on them, and locks.
 *
 * A task has its CPU to itself while its preemption count is not 0, which is when
 * it holds the CPU's mutex. It takes a CPU before it takes any spinlock, and never
 * a second one, so that there is an order among all of these. Between two such
 * stretches it may be moved to another CPU, and now and then is.
 */
#include "kernel.h"

#ifndef KERNEL_FAST

struct cpu {
	pthread_mutex_t mutex;
	bool online;			/* by hotplug */
} ____cacheline_aligned_in_smp;

static struct cpu cpus[KERNEL_CPUS] = {
	[0 ... KERNEL_CPUS - 1] = { .mutex = PTHREAD_MUTEX_INITIALIZER },
};

unsigned int nr_cpu_ids = 4;
struct cpumask kernel_online = { .bits = 0xf };
void (*kernel_interrupt)(void);

/* === Being on a CPU === */

static bool roll(struct task_struct *task, unsigned int sides)
{
	task->dice = task->dice * 1664525 + 1013904223;
	return !((task->dice >> 16) % sides);
}

/* Where to run next: where it ran before, mostly, or where it is bound to. */
static int choose_cpu(struct task_struct *task)
{
	int cpu = task->cpu;

	if (task->bound >= 0)
		cpu = task->bound;
	else if (nr_cpu_ids > 1 && roll(task, 16))
		cpu = task->dice % nr_cpu_ids;
	while (!cpu_online(cpu))
		cpu = (cpu + 1) % nr_cpu_ids;
	return cpu;
}

static void get_cpu_of(struct task_struct *task)
{
	for (;;) {
		int cpu = choose_cpu(task);

		pthread_mutex_lock(&cpus[cpu].mutex);
		if (cpu_online(cpu)) {
			task->cpu = cpu;
			return;
		}
		pthread_mutex_unlock(&cpus[cpu].mutex);
	}
}

void preempt_disable(void)
{
	struct task_struct *task = current;

	if (!task->preempt_count)
		get_cpu_of(task);
	task->preempt_count++;
}

void preempt_enable(void)
{
	struct task_struct *task = current;

	BUG_ON(task->preempt_count <= 0);
	if (!--task->preempt_count)
		pthread_mutex_unlock(&cpus[task->cpu].mutex);
}

void local_bh_disable(void)
{
	preempt_disable();
	current->bh_count++;
}

void local_bh_enable(void)
{
	BUG_ON(current->bh_count <= 0);
	current->bh_count--;
	preempt_enable();
}

unsigned long kernel_irq_save(void)
{
	unsigned long flags = current->irqs_off;

	preempt_disable();
	current->irqs_off = true;
	return flags;
}

void kernel_irq_restore(unsigned long flags)
{
	BUG_ON(!current->irqs_off);
	current->irqs_off = flags;
	preempt_enable();
}

void might_sleep(void)
{
	const struct task_struct *task = current;

	if (unlikely(task->preempt_count || task->irqs_off || !in_task()))
		panic("BUG: sleeping function called from invalid context: preempt %d irqs_off %d hardirq %d softirq %d",
		      task->preempt_count, task->irqs_off, task->hardirq,
		      task->softirq);
}

/* === Interrupts === */

/*
 * Call @fn as an interrupt on @cpu, at once if we are on it, as soon as whoever is on
 * it leaves it otherwise. Who waits for another CPU while he has one lets others
 * interrupt his own. False if it is offline.
 */
bool kernel_run_on(unsigned int cpu, enum kernel_irq kind, void (*fn)(void *arg),
		   void *arg)
{
	struct task_struct *task = current;
	struct task_struct was = *task;
	bool away = was.preempt_count && was.cpu != (int)cpu;
	bool online;

	if (away) {
		BUG_ON(task->irqs_off);
		pthread_mutex_unlock(&cpus[was.cpu].mutex);
	}
	if (away || !was.preempt_count)
		pthread_mutex_lock(&cpus[cpu].mutex);
	online = cpu_online(cpu);
	if (online) {
		task->cpu = cpu;
		task->preempt_count++;
		task->irqs_off = kind == KERNEL_HARDIRQ;
		task->hardirq = kind == KERNEL_HARDIRQ;
		task->softirq = kind == KERNEL_SOFTIRQ;
		task->bh_count += kind == KERNEL_SOFTIRQ;
		fn(arg);
		BUG_ON(task->preempt_count != was.preempt_count + 1);
		task->preempt_count = was.preempt_count;
		task->irqs_off = was.irqs_off;
		task->hardirq = was.hardirq;
		task->softirq = was.softirq;
		task->bh_count = was.bh_count;
		task->cpu = was.cpu;
	}
	if (away || !was.preempt_count)
		pthread_mutex_unlock(&cpus[cpu].mutex);
	if (away)
		pthread_mutex_lock(&cpus[was.cpu].mutex);
	return online;
}

int smp_call_function_single(int cpu, void (*fn)(void *arg), void *arg, int wait)
{
	BUG_ON(current->irqs_off || current->hardirq);
	return kernel_run_on(cpu, KERNEL_HARDIRQ, fn, arg) ? 0 : -ENXIO;
}

/* === Which CPUs there are === */

static pthread_rwlock_t hotplug = PTHREAD_RWLOCK_INITIALIZER;

static struct {
	int (*startup)(unsigned int cpu);
	int (*teardown)(unsigned int cpu);
} hotplug_state;

void cpus_read_lock(void)
{
	might_sleep();
	pthread_rwlock_rdlock(&hotplug);
}

void cpus_read_unlock(void)
{
	pthread_rwlock_unlock(&hotplug);
}

int cpuhp_setup_state_nocalls(int state, const char *name,
			      int (*startup)(unsigned int cpu),
			      int (*teardown)(unsigned int cpu))
{
	if (hotplug_state.teardown)
		return -EBUSY;
	hotplug_state.startup = startup;
	hotplug_state.teardown = teardown;
	return state;
}

void cpuhp_remove_state_nocalls(int state)
{
	hotplug_state.teardown = NULL;
}

/* Nobody is on the CPU any more when the callbacks for dead ones run, elsewhere. */
int remove_cpu(unsigned int cpu)
{
	might_sleep();
	pthread_rwlock_wrlock(&hotplug);
	if (!cpu_online(cpu) || num_online_cpus() == 1) {
		pthread_rwlock_unlock(&hotplug);
		return -EBUSY;
	}
	pthread_mutex_lock(&cpus[cpu].mutex);
	clear_bit(cpu, &kernel_online.bits);
	pthread_mutex_unlock(&cpus[cpu].mutex);
	if (hotplug_state.teardown)
		hotplug_state.teardown(cpu);
	pthread_rwlock_unlock(&hotplug);
	return 0;
}

int add_cpu(unsigned int cpu)
{
	might_sleep();
	pthread_rwlock_wrlock(&hotplug);
	/* What was done to it while it was dead comes before whoever gets it. */
	pthread_mutex_lock(&cpus[cpu].mutex);
	set_bit(cpu, &kernel_online.bits);
	pthread_mutex_unlock(&cpus[cpu].mutex);
	pthread_rwlock_unlock(&hotplug);
	return 0;
}

const struct cpumask *cpumask_of(unsigned int cpu)
{
	static struct cpumask mask[KERNEL_CPUS];

	WRITE_ONCE(mask[cpu].bits, BIT(cpu));
	return &mask[cpu];
}

unsigned int cpumask_nth(unsigned int nr, const struct cpumask *mask)
{
	unsigned int cpu;

	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		if (mask->bits >> cpu & 1 && !nr--)
			break;
	return cpu;
}

int set_cpus_allowed_ptr(struct task_struct *task, const struct cpumask *mask)
{
	int cpu = cpumask_first(mask);

	if (!cpu_online(cpu))
		return -EINVAL;
	WRITE_ONCE(task->bound, hweight_long(mask->bits) == 1 ? cpu : -1);
	return 0;
}

struct errand {
	long (*fn)(void *arg);
	void *arg;
	long ret;
};

static int run_errand(void *data)
{
	struct errand *errand = data;

	errand->ret = errand->fn(errand->arg);
	return 0;
}

long work_on_cpu(int cpu, long (*fn)(void *arg), void *arg)
{
	struct errand errand = { fn, arg };
	struct task_struct *task = kthread_create(run_errand, &errand, "work/%d", cpu);

	get_task_struct(task);
	kthread_bind(task, cpu);
	wake_up_process(task);
	wait_for_completion(task->exited);
	put_task_struct(task);
	return errand.ret;
}

/* === Locks === */

/* No macro: that it never fails is no branch of who asks. */
void kernel_assert_held(struct task_struct *owner)
{
	BUG_ON(owner != current);
}

void spin_lock_init(spinlock_t *lock)
{
	*lock = (spinlock_t)__KERNEL_LOCK;
}

void spin_lock(spinlock_t *lock)
{
	preempt_disable();
	BUG_ON(READ_ONCE(lock->owner) == current);
	pthread_mutex_lock(&lock->mutex);
	WRITE_ONCE(lock->owner, current);
}

bool spin_trylock(spinlock_t *lock)
{
	preempt_disable();
	if (pthread_mutex_trylock(&lock->mutex)) {
		preempt_enable();
		return false;
	}
	WRITE_ONCE(lock->owner, current);
	return true;
}

void (*kernel_unlocked)(void);

void spin_unlock(spinlock_t *lock)
{
	lockdep_assert_held(lock);
	WRITE_ONCE(lock->owner, NULL);
	pthread_mutex_unlock(&lock->mutex);
	preempt_enable();
	if (unlikely(kernel_unlocked))
		kernel_unlocked();
}

void mutex_init(struct mutex *mutex)
{
	*mutex = (struct mutex)__KERNEL_LOCK;
}

void mutex_lock(struct mutex *mutex)
{
	might_sleep();
	BUG_ON(READ_ONCE(mutex->owner) == current);
	pthread_mutex_lock(&mutex->mutex);
	WRITE_ONCE(mutex->owner, current);
}

void mutex_unlock(struct mutex *mutex)
{
	lockdep_assert_held(mutex);
	WRITE_ONCE(mutex->owner, NULL);
	pthread_mutex_unlock(&mutex->mutex);
}

#endif
