/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Differences between kernels, and nothing else. Each entry names the upstream
 * change that it stands in for and the kernel with which it can go.
 */
#ifndef _VMEM_COMPAT_H
#define _VMEM_COMPAT_H

#include <linux/version.h>

/*
 * Static stubs and symbols that only tests see came with "kunit: Expose 'static
 * stub' API to redirect functions" and "kunit: add macro to allow conditionally
 * exposing static symbols to tests", 6.3. Goes with 6.1. (Not __has_include(),
 * which sparse does not know.)
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 3, 0)
#include <kunit/static_stub.h>
#include <kunit/visibility.h>
#else
#define KUNIT_STATIC_STUB_REDIRECT(real_fn_name, args...) do {} while (0)
#define EXPORT_SYMBOL_IF_KUNIT(symbol)
#endif

/*
 * Shrinkers are allocated since "mm: shrinker: add infrastructure for dynamically
 * allocating shrinker", 6.7. Goes with 6.1.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
#define shrinker_alloc(flags, name)	kzalloc(sizeof(struct shrinker), GFP_KERNEL)
#define shrinker_register(shrinker)	((void)register_shrinker(shrinker, "vmem"))

static inline void shrinker_free(struct shrinker *shrinker)
{
	unregister_shrinker(shrinker);
	kfree(shrinker);
}
#endif

/*
 * The largest order was an exclusive limit until "mm, treewide: redefine MAX_ORDER
 * sanely", 6.4, and has had this name since "mm, treewide: rename MAX_ORDER to
 * MAX_PAGE_ORDER", 6.8. Goes with 6.1, or 6.7.
 */
#ifndef MAX_PAGE_ORDER
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 4, 0)
#define MAX_PAGE_ORDER	(MAX_ORDER - 1)
#else
#define MAX_PAGE_ORDER	MAX_ORDER
#endif
#endif

#endif /* _VMEM_COMPAT_H */
