// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files of an arena that may be long: segments, and with audits, blocks.
 *
 * Rows are copied a few at a time, with the lock held, and printed without. Between two
 * reads the arena goes on; a row that neither comes nor goes meanwhile is there once.
 */
#include "report.h"
#include "view.h"

struct listing;

struct listing_ops {
	const struct seq_operations *seq;
	void (*begin)(struct listing *list, struct vmem *vmp);
	unsigned int (*read)(struct listing *list, struct vmem *vmp);
};

struct listing {
	struct vmem_view *view;
	const struct listing_ops *ops;
	bool identifiers;		/* numbers are no addresses */
	loff_t begin;			/* position of the first row */
	unsigned int nr;
	unsigned int at;		/* the row to be shown */
	struct vmem_cursor cursor;	/* segments: in the arena while the file is open */
	struct vmem_audit_cursor record; /* blocks */
	union {
		struct vmem_seg_row seg[VMEM_ROWS];
		struct vmem_block_row block[VMEM_ROWS];
	};
};

/* Leave the arena, if it is still there: when it ends, it lets go of all cursors. */
static void detach(struct listing *list)
{
	unsigned long flags;

	spin_lock_irqsave(&vmem_arenas_lock, flags);
	if (!list_empty(&list->cursor.link))
		vmem_cursor_end(list->view->vmp, &list->cursor);
	spin_unlock_irqrestore(&vmem_arenas_lock, flags);
}

static void rewind(struct listing *list)
{
	struct vmem *vmp;

	detach(list);
	list->begin = 1;
	list->nr = 0;
	vmp = vmem_visit(list->view);
	if (!vmp)
		return;
	list->identifiers = vmp->cflags & VMC_IDENTIFIER;
	list->ops->begin(list, vmp);
	vmem_arena_unpin(vmp);
}

static bool refill(struct listing *list)
{
	struct vmem *vmp = vmem_visit(list->view);

	list->begin += list->nr;
	list->nr = 0;
	if (!vmp)
		return false;
	list->nr = list->ops->read(list, vmp);
	vmem_arena_unpin(vmp);
	return list->nr;
}

static void *listing_start(struct seq_file *file, loff_t *pos)
{
	struct listing *list = file->private;

	if (!*pos)
		return SEQ_START_TOKEN;
	if (*pos == 1 || *pos < list->begin)
		rewind(list);
	while (*pos >= list->begin + list->nr)
		if (!refill(list))
			return NULL;
	list->at = *pos - list->begin;
	return list;
}

static void *listing_next(struct seq_file *file, void *v, loff_t *pos)
{
	++*pos;
	return listing_start(file, pos);
}

static void listing_stop(struct seq_file *file, void *v)
{
}

static int open_listing(struct inode *inode, struct file *file,
			const struct listing_ops *ops)
{
	struct listing *list = __seq_open_private(file, ops->seq, sizeof(*list));

	if (!list)
		return -ENOMEM;
	list->view = inode->i_private;
	list->ops = ops;
	/* It has addresses of blocks, whose owners may have lost them. */
	kmemleak_no_scan(list);
	list->begin = 1;
	INIT_LIST_HEAD(&list->cursor.link);
	return 0;
}

static int listing_release(struct inode *inode, struct file *file)
{
	struct seq_file *seq = file->private_data;

	detach(seq->private);
	return seq_release_private(inode, file);
}

static const char *show_first(const struct listing *list, unsigned long first, char *text)
{
	if (!list->identifiers)
		return vmem_show_number(NULL, first, text);
	snprintf(text, VMEM_NUMBER_LEN, "0x%lx", first);
	return text;
}

/* === Segments === */

static const char * const segment_types[] = {
	[VMEM_SEG_SPAN]		= "span",
	[VMEM_SEG_FREE]		= "free",
	[VMEM_SEG_ALLOCATED]	= "alloc",
	[VMEM_SEG_OBJECT]	= "object",
	[VMEM_SEG_SLAB]		= "slab",
};

static void begin_segments(struct listing *list, struct vmem *vmp)
{
	vmem_cursor_begin(vmp, &list->cursor);
}

static unsigned int read_segments(struct listing *list, struct vmem *vmp)
{
	return vmem_cursor_read(vmp, &list->cursor, list->seg, VMEM_ROWS);
}

static int segments_show(struct seq_file *file, void *v)
{
	const struct listing *list = file->private;
	const struct vmem_seg_row *row = &list->seg[list->at];
	char text[VMEM_NUMBER_LEN];

	if (v == SEQ_START_TOKEN) {
		seq_puts(file, "vmem segments - version: 1\n");
		seq_puts(file, "# type first size\n");
		return 0;
	}
	seq_printf(file, "%s %s %lu\n", segment_types[row->type],
		   show_first(list, row->first, text), row->size);
	return 0;
}

static const struct seq_operations segments_sops = {
	.start	= listing_start,
	.next	= listing_next,
	.stop	= listing_stop,
	.show	= segments_show,
};

static const struct listing_ops segments_ops = {
	.seq	= &segments_sops,
	.begin	= begin_segments,
	.read	= read_segments,
};

static int segments_open(struct inode *inode, struct file *file)
{
	return open_listing(inode, file, &segments_ops);
}

const struct file_operations vmem_segments_fops = {
	.owner		= THIS_MODULE,
	.open		= segments_open,
	.read		= seq_read,
	.llseek		= seq_lseek,
	.release	= listing_release,
};

/* === Blocks === */

#ifdef CONFIG_VMEM_AUDIT
static void begin_blocks(struct listing *list, struct vmem *vmp)
{
	list->record = (struct vmem_audit_cursor){};
}

static unsigned int read_blocks(struct listing *list, struct vmem *vmp)
{
	return vmem_audit_read(vmp, &list->record, list->block, VMEM_ROWS);
}

/* Tabs, as there may be spaces in the last two. */
static int blocks_show(struct seq_file *file, void *v)
{
	const struct listing *list = file->private;
	const struct vmem_block_row *row = &list->block[list->at];
	char text[VMEM_NUMBER_LEN];
	u64 secs = row->when;
	u32 nsecs;

	if (v == SEQ_START_TOKEN) {
		seq_puts(file, "vmem blocks - version: 1\n");
		seq_puts(file, "# first\tsize\tpid\tseconds\tcaller\tcomm\n");
		return 0;
	}
	nsecs = do_div(secs, NSEC_PER_SEC);
	seq_printf(file, "%s\t%lu\t%d\t%llu.%06u\t%pS\t%s\n",
		   show_first(list, row->first, text), row->size, row->pid, secs,
		   nsecs / (u32)NSEC_PER_USEC, vmem_show_caller(row->caller),
		   row->pid ? row->comm : "interrupt");
	return 0;
}

static const struct seq_operations blocks_sops = {
	.start	= listing_start,
	.next	= listing_next,
	.stop	= listing_stop,
	.show	= blocks_show,
};

static const struct listing_ops blocks_ops = {
	.seq	= &blocks_sops,
	.begin	= begin_blocks,
	.read	= read_blocks,
};

static int blocks_open(struct inode *inode, struct file *file)
{
	return open_listing(inode, file, &blocks_ops);
}

const struct file_operations vmem_blocks_fops = {
	.owner		= THIS_MODULE,
	.open		= blocks_open,
	.read		= seq_read,
	.llseek		= seq_lseek,
	.release	= listing_release,
};
#endif
