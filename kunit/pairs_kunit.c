// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every call against every other, and against itself, in two threads at once. What
 * is looked for is what no single thread sees: data races, for which a sanitizer
 * has to watch, locks taken in two orders, and blocks that both were given.
 */
#include <kunit/device.h>
#include <linux/bitmap.h>
#include <linux/completion.h>
#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/ioport.h>
#include <linux/kthread.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/shrinker.h>

#include "cached.h"

#define ROUNDS		40
#define QUANTA		4096u
#define BULK		20

/* What both threads use, but for what each has of its own. */
static struct {
	vmem_t *source;			/* QUANTA pages from CACHED_BASE */
	vmem_t *vmp;			/* imports from it, with caches */
	vmem_t *growing;		/* likewise, more than it needs */
	vmem_t *pages;			/* of kernel memory, with caches */
	vmem_t *spans;			/* without one, at first */
	vmem_t *large;			/* kvmalloc() */
	vmem_t *dma;			/* or NULL */
	vmem_t *rings;
	struct completion go;
	atomic_t twice;
	DECLARE_BITMAP(taken, QUANTA);
} common;

struct hand {
	const struct call *call;
	struct device *dev;
	unsigned int round;
	unsigned int nr;		/* 0, 1 */
	unsigned int bad;		/* results that cannot be */
	struct completion done;
	char text[PAGE_SIZE];
};

struct call {
	const char *name;
	void (*make)(struct hand *hand);
};

/* === Blocks === */

static void expect(struct hand *hand, bool fact)
{
	hand->bad += !fact;
}

static void mark(unsigned long addr, size_t size)
{
	unsigned long page = (addr - CACHED_BASE) / PG;

	for (; size; size -= min(size, PG), page++)
		if (page >= QUANTA || test_and_set_bit(page, common.taken))
			atomic_inc(&common.twice);
}

static void unmark(unsigned long addr, size_t size)
{
	unsigned long page = (addr - CACHED_BASE) / PG;

	for (; size; size -= min(size, PG), page++)
		clear_bit(page, common.taken);
}

static void use(struct hand *hand, vmem_t *vmp, size_t size, int vmflag)
{
	unsigned long addr = (unsigned long)vmem_alloc(vmp, size, vmflag);

	expect(hand, addr);
	if (!addr)
		return;
	mark(addr, size);
	unmark(addr, size);
	vmem_free(vmp, (void *)addr, size);
}

static void use_x(struct hand *hand, vmem_t *vmp, size_t align, unsigned long min,
		  unsigned long max, int vmflag)
{
	unsigned long addr = xtake(vmp, 2 * PG, align, 0, 0, min, max, vmflag);

	if (!addr)
		return;
	expect(hand, IS_ALIGNED(addr, align ?: PG));
	mark(addr, 2 * PG);
	unmark(addr, 2 * PG);
	xgive(vmp, addr, 2 * PG);
}

static void use_memory(struct hand *hand, vmem_t *vmp, size_t size)
{
	void *block = vmem_alloc(vmp, size, VM_SLEEP);

	expect(hand, block);
	if (!block)
		return;
	memset(block, hand->nr + 1, size);
	expect(hand, !memchr_inv(block, hand->nr + 1, size));
	vmem_free(vmp, block, size);
}

/* === Calls === */

static void cached_alloc(struct hand *hand)
{
	use(hand, common.vmp, PG, VM_SLEEP);
}

static void cached_nosleep(struct hand *hand)
{
	use(hand, common.vmp, 3 * PG, VM_NOSLEEP);
}

static void large_alloc(struct hand *hand)
{
	use(hand, common.vmp, 20 * PG, VM_SLEEP);
}

static void source_alloc(struct hand *hand)
{
	use(hand, common.source, 5 * PG, VM_SLEEP);
}

static void growing_alloc(struct hand *hand)
{
	use(hand, common.growing, 3 * PG, VM_SLEEP);
}

static void failing_alloc(struct hand *hand)
{
	expect(hand, !take(common.vmp, 2 * QUANTA * PG, 0));
}

static void bulk(struct hand *hand)
{
	void *block[BULK];
	unsigned int i, nr;

	nr = vmem_alloc_bulk(common.vmp, PG, BULK, block, VM_SLEEP);
	expect(hand, nr == BULK);
	for (i = 0; i < nr; i++)
		mark((unsigned long)block[i], PG);
	for (i = 0; i < nr; i++)
		unmark((unsigned long)block[i], PG);
	vmem_free_bulk(common.vmp, PG, nr, block);
}

static void xalloc(struct hand *hand)
{
	use_x(hand, common.vmp, 16 * PG, 0, 0, 0);
}

static void first_fit(struct hand *hand)
{
	use_x(hand, common.source, 0, 0, 0, VM_FIRSTFIT);
}

static void best_fit(struct hand *hand)
{
	use_x(hand, common.source, 0, 0, 0, VM_BESTFIT | VM_ENDALLOC);
}

static void next_fit(struct hand *hand)
{
	use_x(hand, common.source, 0, 0, 0, VM_NEXTFIT);
}

static void window(struct hand *hand)
{
	use_x(hand, common.source, 0, CACHED_BASE + 1000 * PG, CACHED_BASE + 1100 * PG,
	      0);
}

static void add(struct hand *hand)
{
	unsigned long first = CACHED_BASE + (2 * QUANTA + 4 * hand->round +
					     2 * hand->nr) * PG;

	/* Each round of each thread another one: spans stay as long as their arena. */
	expect(hand, vmem_add(common.spans, (void *)first, PG, VM_SLEEP) ||
	       hand->round >= ROUNDS);
}

static void visit(void *count, void *addr, size_t size)
{
	*(unsigned long *)count += size;
}

static void walk(struct hand *hand)
{
	unsigned long units = 0;

	vmem_walk(common.source, VMEM_ALLOC | VMEM_FREE, visit, &units);
	expect(hand, units == QUANTA * PG);
}

static void walk_reentrant(struct hand *hand)
{
	unsigned long units = 0;

	vmem_walk(common.vmp, VMEM_ALLOC | VMEM_FREE | VMEM_REENTRANT, visit, &units);
}

static void size(struct hand *hand)
{
	expect(hand, vmem_size(common.source, VMEM_ALLOC | VMEM_FREE) == QUANTA * PG);
	vmem_size(common.vmp, VMEM_FREE);
}

static void contains(struct hand *hand)
{
	expect(hand, vmem_contains(common.source, (void *)CACHED_BASE, QUANTA * PG));
	vmem_contains(common.vmp, (void *)CACHED_BASE, PG);
}

static void reap(struct hand *hand)
{
	vmem_qcache_reap(common.vmp);
}

static void private(struct hand *hand)
{
	vmem_set_private(common.vmp, hand);
	expect(hand, vmem_get_private(common.vmp));
}

static void create(struct hand *hand)
{
	vmem_t *vmp = vmem_create("created", NULL, 0, PG, vmem_alloc, vmem_free,
				  common.source, 4 * PG, VM_SLEEP);

	expect(hand, vmp);
	if (!vmp)
		return;
	use(hand, vmp, PG, VM_SLEEP);
	vmem_destroy(vmp);
}

static void *import_more(vmem_t *source, size_t *sizep, size_t align, int vmflag)
{
	*sizep = roundup(*sizep, 16 * PG);
	return vmem_xalloc(source, *sizep, align, 0, 0, NULL, NULL, vmflag);
}

static void xcreate(struct hand *hand)
{
	vmem_t *vmp = vmem_xcreate("xcreated", NULL, 0, PG, import_more, vmem_xfree,
				   common.source, 0, VM_SLEEP);

	expect(hand, vmp);
	if (!vmp)
		return;
	use(hand, vmp, PG, VM_SLEEP);
	vmem_destroy(vmp);
}

static void create_resource(struct hand *hand)
{
	const struct resource res = DEFINE_RES_MEM_NAMED(PG, 16 * PG, "window");
	vmem_t *vmp = vmem_create_resource(NULL, &res, PG, 0, VM_SLEEP);

	expect(hand, vmp && take(vmp, PG, 0) == PG);
	if (vmp)
		give(vmp, PG, PG);
	vmem_destroy(vmp);
}

/* Of the thread's own device: the driver core wants no two at a time. */
static void managed(struct hand *hand)
{
	const struct resource res = DEFINE_RES_MEM_NAMED(PG, 16 * PG, "window");
	struct device *dev = hand->dev;

	if (!devres_open_group(dev, hand, GFP_KERNEL))
		return;
	expect(hand, devm_vmem_create(dev, "managed", (void *)PG, 4 * PG, PG, NULL,
				      NULL, NULL, 2 * PG, VM_SLEEP));
	expect(hand, devm_vmem_xcreate(dev, "managed", NULL, 0, PG, import_more,
				       vmem_xfree, common.source, 0, VM_SLEEP));
	expect(hand, devm_vmem_create_resource(dev, "managed", &res, PG, 0, VM_SLEEP));
	expect(hand, devm_vmem_create_dma(dev, "managed", VM_SLEEP));
	devres_release_group(dev, hand);
}

static void pages(struct hand *hand)
{
	use_memory(hand, common.pages, PAGE_SIZE);
}

static void kvmalloc_memory(struct hand *hand)
{
	use_memory(hand, common.large, 5 * PAGE_SIZE);
}

static void vmalloc_memory(struct hand *hand)
{
	void *block = vmem_vmalloc_alloc(NULL, 3 * PAGE_SIZE, VM_SLEEP);

	expect(hand, block);
	vmem_vmalloc_free(NULL, block, 3 * PAGE_SIZE);
}

static void dma(struct hand *hand)
{
	void *ring;

	if (!common.dma)
		return;
	ring = vmem_alloc(common.rings, 64, VM_SLEEP);
	expect(hand, vmem_dma_addr(common.rings, ring) != DMA_MAPPING_ERROR);
	vmem_free(common.rings, ring, 64);
}

static void shrink(struct hand *hand)
{
	struct shrink_control all = { .nr_to_scan = ULONG_MAX };

	vmem_shrink_count(NULL, &all);
	vmem_shrink_scan(NULL, &all);
}

static void list(struct hand *hand)
{
	static const struct seq_operations * const files[] = {
		&vmem_arenas_sops, &vmem_kstat_sops,
	};
	const struct seq_operations *ops = files[hand->round % ARRAY_SIZE(files)];
	struct vmem_row row = {};
	struct seq_file file = {
		.buf = hand->text, .size = sizeof(hand->text), .private = &row,
	};
	loff_t pos = 0;
	void *v;

	vmem_qcache_print(common.vmp, &file);
	file.count = 0;
	for (v = ops->start(&file, &pos); v; v = ops->next(&file, v, &pos))
		ops->show(&file, v);
	ops->stop(&file, v);
}

static void validate(struct hand *hand)
{
	expect(hand, vmem_validate(common.vmp));
	expect(hand, vmem_validate(common.source));
	expect(hand, vmem_validate(common.pages));
}

static const struct call calls[] = {
	{ "alloc, cached", cached_alloc },
	{ "alloc, cached, not sleeping", cached_nosleep },
	{ "alloc, large", large_alloc },
	{ "alloc of the source", source_alloc },
	{ "alloc, growing", growing_alloc },
	{ "alloc that fails", failing_alloc },
	{ "bulk", bulk },
	{ "xalloc", xalloc },
	{ "first fit", first_fit },
	{ "best fit", best_fit },
	{ "next fit", next_fit },
	{ "window", window },
	{ "add", add },
	{ "walk", walk },
	{ "walk, reentrant", walk_reentrant },
	{ "size", size },
	{ "contains", contains },
	{ "reap", reap },
	{ "private", private },
	{ "create", create },
	{ "xcreate", xcreate },
	{ "create_resource", create_resource },
	{ "managed", managed },
	{ "pages", pages },
	{ "kvmalloc", kvmalloc_memory },
	{ "vmalloc", vmalloc_memory },
	{ "DMA", dma },
	{ "shrink", shrink },
	{ "list", list },
	{ "validate", validate },
};

static void describe(const struct call *call, char *desc)
{
	strscpy(desc, call->name, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(calls, calls, describe);

/* === Two threads === */

static int hand_main(void *data)
{
	struct hand *hand = data;

	wait_for_completion(&common.go);
	for (hand->round = 0; hand->round < ROUNDS; hand->round++) {
		hand->call->make(hand);
		cond_resched();
	}
	kthread_complete_and_exit(&hand->done, 0);
}

static void start(struct kunit *test, struct hand *hand, const struct call *call)
{
	struct task_struct *task;

	hand->call = call;
	hand->bad = 0;
	init_completion(&hand->done);
	task = kthread_run(hand_main, hand, "vmem-pair/%u", hand->nr);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, task);
}

/* Spans that were added are in nobody's way: the arena is another one each time. */
static void replace_spans(struct kunit *test)
{
	if (common.spans)
		fixture_destroy(test, common.spans);
	common.spans = fixture_create(test, "spans", 0, 0, PG, NULL, NULL, NULL, 0,
				      VM_SLEEP);
}

static void run_pair(struct kunit *test, struct hand *hand, const struct call *a,
		     const struct call *b)
{
	replace_spans(test);
	init_completion(&common.go);
	start(test, &hand[0], a);
	start(test, &hand[1], b);
	complete_all(&common.go);
	wait_for_completion(&hand[0].done);
	wait_for_completion(&hand[1].done);
	KUNIT_EXPECT_EQ_MSG(test, hand[0].bad, 0, "%s, against %s", a->name, b->name);
	KUNIT_EXPECT_EQ_MSG(test, hand[1].bad, 0, "%s, against %s", b->name, a->name);
	KUNIT_EXPECT_EQ_MSG(test, atomic_xchg(&common.twice, 0), 0, "%s, %s", a->name,
			    b->name);
}

static void end_dma(void *source)
{
	vmem_destroy(source);
}

static void make_common(struct kunit *test, struct hand *hand)
{
	memset(&common, 0, sizeof(common));
	common.source = fixture_arena(test, CACHED_BASE, QUANTA * PG, PG);
	common.vmp = cached_child(test, common.source, PG, 8 * PG);
	common.growing = fixture_xcreate(test, "growing", 0, 0, PG, import_more,
					 vmem_xfree, common.source, 0, VM_SLEEP);
	common.pages = cached_create(test, "pages", 0, 0, PAGE_SIZE, vmem_pages_alloc,
				     vmem_pages_free, NULL, 4 * PAGE_SIZE, VM_SLEEP);
	common.large = fixture_create(test, "large", 0, 0, 64, vmem_kvmalloc_alloc,
				      vmem_kvmalloc_free, NULL, 0, VM_SLEEP);
	if (!IS_ENABLED(CONFIG_HAS_DMA))
		return;
	KUNIT_ASSERT_EQ(test, 0,
			dma_coerce_mask_and_coherent(hand->dev, DMA_BIT_MASK(64)));
	common.dma = vmem_create_dma("card", hand->dev, VM_SLEEP);
	KUNIT_ASSERT_NOT_NULL(test, common.dma);
	KUNIT_ASSERT_EQ(test, 0, kunit_add_action_or_reset(test, end_dma, common.dma));
	common.rings = fixture_create(test, "rings", 0, 0, 64, vmem_dma_alloc,
				      vmem_dma_free, common.dma, 0, VM_SLEEP);
}

static void call_against_every_other(struct kunit *test)
{
	const struct call *call = test->param_value;
	struct hand *hand = kunit_kcalloc(test, 2, sizeof(*hand), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, hand);
	for (i = 0; i < 2; i++) {
		hand[i].nr = i;
		hand[i].dev = kunit_device_register(test, i ? "pair-1" : "pair-0");
		KUNIT_ASSERT_NOT_ERR_OR_NULL(test, hand[i].dev);
	}
	make_common(test, hand);
	for (i = call - calls; i < ARRAY_SIZE(calls); i++)
		run_pair(test, hand, call, &calls[i]);
	EXPECT_VALID(test, common.source);
	EXPECT_VALID(test, common.vmp);
	EXPECT_STAT(test, common.vmp, MISUSE, 0);
	EXPECT_STAT(test, common.source, MISUSE, 0);
	KUNIT_EXPECT_TRUE(test, bitmap_empty(common.taken, QUANTA));
	cached_reap(test, common.vmp, 0);
}

static struct kunit_case pairs_cases[] = {
	KUNIT_CASE_PARAM(call_against_every_other, calls_gen_params),
	{}
};

static struct kunit_suite pairs_suite = {
	.name = "vmem_pairs",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = pairs_cases,
};

kunit_test_suite(pairs_suite);
