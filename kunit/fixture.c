// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the suites share. Tests run one at a time, so there is one of everything.
 */
#include <kunit/static_stub.h>
#include <kunit/test-bug.h>
#include <kunit/visibility.h>
#include <linux/kthread.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/tracepoint.h>
#include <trace/events/printk.h>

#include "fixture.h"
#include "patience.h"

/* === Reports === */

#define MAX_REPORTS	64

/* Lines of the kernel log, of one kind. */
struct lines {
	unsigned int nr;		/* lines kept; more are only counted */
	unsigned int next;		/* first one not consumed */
	char line[MAX_REPORTS][256];
};

static DEFINE_RAW_SPINLOCK(lines_lock);
static struct lines reports;
static struct lines leaked;		/* what an audit has to say, with stacks */
static bool in_leaked;			/* the line before was one of those */

static void keep(struct lines *lines, const char *text, size_t len)
{
	if (lines->nr < MAX_REPORTS)
		strscpy(lines->line[lines->nr], text,
			min(len + 1, sizeof(lines->line[0])));
	lines->nr++;
}

static bool begins_with(const char *text, size_t len, const char *prefix)
{
	return len >= strlen(prefix) && !memcmp(text, prefix, strlen(prefix));
}

/* Runs within printk(), in any context; @text is not terminated. */
static void probe_console(void *ignored, const char *text, size_t len)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&lines_lock, flags);
	in_leaked = begins_with(text, len, "vmem: leaked: ") ||
		    (in_leaked && begins_with(text, len, " "));
	if (in_leaked)
		keep(&leaked, text, len);
	else if (begins_with(text, len, "vmem: "))
		keep(&reports, text, len);
	raw_spin_unlock_irqrestore(&lines_lock, flags);
}

static void lines_clear(struct lines *lines)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&lines_lock, flags);
	lines->nr = 0;
	lines->next = 0;
	raw_spin_unlock_irqrestore(&lines_lock, flags);
}

/* The next line; empty if there is none. */
static const char *next_line(struct kunit *test, struct lines *lines)
{
	const char *line = "";
	unsigned long flags;

	if (!IS_ENABLED(CONFIG_TRACEPOINTS))
		kunit_skip(test, "reports are seen through a tracepoint only");

	raw_spin_lock_irqsave(&lines_lock, flags);
	if (lines->next < min(lines->nr, MAX_REPORTS))
		line = lines->line[lines->next++];
	raw_spin_unlock_irqrestore(&lines_lock, flags);
	return line;
}

const char *fixture_next_report(struct kunit *test)
{
	return next_line(test, &reports);
}

const char *fixture_next_leaked(struct kunit *test)
{
	return next_line(test, &leaked);
}

bool fixture_report_has(const char *text)
{
	struct kunit *test = kunit_get_current_test();
	const char *line = fixture_next_report(test);

	if (strstr(line, text))
		return true;
	kunit_err(test, "report is \"%s\", without \"%s\"", line, text);
	return false;
}

/* The action registered first, so the last to run: after all arenas have gone. */
static void expect_no_more_reports(void *ctx)
{
	struct kunit *test = ctx;
	const char *line;

	KUNIT_EXPECT_LE_MSG(test, reports.nr, MAX_REPORTS, "reports were lost");
	while (reports.next < reports.nr && *(line = fixture_next_report(test)))
		KUNIT_FAIL(test, "unexpected report \"%s\"", line);
}

/* === Arenas === */

static void xfree_segment(void *vmp, void *start, size_t size)
{
	vmem_xfree(vmp, start, size);
}

static void free_everything(vmem_t *vmp)
{
	vmem_walk(vmp, VMEM_ALLOC | VMEM_REENTRANT, xfree_segment, vmp);
}

static void end_arena(void *ctx)
{
	struct kunit *test = kunit_get_current_test();
	vmem_t *vmp = ctx;

	EXPECT_VALID(test, vmp);
	free_everything(vmp);
	EXPECT_VALID(test, vmp);
	vmem_destroy(vmp);
}

static vmem_t *end_with_test(struct kunit *test, vmem_t *vmp)
{
	KUNIT_ASSERT_NOT_NULL(test, vmp);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, end_arena, vmp), 0);
	EXPECT_VALID(test, vmp);
	return vmp;
}

vmem_t *fixture_create(struct kunit *test, const char *name, unsigned long base,
		       size_t size, size_t quantum, vmem_alloc_t *afunc,
		       vmem_free_t *ffunc, vmem_t *source, size_t qcache_max,
		       int vmflag)
{
	return end_with_test(test, vmem_create(name, (void *)base, size, quantum,
					       afunc, ffunc, source, qcache_max,
					       vmflag));
}

vmem_t *fixture_xcreate(struct kunit *test, const char *name, unsigned long base,
			size_t size, size_t quantum, vmem_ximport_t *afunc,
			vmem_free_t *ffunc, vmem_t *source, size_t qcache_max,
			int vmflag)
{
	return end_with_test(test, vmem_xcreate(name, (void *)base, size, quantum,
						afunc, ffunc, source, qcache_max,
						vmflag));
}

void fixture_destroy(struct kunit *test, vmem_t *vmp)
{
	EXPECT_VALID(test, vmp);
	kunit_remove_action(test, end_arena, vmp);
	vmem_destroy(vmp);
}

vmem_t *fixture_arena(struct kunit *test, unsigned long base, size_t size,
		      size_t quantum)
{
	return fixture_create(test, "A", base, size, quantum, NULL, NULL, NULL, 0,
			      VM_SLEEP);
}

vmem_t *fixture_child(struct kunit *test, vmem_t *source, size_t quantum)
{
	return fixture_create(test, "C", 0, 0, quantum, vmem_alloc, vmem_free,
			      source, 0, VM_SLEEP);
}

/* === Requests === */

unsigned long take(vmem_t *vmp, size_t size, int vmflag)
{
	return (unsigned long)vmem_alloc(vmp, size, vmflag | VM_NOSLEEP);
}

unsigned long xtake(vmem_t *vmp, size_t size, size_t align, size_t phase,
		    size_t nocross, unsigned long minaddr, unsigned long maxaddr,
		    int vmflag)
{
	return (unsigned long)vmem_xalloc(vmp, size, align, phase, nocross,
					  (void *)minaddr, (void *)maxaddr,
					  vmflag | VM_NOSLEEP);
}

void give(vmem_t *vmp, unsigned long addr, size_t size)
{
	vmem_free(vmp, (void *)addr, size);
}

void xgive(vmem_t *vmp, unsigned long addr, size_t size)
{
	vmem_xfree(vmp, (void *)addr, size);
}

/* Both trees: by a search among a comb of holes, and as a long search would. */
void fixture_order(struct kunit *test, vmem_t *vmp)
{
	unsigned long addr[40];
	int i;

	for (i = 0; i < ARRAY_SIZE(addr); i++)
		addr[i] = take(vmp, 1, 0);
	for (i = 0; i < ARRAY_SIZE(addr); i += 2)
		give(vmp, addr[i], 1);
	give(vmp, take(vmp, 1, VM_FIRSTFIT), 1);
	for (i = 1; i < ARRAY_SIZE(addr); i += 2)
		give(vmp, addr[i], 1);
	KUNIT_ASSERT_EQ(test, (int)vmp->order[VMEM_BY_ADDR].state,
			(int)VMEM_ORDER_READY);
	KUNIT_ASSERT_TRUE(test, vmem_order_build(vmp, VMEM_BY_LEN, VM_SLEEP));
	EXPECT_VALID(test, vmp);
}

/* === Layout === */

struct layout {
	size_t len;
	char text[1024];
};

static void layout_segment(void *arg, void *start, size_t size)
{
	struct layout *layout = arg;

	layout->len += scnprintf(layout->text + layout->len,
				 sizeof(layout->text) - layout->len, "%s%lx+%zx",
				 layout->len ? " " : "", (unsigned long)start, size);
}

const char *fixture_layout(struct kunit *test, vmem_t *vmp, int typemask)
{
	struct layout *layout = kunit_kzalloc(test, sizeof(*layout), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, layout);
	vmem_walk(vmp, typemask, layout_segment, layout);
	return layout->text;
}

/* === Sleepers === */

/*
 * The thread's own copy: the caller's stack may be gone when a test is aborted.
 * It is freed when the thread has been joined, never before.
 */
struct sleeper_thread {
	struct list_head link;
	struct kunit *test;
	struct sleeper request;
	struct task_struct *task;
	struct completion done;
};

static LIST_HEAD(sleepers);

static int sleeper_main(void *data)
{
	struct sleeper_thread *thread = data;
	struct sleeper *req = &thread->request;

	current->kunit_test = thread->test;
	allow_signal(SIGKILL);

	if (req->minaddr || req->maxaddr)
		req->addr = (unsigned long)vmem_xalloc(req->vmp, req->size, 0, 0, 0,
						       (void *)req->minaddr,
						       (void *)req->maxaddr,
						       req->vmflag);
	else
		req->addr = (unsigned long)vmem_alloc(req->vmp, req->size,
						      req->vmflag);
	complete(&thread->done);
	return 0;
}

/* Once it is in the arena's count and off the CPU, only a wake-up gets it back. */
static bool sleeper_asleep(struct sleeper_thread *thread, u64 waits)
{
	return vmem_stat(thread->request.vmp, VMEM_STAT_WAIT) > waits &&
	       !task_is_running(thread->task);
}

void sleeper_start(struct kunit *test, struct sleeper *sleeper)
{
	u64 waits = vmem_stat(sleeper->vmp, VMEM_STAT_WAIT);
	struct sleeper_thread *thread;
	struct task_struct *task;
	unsigned int turns = 0;

	thread = kzalloc(sizeof(*thread), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, thread);
	thread->test = test;
	thread->request = *sleeper;
	init_completion(&thread->done);

	task = kthread_create(sleeper_main, thread, "vmem-sleeper");
	if (IS_ERR(task)) {
		kfree(thread);
		KUNIT_FAIL_AND_ABORT(test, "no thread: %pe", task);
	}
	thread->task = get_task_struct(task);
	list_add_tail(&thread->link, &sleepers);
	sleeper->task = task;
	sleeper->thread = thread;
	wake_up_process(task);

	while (!completion_done(&thread->done) && !sleeper_asleep(thread, waits))
		if (!patience_lasts(&turns))
			KUNIT_FAIL_AND_ABORT(test, "neither asleep nor done");
}

bool sleeper_done(struct sleeper *sleeper)
{
	return !sleeper->thread || completion_done(&sleeper->thread->done);
}

/* Wait for the end of a thread that has finished, and forget it. */
static unsigned long join(struct sleeper_thread *thread)
{
	unsigned long addr = thread->request.addr;

	kthread_stop(thread->task);
	put_task_struct(thread->task);
	list_del(&thread->link);
	kfree(thread);
	return addr;
}

unsigned long sleeper_result(struct kunit *test, struct sleeper *sleeper)
{
	struct sleeper_thread *thread = sleeper->thread;

	if (!thread)
		return sleeper->addr;
	if (!patient_wait(&thread->done))
		KUNIT_FAIL_AND_ABORT(test, "the thread still sleeps");
	sleeper->addr = join(thread);
	sleeper->thread = NULL;
	sleeper->task = NULL;
	return sleeper->addr;
}

/* A failed test may leave threads asleep: they get all there is, then time. */
static void end_sleeper(struct kunit *test, struct sleeper_thread *thread)
{
	vmem_t *vmp;

	if (!completion_done(&thread->done)) {
		KUNIT_FAIL(test, "a thread still sleeps at the end of the test");
		send_sig(SIGKILL, thread->task, 1);
		for (vmp = thread->request.vmp; vmp; vmp = vmp->source)
			free_everything(vmp);
	}
	if (patient_wait(&thread->done)) {
		join(thread);
	} else {
		kunit_err(test, "thread %d is lost", task_pid_nr(thread->task));
		list_del(&thread->link);
	}
}

/* === Panics === */

static atomic_t panics;

static void count_panic(struct vmem *vmp, int vmflag)
{
	if (vmflag & VM_PANIC)
		atomic_inc(&panics);
}

void fixture_catch_panic(struct kunit *test)
{
	kunit_activate_static_stub(test, vmem_panic, count_panic);
}

int fixture_panics(struct kunit *test)
{
	return atomic_read(&panics);
}

/* === Begin and end of a test, and of the module === */

int fixture_init(struct kunit *test)
{
	lines_clear(&reports);
	lines_clear(&leaked);
	/* Other tests shall not have used up the reports of this one. */
	ratelimit_state_init(&vmem_report_limit, DEFAULT_RATELIMIT_INTERVAL,
			     DEFAULT_RATELIMIT_BURST);
	atomic_set(&panics, 0);
	return kunit_add_action(test, expect_no_more_reports, test);
}

void fixture_exit(struct kunit *test)
{
	struct sleeper_thread *thread, *next;

	list_for_each_entry_safe(thread, next, &sleepers, link)
		end_sleeper(test, thread);
}

static int __init fixture_load(void)
{
	return IS_ENABLED(CONFIG_TRACEPOINTS) ?
	       register_trace_console(probe_console, NULL) : 0;
}
module_init(fixture_load);

static void __exit fixture_unload(void)
{
	unregister_trace_console(probe_console, NULL);
	tracepoint_synchronize_unregister();
}
module_exit(fixture_unload);

MODULE_DESCRIPTION("KUnit tests for vmem");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
