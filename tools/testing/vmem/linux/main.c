// SPDX-License-Identifier: GPL-2.0-only
/*
 * Begin and end of what stands for a kernel: parameters, initcalls, what must not
 * be left.
 */
#include "main.h"

#define PARAMS	32
#define CALLS	16

struct module kernel_module = { "vmem" };
atomic_long_t kernel_module_refs;

/* === Parameters === */

static struct param {
	const char *module;
	const struct kernel_param_ops *ops;
	struct kernel_param param;
} params[PARAMS];
static unsigned int nr_params;

void kernel_add_param(const char *module, const char *name,
		      const struct kernel_param_ops *ops, void *arg)
{
	BUG_ON(nr_params == PARAMS);
	params[nr_params++] = (struct param){ module, ops, { name, arg } };
}

static int set_number(const char *text, const struct kernel_param *param)
{
	*(unsigned int *)param->arg = strtoul(text, NULL, 0);
	return 0;
}

static int set_bool(const char *text, const struct kernel_param *param)
{
	*(bool *)param->arg = strchr("1yY", *text);
	return 0;
}

static int set_text(const char *text, const struct kernel_param *param)
{
	*(const char **)param->arg = text;
	return 0;
}

const struct kernel_param_ops param_ops_int = { .set = set_number };
const struct kernel_param_ops param_ops_uint = { .set = set_number };
const struct kernel_param_ops param_ops_bool = { .set = set_bool };
const struct kernel_param_ops param_ops_charp = { .set = set_text };

/* As if it were read from sysfs; MODULE.NAME */
int kernel_get_param(const char *name, char *text)
{
	unsigned int i;

	for (i = 0; i < nr_params; i++) {
		char full[64];

		kernel_snprintf(full, sizeof(full), "%s.%s", params[i].module,
				params[i].param.name);
		if (!strcmp(name, full))
			return params[i].ops->get(text, &params[i].param);
	}
	panic("no such parameter: %s", name);
}

/* MODULE.NAME=VALUE */
static void set_param(const char *text)
{
	unsigned int i;

	for (i = 0; i < nr_params; i++) {
		char name[64];

		kernel_snprintf(name, sizeof(name), "%s.%s=", params[i].module,
				params[i].param.name);
		if (!strstarts(text, name))
			continue;
		if (params[i].ops->set(text + strlen(name), &params[i].param))
			panic("bad value: %s", text);
		return;
	}
	panic("no such parameter: %s", text);
}

void kernel_parse(int argc, char **argv)
{
	int i, cpus;

	for (i = 1; i < argc; i++) {
		if (!strstarts(argv[i], "cpus=")) {
			set_param(argv[i]);
			continue;
		}
		cpus = atoi(argv[i] + strlen("cpus="));
		if (cpus < 1 || cpus > KERNEL_CPUS)
			panic("bad value: %s", argv[i]);
		nr_cpu_ids = cpus;
		kernel_online.bits = BIT(cpus) - 1;
	}
}

/* === Begin and end === */

static int (*inits[CALLS])(void);
static void (*exits[CALLS])(void);
static unsigned int nr_inits, nr_exits;

void kernel_add_initcall(int (*init)(void), void (*exit)(void))
{
	BUG_ON(nr_inits == CALLS || nr_exits == CALLS);
	if (init)
		inits[nr_inits++] = init;
	if (exit)
		exits[nr_exits++] = exit;
}

static unsigned long allocations;	/* before the library had any */

/* The initcalls that are left, up to one that fails: that is called again. */
int kernel_try_begin(void)
{
	static unsigned int begun;
	int ret;

	for (; begun < nr_inits; begun++) {
		ret = inits[begun]();
		if (ret)
			return ret;
	}
	return 0;
}

void kernel_begin(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	allocations = atomic_long_read(&kernel_allocations);
	BUG_ON(kernel_try_begin());
}

/* Nothing of the library's may be left. */
void kernel_end(void)
{
	long left;

	if (atomic_long_read(&kernel_module_refs))
		panic("%ld arenas are left", atomic_long_read(&kernel_module_refs));
	while (nr_exits)
		exits[--nr_exits]();
	left = atomic_long_read(&kernel_allocations) - allocations;
	if (left)
		panic("%ld allocations are left", left);
}
