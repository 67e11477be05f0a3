// SPDX-License-Identifier: GPL-2.0-only
/*
 * Shards. Where many CPUs want numbers of sizes that no quantum cache serves, each shard
 * has an arena and a lock of its own, and imports from a common one, which is asked once
 * in a while. With VMC_NO_QCACHE, qcache_max sets how much at least: 64 for 16. A shard
 * that is wholly free has given back what it had. A driver chooses its shard by
 * raw_smp_processor_id() or numa_node_id(), and keeps it with the number, to free it there.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/module.h>

#include <linux/vmem.h>

#define SHARDS	2

static vmem_t *all, *shard[SHARDS];

static void shards_end(void)
{
	unsigned int i;

	for (i = 0; i < SHARDS; i++)
		vmem_destroy(shard[i]);
	vmem_destroy(all);
}

static int shards_create(void)
{
	char name[24];
	unsigned int i;

	/* lesson begins */
	all = vmem_create("lesson_all", (void *)1, 1024, 1, NULL, NULL, NULL, 0,
			  VM_SLEEP | VMC_IDENTIFIER);
	for (i = 0; i < SHARDS; i++) {
		snprintf(name, sizeof(name), "lesson_shard%u", i);
		shard[i] = vmem_create(name, NULL, 0, 1, vmem_alloc, vmem_free, all, 16,
				       VM_SLEEP | VMC_IDENTIFIER | VMC_NO_QCACHE);
	}
	/* lesson ends */
	return all && shard[0] && shard[1] ? 0 : -ENOMEM;
}

static void shards_tell(const char *when)
{
	pr_info("%s: shard 0 has %zu, shard 1 has %zu, the common arena %zu\n", when,
		vmem_size(shard[0], VMEM_ALLOC | VMEM_FREE),
		vmem_size(shard[1], VMEM_ALLOC | VMEM_FREE), vmem_size(all, VMEM_FREE));
}

static int __init shards_init(void)
{
	void *id[3];

	if (shards_create()) {
		shards_end();
		return -ENOMEM;
	}
	shards_tell("at first");
	id[0] = vmem_alloc(shard[0], 5, VM_SLEEP);
	id[1] = vmem_alloc(shard[0], 20, VM_SLEEP);
	shards_tell("5 and 20 from shard 0");
	id[2] = vmem_alloc(shard[1], 1, VM_SLEEP);
	shards_tell("1 from shard 1");
	vmem_free(shard[0], id[0], 5);
	vmem_free(shard[0], id[1], 20);
	vmem_free(shard[1], id[2], 1);
	shards_tell("all freed");
	return 0;
}
module_init(shards_init);

static void __exit shards_exit(void)
{
	shards_end();
}
module_exit(shards_exit);

MODULE_DESCRIPTION("vmem lesson: a hierarchy that shards a contended arena");
MODULE_LICENSE("GPL");
