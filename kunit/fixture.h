/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the suites share: arenas that end with their test, the reports that a
 * user would read in the kernel log, and threads to sleep in an arena.
 *
 * A(base, size, q) is, as in the manual, a fresh arena with one static span.
 * All requests of the suites are VM_NOSLEEP unless they say so.
 */
#ifndef _VMEM_FIXTURE_H
#define _VMEM_FIXTURE_H

#include <kunit/test.h>
#include <linux/vmem.h>

#include "../vmem/internal.h"

#define PG	0x1000ul
#define TOP(n)	((unsigned long)-(n))		/* n below the end of all addresses */

/*
 * An arena of the test's own. When the test ends, in reverse order of creation,
 * each is validated and destroyed; what is still allocated is freed before, so
 * that a failing test makes no leak report. Fails the test if there is no arena.
 */
vmem_t *fixture_create(struct kunit *test, const char *name, unsigned long base,
		       size_t size, size_t quantum, vmem_alloc_t *afunc,
		       vmem_free_t *ffunc, vmem_t *source, size_t qcache_max,
		       int vmflag);
vmem_t *fixture_xcreate(struct kunit *test, const char *name, unsigned long base,
			size_t size, size_t quantum, vmem_ximport_t *afunc,
			vmem_free_t *ffunc, vmem_t *source, size_t qcache_max,
			int vmflag);

/* Destroy such an arena before the test ends, leaving its leaks to be reported. */
void fixture_destroy(struct kunit *test, vmem_t *vmp);

/* A(base, size, q), and an empty child that imports with vmem_alloc, vmem_free. */
vmem_t *fixture_arena(struct kunit *test, unsigned long base, size_t size,
		      size_t quantum);
vmem_t *fixture_child(struct kunit *test, vmem_t *source, size_t quantum);

/*
 * Make a fresh arena of 40 quanta or more keep its free segments in order, as
 * policies do once there are many: from then on searches use the trees.
 */
void fixture_order(struct kunit *test, vmem_t *vmp);

/* Requests, all VM_NOSLEEP, addresses as numbers; 0 means NULL. */
unsigned long take(vmem_t *vmp, size_t size, int vmflag);
unsigned long xtake(vmem_t *vmp, size_t size, size_t align, size_t phase,
		    size_t nocross, unsigned long minaddr, unsigned long maxaddr,
		    int vmflag);
void give(vmem_t *vmp, unsigned long addr, size_t size);
void xgive(vmem_t *vmp, unsigned long addr, size_t size);

/* Free segments as one line, "1000+3000 8000+1000", hexadecimal start+size. */
const char *fixture_layout(struct kunit *test, vmem_t *vmp, int typemask);

#define EXPECT_ADDR(test, left, right) \
	KUNIT_EXPECT_EQ(test, (unsigned long)(left), (unsigned long)(right))
#define EXPECT_STAT(test, vmp, which, value) \
	KUNIT_EXPECT_EQ(test, vmem_stat(vmp, VMEM_STAT_##which), (u64)(value))
#define EXPECT_VALID(test, vmp) \
	KUNIT_EXPECT_TRUE(test, vmem_validate(vmp))
#define EXPECT_LAYOUT(test, vmp, typemask, text)				\
do {										\
	struct kunit *__layout_test = (test);					\
										\
	KUNIT_EXPECT_STREQ(__layout_test,					\
			   fixture_layout(__layout_test, vmp, typemask), text);	\
} while (0)

/*
 * Reports: every line of the kernel log that begins with "vmem: " since the test
 * began is kept. A report that no EXPECT_REPORT() consumed fails the test at its
 * end. EXPECT_REPORT() consumes the oldest one, which must contain @text.
 * These are init and exit of every suite.
 */
int fixture_init(struct kunit *test);
void fixture_exit(struct kunit *test);
const char *fixture_next_report(struct kunit *test);

/*
 * The same for what an audit says of leaks, "vmem: leaked: " and backtraces. Those
 * lines are in no test's way.
 */
const char *fixture_next_leaked(struct kunit *test);

bool fixture_report_has(const char *text);	/* consumes, prints what is wrong */

#define EXPECT_REPORT(test, text)						\
	KUNIT_EXPECT_TRUE(test, fixture_report_has(text))

/* A refused call: one report of that label, one more misuse. */
#define EXPECT_REFUSED(test, vmp, label, call)					\
do {										\
	struct kunit *__refused_test = (test);					\
	vmem_t *__refused_vmp = (vmp);						\
	u64 __misuse = vmem_stat(__refused_vmp, VMEM_STAT_MISUSE);		\
										\
	call;									\
	EXPECT_STAT(__refused_test, __refused_vmp, MISUSE, __misuse + 1);	\
	EXPECT_REPORT(__refused_test, "vmem: " label ": arena ");		\
} while (0)

/*
 * A thread that makes one request, and what became of it. sleeper_start()
 * returns when the thread sleeps in the arena or has finished; sleeper_result()
 * waits until it has finished. Both have a limit of time, and fail the test.
 */
struct sleeper {
	vmem_t *vmp;
	size_t size;
	int vmflag;
	unsigned long minaddr, maxaddr;		/* vmem_xalloc() if not both 0 */

	struct task_struct *task;		/* takes SIGKILL; NULL once finished */
	struct sleeper_thread *thread;		/* of the fixture */
	unsigned long addr;			/* set by sleeper_result() */
};

void sleeper_start(struct kunit *test, struct sleeper *sleeper);
bool sleeper_done(struct sleeper *sleeper);
unsigned long sleeper_result(struct kunit *test, struct sleeper *sleeper);

/*
 * VM_PANIC without the panic: until the test ends, vmem_panic() counts instead.
 */
void fixture_catch_panic(struct kunit *test);
int fixture_panics(struct kunit *test);

#endif /* _VMEM_FIXTURE_H */
