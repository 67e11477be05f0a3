// SPDX-License-Identifier: GPL-2.0-only
/*
 * Statistics of arenas, read where users find them: in debugfs, which this mounts for
 * itself.
 */
#include <linux/err.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/mount.h>
#include <linux/path.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uio.h>

#include "time.h"

#define TEXT	(16 * PAGE_SIZE)

static struct vfsmount *debugfs;

static struct file *kstat_open(void)
{
	struct file_system_type *type;
	struct path root;

	if (!debugfs) {
		type = get_fs_type("debugfs");
		if (!type)
			return ERR_PTR(-ENODEV);
		debugfs = kern_mount(type);
	}
	if (IS_ERR(debugfs))
		return ERR_CAST(debugfs);
	root = (struct path) { .mnt = debugfs, .dentry = debugfs->mnt_root };
	return file_open_root(&root, "vmem/kstat", O_RDONLY, 0);
}

/* All of it, as a string. */
static ssize_t kstat_read(char *text)
{
	struct file *file = kstat_open();
	struct iov_iter to;
	struct kiocb iocb;
	struct kvec vec;
	ssize_t length = 0, got;

	if (IS_ERR(file))
		return PTR_ERR(file);
	do {
		vec = (struct kvec) { text + length, TEXT - 1 - length };
		init_sync_kiocb(&iocb, file);
		iocb.ki_pos = length;
		iov_iter_kvec(&to, ITER_DEST, &vec, 1, vec.iov_len);
		got = seq_read_iter(&iocb, &to);
		length += got > 0 ? got : 0;
	} while (got > 0 && length < TEXT - 1);
	fput(file);
	text[length] = '\0';
	return got < 0 ? got : length;
}

/**
 * bench_kstat() - a statistic of an arena.
 * @arena: Its name. Of several with that name, the first one.
 * @statistic: The statistic's name.
 *
 * Return: Its value; BENCH_UNKNOWN if it cannot be read.
 */
u64 bench_kstat(const char *arena, const char *statistic)
{
	char *text = kvmalloc(TEXT, GFP_KERNEL), *next = text, *line;
	char name[64], is[64];
	u64 value, found = BENCH_UNKNOWN;
	unsigned int id;

	if (!text || kstat_read(text) < 0)
		next = NULL;
	while (found == BENCH_UNKNOWN && (line = strsep(&next, "\n"))) {
		if (sscanf(line, "%u %63s %llu %63s", &id, is, &value, name) == 4 &&
		    !strcmp(is, statistic) && !strcmp(name, arena))
			found = value;
	}
	kvfree(text);
	return found;
}
