// SPDX-License-Identifier: GPL-2.0-only
/*
 * What needs more than calls: a library that cannot be loaded, interrupts within
 * sections of magazines, memory that runs out between two instructions, parameters.
 *
 *	harness
 */
#include "linux/main.h"
#include "internal.h"

static unsigned int checks, failures;

#define CHECK(cond) \
	do { \
		checks++; \
		if (!(cond)) { \
			failures++; \
			printf("harness: %s:%d: not so: %s\n", __func__, __LINE__, \
			       #cond); \
		} \
	} while (0)

static unsigned long take(vmem_t *vmp, size_t size, int vmflag)
{
	return (unsigned long)vmem_alloc(vmp, size, vmflag | VM_NOSLEEP);
}

static void give(vmem_t *vmp, unsigned long addr, size_t size)
{
	vmem_free(vmp, (void *)addr, size);
}

/* === Loading === */

static int nobody(unsigned int cpu)
{
	return 0;
}

/* Whatever of it fails, nothing is left, and it can be tried again. */
static void load(void)
{
	unsigned int n = 0;
	long before;
	int ret;

	/* The only state that there is, is somebody else's. */
	cpuhp_setup_state_nocalls(1, "other", NULL, nobody);
	before = atomic_long_read(&kernel_allocations);
	CHECK(kernel_try_begin() == -EBUSY);
	CHECK(atomic_long_read(&kernel_allocations) == before);
	cpuhp_remove_state_nocalls(1);

	do {
		before = atomic_long_read(&kernel_allocations);
		current->fail_nth = ++n;
		ret = kernel_try_begin();
		CHECK(!ret || ret == -ENOMEM);
		CHECK(!ret || current->fail_nth == 0);
	} while (ret);
	current->fail_nth = 0;
	/* Two caches and the shrinker at least. */
	CHECK(n > 3);
	CHECK(atomic_long_read(&kernel_allocations) > before);
}

/* === Parameters === */

static void parameters(void)
{
	char *argv[] = { "", "vmem.fail_vmem=2,100,4096,5" };
	vmem_t *vmp = vmem_create("ids", (void *)1, 1000, 1, NULL, NULL, NULL, 0,
				  VM_SLEEP | VMC_IDENTIFIER);
	unsigned int i, failed = 0;
	char text[PAGE_SIZE];

	CHECK(kernel_get_param("vmem.fail_vmem", text) > 0);
	CHECK(!strcmp(text, "1,0,0,1\n"));
	kernel_parse(2, argv);
	CHECK(kernel_get_param("vmem.fail_vmem", text) == (int)strlen(text));
	CHECK(!strcmp(text, "2,100,4096,5\n"));
	argv[1] = "vmem.fail_vmem=2,100,0,5";
	kernel_parse(2, argv);
	for (i = 0; i < 20; i++)
		failed += !take(vmp, 1, 0);
	CHECK(failed == 5);
	CHECK(kernel_get_param("vmem.fail_vmem", text) > 0);
	CHECK(!strcmp(text, "2,100,0,0\n"));
	CHECK(vmem_fail_set("nonsense") == -EINVAL);
	CHECK(vmem_fail_set("1,0,0,1") == 0);
	CHECK(vmem_size(vmp, VMEM_ALLOC) == 15);
	for (i = 1; i <= 15; i++)
		give(vmp, i, 1);
	CHECK(vmem_validate(vmp));
	vmem_destroy(vmp);
}

/* === Interrupts within sections === */

#define IDS	100000
#define HELD	4000

/*
 * At each barrier() in turn an interrupt comes that allocates and frees, and takes
 * everything out of the magazines. It finds the section closed if there is one.
 */
static struct {
	vmem_t *vmp;
	unsigned int countdown;
	bool inside;
	unsigned int nr;		/* that came within a section */
} irq;

static void handler(void *ignored)
{
	const struct vmem_cpu *cpu = raw_cpu_ptr(irq.vmp->cpu);
	unsigned long addr[3];
	bool section = cpu->idle != 1;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(addr); i++) {
		addr[i] = take(irq.vmp, 1, 0);
		CHECK(addr[i]);
	}
	for (i = 0; i < ARRAY_SIZE(addr); i++)
		give(irq.vmp, addr[i], 1);
	/* Not to be had unless all is, from magazines, too. */
	addr[0] = take(irq.vmp, IDS, 0);
	if (addr[0])
		give(irq.vmp, addr[0], IDS);
	CHECK((cpu->idle != 1) == section);
	irq.nr += section;
}

/* Where interrupts are on: nobody else's lock is held there. */
static void interrupt(void)
{
	if (irq.inside || current->irqs_off || current->hardirq || !irq.countdown ||
	    --irq.countdown)
		return;
	irq.inside = true;
	kernel_run_on(current->preempt_count ? current->cpu : 0, KERNEL_HARDIRQ, handler,
		      NULL);
	irq.inside = false;
}

/* Sections of all kinds: hits, exchanges, magazines that are loaded and emptied. */
static void work(vmem_t *vmp, unsigned long *addr)
{
	unsigned int i;

	for (i = 0; i < HELD / 100; i++)
		addr[i] = take(vmp, 1, 0);
	for (i = 0; i < HELD / 100; i++)
		give(vmp, addr[i], 1);
}

static void interrupts(void)
{
	vmem_t *vmp = vmem_create("ids", (void *)1, IDS, 1, NULL, NULL, NULL, 1,
				  VM_SLEEP | VMC_IDENTIFIER);
	static unsigned long addr[HELD];
	unsigned int n, i;

	irq.vmp = vmp;
	kernel_interrupt = interrupt;
	for (n = 1; n < 400; n++) {
		irq.countdown = n;
		work(vmp, addr);
		CHECK(vmem_validate(vmp));
	}
	/* And all the time, in the middle of full magazines. */
	for (i = 0; i < HELD; i++) {
		irq.countdown = 1 + i % 7;
		addr[i] = take(vmp, 1, 0);
		CHECK(addr[i]);
	}
	for (i = 0; i < HELD; i++) {
		irq.countdown = 1 + i % 5;
		give(vmp, addr[i], 1);
	}
	irq.countdown = 0;
	kernel_interrupt = NULL;
	if (!IS_ENABLED(CONFIG_VMEM_AUDIT))
		CHECK(irq.nr > 100);
	vmem_qcache_reap(vmp);
	CHECK(vmem_validate(vmp));
	CHECK(vmem_size(vmp, VMEM_ALLOC) == 0);
	CHECK(vmem_stat(vmp, VMEM_STAT_MISUSE) == 0);
	vmem_destroy(vmp);
}

/* === Trees that are built while the arena changes === */

static unsigned int memory_left;

static bool runs_out(size_t size, gfp_t gfp)
{
	return !memory_left || !memory_left--;
}

/* An arena with 2 * n tags, every other one free; trees built as far as memory goes. */
static vmem_t *half_built(unsigned int n, unsigned int memory)
{
	vmem_t *vmp = vmem_create("ids", (void *)1, 2 * n, 1, NULL, NULL, NULL, 0,
				  VM_SLEEP | VMC_IDENTIFIER);
	unsigned int i;

	for (i = 0; i < 2 * n; i++)
		CHECK(take(vmp, 1, 0));
	for (i = 1; i <= 2 * n; i += 2)
		give(vmp, i, 1);
	memory_left = memory;
	kernel_memory_fails = runs_out;
	take(vmp, 1, VM_FIRSTFIT);
	kernel_memory_fails = NULL;
	CHECK(vmem_validate(vmp));
	return vmp;
}

static void free_block(void *vmp, void *addr, size_t size)
{
	vmem_xfree(vmp, addr, size);
}

static void end(vmem_t *vmp)
{
	vmem_walk(vmp, VMEM_ALLOC | VMEM_REENTRANT, free_block, vmp);
	CHECK(vmem_validate(vmp));
	CHECK(vmem_size(vmp, VMEM_ALLOC) == 0);
	CHECK(vmem_stat(vmp, VMEM_STAT_MISUSE) == 0);
	vmem_destroy(vmp);
}

static void trees(void)
{
	unsigned int memory, building = 0, at_end = 0, i;
	unsigned long addr;

	for (memory = 0; memory < 100; memory++) {
		vmem_t *vmp = half_built(40, memory);

		if (vmp->order[VMEM_BY_ADDR].state == VMEM_ORDER_BUILDING) {
			bool taken[81] = {};

			building++;
			/* Wide tags behind the one to be visited next. */
			for (i = 0; i < 10; i++) {
				addr = take(vmp, 1, 0);
				CHECK(addr && addr % 2);
				taken[addr] = true;
			}
			CHECK(vmem_validate(vmp));
			/* The last tags go, in the end the one to be visited next. */
			for (i = 80; i > 2; i--) {
				if (i % 2 == 0 || taken[i])
					give(vmp, i, 1);
				at_end += vmp->order[VMEM_BY_ADDR].next.next == &vmp->anchor;
			}
			CHECK(vmem_validate(vmp));
			CHECK(take(vmp, 2, VM_FIRSTFIT));
			CHECK(vmem_validate(vmp));
		}
		end(vmp);
	}
	CHECK(building > 10);
	CHECK(at_end > 0);
}

/* Memory for tags is had as narrow ones, and meanwhile somebody builds the trees. */
static vmem_t *builds;

static bool somebody_builds(size_t size, gfp_t gfp)
{
	vmem_t *vmp = builds;

	if (!vmp || size != sizeof(struct vmem_seg))
		return false;
	builds = NULL;
	CHECK(take(vmp, 1, VM_FIRSTFIT));
	CHECK(vmp->order[VMEM_BY_ADDR].state == VMEM_ORDER_READY);
	return false;
}

static unsigned long empty_stashes(void)
{
	struct shrink_control sc = { .nr_to_scan = ULONG_MAX };

	return vmem_shrink_scan(NULL, &sc);
}

static void tags_of_the_wrong_width(void)
{
	vmem_t *vmp = half_built(40, 0);

	CHECK(vmp->order[VMEM_BY_ADDR].state == VMEM_ORDER_NONE);
	empty_stashes();
	builds = vmp;
	kernel_memory_fails = somebody_builds;
	CHECK(take(vmp, 1, 0));
	kernel_memory_fails = NULL;
	CHECK(!builds);
	CHECK(vmp->order[VMEM_BY_ADDR].state == VMEM_ORDER_READY);
	CHECK(vmem_validate(vmp));
	end(vmp);
}

/*
 * Somebody builds the trees, and so exchanges all tags, as soon as the arena's lock is
 * dropped. Audits drop a lock of their own under it: nobody else comes in there.
 */
static unsigned int unlocks_left;

static void somebody_is_next(void)
{
	if (READ_ONCE(builds->lock.owner) == current || unlocks_left--)
		return;
	kernel_unlocked = NULL;
	CHECK(take(builds, 1, VM_FIRSTFIT));
	CHECK(builds->order[VMEM_BY_ADDR].state == VMEM_ORDER_READY);
}

static void tags_that_are_exchanged_at_once(void)
{
	unsigned int nth;

	for (nth = 0; nth < 3; nth++) {
		unsigned long addr;

		/* Each other address is free: which one it gets is not for us to say. */
		builds = half_built(40, 0);
		unlocks_left = nth;
		kernel_unlocked = somebody_is_next;
		addr = take(builds, 1, 0);
		give(builds, addr, 1);
		CHECK(addr && addr % 2);
		CHECK(nth == 2 || !kernel_unlocked);
		kernel_unlocked = NULL;
		CHECK(vmem_validate(builds));
		end(builds);
	}
	builds = NULL;
}

/* === Memory that runs out === */

static unsigned int released;

static bool all_fails(size_t size, gfp_t gfp)
{
	return true;
}

/* When it comes back there is neither a tag nor memory for one. */
static void *import(vmem_t *source, size_t size, int vmflag)
{
	empty_stashes();
	kernel_memory_fails = all_fails;
	return (void *)PAGE_SIZE;
}

static void release(vmem_t *source, void *addr, size_t size)
{
	CHECK((unsigned long)addr == PAGE_SIZE);
	released++;
}

static void import_without_tags(void)
{
	vmem_t *vmp = vmem_create("vain", NULL, 0, PAGE_SIZE, import, release, NULL, 0,
				  VM_SLEEP);

	CHECK(!take(vmp, PAGE_SIZE, 0));
	kernel_memory_fails = NULL;
	CHECK(released == 1);
	CHECK(vmem_size(vmp, VMEM_ALLOC | VMEM_FREE) == 0);
	end(vmp);
}

static int get_killed(void *data)
{
	void **addr = data;

	allow_signal(SIGKILL);
	send_sig(SIGKILL, current, 1);
	*addr = vmem_pages_alloc(NULL, PAGE_SIZE, VM_SLEEP | VM_KILLABLE);
	return 0;
}

/* Nobody goes on to wait for memory who is to be killed. */
static void killed(void)
{
	struct task_struct *task;
	void *addr = &task;

	task = kthread_create(get_killed, &addr, "killed");
	get_task_struct(task);
	kernel_memory_fails = all_fails;
	wake_up_process(task);
	wait_for_completion(task->exited);
	kernel_memory_fails = NULL;
	put_task_struct(task);
	CHECK(!addr);
}

/* === Hotplug === */

/* What a CPU had is there for others when it is gone, in whatever state it was. */
static void hotplug(void)
{
	vmem_t *vmp = vmem_create("ids", (void *)1, IDS, 1, NULL, NULL, NULL, 1,
				  VM_SLEEP | VMC_IDENTIFIER);
	static unsigned long addr[HELD];
	unsigned int i, cpu;

	for (i = 0; i < HELD; i++)
		addr[i] = take(vmp, 1, 0);
	for (cpu = 1; cpu < nr_cpu_ids; cpu++) {
		for (i = 0; i < HELD / 4; i++)
			give(vmp, addr[i + (cpu - 1) * (HELD / 4)], 1);
		CHECK(remove_cpu(cpu) == 0);
		CHECK(!vmem_magazine_on_cpu(vmp, cpu));
		vmem_magazine_unload_on(vmp, cpu);
		CHECK(vmem_validate(vmp));
	}
	vmem_qcache_reap(vmp);
	CHECK(vmem_size(vmp, VMEM_ALLOC) >= HELD / 4);
	for (cpu = 1; cpu < nr_cpu_ids; cpu++)
		CHECK(add_cpu(cpu) == 0);
	for (i = (nr_cpu_ids - 1) * (HELD / 4); i < HELD; i++)
		give(vmp, addr[i], 1);
	vmem_qcache_reap(vmp);
	CHECK(vmem_size(vmp, VMEM_ALLOC) == 0);
	CHECK(vmem_validate(vmp));
	vmem_destroy(vmp);
}

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	kernel_parse(argc, argv);
	load();
	parameters();
	interrupts();
	trees();
	tags_of_the_wrong_width();
	tags_that_are_exchanged_at_once();
	import_without_tags();
	killed();
	hotplug();
	kernel_end();
	printf("harness: %u checks, %u failures\n", checks, failures);
	return failures != 0;
}
