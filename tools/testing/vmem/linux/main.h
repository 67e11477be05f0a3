/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * For programs: begin and end of what stands for a kernel, with vmem in it.
 */
#ifndef _VMEM_TEST_MAIN_H
#define _VMEM_TEST_MAIN_H

#include "kernel.h"

/* Set parameters: MODULE.NAME=VALUE, and cpus=N. */
void kernel_parse(int argc, char **argv);

/* What a parameter reads as; its name is MODULE.NAME. */
int kernel_get_param(const char *name, char *text);

/* For what becomes of an initcall that fails: 0, or what it returned. */
int kernel_try_begin(void);

/* As when the modules are loaded, and unloaded: then nothing may be left. */
void kernel_begin(void);
void kernel_end(void);

/* Between KUnit, which is the kernel's own, and its surroundings. */
int kunit_run_all_tests(void);
int kunit_bus_init(void);
void kunit_bus_shutdown(void);
void kernel_power_off(void);
void kernel_halt(void);
void kernel_restart(char *cmd);

#endif /* _VMEM_TEST_MAIN_H */
