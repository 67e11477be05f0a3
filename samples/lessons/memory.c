// SPDX-License-Identifier: GPL-2.0-only
/*
 * Kernel memory. An arena without source imports from elsewhere in the kernel: there are
 * pairs of functions for pages, kvmalloc() and vmalloc(), and one's own is written with
 * vmem_gfp(), which turns flags of the request into those of the page allocator.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <linux/vmem.h>

/* lesson begins */
static void *slab_alloc(vmem_t *source, size_t size, int vmflag)
{
	return kmalloc(size, vmem_gfp(vmflag));
}

static void slab_free(vmem_t *source, void *addr, size_t size)
{
	kfree(addr);
}

static const struct {
	const char *name;
	vmem_alloc_t *alloc;
	vmem_free_t *free;
} kinds[] = {
	{ "pages", vmem_pages_alloc, vmem_pages_free },
	{ "kvmalloc", vmem_kvmalloc_alloc, vmem_kvmalloc_free },
	{ "vmalloc", vmem_vmalloc_alloc, vmem_vmalloc_free },
	{ "kmalloc", slab_alloc, slab_free },
};

/* lesson ends */

static int memory_use(unsigned int i)
{
	vmem_t *arena = vmem_create(kinds[i].name, NULL, 0, 8, kinds[i].alloc,
				    kinds[i].free, NULL, 0, VM_SLEEP);
	char *block;

	if (!arena)
		return -ENOMEM;
	block = vmem_alloc(arena, 3000, VM_SLEEP | VM_ABORT);
	if (block) {
		memset(block, i, 3000);
		pr_info("3000 bytes of %zu by %s\n",
			vmem_size(arena, VMEM_ALLOC | VMEM_FREE), kinds[i].name);
		vmem_free(arena, block, 3000);
	}
	vmem_destroy(arena);
	return block ? 0 : -ENOMEM;
}

static int __init memory_init(void)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < ARRAY_SIZE(kinds) && !ret; i++)
		ret = memory_use(i);
	return ret;
}
module_init(memory_init);

/* Nothing is left to do, but without this the module could not be unloaded. */
static void __exit memory_exit(void)
{
}
module_exit(memory_exit);

MODULE_DESCRIPTION("vmem lesson: arenas of kernel memory");
MODULE_LICENSE("GPL");
