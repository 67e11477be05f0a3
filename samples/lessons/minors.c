// SPDX-License-Identifier: GPL-2.0-only
/*
 * Minor numbers. An id_space is an arena of numbers that may begin at 0. id_alloc()
 * goes round, so that a number which was freed rests before it is used again, and a
 * program that still has the old one does not meet a new device. id_allocff() takes
 * the lowest.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>

#include <linux/id_space.h>

static id_space_t *minors;

static int __init minors_init(void)
{
	id_t first, second, next, lowest, chosen;

	minors = id_space_create("lesson_minors", 0, 8);
	if (!minors)
		return -ENOMEM;

	/* lesson begins */
	first = id_alloc(minors);
	second = id_alloc(minors);
	id_free(minors, first);
	next = id_alloc(minors);
	lowest = id_allocff(minors);
	chosen = id_alloc_specific_nosleep(minors, 5);
	/* lesson ends */

	pr_info("first %d, second %d\n", first, second);
	pr_info("0 is free again: next %d, lowest %d\n", next, lowest);
	pr_info("chosen %d, and once more %d\n", chosen,
		id_alloc_specific_nosleep(minors, 5));

	id_free(minors, chosen);
	id_free(minors, lowest);
	id_free(minors, next);
	id_free(minors, second);
	return 0;
}
module_init(minors_init);

static void __exit minors_exit(void)
{
	id_space_destroy(minors);
}
module_exit(minors_exit);

MODULE_DESCRIPTION("vmem lesson: minor numbers");
MODULE_LICENSE("GPL");
