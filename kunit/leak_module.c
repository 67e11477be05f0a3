// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmem_leak - blocks of kernel memory, some of them lost on purpose
 *
 * Loaded as it is, it allocates blocks in every way there is, from arenas that
 * kmemleak knows, and keeps the only pointer to some of kmalloc()'s memory in each
 * of them: nothing is lost. With leak=1 some more blocks are. Unloading it frees all
 * that it still knows of.
 */
#include <linux/module.h>
#include <linux/slab.h>

#include <linux/vmem.h>

#define BLOCKS		64
#define OBJECT		96	/* from a quantum cache */
#define SEGMENT		1000	/* not from one */
#define AREA		12288	/* a span of its own, of vmalloc() */

/*
 * Of each kind: the value of a pointer may have been left anywhere, and be taken for
 * one, so that some of what is lost is not found.
 */
#define LOST		16

static bool leak;
module_param(leak, bool, 0444);
MODULE_PARM_DESC(leak, "lose blocks, too");

/* A block, and what only it points to. */
struct block {
	void *treasure;
};

static vmem_t *pages;
static vmem_t *rooms;		/* imports from it */
static vmem_t *areas;
static struct block *object[BLOCKS];
static struct block *segment[BLOCKS];
static struct block *room[BLOCKS];
static struct block *area[BLOCKS];

/* What used to be in that memory must not point at what is going to be lost. */
static void fill(struct block **block, size_t size)
{
	unsigned int i;

	for (i = 0; i < BLOCKS; i++) {
		memset(block[i], 0, size);
		block[i]->treasure = kmalloc(32, GFP_KERNEL);
	}
}

static void empty(struct block **block)
{
	unsigned int i;

	for (i = 0; i < BLOCKS; i++)
		kfree(block[i]->treasure);
}

/* Named for what is to be read in the report; not to be merged with their caller. */
static noinline void lose_object(void)
{
	memset(vmem_alloc(pages, OBJECT, VM_SLEEP), 0, OBJECT);
}

static noinline void lose_segment(void)
{
	memset(vmem_xalloc(rooms, SEGMENT, 0, 0, 0, NULL, NULL, VM_SLEEP), 0, SEGMENT);
}

static noinline void lose_area(void)
{
	memset(vmem_alloc(areas, AREA, VM_SLEEP), 0, AREA);
}

static void lose(void)
{
	unsigned int i;

	for (i = 0; i < LOST; i++) {
		lose_object();
		lose_segment();
		lose_area();
	}
}

/* With VM_SLEEP there is no failure. */
static void allocate(void)
{
	unsigned int i;

	for (i = 0; i < BLOCKS; i++) {
		object[i] = vmem_alloc(pages, OBJECT, VM_SLEEP);
		segment[i] = vmem_xalloc(pages, SEGMENT, 0, 0, 0, NULL, NULL, VM_SLEEP);
		area[i] = vmem_alloc(areas, AREA, VM_SLEEP);
	}
	vmem_alloc_bulk(rooms, OBJECT, BLOCKS, (void **)room, VM_SLEEP);
	fill(object, OBJECT);
	fill(segment, SEGMENT);
	fill(room, OBJECT);
	fill(area, AREA);
}

static int __init leak_init(void)
{
	pages = vmem_create("leak pages", NULL, 0, 32, vmem_pages_alloc,
			    vmem_pages_free, NULL, 256, VM_SLEEP | VMC_KMEMLEAK);
	rooms = vmem_create("leak rooms", NULL, 0, 32, vmem_alloc, vmem_free, pages,
			    256, VM_SLEEP | VMC_KMEMLEAK);
	areas = vmem_create("leak areas", NULL, 0, PAGE_SIZE, vmem_vmalloc_alloc,
			    vmem_vmalloc_free, NULL, 0, VM_SLEEP | VMC_KMEMLEAK);
	if (!pages || !rooms || !areas) {
		vmem_destroy(areas);
		vmem_destroy(rooms);
		vmem_destroy(pages);
		return -EINVAL;
	}
	allocate();
	if (leak)
		lose();
	return 0;
}
module_init(leak_init);

static void __exit leak_exit(void)
{
	unsigned int i;

	empty(object);
	empty(segment);
	empty(room);
	empty(area);
	for (i = 0; i < BLOCKS; i++) {
		vmem_free(pages, object[i], OBJECT);
		vmem_xfree(pages, segment[i], SEGMENT);
		vmem_free(areas, area[i], AREA);
	}
	vmem_free_bulk(rooms, OBJECT, BLOCKS, (void **)room);
	vmem_destroy(areas);
	vmem_destroy(rooms);
	vmem_destroy(pages);
}
module_exit(leak_exit);

MODULE_DESCRIPTION("Loses memory of vmem, for kmemleak to find");
MODULE_LICENSE("GPL");
