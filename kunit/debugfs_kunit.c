// SPDX-License-Identifier: GPL-2.0-only
/*
 * What /sys/kernel/debug/vmem shows, read without mounting it.
 */
#include <linux/debugfs.h>
#include <linux/fs.h>
#include <linux/seq_file.h>
#include <linux/stat.h>

#include "fixture.h"

#define TEXT	65536

/* All lines of a file, as a user reads them. */
static const char *read_file(struct kunit *test, const struct seq_operations *ops)
{
	struct seq_file file = {
		.buf = kunit_kzalloc(test, TEXT, GFP_KERNEL),
		.size = TEXT - 1,
		.private = kunit_kzalloc(test, sizeof(struct vmem_row), GFP_KERNEL),
	};
	loff_t pos = 0;
	void *v;

	KUNIT_ASSERT_NOT_NULL(test, file.buf);
	KUNIT_ASSERT_NOT_NULL(test, file.private);
	for (v = ops->start(&file, &pos); v; v = ops->next(&file, v, &pos))
		KUNIT_EXPECT_EQ(test, ops->show(&file, v), 0);
	ops->stop(&file, v);
	KUNIT_ASSERT_FALSE(test, seq_has_overflowed(&file));
	return file.buf;
}

/* What follows @name in the line that has it, up to the end of the text. */
static const char *after(struct kunit *test, const char *text, const char *name)
{
	const char *found = strstr(text, name);

	KUNIT_ASSERT_NOT_NULL_MSG(test, found, "no \"%s\" in:\n%s", name, text);
	return found + strlen(name);
}

static vmem_t *named(struct kunit *test, const char *name, vmem_t *source)
{
	return fixture_create(test, name, source ? 0 : PG, source ? 0 : 16 * PG, PG,
			      source ? vmem_alloc : NULL, source ? vmem_free : NULL,
			      source, 0, VM_SLEEP);
}

static void files_tell_their_version(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, strstarts(read_file(test, &vmem_arenas_sops),
					  "vmem arenas - version: 1\n# id"));
	KUNIT_EXPECT_TRUE(test, strstarts(read_file(test, &vmem_kstat_sops),
					  "vmem kstat - version: 1\n# id"));
	KUNIT_EXPECT_TRUE(test, strstarts(read_file(test, &vmem_qcaches_sops),
					  "vmem qcaches - version: 1\n# id"));
}

/* A line for each cache: what it has, less what is at hand or with a user. */
static void qcaches_shows_slabs(struct kunit *test)
{
	vmem_t *vmp = fixture_create(test, "caching", PG, 64 * PG, PG, NULL, NULL,
				     NULL, 2 * PG, VM_SLEEP);
	unsigned long addr = take(vmp, 2 * PG, 0);
	unsigned long object, slabs, unused;
	const char *text;
	char line[64];
	int nr;

	snprintf(line, sizeof(line), "%5u ", vmp->id);
	text = after(test, read_file(test, &vmem_qcaches_sops), line);
	nr = sscanf(text, "%lu %lu %lu", &object, &slabs, &unused);
	KUNIT_EXPECT_EQ(test, nr, 3);
	KUNIT_EXPECT_EQ(test, object, PG);
	KUNIT_EXPECT_EQ(test, slabs, 0ul);
	text = after(test, text, line);
	nr = sscanf(text, "%lu %lu %lu", &object, &slabs, &unused);
	KUNIT_EXPECT_EQ(test, nr, 3);
	KUNIT_EXPECT_EQ(test, object, 2 * PG);
	KUNIT_EXPECT_EQ(test, slabs, 1ul);
	KUNIT_EXPECT_EQ(test, unused, 3ul);
	give(vmp, addr, 2 * PG);
	vmem_qcache_reap(vmp);
}

static void arenas_shows_counters(struct kunit *test)
{
	u64 inuse, import, total, alloc, free, wait, fail, misuse;
	vmem_t *vmp = named(test, "counted", NULL);
	const char *line;
	int nr;

	take(vmp, 100, 0);
	give(vmp, take(vmp, PG, 0), PG);
	take(vmp, 17 * PG, 0);
	EXPECT_REFUSED(test, vmp, "bad free", give(vmp, 0x9000, PG));

	line = after(test, read_file(test, &vmem_arenas_sops), " counted ");
	nr = sscanf(line, "%llu %llu %llu %llu %llu %llu %llu %llu", &inuse,
		    &import, &total, &alloc, &free, &wait, &fail, &misuse);
	KUNIT_ASSERT_EQ(test, nr, 8);
	KUNIT_EXPECT_EQ(test, inuse, 100);
	KUNIT_EXPECT_EQ(test, import, 0);
	KUNIT_EXPECT_EQ(test, total, 16 * PG);
	KUNIT_EXPECT_EQ(test, alloc, 2);
	KUNIT_EXPECT_EQ(test, free, 1);
	KUNIT_EXPECT_EQ(test, wait, 0);
	KUNIT_EXPECT_EQ(test, fail, 1);
	KUNIT_EXPECT_EQ(test, misuse, 1);
}

static void arenas_are_indented_below_their_source(struct kunit *test)
{
	vmem_t *root = named(test, "tree-root", NULL);
	vmem_t *mid = named(test, "tree-mid", root);
	const char *text;

	named(test, "tree-leaf", mid);
	named(test, "tree-mid2", root);
	named(test, "tree-other", NULL);

	text = read_file(test, &vmem_arenas_sops);
	text = after(test, text, " tree-root ");
	text = after(test, text, "   tree-mid ");
	text = after(test, text, "     tree-leaf ");
	text = after(test, text, "   tree-mid2 ");
	KUNIT_EXPECT_NOT_NULL(test, strstr(text, " tree-other "));
	KUNIT_EXPECT_NULL(test, strstr(text, "   tree-other "));
}

static void arena_disappears_with_its_end(struct kunit *test)
{
	vmem_t *vmp = named(test, "ephemeral", NULL);

	after(test, read_file(test, &vmem_arenas_sops), " ephemeral ");
	fixture_destroy(test, vmp);
	KUNIT_EXPECT_NULL(test, strstr(read_file(test, &vmem_arenas_sops),
				       "ephemeral"));
}

static void kstat_has_all_names(struct kunit *test)
{
	vmem_t *root = named(test, "kstat-root", NULL);
	vmem_t *leaf = named(test, "kstat-leaf", root);
	char line[64];
	int i;

	take(leaf, PG, 0);
	for (i = 0; i < VMEM_NR_STATS; i++) {
		snprintf(line, sizeof(line), "\n%u %s %llu kstat-leaf\n", leaf->id,
			 vmem_stat_names[i], vmem_stat(leaf, i));
		after(test, read_file(test, &vmem_kstat_sops), line);
	}
	snprintf(line, sizeof(line), " vmem_source %u kstat-leaf\n", root->id);
	after(test, read_file(test, &vmem_kstat_sops), line);
}

#ifdef CONFIG_DEBUG_FS
static void expect_mode(struct kunit *test, struct dentry *dir, const char *name,
			umode_t mode)
{
	struct dentry *file = debugfs_lookup(name, dir);
	const struct inode *inode;

	KUNIT_ASSERT_NOT_NULL_MSG(test, file, "no %s", name);
	inode = d_inode(file);
	KUNIT_EXPECT_EQ_MSG(test, inode->i_mode & S_IALLUGO, mode, "%s", name);
	KUNIT_EXPECT_TRUE(test, uid_eq(inode->i_uid, GLOBAL_ROOT_UID));
	KUNIT_EXPECT_TRUE(test, S_ISREG(inode->i_mode));
	dput(file);
}

/* Not writable, either: lockdown lets nobody open what is. */
static void files_are_for_root_to_read(struct kunit *test)
{
	struct dentry *dir = debugfs_lookup("vmem", NULL);

	KUNIT_ASSERT_NOT_NULL(test, dir);
	expect_mode(test, dir, "arenas", 0400);
	expect_mode(test, dir, "kstat", 0400);
	expect_mode(test, dir, "qcaches", 0400);
	dput(dir);
}
#else
static void files_are_for_root_to_read(struct kunit *test)
{
	kunit_skip(test, "there are none without CONFIG_DEBUG_FS");
}
#endif

static struct kunit_case debugfs_cases[] = {
	KUNIT_CASE(files_are_for_root_to_read),
	KUNIT_CASE(files_tell_their_version),
	KUNIT_CASE(qcaches_shows_slabs),
	KUNIT_CASE(arenas_shows_counters),
	KUNIT_CASE(arenas_are_indented_below_their_source),
	KUNIT_CASE(arena_disappears_with_its_end),
	KUNIT_CASE(kstat_has_all_names),
	{}
};

static struct kunit_suite debugfs_suite = {
	.name = "vmem_debugfs",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = debugfs_cases,
};

kunit_test_suite(debugfs_suite);
