/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What may be shown, and how (report.c). For whoever writes to the kernel log.
 */
#ifndef _VMEM_REPORT_H
#define _VMEM_REPORT_H

#include "internal.h"

#define VMEM_NUMBER_LEN	24	/* "0x", a number or its hash, the final 0 */

void vmem_copy_text(char *to, const char *from, size_t size);
const char *vmem_show_number(struct vmem *vmp, unsigned long number,
			     char text[VMEM_NUMBER_LEN]);
void *vmem_show_caller(unsigned long caller);

#endif /* _VMEM_REPORT_H */
