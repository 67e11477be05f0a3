/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * id_space - identifiers from 0 on, an arena underneath
 *
 * For those who want numbers that are ints, 0 among them, and -1 when there are none.
 * Interface and terms are those of the manual page id_space(9F). Each space is an arena of
 * identifiers, of quantum 1 and without quantum caches; as an arena cannot hand out 0,
 * it has each identifier plus one, and that is what debugfs and reports show.
 *
 * In <linux/vmem.h> is told what contexts are called, and what happens to bad arguments.
 */
#ifndef _LINUX_ID_SPACE_H
#define _LINUX_ID_SPACE_H

#include <linux/vmem.h>

typedef int id_t;

/**
 * typedef id_space_t - A space of identifiers.
 *
 * Opaque: made by id_space_create(), ended by id_space_destroy().
 */
typedef struct id_space id_space_t;

/**
 * id_space_create() - Create a space of identifiers.
 * @name: Of the arena, for debugfs and reports; copied, up to 29 characters.
 * @low: The lowest identifier, at least 0.
 * @high: One behind the highest.
 *
 * Context: sleep.
 *
 * Return: The space. %NULL unless 0 <= @low < @high, which is reported.
 */
id_space_t *id_space_create(const char *name, id_t low, id_t high);

/*
 * What follows is here for the sake of reports: they name who has called vmem, and that
 * is a driver this way.
 */

/* Private: the arena of a space. */
static inline vmem_t *__id_space_arena(id_space_t *isp)
{
	return (vmem_t *)isp;
}

/* Private: the number of an identifier in the arena, and back; 0 and -1 are none. */
static inline void *__id_space_addr(id_t id)
{
	return (void *)((unsigned long)id + 1);
}

static inline id_t __id_space_id(const void *addr)
{
	return (id_t)((unsigned long)addr - 1);
}

/**
 * id_space_destroy() - End a space, as vmem_destroy() ends an arena.
 * @isp: The space; %NULL is tolerated.
 *
 * Context: sleep.
 */
static __always_inline void id_space_destroy(id_space_t *isp)
{
	vmem_destroy(__id_space_arena(isp));
}

/**
 * id_space_extend() - Add identifiers.
 * @isp: The space.
 * @low: The lowest of them, at least 0.
 * @high: One behind the highest.
 *
 * Refused, and reported, unless 0 <= @low < @high, or if the space has some of them.
 *
 * Context: sleep.
 */
static __always_inline void id_space_extend(id_space_t *isp, id_t low, id_t high)
{
	size_t nr = low >= 0 && low < high ? high - low : 0;

	vmem_add(__id_space_arena(isp), __id_space_addr(low), nr, VM_SLEEP);
}

/**
 * id_alloc() - Allocate the next identifier.
 * @isp: The space.
 *
 * The next free one behind the last that this or id_alloc_nosleep() has handed out, and
 * after the highest the lowest: what has just been freed is not used again soon.
 *
 * Context: sleep. Waits until one is free.
 *
 * Return: The identifier.
 */
static __always_inline id_t id_alloc(id_space_t *isp)
{
	return __id_space_id(vmem_alloc(__id_space_arena(isp), 1, VM_SLEEP | VM_NEXTFIT));
}

/**
 * id_alloc_nosleep() - Allocate the next identifier, if there is one.
 * @isp: The space.
 *
 * Context: any.
 *
 * Return: As id_alloc(); -1 if none is free.
 */
static __always_inline id_t id_alloc_nosleep(id_space_t *isp)
{
	return __id_space_id(vmem_alloc(__id_space_arena(isp), 1, VM_NOSLEEP | VM_NEXTFIT));
}

/**
 * id_allocff() - Allocate the lowest free identifier.
 * @isp: The space.
 *
 * Context: sleep. Waits until one is free.
 *
 * Return: The identifier.
 */
static __always_inline id_t id_allocff(id_space_t *isp)
{
	return __id_space_id(vmem_alloc(__id_space_arena(isp), 1, VM_SLEEP | VM_FIRSTFIT));
}

/**
 * id_allocff_nosleep() - Allocate the lowest free identifier, if there is one.
 * @isp: The space.
 *
 * Context: any.
 *
 * Return: The identifier; -1 if none is free.
 */
static __always_inline id_t id_allocff_nosleep(id_space_t *isp)
{
	return __id_space_id(vmem_alloc(__id_space_arena(isp), 1, VM_NOSLEEP | VM_FIRSTFIT));
}

/**
 * id_alloc_specific_nosleep() - Allocate an identifier that the caller has chosen.
 * @isp: The space.
 * @id: The identifier.
 *
 * Context: any.
 *
 * Return: @id; -1 if it is not free, not in the space, or negative.
 */
static __always_inline id_t id_alloc_specific_nosleep(id_space_t *isp, id_t id)
{
	void *addr = __id_space_addr(id);

	if (id < 0)
		return -1;
	return __id_space_id(vmem_xalloc(__id_space_arena(isp), 1, 0, 0, 0, addr,
					 addr + 1, VM_NOSLEEP));
}

/**
 * id_free() - Free an identifier.
 * @isp: The space.
 * @id: The identifier. One that is not allocated is refused, and reported.
 *
 * Context: any.
 */
static __always_inline void id_free(id_space_t *isp, id_t id)
{
	vmem_free(__id_space_arena(isp), __id_space_addr(id), 1);
}

#endif /* _LINUX_ID_SPACE_H */
