// SPDX-License-Identifier: GPL-2.0-only
/*
 * Audits (CONFIG_VMEM_AUDIT): what an arena that ends says of what was leaked.
 */
#include <linux/irq_work.h>
#include <linux/sched.h>
#include <linux/seq_file.h>

#include "cached.h"

static int audit_init(struct kunit *test)
{
	if (!IS_ENABLED(CONFIG_VMEM_AUDIT))
		kunit_skip(test, "nothing is recorded without CONFIG_VMEM_AUDIT");
	return fixture_init(test);
}

/* === Who leaks, to be found in backtraces === */

static noinline unsigned long leak_here(vmem_t *vmp, size_t size)
{
	unsigned long addr = take(vmp, size, 0);

	barrier();		/* no tail call */
	return addr;
}

static noinline unsigned long leak_there(vmem_t *vmp, size_t size)
{
	unsigned long addr = xtake(vmp, size, 0, 0, 0, 0, 0, 0);

	barrier();
	return addr;
}

/* === Who holds how much === */

/* Calls are told apart by where they return to: one in take(), one in xtake(). */
static void callers_are_listed_by_what_they_hold(struct kunit *test)
{
	vmem_t *vmp = fixture_arena(test, PG, 64 * PG, PG);
	struct seq_file file = { .size = PG };
	char *begin;

	file.buf = kunit_kzalloc(test, PG, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, file.buf);
	take(vmp, PG, 0);
	give(vmp, take(vmp, 40 * PG, 0), 40 * PG);
	take(vmp, 100, 0);
	xtake(vmp, 5 * PG, 0, 0, 0, 0, 0, 0);
	KUNIT_ASSERT_EQ(test, vmem_audit_callers(vmp, &file), 0);

	begin = strstr(file.buf, "\n");
	KUNIT_ASSERT_NOT_NULL(test, begin);
	KUNIT_EXPECT_TRUE_MSG(test, strstarts(begin, "\n           1                20480 "),
			      "%s", file.buf);
	begin = strstr(begin + 1, "\n");
	KUNIT_ASSERT_NOT_NULL(test, begin);
	KUNIT_EXPECT_TRUE_MSG(test, strstarts(begin, "\n           2                 4196 "),
			      "%s", file.buf);
	begin = strstr(begin + 1, "\n");
	KUNIT_ASSERT_NOT_NULL(test, begin);
	KUNIT_EXPECT_STREQ(test, begin, "\n");
}

static void callers_are_listed_up_to_the_top(struct kunit *test)
{
	vmem_t *vmp = fixture_arena(test, TOP(4), 4, 1);
	struct seq_file file = { .size = PG };

	file.buf = kunit_kzalloc(test, PG, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, file.buf);
	EXPECT_ADDR(test, take(vmp, 1, VM_ENDALLOC), TOP(1));
	EXPECT_ADDR(test, take(vmp, 1, VM_FIRSTFIT), TOP(4));
	KUNIT_ASSERT_EQ(test, vmem_audit_callers(vmp, &file), 0);
	KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(file.buf, "\n           2                    2 "),
				  "%s", file.buf);
}

/* === What is said === */

/* End an arena that has leaked so many blocks. */
static void end_leaking(struct kunit *test, vmem_t *vmp, const char *amount)
{
	if (vmp->caches)
		cached_destroy(test, vmp);
	else
		fixture_destroy(test, vmp);
	EXPECT_REPORT(test, amount);
}

static void expect_has(struct kunit *test, const char *line, const char *text)
{
	KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(line, text),
				  "\"%s\" is not in \"%s\"", text, line);
}

/* The next line is about a block. */
static void expect_block(struct kunit *test, unsigned long addr, size_t size)
{
	const char *line = fixture_next_leaked(test);
	char text[64];

	snprintf(text, sizeof(text), " addr 0x%lx size 0x%zx caller ", addr, size);
	expect_has(test, line, "vmem: leaked: arena ");
	expect_has(test, line, text);
	snprintf(text, sizeof(text), " pid %d (%s) at ", task_pid_nr(current),
		 current->comm);
	expect_has(test, line, text);
}

/* The next lines are a backtrace, with @function in it. Returns the one behind. */
static const char *expect_stack(struct kunit *test, const char *function)
{
	bool found = false;
	const char *line;

	while (*(line = fixture_next_leaked(test)) == ' ')
		found |= !!strstr(line, function);
	KUNIT_EXPECT_TRUE_MSG(test, found, "%s is not in the backtrace", function);
	return line;
}

static void leak_names_who_and_where(struct kunit *test)
{
	vmem_t *vmp = fixture_arena(test, PG, 0x10000, PG);
	unsigned long addr = leak_here(vmp, 0x300);

	end_leaking(test, vmp, "leak: arena \"A\" 768 bytes in 1 segments");
	expect_block(test, addr, 0x300);
	EXPECT_ADDR(test, *expect_stack(test, "leak_here"), 0);
}

static void stack_is_printed_once_for_a_row(struct kunit *test)
{
	vmem_t *vmp = fixture_arena(test, PG, 0x10000, PG);
	unsigned long addr[3];
	int i;

	for (i = 0; i < ARRAY_SIZE(addr); i++)
		addr[i] = leak_here(vmp, PG);
	end_leaking(test, vmp, "in 3 segments");
	for (i = 0; i < ARRAY_SIZE(addr); i++)
		expect_block(test, addr[i], PG);
	EXPECT_ADDR(test, *expect_stack(test, "leak_here"), 0);
}

static void stacks_differ(struct kunit *test)
{
	vmem_t *vmp = fixture_arena(test, PG, 0x10000, PG);

	leak_here(vmp, PG);
	leak_there(vmp, PG);
	end_leaking(test, vmp, "in 2 segments");
	expect_block(test, PG, PG);
	expect_has(test, expect_stack(test, "leak_here"), " addr 0x2000 ");
	EXPECT_ADDR(test, *expect_stack(test, "leak_there"), 0);
}

static void what_was_freed_is_not_listed(struct kunit *test)
{
	vmem_t *vmp = cached_arena(test, 0x100000, PG, 4 * PG);
	unsigned long object[4], block[4];
	int i;

	for (i = 0; i < ARRAY_SIZE(object); i++) {
		object[i] = leak_here(vmp, 2 * PG);
		block[i] = leak_there(vmp, 8 * PG);
	}
	give(vmp, object[0], 2 * PG);
	give(vmp, object[2], 2 * PG);
	xgive(vmp, block[1], 8 * PG);
	xgive(vmp, block[3], 8 * PG);
	end_leaking(test, vmp, "in 4 segments");
	/* In the order of addresses: slabs lie below what came later. */
	for (i = 1; i < ARRAY_SIZE(object); i += 2)
		expect_block(test, object[i], 2 * PG);
	expect_has(test, expect_stack(test, "leak_here"), " size 0x8000 ");
	expect_block(test, block[2], 8 * PG);
}

static void bulk_is_listed(struct kunit *test)
{
	vmem_t *vmp = cached_arena(test, 0x100000, PG, 4 * PG);
	void *addr[5];
	int i;

	KUNIT_EXPECT_EQ(test, vmem_alloc_bulk(vmp, PG, 5, addr, VM_NOSLEEP), (size_t)5);
	KUNIT_EXPECT_EQ(test, vmem_free_bulk(vmp, PG, 2, addr), (size_t)2);
	end_leaking(test, vmp, "in 3 segments");
	for (i = 2; i < 5; i++)
		expect_block(test, (unsigned long)addr[i], PG);
	EXPECT_ADDR(test, *expect_stack(test, "bulk_is_listed"), 0);
}

static void refused_free_forgets_nobody(struct kunit *test)
{
	vmem_t *vmp = cached_arena(test, 0x100000, PG, 2 * PG);
	unsigned long object = leak_here(vmp, PG), block = leak_here(vmp, 8 * PG);

	EXPECT_REFUSED(test, vmp, "wrong size", give(vmp, block, 9 * PG));
	EXPECT_REFUSED(test, vmp, "bad free", xgive(vmp, object, PG));
	EXPECT_REFUSED(test, vmp, "wrong size", give(vmp, object, 2 * PG));
	end_leaking(test, vmp, "in 2 segments");
	expect_block(test, object, PG);
	expect_has(test, expect_stack(test, "leak_here"), " size 0x8000 ");
}

static void long_list_is_cut_short(struct kunit *test)
{
	vmem_t *vmp = fixture_arena(test, 1, 1000, 1);
	const char *line;
	int i, lines = 0;

	for (i = 0; i < 100; i++)
		leak_here(vmp, 1);
	end_leaking(test, vmp, "in 100 segments");
	for (; strstr(line = fixture_next_leaked(test), " addr "); lines++)
		;
	KUNIT_EXPECT_EQ(test, lines, 32);
	while (*line == ' ')
		line = fixture_next_leaked(test);
	expect_has(test, line, "leaked: arena \"A\" and 68 more");
}

static void span_kept_by_a_child_is_its_leak(struct kunit *test)
{
	vmem_t *source = fixture_arena(test, PG, 0x10000, PG);
	vmem_t *child = fixture_create(test, "keeper", 0, 0, PG, vmem_alloc, NULL,
				       source, 0, VM_SLEEP);

	give(child, leak_here(child, PG), PG);
	fixture_destroy(test, child);
	end_leaking(test, source, "in 1 segments");
	expect_block(test, PG, PG);
	expect_stack(test, "leak_here");
}

/* === Where there is no task, or no memory === */

struct interruption {
	struct irq_work work;
	vmem_t *vmp;
};

static void leak_in_interrupt(struct irq_work *work)
{
	leak_here(container_of(work, struct interruption, work)->vmp, PG);
}

static void interrupt_is_no_task(struct kunit *test)
{
	struct interruption in = { .vmp = fixture_arena(test, PG, 0x10000, PG) };

	init_irq_work(&in.work, leak_in_interrupt);
	irq_work_queue(&in.work);
	irq_work_sync(&in.work);
	end_leaking(test, in.vmp, "in 1 segments");
	expect_has(test, fixture_next_leaked(test), " pid 0 (interrupt) at ");
	expect_stack(test, "leak_in_interrupt");
}

static void block_without_a_record_is_still_a_leak(struct kunit *test)
{
	vmem_t *vmp = fixture_arena(test, PG, 0x10000, PG);

#ifdef CONFIG_FAILSLAB
	current->fail_nth = 1;
#endif
	leak_here(vmp, PG);
#ifdef CONFIG_FAILSLAB
	KUNIT_EXPECT_EQ(test, current->fail_nth, 0);
	current->fail_nth = 0;
#else
	kunit_skip(test, "memory does not fail without CONFIG_FAILSLAB");
#endif
	end_leaking(test, vmp, "in 1 segments");
	KUNIT_EXPECT_STREQ(test, fixture_next_leaked(test), "");
}

static struct kunit_case audit_cases[] = {
	KUNIT_CASE(callers_are_listed_by_what_they_hold),
	KUNIT_CASE(callers_are_listed_up_to_the_top),
	KUNIT_CASE(leak_names_who_and_where),
	KUNIT_CASE(stack_is_printed_once_for_a_row),
	KUNIT_CASE(stacks_differ),
	KUNIT_CASE(what_was_freed_is_not_listed),
	KUNIT_CASE(bulk_is_listed),
	KUNIT_CASE(refused_free_forgets_nobody),
	KUNIT_CASE(long_list_is_cut_short),
	KUNIT_CASE(span_kept_by_a_child_is_its_leak),
	KUNIT_CASE(interrupt_is_no_task),
	KUNIT_CASE(block_without_a_record_is_still_a_leak),
	{}
};

static struct kunit_suite audit_suite = {
	.name = "vmem_audit",
	.init = audit_init,
	.exit = fixture_exit,
	.test_cases = audit_cases,
};

kunit_test_suite(audit_suite);
