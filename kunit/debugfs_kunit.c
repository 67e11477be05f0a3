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
					  "vmem arenas - version: 2\n# id"));
	KUNIT_EXPECT_TRUE(test, strstarts(read_file(test, &vmem_kstat_sops),
					  "vmem kstat - version: 1\n# id"));
}

/* A line of qcache. */
struct qcache_line {
	unsigned long object, hits, misses, parked, slabs, unused, rounds, full, empty;
};

static unsigned int read_qcache(struct kunit *test, vmem_t *vmp,
				struct qcache_line *line, unsigned int most)
{
	struct seq_file file = {
		.buf = kunit_kzalloc(test, TEXT, GFP_KERNEL),
		.size = TEXT - 1,
	};
	unsigned int nr = 0;
	const char *text;

	KUNIT_ASSERT_NOT_NULL(test, file.buf);
	KUNIT_ASSERT_EQ(test, vmem_qcache_print(vmp, &file), 0);
	KUNIT_ASSERT_FALSE(test, seq_has_overflowed(&file));
	for (text = strchr(file.buf, '\n') + 1; *text && nr < most; nr++, line++) {
		int got = sscanf(text, "%lu %lu %lu %lu %lu %lu %lu %lu %lu",
				 &line->object, &line->hits, &line->misses,
				 &line->parked, &line->slabs, &line->unused,
				 &line->rounds, &line->full, &line->empty);

		KUNIT_EXPECT_EQ(test, got, 9);
		text = strchr(text, '\n') + 1;
	}
	return nr;
}

/* A line for each cache: what it has, less what is at hand or with a user. */
static void qcache_shows_slabs(struct kunit *test)
{
	vmem_t *vmp = fixture_create(test, "caching", PG, 64 * PG, PG, NULL, NULL,
				     NULL, 2 * PG, VM_SLEEP);
	unsigned long addr = take(vmp, 2 * PG, 0);
	struct qcache_line line[3];

	KUNIT_ASSERT_EQ(test, read_qcache(test, vmp, line, 3), 2u);
	KUNIT_EXPECT_EQ(test, line[0].object, PG);
	KUNIT_EXPECT_EQ(test, line[0].slabs, 0ul);
	KUNIT_EXPECT_EQ(test, line[0].misses, 0ul);
	KUNIT_EXPECT_EQ(test, line[1].object, 2 * PG);
	KUNIT_EXPECT_EQ(test, line[1].slabs, 1ul);
	KUNIT_EXPECT_EQ(test, line[1].unused, 3ul);
	KUNIT_EXPECT_EQ(test, line[1].misses, 1ul);
	KUNIT_EXPECT_EQ(test, line[1].hits, 0ul);
	give(vmp, addr, 2 * PG);
	vmem_qcache_reap(vmp);
}

/* Each request is a hit or a miss, and each object in use, parked, or unused. */
static void qcache_counts_hits(struct kunit *test)
{
	vmem_t *vmp = fixture_create(test, "hitting", 1, 1000000, 1, NULL, NULL, NULL, 1,
				     VM_SLEEP | VMC_IDENTIFIER);
	unsigned long id[100], requests = 0, i, k;
	struct qcache_line line;

	for (k = 0; k < 5; k++) {
		for (i = 0; i < ARRAY_SIZE(id); i++)
			id[i] = take(vmp, 1, 0);
		requests += ARRAY_SIZE(id);
		KUNIT_ASSERT_EQ(test, read_qcache(test, vmp, &line, 1), 1u);
		KUNIT_EXPECT_EQ(test, line.hits + line.misses, requests);
		KUNIT_EXPECT_EQ(test, line.slabs * 64,
				line.unused + line.parked + ARRAY_SIZE(id));
		for (i = 0; i < ARRAY_SIZE(id); i++)
			give(vmp, id[i], 1);
	}
	KUNIT_ASSERT_EQ(test, read_qcache(test, vmp, &line, 1), 1u);
	KUNIT_EXPECT_EQ(test, line.slabs * 64, line.unused + line.parked);
	if (vmem_magazines_banned(vmp)) {
		KUNIT_EXPECT_EQ(test, line.hits, 0ul);
		KUNIT_EXPECT_EQ(test, line.parked, 0ul);
	} else {
		KUNIT_EXPECT_GE(test, line.hits, requests * 9 / 10);
		KUNIT_EXPECT_GE(test, line.parked, 1ul);
	}
	vmem_qcache_reap(vmp);
	KUNIT_ASSERT_EQ(test, read_qcache(test, vmp, &line, 1), 1u);
	KUNIT_EXPECT_EQ(test, line.parked, 0ul);
	KUNIT_EXPECT_EQ(test, line.slabs, 0ul);
}

static void arenas_shows_counters(struct kunit *test)
{
	u64 inuse, import, total, alloc, free, wait, fail, misuse, largest, waiters;
	vmem_t *vmp = named(test, "counted", NULL);
	const char *line;
	int nr;

	take(vmp, 100, 0);
	give(vmp, take(vmp, PG, 0), PG);
	take(vmp, 17 * PG, 0);
	EXPECT_REFUSED(test, vmp, "bad free", give(vmp, 0x9000, PG));

	line = after(test, read_file(test, &vmem_arenas_sops), " counted ");
	nr = sscanf(line, "%llu %llu %llu %llu %llu %llu %llu %llu %llu %llu",
		    &inuse, &import, &total, &alloc, &free, &wait, &fail, &misuse,
		    &largest, &waiters);
	KUNIT_ASSERT_EQ(test, nr, 10);
	KUNIT_EXPECT_EQ(test, inuse, 100);
	KUNIT_EXPECT_EQ(test, import, 0);
	KUNIT_EXPECT_EQ(test, total, 16 * PG);
	KUNIT_EXPECT_EQ(test, alloc, 2);
	KUNIT_EXPECT_EQ(test, free, 1);
	KUNIT_EXPECT_EQ(test, wait, 0);
	KUNIT_EXPECT_EQ(test, fail, 1);
	KUNIT_EXPECT_EQ(test, misuse, 1);
	KUNIT_EXPECT_EQ(test, largest, 15 * PG);
	KUNIT_EXPECT_EQ(test, waiters, 0);
}

static unsigned long largest_shown(struct kunit *test, const char *name)
{
	const char *line = after(test, read_file(test, &vmem_arenas_sops), name);
	unsigned long largest = 0;
	int nr = sscanf(line, " %*u %*u %*u %*u %*u %*u %*u %*u %lu", &largest);

	KUNIT_EXPECT_EQ(test, nr, 1);
	return largest;
}

/* Of several free segments, in classes of one length and of more. */
static void arenas_shows_largest_segment(struct kunit *test)
{
	vmem_t *vmp = fixture_create(test, "gaps", PG, 1000 * PG, PG, NULL, NULL, NULL,
				     0, VM_SLEEP);

	xtake(vmp, PG, 0, 0, 0, 101 * PG, 102 * PG, 0);
	xtake(vmp, PG, 0, 0, 0, 300 * PG, 301 * PG, 0);
	xtake(vmp, 498 * PG, 0, 0, 0, 503 * PG, 1001 * PG, 0);
	EXPECT_LAYOUT(test, vmp, VMEM_FREE, "1000+64000 66000+c6000 12d000+ca000");
	KUNIT_EXPECT_EQ(test, largest_shown(test, " gaps "), 202 * PG);
	take(vmp, 202 * PG, VM_BESTFIT);
	KUNIT_EXPECT_EQ(test, largest_shown(test, " gaps "), 198 * PG);
	take(vmp, 198 * PG, VM_BESTFIT);
	take(vmp, 90 * PG, VM_BESTFIT);
	KUNIT_EXPECT_EQ(test, largest_shown(test, " gaps "), 10 * PG);
	take(vmp, 10 * PG, VM_BESTFIT);
	KUNIT_EXPECT_EQ(test, largest_shown(test, " gaps "), 0);
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
	KUNIT_CASE(qcache_shows_slabs),
	KUNIT_CASE(qcache_counts_hits),
	KUNIT_CASE(arenas_shows_counters),
	KUNIT_CASE(arenas_shows_largest_segment),
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
