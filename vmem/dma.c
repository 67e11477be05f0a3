// SPDX-License-Identifier: GPL-2.0-only
/*
 * DMA-coherent memory: a source that carries a device, and what its spans are
 * called on the bus.
 *
 * The source is an arena without spans. It is there to be the argument of import
 * and release function, to outlive the arenas that import from it, and to be seen
 * above them in listings.
 */
#include "internal.h"

struct vmem_dma {
	struct device *dev;
	spinlock_t lock;		/* of @chunks; a leaf */
	struct rb_root chunks;		/* struct chunk, by kernel address */
};

/* What one call of dma_alloc_coherent() has returned. */
struct chunk {
	struct rb_node node;
	unsigned long first;		/* as the kernel addresses it */
	size_t size;
	dma_addr_t bus;
	struct device *dev;
	struct vmem_later later;
};

#define chunk_entry(rb)	rb_entry(rb, struct chunk, node)

/* === Which chunks there are === */

static bool starts_lower(struct rb_node *a, const struct rb_node *b)
{
	return chunk_entry(a)->first < chunk_entry(b)->first;
}

static int compare_addr(const void *key, const struct rb_node *node)
{
	unsigned long addr = *(const unsigned long *)key;
	const struct chunk *chunk = chunk_entry(node);

	if (addr < chunk->first)
		return -1;
	return addr - chunk->first >= chunk->size;
}

static struct chunk *__chunk_at(const struct vmem_dma *dma, unsigned long addr)
{
	struct rb_node *node;

	lockdep_assert_held(&dma->lock);
	node = rb_find(&addr, &dma->chunks, compare_addr);
	return node ? chunk_entry(node) : NULL;
}

static void enter_chunk(struct vmem_dma *dma, struct chunk *chunk)
{
	unsigned long flags;

	spin_lock_irqsave(&dma->lock, flags);
	rb_add(&chunk->node, &dma->chunks, starts_lower);
	spin_unlock_irqrestore(&dma->lock, flags);
}

/* Take the chunk out that begins at @addr and has that @size, if there is one. */
static struct chunk *remove_chunk(struct vmem_dma *dma, unsigned long addr,
				  size_t size)
{
	struct chunk *chunk;
	unsigned long flags;

	spin_lock_irqsave(&dma->lock, flags);
	chunk = __chunk_at(dma, addr);
	if (chunk && (chunk->first != addr || chunk->size != size))
		chunk = NULL;
	if (chunk)
		rb_erase(&chunk->node, &dma->chunks);
	spin_unlock_irqrestore(&dma->lock, flags);
	return chunk;
}

/* === Import and release === */

/* The device's part of a source. Anything else is reported. */
static struct vmem_dma *dma_of(struct vmem *src, size_t size, unsigned long caller)
{
	if (vmem_absent(src, caller))
		return NULL;
	if (!src->dma)
		vmem_misuse(src, "no device", 0, size, caller);
	return src->dma;
}

static void *get_once(struct chunk *chunk, int vmflag)
{
	return dma_alloc_coherent(chunk->dev, chunk->size, &chunk->bus,
				  vmem_gfp(vmflag) | __GFP_NOWARN);
}

/*
 * Not insisted on: a device may have an area of its own for it, which is no larger
 * than it is. Who may sleep does so in the arena. He is woken when a chunk has been
 * released, and so may be here before the worker that frees it.
 */
static void *get_coherent(struct chunk *chunk, int vmflag)
{
	void *addr;

	if (!chunk->dev->coherent_dma_mask)
		return NULL;
	addr = get_once(chunk, vmflag);
	if (!addr && !(vmflag & VM_NOSLEEP)) {
		vmem_free_now();
		addr = get_once(chunk, vmflag);
	}
	return addr;
}

void *vmem_dma_alloc(vmem_t *source, size_t size, int vmflag)
{
	struct vmem_dma *dma;
	struct chunk *chunk;
	void *addr;

	vmem_might_wait(vmflag);
	dma = dma_of(source, size, _RET_IP_);
	if (!dma || !size)
		return NULL;
	chunk = kzalloc(sizeof(*chunk), vmem_gfp_nofail(vmflag));
	if (!chunk)
		return NULL;
	/* It leads to blocks that kmemleak may be looking for. */
	kmemleak_ignore(chunk);
	chunk->dev = dma->dev;
	chunk->size = size;
	addr = get_coherent(chunk, vmflag);
	if (!addr) {
		kfree(chunk);
		return NULL;
	}
	chunk->first = (unsigned long)addr;
	enter_chunk(dma, chunk);
	return addr;
}
EXPORT_SYMBOL_GPL(vmem_dma_alloc);

static void free_chunk(struct vmem_later *entry)
{
	struct chunk *chunk = container_of(entry, struct chunk, later);

	dma_free_coherent(chunk->dev, chunk->size, (void *)chunk->first, chunk->bus);
	kfree(chunk);
}

void vmem_dma_free(vmem_t *source, void *addr, size_t size)
{
	struct vmem_dma *dma = dma_of(source, size, _RET_IP_);
	struct chunk *chunk;

	if (!dma)
		return;
	chunk = remove_chunk(dma, (unsigned long)addr, size);
	if (!chunk) {
		vmem_misuse(source, "bad free", (unsigned long)addr, size, _RET_IP_);
		return;
	}
	chunk->later.free = free_chunk;
	vmem_free_later(&chunk->later);
}
EXPORT_SYMBOL_GPL(vmem_dma_free);

/* === Bus addresses === */

static bool find_bus(struct vmem_dma *dma, unsigned long addr, dma_addr_t *bus)
{
	struct chunk *chunk;
	unsigned long flags;

	spin_lock_irqsave(&dma->lock, flags);
	chunk = __chunk_at(dma, addr);
	if (chunk)
		*bus = chunk->bus + (addr - chunk->first);
	spin_unlock_irqrestore(&dma->lock, flags);
	return chunk;
}

dma_addr_t vmem_dma_addr(vmem_t *vmp, void *addr)
{
	const struct vmem *src = vmp;
	dma_addr_t bus;

	if (vmem_absent(vmp, _RET_IP_))
		return DMA_MAPPING_ERROR;
	while (src && !src->dma)
		src = src->source;
	if (src && find_bus(src->dma, (unsigned long)addr, &bus))
		return bus;
	vmem_misuse(vmp, "no DMA memory", (unsigned long)addr, 0, _RET_IP_);
	return DMA_MAPPING_ERROR;
}
EXPORT_SYMBOL_GPL(vmem_dma_addr);

/* For vmem_validate(): what is wrong with the chunks of a source, if anything. */
const char *vmem_dma_broken(const struct vmem *vmp)
{
	const struct chunk *chunk, *before = NULL;
	struct vmem_dma *dma = vmp->dma;
	const char *broken = NULL;
	struct rb_node *node;
	unsigned long flags;

	if (!dma)
		return NULL;
	spin_lock_irqsave(&dma->lock, flags);
	for (node = rb_first(&dma->chunks); node && !broken; node = rb_next(node)) {
		chunk = chunk_entry(node);
		if (before && chunk->first - before->first < before->size)
			broken = "chunks of DMA memory overlap";
		if (!chunk->size || chunk->dev != dma->dev)
			broken = "chunk of DMA memory";
		before = chunk;
	}
	spin_unlock_irqrestore(&dma->lock, flags);
	return broken;
}

/* === Begin and end === */

static struct vmem_dma *new_dma(struct device *dev, int vmflag)
{
	struct vmem_dma *dma = kzalloc(sizeof(*dma), vmem_gfp_nofail(vmflag));

	if (!dma)
		return NULL;
	spin_lock_init(&dma->lock);
	dma->chunks = RB_ROOT;
	dma->dev = get_device(dev);
	return dma;
}

/* What is left are spans of arenas that had no release function. */
void vmem_dma_exit(struct vmem_dma *dma)
{
	struct chunk *chunk, *next;

	if (!dma)
		return;
	rbtree_postorder_for_each_entry_safe(chunk, next, &dma->chunks, node)
		free_chunk(&chunk->later);
	put_device(dma->dev);
	kfree(dma);
}

/* vmem_create_dma() on behalf of @caller. */
struct vmem *vmem_build_dma(const char *name, struct device *dev, int vmflag,
			    unsigned long caller)
{
	struct vmem_spec spec = {
		.name = name,
		.quantum = PAGE_SIZE,
		.vmflag = vmflag,
		.caller = caller,
	};
	struct vmem *vmp;

	vmem_might_wait(vmflag);
	if (!dev) {
		vmem_refuse_creation("no device", &spec);
		return NULL;
	}
	spec.dma = new_dma(dev, vmflag);
	if (!spec.dma) {
		vmem_refuse_creation(NULL, &spec);
		return NULL;
	}
	vmp = vmem_build(&spec);
	if (!vmp)
		vmem_dma_exit(spec.dma);
	return vmp;
}

vmem_t *vmem_create_dma(const char *name, struct device *dev, int vmflag)
{
	return vmem_build_dma(name, dev, vmflag, _RET_IP_);
}
EXPORT_SYMBOL_GPL(vmem_create_dma);
