// SPDX-License-Identifier: GPL-2.0-only
/*
 * The KUnit suites in a process. Arguments are those of a kernel's command line:
 *
 *	kunit.filter_glob='vmem_q*' vmem_kunit.seed=7 cpus=2
 *
 * The suites are the unchanged ones of kunit/, KUnit is the kernel's own, and so is
 * the output.
 */
#include <kunit/device.h>
#include <kunit/test.h>

#include "linux/main.h"

/* === KUnit's devices === */

static void end_device(void *dev)
{
	kernel_device_end(dev);
}

struct device_driver *kunit_driver_create(struct kunit *test, const char *name)
{
	struct device_driver *driver = kunit_kzalloc(test, sizeof(*driver), GFP_KERNEL);

	if (!driver)
		return ERR_PTR(-ENOMEM);
	driver->name = name;
	return driver;
}

struct device *kunit_device_register(struct kunit *test, const char *name)
{
	struct device *dev = kzalloc(sizeof(*dev), GFP_KERNEL);

	if (!dev)
		return ERR_PTR(-ENOMEM);
	kernel_device_init(dev, name);
	if (kunit_add_action_or_reset(test, end_device, dev))
		return ERR_PTR(-ENOMEM);
	return dev;
}

struct device *kunit_device_register_with_driver(struct kunit *test, const char *name,
						 const struct device_driver *driver)
{
	struct device *dev = kunit_device_register(test, name);

	/* A device stays when its driver does not want it, but owns nothing. */
	if (!IS_ERR(dev) && driver->probe && driver->probe(dev))
		kernel_device_release_all(dev);
	return dev;
}

void kunit_device_unregister(struct kunit *test, struct device *dev)
{
	kunit_release_action(test, end_device, dev);
}

/* === What KUnit wants of a kernel besides === */

int kunit_bus_init(void)
{
	return 0;
}

void kunit_bus_shutdown(void)
{
}

void kernel_power_off(void)
{
}

void kernel_halt(void)
{
}

void kernel_restart(char *cmd)
{
}

int main(int argc, char **argv)
{
	kernel_parse(argc, argv);
	kernel_begin();
	if (kunit_run_all_tests())
		return 1;
	kernel_end();
	return 0;
}
