// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rooms that each request and each free pass, built as one so that the compiler
 * sees through their doors: what nearly all of them need becomes two functions
 * (alloc_plain(), free_plain()) without a call but for the lock.
 */
#include "freeindex.c"
#include "allocated.c"
#include "segment.c"
#include "span.c"
#include "alloc.c"
