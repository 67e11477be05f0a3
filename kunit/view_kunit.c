// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an arena's own directory in debugfs shows, read without mounting it.
 */
#include <linux/fs.h>
#include <linux/seq_file.h>

#include "fixture.h"

#ifdef CONFIG_DEBUG_FS
#define TEXT	65536

/* A file that is open. */
struct view_file {
	const struct file_operations *fops;
	struct inode *inode;
	struct file *file;
	struct seq_file *seq;
};

/* The directory of @vmp is there, as are those of all other arenas. */
static void open_view(struct kunit *test, vmem_t *vmp, const char *name,
		      struct view_file *view)
{
	vmem_views_flush();
	view->inode = kunit_kzalloc(test, sizeof(*view->inode), GFP_KERNEL);
	view->file = kunit_kzalloc(test, sizeof(*view->file), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, view->inode);
	KUNIT_ASSERT_NOT_NULL(test, view->file);
	view->fops = vmem_view_file(vmp, name, view->inode);
	KUNIT_ASSERT_NOT_NULL(test, view->fops);
	KUNIT_ASSERT_EQ(test, view->fops->open(view->inode, view->file), 0);
	view->seq = view->file->private_data;
	view->seq->size = TEXT;
	view->seq->buf = kvzalloc(TEXT, GFP_KERNEL);	/* closing frees it */
	KUNIT_ASSERT_NOT_NULL(test, view->seq->buf);
}

static void close_view(struct view_file *view)
{
	view->fops->release(view->inode, view->file);
}

/* All lines from @pos on, up to @most of them. Returns how many there were. */
static unsigned int read_from(struct kunit *test, struct view_file *view, loff_t pos,
			      unsigned int most)
{
	const struct seq_operations *ops = view->seq->op;
	unsigned int nr = 0;
	void *v;

	view->seq->count = 0;
	memset(view->seq->buf, 0, TEXT);
	for (v = ops->start(view->seq, &pos); v && nr < most; nr++) {
		KUNIT_EXPECT_EQ(test, ops->show(view->seq, v), 0);
		v = ops->next(view->seq, v, &pos);
	}
	ops->stop(view->seq, v);
	KUNIT_EXPECT_FALSE(test, seq_has_overflowed(view->seq));
	return nr;
}

static void expect_text(struct kunit *test, struct view_file *view, const char *text)
{
	KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(view->seq->buf, text), "no \"%s\" in:\n%s",
				  text, view->seq->buf);
}

/* Of identifiers, which show as they are. */
static vmem_t *ids(struct kunit *test, size_t nr)
{
	return fixture_create(test, "a/b", 100, nr, 1, NULL, NULL, NULL, 0,
			      VM_SLEEP | VMC_IDENTIFIER);
}

static void segments_are_in_order(struct kunit *test)
{
	vmem_t *vmp = ids(test, 1000);
	struct view_file view;

	EXPECT_ADDR(test, xtake(vmp, 7, 0, 0, 0, 200, 207, 0), 200);
	open_view(test, vmp, "segments", &view);
	KUNIT_EXPECT_EQ(test, read_from(test, &view, 0, 100), 5u);
	KUNIT_EXPECT_STREQ(test, view.seq->buf,
			   "vmem segments - version: 1\n# type first size\n"
			   "span 0x64 1000\nfree 0x64 100\nalloc 0xc8 7\nfree 0xcf 893\n");
	close_view(&view);
}

/* In pieces, and from places that were read before. */
static void segments_are_read_in_pieces(struct kunit *test)
{
	vmem_t *vmp = ids(test, 1000);
	struct view_file view;
	unsigned long addr;

	for (addr = 101; addr < 700; addr += 2)
		EXPECT_ADDR(test, xtake(vmp, 1, 0, 0, 0, addr, addr + 1, 0), addr);
	open_view(test, vmp, "segments", &view);
	/* A header, a span, 300 blocks, each with something free before, and the rest. */
	KUNIT_EXPECT_EQ(test, read_from(test, &view, 0, 10000), 603u);
	KUNIT_EXPECT_EQ(test, read_from(test, &view, 600, 1), 1u);
	KUNIT_EXPECT_STREQ(test, view.seq->buf, "free 0x2ba 1\n");
	KUNIT_EXPECT_EQ(test, read_from(test, &view, 3, 2), 2u);
	KUNIT_EXPECT_STREQ(test, view.seq->buf, "alloc 0x65 1\nfree 0x66 1\n");
	KUNIT_EXPECT_EQ(test, read_from(test, &view, 5, 1), 1u);
	KUNIT_EXPECT_STREQ(test, view.seq->buf, "alloc 0x67 1\n");
	KUNIT_EXPECT_EQ(test, read_from(test, &view, 603, 10), 0u);
	close_view(&view);
}

/* A segment goes away that would have been read next. */
static void segments_change_while_read(struct kunit *test)
{
	vmem_t *vmp = ids(test, 1000);
	struct view_file view;
	unsigned long addr;

	for (addr = 100; addr < 1100; addr += 5)
		EXPECT_ADDR(test, xtake(vmp, 5, 0, 0, 0, addr, addr + 5, 0), addr);
	open_view(test, vmp, "segments", &view);
	KUNIT_EXPECT_EQ(test, read_from(test, &view, 0, 10), 10u);
	for (addr = 100; addr < 1095; addr += 5)
		xgive(vmp, addr, 5);
	read_from(test, &view, 10, 10000);
	expect_text(test, &view, "alloc 0x447 5\n");
	EXPECT_VALID(test, vmp);
	close_view(&view);
}

/* Its directory goes, and what is still open can be closed. */
static void arena_ends_while_read(struct kunit *test)
{
	static const char * const name[] = {
		"stat", "segments", "free", "qcache", "waiters",
#ifdef CONFIG_VMEM_AUDIT
		"callers", "blocks",
#endif
	};
	vmem_t *vmp = ids(test, 1000);
	struct view_file view[ARRAY_SIZE(name)];
	int i;

	for (i = 0; i < ARRAY_SIZE(name); i++) {
		open_view(test, vmp, name[i], &view[i]);
		KUNIT_EXPECT_GT(test, read_from(test, &view[i], 0, 2), 0u);
	}
	fixture_destroy(test, vmp);
	vmem_views_flush();
	for (i = 0; i < ARRAY_SIZE(name); i++)
		close_view(&view[i]);
}

static void free_tells_what_is_of_no_use(struct kunit *test)
{
	vmem_t *vmp = ids(test, 160);
	struct view_file view;
	char line[80];

	/* Free: 10 of 1, one of 128; 138 in all. */
	EXPECT_ADDR(test, xtake(vmp, 22, 0, 0, 0, 110, 132, 0), 110);
	EXPECT_ADDR(test, xtake(vmp, 5, 0, 0, 0, 100, 105, 0), 100);
	xgive(vmp, 100, 5);
	open_view(test, vmp, "free", &view);
	read_from(test, &view, 0, 10);
	snprintf(line, sizeof(line), "%20d %12d %20d %8s\n", 8, 1, 10, "0.000");
	expect_text(test, &view, line);
	snprintf(line, sizeof(line), "%20d %12d %20d %8s\n", 128, 1, 128, "0.072");
	expect_text(test, &view, line);
	close_view(&view);
}

static void stat_has_what_there_is(struct kunit *test)
{
	vmem_t *vmp = ids(test, 160);
	struct view_file view;

	take(vmp, 3, 0);
	open_view(test, vmp, "stat", &view);
	read_from(test, &view, 0, 10);
	expect_text(test, &view, "\nmem_inuse 3\n");
	expect_text(test, &view, "\nmem_total 160\n");
	expect_text(test, &view, "\nquantum 1\n");
	expect_text(test, &view, "\nlargest 157\n");
	expect_text(test, &view, "\nsegments 1\n");
	expect_text(test, &view, "\nwaiters 0\n");
	close_view(&view);
}

/* More of them than are read at a time, up to the highest address there is. */
static void blocks_have_their_holders(struct kunit *test)
{
	vmem_t *vmp = fixture_create(test, "top", ULONG_MAX - 99, 100, 1, NULL, NULL, NULL, 0,
				     VM_SLEEP | VMC_IDENTIFIER);
	struct view_file view;
	char text[80];
	int i;

	if (!IS_ENABLED(CONFIG_VMEM_AUDIT))
		kunit_skip(test, "nothing is recorded without CONFIG_VMEM_AUDIT");
	for (i = 0; i < 100; i++)
		KUNIT_EXPECT_NOT_NULL(test, vmem_alloc(vmp, 1, VM_NOSLEEP));
	xgive(vmp, ULONG_MAX - 50, 1);
	open_view(test, vmp, "blocks", &view);
	KUNIT_EXPECT_EQ(test, read_from(test, &view, 0, 1000), 1 + 99u);
	snprintf(text, sizeof(text), "0x%lx\t1\t%d\t", ULONG_MAX, task_pid_nr(current));
	expect_text(test, &view, text);
	snprintf(text, sizeof(text), "\t%s\n", current->comm);
	expect_text(test, &view, text);
	expect_text(test, &view, "\tblocks_have_their_holders+0x");
	snprintf(text, sizeof(text), "0x%lx\t", ULONG_MAX - 50);
	KUNIT_EXPECT_NULL(test, strstr(view.seq->buf, text));
	KUNIT_EXPECT_EQ(test, read_from(test, &view, 90, 1), 1u);
	snprintf(text, sizeof(text), "0x%lx\t1\t", ULONG_MAX - 99 + 90);
	expect_text(test, &view, text);
	KUNIT_EXPECT_EQ(test, read_from(test, &view, 3, 1), 1u);
	snprintf(text, sizeof(text), "0x%lx\t1\t", ULONG_MAX - 99 + 2);
	expect_text(test, &view, text);
	close_view(&view);
}

static struct kunit_case view_cases[] = {
	KUNIT_CASE(segments_are_in_order),
	KUNIT_CASE(segments_are_read_in_pieces),
	KUNIT_CASE(segments_change_while_read),
	KUNIT_CASE(arena_ends_while_read),
	KUNIT_CASE(free_tells_what_is_of_no_use),
	KUNIT_CASE(stat_has_what_there_is),
	KUNIT_CASE(blocks_have_their_holders),
	{}
};
#else
static void there_are_no_files(struct kunit *test)
{
	kunit_skip(test, "there are none without CONFIG_DEBUG_FS");
}

static struct kunit_case view_cases[] = {
	KUNIT_CASE(there_are_no_files),
	{}
};
#endif

static struct kunit_suite view_suite = {
	.name = "vmem_view",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = view_cases,
};

kunit_test_suite(view_suite);
