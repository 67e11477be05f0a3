// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory runs out: every call that can allocate, with its first allocation failing,
 * its second, and so on until none does. What fails must leave nothing behind, and
 * work when there is memory again; what may sleep must not fail. Calls that never
 * allocate go through the same loop, and have nothing that could fail.
 *
 * Slab memory and pages fail, whatever their flags, unless __GFP_NOFAIL is among
 * them. Per-CPU memory does not: it is used up instead, in cases of its own.
 */
#include <kunit/device.h>
#include <linux/debugfs.h>
#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/fs.h>
#include <linux/ioport.h>
#include <linux/percpu.h>
#include <linux/sched.h>
#include <linux/shrinker.h>

#include "cached.h"

#define COMB	40	/* free segments, too many to look at one by one */
#define HELD	256	/* blocks that a scene can hold */
#define BULK	40	/* more than the tags that are got at a time */

struct call;

/* Arenas in a state in which a call needs memory, and the blocks taken from them. */
struct scene {
	struct kunit *test;
	const struct call *call;
	int vmflag;
	vmem_t *vmp;			/* that is called */
	vmem_t *source;			/* that it imports from */
	vmem_t *root;			/* that this one imports from */
	vmem_t *dma;
	struct device *dev;
	unsigned int nr;
	size_t size;			/* of each block */
	void *held[HELD];
	void *bulk[BULK];
};

/* A call. Returns what it returned, 0 if it failed; undo() takes it back. */
struct call {
	const char *name;
	void (*prepare)(struct scene *scene);
	unsigned long (*call)(struct scene *scene);
	void (*undo)(struct scene *scene, unsigned long result);
	size_t size;
	size_t align;
	size_t phase;
	size_t nocross;
	unsigned long minaddr;
	unsigned long maxaddr;
	int vmflag;			/* besides those of the mode */
	int skip;			/* flags of modes: it fails always, or takes long */
	bool refuses_to_wait;		/* fails without memory even with VM_SLEEP */
};

/* === Scenes === */

static vmem_t *arena(struct scene *scene, size_t size, size_t quantum,
		     size_t qcache_max)
{
	return fixture_create(scene->test, "memory", CACHED_BASE, size, quantum, NULL,
			      NULL, NULL, qcache_max, VM_SLEEP);
}

static vmem_t *importer(struct scene *scene, size_t quantum, vmem_alloc_t *afunc,
			vmem_free_t *ffunc, vmem_t *source, size_t qcache_max)
{
	return fixture_create(scene->test, "importer", 0, 0, quantum, afunc, ffunc,
			      source, qcache_max, VM_SLEEP);
}

static void hold(struct scene *scene, unsigned int nr, size_t size)
{
	scene->size = size;
	KUNIT_EXPECT_EQ(scene->test, vmem_alloc_bulk(scene->vmp, size, nr, scene->held,
						     VM_NOSLEEP), nr);
	scene->nr = nr;
}

static void prepare_nothing(struct scene *scene)
{
}

static void prepare_source(struct scene *scene)
{
	scene->source = arena(scene, 1000 * PG, PG, 0);
}

static void prepare_empty(struct scene *scene)
{
	scene->vmp = fixture_create(scene->test, "memory", 0, 0, PG, NULL, NULL, NULL,
				    0, VM_SLEEP);
}

/* With as many blocks as buckets: there must be more of these soon. */
static void prepare_arena(struct scene *scene)
{
	scene->vmp = arena(scene, 1000 * PG, PG, 0);
	hold(scene, 1 << VMEM_HASH_SHIFT, PG);
}

/* Of holes that are too long for a size class of one length. */
static void prepare_comb(struct scene *scene)
{
	unsigned int i;

	scene->vmp = arena(scene, 2 * COMB * PG, PG / 64, 0);
	hold(scene, 2 * COMB, PG);
	for (i = 0; i < COMB; i++) {
		vmem_free(scene->vmp, scene->held[2 * i + 1], PG);
		scene->held[i] = scene->held[2 * i];
	}
	scene->nr = COMB;
}

static void prepare_trees(struct scene *scene)
{
	prepare_comb(scene);
	give(scene->vmp, take(scene->vmp, PG, VM_FIRSTFIT), PG);
	give(scene->vmp, take(scene->vmp, PG, VM_BESTFIT), PG);
}

static void prepare_child(struct scene *scene)
{
	prepare_source(scene);
	scene->vmp = importer(scene, PG, vmem_alloc, vmem_free, scene->source, 0);
}

static void prepare_levels(struct scene *scene)
{
	scene->root = arena(scene, 1000 * 16 * PG, 16 * PG, 0);
	scene->source = importer(scene, PG, vmem_alloc, vmem_free, scene->root, 0);
	scene->vmp = importer(scene, 0x100, vmem_alloc, vmem_free, scene->source, 0);
}

static void *import_elsewhere(vmem_t *source, size_t size, int vmflag)
{
	return vmem_xalloc(source, size, 0, 0, 0, NULL, NULL, vmflag);
}

static void *import_more(vmem_t *source, size_t *sizep, size_t align, int vmflag)
{
	*sizep = roundup(*sizep, 16 * PG);
	return vmem_xalloc(source, *sizep, align, 0, 0, NULL, NULL, vmflag);
}

static void prepare_foreign(struct scene *scene)
{
	prepare_source(scene);
	scene->vmp = importer(scene, PG, import_elsewhere, vmem_xfree, scene->source, 0);
}

static void prepare_growing_with(struct scene *scene, int vmflag)
{
	prepare_source(scene);
	scene->vmp = fixture_xcreate(scene->test, "growing", 0, 0, PG, import_more,
				     vmem_xfree, scene->source, 0, VM_SLEEP | vmflag);
}

static void prepare_growing(struct scene *scene)
{
	prepare_growing_with(scene, 0);
}

static void prepare_xalign(struct scene *scene)
{
	prepare_growing_with(scene, VMC_XALIGN);
}

static void prepare_large_imports(struct scene *scene)
{
	prepare_source(scene);
	scene->vmp = fixture_create(scene->test, "large", 0, 0, PG, vmem_alloc, vmem_free,
				    scene->source, 8 * PG, VM_SLEEP | VMC_NO_QCACHE);
}

/* Without a slab; with one that has objects; with 32, all in use. */
static void prepare_cached(struct scene *scene)
{
	scene->vmp = arena(scene, 4096 * PG, PG, 8 * PG);
}

static void prepare_slab(struct scene *scene)
{
	prepare_cached(scene);
	hold(scene, 1, PG);
}

static void prepare_slabs(struct scene *scene)
{
	scene->vmp = arena(scene, 16384, 1, 16);
	hold(scene, 128, 16);
}

/* Full magazines, those of the depot among them. */
static void prepare_magazines(struct scene *scene)
{
	prepare_cached(scene);
	hold(scene, HELD, PG);
}

/* No free segment: only what is free of slabs, in the middle of each. */
static void prepare_scattered(struct scene *scene)
{
	unsigned int i, nr = 0;

	scene->vmp = arena(scene, 64 * PG, PG, 8 * PG);
	hold(scene, 64, PG);
	for (i = 0; i < 64; i++) {
		unsigned long page = (unsigned long)scene->held[i] / PG % 32;

		if (page >= 8 && page < 24)
			vmem_free(scene->vmp, scene->held[i], PG);
		else
			scene->held[nr++] = scene->held[i];
	}
	scene->nr = nr;
}

static void prepare_cached_child(struct scene *scene)
{
	prepare_source(scene);
	scene->vmp = importer(scene, PG, vmem_alloc, vmem_free, scene->source, 8 * PG);
}

static void release(vmem_t *source, void *addr, size_t size)
{
	vmem_free(source, addr, size);
}

/* Its imports are objects of the source. */
static void prepare_child_of_cached(struct scene *scene)
{
	scene->source = arena(scene, 4096 * PG, PG, 8 * PG);
	scene->vmp = importer(scene, 0x100, vmem_alloc, release, scene->source, 0x400);
}

static void prepare_pages(struct scene *scene)
{
	scene->vmp = importer(scene, 0x100, vmem_pages_alloc, vmem_pages_free, NULL, 0);
}

static void prepare_kvmalloc(struct scene *scene)
{
	scene->vmp = importer(scene, 0x100, vmem_kvmalloc_alloc, vmem_kvmalloc_free,
			      NULL, 0);
}

static void prepare_vmalloc(struct scene *scene)
{
	scene->vmp = importer(scene, 0x100, vmem_vmalloc_alloc, vmem_vmalloc_free, NULL,
			      0);
}

static void prepare_traced(struct scene *scene)
{
	scene->vmp = fixture_create(scene->test, "traced", 0, 0, 0x100, vmem_pages_alloc,
				    vmem_pages_free, NULL, 0x400,
				    VM_SLEEP | VMC_KMEMLEAK);
}

/* One device for a test, a group of what it manages for a scene. */
static void prepare_device(struct scene *scene)
{
	struct kunit *test = scene->test;

	if (!test->priv)
		test->priv = kunit_device_register(test, "memory");
	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, test->priv);
	scene->dev = test->priv;
	KUNIT_ASSERT_NOT_NULL(test, devres_open_group(scene->dev, scene, GFP_KERNEL));
}

static void prepare_managed(struct scene *scene)
{
	prepare_source(scene);
	prepare_device(scene);
}

static void prepare_dma(struct scene *scene)
{
	if (!IS_ENABLED(CONFIG_HAS_DMA))
		kunit_skip(scene->test, "no DMA");
	prepare_device(scene);
	KUNIT_ASSERT_EQ(scene->test,
			dma_coerce_mask_and_coherent(scene->dev, DMA_BIT_MASK(64)), 0);
	scene->dma = vmem_create_dma("dma", scene->dev, VM_SLEEP);
	KUNIT_ASSERT_NOT_NULL(scene->test, scene->dma);
	scene->vmp = importer(scene, 0x100, vmem_dma_alloc, vmem_dma_free, scene->dma, 0);
}

/* Nothing is at hand: no tags, no magazines, no slabs that nobody needs. */
static void scene_bare(struct scene *scene)
{
	struct shrink_control all = { .nr_to_scan = ULONG_MAX };

	if (scene->vmp)
		vmem_qcache_reap(scene->vmp);
	if (scene->source)
		vmem_qcache_reap(scene->source);
	vmem_shrink_scan(NULL, &all);
}

/* It is too large for the stack of a CPU with 32 bits. */
static struct scene *scene_begin(struct kunit *test, const struct call *call, int vmflag)
{
	struct scene *scene = kunit_kzalloc(test, sizeof(*scene), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, scene);
	scene->test = test;
	scene->call = call;
	scene->vmflag = vmflag;
	return scene;
}

/* What is left in an arena after all that was taken has been given is reported. */
static void scene_end(struct scene *scene)
{
	unsigned int i;

	for (i = 0; i < scene->nr; i++)
		vmem_free(scene->vmp, scene->held[i], scene->size);
	if (scene->vmp)
		fixture_destroy(scene->test, scene->vmp);
	vmem_destroy(scene->dma);
	if (scene->dev)
		devres_release_group(scene->dev, scene);
	if (scene->source)
		fixture_destroy(scene->test, scene->source);
	if (scene->root)
		fixture_destroy(scene->test, scene->root);
	kunit_kfree(scene->test, scene);
}

/* === Calls that allocate === */

static unsigned long call_create(struct scene *scene)
{
	vmem_t *source = scene->source;

	return (unsigned long)vmem_create("created", (void *)PG, 1000 * PG, PG,
					  source ? vmem_alloc : NULL,
					  source ? vmem_free : NULL, source,
					  scene->call->size, scene->vmflag);
}

static unsigned long call_xcreate(struct scene *scene)
{
	return (unsigned long)vmem_xcreate("created", (void *)PG, 1000 * PG, PG,
					   import_more, vmem_xfree, scene->source,
					   scene->call->size, scene->vmflag);
}

static const struct resource window = DEFINE_RES_MEM_NAMED(PG + 1, 1000 * PG, "window");

static unsigned long call_create_resource(struct scene *scene)
{
	return (unsigned long)vmem_create_resource(NULL, &window, PG, scene->call->size,
						   scene->vmflag);
}

static unsigned long call_create_dma(struct scene *scene)
{
	return (unsigned long)vmem_create_dma("created", scene->dev, scene->vmflag);
}

static void undo_create(struct scene *scene, unsigned long result)
{
	vmem_destroy((vmem_t *)result);
}

static unsigned long call_devm_create(struct scene *scene)
{
	return (unsigned long)devm_vmem_create(scene->dev, "created", (void *)PG,
					       1000 * PG, PG, vmem_alloc, vmem_free,
					       scene->source, 4 * PG, scene->vmflag);
}

static unsigned long call_devm_xcreate(struct scene *scene)
{
	return (unsigned long)devm_vmem_xcreate(scene->dev, "created", (void *)PG,
						1000 * PG, PG, import_more, vmem_xfree,
						scene->source, 0, scene->vmflag);
}

static unsigned long call_devm_create_resource(struct scene *scene)
{
	return (unsigned long)devm_vmem_create_resource(scene->dev, NULL, &window, PG, 0,
							scene->vmflag);
}

static unsigned long call_devm_create_dma(struct scene *scene)
{
	return (unsigned long)devm_vmem_create_dma(scene->dev, "created", scene->vmflag);
}

static unsigned long call_add(struct scene *scene)
{
	return (unsigned long)vmem_add(scene->vmp, (void *)PG, 1000 * PG, scene->vmflag);
}

static void undo_nothing(struct scene *scene, unsigned long result)
{
}

static unsigned long call_alloc(struct scene *scene)
{
	return (unsigned long)vmem_alloc(scene->vmp, scene->call->size, scene->vmflag);
}

static void undo_alloc(struct scene *scene, unsigned long result)
{
	vmem_free(scene->vmp, (void *)result, scene->call->size);
}

static unsigned long call_xalloc(struct scene *scene)
{
	const struct call *call = scene->call;

	return (unsigned long)vmem_xalloc(scene->vmp, call->size, call->align,
					  call->phase, call->nocross,
					  (void *)call->minaddr, (void *)call->maxaddr,
					  scene->vmflag);
}

static void undo_xalloc(struct scene *scene, unsigned long result)
{
	vmem_xfree(scene->vmp, (void *)result, scene->call->size);
}

/* All or nothing, to fail like the others. */
static unsigned long call_bulk(struct scene *scene)
{
	size_t size = scene->call->size;
	size_t nr = vmem_alloc_bulk(scene->vmp, size, BULK, scene->bulk, scene->vmflag);

	if (nr == BULK)
		return BULK;
	vmem_free_bulk(scene->vmp, size, nr, scene->bulk);
	return 0;
}

static void undo_bulk(struct scene *scene, unsigned long result)
{
	vmem_free_bulk(scene->vmp, scene->call->size, result, scene->bulk);
}

/* All modes but the two that make a difference. */
#define MODIFIED	(VM_PUSHPAGE | VM_NORMALPRI | VM_PANIC | VM_ABORT)

#define CREATE(what, prepares, calls, ...) \
	{ .name = what, .prepare = prepares, .call = calls, .undo = undo_create, \
	  __VA_ARGS__ }
#define MANAGED(what, prepares, calls) \
	{ .name = what, .prepare = prepares, .call = calls, .undo = undo_nothing, \
	  .refuses_to_wait = true }
#define ALLOC(what, prepares, wants, ...) \
	{ .name = what, .prepare = prepares, .call = call_alloc, .undo = undo_alloc, \
	  .size = (wants), __VA_ARGS__ }
#define XALLOC(what, prepares, wants, ...) \
	{ .name = what, .prepare = prepares, .call = call_xalloc, .undo = undo_xalloc, \
	  .size = (wants), __VA_ARGS__ }
#define BULK_OF(what, prepares, wants, ...) \
	{ .name = what, .prepare = prepares, .call = call_bulk, .undo = undo_bulk, \
	  .size = (wants), __VA_ARGS__ }

static const struct call calls[] = {
	CREATE("create", prepare_nothing, call_create),
	CREATE("create, with a source", prepare_source, call_create),
	CREATE("create, with caches", prepare_source, call_create, .size = 8 * PG),
	CREATE("create, large imports", prepare_source, call_create, .size = 8 * PG,
	       .vmflag = VMC_NO_QCACHE),
	CREATE("create, known to kmemleak", prepare_nothing, call_create, .size = PG,
	       .vmflag = VMC_KMEMLEAK),
	CREATE("xcreate", prepare_source, call_xcreate),
	CREATE("xcreate, with caches", prepare_source, call_xcreate, .size = 8 * PG,
	       .vmflag = VMC_XALIGN),
	CREATE("create_resource", prepare_nothing, call_create_resource),
	CREATE("create_resource, with caches", prepare_nothing, call_create_resource,
	       .size = 8 * PG),
	CREATE("create_dma", prepare_device, call_create_dma),
	MANAGED("devm_create", prepare_managed, call_devm_create),
	MANAGED("devm_xcreate", prepare_managed, call_devm_xcreate),
	MANAGED("devm_create_resource", prepare_managed, call_devm_create_resource),
	MANAGED("devm_create_dma", prepare_managed, call_devm_create_dma),
	{ "add", prepare_empty, call_add, undo_nothing },

	ALLOC("alloc", prepare_arena, PG),
	ALLOC("alloc, high", prepare_arena, PG, .vmflag = VM_ENDALLOC),
	ALLOC("first fit, trees to be built", prepare_comb, PG, .vmflag = VM_FIRSTFIT,
	      .skip = MODIFIED),
	ALLOC("best fit, trees to be built", prepare_comb, PG, .vmflag = VM_BESTFIT,
	      .skip = MODIFIED),
	ALLOC("next fit, trees to be built", prepare_comb, PG, .vmflag = VM_NEXTFIT,
	      .skip = MODIFIED),
	ALLOC("first fit", prepare_trees, PG, .vmflag = VM_FIRSTFIT),
	ALLOC("best fit", prepare_trees, PG, .vmflag = VM_BESTFIT),
	ALLOC("next fit", prepare_trees, PG, .vmflag = VM_NEXTFIT),

	ALLOC("import", prepare_child, 3 * PG),
	ALLOC("import, three levels", prepare_levels, 0x300),
	ALLOC("import, foreign", prepare_foreign, 3 * PG),
	ALLOC("import that grows", prepare_growing, 3 * PG),
	ALLOC("import, large", prepare_large_imports, 9 * PG),
	XALLOC("import, aligned", prepare_child, PG, .align = 8 * PG),
	XALLOC("import, aligned, three levels", prepare_levels, 0x300, .align = 64 * PG,
	       .phase = 0x100),
	XALLOC("import, padded", prepare_foreign, PG, .align = 8 * PG),
	XALLOC("import that is aligned", prepare_xalign, PG, .align = 8 * PG),

	ALLOC("cached, first slab", prepare_cached, PG),
	ALLOC("cached, another slab", prepare_slab, 8 * PG),
	ALLOC("cached, in a slab", prepare_slab, PG),
	ALLOC("cached, many slabs", prepare_slabs, 16),
	ALLOC("cached, slab imported", prepare_cached_child, PG),
	ALLOC("cached, imports cached", prepare_child_of_cached, 0x100),
	ALLOC("not cached, slabs to dissolve", prepare_scattered, 12 * PG,
	      .skip = MODIFIED),
	ALLOC("cached, slabs to dissolve", prepare_scattered, 8 * PG,
	      .skip = MODIFIED),

	XALLOC("xalloc, aligned", prepare_arena, PG, .align = 16 * PG, .phase = 2 * PG),
	XALLOC("xalloc, not across", prepare_arena, 3 * PG, .nocross = 4 * PG),
	XALLOC("xalloc, above", prepare_arena, PG, .minaddr = CACHED_BASE + 500 * PG),
	XALLOC("xalloc, below", prepare_arena, PG, .maxaddr = CACHED_BASE + 500 * PG),
	XALLOC("xalloc, one place", prepare_arena, PG,
	       .minaddr = CACHED_BASE + 99 * PG, .maxaddr = CACHED_BASE + 100 * PG),
	XALLOC("xalloc, above, trees to be built", prepare_comb, PG,
	       .minaddr = CACHED_BASE + COMB * PG, .skip = MODIFIED),
	XALLOC("xalloc, slabs to dissolve", prepare_scattered, PG,
	       .minaddr = CACHED_BASE + 16 * PG, .maxaddr = CACHED_BASE + 17 * PG,
	       .skip = MODIFIED),

	BULK_OF("bulk", prepare_arena, PG),
	BULK_OF("bulk, imported", prepare_child, PG, .skip = MODIFIED),
	BULK_OF("bulk, cached", prepare_cached, PG),
	BULK_OF("bulk, many slabs", prepare_slabs, 16),

	ALLOC("pages", prepare_pages, 3 * PAGE_SIZE),
	ALLOC("kvmalloc", prepare_kvmalloc, 3 * PAGE_SIZE),
	ALLOC("vmalloc", prepare_vmalloc, 3 * PAGE_SIZE, .skip = VM_NOSLEEP),
	ALLOC("DMA", prepare_dma, 3 * PAGE_SIZE, .refuses_to_wait = true),
	ALLOC("known to kmemleak", prepare_traced, 3 * PAGE_SIZE),
	ALLOC("known to kmemleak, cached", prepare_traced, 0x100),
};

KUNIT_ARRAY_PARAM_DESC(calls, calls, name);

/* How each of them is made. */
static const int modes[] = {
	VM_NOSLEEP, VM_NOSLEEP | VM_PUSHPAGE, VM_NOSLEEP | VM_NORMALPRI,
	VM_NOSLEEP | VM_PANIC, VM_SLEEP, VM_SLEEP | VM_NORMALPRI, VM_SLEEP | VM_ABORT,
	VM_SLEEP | VM_PANIC,
};

/* === The n-th allocation fails === */

/* From now on, the @nth allocation of this thread fails; 0 for none. */
static void fail_nth(unsigned int nth)
{
#ifdef CONFIG_FAULT_INJECTION
	current->fail_nth = nth;
#endif
}

/* Has it failed? */
static bool failed(void)
{
#ifdef CONFIG_FAULT_INJECTION
	return !current->fail_nth;
#else
	return false;
#endif
}

/*
 * By default only those fail that may not wait for memory, and of pages only two or
 * more. /sys/kernel/debug has files to change that, but is mounted nowhere when the
 * suites run.
 */
static struct knob {
	const char *dir;
	const char *file;
	size_t len;
	unsigned long value;		/* that it is to have; meanwhile, that it had */
} knobs[] = {
	{ "failslab", "ignore-gfp-wait", sizeof(bool), false },
	{ "failslab", "verbose", sizeof(unsigned long), 0 },
	{ "fail_page_alloc", "ignore-gfp-wait", sizeof(bool), false },
	{ "fail_page_alloc", "ignore-gfp-highmem", sizeof(bool), false },
	{ "fail_page_alloc", "min-order", sizeof(u32), 0 },
	{ "fail_page_alloc", "verbose", sizeof(unsigned long), 0 },
};

static void turn(struct knob *knob)
{
	struct dentry *dir = debugfs_lookup(knob->dir, NULL);
	struct dentry *file = dir ? debugfs_lookup(knob->file, dir) : NULL;
	unsigned long had = 0;

	if (file) {
		memcpy(&had, d_inode(file)->i_private, knob->len);
		memcpy(d_inode(file)->i_private, &knob->value, knob->len);
		knob->value = had;
	}
	dput(file);
	dput(dir);
}

static void turn_knobs(void *ctx)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(knobs); i++)
		turn(&knobs[i]);
}

static int memory_init(struct kunit *test)
{
	int err;

	if (!IS_ENABLED(CONFIG_FAILSLAB))
		kunit_skip(test, "memory does not fail without CONFIG_FAILSLAB");
	test->priv = NULL;
	err = cached_init(test);
	if (err)
		return err;
	turn_knobs(NULL);
	return kunit_add_action_or_reset(test, turn_knobs, NULL);
}

/* What a call that fails must leave alone, but for the count of failures. */
struct state {
	u64 held;
	u64 import;
	u64 total;
	u64 fail;
};

/* What callers have of an arena whose magazines are empty: no slabs. */
static u64 held(vmem_t *vmp)
{
	u64 units = vmem_stat(vmp, VMEM_STAT_MEM_INUSE);
	unsigned int i;

	for (i = 0; vmp->caches && i < vmp->caches->nr; i++) {
		const struct vmem_qcache *cache = &vmp->caches->cache[i];

		units -= cache->slabs * vmp->caches->slab_size;
		units += (cache->slabs * cache->capacity - cache->unused) * cache->size;
	}
	return units;
}

static struct state state_of(vmem_t *vmp)
{
	if (!vmp)
		return (struct state){};
	vmem_qcache_reap(vmp);
	return (struct state){
		.held = held(vmp),
		.import = vmem_stat(vmp, VMEM_STAT_MEM_IMPORT),
		.total = vmem_stat(vmp, VMEM_STAT_MEM_TOTAL),
		.fail = vmem_stat(vmp, VMEM_STAT_FAIL),
	};
}

/* A source is asked once; for a cached size twice, once for a slab. */
static void expect_untouched(struct kunit *test, vmem_t *vmp,
			     const struct state *before, unsigned int least_fails,
			     unsigned int most_fails)
{
	struct state after = state_of(vmp);

	if (!vmp)
		return;
	EXPECT_VALID(test, vmp);
	KUNIT_EXPECT_EQ(test, after.held, before->held);
	KUNIT_EXPECT_EQ(test, after.import, before->import);
	KUNIT_EXPECT_EQ(test, after.total, before->total);
	KUNIT_EXPECT_GE(test, after.fail, before->fail + least_fails);
	KUNIT_EXPECT_LE(test, after.fail, before->fail + most_fails);
	EXPECT_STAT(test, vmp, MISUSE, 0);
	EXPECT_STAT(test, vmp, WAIT, 0);
}

static bool allocates_blocks(const struct call *call)
{
	return call->call == call_alloc || call->call == call_xalloc ||
	       call->call == call_bulk;
}

/* An import that does not wait has the arena wait, here for ever. */
static bool left_out(const struct call *call, int mode)
{
	if (call->refuses_to_wait && allocates_blocks(call) &&
	    !(mode & (VM_NOSLEEP | VM_ABORT)))
		return true;
	return mode & call->skip;
}

static bool may_fail(const struct scene *scene)
{
	return (scene->vmflag & VM_NOSLEEP) || scene->call->refuses_to_wait;
}

/* The call fails, or not; then it is made again, and works. */
static unsigned long call_twice(struct scene *scene, unsigned int nth, bool *reached)
{
	const struct call *call = scene->call;
	unsigned int fails = allocates_blocks(call);
	struct state vmp = state_of(scene->vmp);
	struct state source = state_of(scene->source);
	struct state root = state_of(scene->root);
	int panics = fixture_panics(scene->test);
	unsigned long result;

	scene_bare(scene);
	fail_nth(nth);
	result = call->call(scene);
	*reached = failed();
	fail_nth(0);

	if (!*reached || !may_fail(scene))
		KUNIT_EXPECT_NE_MSG(scene->test, result, 0, "flags %x, allocation %u",
				    scene->vmflag, nth);
	if (result)
		return result;
	/* An import function may have been asked to panic, too. */
	if (scene->vmflag & VM_PANIC)
		KUNIT_EXPECT_GT_MSG(scene->test, fixture_panics(scene->test), panics,
				    "flags %x, allocation %u", scene->vmflag, nth);
	expect_untouched(scene->test, scene->vmp, &vmp, fails, fails);
	expect_untouched(scene->test, scene->source, &source, 0, 2);
	expect_untouched(scene->test, scene->root, &root, 0, 2);
	return call->call(scene);
}

/* Returns whether so many allocations were made that the @nth one failed. */
static bool call_with_failure(struct kunit *test, const struct call *call, int mode,
			      unsigned int nth)
{
	struct scene *scene = scene_begin(test, call, mode | call->vmflag);
	unsigned long result;
	bool reached;

	call->prepare(scene);
	result = call_twice(scene, nth, &reached);
	KUNIT_EXPECT_NE_MSG(test, result, 0, "flags %x, after allocation %u", scene->vmflag,
			    nth);
	if (scene->vmp)
		EXPECT_VALID(test, scene->vmp);
	if (result)
		call->undo(scene, result);
	scene_end(scene);
	return reached;
}

static unsigned long nr_points, nr_calls;

static void every_allocation_fails_once(struct kunit *test)
{
	const struct call *call = test->param_value;
	unsigned int i, nth, sum = 0;

	fixture_catch_panic(test);
	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		if (left_out(call, modes[i]))
			continue;
		nth = 1;
		while (nth < 1000 && call_with_failure(test, call, modes[i], nth))
			nth++;
		KUNIT_EXPECT_LT(test, nth, 1000);
		if (modes[i] & VM_NOSLEEP)
			KUNIT_EXPECT_GT_MSG(test, nth, 1, "nothing was allocated at all");
		sum += nth - 1;
		nr_calls++;
	}
	nr_points += sum;
	kunit_info(test, "%u failure points", sum);
}

/* === Calls that never allocate === */

/* What is to be freed, or looked at. */
static void prepare_held(struct scene *scene)
{
	prepare_arena(scene);
	scene_bare(scene);
}

static void prepare_held_comb(struct scene *scene)
{
	prepare_trees(scene);
	scene_bare(scene);
}

static void hold_some(struct scene *scene)
{
	hold(scene, BULK, scene->call->size);
	scene_bare(scene);
}

static void prepare_held_child(struct scene *scene)
{
	prepare_child(scene);
	hold_some(scene);
}

static void prepare_held_levels(struct scene *scene)
{
	prepare_levels(scene);
	hold_some(scene);
}

static void prepare_held_growing(struct scene *scene)
{
	prepare_growing(scene);
	hold_some(scene);
}

static void prepare_held_cached_child(struct scene *scene)
{
	prepare_cached_child(scene);
	hold_some(scene);
}

static void prepare_held_pages(struct scene *scene)
{
	prepare_pages(scene);
	hold_some(scene);
}

static void prepare_held_kvmalloc(struct scene *scene)
{
	prepare_kvmalloc(scene);
	hold_some(scene);
}

/* vmalloc() has none for those who may not sleep, and devices may have little. */
static void hold_patiently(struct scene *scene)
{
	scene->size = scene->call->size;
	scene->nr = vmem_alloc_bulk(scene->vmp, scene->size, BULK, scene->held, VM_SLEEP);
	KUNIT_EXPECT_EQ(scene->test, scene->nr, BULK);
	scene_bare(scene);
}

static void prepare_held_vmalloc(struct scene *scene)
{
	prepare_vmalloc(scene);
	hold_patiently(scene);
}

static void prepare_held_dma(struct scene *scene)
{
	prepare_dma(scene);
	hold_patiently(scene);
}

static void prepare_held_traced(struct scene *scene)
{
	prepare_traced(scene);
	hold_some(scene);
}

static unsigned long call_free(struct scene *scene)
{
	while (scene->nr)
		vmem_free(scene->vmp, scene->held[--scene->nr], scene->size);
	return 1;
}

static unsigned long call_xfree(struct scene *scene)
{
	while (scene->nr)
		vmem_xfree(scene->vmp, scene->held[--scene->nr], scene->size);
	return 1;
}

static unsigned long call_free_bulk(struct scene *scene)
{
	size_t nr = scene->nr;

	scene->nr = 0;
	return vmem_free_bulk(scene->vmp, scene->size, nr, scene->held) == nr;
}

static unsigned long call_bad_free(struct scene *scene)
{
	vmem_xfree(scene->vmp, scene->held[0] + 1, scene->size);
	return vmem_stat(scene->vmp, VMEM_STAT_MISUSE);
}

static void undo_bad_free(struct scene *scene, unsigned long result)
{
	EXPECT_REPORT(scene->test, "vmem: bad free: ");
}

static unsigned long call_contains(struct scene *scene)
{
	return vmem_contains(scene->vmp, scene->held[0], scene->size) &&
	       !vmem_contains(scene->vmp, (void *)PG, PG);
}

static void count_segment(void *arg, void *start, size_t size)
{
	++*(unsigned long *)arg;
}

static unsigned long call_walk(struct scene *scene)
{
	unsigned long nr = 0, again = 0;

	vmem_walk(scene->vmp, VMEM_ALLOC | VMEM_FREE | VMEM_SPAN, count_segment, &nr);
	vmem_walk(scene->vmp, VMEM_ALLOC | VMEM_FREE | VMEM_SPAN | VMEM_REENTRANT,
		  count_segment, &again);
	return nr && nr == again;
}

static unsigned long call_size(struct scene *scene)
{
	return vmem_size(scene->vmp, VMEM_ALLOC | VMEM_FREE) != 0;
}

static unsigned long call_private(struct scene *scene)
{
	vmem_set_private(scene->vmp, scene);
	return vmem_get_private(scene->vmp) == scene && vmem_gfp(VM_SLEEP);
}

static unsigned long call_reap(struct scene *scene)
{
	vmem_qcache_reap(scene->vmp);
	return 1;
}

/* With magazines to be emptied, and slabs of which some objects are in use. */
static void prepare_reap(struct scene *scene)
{
	prepare_cached_child(scene);
	hold(scene, HELD, PG);
	while (scene->nr > 3)
		vmem_free(scene->vmp, scene->held[--scene->nr], PG);
}

static void prepare_end(struct scene *scene)
{
	prepare_reap(scene);
	call_free(scene);
}

static unsigned long call_destroy(struct scene *scene)
{
	vmem_t *vmp = scene->vmp;

	scene->vmp = NULL;
	fixture_destroy(scene->test, vmp);
	return 1;
}

static unsigned long call_dma_addr(struct scene *scene)
{
	return vmem_dma_addr(scene->vmp, scene->held[0]) != DMA_MAPPING_ERROR;
}

#define QUIET(what, prepares, calls, ...) \
	{ .name = what, .prepare = prepares, .call = calls, .undo = undo_nothing, \
	  __VA_ARGS__ }

static const struct call quiet_calls[] = {
	QUIET("free", prepare_held, call_free),
	QUIET("free, trees", prepare_held_comb, call_free),
	QUIET("free, imported", prepare_held_child, call_free, .size = PG),
	QUIET("free, three levels", prepare_held_levels, call_free, .size = 0x300),
	QUIET("free, foreign", prepare_held_growing, call_free, .size = 3 * PG),
	QUIET("free, cached", prepare_magazines, call_free),
	QUIET("free, cached, imported", prepare_held_cached_child, call_free, .size = PG),
	QUIET("free, pages", prepare_held_pages, call_free, .size = 3 * PAGE_SIZE),
	QUIET("free, kvmalloc", prepare_held_kvmalloc, call_free, .size = 3 * PAGE_SIZE),
	QUIET("free, vmalloc", prepare_held_vmalloc, call_free, .size = 3 * PAGE_SIZE),
	QUIET("free, DMA", prepare_held_dma, call_free, .size = 3 * PAGE_SIZE),
	QUIET("free, known to kmemleak", prepare_held_traced, call_free, .size = 0x500),
	QUIET("xfree", prepare_held, call_xfree),
	QUIET("xfree, imported", prepare_held_child, call_xfree, .size = PG),
	QUIET("free_bulk", prepare_held, call_free_bulk),
	QUIET("free_bulk, cached", prepare_magazines, call_free_bulk),
	{ "a bad free", prepare_held, call_bad_free, undo_bad_free },
	QUIET("contains", prepare_held, call_contains),
	QUIET("walk", prepare_held_comb, call_walk),
	QUIET("walk, slabs", prepare_magazines, call_walk),
	QUIET("size", prepare_held, call_size),
	QUIET("private pointer", prepare_held, call_private),
	QUIET("reap", prepare_reap, call_reap),
	QUIET("destroy", prepare_empty, call_destroy),
	QUIET("destroy, with caches", prepare_end, call_destroy),
	QUIET("dma_addr", prepare_held_dma, call_dma_addr, .size = 64),
};

KUNIT_ARRAY_PARAM_DESC(quiet_calls, quiet_calls, name);

/* Tools that look for mistakes allocate behind our back, in frees, too. */
#define WATCHED	(IS_ENABLED(CONFIG_KASAN) || IS_ENABLED(CONFIG_DEBUG_OBJECTS) || \
		 IS_ENABLED(CONFIG_DEBUG_KMEMLEAK) || IS_ENABLED(CONFIG_KCSAN))

static void no_allocation_can_fail(struct kunit *test)
{
	const struct call *call = test->param_value;
	struct scene *scene = scene_begin(test, call, 0);
	unsigned long result;
	bool reached;

	call->prepare(scene);
	fail_nth(1);
	result = call->call(scene);
	reached = failed();
	fail_nth(0);

	KUNIT_EXPECT_NE(test, result, 0);
	if (!WATCHED)
		KUNIT_EXPECT_FALSE_MSG(test, reached, "memory was asked for");
	call->undo(scene, result);
	scene_end(scene);
	nr_calls++;
}

/* === Memory for CPUs is used up === */

#define PERCPU_BLOCKS	4096

static void __percpu *percpu_block[PERCPU_BLOCKS];
static unsigned int nr_percpu;

static void free_percpu_blocks(void *ctx)
{
	while (nr_percpu)
		free_percpu(percpu_block[--nr_percpu]);
}

/* All that those can have who may not wait, down to less than slots take. */
static void use_up_percpu(void)
{
	size_t size;

	for (size = PAGE_SIZE; size >= 64; size /= 2)
		while (nr_percpu < PERCPU_BLOCKS) {
			percpu_block[nr_percpu] = __alloc_percpu_gfp(size, 8, GFP_NOWAIT |
								     __GFP_NOWARN);
			if (!percpu_block[nr_percpu])
				break;
			nr_percpu++;
		}
}

static vmem_t *create_cached(int vmflag)
{
	return vmem_create("percpu", (void *)PG, 4096 * PG, PG, NULL, NULL, NULL, 16 * PG,
			   vmflag);
}

/* On another CPU a worker may get more at any time, but not faster than this. */
static void no_memory_for_cpus(struct kunit *test)
{
	vmem_t *vmp;
	int i;

	KUNIT_ASSERT_EQ(test, kunit_add_action(test, free_percpu_blocks, NULL), 0);
	for (i = 0; i < 100; i++) {
		use_up_percpu();
		vmp = create_cached(VM_NOSLEEP);
		if (!vmp)
			break;
		vmem_destroy(vmp);
	}
	KUNIT_EXPECT_NULL(test, vmp);

	/* Who may wait gets it, and who has no caches needs none. */
	vmp = create_cached(VM_SLEEP);
	KUNIT_ASSERT_NOT_NULL(test, vmp);
	KUNIT_EXPECT_NOT_NULL(test, vmp->caches);
	vmem_destroy(vmp);
	use_up_percpu();
	fixture_create(test, "percpu", PG, PG, PG, NULL, NULL, NULL, 0, VM_NOSLEEP);
}

static bool create_without_caches(struct kunit *test, unsigned int nth, bool *reached)
{
	bool without;
	vmem_t *vmp;

	use_up_percpu();
	fail_nth(nth);
	vmp = create_cached(VM_SLEEP);
	*reached = failed();
	fail_nth(0);

	KUNIT_ASSERT_NOT_NULL(test, vmp);
	EXPECT_VALID(test, vmp);
	without = !vmp->caches;
	give(vmp, take(vmp, PG, 0), PG);
	vmem_destroy(vmp);
	return without;
}

/* An arena that can have no slots is made without caches. */
static void no_memory_for_cpus_ever(struct kunit *test)
{
	unsigned int nth = 0, without = 0;
	bool reached;

	if (!IS_ENABLED(CONFIG_FAULT_INJECTION_DEBUG_FS))
		kunit_skip(test, "who may wait always gets memory");
	KUNIT_ASSERT_EQ(test, kunit_add_action(test, free_percpu_blocks, NULL), 0);
	do {
		without += create_without_caches(test, ++nth, &reached);
	} while (reached && nth < 1000);
	KUNIT_EXPECT_GT(test, without, 0);
	nr_points += nth - 1;
	nr_calls++;
}

/* === What a user sees of it === */

static vmem_t *without_tags(struct kunit *test)
{
	struct scene *scene = scene_begin(test, NULL, 0);

	scene->vmp = arena(scene, 1000 * PG, PG, 0);
	scene_bare(scene);
	return scene->vmp;
}

/* A request that may wait gets its memory, and tells that it waited. */
static void sleeping_request_waits_for_memory(struct kunit *test)
{
	vmem_t *vmp = without_tags(test);
	void *addr;

	fail_nth(1);
	addr = vmem_alloc(vmp, PG, VM_SLEEP);
	fail_nth(0);
	KUNIT_EXPECT_NOT_NULL(test, addr);
	EXPECT_STAT(test, vmp, POPULATE_FAIL, 1);
	EXPECT_STAT(test, vmp, POPULATE_WAIT, 1);
	EXPECT_STAT(test, vmp, FAIL, 0);
}

/* Allocate a page where caches would like more; returns how much was imported. */
static u64 import_with_failure(struct kunit *test, unsigned int nth)
{
	vmem_t *vmp = vmem_create("slabs", NULL, 0, PAGE_SIZE, vmem_pages_alloc,
				  vmem_pages_free, NULL, 8 * PAGE_SIZE, VM_SLEEP);
	u64 imported;
	void *addr;

	KUNIT_ASSERT_NOT_NULL(test, vmp);
	fail_nth(nth);
	addr = vmem_alloc(vmp, PAGE_SIZE, VM_SLEEP);
	fail_nth(0);
	imported = vmem_stat(vmp, VMEM_STAT_MEM_IMPORT);
	KUNIT_EXPECT_NOT_NULL(test, addr);
	EXPECT_VALID(test, vmp);
	vmem_free(vmp, addr, PAGE_SIZE);
	vmem_destroy(vmp);
	return imported;
}

/* Large blocks of memory may be had never: for an object, a page must do. */
static void slab_is_not_waited_for(struct kunit *test)
{
	unsigned int nth, single = 0;

	if (!IS_ENABLED(CONFIG_FAIL_PAGE_ALLOC) ||
	    !IS_ENABLED(CONFIG_FAULT_INJECTION_DEBUG_FS))
		kunit_skip(test, "who may wait always gets pages");
	KUNIT_EXPECT_EQ(test, import_with_failure(test, 0), 32 * (u64)PAGE_SIZE);
	for (nth = 1; nth <= 100; nth++)
		single += import_with_failure(test, nth) == PAGE_SIZE;
	KUNIT_EXPECT_GE(test, single, 1);
}

static void failing_request_does_not_wait_for_memory(struct kunit *test)
{
	vmem_t *vmp = without_tags(test);

	fail_nth(1);
	EXPECT_ADDR(test, take(vmp, PG, 0), 0);
	fail_nth(0);
	EXPECT_STAT(test, vmp, POPULATE_FAIL, 1);
	EXPECT_STAT(test, vmp, POPULATE_WAIT, 0);
	EXPECT_STAT(test, vmp, FAIL, 1);
}

/* Without memory for buckets, chains grow longer and everything is found. */
static void table_without_memory_still_finds(struct kunit *test)
{
	vmem_t *vmp = fixture_arena(test, 1, 1000, 1);
	const struct vmem_table *table = &vmp->allocated;
	unsigned long room = table->room;
	unsigned long id;

	for (id = 1; id <= 1000; id++) {
		fail_nth(vmp->nr_spare < VMEM_TAGS &&
			 table->count >= max(room, table->retry));
		EXPECT_ADDR(test, take(vmp, 1, VM_FIRSTFIT), id);
		fail_nth(0);
	}
	KUNIT_EXPECT_EQ(test, table->room, room);
	EXPECT_VALID(test, vmp);
	for (id = 1; id <= 1000; id++)
		give(vmp, id, 1);
	EXPECT_LAYOUT(test, vmp, VMEM_ALLOC | VMEM_FREE, "1+3e8");
}

/* Tags that are no longer needed do not stay with the arena. */
static void unused_tags_are_given_back(struct kunit *test)
{
	vmem_t *vmp = fixture_arena(test, PG, 1000 * PG, PG);
	unsigned long addr;

	while (take(vmp, PG, 0))
		;
	for (addr = PG; addr <= 1000 * PG; addr += PG)
		give(vmp, addr, PG);
	KUNIT_EXPECT_LE(test, vmp->nr_spare, VMEM_SPARE_MAX + 2);
	EXPECT_VALID(test, vmp);
}

/* Not a case of its own right: what those before have been through. */
static void sum_of_failure_points(struct kunit *test)
{
	kunit_info(test, "%lu failure points in %lu calls", nr_points, nr_calls);
	nr_points = 0;
	nr_calls = 0;
}

static struct kunit_case memory_cases[] = {
	KUNIT_CASE_PARAM(every_allocation_fails_once, calls_gen_params),
	KUNIT_CASE_PARAM(no_allocation_can_fail, quiet_calls_gen_params),
	KUNIT_CASE(no_memory_for_cpus),
	KUNIT_CASE(no_memory_for_cpus_ever),
	KUNIT_CASE(sleeping_request_waits_for_memory),
	KUNIT_CASE(slab_is_not_waited_for),
	KUNIT_CASE(failing_request_does_not_wait_for_memory),
	KUNIT_CASE(table_without_memory_still_finds),
	KUNIT_CASE(unused_tags_are_given_back),
	KUNIT_CASE(sum_of_failure_points),
	{}
};

static struct kunit_suite memory_suite = {
	.name = "vmem_memory",
	.init = memory_init,
	.exit = fixture_exit,
	.test_cases = memory_cases,
};

kunit_test_suite(memory_suite);
