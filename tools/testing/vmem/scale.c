// SPDX-License-Identifier: GPL-2.0-only
/*
 * The scale ruler: the library in a process, at full speed, on the machine's own
 * CPUs, beside what else a driver could use, from the kernel's own sources.
 *
 *	scale [--quick] [--work NAME] [--peer NAME] [--n N] [--seed N] [--repeats N]
 *	      [--huge]
 *
 * --work and --peer may be repeated. --huge has records lie in pages of 2 MiB, as in
 * a kernel, rather than in those that processes have.
 *
 * One line a result: nanoseconds for each pair of an allocation and a free (or for
 * each object, through a ring), as the median of the repeats and the least of them,
 * by the clock; as the median by the CPU's time, which others that run on the
 * machine do not add to; and, of single pairs timed one by one, the 99th percentile.
 * What a kernel would cost beside that: linux/fast.h.
 */
#include "scale.h"

#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "internal.h"

#define CPUS		2
#define REPEATS_MAX	256
#define PEERS_MAX	32
#define SIZES		64		/* random ones are 1 to 64 quanta */

/* === Options === */

static struct {
	bool quick;
	unsigned long n;
	u32 seed;
	unsigned int repeats;
	const char *work[16], *peer[16];
	unsigned int nr_work, nr_peer;
} opt = { .seed = 1 };

static bool chosen(const char *name, const char **names, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (!strcmp(name, names[i]))
			return true;
	return !nr;
}

static bool work_chosen(const char *name)
{
	return chosen(name, opt.work, opt.nr_work);
}

/* === Randomness: the same for all peers === */

static u64 random_state;

static void start_random(u32 salt)
{
	random_state = ((u64)opt.seed << 32 | salt) * 0x9e3779b97f4a7c15ull + 1;
}

static u32 draw(u32 ceiling)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return (random_state >> 32) * ceiling >> 32;
}

/* === vmem === */

#define ARENA_BASE	0x1000000ul

static void *create_arena(unsigned long quanta, bool cached)
{
	return vmem_create("scale", (void *)ARENA_BASE, quanta, 1, NULL, NULL, NULL,
			   cached ? 16 : 0, VM_SLEEP | VMC_IDENTIFIER);
}

static void destroy_arena(void *arena)
{
	vmem_destroy(arena);
}

static u64 arena_search(void *arena)
{
	return vmem_stat(arena, VMEM_STAT_SEARCH);
}

#define DEFINE_VMEM_PEER(peer, text, policy, ...)			\
static __always_inline unsigned long peer##_take(void *arena, unsigned long size) \
{									\
	return (unsigned long)vmem_alloc(arena, size, VM_NOSLEEP | (policy)); \
}									\
									\
static __always_inline void peer##_give(void *arena, unsigned long addr, \
					unsigned long size)		\
{									\
	vmem_free(arena, (void *)addr, size);				\
}									\
									\
DEFINE_PEER(peer,							\
	    .name = text,						\
	    .create = create_arena,					\
	    .destroy = destroy_arena,					\
	    .uncached = true,						\
	    .search = arena_search,					\
	    __VA_ARGS__)

DEFINE_VMEM_PEER(vmem, "vmem", 0, .cached = true);
DEFINE_VMEM_PEER(vmem_best, "vmem-best", VM_BESTFIT);
DEFINE_VMEM_PEER(vmem_first, "vmem-first", VM_FIRSTFIT);
DEFINE_VMEM_PEER(vmem_next, "vmem-next", VM_NEXTFIT);

/* === What the machine itself can do: loops without an allocator === */

static void *create_nothing(unsigned long quanta, bool cached)
{
	return &random_state;
}

static void destroy_nothing(void *nothing)
{
}

/* 32 additions, one after the other. */
static __always_inline unsigned long alu_take(void *nothing, unsigned long size)
{
	unsigned int i;

	for (i = 0; i < 32; i++)
		__asm__ __volatile__("add $1, %0" : "+r" (size));
	return size;
}

static __always_inline void alu_give(void *nothing, unsigned long addr,
				     unsigned long size)
{
}

DEFINE_PEER(alu, .name = "limit-alu", .create = create_nothing,
	    .destroy = destroy_nothing);

/* 32 loads and stores, in two lines of the thread's own. */
static __thread unsigned long own_lines[16] __aligned(64);

static __always_inline unsigned long l1_take(void *nothing, unsigned long size)
{
	unsigned int i;

	for (i = 0; i < 16; i++)
		WRITE_ONCE(own_lines[i], READ_ONCE(own_lines[i]) + size);
	return size;
}

static __always_inline void l1_give(void *nothing, unsigned long addr,
				    unsigned long size)
{
	l1_take(nothing, size);
}

DEFINE_PEER(l1, .name = "limit-l1", .create = create_nothing,
	    .destroy = destroy_nothing);

/* What goes through a ring without being allocated. */
static __always_inline unsigned long ring_take(void *nothing, unsigned long size)
{
	return size;
}

static __always_inline void ring_give(void *nothing, unsigned long addr,
				      unsigned long size)
{
	__asm__ __volatile__("" : : "r" (addr));
}

DEFINE_PEER(ring, .name = "limit-ring", .create = create_nothing,
	    .destroy = destroy_nothing);

static const struct scale_peer *const limits[] = { &scale_alu, &scale_l1, NULL };
static const struct scale_peer *const ring_limits[] = { &scale_ring, NULL };

/* More of them are in scale-peers.c, if they are built. */
extern const struct scale_peer *const scale_peers[] __weak;

static unsigned int all_peers(const struct scale_peer **peers)
{
	unsigned int nr = 0, i;

	peers[nr++] = &scale_vmem;
	peers[nr++] = &scale_vmem_best;
	peers[nr++] = &scale_vmem_first;
	peers[nr++] = &scale_vmem_next;
	for (i = 0; scale_peers && scale_peers[i]; i++)
		peers[nr++] = scale_peers[i];
	return nr;
}

/* === Time === */

static u64 clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000000ull + now.tv_nsec;
}

static int compare_u64(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

static int compare_u32(const void *a, const void *b)
{
	u32 x = *(const u32 *)a, y = *(const u32 *)b;

	return x < y ? -1 : x > y;
}

/* What all figures are in. */
static double each(u64 ns, unsigned long n)
{
	return (double)ns / n;
}

/* Ticks of the TSC for each nanosecond, and those that reading it twice takes. */
static double ticks_per_ns;
static u32 ticks_lost;

static void calibrate_ticks(void)
{
	u64 ns = clock_ns(CLOCK_MONOTONIC), ticks = scale_ticks(), i;

	ticks_lost = UINT_MAX;
	for (i = 0; i < 100000; i++) {
		u64 begin = scale_ticks();

		ticks_lost = min_t(u64, ticks_lost, scale_ticks() - begin);
	}
	while (clock_ns(CLOCK_MONOTONIC) - ns < 20000000)
		;
	ticks_per_ns = (double)(scale_ticks() - ticks) /
		       (clock_ns(CLOCK_MONOTONIC) - ns);
}

/* Nanoseconds for each of the loads that follow each other through so much memory. */
static double chase(size_t bytes)
{
	size_t nr = bytes / 64, i;
	struct { size_t next; char rest[56]; } *line;
	size_t at = 0, steps = 1 << 20, other;
	u64 begin;

	BUG_ON(posix_memalign((void **)&line, SZ_2M, bytes));
	madvise(line, bytes, fast_huge_pages ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	for (i = 0; i < nr; i++)
		line[i].next = i;
	for (i = nr - 1; i; i--) {
		other = draw(i);
		swap(line[i].next, line[other].next);
	}
	for (i = 0; i < min(nr, steps); i++)
		at = line[at].next;
	begin = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	for (i = 0; i < steps; i++)
		at = line[at].next;
	begin = clock_ns(CLOCK_THREAD_CPUTIME_ID) - begin;
	WRITE_ONCE(random_state, random_state + at);
	free(line);
	return each(begin, steps);
}

/*
 * While the clock runs nobody else shall have our CPU, if we may have that: whoever
 * is not on his CPU keeps all others waiting for his lock. If something is wrong,
 * the limit of main() ends us: of what is used without any sleep, hence this one. A
 * microsecond can be over before it has begun, and is no sleep then.
 */
static bool real_time(bool on)
{
	struct sched_param param = { .sched_priority = on ? 1 : 0 };

	if (!on)
		usleep(100);
	return !sched_setscheduler(0, on ? SCHED_FIFO : SCHED_OTHER, &param);
}

/* Threads begin together: each on its own CPU, and nobody before all are there. */
static atomic_t at_start;
static int started;

static void wait_for_start(void)
{
	real_time(true);
	atomic_inc(&at_start);
	while (!READ_ONCE(started))
		__builtin_ia32_pause();
}

static void wait_for_others(unsigned int nr)
{
	while (atomic_read(&at_start) < (int)nr)
		usleep(1);
	real_time(true);
}

#define TURNS	20000

static struct {
	unsigned long turn;
} ____cacheline_aligned_in_smp ball;

static void play(unsigned long me)
{
	unsigned long i;

	for (i = me; i < TURNS; i += 2) {
		while (smp_load_acquire(&ball.turn) != i)	/* the other one's turn */
			__builtin_ia32_pause();
		smp_store_release(&ball.turn, i + 1);		/* and so back */
	}
}

static void *other_player(void *arg)
{
	fast_be_cpu(1);
	wait_for_start();
	play(1);
	return NULL;
}

/* Nanoseconds until a CPU has what another one has written. */
static double to_other_cpu(void)
{
	u64 least = U64_MAX, begin;
	pthread_t other;
	unsigned int i;

	for (i = 0; i < 10; i++) {
		ball.turn = 0;
		atomic_set(&at_start, 0);
		started = false;
		BUG_ON(pthread_create(&other, NULL, other_player, NULL));
		wait_for_others(1);
		begin = clock_ns(CLOCK_MONOTONIC);
		WRITE_ONCE(started, true);
		play(0);
		least = min(least, clock_ns(CLOCK_MONOTONIC) - begin);
		real_time(false);
		pthread_join(other, NULL);
	}
	return each(least, TURNS);
}

static void print_machine(void)
{
	struct scale_data data = { .size = 1 };
	char model[128] = "?", text[256];
	FILE *info = fopen("/proc/cpuinfo", "r");
	double other_cpu;
	bool in_time;
	u64 ns = U64_MAX, begin;
	unsigned int i;

	while (info && fgets(text, sizeof(text), info))
		if (sscanf(text, "model name : %127[^\n]", model) == 1)
			break;
	if (info)
		fclose(info);
	for (i = 0; i < 20; i++) {
		begin = clock_ns(CLOCK_MONOTONIC);
		scale_alu.loop[SCALE_PAIRS](NULL, &data, 10000);
		ns = min(ns, clock_ns(CLOCK_MONOTONIC) - begin);
	}
	start_random(0);
	other_cpu = to_other_cpu();
	in_time = real_time(true);
	real_time(false);
	printf("machine cpu=\"%s\" gcc=%s seed=%u pages=%s add=%.3f "
	       "load-16K=%.1f load-512K=%.1f load-16M=%.1f load-256M=%.1f "
	       "other-cpu=%.0f timer=%.1f real-time=%d\n",
	       model, __VERSION__, opt.seed, fast_huge_pages ? "2M" : "4K",
	       each(ns, 320000), chase(SZ_16K), chase(SZ_512K), chase(SZ_16M),
	       chase(SZ_256M), other_cpu, ticks_lost / ticks_per_ns, in_time);
}

/* === Results === */

struct result {
	const struct scale_peer *peer;
	const char *work;
	unsigned long n;
	unsigned int threads;
	unsigned int repeats;
	unsigned long ops;		/* of a repeat, by all threads */
	u64 wall[REPEATS_MAX];
	u64 cpu[REPEATS_MAX];
	double p99;
	double search;			/* for each operation; negative: unknown */
};

static struct result results[512];
static unsigned int nr_results;

static void sort_times(struct result *res)
{
	qsort(res->wall, res->repeats, sizeof(u64), compare_u64);
	qsort(res->cpu, res->repeats, sizeof(u64), compare_u64);
}

static double median_wall(const struct result *res)
{
	return each(res->wall[res->repeats / 2], res->ops);
}

static double least_wall(const struct result *res)
{
	return each(res->wall[0], res->ops);
}

/* Of the threads together: by each, where there is one object a thread. */
static double median_cpu(const struct result *res)
{
	return each(res->cpu[res->repeats / 2], res->ops);
}

static void print_result(struct result *res)
{
	sort_times(res);
	printf("peer=%s work=%s n=%lu threads=%u ns=%.1f min=%.1f median=%.1f cpu=%.1f",
	       res->peer->name, res->work, res->n, res->threads, median_wall(res),
	       least_wall(res), median_wall(res), median_cpu(res));
	if (res->p99)
		printf(" p99=%.1f", res->p99);
	if (res->search >= 0)
		printf(" search=%.3f", res->search);
	printf(" ops=%lu repeats=%u seed=%u\n", res->ops, res->repeats, opt.seed);
}

static const struct result *find_result(const char *peer, const char *work,
					unsigned long n, unsigned int threads)
{
	unsigned int i;

	for (i = 0; i < nr_results; i++) {
		const struct result *res = &results[i];

		if (!strcmp(res->peer->name, peer) && !strcmp(res->work, work) &&
		    res->n == n && res->threads == threads)
			return res;
	}
	return NULL;
}

/* === Running === */

/* An allocator while it is measured. */
struct run {
	struct result *res;
	void *allocator;
	struct scale_live *live[CPUS];
	const struct scale_op *op[CPUS];	/* the next ones; the same for all peers */
	struct scale_ring *ring;
	u64 searched;
};

/* What a thread does. */
struct job {
	scale_loop_t *loop;
	void *allocator;
	struct scale_data data;
	unsigned long n;
	unsigned int cpu;
	u64 cpu_ns;
	u64 end;
};

static void do_job(struct job *job)
{
	u64 cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);

	job->loop(job->allocator, &job->data, job->n);
	job->end = clock_ns(CLOCK_MONOTONIC);
	job->cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
}

static void *job_thread(void *arg)
{
	struct job *job = arg;

	fast_be_cpu(job->cpu);
	wait_for_start();
	do_job(job);
	return NULL;
}

/* Wall time, from when all are there until the last one ends. */
static u64 do_jobs(struct job *job, unsigned int nr, u64 *cpu_ns)
{
	pthread_t thread[CPUS];
	u64 begin, end = 0;
	unsigned int i;

	if (nr == 1) {
		real_time(true);
		begin = clock_ns(CLOCK_MONOTONIC);
		do_job(job);
		real_time(false);
		*cpu_ns = job->cpu_ns;
		return job->end - begin;
	}
	atomic_set(&at_start, 0);
	started = false;
	for (i = 1; i < nr; i++)
		BUG_ON(pthread_create(&thread[i], NULL, job_thread, &job[i]));
	wait_for_others(nr - 1);
	begin = clock_ns(CLOCK_MONOTONIC);
	WRITE_ONCE(started, true);
	do_job(&job[0]);
	real_time(false);
	*cpu_ns = 0;
	for (i = 0; i < nr; i++) {
		if (i)
			pthread_join(thread[i], NULL);
		end = max(end, job[i].end);
		*cpu_ns += job[i].cpu_ns;
	}
	return end - begin;
}

/* === One size: pairs, and through a ring === */

static struct run *new_run(const struct scale_peer *peer, const char *work,
			   unsigned long n, unsigned int threads,
			   unsigned long quanta, bool cached)
{
	struct run *run = calloc(1, sizeof(*run));

	BUG_ON(!run || nr_results == ARRAY_SIZE(results));
	run->res = &results[nr_results++];
	run->res->peer = peer;
	run->res->work = work;
	run->res->n = n;
	run->res->threads = threads;
	run->res->search = -1;
	run->allocator = peer->create(quanta, cached);
	if (!run->allocator)
		panic("%s: cannot create", peer->name);
	return run;
}

static void end_run(struct run *run)
{
	unsigned int i;

	run->res->peer->destroy(run->allocator);
	for (i = 0; i < CPUS; i++)
		free(run->live[i]);
	free(run->ring);
	free(run);
}

struct loop_of_cpu {
	enum scale_loop loop[CPUS];
};

static const struct loop_of_cpu all_pairs = { { SCALE_PAIRS, SCALE_PAIRS } };
static const struct loop_of_cpu in_ring = { { SCALE_RING_PAIRS } };
static const struct loop_of_cpu through_ring = { { SCALE_ALLOCS, SCALE_FREES } };

static void repeat_simple(struct run *run, const struct loop_of_cpu *loops,
			  unsigned long n, bool count)
{
	struct result *res = run->res;
	struct job job[CPUS];
	u64 wall, cpu;
	unsigned int i;

	if (run->ring)
		memset(run->ring, 0, sizeof(*run->ring));
	for (i = 0; i < res->threads; i++)
		job[i] = (struct job){
			.loop = res->peer->loop[loops->loop[i]],
			.allocator = run->allocator,
			.data = { .size = 1, .ring = run->ring },
			.n = n,
			.cpu = i,
		};
	wall = do_jobs(job, res->threads, &cpu);
	if (!count)
		return;
	res->ops = run->ring ? n : n * res->threads;
	res->wall[res->repeats] = wall;
	res->cpu[res->repeats++] = cpu;
}

static struct run *new_simple(const struct scale_peer *peer, const char *work,
			      unsigned int threads, bool cached, bool ring)
{
	struct run *run = new_run(peer, work, 1, threads, 1 << 20, cached);

	if (ring && posix_memalign((void **)&run->ring, PAGE_SIZE,
				   sizeof(struct scale_ring)))
		panic("no memory");
	return run;
}

/* All peers that can, with 1 and 2 threads, interleaved. */
static void run_simple(const char *work, const struct scale_peer *const *peers,
		       unsigned int nr, unsigned int max_threads, bool cached,
		       bool ring)
{
	unsigned int repeats = opt.repeats ?: opt.quick ? 41 : 151;
	unsigned long n = 320 * SCALE_STEP;
	const struct scale_peer *const *limit = ring ? ring_limits : limits;
	struct run *run[PEERS_MAX * CPUS];
	unsigned int i, r, t, k = 0;

	if (!work_chosen(work))
		return;
	for (t = 1; t <= max_threads; t++) {
		for (i = 0; max_threads > 1 && limit[i]; i++)
			run[k++] = new_simple(limit[i], work, t, cached, ring);
		for (i = 0; i < nr; i++) {
			if (cached ? !peers[i]->cached : !peers[i]->uncached)
				continue;
			/* For its policy, which makes no difference here. */
			if (max_threads > 1 && peers[i]->search && i)
				continue;
			run[k++] = new_simple(peers[i], work, t, cached, ring);
		}
	}
	for (r = 0; r <= min(repeats, REPEATS_MAX); r++)
		for (i = 0; i < k; i++) {
			t = run[i]->res->threads;
			repeat_simple(run[i], !ring ? &all_pairs :
				      t == 1 ? &in_ring : &through_ring, n, r);
		}
	for (i = 0; i < k; i++) {
		print_result(run[i]->res);
		end_run(run[i]);
	}
}

/* === Random sizes === */

/* 2n of them; every other one is freed. */
static void fill(struct run *run, unsigned int cpu, unsigned long n)
{
	const struct scale_peer *peer = run->res->peer;
	struct scale_live *live = malloc(2 * n * sizeof(*live));
	unsigned long i;

	BUG_ON(!live);
	for (i = 0; i < 2 * n; i++) {
		live[i].size = 1 + draw(SIZES);
		live[i].addr = peer->take(run->allocator, live[i].size);
		if (!live[i].addr)
			panic("%s: full after %lu of %lu", peer->name, i, 2 * n);
	}
	for (i = 0; i < n; i++) {
		peer->give(run->allocator, live[2 * i + 1].addr, live[2 * i + 1].size);
		live[i] = live[2 * i];
	}
	run->live[cpu] = realloc(live, n * sizeof(*live));
}

static struct scale_op *draw_ops(unsigned long nr, unsigned long n)
{
	struct scale_op *op = malloc(nr * sizeof(*op));
	unsigned long i;

	BUG_ON(!op);
	for (i = 0; i < nr; i++)
		op[i] = (struct scale_op){ draw(n), 1 + draw(SIZES) };
	return op;
}

static void repeat_churn(struct run *run, unsigned long nr, bool count)
{
	struct result *res = run->res;
	struct job job[CPUS];
	u64 wall, cpu;
	unsigned int i;

	for (i = 0; i < res->threads; i++) {
		job[i] = (struct job){
			.loop = res->peer->loop[SCALE_REPLACEMENTS],
			.allocator = run->allocator,
			.data = { .live = run->live[i], .op = run->op[i] },
			.n = nr,
			.cpu = i,
		};
		run->op[i] += nr;
	}
	wall = do_jobs(job, res->threads, &cpu);
	if (!count)
		return;
	res->ops = nr * res->threads;
	res->wall[res->repeats] = wall;
	res->cpu[res->repeats++] = cpu;
}

/* The 99th percentile of single replacements, and segments looked at by each. */
static void single_churn(struct run *run, unsigned long nr)
{
	struct result *res = run->res;
	u32 *ticks = malloc(nr * sizeof(*ticks));
	struct scale_data data = {
		.live = run->live[0], .op = run->op[0], .ticks = ticks,
	};
	u64 searched = 0;

	BUG_ON(!ticks);
	if (res->peer->search)
		searched = res->peer->search(run->allocator);
	res->peer->loop[SCALE_TICKS](run->allocator, &data, nr);
	if (res->peer->search)
		res->search = (double)(res->peer->search(run->allocator) - searched) / nr;
	qsort(ticks, nr, sizeof(*ticks), compare_u32);
	res->p99 = (ticks[nr - 1 - nr / 100] - min(ticks_lost, ticks[0])) / ticks_per_ns;
	free(ticks);
}

static int compare_live(const void *a, const void *b)
{
	const struct scale_live *x = a, *y = b;

	return x->addr < y->addr ? -1 : x->addr > y->addr;
}

/* Nothing failed while nobody looked, and nothing was handed out twice. */
static void check_live(const struct run *run)
{
	const struct result *res = run->res;
	unsigned long nr = res->n / res->threads, i, k = 0;
	struct scale_live *all = malloc(res->n * sizeof(*all));
	unsigned int t;

	BUG_ON(!all);
	for (t = 0; t < res->threads; t++)
		for (i = 0; i < nr; i++) {
			all[k] = run->live[t][i];
			if (!all[k].addr)
				panic("%s: full", res->peer->name);
			if (res->peer->where)
				all[k].addr = res->peer->where(all[k].addr);
			k++;
		}
	qsort(all, k, sizeof(*all), compare_live);
	for (i = 1; i < k; i++)
		if (all[i].addr - all[i - 1].addr < all[i - 1].size)
			panic("%s: %#lx is handed out twice", res->peer->name,
			      all[i].addr);
	free(all);
}

static void free_all(struct run *run, unsigned int cpu, unsigned long n)
{
	const struct scale_peer *peer = run->res->peer;
	const struct scale_live *live = run->live[cpu];

	for (; n--; live++)
		peer->give(run->allocator, live->addr, live->size);
}

static struct run *new_churn(const struct scale_peer *peer, const char *work,
			     unsigned long n, unsigned int threads,
			     struct scale_op *const *op)
{
	struct run *run = new_run(peer, work, n, threads, 128 * n, false);
	unsigned int t;

	start_random(n + 1);
	for (t = 0; t < threads; t++) {
		fill(run, t, n / threads);
		run->op[t] = op[t];
	}
	return run;
}

static void end_churn(struct run *run, unsigned long ops)
{
	const struct result *res = run->res;
	unsigned int t;

	if (res->threads == 1)
		single_churn(run, ops);
	print_result(run->res);
	check_live(run);
	for (t = 0; t < res->threads; t++)
		free_all(run, t, res->n / res->threads);
	end_run(run);
}

static void run_churn(const char *work, const struct scale_peer *const *peers,
		      unsigned int nr, unsigned long n, unsigned int threads)
{
	unsigned int repeats = opt.repeats ?: opt.quick ? 7 : threads > 1 ? 21 : 11;
	unsigned long ops = threads > 1 ? 10000 : opt.quick ? 50000 : 200000;
	unsigned long warm = ops / 8;
	struct scale_op *op[CPUS];
	struct run *run[PEERS_MAX];
	unsigned int i, r, t, k = 0;

	if (!work_chosen(work) || (opt.n && opt.n != n))
		return;
	start_random(n);
	for (t = 0; t < threads; t++)
		op[t] = draw_ops(2 * ops + repeats * (warm + ops), n / threads);
	for (i = 0; i < nr; i++)
		if (peers[i]->uncached && (!peers[i]->limit || n <= peers[i]->limit))
			run[k++] = new_churn(peers[i], work, n, threads, op);
	for (i = 0; i < k; i++)
		repeat_churn(run[i], ops, false);
	/* The peers before have taken the CPU's caches. */
	for (r = 0; r < repeats; r++)
		for (i = 0; i < k; i++) {
			repeat_churn(run[i], warm, false);
			repeat_churn(run[i], ops, true);
		}
	for (i = 0; i < k; i++)
		end_churn(run[i], ops);
	for (t = 0; t < threads; t++)
		free(op[t]);
	fast_reset_caches();
}

/* === A hit writes nothing that CPUs share === */

static sigjmp_buf caught;
static void *volatile fault_at;

static void on_fault(int sig, siginfo_t *info, void *context)
{
	fault_at = info->si_addr;
	siglongjmp(caught, 1);
}

static noinline void hits(void *arena, unsigned long nr)
{
	void *object[8];
	unsigned long i, k;

	for (i = 0; i < nr; i += ARRAY_SIZE(object)) {
		for (k = 0; k < ARRAY_SIZE(object); k++)
			object[k] = vmem_alloc(arena, 1, VM_NOSLEEP);
		for (k = 0; k < ARRAY_SIZE(object); k++)
			vmem_free(arena, object[k], 1);
	}
}

/* Where a write was made to what is shared; NULL if none was. */
static void *shared_write(void *arena, unsigned long nr, unsigned long size)
{
	/* By now they are where they can be written. */
	struct sigaction on = { .sa_sigaction = on_fault, .sa_flags = SA_SIGINFO };
	struct sigaction off = { .sa_handler = SIG_DFL };

	sigaction(SIGSEGV, &on, NULL);
	if (!sigsetjmp(caught, 1)) {
		fast_protect_shared(true);
		if (size)
			vmem_xfree(arena, vmem_alloc(arena, size, VM_NOSLEEP), size);
		else
			hits(arena, nr);
		fast_protect_shared(false);
		sigaction(SIGSEGV, &off, NULL);
		return NULL;
	}
	fast_protect_shared(false);
	sigaction(SIGSEGV, &off, NULL);
	return fault_at;
}

/*
 * All that the arena has is made read-only, but for the memory of this CPU and the
 * magazines: the arena, its caches with their depots, tables, tags, the memory of
 * other CPUs, and every variable of the program. Then hits do not fault, and one
 * request that is none does.
 */
static bool prove_hits(void)
{
	unsigned long nr = 1000000;
	void *arena, *hit, *miss;

	fast_set_aside(true);
	arena = create_arena(1 << 20, true);
	fast_set_aside(false);
	hits(arena, 1000);
	hit = shared_write(arena, nr, 0);
	/* Leaves the arena's lock taken, perhaps: it is not used any more. */
	miss = shared_write(arena, 1, 100);
	printf("peer=vmem work=hit-writes-nothing-shared n=%lu fault=%p "
	       "control-fault=%p in-arena=%d\n",
	       2 * nr, hit, miss, miss >= arena && miss < arena + sizeof(struct vmem));
	return !hit && miss;
}

/* === Bars === */

static unsigned int failed;

static void bar(bool ok, const char *fmt, ...)
{
	va_list args;

	printf("bar %s ", ok ? "pass" : "fail");
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	printf("\n");
	failed += !ok;
}

static void below(const char *peer, const char *than, const char *work, unsigned long n)
{
	const struct result *res = find_result(peer, work, n, 1);
	const struct result *other = find_result(than, work, n, 1);

	if (res && other)
		bar(median_cpu(res) < median_cpu(other),
		    "peer=%s work=%s n=%lu threads=1 reached=%.1f limit=%.1f unit=ns "
		    "limit-is=%s",
		    peer, work, n, median_cpu(res), median_cpu(other), than);
}

/* How many times as much two threads do. */
static double gain(const char *peer, const char *work)
{
	const struct result *one = find_result(peer, work, 1, 1);
	const struct result *two = find_result(peer, work, 1, 2);

	return one && two ? least_wall(one) / least_wall(two) : 0;
}

static void at_least(const char *peer, const char *work, double limit)
{
	double reached = gain(peer, work);

	if (reached)
		bar(reached >= limit,
		    "peer=%s work=%s threads=2/1 reached=%.2f limit=%.1f "
		    "alu=%.2f l1=%.2f ring=%.2f",
		    peer, work, reached, limit, gain("limit-alu", work),
		    gain("limit-l1", work), gain("limit-ring", work));
}

static void judge(void)
{
	unsigned long n;

	below("vmem", "paper", "pair", 1);
	for (n = 1000; n <= 1000000; n *= 10) {
		below("vmem", "paper", "churn", n);
		below("vmem-best", "paper-best", "churn", n);
	}
	at_least("vmem", "cached-pair", 1.9);
	at_least("vmem", "ring", 1.5);
}

/* === Main === */

static const char *value(int argc, char **argv, int *i)
{
	if (++*i == argc)
		panic("%s: value expected", argv[*i - 1]);
	return argv[*i];
}

static void parse(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--quick"))
			opt.quick = true;
		else if (!strcmp(argv[i], "--huge"))
			fast_huge_pages = true;
		else if (!strcmp(argv[i], "--work") && opt.nr_work < 16)
			opt.work[opt.nr_work++] = value(argc, argv, &i);
		else if (!strcmp(argv[i], "--peer") && opt.nr_peer < 16)
			opt.peer[opt.nr_peer++] = value(argc, argv, &i);
		else if (!strcmp(argv[i], "--n"))
			opt.n = strtoul(value(argc, argv, &i), NULL, 0);
		else if (!strcmp(argv[i], "--seed"))
			opt.seed = strtoul(value(argc, argv, &i), NULL, 0);
		else if (!strcmp(argv[i], "--repeats"))
			opt.repeats = min_t(unsigned long, REPEATS_MAX,
					    strtoul(value(argc, argv, &i), NULL, 0));
		else
			panic("unknown option: %s", argv[i]);
	}
}

int main(int argc, char **argv)
{
	const struct scale_peer *all[PEERS_MAX], *peers[PEERS_MAX];
	unsigned int nr_all, nr = 0, i;
	unsigned long n, max_n;

	parse(argc, argv);
	/* Seconds without any sleep, at real-time priority. */
	setrlimit(RLIMIT_RTTIME, &(struct rlimit){ 10000000, 10000000 });
	kernel_begin();
	fast_be_cpu(0);
	calibrate_ticks();
	print_machine();
	nr_all = all_peers(all);
	for (i = 0; i < nr_all; i++)
		if (chosen(all[i]->name, opt.peer, opt.nr_peer))
			peers[nr++] = all[i];
	max_n = opt.n ?: opt.quick ? 100000 : 1000000;

	run_simple("pair", peers, nr, 1, false, false);
	for (n = 1000; n <= max_n; n *= 10)
		run_churn("churn", peers, nr, n, 1);
	run_simple("cached-pair", peers, nr, 2, true, false);
	run_simple("ring", peers, nr, 2, true, true);
	run_simple("shared-pair", peers, nr, 2, false, false);
	run_churn("shared-churn", peers, nr, 1000, 1);
	run_churn("shared-churn", peers, nr, 1000, 2);
	judge();
	if (work_chosen("hits"))
		bar(prove_hits(), "peer=vmem work=hits");
	return failed ? 1 : 0;
}
