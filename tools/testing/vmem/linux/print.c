// SPDX-License-Identifier: GPL-2.0-only
/*
 * The log, and whatever else makes text: formats that the kernel has and C has not,
 * symbols, backtraces, sequential files.
 */
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kernel.h"

#undef vsnprintf
#undef snprintf

/* === Symbols === */

#if __SIZEOF_LONG__ == 8
#define ELF(type)	Elf64_##type
#define ELF_TYPE(info)	ELF64_ST_TYPE(info)
#else
#define ELF(type)	Elf32_##type
#define ELF_TYPE(info)	ELF32_ST_TYPE(info)
#endif

static const char *image;
static const ELF(Sym) *symbols;
static size_t nr_symbols;
static const char *names;
static unsigned long moved;

/* The first object is the program itself. */
static int note_base(struct dl_phdr_info *info, size_t size, void *data)
{
	moved = info->dlpi_addr;
	return 1;
}

static void __attribute__((constructor)) read_symbols(void)
{
	int fd = open("/proc/self/exe", O_RDONLY);
	const ELF(Shdr) *section;
	const ELF(Ehdr) *head;
	struct stat st;
	int i;

	if (fd < 0 || fstat(fd, &st))
		return;
	image = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (image == MAP_FAILED)
		return;
	dl_iterate_phdr(note_base, NULL);
	head = (const void *)image;
	section = (const void *)(image + head->e_shoff);
	for (i = 0; i < head->e_shnum; i++) {
		if (section[i].sh_type != SHT_SYMTAB)
			continue;
		symbols = (const void *)(image + section[i].sh_offset);
		nr_symbols = section[i].sh_size / sizeof(*symbols);
		names = image + section[section[i].sh_link].sh_offset;
	}
}

void kernel_symbol(unsigned long addr, char *buf, size_t size, bool offset)
{
	size_t i;

	for (i = 0; i < nr_symbols; i++) {
		unsigned long in = addr - moved - symbols[i].st_value;

		if (ELF_TYPE(symbols[i].st_info) != STT_FUNC ||
		    in >= symbols[i].st_size)
			continue;
		snprintf(buf, size, offset ? "%s+0x%lx/0x%lx" : "%s",
			 names + symbols[i].st_name, in,
			 (unsigned long)symbols[i].st_size);
		return;
	}
	snprintf(buf, size, "0x%lx", addr);
}

/* === Formats === */

struct text {
	char *buf;
	size_t size;
	size_t len;			/* that it would have */
};

static void add(struct text *text, const char *from, size_t len)
{
	if (text->len < text->size)
		memcpy(text->buf + text->len, from,
		       min(len, text->size - text->len));
	text->len += len;
}

static void add_padded(struct text *text, const char *from, const char *spec)
{
	bool left = spec[1] == '-';
	int width = atoi(spec + 1 + left), len = strlen(from);

	while (!left && width-- > len)
		add(text, " ", 1);
	add(text, from, len);
	while (left && width-- > len)
		add(text, " ", 1);
}

/* What follows a %p; returns how many letters were its own. */
static int add_pointer(struct text *text, const char *spec, const char *letter,
		       void *ptr)
{
	char buf[200];

	switch (*letter) {
	case 'S': case 's': case 'B':
		kernel_symbol((unsigned long)ptr, buf, sizeof(buf), *letter != 's');
		add_padded(text, buf, spec);
		return 1;
	case 'V': {
		const struct va_format *vaf = ptr;
		va_list args;

		va_copy(args, *vaf->va);
		kernel_vsnprintf(buf, sizeof(buf), vaf->fmt, args);
		va_end(args);
		add_padded(text, buf, spec);
		return 1;
	}
	case 'e':
		snprintf(buf, sizeof(buf), "%ld", PTR_ERR(ptr));
		add_padded(text, buf, spec);
		return 1;
	case 'x': case 'K':
		snprintf(buf, sizeof(buf), "%0*lx", (int)sizeof(long) * 2,
			 (unsigned long)ptr);
		add_padded(text, buf, spec);
		return 1;
	default:
		/* Hashed, that is, something else each time and no use. */
		snprintf(buf, sizeof(buf), "%0*lx", (int)sizeof(long) * 2,
			 ((unsigned long)ptr * 2654435761ul ^ (unsigned long)&image) &
			 0xffffffff);
		add_padded(text, ptr ? buf : "0000000000000000", spec);
		return 0;
	}
}

/* "%*ph": bytes. */
static void add_bytes(struct text *text, const u8 *from, int nr)
{
	char buf[4];

	while (nr--) {
		snprintf(buf, sizeof(buf), "%02x%s", *from++, nr ? " " : "");
		add(text, buf, strlen(buf));
	}
}

/* One conversion, by C's own means. */
static void add_plain(struct text *text, const char *spec, va_list *args)
{
	char small[128], *buf = small;
	size_t room = sizeof(small);
	int len = 0, try;

	for (try = 0; try < 2; try++) {
		va_list copy;

		va_copy(copy, *args);
		len = vsnprintf(buf, room, spec, copy);
		va_end(copy);
		if ((size_t)len < room)
			break;
		room = len + 1;
		buf = malloc(room);
		BUG_ON(!buf);
	}
	add(text, buf, len);
	if (buf != small)
		free(buf);
}

static void skip_argument(const char *spec, va_list *args)
{
	const char *c;
	int longs = 0;

	for (c = spec; *c; c++)
		if (*c == '*')
			va_arg(*args, int);
	for (c = spec; *c; c++)
		longs += *c == 'l' ? 1 : *c == 'z' || *c == 't' ? 1 : *c == 'L' ? 2 : 0;
	switch (c[-1]) {
	case 's': case 'p':
		va_arg(*args, void *);
		break;
	case '%':
		break;
	default:
		if (longs >= 2)
			va_arg(*args, long long);
		else if (longs)
			va_arg(*args, long);
		else
			va_arg(*args, int);
	}
}

int kernel_vsnprintf(char *buf, size_t size, const char *fmt, va_list original)
{
	struct text text = { .buf = buf, .size = size };
	char spec[32];
	va_list args;

	va_copy(args, original);
	while (*fmt) {
		size_t plain = strcspn(fmt, "%"), len;

		add(&text, fmt, plain);
		fmt += plain;
		if (!*fmt)
			break;
		len = 1 + strspn(fmt + 1, "-+ #0123456789.*hlLzt") + 1;
		BUG_ON(len >= sizeof(spec));
		memcpy(spec, fmt, len);
		spec[len] = 0;
		fmt += len;
		if (spec[len - 1] != 'p') {
			add_plain(&text, spec, &args);
			skip_argument(spec, &args);
		} else if (*fmt == 'h') {
			int nr = va_arg(args, int);

			add_bytes(&text, va_arg(args, u8 *), nr);
			fmt++;
		} else {
			fmt += add_pointer(&text, spec, fmt, va_arg(args, void *));
		}
	}
	va_end(args);
	if (size)
		buf[min(text.len, size - 1)] = 0;
	return text.len;
}

#define format_into(call) \
	({ \
		va_list args; \
		int ret; \
		va_start(args, fmt); \
		ret = call; \
		va_end(args); \
		ret; \
	})

int kernel_snprintf(char *buf, size_t size, const char *fmt, ...)
{
	return format_into(kernel_vsnprintf(buf, size, fmt, args));
}

int scnprintf(char *buf, size_t size, const char *fmt, ...)
{
	int len = format_into(kernel_vsnprintf(buf, size, fmt, args));

	return size ? min(len, (int)size - 1) : 0;
}

int sysfs_emit(char *buf, const char *fmt, ...)
{
	return format_into(kernel_vsnprintf(buf, PAGE_SIZE, fmt, args));
}

/* === Strings === */

ssize_t strscpy_sized(char *to, const char *from, size_t size)
{
	size_t len = strnlen(from, size);

	if (!size)
		return -E2BIG;
	memcpy(to, from, min(len, size - 1));
	to[min(len, size - 1)] = 0;
	return len < size ? (ssize_t)len : -E2BIG;
}

size_t kernel_strlcat(char *to, const char *from, size_t size)
{
	size_t len = strlen(to);

	strscpy_sized(to + len, from, size - len);
	return len + strlen(from);
}

void *memchr_inv(const void *from, int c, size_t bytes)
{
	const u8 *p = from;

	for (; bytes--; p++)
		if (*p != (u8)c)
			return (void *)p;
	return NULL;
}

void *memset32(u32 *to, u32 value, size_t nr)
{
	while (nr--)
		to[nr] = value;
	return to;
}

bool strstarts(const char *text, const char *prefix)
{
	return !strncmp(text, prefix, strlen(prefix));
}

const char *kbasename(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

void get_random_bytes(void *buf, size_t size)
{
	BUG_ON(getrandom(buf, size, 0) != (ssize_t)size);
}

u32 get_random_u32(void)
{
	u32 value;

	get_random_bytes(&value, sizeof(value));
	return value;
}

/* === Bitmaps === */

static unsigned long find_bit(const unsigned long *map, unsigned long size,
			      unsigned long from, unsigned long flip)
{
	for (; from < size; from = (from | (BITS_PER_LONG - 1)) + 1) {
		unsigned long word = (READ_ONCE(map[BIT_WORD(from)]) ^ flip) &
				     (~0ul << (from % BITS_PER_LONG));

		if (word)
			return min((from & -BITS_PER_LONG) + __ffs(word), size);
	}
	return size;
}

unsigned long find_next_bit(const unsigned long *map, unsigned long size,
			    unsigned long from)
{
	return find_bit(map, size, from, 0);
}

unsigned long find_next_zero_bit(const unsigned long *map, unsigned long size,
				 unsigned long from)
{
	return find_bit(map, size, from, ~0ul);
}

/* === The log === */

static pthread_mutex_t log_lock = PTHREAD_MUTEX_INITIALIZER;
static void (*console_probe)(void *data, const char *text, size_t len);
static void *console_data;

int register_trace_console(void (*probe)(void *data, const char *text, size_t len),
			   void *data)
{
	console_probe = probe;
	console_data = data;
	return 0;
}

int unregister_trace_console(void (*probe)(void *data, const char *text, size_t len),
			     void *data)
{
	console_probe = NULL;
	return 0;
}

bool kernel_quiet;

/* A line at a time, to the probe without the level, as the kernel's does. */
int vprintk(const char *fmt, va_list args)
{
	static char line[1024];
	int len;

	if (kernel_quiet)
		return 0;
	pthread_mutex_lock(&log_lock);
	len = kernel_vsnprintf(line, sizeof(line), fmt, args);
	len = min(len, (int)sizeof(line) - 1);
	if (line[0] == KERN_SOH[0] && len >= 2) {
		len -= 2;
		memmove(line, line + 2, len + 1);
	}
	if (console_probe)
		console_probe(console_data, line, len);
	fputs(line, stdout);
	if (len && line[len - 1] != '\n')
		fputc('\n', stdout);
	pthread_mutex_unlock(&log_lock);
	return len;
}

int printk(const char *fmt, ...)
{
	return format_into(vprintk(fmt, args));
}

void panic(const char *fmt, ...)
{
	va_list args;

	kernel_quiet = false;
	va_start(args, fmt);
	vprintk(fmt, args);
	va_end(args);
	fflush(stdout);
	abort();
}

void ratelimit_state_init(struct ratelimit_state *rs, int interval, int burst)
{
	*rs = (struct ratelimit_state)RATELIMIT_STATE_INIT(*rs, interval, burst);
}

int __ratelimit(struct ratelimit_state *rs)
{
	int ret = 1;

	pthread_mutex_lock(&rs->lock);
	if (!rs->printed || time_after(jiffies, rs->begin + rs->interval)) {
		rs->begin = jiffies;
		rs->printed = 0;
	}
	if (rs->burst > rs->printed) {
		rs->printed++;
	} else {
		rs->missed++;
		ret = 0;
	}
	pthread_mutex_unlock(&rs->lock);
	return ret;
}

/* === Backtraces === */

#define STACKS	4096

static struct {
	unsigned int next;		/* of its bucket; from 1 on, 0 is the end */
	unsigned int nr;
	unsigned long entry[16];
} stacks[STACKS];
static unsigned int nr_stacks, stack_bucket[STACKS];
static pthread_mutex_t stacks_lock = PTHREAD_MUTEX_INITIALIZER;

void stack_depot_init(void)
{
}

static unsigned long end_of_stack(void)
{
	static __thread unsigned long end;
	pthread_attr_t attr;
	size_t size;
	void *begin;

	if (!end) {
		pthread_getattr_np(pthread_self(), &attr);
		pthread_attr_getstack(&attr, &begin, &size);
		pthread_attr_destroy(&attr);
		end = (unsigned long)begin + size;
	}
	return end;
}

/* By frame pointers, which all but the C library has. */
__attribute__((no_sanitize("address", "thread")))
unsigned int stack_trace_save(unsigned long *entry, unsigned int size,
			      unsigned int skip)
{
	unsigned long frame = (unsigned long)__builtin_frame_address(0), before = 0;
	unsigned long end = end_of_stack() - 2 * sizeof(long);
	unsigned int depth, nr = 0;

	for (depth = 1; nr < size && frame > before && frame <= end; depth++) {
		if (depth >= skip)
			entry[nr++] = ((unsigned long *)frame)[1];
		before = frame;
		frame = *(unsigned long *)frame;
		if (frame % sizeof(long))
			break;
	}
	return nr;
}

depot_stack_handle_t stack_depot_save(unsigned long *entry, unsigned int nr,
				      gfp_t gfp)
{
	unsigned int *first, i, hash = 0;

	nr = min_t(unsigned int, nr, ARRAY_SIZE(stacks[0].entry));
	for (i = 0; i < nr; i++)
		hash = hash * 31 + entry[i];
	first = &stack_bucket[hash % STACKS];
	pthread_mutex_lock(&stacks_lock);
	for (i = *first; i; i = stacks[i - 1].next)
		if (stacks[i - 1].nr == nr &&
		    !memcmp(stacks[i - 1].entry, entry, nr * sizeof(*entry)))
			break;
	if (!i && nr_stacks < STACKS) {
		i = ++nr_stacks;
		stacks[i - 1].nr = nr;
		memcpy(stacks[i - 1].entry, entry, nr * sizeof(*entry));
		stacks[i - 1].next = *first;
		*first = i;
	}
	pthread_mutex_unlock(&stacks_lock);
	return i;
}

unsigned int stack_depot_fetch(depot_stack_handle_t stack, unsigned long **entry)
{
	if (!stack)
		return 0;
	*entry = stacks[stack - 1].entry;
	return stacks[stack - 1].nr;
}

void stack_trace_print(const unsigned long *entry, unsigned int nr, int spaces)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		printk(" %*s%pS\n", spaces, "", (void *)entry[i]);
}

/* === Sequential files === */

static void seq_add(struct seq_file *file, const char *text, size_t len)
{
	if (file->count + len < file->size) {
		memcpy(file->buf + file->count, text, len);
		file->count += len;
		file->buf[file->count] = 0;
	} else {
		file->count = file->size;
	}
}

void seq_printf(struct seq_file *file, const char *fmt, ...)
{
	char buf[1024];
	int len = format_into(kernel_vsnprintf(buf, sizeof(buf), fmt, args));

	seq_add(file, buf, min(len, (int)sizeof(buf) - 1));
}

void seq_puts(struct seq_file *file, const char *text)
{
	seq_add(file, text, strlen(text));
}

void seq_putc(struct seq_file *file, char c)
{
	seq_add(file, &c, 1);
}

bool seq_has_overflowed(struct seq_file *file)
{
	return file->count == file->size;
}

int seq_open_private(struct file *file, const struct seq_operations *ops, int size)
{
	struct seq_file *seq = kzalloc(sizeof(*seq), GFP_KERNEL);

	seq->op = ops;
	seq->private = kzalloc(size, GFP_KERNEL);
	file->private_data = seq;
	return 0;
}

int seq_release_private(struct inode *inode, struct file *file)
{
	struct seq_file *seq = file->private_data;

	kfree(seq->private);
	kfree(seq);
	return 0;
}

/* All of it, from the start, or as much as there is room for. */
ssize_t seq_read(struct file *file, char *buf, size_t size, loff_t *pos)
{
	struct seq_file *seq = file->private_data;
	loff_t at = 0;
	void *v;

	seq->buf = buf;
	seq->size = size;
	seq->count = 0;
	for (v = seq->op->start(seq, &at); v && !seq_has_overflowed(seq);
	     v = seq->op->next(seq, v, &at))
		seq->op->show(seq, v);
	seq->op->stop(seq, v);
	return seq->count;
}

loff_t seq_lseek(struct file *file, loff_t pos, int whence)
{
	return 0;
}

/* === Tracepoints: nobody looks === */

DEFINE_STATIC_KEY_FALSE(vmem_trace_key);

void vmem_trace_exit(void)
{
}

/* === debugfs: nothing but names === */

static struct dentry *new_dentry(const char *name, void *data)
{
	struct dentry *dentry = kzalloc(sizeof(*dentry), GFP_KERNEL);

	if (!dentry)
		return ERR_PTR(-ENOMEM);
	dentry->name = name;
	dentry->inode.i_private = data;
	return dentry;
}

struct dentry *debugfs_create_dir(const char *name, struct dentry *parent)
{
	return new_dentry(name, NULL);
}

/* Read it once, as a user would, and let it go: files of ours have no state. */
struct dentry *debugfs_create_file(const char *name, umode_t mode,
				   struct dentry *parent, void *data,
				   const struct file_operations *fops)
{
	struct inode inode = { .i_private = data };
	struct file file = {};
	char buf[8192];
	loff_t pos = 0;

	BUG_ON(mode & 0077);
	BUG_ON(fops->open(&inode, &file));
	BUG_ON(fops->read(&file, buf, sizeof(buf), &pos) <= 0);
	fops->release(&inode, &file);
	return NULL;
}

struct dentry *debugfs_lookup(const char *name, struct dentry *parent)
{
	return NULL;
}

void debugfs_remove(struct dentry *dir)
{
	if (!IS_ERR(dir))
		kfree(dir);
}
