// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/kernel/debug/vmem: what arenas there are and how they are doing.
 *
 * arenas: one line each, indented below the arena that it imports from.
 * kstat: all statistics, one line each.
 * NAME-ID: a directory for each arena (view.c).
 *
 * A line is copied while the locks are held and printed afterwards. Arenas may
 * come and go between two lines.
 */
#include "internal.h"

static struct dentry *vmem_dir;

static bool read_row(struct vmem_row *row, loff_t nr)
{
	struct vmem *vmp = NULL;
	unsigned long flags;

	spin_lock_irqsave(&vmem_arenas_lock, flags);
	do {
		vmp = __vmem_arena_next(vmp, &row->depth);
	} while (vmp && nr--);
	if (vmp) {
		row->id = vmp->id;
		strscpy(row->name, vmp->name, sizeof(row->name));
		spin_lock(&vmp->lock);
		__vmem_stats(vmp, row->stats);
		/* An arena that ends has no tags any more, only counters. */
		row->largest = vmp->ending ? 0 : __vmem_free_longest(vmp);
		row->waiters = vmp->nr_waiters;
		spin_unlock(&vmp->lock);
	}
	spin_unlock_irqrestore(&vmem_arenas_lock, flags);
	return vmp;
}

static void *rows_start(struct seq_file *file, loff_t *pos)
{
	if (!*pos)
		return SEQ_START_TOKEN;
	return read_row(file->private, *pos - 1) ? file->private : NULL;
}

static void *rows_next(struct seq_file *file, void *v, loff_t *pos)
{
	++*pos;
	return rows_start(file, pos);
}

static void rows_stop(struct seq_file *file, void *v)
{
}

static const enum vmem_stat arenas_columns[] = {
	VMEM_STAT_MEM_INUSE, VMEM_STAT_MEM_IMPORT, VMEM_STAT_MEM_TOTAL,
	VMEM_STAT_ALLOC, VMEM_STAT_FREE, VMEM_STAT_WAIT, VMEM_STAT_FAIL,
	VMEM_STAT_MISUSE,
};

static int arenas_show(struct seq_file *file, void *v)
{
	const struct vmem_row *row = v;
	int i;

	if (v == SEQ_START_TOKEN) {
		seq_puts(file, "vmem arenas - version: 2\n");
		seq_printf(file, "# %-3s %-32s", "id", "name");
		for (i = 0; i < ARRAY_SIZE(arenas_columns); i++)
			seq_printf(file, " %12s", vmem_stat_names[arenas_columns[i]]);
		seq_printf(file, " %12s %12s", "largest", "waiters");
	} else {
		seq_printf(file, "%5u %*s%-*s", row->id, 2 * row->depth, "",
			   max(0, 32 - 2 * (int)row->depth), row->name);
		for (i = 0; i < ARRAY_SIZE(arenas_columns); i++)
			seq_printf(file, " %12llu", row->stats[arenas_columns[i]]);
		seq_printf(file, " %12lu %12u", row->largest, row->waiters);
	}
	seq_putc(file, '\n');
	return 0;
}

static int kstat_show(struct seq_file *file, void *v)
{
	const struct vmem_row *row = v;
	int i;

	if (v == SEQ_START_TOKEN) {
		seq_puts(file, "vmem kstat - version: 1\n");
		seq_puts(file, "# id statistic value name\n");
		return 0;
	}
	for (i = 0; i < VMEM_NR_STATS; i++)
		seq_printf(file, "%u %s %llu %s\n", row->id, vmem_stat_names[i],
			   row->stats[i], row->name);
	return 0;
}

const struct seq_operations vmem_arenas_sops = {
	.start	= rows_start,
	.next	= rows_next,
	.stop	= rows_stop,
	.show	= arenas_show,
};
EXPORT_SYMBOL_IF_KUNIT(vmem_arenas_sops);

const struct seq_operations vmem_kstat_sops = {
	.start	= rows_start,
	.next	= rows_next,
	.stop	= rows_stop,
	.show	= kstat_show,
};
EXPORT_SYMBOL_IF_KUNIT(vmem_kstat_sops);

/* Which of them: a pointer to its seq_operations is the file's private data. */
static int rows_open(struct inode *inode, struct file *file)
{
	return seq_open_private(file, inode->i_private, sizeof(struct vmem_row));
}

static const struct file_operations rows_fops = {
	.owner		= THIS_MODULE,
	.open		= rows_open,
	.read		= seq_read,
	.llseek		= seq_lseek,
	.release	= seq_release_private,
};

void __init vmem_debugfs_init(void)
{
	vmem_dir = debugfs_create_dir("vmem", NULL);
	debugfs_create_file("arenas", 0400, vmem_dir,
			    (void *)&vmem_arenas_sops, &rows_fops);
	debugfs_create_file("kstat", 0400, vmem_dir,
			    (void *)&vmem_kstat_sops, &rows_fops);
	vmem_views_init(vmem_dir);
}

void vmem_debugfs_exit(void)
{
	vmem_views_exit();
	debugfs_remove(vmem_dir);
}
