// SPDX-License-Identifier: GPL-2.0-only
/*
 * vmem_place() against its definition, for a range and a request decoded from bytes.
 *
 * All numbers are small, so that each address of the range can be tried; then all are
 * moved by the same offset, to wherever in the address space: near its bottom, its
 * top, a power of two. The offset is a multiple of the largest boundary, so that what
 * suits stays suitable.
 *
 * VMEM_FUZZ=print: print requests.
 */
#include "linux/main.h"

#include "internal.h"

#define NUMBERS		256		/* of the window that is tried */

static unsigned long long inputs, operations;
static bool verbose;
static const u8 *data;
static size_t left;

static u8 byte(void)
{
	if (!left)
		return 0;
	left--;
	return *data++;
}

/* Does the block suit, counted in steps of one? @addr is in the window. */
static bool suits(const struct vmem_req *req, unsigned long first,
		  unsigned long last, unsigned long addr)
{
	unsigned long n;

	if (addr < first || addr > last || last - addr < req->len - 1)
		return false;
	if (addr % req->align != req->phase || addr < req->min || addr > req->max ||
	    req->max - addr < req->size - 1)
		return false;
	for (n = 1; req->nocross && n < req->size; n++)
		if ((addr + n) % req->nocross == 0)
			return false;
	return true;
}

static void describe(const struct vmem_req *req, unsigned long first,
		     unsigned long last)
{
	fprintf(stderr,
		"[0x%lx, 0x%lx] size %lu of %lu align %lu phase %lu nocross %lu min 0x%lx max 0x%lx%s\n",
		first, last, req->size, req->len, req->align, req->phase, req->nocross,
		req->min, req->max, req->high ? " high" : "");
}

static void check(const struct vmem_req *req, unsigned long base,
		  unsigned long first, unsigned long last)
{
	unsigned long want = 0, got = 0, n;
	bool possible = false, found;

	for (n = 0; n < NUMBERS; n++) {
		if (!suits(req, first, last, base + n))
			continue;
		if (!possible || req->high)
			want = base + n;
		possible = true;
	}
	operations++;
	if (verbose)
		describe(req, first, last);
	found = vmem_place(req, first, last, &got);
	if (found == possible && (!found || got == want))
		return;
	describe(req, first, last);
	fprintf(stderr, "fuzz-place: %s 0x%lx, not %s 0x%lx\n", found ? "found" : "none",
		got, possible ? "found" : "none", want);
	abort();
}

/* Where the window begins. Nothing begins at 0. */
static unsigned long base_of(u8 n)
{
	unsigned long base = 1ul << (8 + n % 56);

	switch (n >> 6) {
	case 0:
		return 0;
	case 1:
		return -NUMBERS;
	case 2:
		return base - NUMBERS;
	default:
		return base;
	}
}

/* Limits are in the window, or just outside of it, or there are none. */
static unsigned long limit(unsigned long base, u8 n, unsigned long none)
{
	return n == 0xff ? none : n == 0xfe ? base - 1 : n == 0xfd ? base + NUMBERS :
	       base + n;
}

static bool decode(struct vmem_req *req, unsigned long *base, unsigned long *first,
		   unsigned long *last)
{
	unsigned long q = 1ul << byte() % 5;
	u8 n = byte(), from = byte(), to = byte();

	*base = base_of(byte());
	if (from > to)
		swap(from, to);
	*first = *base + (from & -q);
	*last = *base + (to | (q - 1));
	if (!*first) {
		*first = q;
		*last = max(*last, 2 * q - 1);
	}
	req->size = byte() + 1ul;
	if (n & 1)		/* long ones, too */
		req->size = (req->size << byte() % 56) - byte();
	req->len = (req->size + q - 1) & -q;
	req->align = q << byte() % (n & 2 ? 64 : 8);
	req->phase = byte() * q;
	if (req->align)
		req->phase &= req->align - 1;
	req->nocross = n & 4 ? req->align : 0;
	while (req->nocross && req->nocross < req->phase + req->size)
		req->nocross *= 2;
	if (n & 16)
		req->nocross *= 2;
	req->min = limit(*base, byte(), 0);
	req->max = limit(*base, byte(), ULONG_MAX);
	/* As request.c has it. */
	return req->size && req->len >= req->size && req->align &&
	       (!req->nocross || (req->phase + req->size > req->phase &&
				  ALIGN(req->phase + req->size, req->align)));
}

static void report(void)
{
	fprintf(stderr, "fuzz-place: %llu inputs, %llu operations\n", inputs, operations);
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	verbose = getenv("VMEM_FUZZ") && !strcmp(getenv("VMEM_FUZZ"), "print");
	atexit(report);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct vmem_req req = {};
	unsigned long base, first, last;

	data = bytes;
	left = size;
	inputs++;
	do {
		if (!decode(&req, &base, &first, &last))
			continue;
		req.high = false;
		check(&req, base, first, last);
		req.high = true;
		check(&req, base, first, last);
	} while (left);
	return 0;
}
