// SPDX-License-Identifier: GPL-2.0-only
/*
 * Spaces of identifiers: what is not in <linux/id_space.h>.
 */
#include "report.h"

id_space_t *id_space_create(const char *name, id_t low, id_t high)
{
	if (low < 0 || low >= high) {
		vmem_report("bad id space", name ?: "", low, (long)high - low, _RET_IP_);
		return NULL;
	}
	return (id_space_t *)vmem_create(name, __id_space_addr(low), high - low, 1, NULL,
					 NULL, NULL, 0,
					 VM_SLEEP | VMC_IDENTIFIER | VMC_NO_QCACHE);
}
EXPORT_SYMBOL_GPL(id_space_create);
