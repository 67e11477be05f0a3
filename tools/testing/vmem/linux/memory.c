// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory: malloc() under the names of the kernel's allocators, each block with the
 * checks that its allocator has, and failing when a test wants it to.
 */
#include <malloc.h>
#include <unistd.h>

#include "kernel.h"

bool (*kernel_memory_fails)(size_t size, gfp_t gfp);
atomic_long_t kernel_allocations;

/* === Failing === */

gfp_t current_gfp_context(gfp_t gfp)
{
	unsigned int flags = current->flags;

	if (flags & PF_MEMALLOC_NOIO)
		gfp &= ~(__GFP_IO | __GFP_FS);
	else if (flags & PF_MEMALLOC_NOFS)
		gfp &= ~__GFP_FS;
	return gfp;
}

#ifndef KERNEL_FAST

void might_alloc(gfp_t gfp)
{
	if (gfpflags_allow_blocking(gfp))
		might_sleep();
}

#endif

/* The task's n-th, counted down, or as the test has it. */
static bool fails(size_t size, gfp_t gfp)
{
	struct task_struct *task = current;

	might_alloc(gfp);
	if (gfp & __GFP_NOFAIL)
		return false;
	if (task->fail_nth && in_task() && !--task->fail_nth)
		return true;
	return kernel_memory_fails && kernel_memory_fails(size, gfp);
}

/* Scopes may be nested: what was is given back by their end. */
#define scope(name, flag) \
unsigned int memalloc_##name##_save(void) \
{ \
	unsigned int old = current->flags & (flag); \
	current->flags |= (flag); \
	return old; \
} \
void memalloc_##name##_restore(unsigned int old) \
{ \
	current->flags = (current->flags & ~(flag)) | old; \
}
scope(noio, PF_MEMALLOC_NOIO)
scope(nofs, PF_MEMALLOC_NOFS)
scope(noreclaim, PF_MEMALLOC)

void memalloc_retry_wait(gfp_t gfp)
{
	msleep(1);
}

/* === kmalloc() === */

static void *get(size_t size, size_t align, gfp_t gfp)
{
	void *ptr;

#ifdef KERNEL_FAST
	if (fast_aside) {
		align = PAGE_SIZE;
		size = PAGE_ALIGN(size);
	}
#endif
	if (posix_memalign(&ptr, max(align, sizeof(void *)), size ?: 1))
		panic("no memory");
#ifdef KERNEL_FAST
	if (fast_aside)
		fast_note_aside(ptr, size);
#endif
	/* What is not cleared shall not be of use. */
	memset(ptr, gfp & __GFP_ZERO ? 0 : 0xa5, size);
	atomic_long_inc(&kernel_allocations);
	return ptr;
}

static void put(void *ptr)
{
	if (!ptr)
		return;
	atomic_long_dec(&kernel_allocations);
	free(ptr);
}

/* What Linux promises: to the largest power of two that divides the size. */
static size_t alignment(size_t size)
{
	if (size > PAGE_SIZE)
		return PAGE_SIZE;
	return max_t(size_t, size & -size, 8);
}

void *kmalloc(size_t size, gfp_t gfp)
{
	if (size > KMALLOC_MAX_SIZE || fails(size, gfp))
		return NULL;
	return get(size, alignment(size), gfp);
}

void kfree(const void *ptr)
{
	BUG_ON(is_vmalloc_addr(ptr));
	put((void *)ptr);
}

void *kmemdup(const void *from, size_t size, gfp_t gfp)
{
	void *ptr = kmalloc(size, gfp);

	return ptr ? memcpy(ptr, from, size) : NULL;
}

char *kstrndup(const char *text, size_t len, gfp_t gfp)
{
	char *copy;

	if (!text)
		return NULL;
	len = strnlen(text, len);
	copy = kzalloc(len + 1, gfp);
	return copy ? memcpy(copy, text, len) : NULL;
}

char *kstrdup(const char *text, gfp_t gfp)
{
	return text ? kstrndup(text, strlen(text), gfp) : NULL;
}

/* === Caches of objects === */

#ifndef KERNEL_FAST

struct kmem_cache {
	const char *name;
	size_t size;
	size_t align;
	atomic_long_t objects;
};

struct kmem_cache *kmem_cache_create(const char *name, unsigned int size,
				     unsigned int align, slab_flags_t flags)
{
	struct kmem_cache *cache = kzalloc(sizeof(*cache), GFP_KERNEL);

	if (!cache)
		return NULL;
	cache->name = name;
	cache->size = size;
	cache->align = flags & SLAB_HWCACHE_ALIGN ? SMP_CACHE_BYTES : align;
	return cache;
}

void kmem_cache_destroy(struct kmem_cache *cache)
{
	if (!cache)
		return;
	if (atomic_long_read(&cache->objects))
		panic("%ld objects left in cache %s", atomic_long_read(&cache->objects),
		      cache->name);
	kfree(cache);
}

void *kmem_cache_alloc(struct kmem_cache *cache, gfp_t gfp)
{
	if (fails(cache->size, gfp))
		return NULL;
	atomic_long_inc(&cache->objects);
	return get(cache->size, cache->align, gfp);
}

void kmem_cache_free(struct kmem_cache *cache, void *ptr)
{
	atomic_long_dec(&cache->objects);
	put(ptr);
}

#endif

/* Those of the kernel's xarray. Its readers hold its lock, here. */
struct kmem_cache *radix_tree_node_cachep;

static int make_xarray_cache(void)
{
	radix_tree_node_cachep = KMEM_CACHE(xa_node, 0);
	return 0;
}

postcore_initcall(make_xarray_cache);

static void end_xarray_cache(void)
{
	kmem_cache_destroy(radix_tree_node_cachep);
}

module_exit(end_xarray_cache);

/* Used by nobody else: its nodes are cleared, and on no list. */
void *kmem_cache_alloc_lru(struct kmem_cache *cache, void *lru, gfp_t gfp)
{
	struct xa_node *node = kmem_cache_zalloc(cache, gfp);

	if (node)
		INIT_LIST_HEAD(&node->private_list);
	return node;
}

void radix_tree_node_rcu_free(struct rcu_head *head)
{
	kmem_cache_free(radix_tree_node_cachep,
			container_of(head, struct xa_node, rcu_head));
}

/* === Pages === */

int get_order(size_t size)
{
	return size > PAGE_SIZE ? fls_long((size - 1) >> PAGE_SHIFT) : 0;
}

void *alloc_pages_exact(size_t size, gfp_t gfp)
{
	if (get_order(size) > MAX_PAGE_ORDER || fails(size, gfp))
		return NULL;
	return get(PAGE_ALIGN(size), PAGE_SIZE, gfp);
}

void free_pages_exact(void *ptr, size_t size)
{
	put(ptr);
}

/* As much as a small machine has; a request for more than all is in the tests. */
unsigned long totalram_pages(void)
{
	return SZ_1G >> PAGE_SHIFT;
}

void si_meminfo(struct sysinfo *info)
{
	info->totalram = totalram_pages();
	info->freeram = totalram_pages();
	info->mem_unit = PAGE_SIZE;
}

/* === vmalloc() === */

struct area {
	struct list_head link;
	void *first;
	size_t size;
};

static pthread_mutex_t areas_lock = PTHREAD_MUTEX_INITIALIZER;
static LIST_HEAD(areas);

static struct area *__area(const void *ptr)
{
	struct area *area;

	list_for_each_entry(area, &areas, link)
		if ((unsigned long)ptr - (unsigned long)area->first < area->size)
			return area;
	return NULL;
}

bool is_vmalloc_addr(const void *ptr)
{
	bool ret;

	pthread_mutex_lock(&areas_lock);
	ret = __area(ptr);
	pthread_mutex_unlock(&areas_lock);
	return ret;
}

/* Tests want to know whether there is one, and nothing else of it. */
struct page *vmalloc_to_page(const void *ptr)
{
	return is_vmalloc_addr(ptr) ? (struct page *)ptr : NULL;
}

void *__vmalloc(size_t size, gfp_t gfp)
{
	struct area *area;

	might_sleep();
	if (!size || (size - 1) >> PAGE_SHIFT >= totalram_pages() || fails(size, gfp))
		return NULL;
	area = malloc(sizeof(*area));
	BUG_ON(!area);
	area->size = PAGE_ALIGN(size);
	area->first = get(area->size, PAGE_SIZE, gfp);
	pthread_mutex_lock(&areas_lock);
	list_add(&area->link, &areas);
	pthread_mutex_unlock(&areas_lock);
	return area->first;
}

void *vmalloc(size_t size)
{
	return __vmalloc(size, GFP_KERNEL);
}

/* What was mapped cannot be freed where sleeping is illegal. */
void vfree(const void *ptr)
{
	struct area *area;

	might_sleep();
	if (!ptr)
		return;
	pthread_mutex_lock(&areas_lock);
	area = __area(ptr);
	BUG_ON(!area || area->first != ptr);
	list_del(&area->link);
	pthread_mutex_unlock(&areas_lock);
	put(area->first);
	free(area);
}

void *kvmalloc(size_t size, gfp_t gfp)
{
	void *ptr = NULL;

	if (size <= 8 * PAGE_SIZE)
		ptr = kmalloc(size, gfp);
	if (!ptr && size > PAGE_SIZE)
		ptr = __vmalloc(size, gfp);
	return ptr;
}

void kvfree(const void *ptr)
{
	if (is_vmalloc_addr(ptr))
		vfree(ptr);
	else
		kfree(ptr);
}

/* === Memory of each CPU === */

#ifndef KERNEL_FAST

/* There is not much at hand. More, for those who may wait, may fail as other memory. */
#define PERCPU_RESERVE	SZ_1M

struct percpu {
	size_t stride;
	size_t size;
};

static atomic_long_t percpu_used;

static struct percpu *percpu_of(const void *ptr)
{
	return (struct percpu *)((char *)ptr - SMP_CACHE_BYTES);
}

void *__alloc_percpu_gfp(size_t size, size_t align, gfp_t gfp)
{
	size_t stride = ALIGN(size, SMP_CACHE_BYTES);
	bool waits = gfpflags_allow_blocking(gfp);
	struct percpu *percpu;

	might_alloc(gfp);
	if (atomic_long_add_return(size, &percpu_used) > PERCPU_RESERVE &&
	    (!waits || fails(stride * nr_cpu_ids, gfp))) {
		atomic_long_sub(size, &percpu_used);
		return NULL;
	}
	percpu = get(SMP_CACHE_BYTES + stride * nr_cpu_ids, SMP_CACHE_BYTES,
		     __GFP_ZERO);
	percpu->stride = stride;
	percpu->size = size;
	return (char *)percpu + SMP_CACHE_BYTES;
}

void free_percpu(void *ptr)
{
	struct percpu *percpu;

	if (!ptr)
		return;
	percpu = percpu_of(ptr);
	atomic_long_sub(percpu->size, &percpu_used);
	put(percpu);
}

void *kernel_percpu(const void *ptr, int cpu)
{
	return (char *)ptr + percpu_of(ptr)->stride * cpu;
}

#endif

/* === Shrinkers: registered, and called by tests themselves === */

struct shrinker *shrinker_alloc(unsigned int flags, const char *name)
{
	return kzalloc(sizeof(struct shrinker), GFP_KERNEL);
}

void shrinker_register(struct shrinker *shrinker)
{
}

void shrinker_free(struct shrinker *shrinker)
{
	kfree(shrinker);
}
