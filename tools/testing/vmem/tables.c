// SPDX-License-Identifier: GPL-2.0-only
/*
 * The hash table of allocated segments and the size classes of free ones, on their
 * own, with all that they are made to decide.
 *
 * The table: for keys of many patterns, after each of the first 200 insertions and of
 * the removals after them, each segment is found where it is looked for, no other is,
 * and the table has grown; with memory for buckets failing in each possible way.
 *
 * The classes: for each length up to 4096 quanta, and around each power of two and
 * each boundary between classes, up to the longest that there is, who asks for a
 * length gets one of the right class. What a class is, is not taken from the library:
 * classes follow each other in order of length, and each power of two begins one.
 * Two segments of about the same length, often of one class, are chosen from rightly.
 */
#include "linux/main.h"

#include "internal.h"

static unsigned long checks;

static void __noreturn __printf(1, 2) fail(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vprintk(fmt, args);
	va_end(args);
	printf("tables: FAILED\n");
	exit(1);
}

static vmem_t *arena(unsigned long quantum)
{
	vmem_t *vmp = vmem_create("tables", NULL, 0, quantum, NULL, NULL, NULL, 0,
				  VM_SLEEP);

	if (!vmp)
		panic("nothing to test on");
	return vmp;
}

/* === Memory for buckets === */

/* Bit n: the n-th time that it is asked for, there is none; all of them: never. */
static u64 failures;
static unsigned int asked;

static bool memory_fails(size_t size, gfp_t gfp)
{
	if (failures == U64_MAX)
		return true;
	return asked < 64 && failures >> asked++ & 1;
}

/* === The table === */

#define KEYS	200

struct keys {
	const char *name;
	unsigned int key_shift;		/* of the table */
	unsigned int load_shift;
	unsigned long first;
	unsigned long step;
	bool down;			/* inserted the highest first */
	bool alike;			/* chosen so that all hash to one bucket */
};

static const struct keys patterns[] = {
	{ .name = "identifiers", .first = 1, .step = 1 },
	{ .name = "identifiers downwards", .first = 1, .step = 1, .down = true },
	{ .name = "even identifiers", .first = 2, .step = 2 },
	{ .name = "pages", .key_shift = 12, .first = 0x100000, .step = 0x1000 },
	{ .name = "pages up to the top", .key_shift = 12, .first = -200ul << 12,
	  .step = 0x1000 },
	{ .name = "blocks", .key_shift = 6, .first = 0x40, .step = 0x1240 },
	{ .name = "high bits", .first = 1ul << (BITS_PER_LONG / 2),
	  .step = 1ul << (BITS_PER_LONG / 2) },
	{ .name = "slabs", .key_shift = 8, .load_shift = 1, .first = 0x100,
	  .step = 0x100 },
	{ .name = "one bucket", .first = 1, .step = 1, .alike = true },
	{ .name = "one bucket of slabs", .key_shift = 8, .load_shift = 1,
	  .first = 0x100, .step = 0x100, .alike = true },
};

struct trial {
	const struct keys *keys;
	vmem_t *vmp;
	struct vmem_table table;
	struct vmem_seg seg[KEYS];
	bool in[KEYS];
	unsigned int count;
	int vmflag;
};

/* Not in a bucket that they leave as long as there are few of them. */
static void choose_keys(struct trial *trial)
{
	const struct keys *keys = trial->keys;
	unsigned long addr = keys->first;
	unsigned int nr;

	for (nr = 0; nr < KEYS; addr += keys->step) {
		u32 hash = vmem_table_hash(&trial->table, addr);

		if (keys->alike && (hash & 0x7f) != 5)
			continue;
		trial->seg[keys->down ? KEYS - 1 - nr : nr].first = addr;
		nr++;
	}
}

static void begin(struct trial *trial, const struct keys *keys, vmem_t *vmp, int vmflag,
		  u64 fail_which)
{
	memset(trial, 0, sizeof(*trial));
	trial->keys = keys;
	trial->vmp = vmp;
	trial->vmflag = vmflag;
	vmem_table_init(&trial->table, keys->key_shift, keys->load_shift);
	choose_keys(trial);
	failures = fail_which;
	asked = 0;
}

static void __noreturn wrong(const struct trial *trial, const char *what)
{
	fail("keys \"%s\", flags %x, memory failing %llx: with %u keys and %lu buckets of %lu: %s",
	     trial->keys->name, trial->vmflag, failures, trial->count,
	     trial->table.buckets, trial->table.room, what);
}

/* The link to a segment, which must be in the bucket where it is looked for. */
static struct vmem_seg **find(struct trial *trial, const struct vmem_seg *seg)
{
	struct vmem_table *table = &trial->table;
	u32 hash = vmem_table_hash(table, seg->first);
	struct vmem_seg **link = vmem_table_bucket(table, hash);
	unsigned int i;

	for (i = 0; *link && *link != seg; i++) {
		if (i > KEYS)
			wrong(trial, "a chain without end");
		link = &(*link)->chain;
	}
	checks++;
	return link;
}

/* Segments beyond @nr have not been in the table yet. */
static void check(struct trial *trial, unsigned int nr)
{
	const struct vmem_table *table = &trial->table;
	const char *broken;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		struct vmem_seg *found = *find(trial, &trial->seg[i]);

		if (trial->in[i] && !found)
			wrong(trial, "a segment is lost");
		if (!trial->in[i] && found)
			wrong(trial, "a segment is found that was removed");
	}
	if (table->count != trial->count)
		wrong(trial, "it counts something else");
	broken = __vmem_table_broken(trial->vmp, table, trial->count);
	if (broken)
		wrong(trial, broken);
}

/* Not while there is no memory; and two at a time, so it catches up again. */
static void check_growth(struct trial *trial)
{
	unsigned long wanted = trial->count >> trial->table.load_shift;

	if (!failures && trial->table.buckets < wanted)
		wrong(trial, "it does not grow");
}

static void insert(struct trial *trial, unsigned int i)
{
	struct vmem_seg *seg = &trial->seg[i];
	unsigned long flags;

	vmem_table_reserve(trial->vmp, &trial->table, trial->vmflag);
	spin_lock_irqsave(&trial->vmp->lock, flags);
	seg->type = VMEM_SEG_ALLOCATED;
	__vmem_table_insert(trial->vmp, &trial->table, seg);
	spin_unlock_irqrestore(&trial->vmp->lock, flags);
	trial->in[i] = true;
	trial->count++;
}

static void take_out(struct trial *trial, unsigned int i)
{
	struct vmem_seg **link = find(trial, &trial->seg[i]);

	if (!*link)
		wrong(trial, "a segment is lost");
	__vmem_table_remove(trial->vmp, &trial->table, link);
	trial->in[i] = false;
	trial->count--;
}

/* Which one goes next, of @nr: the oldest, the newest, or one from amid. */
static unsigned int victim(unsigned int order, unsigned int i, unsigned int nr)
{
	switch (order) {
	case 0:
		return i;
	case 1:
		return nr - 1 - i;
	default:
		return (i * 211 + 31) % nr;	/* a prime: all come up */
	}
}

/* From @nr keys on, remove all in an order, looking at the rest each time. */
static void empty(struct trial *trial, unsigned int nr, unsigned int order)
{
	unsigned long flags;
	unsigned int i;

	spin_lock_irqsave(&trial->vmp->lock, flags);
	for (i = 0; i < nr; i++) {
		take_out(trial, victim(order, i, nr));
		check(trial, nr);
	}
	spin_unlock_irqrestore(&trial->vmp->lock, flags);
}

static void check_locked(struct trial *trial, unsigned int nr)
{
	unsigned long flags;

	spin_lock_irqsave(&trial->vmp->lock, flags);
	check(trial, nr);
	spin_unlock_irqrestore(&trial->vmp->lock, flags);
}

/* All the way up, each step looked at; down in an order; and up to half again. */
static void grow(vmem_t *vmp, const struct keys *keys, int vmflag, u64 fail_which,
		 unsigned int nr, unsigned int order)
{
	static struct trial trial;
	unsigned int i;

	begin(&trial, keys, vmp, vmflag, fail_which);
	for (i = 0; i < nr; i++) {
		insert(&trial, i);
		check_locked(&trial, i + 1);
		check_growth(&trial);
	}
	empty(&trial, nr, order);
	for (i = 0; i < nr; i += 2) {
		insert(&trial, i);
		check_locked(&trial, nr);
	}
	vmem_table_exit(&trial.table);
}

/* After each number of keys, so at and beside each size that it grows to. */
static void each_number(vmem_t *vmp, const struct keys *keys)
{
	unsigned int nr;

	for (nr = 1; nr <= KEYS; nr++)
		grow(vmp, keys, VM_SLEEP, 0, nr, nr % 3);
	for (nr = 0; nr < 3; nr++)
		grow(vmp, keys, VM_SLEEP, 0, KEYS, nr);
	grow(vmp, keys, VM_NOSLEEP, 0, KEYS, 0);
}

/* Each way in which the first nine requests for memory can fail. */
static void each_failure(vmem_t *vmp, const struct keys *keys)
{
	u64 which;

	for (which = 1; which < 512; which++) {
		grow(vmp, keys, VM_SLEEP, which, 70, which % 3);
		grow(vmp, keys, VM_NOSLEEP, which, 150, which % 3);
	}
	grow(vmp, keys, VM_SLEEP, U64_MAX, KEYS, 2);
	grow(vmp, keys, VM_NOSLEEP, U64_MAX, KEYS, 2);
}

/* When there is memory again, it grows to where it would be by then. */
static void recovers(vmem_t *vmp, const struct keys *keys, int vmflag)
{
	static struct trial trial;
	unsigned int i;

	begin(&trial, keys, vmp, vmflag, U64_MAX);
	for (i = 0; i < KEYS / 2; i++)
		insert(&trial, i);
	if (trial.table.buckets != 1 << VMEM_HASH_SHIFT)
		wrong(&trial, "it grows without memory");
	failures = 0;
	for (; i < KEYS; i++)
		insert(&trial, i);
	check_locked(&trial, KEYS);
	check_growth(&trial);
	vmem_table_exit(&trial.table);
}

static void each_table(void)
{
	unsigned long before = checks;
	vmem_t *vmp = arena(1);
	unsigned int i;

	kernel_memory_fails = memory_fails;
	for (i = 0; i < ARRAY_SIZE(patterns); i++) {
		each_number(vmp, &patterns[i]);
		recovers(vmp, &patterns[i], VM_SLEEP);
		recovers(vmp, &patterns[i], VM_NOSLEEP);
	}
	each_failure(vmp, &patterns[0]);
	each_failure(vmp, &patterns[7]);
	kernel_memory_fails = NULL;
	vmem_destroy(vmp);
	printf("hash table: %lu lookups\n", checks - before);
}

/* === Size classes === */

#define LENGTHS	40000
#define SIGN	BIT(BITS_PER_LONG - 1)

/* Free segments of each length, in order of length; not in the index to begin with. */
struct lengths {
	vmem_t *vmp;
	unsigned int nr;
	unsigned long quanta[LENGTHS];
	struct vmem_seg seg[LENGTHS];
	unsigned int class[LENGTHS];	/* counted from 0 by this program */
	unsigned int begins[LENGTHS];	/* by class: its first length */
	unsigned int nr_classes;
};

static struct lengths lengths;

static void add_length(struct lengths *l, unsigned long quanta)
{
	if (l->nr && l->quanta[l->nr - 1] >= quanta)
		return;
	if (l->nr == LENGTHS)
		panic("too many lengths");
	l->quanta[l->nr++] = quanta;
}

/* Around all that may be a boundary of classes: a power of two, or a 16th of one. */
static void choose_lengths(struct lengths *l, unsigned long quantum)
{
	unsigned long longest = ULONG_MAX / quantum;
	unsigned long power, step, i, off;

	l->nr = 0;
	for (i = 1; i <= 4096; i++)
		add_length(l, i);
	for (power = 4096; power <= longest / 2 + 1 && power; power *= 2) {
		for (step = 0; step < 64; step++) {
			unsigned long at = power + power / 64 * step;

			for (off = -3ul; off != 4; off++)
				if (at + off <= longest)
					add_length(l, at + off);
		}
	}
	for (i = longest - 64; i <= longest && i; i++)
		add_length(l, i);
}

static void make_segments(struct lengths *l)
{
	unsigned int i;

	for (i = 0; i < l->nr; i++) {
		struct vmem_seg *seg = &l->seg[i];

		memset(seg, 0, sizeof(*seg));
		seg->type = VMEM_SEG_FREE;
		seg->first = l->vmp->quantum;
		/* The longest one begins at 0, or its last unit would be too high. */
		if (l->quanta[i] > (ULONG_MAX - seg->first) / l->vmp->quantum)
			seg->first = 0;
		seg->last = seg->first + (l->quanta[i] * l->vmp->quantum - 1);
	}
}

static unsigned long index_of(const struct lengths *l, const struct vmem_seg *seg)
{
	return seg - l->seg;
}

static unsigned long units(const struct lengths *l, unsigned int i)
{
	return l->quanta[i] * l->vmp->quantum;
}

/* What is a class? What the library puts together, if it follows each other. */
static void number_classes(struct lengths *l)
{
	unsigned int i;

	l->nr_classes = 0;
	for (i = 0; i < l->nr; i++) {
		bool alike;

		__vmem_free_insert(l->vmp, &l->seg[i]);
		alike = i && l->seg[i - 1].class == l->seg[i].class;
		if (alike && is_power_of_2(l->quanta[i]))
			fail("length %lx is in the class of a shorter one", l->quanta[i]);
		if (!alike)
			l->begins[l->nr_classes++] = i;
		l->class[i] = l->nr_classes - 1;
		checks++;
	}
	while (i--)
		__vmem_free_remove(l->vmp, &l->seg[i]);
}

/* The first length of the lowest class that has only lengths of @quanta or more. */
static unsigned int surely_from(const struct lengths *l, unsigned long quanta)
{
	unsigned int class;

	for (class = 0; class < l->nr_classes; class++)
		if (l->quanta[l->begins[class]] >= quanta)
			return l->begins[class];
	return l->nr;
}

/* All lengths at once: the index must go through them by class, lowest class first. */
static void go_through(struct lengths *l)
{
	struct vmem_seg *seg = NULL;
	unsigned int nr = 0, class = 0, i;
	const char *broken;

	for (i = 0; i < l->nr; i++)
		__vmem_free_insert(l->vmp, &l->seg[i]);
	broken = __vmem_free_broken(l->vmp, l->nr);
	if (broken)
		fail("all lengths: %s", broken);
	while ((seg = __vmem_free_maybe(l->vmp, seg, l->vmp->quantum))) {
		i = index_of(l, seg);
		if (l->class[i] < class)
			fail("length %lx comes after a longer class", l->quanta[i]);
		class = l->class[i];
		nr++;
		checks++;
	}
	if (nr != l->nr)
		fail("%u lengths of %u are found", nr, l->nr);
	for (i = 0; i < l->nr; i++) {
		unsigned int from = surely_from(l, l->quanta[i]);

		seg = __vmem_free_surely(l->vmp, units(l, i));
		if (from == l->nr ? !!seg : !seg || l->class[index_of(l, seg)] != l->class[from])
			fail("who asks for %lx gets %lx", l->quanta[i],
			     seg ? l->quanta[index_of(l, seg)] : 0);
		checks++;
	}
	for (i = 0; i < l->nr; i++)
		__vmem_free_remove(l->vmp, &l->seg[i]);
}

/* One length alone: who asks for another gets it when he should, and only then. */
static void ask_for(struct lengths *l, unsigned int have, unsigned int want)
{
	const struct vmem_seg *seg = &l->seg[have];
	bool surely = l->quanta[l->begins[l->class[have]]] >= l->quanta[want];
	bool maybe = l->class[have] >= l->class[want];

	if (__vmem_free_surely(l->vmp, units(l, want)) != (surely ? seg : NULL))
		fail("length %lx is %s by who asks for %lx surely", l->quanta[have],
		     surely ? "not found" : "found", l->quanta[want]);
	if (__vmem_free_maybe(l->vmp, NULL, units(l, want)) != (maybe ? seg : NULL))
		fail("length %lx is %s for %lx", l->quanta[have],
		     maybe ? "ruled out" : "not ruled out", l->quanta[want]);
	checks += 2;
}

static void ask_for_each(struct lengths *l, unsigned int around)
{
	unsigned int have, want;

	for (have = 0; have < l->nr; have++) {
		unsigned int from = have > around ? have - around : 0;

		__vmem_free_insert(l->vmp, &l->seg[have]);
		for (want = from; want < l->nr && want < have + around; want++)
			ask_for(l, have, want);
		ask_for(l, have, 0);
		ask_for(l, have, l->nr - 1);
		__vmem_free_remove(l->vmp, &l->seg[have]);
		if (l->vmp->free.words)
			fail("length %lx is not removed", l->quanta[have]);
	}
}

/* A segment becomes longer or shorter. */
static void change_each(struct lengths *l, unsigned int nr)
{
	unsigned int from, to;
	const char *broken;

	for (from = 0; from < nr; from++) {
		for (to = 0; to < nr; to++) {
			struct vmem_seg *seg = &l->seg[from];
			unsigned long was = seg->last;

			__vmem_free_insert(l->vmp, seg);
			__vmem_free_resize(l->vmp, seg, seg->first,
					   seg->first + (units(l, to) - 1));
			broken = __vmem_free_broken(l->vmp, 1);
			if (broken)
				fail("%u quanta become %u: %s", from + 1, to + 1, broken);
			__vmem_free_remove(l->vmp, seg);
			seg->last = was;
			checks++;
		}
	}
}

/* Each subset of lengths whose classes are at both ends of words of the bitmap. */
#define CORNERS	14

static void each_subset(struct lengths *l)
{
	unsigned int corner[CORNERS], nr = 0, class, i;
	unsigned long set;

	for (class = 0; class < l->nr_classes && nr < CORNERS; class++)
		if (class % BITS_PER_LONG == BITS_PER_LONG - 2 || class % BITS_PER_LONG == 0 ||
		    class % BITS_PER_LONG == BITS_PER_LONG - 1)
			corner[nr++] = l->begins[class];
	for (set = 0; set < BIT(nr); set++) {
		for (i = 0; i < nr; i++)
			if (set >> i & 1)
				__vmem_free_insert(l->vmp, &l->seg[corner[i]]);
		for (i = 0; i < nr; i++) {
			unsigned long above = set >> i << i;
			struct vmem_seg *want =
				above ? &l->seg[corner[__ffs(above)]] : NULL;

			if (__vmem_free_maybe(l->vmp, NULL, units(l, corner[i])) != want)
				fail("of the set %lx, %lx is not what comes next", set,
				     l->quanta[corner[i]]);
			if (__vmem_free_surely(l->vmp, units(l, corner[i])) != want)
				fail("of the set %lx, %lx is not what is long enough", set,
				     l->quanta[corner[i]]);
			checks += 2;
		}
		for (i = 0; i < nr; i++)
			if (set >> i & 1)
				__vmem_free_remove(l->vmp, &l->seg[corner[i]]);
	}
}

/* === Choices === */

static void __noreturn bad_choice(const struct vmem_req *req, const struct vmem_seg *a,
				  const struct vmem_seg *b, const struct vmem_seg *got)
{
	fail("of 0x%lx+%lx and 0x%lx+%lx, policy %d for %lx takes %s", a->first,
	     a->last - a->first + 1, b->first, b->last - b->first + 1, req->policy,
	     req->len, !got ? "none" : got == a ? "the first" : "the second");
}

static bool fits(const struct vmem_seg *seg, const struct vmem_req *req)
{
	return seg->last - seg->first + 1 >= req->len;
}

/* Of two segments that may both be too short, the lower one is @a. */
static struct vmem_seg *right_choice(const struct vmem_req *req, struct vmem_seg *a,
				     struct vmem_seg *b)
{
	if (!fits(a, req) || !fits(b, req))
		return fits(a, req) ? a : fits(b, req) ? b : NULL;
	if (req->policy == VMEM_BEST && b->last - b->first < a->last - a->first)
		return b;
	return a;
}

static void choose(struct lengths *l, struct vmem_seg *a, struct vmem_seg *b,
		   unsigned long len)
{
	struct vmem_req req = {
		.size = len, .len = len, .align = l->vmp->quantum, .max = ULONG_MAX,
	};
	struct vmem_seg *want, *got;
	enum vmem_search found;
	unsigned long addr;

	for (req.policy = VMEM_INSTANT; req.policy <= VMEM_NEXT; req.policy++) {
		found = __vmem_search(l->vmp, &req, &got, &addr);
		got = found == VMEM_SEARCH_FOUND ? got : NULL;
		want = right_choice(&req, a, b);
		checks++;
		/* Instant fit may take either, if it is long enough. */
		if (got != want && !(req.policy == VMEM_INSTANT && got && fits(got, &req)))
			bad_choice(&req, a, b, got);
	}
}

/* Two segments of about the same length: who takes which, if he asks for as much? */
static void each_choice(struct lengths *l, unsigned int nr, unsigned int around)
{
	struct vmem_seg low = { .type = VMEM_SEG_FREE }, high = low;
	unsigned int i, j, k;

	low.first = l->vmp->quantum;
	high.first = SIGN;
	for (i = 0; i < nr; i++) {
		for (j = i > around ? i - around : 0; j < i + around; j++) {
			unsigned int from = min(i, j);

			low.last = low.first + (units(l, i) - 1);
			high.last = high.first + (units(l, j) - 1);
			__vmem_free_insert(l->vmp, (i + j) % 2 ? &low : &high);
			__vmem_free_insert(l->vmp, (i + j) % 2 ? &high : &low);
			for (k = from ? from - 1 : 0; k < max(i, j) + 2; k++)
				choose(l, &low, &high, units(l, k));
			__vmem_free_remove(l->vmp, &low);
			__vmem_free_remove(l->vmp, &high);
		}
	}
}

static void each_class(unsigned long quantum)
{
	unsigned long flags, before = checks;
	struct lengths *l = &lengths;

	l->vmp = arena(quantum);
	choose_lengths(l, quantum);
	make_segments(l);
	/* Room for all classes that the index can ever have. */
	vmem_free_reserve(l->vmp, ULONG_MAX - 1, VM_SLEEP);
	spin_lock_irqsave(&l->vmp->lock, flags);
	number_classes(l);
	go_through(l);
	ask_for_each(l, 150);
	change_each(l, 300);
	each_subset(l);
	each_choice(l, 600, 10);
	spin_unlock_irqrestore(&l->vmp->lock, flags);
	printf("size classes, quantum 0x%lx: %u lengths, %u classes, %lu questions\n",
	       quantum, l->nr, l->nr_classes, checks - before);
	vmem_destroy(l->vmp);
}

/* The first 4096 lengths, each with each: nothing is left to sampling there. */
static void each_pair(void)
{
	unsigned long flags, before = checks;
	struct lengths *l = &lengths;
	unsigned int i;

	l->vmp = arena(1);
	l->nr = 0;
	for (i = 1; i <= 4096; i++)
		add_length(l, i);
	make_segments(l);
	vmem_free_reserve(l->vmp, ULONG_MAX - 1, VM_SLEEP);
	spin_lock_irqsave(&l->vmp->lock, flags);
	number_classes(l);
	ask_for_each(l, 4096);
	spin_unlock_irqrestore(&l->vmp->lock, flags);
	printf("size classes, each pair: %lu questions\n", checks - before);
	vmem_destroy(l->vmp);
}

int main(int argc, char **argv)
{
	kernel_begin();
	each_table();
	each_pair();
	each_class(1);
	each_class(4096);
	kernel_end();
	printf("tables: %lu checks, 0 failures\n", checks);
	return 0;
}
