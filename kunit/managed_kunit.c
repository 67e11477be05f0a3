// SPDX-License-Identifier: GPL-2.0-only
/*
 * Arenas of devices: those that end when the driver leaves its device, and those of
 * the addresses of a resource.
 */
#include <kunit/device.h>
#include <linux/device.h>
#include <linux/ioport.h>
#include <linux/seq_file.h>

#include "fixture.h"

static struct device *new_device(struct kunit *test, const char *name)
{
	struct device *dev = kunit_device_register(test, name);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dev);
	return dev;
}

/* Is an arena of that name in /sys/kernel/debug/vmem/arenas? */
static bool listed(struct kunit *test, const char *name)
{
	const struct seq_operations *ops = &vmem_arenas_sops;
	struct seq_file file = {
		.buf = kunit_kzalloc(test, PAGE_SIZE * 4, GFP_KERNEL),
		.size = PAGE_SIZE * 4 - 1,
		.private = kunit_kzalloc(test, sizeof(struct vmem_row), GFP_KERNEL),
	};
	loff_t pos = 0;
	void *v;

	KUNIT_ASSERT_NOT_NULL(test, file.buf);
	KUNIT_ASSERT_NOT_NULL(test, file.private);
	for (v = ops->start(&file, &pos); v; v = ops->next(&file, v, &pos))
		ops->show(&file, v);
	ops->stop(&file, v);
	KUNIT_ASSERT_FALSE(test, seq_has_overflowed(&file));
	return strstr(file.buf, name);
}

static vmem_t *managed(struct kunit *test, struct device *dev, const char *name,
		       vmem_t *source)
{
	vmem_t *vmp = devm_vmem_create(dev, name, source ? NULL : (void *)PG,
				       source ? 0 : 16 * PG, PG,
				       source ? vmem_alloc : NULL,
				       source ? vmem_free : NULL, source, 0, VM_SLEEP);

	KUNIT_ASSERT_NOT_NULL(test, vmp);
	EXPECT_VALID(test, vmp);
	KUNIT_EXPECT_TRUE(test, listed(test, name));
	return vmp;
}

static void *import_more(vmem_t *source, size_t *sizep, size_t align, int vmflag)
{
	*sizep = roundup(*sizep, 4 * PG);
	return vmem_xalloc(source, *sizep, align, 0, 0, NULL, NULL, vmflag);
}

/* === They end with the driver === */

static void arena_ends_with_its_device(struct kunit *test)
{
	struct device *dev = new_device(test, "card");
	vmem_t *vmp = managed(test, dev, "managed-arena", NULL);

	EXPECT_ADDR(test, take(vmp, PG, 0), PG);
	give(vmp, PG, PG);
	kunit_device_unregister(test, dev);
	KUNIT_EXPECT_FALSE(test, listed(test, "managed-arena"));
}

static void arena_with_caches_ends(struct kunit *test)
{
	struct device *dev = new_device(test, "card");
	vmem_t *vmp = devm_vmem_create(dev, "managed-caches", (void *)PG, 4096 * PG, PG,
				       NULL, NULL, NULL, 8 * PG, VM_SLEEP);
	unsigned long addr[100];
	int i;

	KUNIT_ASSERT_NOT_NULL(test, vmp);
	for (i = 0; i < ARRAY_SIZE(addr); i++)
		addr[i] = take(vmp, PG, 0);
	for (i = 0; i < ARRAY_SIZE(addr); i++)
		give(vmp, addr[i], PG);
	kunit_device_unregister(test, dev);
	KUNIT_EXPECT_FALSE(test, listed(test, "managed-caches"));
}

static void growing_arena_ends(struct kunit *test)
{
	struct device *dev = new_device(test, "card");
	vmem_t *source = fixture_arena(test, PG, 100 * PG, PG);
	vmem_t *vmp = devm_vmem_xcreate(dev, "managed-growing", NULL, 0, PG, import_more,
					vmem_xfree, source, 0, VM_SLEEP);
	unsigned long addr;

	KUNIT_ASSERT_NOT_NULL(test, vmp);
	addr = take(vmp, PG, 0);
	EXPECT_STAT(test, vmp, MEM_IMPORT, 4 * PG);
	give(vmp, addr, PG);
	kunit_device_unregister(test, dev);
	KUNIT_EXPECT_FALSE(test, listed(test, "managed-growing"));
	EXPECT_STAT(test, source, MEM_INUSE, 0);
}

/* Spans without a release function stay with the source; others go back. */
static void imports_go_back(struct kunit *test)
{
	struct device *dev = new_device(test, "card");
	vmem_t *source = fixture_arena(test, PG, 100 * PG, PG);
	vmem_t *vmp = managed(test, dev, "managed-child", source);

	take(vmp, 100, 0);
	EXPECT_STAT(test, source, MEM_INUSE, PG);
	kunit_device_unregister(test, dev);
	EXPECT_REPORT(test, "vmem: leak: arena \"managed-child\" 100 bytes in 1 segments");
	EXPECT_STAT(test, source, MEM_INUSE, 0);
}

/* What is made later ends earlier, so that no source is in use when it ends. */
static void children_end_before_their_source(struct kunit *test)
{
	struct device *dev = new_device(test, "card");
	vmem_t *root = managed(test, dev, "managed-root", NULL);
	vmem_t *mid = managed(test, dev, "managed-mid", root);
	vmem_t *leaf = managed(test, dev, "managed-leaf", mid);
	unsigned long addr = take(leaf, PG, 0);

	EXPECT_STAT(test, root, MEM_INUSE, PG);
	give(leaf, addr, PG);
	kunit_device_unregister(test, dev);
	KUNIT_EXPECT_FALSE(test, listed(test, "managed-"));
}

/* Its memory must be back by then, so that a source is managed as its arenas are. */
static void source_of_dma_memory_ends(struct kunit *test)
{
	struct device *dev = new_device(test, "card");
	vmem_t *source = devm_vmem_create_dma(dev, "managed-card", VM_SLEEP);
	vmem_t *rings;

	KUNIT_ASSERT_NOT_NULL(test, source);
	rings = devm_vmem_create(dev, "managed-rings", NULL, 0, 64, vmem_dma_alloc,
				 vmem_dma_free, source, 0, VM_SLEEP);
	KUNIT_ASSERT_NOT_NULL(test, rings);
	KUNIT_EXPECT_TRUE(test, listed(test, "managed-rings"));
	if (IS_ENABLED(CONFIG_HAS_DMA))
		vmem_free(rings, vmem_alloc(rings, 100, VM_SLEEP), 100);
	kunit_device_unregister(test, dev);
	KUNIT_EXPECT_FALSE(test, listed(test, "managed-"));
}

/* A managed source of an arena that is not: it cannot end, which is reported. */
static void source_in_use_is_kept(struct kunit *test)
{
	struct device *dev = new_device(test, "card");
	vmem_t *source = managed(test, dev, "managed-source", NULL);
	vmem_t *child = vmem_create("child", NULL, 0, PG, vmem_alloc, vmem_free, source, 0,
				    VM_SLEEP);

	KUNIT_EXPECT_NOT_NULL(test, child);
	kunit_device_unregister(test, dev);
	EXPECT_REPORT(test, "vmem: arena in use: arena \"managed-source\" ");
	KUNIT_EXPECT_TRUE(test, listed(test, "managed-source"));
	vmem_destroy(child);
	vmem_destroy(source);
}

/* By whom, is a question to who made the arena: the driver core ends all of them. */
static void leak_is_reported(struct kunit *test)
{
	struct device *dev = new_device(test, "card");
	vmem_t *vmp = devm_vmem_create(dev, "managed-leak", (void *)PG, PG, PG, NULL, NULL,
				       NULL, 0, VM_SLEEP);
	char report[100];

	KUNIT_ASSERT_NOT_NULL(test, vmp);
	take(vmp, 100, 0);
	kunit_device_unregister(test, dev);
	snprintf(report, sizeof(report), "\"managed-leak\" 100 bytes in 1 segments caller %s+",
		 __func__);
	EXPECT_REPORT(test, report);
	KUNIT_EXPECT_FALSE(test, listed(test, "managed-leak"));
}

struct block {
	vmem_t *vmp;
	unsigned long addr;
};

static void give_block(void *ctx)
{
	struct block *block = ctx;

	give(block->vmp, block->addr, PG);
}

/* Blocks are in time if it is an action of the device, added later, that frees them. */
static void blocks_freed_by_an_action(struct kunit *test)
{
	struct device *dev = new_device(test, "card");
	vmem_t *vmp = managed(test, dev, "managed-action", NULL);
	struct block block = { .vmp = vmp, .addr = take(vmp, PG, 0) };

	KUNIT_ASSERT_EQ(test, devm_add_action(dev, give_block, &block), 0);
	kunit_device_unregister(test, dev);
	KUNIT_EXPECT_FALSE(test, listed(test, "managed-action"));
}

static void devices_do_not_meet(struct kunit *test)
{
	struct device_driver *driver = kunit_driver_create(test, "driver");
	struct device *a, *b;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, driver);
	a = kunit_device_register_with_driver(test, "a", driver);
	b = kunit_device_register_with_driver(test, "b", driver);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, a);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, b);
	managed(test, a, "managed-a", NULL);
	managed(test, b, "managed-b", NULL);
	kunit_device_unregister(test, a);
	KUNIT_EXPECT_FALSE(test, listed(test, "managed-a"));
	KUNIT_EXPECT_TRUE(test, listed(test, "managed-b"));
	kunit_device_unregister(test, b);
	KUNIT_EXPECT_FALSE(test, listed(test, "managed-b"));
}

static bool probed;

static int failing_probe(struct device *dev)
{
	probed = devm_vmem_create(dev, "managed-probe", (void *)PG, PG, PG, NULL, NULL,
				  NULL, 0, VM_SLEEP);
	return -ENODEV;
}

static void arena_ends_when_probe_fails(struct kunit *test)
{
	struct device_driver *driver = kunit_driver_create(test, "driver");
	struct device *dev;

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, driver);
	driver->probe = failing_probe;
	probed = false;
	dev = kunit_device_register_with_driver(test, "card", driver);
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, dev);
	KUNIT_EXPECT_TRUE(test, probed);
	KUNIT_EXPECT_FALSE(test, listed(test, "managed-probe"));
}

/* === Refusals === */

/* The test is to blame, by name, not a function of the library. */
#define EXPECT_REFUSAL(test, label, call)					\
do {										\
	struct kunit *__test = (test);						\
	const char *__line;							\
										\
	KUNIT_EXPECT_NULL(__test, call);					\
	__line = fixture_next_report(__test);					\
	KUNIT_EXPECT_TRUE_MSG(__test, strstarts(__line, "vmem: " label ": arena \"bad\""), \
			      "%s", __line);					\
	KUNIT_EXPECT_NOT_NULL_MSG(__test, strstr(__line, __func__), "%s", __line);	\
} while (0)

static void *import(vmem_t *source, size_t size, int vmflag)
{
	return NULL;
}

static void refused_creations(struct kunit *test)
{
	struct device *dev = new_device(test, "card");
	vmem_t *ids = fixture_create(test, "ids", 1, 10, 1, NULL, NULL, NULL, 0,
				     VM_SLEEP | VMC_IDENTIFIER);

	EXPECT_REFUSAL(test, "bad quantum",
		       devm_vmem_create(dev, "bad", NULL, 0, 3, NULL, NULL, NULL, 0,
					VM_SLEEP));
	EXPECT_REFUSAL(test, "bad span",
		       devm_vmem_create(dev, "bad", (void *)PG, 0, PG, NULL, NULL, NULL,
					0, VM_SLEEP));
	EXPECT_REFUSAL(test, "identifier mismatch",
		       devm_vmem_create(dev, "bad", NULL, 0, PG, import, NULL, ids, 0,
					VM_SLEEP));
	EXPECT_REFUSAL(test, "bad quantum",
		       devm_vmem_xcreate(dev, "bad", NULL, 0, 0, import_more, NULL, NULL,
					 0, VM_SLEEP));
	EXPECT_REFUSAL(test, "bad flags",
		       devm_vmem_xcreate(dev, "bad", NULL, 0, PG, import_more, NULL, NULL,
					 0, VM_SLEEP | VMC_IDENTIFIER | VMC_KMEMLEAK));
	EXPECT_REFUSAL(test, "bad span",
		       devm_vmem_create_resource(dev, "bad", NULL, PG, 0, VM_SLEEP));
	/* Nothing was noted down that would end now. */
	kunit_device_unregister(test, dev);
}

static void refused_creations_that_are_not_managed(struct kunit *test)
{
	const struct resource res = DEFINE_RES_MEM_NAMED(PG, PG, "bad");

	EXPECT_REFUSAL(test, "bad span", vmem_create_resource("bad", NULL, PG, 0, VM_SLEEP));
	EXPECT_REFUSAL(test, "bad quantum",
		       vmem_create_resource(NULL, &res, 0, 0, VM_SLEEP));
	EXPECT_REFUSAL(test, "bad quantum",
		       vmem_create_resource(NULL, &res, 3, 0, VM_NOSLEEP));
	EXPECT_REFUSAL(test, "bad flags",
		       vmem_create_resource(NULL, &res, PG, 0,
					    VM_SLEEP | VMC_IDENTIFIER | VMC_KMEMLEAK));
}

/* === Resources === */

struct extent {
	const char *name;
	resource_size_t start, end;
	unsigned long flags;
	size_t quantum;
	unsigned long first;		/* of the arena; 0: there is none */
	size_t size;
};

#define R_TOP(n)	((resource_size_t)TOP(n))

static const struct extent ranges[] = {
	{ "whole quanta", 0x10000, 0x1ffff, IORESOURCE_MEM, PG, 0x10000, 0x10000 },
	{ "one quantum", 0x10000, 0x10fff, IORESOURCE_MEM, PG, 0x10000, PG },
	{ "one unit", 0x10007, 0x10007, IORESOURCE_IO, 1, 0x10007, 1 },
	{ "cut at the start", 0x10001, 0x1ffff, IORESOURCE_MEM, PG, 0x11000, 0xf000 },
	{ "cut at the end", 0x10000, 0x1fffe, IORESOURCE_MEM, PG, 0x10000, 0xf000 },
	{ "cut at both ends", 0x10010, 0x1ffef, IORESOURCE_MEM, PG, 0x11000, 0xe000 },
	{ "cut to one quantum", 0x10fff, 0x12000, IORESOURCE_MEM, PG, 0x11000, PG },
	{ "from 0", 0, 0xffff, IORESOURCE_MEM, PG, PG, 0xf000 },
	{ "from 0, any unit", 0, 0xff, IORESOURCE_IO, 1, 1, 0xff },
	{ "from 0, cut at the end", 0, 0x2ffe, IORESOURCE_MEM, PG, PG, PG },
	{ "to the top", R_TOP(0x4000), R_TOP(1), IORESOURCE_MEM, PG, TOP(0x4000), 0x4000 },
	{ "to the top, cut at the start", R_TOP(0x3fff), R_TOP(1), IORESOURCE_MEM, PG,
	  TOP(0x3000), 0x3000 },
	{ "short of the top", R_TOP(0x4000), R_TOP(2), IORESOURCE_MEM, PG, TOP(0x4000),
	  0x3000 },
	{ "all there is", 0, R_TOP(1), IORESOURCE_MEM, PG, PG, TOP(PG) },
	{ "quantum of half of all", 1, R_TOP(1), IORESOURCE_MEM, BIT(BITS_PER_LONG - 1),
	  BIT(BITS_PER_LONG - 1), BIT(BITS_PER_LONG - 1) },

	{ "no address assigned", 0x10000, 0x1ffff, IORESOURCE_MEM | IORESOURCE_UNSET, PG },
	{ "less than a quantum", 0x10000, 0x10ffe, IORESOURCE_MEM, PG },
	{ "no whole quantum", 0x10800, 0x117ff, IORESOURCE_MEM, PG },
	{ "almost two quanta", 0x10001, 0x11ffe, IORESOURCE_MEM, PG },
	{ "empty", 0x10000, 0xffff, IORESOURCE_MEM, PG },
	{ "nothing but 0", 0, 0, IORESOURCE_IO, 1 },
	{ "nothing but the quantum at 0", 0, 0xfff, IORESOURCE_MEM, PG },
	{ "nothing but a part of that", 0, 0xff, IORESOURCE_MEM, PG },
	{ "nothing but more than that", 0, 0x1ffe, IORESOURCE_MEM, PG },
	{ "the last unit alone", R_TOP(1), R_TOP(1), IORESOURCE_MEM, PG },
};

KUNIT_ARRAY_PARAM_DESC(ranges, ranges, name);

static void resource_is_cut_to_quanta(struct kunit *test)
{
	const struct extent *range = test->param_value;
	const struct resource res = { .start = range->start, .end = range->end,
				      .flags = range->flags, .name = "window" };
	char layout[64];
	vmem_t *vmp;

	vmp = vmem_create_resource("range", &res, range->quantum, 0, VM_SLEEP);
	if (!range->first) {
		KUNIT_EXPECT_NULL(test, vmp);
		EXPECT_REPORT(test, "vmem: bad span: arena \"range\" ");
		return;
	}
	KUNIT_ASSERT_NOT_NULL(test, vmp);
	EXPECT_VALID(test, vmp);
	snprintf(layout, sizeof(layout), "%lx+%zx", range->first, range->size);
	EXPECT_LAYOUT(test, vmp, VMEM_FREE | VMEM_ALLOC, layout);
	EXPECT_STAT(test, vmp, MEM_TOTAL, range->size);
	vmem_destroy(vmp);
}

static void resource_beyond_pointers(struct kunit *test)
{
	const resource_size_t beyond = (resource_size_t)ULONG_MAX + 1;
	const struct resource some = { .start = PG, .end = (resource_size_t)~0ull,
				       .flags = IORESOURCE_MEM };
	const struct resource none = { .start = beyond, .end = beyond - 1,
				       .flags = IORESOURCE_MEM };

	if (sizeof(resource_size_t) == sizeof(long))
		kunit_skip(test, "there are none");
	KUNIT_EXPECT_NULL(test, vmem_create_resource("far", &some, PG, 0, VM_SLEEP));
	EXPECT_REPORT(test, "vmem: bad span: arena \"far\" ");
	KUNIT_EXPECT_NULL(test, vmem_create_resource("empty", &none, PG, 0, VM_SLEEP));
	EXPECT_REPORT(test, "vmem: bad span: arena \"empty\" ");
}

static void resource_gives_its_name(struct kunit *test)
{
	const struct resource res = DEFINE_RES_MEM_NAMED(PG, PG, "0000:00:03.0 BAR 2");
	const struct resource unnamed = DEFINE_RES_MEM(PG, PG);
	vmem_t *vmp = vmem_create_resource(NULL, &res, PG, 0, VM_SLEEP);

	KUNIT_ASSERT_NOT_NULL(test, vmp);
	KUNIT_EXPECT_TRUE(test, listed(test, " 0000:00:03.0 BAR 2 "));
	vmem_destroy(vmp);
	vmp = vmem_create_resource("windows", &res, PG, 0, VM_SLEEP);
	KUNIT_ASSERT_NOT_NULL(test, vmp);
	KUNIT_EXPECT_TRUE(test, listed(test, " windows "));
	KUNIT_EXPECT_FALSE(test, listed(test, "BAR 2"));
	vmem_destroy(vmp);
	vmp = vmem_create_resource(NULL, &unnamed, PG, 0, VM_SLEEP);
	KUNIT_EXPECT_NOT_NULL(test, vmp);
	vmem_destroy(vmp);
}

static void resource_without_name_is_refused(struct kunit *test)
{
	KUNIT_EXPECT_NULL(test, vmem_create_resource(NULL, NULL, PG, 0, VM_SLEEP));
	EXPECT_REPORT(test, "vmem: bad span: arena \"\" addr 0x0 size 0x0 ");
}

static void resource_with_caches(struct kunit *test)
{
	const struct resource res = DEFINE_RES_MEM_NAMED(PG, 1024 * PG, "cached");
	vmem_t *vmp = vmem_create_resource(NULL, &res, PG, 4 * PG, VM_NOSLEEP);
	unsigned long addr;

	KUNIT_ASSERT_NOT_NULL(test, vmp);
	addr = take(vmp, PG, 0);
	/* A slab. */
	EXPECT_STAT(test, vmp, MEM_INUSE, 16 * PG);
	give(vmp, addr, PG);
	vmem_destroy(vmp);
}

/* Whoever owns the resource may claim its addresses, or have claimed them. */
static void resource_is_not_claimed(struct kunit *test)
{
	struct resource parent = DEFINE_RES_MEM_NAMED(PG, 16 * PG, "parent");
	vmem_t *vmp = vmem_create_resource(NULL, &parent, PG, 0, VM_SLEEP);

	KUNIT_EXPECT_NOT_NULL(test, vmp);
	KUNIT_EXPECT_NULL(test, parent.child);
	KUNIT_EXPECT_NULL(test, parent.sibling);
	KUNIT_EXPECT_EQ(test, parent.flags, (unsigned long)IORESOURCE_MEM);
	vmem_destroy(vmp);
}

static void managed_resource_ends(struct kunit *test)
{
	const struct resource res = DEFINE_RES_MEM_NAMED(PG + 1, 16 * PG, "managed-bar");
	struct device *dev = new_device(test, "card");
	vmem_t *vmp = devm_vmem_create_resource(dev, NULL, &res, PG, 0, VM_SLEEP);

	KUNIT_ASSERT_NOT_NULL(test, vmp);
	EXPECT_LAYOUT(test, vmp, VMEM_FREE, "2000+f000");
	KUNIT_EXPECT_TRUE(test, listed(test, " managed-bar "));
	kunit_device_unregister(test, dev);
	KUNIT_EXPECT_FALSE(test, listed(test, "managed-bar"));
}

static struct kunit_case managed_cases[] = {
	KUNIT_CASE(arena_ends_with_its_device),
	KUNIT_CASE(arena_with_caches_ends),
	KUNIT_CASE(growing_arena_ends),
	KUNIT_CASE(imports_go_back),
	KUNIT_CASE(children_end_before_their_source),
	KUNIT_CASE(source_of_dma_memory_ends),
	KUNIT_CASE(source_in_use_is_kept),
	KUNIT_CASE(leak_is_reported),
	KUNIT_CASE(blocks_freed_by_an_action),
	KUNIT_CASE(devices_do_not_meet),
	KUNIT_CASE(arena_ends_when_probe_fails),
	KUNIT_CASE(refused_creations),
	KUNIT_CASE(refused_creations_that_are_not_managed),
	KUNIT_CASE_PARAM(resource_is_cut_to_quanta, ranges_gen_params),
	KUNIT_CASE(resource_beyond_pointers),
	KUNIT_CASE(resource_gives_its_name),
	KUNIT_CASE(resource_without_name_is_refused),
	KUNIT_CASE(resource_with_caches),
	KUNIT_CASE(resource_is_not_claimed),
	KUNIT_CASE(managed_resource_ends),
	{}
};

static struct kunit_suite managed_suite = {
	.name = "vmem_managed",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = managed_cases,
};

kunit_test_suite(managed_suite);
