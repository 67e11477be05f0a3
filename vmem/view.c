// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/kernel/debug/vmem/NAME-ID: what is to be seen of one arena.
 *
 * stat: its statistics, one line each.
 * segments: its spans, and what each consists of, in address order (listing.c).
 * free: free segments by size, and how much of the space is no use for a size.
 * qcache: one line for each quantum cache.
 * waiters: who sleeps until there is space.
 * callers: with audits, who holds how much.
 * blocks: with audits, who holds each block (listing.c).
 *
 * An arena may be created where sleeping is illegal, so a work item makes directories,
 * and removes them. Files know a view of their arena, which may end while they are
 * open: each read visits it, and it cannot end meanwhile, or finds that it has ended.
 */
#include "report.h"
#include "view.h"

#define VMEM_WAITERS	64	/* sleepers that are shown */

static LIST_HEAD(new_arenas);		/* [A] that have no view yet */
static LIST_HEAD(ended_views);		/* [A] */
static struct dentry *views_dir;

/* === Visits === */

/* The arena, which does not end until vmem_arena_unpin(), or NULL if it has. */
struct vmem *vmem_visit(struct vmem_view *view)
{
	struct vmem *vmp;
	unsigned long flags;

	spin_lock_irqsave(&vmem_arenas_lock, flags);
	vmp = view->vmp;
	if (vmp && !__vmem_arena_pin(vmp))
		vmp = NULL;
	spin_unlock_irqrestore(&vmem_arenas_lock, flags);
	return vmp;
}

/*
 * === One page, at one moment ===
 *
 * No memory is waited for during a visit, as reclaim may wait for whoever waits for the
 * visit to end.
 */

static int stat_lines(struct seq_file *file, struct vmem *vmp)
{
	u64 stats[VMEM_NR_STATS];
	unsigned long flags, longest, allocated;
	unsigned int waiters, i;

	spin_lock_irqsave(&vmp->lock, flags);
	__vmem_stats(vmp, stats);
	longest = __vmem_free_longest(vmp);
	allocated = vmp->allocated.count;
	waiters = vmp->nr_waiters;
	spin_unlock_irqrestore(&vmp->lock, flags);

	for (i = 0; i < VMEM_NR_STATS; i++)
		seq_printf(file, "%s %llu\n", vmem_stat_names[i], stats[i]);
	seq_printf(file, "quantum %lu\n", vmp->quantum);
	seq_printf(file, "qcache_max %lu\n", vmp->cached_max);
	seq_printf(file, "largest %lu\n", longest);
	seq_printf(file, "segments %lu\n", allocated);
	seq_printf(file, "waiters %u\n", waiters);
	return 0;
}

static int qcache_lines(struct seq_file *file, struct vmem *vmp)
{
	return vmem_qcache_print(vmp, file);
}

struct waiter_row {
	pid_t pid;
	char comm[TASK_COMM_LEN];
	unsigned long size;
	unsigned long since;
};

static unsigned int __copy_waiters(struct vmem *vmp, struct waiter_row *row)
{
	struct vmem_waiter *waiter;
	unsigned int nr = 0;

	lockdep_assert_held(&vmp->lock);
	list_for_each_entry(waiter, &vmp->waiters, link) {
		if (nr == VMEM_WAITERS)
			break;
		row[nr].pid = task_pid_nr(waiter->wait->task);
		/* Not by get_task_comm(), which takes a lock. */
		vmem_copy_text(row[nr].comm, waiter->wait->task->comm,
			       sizeof(row[nr].comm));
		row[nr].size = waiter->req.size;
		row[nr].since = waiter->wait->since;
		nr++;
	}
	return nr;
}

static int waiters_lines(struct seq_file *file, struct vmem *vmp)
{
	struct waiter_row *row;
	unsigned long flags;
	unsigned int nr, all, i;

	row = kcalloc(VMEM_WAITERS, sizeof(*row), vmem_gfp(VM_NOSLEEP));
	if (!row)
		return -ENOMEM;
	spin_lock_irqsave(&vmp->lock, flags);
	nr = __copy_waiters(vmp, row);
	all = vmp->nr_waiters;
	spin_unlock_irqrestore(&vmp->lock, flags);

	seq_printf(file, "# %8s %12s %12s %s\n", "pid", "size", "ms", "comm");
	for (i = 0; i < nr; i++)
		seq_printf(file, "%10d %12lu %12u %s\n", row[i].pid, row[i].size,
			   jiffies_to_msecs(jiffies - row[i].since), row[i].comm);
	if (all > nr)
		seq_printf(file, "# and %u more\n", all - nr);
	kfree(row);
	return 0;
}

/* === Free segments by size === */

struct histogram {
	unsigned long segments[BITS_PER_LONG];	/* by powers of two, in quanta */
	unsigned long units[BITS_PER_LONG];
	struct vmem_seg_row row[VMEM_ROWS];
};

static void count_free(struct histogram *hist, struct vmem *vmp)
{
	struct vmem_cursor cursor;
	unsigned int nr, i;

	vmem_cursor_begin(vmp, &cursor);
	while ((nr = vmem_cursor_read(vmp, &cursor, hist->row, VMEM_ROWS))) {
		for (i = 0; i < nr; i++) {
			unsigned int order;

			if (hist->row[i].type != VMEM_SEG_FREE)
				continue;
			order = __fls(hist->row[i].size >> vmp->quantum_shift);
			hist->segments[order]++;
			hist->units[order] += hist->row[i].size;
		}
		cond_resched();
	}
	vmem_cursor_end(vmp, &cursor);
}

/* @part of @whole, in thousandths. */
static unsigned int thousandths(unsigned long part, unsigned long whole)
{
	unsigned int shift = whole > ULONG_MAX / 1000 ? 10 : 0;

	return whole ? (part >> shift) * 1000 / (whole >> shift) : 0;
}

/* "unusable": how much of what is free is in segments that are shorter than this. */
static int free_lines(struct seq_file *file, struct vmem *vmp)
{
	struct histogram *hist = kzalloc(sizeof(*hist), vmem_gfp(VM_NOSLEEP));
	unsigned long all = 0, shorter = 0;
	unsigned int i;

	if (!hist)
		return -ENOMEM;
	count_free(hist, vmp);
	for (i = 0; i < BITS_PER_LONG; i++)
		all += hist->units[i];

	seq_printf(file, "# %18s %12s %20s %8s\n", "from", "segments", "units", "unusable");
	for (i = 0; i < BITS_PER_LONG; i++) {
		unsigned int lost = thousandths(shorter, all);

		if (!hist->segments[i])
			continue;
		seq_printf(file, "%20lu %12lu %20lu %4u.%03u\n", vmp->quantum << i,
			   hist->segments[i], hist->units[i], lost / 1000, lost % 1000);
		shorter += hist->units[i];
	}
	kfree(hist);
	return 0;
}

#ifdef CONFIG_VMEM_AUDIT
static int callers_lines(struct seq_file *file, struct vmem *vmp)
{
	return vmem_audit_callers(vmp, file);
}
#endif

/* A file of one page is read at once. Of an arena that has ended it has nothing. */
#define DEFINE_PAGE(name)							\
static int name##_show(struct seq_file *file, void *v)				\
{										\
	struct vmem *vmp = vmem_visit(file->private);				\
	int ret;								\
										\
	if (!vmp)								\
		return 0;							\
	seq_puts(file, "vmem " #name " - version: 1\n");			\
	ret = name##_lines(file, vmp);						\
	vmem_arena_unpin(vmp);							\
	return ret;								\
}										\
DEFINE_SHOW_ATTRIBUTE(name)

DEFINE_PAGE(stat);
DEFINE_PAGE(qcache);
DEFINE_PAGE(waiters);
DEFINE_PAGE(free);
#ifdef CONFIG_VMEM_AUDIT
DEFINE_PAGE(callers);
#endif

/* === Directories === */

static const struct {
	const char *name;
	const struct file_operations *fops;
} view_files[] = {
	{ "stat", &stat_fops },
	{ "segments", &vmem_segments_fops },
	{ "free", &free_fops },
	{ "qcache", &qcache_fops },
	{ "waiters", &waiters_fops },
#ifdef CONFIG_VMEM_AUDIT
	{ "callers", &callers_fops },
	{ "blocks", &vmem_blocks_fops },
#endif
};

/*
 * A view of the next arena that has none. Arenas are not visited for this: who gets memory
 * may have to wait for somebody who waits for visitors to leave.
 */
static struct vmem_view *next_new(char *name, size_t size)
{
	struct vmem_view *view = kzalloc(sizeof(*view), GFP_KERNEL);
	struct vmem *vmp;
	unsigned long flags;

	if (!view)
		return NULL;
	spin_lock_irqsave(&vmem_arenas_lock, flags);
	vmp = list_first_entry_or_null(&new_arenas, struct vmem, unseen);
	if (vmp) {
		list_del_init(&vmp->unseen);
		snprintf(name, size, "%s-%u", vmp->name, vmp->id);
		view->vmp = vmp;
		vmp->view = view;
	}
	spin_unlock_irqrestore(&vmem_arenas_lock, flags);
	if (vmp)
		return view;
	kfree(view);
	return NULL;
}

static void make_directory(struct vmem_view *view, char *name)
{
	int i;

	strreplace(name, '/', '!');
	view->dir = debugfs_create_dir(name, views_dir);
	for (i = 0; i < ARRAY_SIZE(view_files); i++)
		debugfs_create_file(view_files[i].name, 0400, view->dir, view,
				    view_files[i].fops);
}

static struct vmem_view *next_ended(void)
{
	struct vmem_view *view;
	unsigned long flags;

	spin_lock_irqsave(&vmem_arenas_lock, flags);
	view = list_first_entry_or_null(&ended_views, struct vmem_view, link);
	if (view)
		list_del(&view->link);
	spin_unlock_irqrestore(&vmem_arenas_lock, flags);
	return view;
}

/* An arena may end while its directory is made: the next run removes it. */
static void update(struct work_struct *work)
{
	char name[VMEM_NAME_LEN + 12];
	struct vmem_view *view;

	while ((view = next_ended())) {
		debugfs_remove(view->dir);
		kfree(view);
	}
	while ((view = next_new(name, sizeof(name))))
		make_directory(view, name);
}

static DECLARE_WORK(update_work, update);

/* An arena has begun. The caller calls vmem_views_update() soon. */
void __vmem_view_begin(struct vmem *vmp)
{
	lockdep_assert_held(&vmem_arenas_lock);
	list_add_tail(&vmp->unseen, &new_arenas);
}

/* An arena ends, and nobody visits it any more. The caller calls vmem_views_update(). */
void __vmem_view_end(struct vmem *vmp)
{
	struct vmem_cursor *cursor, *next;

	lockdep_assert_held(&vmem_arenas_lock);
	list_del(&vmp->unseen);
	list_for_each_entry_safe(cursor, next, &vmp->walks, link)
		list_del_init(&cursor->link);
	if (vmp->view) {
		vmp->view->vmp = NULL;
		list_add_tail(&vmp->view->link, &ended_views);
	}
}

void vmem_views_update(void)
{
	schedule_work(&update_work);
}

void __init vmem_views_init(struct dentry *dir)
{
	views_dir = dir;
}

/* Wait until all arenas have a directory, and those that have ended have none. */
void vmem_views_flush(void)
{
	flush_work(&update_work);
}
EXPORT_SYMBOL_IF_KUNIT(vmem_views_flush);

/* All arenas have ended. */
void vmem_views_exit(void)
{
	vmem_views_flush();
}

/**
 * vmem_view_file() - A file of an arena, for tests to open.
 * @vmp: The arena.
 * @name: Name of the file.
 * @inode: Becomes that of the file.
 *
 * Return: Its operations, or %NULL.
 */
const struct file_operations *vmem_view_file(struct vmem *vmp, const char *name,
					     struct inode *inode)
{
	int i;

	inode->i_private = vmp->view;
	for (i = 0; i < ARRAY_SIZE(view_files); i++)
		if (vmp->view && !strcmp(view_files[i].name, name))
			return view_files[i].fops;
	return NULL;
}
EXPORT_SYMBOL_IF_KUNIT(vmem_view_file);
