// SPDX-License-Identifier: GPL-2.0-only
/*
 * Auditing (CONFIG_VMEM_AUDIT): who allocated each block, and when.
 *
 * Records are beside the arena's own, in an XArray by address, as an object of a
 * slab has no tag to put them in. A block whose record found no memory goes
 * without: it shows in no list, and nothing else depends on it.
 */
#define pr_fmt(fmt) "vmem: " fmt

#include "report.h"

#ifndef CONFIG_STACKDEPOT
#error "CONFIG_VMEM_AUDIT needs a kernel with CONFIG_STACKDEPOT"
#endif

#define VMEM_AUDIT_FRAMES	16
#define VMEM_AUDIT_LINES	32	/* of a report */

/* Without the address, which kmemleak would find here: it is the index. */
struct record {
	struct rcu_head rcu;
	unsigned long size;		/* as asked for */
	unsigned long caller;
	depot_stack_handle_t stack;	/* 0 if there was no memory for it */
	pid_t pid;			/* 0 if it was no task */
	u64 when;			/* as the log has it */
	char comm[TASK_COMM_LEN];
};

/* Stacks are kept once for all who have them. */
void __init vmem_audit_load(void)
{
	stack_depot_init();
}

void vmem_audit_init(struct vmem *vmp)
{
	xa_init_flags(&vmp->audit, XA_FLAGS_LOCK_IRQ);
}

void vmem_audit_exit(struct vmem *vmp)
{
	struct record *record;
	unsigned long index;

	xa_for_each(&vmp->audit, index, record)
		kfree(record);
	xa_destroy(&vmp->audit);
}

/* From the caller on: what lies between is ours, and not always the same. */
static depot_stack_handle_t save_stack(unsigned long caller, gfp_t gfp)
{
	unsigned long entry[VMEM_AUDIT_FRAMES];
	unsigned int nr = stack_trace_save(entry, ARRAY_SIZE(entry), 2), i = 0;

	while (i < nr && entry[i] != caller)
		i++;
	if (i == nr)
		i = 0;
	return stack_depot_save(entry + i, nr - i, gfp);
}

static struct record *new_record(unsigned long size, unsigned long caller,
				 gfp_t gfp)
{
	struct record *record = kzalloc(sizeof(*record), gfp);

	if (!record)
		return NULL;
	record->size = size;
	record->caller = caller;
	record->stack = save_stack(caller, gfp);
	record->when = local_clock();
	if (in_task()) {
		record->pid = task_pid_nr(current);
		/* Not by get_task_comm(), which takes a lock. */
		vmem_copy_text(record->comm, current->comm, sizeof(record->comm));
	}
	return record;
}

/* The block at @addr is its caller's from now on. */
void vmem_audit_note(struct vmem *vmp, unsigned long addr, unsigned long size,
		     int vmflag, unsigned long caller)
{
	gfp_t gfp = vmem_gfp(vmflag) | __GFP_NOWARN;
	struct record *old, *record;
	unsigned long flags;

	record = new_record(size, caller, gfp);
	if (!record)
		return;
	xa_lock_irqsave(&vmp->audit, flags);
	old = __xa_store(&vmp->audit, addr >> vmp->quantum_shift, record, gfp);
	xa_unlock_irqrestore(&vmp->audit, flags);
	/* There is an old one if somebody has freed the block too early. */
	if (xa_is_err(old))
		kfree(record);
	else if (old)
		kfree_rcu(old, rcu);
}

/* It is nobody's any more. */
void __vmem_audit_forget(struct vmem *vmp, unsigned long addr)
{
	struct record *record;
	unsigned long flags;

	lockdep_assert_held(&vmp->lock);
	xa_lock_irqsave(&vmp->audit, flags);
	record = __xa_erase(&vmp->audit, addr >> vmp->quantum_shift);
	xa_unlock_irqrestore(&vmp->audit, flags);
	kfree(record);
}

static void print_record(struct vmem *vmp, unsigned long addr,
			 const struct record *record)
{
	char addr_text[VMEM_NUMBER_LEN], size_text[VMEM_NUMBER_LEN];
	u64 secs = record->when;
	u32 nsecs = do_div(secs, NSEC_PER_SEC);

	pr_warn("leaked: arena \"%s\" addr %s size %s caller %pS pid %d (%s) at %llu.%06u\n",
		vmp->name, vmem_show_number(vmp, addr, addr_text),
		vmem_show_number(vmp, record->size, size_text),
		vmem_show_caller(record->caller), record->pid,
		record->pid ? record->comm : "interrupt", secs,
		nsecs / (u32)NSEC_PER_USEC);
}

/* As stack_depot_print(), but who was in a module that is gone shows no address. */
static void print_stack(depot_stack_handle_t stack)
{
	unsigned long shown[VMEM_AUDIT_FRAMES], *entry;
	unsigned int i, nr = stack_depot_fetch(stack, &entry);

	nr = min_t(unsigned int, nr, ARRAY_SIZE(shown));
	for (i = 0; i < nr; i++)
		shown[i] = (unsigned long)vmem_show_caller(entry[i]);
	stack_trace_print(shown, nr, 0);
}

/*
 * Tell who allocated what is left. A stack is printed once for a row of blocks that
 * have it in common, and a long list is cut short.
 */
void vmem_audit_report(struct vmem *vmp)
{
	unsigned long index, lines = 0, more = 0;
	depot_stack_handle_t stack = 0;
	struct record *record;

	xa_for_each(&vmp->audit, index, record) {
		if (lines == VMEM_AUDIT_LINES) {
			more++;
			continue;
		}
		lines++;
		if (stack && record->stack != stack)
			print_stack(stack);
		stack = record->stack;
		print_record(vmp, index << vmp->quantum_shift, record);
	}
	if (stack)
		print_stack(stack);
	if (more)
		pr_warn("leaked: arena \"%s\" and %lu more\n", vmp->name, more);
}

/* === Who holds how much (view.c) === */

struct holder {
	unsigned long blocks;
	unsigned long units;
};

/**
 * vmem_audit_read() - Copy records.
 * @vmp: The arena, which cannot end.
 * @cursor: Where to go on, kept up to date.
 * @row: Where to.
 * @most: How many at most: the lock is held as long.
 *
 * Return: How many there were; 0 at the end.
 */
unsigned int vmem_audit_read(struct vmem *vmp, struct vmem_audit_cursor *cursor,
			     struct vmem_block_row *row, unsigned int most)
{
	XA_STATE(xas, &vmp->audit, cursor->index);
	const struct record *record;
	unsigned int nr = 0;
	unsigned long flags;

	if (cursor->end)
		return 0;
	xas_lock_irqsave(&xas, flags);
	xas_for_each(&xas, record, ULONG_MAX) {
		if (nr == most)
			break;
		row[nr].first = xas.xa_index << vmp->quantum_shift;
		row[nr].size = record->size;
		row[nr].caller = record->caller;
		row[nr].when = record->when;
		row[nr].pid = record->pid;
		vmem_copy_text(row[nr].comm, record->comm, sizeof(row[nr].comm));
		nr++;
		cursor->index = xas.xa_index + 1;
		cursor->end = !cursor->index;	/* that was the highest */
	}
	xas_unlock_irqrestore(&xas, flags);
	return nr;
}

static int add_holder(struct xarray *holders, unsigned long caller, unsigned long size)
{
	struct holder *holder = xa_load(holders, caller);
	gfp_t gfp = vmem_gfp(VM_NOSLEEP);	/* as during each visit (view.c) */
	int ret;

	if (!holder) {
		holder = kzalloc(sizeof(*holder), gfp);
		if (!holder)
			return -ENOMEM;
		ret = xa_err(xa_store(holders, caller, holder, gfp));
		if (ret) {
			kfree(holder);
			return ret;
		}
	}
	holder->blocks++;
	holder->units += size;
	return 0;
}

/* Print the one who holds most, and forget about him. */
static bool print_largest(struct xarray *holders, struct seq_file *file)
{
	unsigned long caller, largest = 0;
	struct holder *holder, *most = NULL;

	xa_for_each(holders, caller, holder) {
		if (most && holder->units <= most->units)
			continue;
		most = holder;
		largest = caller;
	}
	if (!most)
		return false;
	seq_printf(file, "%12lu %20lu %pS\n", most->blocks, most->units,
		   vmem_show_caller(largest));
	kfree(xa_erase(holders, largest));
	return true;
}

/**
 * vmem_audit_callers() - Who holds how much of an arena, those with most first.
 * @vmp: The arena, which cannot end.
 * @file: Where to.
 *
 * Return: 0, or -ENOMEM.
 */
int vmem_audit_callers(struct vmem *vmp, struct seq_file *file)
{
	struct vmem_audit_cursor cursor = {};
	struct vmem_block_row row;
	unsigned long index;
	struct holder *holder;
	struct xarray holders;
	int ret = 0, lines;

	xa_init(&holders);
	while (!ret && vmem_audit_read(vmp, &cursor, &row, 1)) {
		ret = add_holder(&holders, row.caller, row.size);
		cond_resched();
	}
	seq_printf(file, "# %10s %20s %s\n", "blocks", "units", "caller");
	for (lines = 0; !ret && lines < VMEM_AUDIT_LINES; lines++)
		if (!print_largest(&holders, file))
			break;
	xa_for_each(&holders, index, holder)
		kfree(holder);
	xa_destroy(&holders);
	return ret;
}
EXPORT_SYMBOL_IF_KUNIT(vmem_audit_callers);

/* For vmem_validate(): records are of blocks that are allocated. */
const char *__vmem_audit_broken(struct vmem *vmp)
{
	const char *broken = NULL;
	struct record *record;
	unsigned long index;

	lockdep_assert_held(&vmp->lock);
	rcu_read_lock();
	xa_for_each(&vmp->audit, index, record) {
		unsigned long size;

		size = __vmem_slab_holds(vmp, index << vmp->quantum_shift);
		if (!size)
			broken = "record of a block that is free";
		else if (record->size > size)
			broken = "size of a record";
	}
	rcu_read_unlock();
	return broken;
}
