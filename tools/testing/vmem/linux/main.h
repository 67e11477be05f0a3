/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For programs: begin and end of what stands for a kernel, with vmem in it.
 */
#ifndef _VMEM_TEST_MAIN_H
#define _VMEM_TEST_MAIN_H

#include "kernel.h"

/* Set parameters: MODULE.NAME=VALUE, and cpus=N. */
void kernel_parse(int argc, char **argv);

/* As when the modules are loaded, and unloaded: then nothing may be left. */
void kernel_begin(void);
void kernel_end(void);

#endif /* _VMEM_TEST_MAIN_H */
