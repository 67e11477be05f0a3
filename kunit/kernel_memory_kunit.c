// SPDX-License-Identifier: GPL-2.0-only
/*
 * Arenas of kernel memory: of pages, kvmalloc(), vmalloc(), and of a device's
 * coherent memory; blocks are written to, and read back.
 */
#include <kunit/device.h>
#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/kmemleak.h>
#include <linux/kref.h>
#include <linux/mm.h>
#include <linux/prandom.h>
#include <linux/sizes.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/vmalloc.h>

#include "cached.h"

/* Larger than the page allocator can give anywhere, and than there is memory. */
#define TOO_LARGE	(PAGE_SIZE << 16)
#define MORE_THAN_ALL	(2 * totalram_pages() << PAGE_SHIFT)

struct kind {
	const char *name;
	vmem_alloc_t *alloc;
	vmem_free_t *free;
	bool dma;
};

static const struct kind kinds[] = {
	{ "pages", vmem_pages_alloc, vmem_pages_free },
	{ "kvmalloc", vmem_kvmalloc_alloc, vmem_kvmalloc_free },
	{ "vmalloc", vmem_vmalloc_alloc, vmem_vmalloc_free },
	{ "DMA", vmem_dma_alloc, vmem_dma_free, .dma = true },
};

KUNIT_ARRAY_PARAM_DESC(kinds, kinds, name);

static struct device *device(struct kunit *test)
{
	struct device *dev = kunit_device_register(test, "card");

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dev);
	return dev;
}

static struct device *dma_device(struct kunit *test)
{
	struct device *dev;

	if (!IS_ENABLED(CONFIG_HAS_DMA))
		kunit_skip(test, "no DMA");
	dev = device(test);
	KUNIT_ASSERT_EQ(test, dma_coerce_mask_and_coherent(dev, DMA_BIT_MASK(64)), 0);
	return dev;
}

static void end_source(void *source)
{
	vmem_destroy(source);
}

static vmem_t *dma_source(struct kunit *test, struct device *dev)
{
	vmem_t *source = vmem_create_dma("card", dev, VM_SLEEP);

	KUNIT_ASSERT_NOT_NULL(test, source);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, end_source, source), 0);
	return source;
}

/* One source for a test, of a device that outlives it. */
static vmem_t *source_of(struct kunit *test, const struct kind *kind)
{
	if (kind->dma && !test->priv)
		test->priv = dma_source(test, dma_device(test));
	return kind->dma ? test->priv : NULL;
}

static vmem_t *memory_with(struct kunit *test, const struct kind *kind, size_t quantum,
			   size_t qcache_max, int vmflag)
{
	return cached_create(test, kind->name, 0, 0, quantum, kind->alloc, kind->free,
			     source_of(test, kind), qcache_max, VM_SLEEP | vmflag);
}

static vmem_t *memory(struct kunit *test, const struct kind *kind, size_t quantum)
{
	return memory_with(test, kind, quantum, 0, 0);
}

static vmem_t *pages(struct kunit *test, size_t quantum)
{
	return memory(test, &kinds[0], quantum);
}

/* === Blocks with something written in them === */

#define BLOCKS	150

struct blocks {
	struct kunit *test;
	vmem_t *vmp;
	struct rnd_state rnd;
	unsigned int nr;
	struct {
		u8 *addr;
		size_t size;
		u8 mark;
	} block[BLOCKS];
};

static struct blocks *blocks_of(struct kunit *test, vmem_t *vmp)
{
	struct blocks *blocks = kunit_kzalloc(test, sizeof(*blocks), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, blocks);
	blocks->test = test;
	blocks->vmp = vmp;
	prandom_seed_state(&blocks->rnd, 1);
	return blocks;
}

/* All of it, so that whoever else has any of it would see. */
static void blocks_take(struct blocks *blocks, unsigned int nr, size_t most, int vmflag)
{
	while (nr--) {
		size_t size = 1 + prandom_u32_state(&blocks->rnd) % most;
		u8 *addr = vmem_alloc(blocks->vmp, size, vmflag);

		KUNIT_ASSERT_NOT_NULL(blocks->test, addr);
		KUNIT_EXPECT_TRUE(blocks->test, IS_ALIGNED((unsigned long)addr,
							   blocks->vmp->quantum));
		blocks->block[blocks->nr].addr = addr;
		blocks->block[blocks->nr].size = size;
		blocks->block[blocks->nr].mark = prandom_u32_state(&blocks->rnd);
		memset(addr, blocks->block[blocks->nr++].mark, size);
	}
}

static void blocks_check(struct blocks *blocks)
{
	unsigned int i;

	for (i = 0; i < blocks->nr; i++)
		KUNIT_EXPECT_NULL_MSG(blocks->test,
				      memchr_inv(blocks->block[i].addr,
						 blocks->block[i].mark,
						 blocks->block[i].size),
				      "block %u of %zu bytes has changed", i,
				      blocks->block[i].size);
}

/* Any of them, until there are no more than so many. */
static void blocks_give(struct blocks *blocks, unsigned int left)
{
	while (blocks->nr > left) {
		unsigned int i = prandom_u32_state(&blocks->rnd) % blocks->nr;

		vmem_free(blocks->vmp, blocks->block[i].addr, blocks->block[i].size);
		blocks->block[i] = blocks->block[--blocks->nr];
	}
}

static void expect_all_returned(struct kunit *test, vmem_t *vmp)
{
	cached_reap(test, vmp, 0);
	EXPECT_STAT(test, vmp, MEM_IMPORT, 0);
	EXPECT_STAT(test, vmp, MEM_TOTAL, 0);
	EXPECT_STAT(test, vmp, FAIL, 0);
	EXPECT_STAT(test, vmp, MISUSE, 0);
}

static void blocks_come_and_go(struct kunit *test, vmem_t *vmp, size_t most)
{
	struct blocks *blocks = blocks_of(test, vmp);
	int i;

	for (i = 0; i < 4; i++) {
		blocks_take(blocks, BLOCKS - blocks->nr, most, VM_SLEEP);
		blocks_check(blocks);
		blocks_give(blocks, BLOCKS / 3);
		blocks_check(blocks);
		EXPECT_VALID(test, vmp);
	}
	blocks_give(blocks, 0);
	expect_all_returned(test, vmp);
}

/* === Memory === */

static void case_128_pages_are_memory(struct kunit *test)
{
	vmem_t *vmp = pages(test, PAGE_SIZE);
	u8 *addr = vmem_alloc(vmp, 2 * PAGE_SIZE, VM_NOSLEEP);

	KUNIT_ASSERT_NOT_NULL(test, addr);
	KUNIT_EXPECT_TRUE(test, IS_ALIGNED((unsigned long)addr, PAGE_SIZE));
	EXPECT_STAT(test, vmp, MEM_IMPORT, 2 * PAGE_SIZE);
	memset(addr, 0x5a, 2 * PAGE_SIZE);
	KUNIT_EXPECT_NULL(test, memchr_inv(addr, 0x5a, 2 * PAGE_SIZE));
	vmem_free(vmp, addr, 2 * PAGE_SIZE);
	expect_all_returned(test, vmp);
	cached_destroy(test, vmp);
}

static const size_t quanta[] = { 16, 64, 256, 1024, PAGE_SIZE };

static void blocks_of_any_size(struct kunit *test)
{
	const struct kind *kind = test->param_value;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(quanta); i++) {
		blocks_come_and_go(test, memory(test, kind, quanta[i]), 4 * quanta[i]);
		blocks_come_and_go(test, memory(test, kind, quanta[i]), 4 * PAGE_SIZE);
	}
}

static void blocks_of_caches(struct kunit *test)
{
	const struct kind *kind = test->param_value;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(quanta); i++)
		blocks_come_and_go(test, memory_with(test, kind, quanta[i], 4 * quanta[i],
						     0), 6 * quanta[i]);
}

/* In larger pieces, of which small blocks have a part each. */
static void blocks_of_large_imports(struct kunit *test)
{
	const struct kind *kind = test->param_value;
	vmem_t *vmp = memory_with(test, kind, 64, 1024, VMC_NO_QCACHE);
	struct blocks *blocks = blocks_of(test, vmp);

	blocks_take(blocks, 32, 64, VM_SLEEP);
	EXPECT_STAT(test, vmp, MEM_IMPORT, PAGE_SIZE);
	blocks_come_and_go(test, memory_with(test, kind, 64, 1024, VMC_NO_QCACHE), 1000);
	blocks_check(blocks);
	blocks_give(blocks, 1);
	EXPECT_STAT(test, vmp, MEM_IMPORT, PAGE_SIZE);
	blocks_give(blocks, 0);
	expect_all_returned(test, vmp);
}

static void aligned_blocks(struct kunit *test)
{
	const struct kind *kind = test->param_value;
	vmem_t *vmp = memory(test, kind, 64);
	size_t align;

	for (align = 64; align <= 4 * PAGE_SIZE; align *= 2) {
		void *addr = vmem_xalloc(vmp, 300, align, align / 2 & ~63ul, 0, NULL, NULL,
					 VM_SLEEP);

		KUNIT_ASSERT_NOT_NULL(test, addr);
		EXPECT_ADDR(test, (unsigned long)addr % align, align / 2 & ~63ul);
		memset(addr, 1, 300);
		vmem_xfree(vmp, addr, 300);
	}
	expect_all_returned(test, vmp);
}

static void blocks_of_a_child(struct kunit *test)
{
	const struct kind *kind = test->param_value;
	vmem_t *vmp = memory(test, kind, PAGE_SIZE);

	blocks_come_and_go(test, cached_child(test, vmp, 32, 0), 1000);
	blocks_come_and_go(test, cached_child(test, vmp, 32, 128), 200);
	expect_all_returned(test, vmp);
}

static unsigned long free_memory(void)
{
	struct sysinfo info;

	si_meminfo(&info);
	return info.freeram;
}

/* 16 MiB come and go with an arena. */
static void take_and_give(struct kunit *test, const struct kind *kind)
{
	vmem_t *vmp = memory(test, kind, PAGE_SIZE);
	void *held[64];
	int i;

	for (i = 0; i < ARRAY_SIZE(held); i++) {
		held[i] = vmem_alloc(vmp, SZ_256K, VM_SLEEP);
		KUNIT_ASSERT_NOT_NULL(test, held[i]);
	}
	for (i = 0; i < ARRAY_SIZE(held); i++)
		vmem_free(vmp, held[i], SZ_256K);
	cached_destroy(test, vmp);
}

/*
 * The kernel has all of it again when the arena has ended, although some is freed
 * later. CPUs keep pages to themselves, once; what is lost is lost each time.
 */
/* What an allocator gives is never less, so that anything less would be wasted. */
static void imports_are_whole_pages(struct kunit *test)
{
	vmem_t *vmp = memory(test, test->param_value, 64);
	void *block[PAGE_SIZE / 64];
	int i;

	for (i = 0; i < ARRAY_SIZE(block); i++) {
		block[i] = vmem_alloc(vmp, 64, VM_SLEEP);
		EXPECT_STAT(test, vmp, MEM_IMPORT, PAGE_SIZE);
	}
	EXPECT_STAT(test, vmp, MEM_INUSE, PAGE_SIZE);
	for (i = 0; i < ARRAY_SIZE(block); i++)
		vmem_free(vmp, block[i], 64);
	expect_all_returned(test, vmp);
}

static void memory_is_given_back(struct kunit *test)
{
	const struct kind *kind = test->param_value;
	unsigned long before;
	int i;

	take_and_give(test, kind);
	before = free_memory();
	for (i = 0; i < 8; i++)
		take_and_give(test, kind);
	KUNIT_EXPECT_GT(test, free_memory(), before - (4 * SZ_16M >> PAGE_SHIFT));
}

/* === Contexts === */

static DEFINE_SPINLOCK(lock);

static void *alloc_locked(vmem_t *vmp, size_t size)
{
	unsigned long flags;
	void *addr;

	spin_lock_irqsave(&lock, flags);
	addr = vmem_alloc(vmp, size, VM_NOSLEEP);
	spin_unlock_irqrestore(&lock, flags);
	return addr;
}

static void free_locked(vmem_t *vmp, void *addr, size_t size)
{
	unsigned long flags;

	spin_lock_irqsave(&lock, flags);
	vmem_free(vmp, addr, size);
	spin_unlock_irqrestore(&lock, flags);
}

static void pages_without_sleep(struct kunit *test)
{
	vmem_t *vmp = pages(test, 64);
	void *addr = alloc_locked(vmp, 3 * PAGE_SIZE);

	KUNIT_ASSERT_NOT_NULL(test, addr);
	memset(addr, 1, 3 * PAGE_SIZE);
	free_locked(vmp, addr, 3 * PAGE_SIZE);
	expect_all_returned(test, vmp);
}

static void kvmalloc_without_sleep(struct kunit *test)
{
	vmem_t *vmp = memory(test, &kinds[1], 64);
	void *addr = alloc_locked(vmp, 3 * PAGE_SIZE);

	KUNIT_ASSERT_NOT_NULL(test, addr);
	KUNIT_EXPECT_FALSE(test, is_vmalloc_addr(addr));
	memset(addr, 1, 3 * PAGE_SIZE);
	free_locked(vmp, addr, 3 * PAGE_SIZE);
	expect_all_returned(test, vmp);
}

/* There is none but what the arena has already. */
static void vmalloc_without_sleep(struct kunit *test)
{
	vmem_t *vmp = memory(test, &kinds[2], 64);
	void *held, *addr;

	KUNIT_EXPECT_NULL(test, alloc_locked(vmp, 3 * PAGE_SIZE));
	KUNIT_EXPECT_NULL(test, alloc_locked(vmp, 64));
	EXPECT_STAT(test, vmp, FAIL, 2);
	EXPECT_STAT(test, vmp, MISUSE, 0);

	held = vmem_xalloc(vmp, 64, 4 * PAGE_SIZE, 0, 0, NULL, NULL, VM_SLEEP);
	KUNIT_ASSERT_NOT_NULL(test, held);
	KUNIT_EXPECT_TRUE(test, is_vmalloc_addr(held));
	addr = alloc_locked(vmp, 64);
	KUNIT_EXPECT_NOT_NULL(test, addr);
	EXPECT_STAT(test, vmp, FAIL, 2);
	free_locked(vmp, addr, 64);
	free_locked(vmp, held, 64);
	EXPECT_STAT(test, vmp, MEM_IMPORT, 0);
}

static void dma_without_sleep(struct kunit *test)
{
	vmem_t *vmp = memory(test, &kinds[3], 64);
	void *addr = alloc_locked(vmp, 3 * PAGE_SIZE);

	/* Not on all machines. */
	if (addr)
		free_locked(vmp, addr, 3 * PAGE_SIZE);
	else
		EXPECT_STAT(test, vmp, FAIL, 1);
	EXPECT_STAT(test, vmp, MEM_IMPORT, 0);
	EXPECT_STAT(test, vmp, MISUSE, 0);
}

/* The span leaves at once; its memory may follow, but not after the arena's end. */
static void release_with_interrupts_off(struct kunit *test)
{
	const struct kind *kind = test->param_value;
	vmem_t *vmp = memory(test, kind, 64);
	void *held[32];
	int i;

	for (i = 0; i < ARRAY_SIZE(held); i++) {
		held[i] = vmem_alloc(vmp, (1 + i % 4) * PAGE_SIZE, VM_SLEEP);
		KUNIT_ASSERT_NOT_NULL(test, held[i]);
	}
	for (i = 0; i < ARRAY_SIZE(held); i++)
		free_locked(vmp, held[i], (1 + i % 4) * PAGE_SIZE);
	expect_all_returned(test, vmp);
	cached_destroy(test, vmp);
}

/* What vfree() unmaps it unmaps at once. */
static void vmalloc_ends_with_the_arena(struct kunit *test)
{
	vmem_t *vmp = memory(test, &kinds[2], 64);
	void *held[8];
	int i;

	for (i = 0; i < ARRAY_SIZE(held); i++) {
		held[i] = vmem_alloc(vmp, PAGE_SIZE, VM_SLEEP);
		KUNIT_ASSERT_NOT_NULL(test, held[i]);
		KUNIT_EXPECT_NOT_NULL(test, vmalloc_to_page(held[i]));
	}
	for (i = 0; i < ARRAY_SIZE(held); i++)
		free_locked(vmp, held[i], PAGE_SIZE);
	cached_destroy(test, vmp);
	for (i = 0; i < ARRAY_SIZE(held); i++)
		KUNIT_EXPECT_NULL(test, vmalloc_to_page(held[i]));
}

/* Many arenas end while memory of others is on its way: each waits for its own. */
static void release_of_many_arenas(struct kunit *test)
{
	const struct kind *kind = test->param_value;
	vmem_t *vmp[8];
	void *held[8];
	int i;

	for (i = 0; i < ARRAY_SIZE(vmp); i++) {
		vmp[i] = memory(test, kind, 64);
		held[i] = vmem_alloc(vmp[i], PAGE_SIZE, VM_SLEEP);
		KUNIT_ASSERT_NOT_NULL(test, held[i]);
	}
	for (i = 0; i < ARRAY_SIZE(vmp); i++)
		free_locked(vmp[i], held[i], PAGE_SIZE);
	for (i = 0; i < ARRAY_SIZE(vmp); i++)
		cached_destroy(test, vmp[i]);
}

/* === Too large === */

static void expect_none(struct kunit *test, const struct kind *kind, size_t size)
{
	vmem_t *source = source_of(test, kind);
	vmem_t *vmp = memory(test, kind, PAGE_SIZE);

	KUNIT_EXPECT_NULL(test, kind->alloc(source, size, VM_NOSLEEP));
	KUNIT_EXPECT_NULL(test, kind->alloc(source, size, VM_SLEEP));
	KUNIT_EXPECT_NULL(test, kind->alloc(source, size, VM_SLEEP | VM_NORMALPRI));
	KUNIT_EXPECT_NULL(test, vmem_alloc(vmp, size, VM_SLEEP | VM_ABORT));
	KUNIT_EXPECT_NULL(test, vmem_alloc(vmp, size, VM_NOSLEEP));
	EXPECT_STAT(test, vmp, FAIL, 2);
	EXPECT_STAT(test, vmp, WAIT, 0);
	EXPECT_STAT(test, vmp, MISUSE, 0);
	EXPECT_STAT(test, vmp, MEM_IMPORT, 0);
}

/* The kernel says nothing of them, either: it would call that a warning. */
static void too_large_is_not_waited_for(struct kunit *test)
{
	const struct kind *kind = test->param_value;

	if (kind->alloc == vmem_pages_alloc || kind->dma)
		expect_none(test, kind, TOO_LARGE);
	expect_none(test, kind, MORE_THAN_ALL);
	expect_none(test, kind, LONG_MAX & PAGE_MASK);
	expect_none(test, kind, LONG_MIN);
	expect_none(test, kind, PAGE_MASK);
}

/* === Flags for memory === */

struct gfp {
	const char *name;
	int vmflag;
	gfp_t gfp;
};

static const struct gfp gfps[] = {
	{ "sleep", VM_SLEEP, GFP_KERNEL },
	{ "sleep, push", VM_SLEEP | VM_PUSHPAGE, GFP_KERNEL },
	{ "nosleep", VM_NOSLEEP, GFP_NOWAIT | __GFP_NOWARN },
	{ "nosleep, push", VM_NOSLEEP | VM_PUSHPAGE, GFP_ATOMIC | __GFP_NOWARN },
	{ "sleep, normal", VM_SLEEP | VM_NORMALPRI, GFP_KERNEL | __GFP_NORETRY },
	{ "sleep, push, normal", VM_SLEEP | VM_PUSHPAGE | VM_NORMALPRI,
	  GFP_KERNEL | __GFP_NORETRY },
	{ "nosleep, normal", VM_NOSLEEP | VM_NORMALPRI,
	  GFP_NOWAIT | __GFP_NOWARN | __GFP_NORETRY },
	{ "nosleep, push, normal", VM_NOSLEEP | VM_PUSHPAGE | VM_NORMALPRI,
	  GFP_ATOMIC | __GFP_NOWARN | __GFP_NORETRY },
};

KUNIT_ARRAY_PARAM_DESC(gfps, gfps, name);

static void gfp_flags(struct kunit *test)
{
	const struct gfp *row = test->param_value;
	const int others = ~(VM_NOSLEEP | VM_PUSHPAGE | VM_NORMALPRI);

	KUNIT_EXPECT_EQ(test, (__force u32)vmem_gfp(row->vmflag), (__force u32)row->gfp);
	KUNIT_EXPECT_EQ(test, (__force u32)vmem_gfp(row->vmflag | others),
			(__force u32)row->gfp);
}

/* === Blocks that kmemleak knows === */

/* It would complain, and be off from then on, if told of one twice. */
static void traced_blocks(struct kunit *test)
{
	const struct kind *kind = test->param_value;

	blocks_come_and_go(test, memory_with(test, kind, 64, 0, VMC_KMEMLEAK), 1000);
	blocks_come_and_go(test, memory_with(test, kind, 64, 256, VMC_KMEMLEAK), 400);
	blocks_come_and_go(test, memory_with(test, kind, 64, 256,
					     VMC_KMEMLEAK | VMC_NO_QCACHE), 400);
}

static void traced_blocks_of_other_calls(struct kunit *test)
{
	vmem_t *vmp = memory_with(test, &kinds[0], 64, 256, VMC_KMEMLEAK);
	void *addrs[50], *addr;

	addr = vmem_xalloc(vmp, 1000, 512, 64, 0, NULL, NULL, VM_SLEEP);
	KUNIT_EXPECT_NOT_NULL(test, addr);
	KUNIT_EXPECT_EQ(test, vmem_alloc_bulk(vmp, 100, 50, addrs, VM_SLEEP), 50);
	KUNIT_EXPECT_EQ(test, vmem_free_bulk(vmp, 100, 50, addrs), 50);
	KUNIT_EXPECT_EQ(test, vmem_alloc_bulk(vmp, 1000, 50, addrs, VM_NOSLEEP), 50);
	KUNIT_EXPECT_EQ(test, vmem_free_bulk(vmp, 1000, 50, addrs), 50);
	vmem_xfree(vmp, addr, 1000);
	expect_all_returned(test, vmp);
}

/* Of which the child is traced, the source, or both. */
static void traced_blocks_of_a_child(struct kunit *test)
{
	vmem_t *plain = pages(test, PAGE_SIZE);
	vmem_t *traced = memory_with(test, &kinds[0], PAGE_SIZE, 0, VMC_KMEMLEAK);

	blocks_come_and_go(test, cached_child(test, traced, 64, 256), 400);
	blocks_come_and_go(test, cached_create(test, "child", 0, 0, 64, vmem_alloc,
					       vmem_free, plain, 256,
					       VM_SLEEP | VMC_KMEMLEAK), 400);
	blocks_come_and_go(test, cached_create(test, "child", 0, 0, 64, vmem_alloc,
					       vmem_free, traced, 256,
					       VM_SLEEP | VMC_KMEMLEAK), 400);
	expect_all_returned(test, traced);
	expect_all_returned(test, plain);
}

/* kmemleak knows it already, at first, and need not when it is freed. */
static void traced_memory_of_kmalloc(struct kunit *test)
{
	void *mem = kmalloc(4 * PAGE_SIZE, GFP_KERNEL);
	struct blocks *blocks;
	vmem_t *vmp;

	KUNIT_ASSERT_NOT_NULL(test, mem);
	vmp = vmem_create("traced", NULL, 0, 16, NULL, NULL, NULL, 64,
			  VM_SLEEP | VMC_KMEMLEAK);
	EXPECT_ADDR(test, vmem_add(vmp, mem, 2 * PAGE_SIZE, VM_SLEEP), mem);
	EXPECT_ADDR(test, vmem_add(vmp, mem + 2 * PAGE_SIZE, 2 * PAGE_SIZE, VM_NOSLEEP),
		    mem + 2 * PAGE_SIZE);
	blocks = blocks_of(test, vmp);
	blocks_take(blocks, 40, 100, VM_NOSLEEP);
	blocks_check(blocks);
	blocks_give(blocks, 0);
	vmem_destroy(vmp);
	kfree(mem);
}

/* Leaks are vmem's to tell; their memory is used again, which is no mistake. */
static void traced_memory_that_was_leaked(struct kunit *test)
{
	vmem_t *vmp = vmem_create("traced", NULL, 0, 64, vmem_pages_alloc, vmem_pages_free,
				  NULL, 256, VM_SLEEP | VMC_KMEMLEAK);
	int i;

	for (i = 0; i < 3; i++)
		KUNIT_EXPECT_NOT_NULL(test, vmem_alloc(vmp, 64, VM_SLEEP));
	KUNIT_EXPECT_NOT_NULL(test, vmem_alloc(vmp, 1000, VM_SLEEP));
	vmem_destroy(vmp);
	EXPECT_REPORT(test, "vmem: leak: arena \"traced\" 1192 bytes in 4 segments");
	traced_blocks_of_other_calls(test);
}

/* Numbers are no memory. */
static void traced_identifiers(struct kunit *test)
{
	const int vmflag = VMC_IDENTIFIER | VMC_KMEMLEAK;

	KUNIT_EXPECT_NULL(test, vmem_create("traced", (void *)1, 10, 1, NULL, NULL, NULL, 0,
					    VM_SLEEP | vmflag));
	EXPECT_REPORT(test, "vmem: bad flags: arena \"traced\" ");
	KUNIT_EXPECT_NULL(test, vmem_xcreate("traced", NULL, 0, 1, NULL, NULL, NULL, 0,
					     VM_NOSLEEP | vmflag));
	EXPECT_REPORT(test, "vmem: bad flags: arena \"traced\" ");
}

/* === Memory of a device === */

/* What lies in one span is as far apart on the bus as in the kernel. */
static void expect_distance(struct kunit *test, vmem_t *vmp, void *a, void *b)
{
	void *low = min(a, b), *high = max(a, b);

	if (!vmem_contains(vmp, low, high - low + 1))
		return;
	KUNIT_EXPECT_EQ(test, (u64)vmem_dma_addr(vmp, high) - (u64)vmem_dma_addr(vmp, low),
			(u64)(high - low));
}

static void dma_addresses(struct kunit *test)
{
	vmem_t *vmp = memory_with(test, &kinds[3], 64, 1024, VMC_NO_QCACHE);
	struct blocks *blocks = blocks_of(test, vmp);
	unsigned int i;

	blocks_take(blocks, BLOCKS, 300, VM_SLEEP);
	for (i = 0; i < BLOCKS; i++) {
		void *addr = blocks->block[i].addr;

		KUNIT_EXPECT_NE(test, (u64)vmem_dma_addr(vmp, addr), (u64)DMA_MAPPING_ERROR);
		expect_distance(test, vmp, addr, addr + blocks->block[i].size - 1);
		expect_distance(test, vmp, addr, blocks->block[i / 2].addr);
	}
	EXPECT_STAT(test, vmp, MISUSE, 0);
	blocks_check(blocks);
	blocks_give(blocks, 0);
}

/* No two blocks are the same on the bus, in whatever spans they are. */
static void dma_addresses_differ(struct kunit *test)
{
	vmem_t *vmp = memory(test, &kinds[3], PAGE_SIZE);
	void *held[20];
	int i, j;

	for (i = 0; i < ARRAY_SIZE(held); i++) {
		held[i] = vmem_alloc(vmp, PAGE_SIZE, VM_SLEEP);
		KUNIT_ASSERT_NOT_NULL(test, held[i]);
		for (j = 0; j < i; j++)
			KUNIT_EXPECT_NE(test, (u64)vmem_dma_addr(vmp, held[i]),
					(u64)vmem_dma_addr(vmp, held[j]));
	}
	for (i = 0; i < ARRAY_SIZE(held); i++)
		vmem_free(vmp, held[i], PAGE_SIZE);
}

static void dma_addresses_further_down(struct kunit *test)
{
	vmem_t *vmp = memory(test, &kinds[3], PAGE_SIZE);
	vmem_t *child = cached_child(test, vmp, 64, 256);
	void *addr = vmem_alloc(child, 100, VM_SLEEP);

	KUNIT_ASSERT_NOT_NULL(test, addr);
	KUNIT_EXPECT_EQ(test, (u64)vmem_dma_addr(child, addr),
			(u64)vmem_dma_addr(vmp, addr));
	KUNIT_EXPECT_EQ(test, (u64)vmem_dma_addr(child, addr),
			(u64)vmem_dma_addr(test->priv, addr));
	KUNIT_EXPECT_NE(test, (u64)vmem_dma_addr(child, addr), (u64)DMA_MAPPING_ERROR);
	EXPECT_STAT(test, child, MISUSE, 0);
	vmem_free(child, addr, 100);
}

#define EXPECT_NO_DMA(test, vmp, addr)						\
	EXPECT_REFUSED(test, vmp, "no DMA memory",				\
		       KUNIT_EXPECT_EQ(test, (u64)vmem_dma_addr(vmp, (void *)(addr)), \
				       (u64)DMA_MAPPING_ERROR))

static void dma_addresses_refused(struct kunit *test)
{
	vmem_t *vmp = memory(test, &kinds[3], 64);
	void *addr = vmem_alloc(vmp, 2 * PAGE_SIZE, VM_SLEEP);

	KUNIT_ASSERT_NOT_NULL(test, addr);
	EXPECT_NO_DMA(test, vmp, NULL);
	EXPECT_NO_DMA(test, vmp, test);
	EXPECT_NO_DMA(test, vmp, addr - 1);
	EXPECT_NO_DMA(test, vmp, addr + 2 * PAGE_SIZE);
	vmem_free(vmp, addr, 2 * PAGE_SIZE);
	EXPECT_NO_DMA(test, vmp, addr);
}

/* Any other arena has none at all. */
static void dma_addresses_of_other_arenas(struct kunit *test)
{
	vmem_t *vmp = pages(test, PAGE_SIZE);
	void *addr = vmem_alloc(vmp, PAGE_SIZE, VM_SLEEP);

	EXPECT_NO_DMA(test, vmp, addr);
	vmem_free(vmp, addr, PAGE_SIZE);
	KUNIT_EXPECT_EQ(test, (u64)vmem_dma_addr(NULL, addr), (u64)DMA_MAPPING_ERROR);
	EXPECT_REPORT(test, "vmem: no arena: arena \"\" ");
}

static void *never_called(vmem_t *source, size_t *sizep, size_t align, int vmflag)
{
	return NULL;
}

/* Found when the arena is made, not when it first needs memory. */
static void dma_without_device(struct kunit *test)
{
	vmem_t *vmp = pages(test, PAGE_SIZE);

	KUNIT_EXPECT_NULL(test, vmem_create("rings", NULL, 0, 64, vmem_dma_alloc,
					    vmem_dma_free, NULL, 0, VM_SLEEP));
	EXPECT_REPORT(test, "vmem: no device: arena \"rings\" ");
	KUNIT_EXPECT_NULL(test, vmem_create("rings", NULL, 0, 64, vmem_dma_alloc,
					    vmem_dma_free, vmp, 0, VM_NOSLEEP));
	EXPECT_REPORT(test, "vmem: no device: arena \"rings\" ");
	KUNIT_EXPECT_NULL(test, vmem_create_dma("card", NULL, VM_SLEEP));
	EXPECT_REPORT(test, "vmem: no device: arena \"card\" ");
	KUNIT_EXPECT_NULL(test, vmem_create_dma("card", NULL, VM_NOSLEEP));
	EXPECT_REPORT(test, "vmem: no device: arena \"card\" ");
	/* Growing imports are functions of the user's own. */
	fixture_xcreate(test, "growing", 0, 0, 64, never_called, NULL, NULL, 0, VM_SLEEP);
}

static void dma_source_in_use(struct kunit *test)
{
	struct device *dev = device(test);
	vmem_t *source = vmem_create_dma("card", dev, VM_NOSLEEP);
	vmem_t *rings;

	KUNIT_ASSERT_NOT_NULL(test, source);
	rings = vmem_create("rings", NULL, 0, 64, vmem_dma_alloc, vmem_dma_free, source, 0,
			    VM_SLEEP);
	KUNIT_EXPECT_NOT_NULL(test, rings);
	EXPECT_REFUSED(test, source, "arena in use", vmem_destroy(source));
	vmem_destroy(rings);
	vmem_destroy(source);
}

static void dma_source_holds_its_device(struct kunit *test)
{
	struct device *dev = device(test);
	unsigned int refs = kref_read(&dev->kobj.kref);
	vmem_t *source = vmem_create_dma("card", dev, VM_SLEEP);

	KUNIT_EXPECT_NOT_NULL(test, source);
	KUNIT_EXPECT_EQ(test, kref_read(&dev->kobj.kref), refs + 1);
	vmem_destroy(source);
	KUNIT_EXPECT_EQ(test, kref_read(&dev->kobj.kref), refs);
}

/* It has no numbers to hand out. */
static void dma_source_is_empty(struct kunit *test)
{
	vmem_t *source = dma_source(test, device(test));

	EXPECT_ADDR(test, take(source, PAGE_SIZE, 0), 0);
	EXPECT_STAT(test, source, FAIL, 1);
	EXPECT_STAT(test, source, MEM_TOTAL, 0);
}

static void dma_without_mask(struct kunit *test)
{
	struct device *dev = device(test);
	vmem_t *source = dma_source(test, dev);

	dev->coherent_dma_mask = 0;
	KUNIT_EXPECT_NULL(test, vmem_dma_alloc(source, PAGE_SIZE, VM_NOSLEEP));
	KUNIT_EXPECT_NULL(test, vmem_dma_alloc(source, PAGE_SIZE, VM_SLEEP));
}

static void dma_bad_free(struct kunit *test)
{
	vmem_t *source = dma_source(test, dma_device(test));
	void *addr = vmem_dma_alloc(source, 2 * PAGE_SIZE, VM_SLEEP);

	KUNIT_ASSERT_NOT_NULL(test, addr);
	EXPECT_REFUSED(test, source, "bad free", vmem_dma_free(source, addr, PAGE_SIZE));
	EXPECT_REFUSED(test, source, "bad free",
		       vmem_dma_free(source, addr + PAGE_SIZE, PAGE_SIZE));
	vmem_dma_free(source, addr, 2 * PAGE_SIZE);
	EXPECT_REFUSED(test, source, "bad free",
		       vmem_dma_free(source, addr, 2 * PAGE_SIZE));
}

static struct kunit_case kernel_memory_cases[] = {
	KUNIT_CASE(case_128_pages_are_memory),
	KUNIT_CASE_PARAM(blocks_of_any_size, kinds_gen_params),
	KUNIT_CASE_PARAM(blocks_of_caches, kinds_gen_params),
	KUNIT_CASE_PARAM(blocks_of_large_imports, kinds_gen_params),
	KUNIT_CASE_PARAM(aligned_blocks, kinds_gen_params),
	KUNIT_CASE_PARAM(blocks_of_a_child, kinds_gen_params),
	KUNIT_CASE_PARAM(imports_are_whole_pages, kinds_gen_params),
	KUNIT_CASE_PARAM(memory_is_given_back, kinds_gen_params),
	KUNIT_CASE(pages_without_sleep),
	KUNIT_CASE(kvmalloc_without_sleep),
	KUNIT_CASE(vmalloc_without_sleep),
	KUNIT_CASE(dma_without_sleep),
	KUNIT_CASE_PARAM(release_with_interrupts_off, kinds_gen_params),
	KUNIT_CASE(vmalloc_ends_with_the_arena),
	KUNIT_CASE_PARAM(release_of_many_arenas, kinds_gen_params),
	KUNIT_CASE_PARAM(too_large_is_not_waited_for, kinds_gen_params),
	KUNIT_CASE_PARAM(gfp_flags, gfps_gen_params),
	KUNIT_CASE_PARAM(traced_blocks, kinds_gen_params),
	KUNIT_CASE(traced_blocks_of_other_calls),
	KUNIT_CASE(traced_blocks_of_a_child),
	KUNIT_CASE(traced_memory_of_kmalloc),
	KUNIT_CASE(traced_memory_that_was_leaked),
	KUNIT_CASE(traced_identifiers),
	KUNIT_CASE(dma_addresses),
	KUNIT_CASE(dma_addresses_differ),
	KUNIT_CASE(dma_addresses_further_down),
	KUNIT_CASE(dma_addresses_refused),
	KUNIT_CASE(dma_addresses_of_other_arenas),
	KUNIT_CASE(dma_without_device),
	KUNIT_CASE(dma_source_in_use),
	KUNIT_CASE(dma_source_holds_its_device),
	KUNIT_CASE(dma_source_is_empty),
	KUNIT_CASE(dma_without_mask),
	KUNIT_CASE(dma_bad_free),
	{}
};

static int kernel_memory_init(struct kunit *test)
{
	test->priv = NULL;
	return cached_init(test);
}

static struct kunit_suite kernel_memory_suite = {
	.name = "vmem_kernel_memory",
	.init = kernel_memory_init,
	.exit = fixture_exit,
	.test_cases = kernel_memory_cases,
};

kunit_test_suite(kernel_memory_suite);
