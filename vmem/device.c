// SPDX-License-Identifier: GPL-2.0-only
/*
 * Arenas of devices: of the addresses of a resource, and those that end when the
 * driver leaves its device.
 */
#include "internal.h"

/* === Resources === */

/*
 * The whole quanta of a resource, without address 0. If there are none, the span
 * stays empty, and is refused.
 */
static void set_span(struct vmem_spec *spec, const struct resource *res)
{
	unsigned long first, over, mask = spec->quantum - 1;

	if (!res || !res->flags || res->flags & IORESOURCE_UNSET ||
	    res->start > res->end || res->end > ULONG_MAX)
		return;
	first = max_t(unsigned long, res->start, 1);
	over = (res->end + 1) & mask;
	if (first + mask < first || over > res->end)
		return;
	first = (first + mask) & ~mask;
	if (first <= res->end - over) {
		spec->base = first;
		spec->size = res->end - over - first + 1;
	}
}

static struct vmem *create_resource(const char *name, const struct resource *res,
				    unsigned long quantum, unsigned long qcache_max,
				    int vmflag, unsigned long caller)
{
	struct vmem_spec spec = {
		.name = name ?: res ? res->name : NULL,
		.resource = true,
		.quantum = quantum,
		.qcache_max = qcache_max,
		.vmflag = vmflag,
		.caller = caller,
	};

	set_span(&spec, res);
	return vmem_build(&spec);
}

vmem_t *vmem_create_resource(const char *name, const struct resource *res,
			     size_t quantum, size_t qcache_max, int vmflag)
{
	return create_resource(name, res, quantum, qcache_max, vmflag, _RET_IP_);
}
EXPORT_SYMBOL_GPL(vmem_create_resource);

/* === Managed arenas === */

/* Is there no device for an arena to end with? That is reported. */
static bool no_device(struct device *dev, const char *name, int vmflag,
		      unsigned long caller)
{
	const struct vmem_spec spec = {
		.name = name,
		.vmflag = vmflag,
		.caller = caller,
	};

	if (likely(dev))
		return false;
	vmem_refuse_creation("no device", &spec);
	return true;
}

/* Nobody calls this but the driver core, so reports name who made the arena. */
static void end_arena(void *data)
{
	struct vmem *vmp = data;

	vmem_end(vmp, vmp->creator);
}

static struct vmem *manage(struct device *dev, struct vmem *vmp, int vmflag)
{
	if (!vmp)
		return NULL;
	if (devm_add_action_or_reset(dev, end_arena, vmp)) {
		vmem_panic(NULL, vmflag);
		return NULL;
	}
	return vmp;
}

vmem_t *devm_vmem_create(struct device *dev, const char *name, void *base,
			 size_t size, size_t quantum, vmem_alloc_t *afunc,
			 vmem_free_t *ffunc, vmem_t *source, size_t qcache_max,
			 int vmflag)
{
	struct vmem_spec spec = {
		.name = name,
		.base = (unsigned long)base,
		.size = size,
		.quantum = quantum,
		.alloc_fn = afunc,
		.free_fn = ffunc,
		.source = source,
		.qcache_max = qcache_max,
		.vmflag = vmflag,
		.caller = _RET_IP_,
	};

	might_sleep();
	if (no_device(dev, name, vmflag, _RET_IP_))
		return NULL;
	return manage(dev, vmem_build(&spec), vmflag);
}
EXPORT_SYMBOL_GPL(devm_vmem_create);

vmem_t *devm_vmem_xcreate(struct device *dev, const char *name, void *base,
			  size_t size, size_t quantum, vmem_ximport_t *afunc,
			  vmem_free_t *ffunc, vmem_t *source, size_t qcache_max,
			  int vmflag)
{
	struct vmem_spec spec = {
		.name = name,
		.base = (unsigned long)base,
		.size = size,
		.quantum = quantum,
		.growing = true,
		.ximport_fn = afunc,
		.free_fn = ffunc,
		.source = source,
		.qcache_max = qcache_max,
		.vmflag = vmflag,
		.caller = _RET_IP_,
	};

	might_sleep();
	if (no_device(dev, name, vmflag, _RET_IP_))
		return NULL;
	return manage(dev, vmem_build(&spec), vmflag);
}
EXPORT_SYMBOL_GPL(devm_vmem_xcreate);

vmem_t *devm_vmem_create_dma(struct device *dev, const char *name, int vmflag)
{
	might_sleep();
	return manage(dev, vmem_build_dma(name, dev, vmflag, _RET_IP_), vmflag);
}
EXPORT_SYMBOL_GPL(devm_vmem_create_dma);

vmem_t *devm_vmem_create_resource(struct device *dev, const char *name,
				  const struct resource *res, size_t quantum,
				  size_t qcache_max, int vmflag)
{
	might_sleep();
	if (no_device(dev, name, vmflag, _RET_IP_))
		return NULL;
	return manage(dev, create_resource(name, res, quantum, qcache_max, vmflag,
					   _RET_IP_), vmflag);
}
EXPORT_SYMBOL_GPL(devm_vmem_create_resource);
