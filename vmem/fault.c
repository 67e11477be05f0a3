// SPDX-License-Identifier: GPL-2.0-only
/*
 * fail_vmem: requests that fail on purpose, for the tests of those who make them.
 *
 * Set by the module parameter fail_vmem, "interval,probability,space,times" as with
 * the kernel's other fault attributes (Documentation/fault-injection), which this
 * is one of if the kernel has any; it is then in debugfs, too. Where it has none,
 * the same four numbers are kept here.
 *
 * Only calls fail that could fail for want of space or memory: with VM_NOSLEEP, or
 * VM_ABORT. Of VM_PANIC nobody wants to see what happens then. A hit in a magazine
 * needs neither space nor memory, and the call for it has no time to ask; so while
 * requests are made to fail, magazines are not used.
 */
#include "internal.h"

#ifdef CONFIG_FAULT_INJECTION

struct fault_attr vmem_fail_attr = FAULT_ATTR_INITIALIZER;
EXPORT_SYMBOL_IF_KUNIT(vmem_fail_attr);
static struct dentry *vmem_fail_dir;

static bool its_turn(unsigned long size)
{
	/* It wants a signed one. */
	return should_fail(&vmem_fail_attr, min_t(unsigned long, size, LONG_MAX));
}

int vmem_fail_set(const char *text)
{
	char copy[64];

	/* It wants to write to it, and to be told that 0 is an error. */
	strscpy(copy, text, sizeof(copy));
	return setup_fault_attr(&vmem_fail_attr, copy) ? 0 : -EINVAL;
}

static int vmem_fail_show(char *text)
{
	return sysfs_emit(text, "%lu,%lu,%d,%d\n", vmem_fail_attr.interval,
			  vmem_fail_attr.probability,
			  atomic_read(&vmem_fail_attr.space),
			  atomic_read(&vmem_fail_attr.times));
}

void __init vmem_fail_init(void)
{
	vmem_fail_dir = fault_create_debugfs_attr("fail_vmem", NULL,
						  &vmem_fail_attr);
}

void vmem_fail_exit(void)
{
	debugfs_remove(vmem_fail_dir);
}

#else

DEFINE_STATIC_KEY_FALSE(vmem_fail_key);
static DEFINE_MUTEX(set_mutex);		/* of those who set it */
static DEFINE_SPINLOCK(own_lock);

static struct {					/* own_lock */
	unsigned long interval;			/* every so many calls */
	unsigned long probability;		/* per cent */
	int space;				/* units to be had before */
	int times;				/* that calls fail; -1: no limit */
	unsigned long count;			/* of calls */
} own_attr = {
	.interval = 1,
	.times = 1,
};

static bool its_turn(unsigned long size)
{
	unsigned long flags;
	bool ret = false;

	spin_lock_irqsave(&own_lock, flags);
	if (!own_attr.times)
		goto unlock;
	if (own_attr.space > 0 && size < own_attr.space) {
		own_attr.space -= size;
		goto unlock;
	}
	if (own_attr.interval > 1 &&
	    ++own_attr.count % own_attr.interval)
		goto unlock;
	if (get_random_u32() % 100 >= own_attr.probability)
		goto unlock;
	if (own_attr.times > 0)
		own_attr.times--;
	ret = true;
unlock:
	spin_unlock_irqrestore(&own_lock, flags);
	return ret;
}

int vmem_fail_set(const char *text)
{
	unsigned long interval, probability, flags;
	int space, times;

	if (sscanf(text, "%lu,%lu,%d,%d", &interval, &probability, &space,
		   &times) < 4)
		return -EINVAL;

	mutex_lock(&set_mutex);
	spin_lock_irqsave(&own_lock, flags);
	own_attr.interval = interval;
	own_attr.probability = probability;
	own_attr.space = space;
	own_attr.times = times;
	own_attr.count = 0;
	spin_unlock_irqrestore(&own_lock, flags);
	if (probability) {
		static_branch_enable(&vmem_fail_key);
		vmem_empty_magazines();
	} else {
		static_branch_disable(&vmem_fail_key);
	}
	mutex_unlock(&set_mutex);
	return 0;
}

static int vmem_fail_show(char *text)
{
	unsigned long flags;
	int ret;

	spin_lock_irqsave(&own_lock, flags);
	ret = sysfs_emit(text, "%lu,%lu,%d,%d\n", own_attr.interval,
			 own_attr.probability, own_attr.space,
			 own_attr.times);
	spin_unlock_irqrestore(&own_lock, flags);
	return ret;
}

void __init vmem_fail_init(void)
{
}

void vmem_fail_exit(void)
{
}

#endif /* CONFIG_FAULT_INJECTION */
EXPORT_SYMBOL_IF_KUNIT(vmem_fail_set);

/**
 * vmem_fail_turn() - Is it the turn of a call to fail?
 * @vmflag: Its flags.
 * @size: Its size, which counts against the attribute's space.
 *
 * Return: Whether it is to fail.
 */
bool vmem_fail_turn(int vmflag, unsigned long size)
{
	if (!(vmflag & (VM_NOSLEEP | VM_ABORT)) || (vmflag & VM_PANIC))
		return false;
	return its_turn(size);
}

static int set_param(const char *text, const struct kernel_param *param)
{
	return vmem_fail_set(text);
}

static int get_param(char *text, const struct kernel_param *param)
{
	return vmem_fail_show(text);
}

static const struct kernel_param_ops fail_vmem_ops = {
	.set = set_param,
	.get = get_param,
};

module_param_cb(fail_vmem, &fail_vmem_ops, NULL, 0600);
MODULE_PARM_DESC(fail_vmem, "requests to fail on purpose: interval,probability,space,times");
