/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sleepers: vmem_wait() against all that frees, takes, and carries objects.
 *
 * Modelled: vmem/wait.c; of alloc.c and import.c vmem_serve(), and how a span
 * comes and goes; of slab.c where objects come back; of reclaim.c how magazines
 * are drained before the first sleep; of qcache.c and magazine.c the ways of an
 * object on two CPUs. There are two units, and objects are of one unit.
 *
 * The arena is one with caches and two units of its own. With -DCHAIN that one
 * is the source of another, which has neither, and imports a slab of both
 * units, or one unit. Two threads free a unit each and two sleep. With
 * -DVISITOR one of the units is free to begin with, and a thread allocates one
 * with VM_NOSLEEP and frees it. Where the units are, which slots are open, what
 * is asked for, and whether one of the sleepers gets killed, is chosen in init.
 *
 * Abstracted: what is done under a lock is one step. A slot's two magazines are
 * a set of units, full with any number of them; what a section is made of is
 * left to drain.pml, and so is hotplug. There is always memory, and an empty
 * magazine may or may not be had. A sleeper drains once: that the depots, and
 * this CPU, are drained before each further sleep can only help. So can the
 * search after an import has failed, which is left out.
 *
 * Order of memory: nr_waiters, read without the arena's lock, and the slots,
 * read by another CPU, are seen by others some time after they were written;
 * see shown and SLOT_HIDDEN. At the latest they are at a full barrier of the
 * writer. Of locks only this is relied on: what was done before or under one is
 * seen by whoever takes the same lock later. So neither the arena's lock nor
 * the interrupt stands for the barrier, as they would on x86. Two variants show
 * that something must.
 *
 * Properties:
 * - No lost wake-up: when nothing can go on any more, nobody is asleep whose
 *   request could be met by what no caller holds, and all others are done
 *   (quiet).
 * - No unit is handed out or freed twice, or lost.
 * - Nobody is woken who has returned, killed or not: his waiters are gone.
 *
 * Variants that must be found wrong:
 * BUG_REGISTER_AFTER_RETRY	registers after the last search
 * BUG_FORGET_AFTER_RETRY	clears the completion after the search
 * BUG_NO_DRAIN			looks at no slot before it sleeps
 * BUG_NO_BARRIER_SLEEPER	no barrier in drain_all()
 * BUG_NO_BARRIER_LOAD		no barrier in load()
 * BUG_LOAD_UNCHECKED		load() does not look for sleepers
 * BUG_DEPOT_UNCHECKED		nor does depot_put_full()
 * BUG_DEPOT_PEEK		the depot is flushed only if it looks non-empty
 * BUG_WAKE_BEFORE_FREE		wakes, then frees
 * BUG_WAKE_ONE			wakes only the first that could be served
 * BUG_KILLED_STAYS		who is killed stays on the lists
 * and with CHAIN:
 * BUG_REGISTER_HERE		registers with its own arena only
 * BUG_DRAIN_HERE		drains its own arena only
 * BUG_SILENT_IMPORT		wakes nobody for what is left of an import
 * BUG_SILENT_RELEASE		wakes nobody when a span has gone back
 */

#ifdef CHAIN
#define NR_ARENAS	2
#define SOURCE		1	/* it has the caches */
#else
#define NR_ARENAS	1
#define SOURCE		0
#endif
#define CALLED		0
#define BOTH		3	/* the units, a bit each */

#define SLOT_CLOSED	0	/* &vmem_closed */
#define SLOT_HIDDEN	1	/* open, but only this CPU sees that yet */
#define SLOT_OPEN	2

/* Guarded by the lock of the arena. */
byte freed[NR_ARENAS];		/* free segments, and free objects of slabs */
byte waiters[NR_ARENAS];	/* vmem::waiters, a bit each */
bool whole;			/* both units have been imported in one span */

/* struct vmem_cpu */
byte state[2];
byte loaded[2];			/* units in magazines of the slot */
bool section[2];

byte depot;			/* units in full magazines */
bool depot_lock;		/* for BUG_DEPOT_PEEK */

/* Whom vmem::nr_waiters of the source counts, as seen without the lock. */
byte shown;

/* struct vmem_wait */
bool space[2];			/* the completion */
byte want[2];			/* units */
byte calls[2];			/* which arena */
bool asleep[2], returned[2];	/* for the properties */
bool victim;			/* sleeper 0 has VM_KILLABLE, and gets killed */

byte owned;			/* units that callers have, for the properties */

#define LOWEST(units)	((units) & -(units))
#define FITS(w, units)	(want[w] == 1 && (units) || (units) == BOTH)

/* vmem_hand_out() */
inline hand_out(units)
{
	assert(units && !(owned & (units)));
	owned = owned | (units)
}

inline take_back(units)
{
	assert((owned & (units)) == (units));
	owned = owned & ~(units)
}

/* === Giving back === */

/* complete(&waiter->wait->space) */
inline wake_waiter(a, w)
{
	if
	:: (waiters[a] & (1 << w)) && FITS(w, freed[a]) ->
		assert(!returned[w]);
		space[w] = true
	:: else
	fi
}

/* __vmem_wake(); all that is free lies around what has just been freed. */
inline wake(a)
{
#ifdef BUG_WAKE_ONE
	if
	:: (waiters[a] & 1) && FITS(0, freed[a]) ->
		wake_waiter(a, 0)
	:: else ->
		wake_waiter(a, 1)
	fi
#else
	wake_waiter(a, 0);
	wake_waiter(a, 1)
#endif
}

/* __give_object(), __vmem_make_free() */
inline make_free(a, units)
{
	assert(!(freed[a] & (units)));
	freed[a] = freed[a] | (units);
	wake(a)
}

/* vmem_slab_give() to the source, or vmem_release() by vmem_import_release() */
inline give(units)
{
#ifdef BUG_WAKE_BEFORE_FREE
	d_step {
		make_free(SOURCE, units);
		freed[SOURCE] = freed[SOURCE] & ~(units)
	}
	d_step {
		freed[SOURCE] = freed[SOURCE] | (units);
		units = 0
	}
#else
	d_step {
		make_free(SOURCE, units);
		units = 0
	}
#endif
}

#ifdef CHAIN
inline release()
{
	if
	:: d_step {
		span ->
#ifdef BUG_SILENT_RELEASE
		freed[SOURCE] = freed[SOURCE] | span;
#else
		make_free(SOURCE, span);
#endif
		span = 0
	   }
	:: else
	fi
}

/* vmem_release() of a unit of the arena that imports; its span may become idle. */
inline give_imported(units)
{
	d_step {
		take_back(units);
		make_free(CALLED, units);
		units = 0;
		if
		:: !whole || freed[CALLED] == BOTH ->
			span = freed[CALLED];		/* __vmem_span_remove() */
			freed[CALLED] = 0;
			whole = false
		:: else
		fi
	}
	release()
}
#endif

/* === Magazines === */

inline close_slot(c)
{
	loaded[c] = 0;
	state[c] = SLOT_CLOSED
}

/* vmem_magazine_store() */
inline store(units)
{
	if
	:: units ->
		/* depot_put_full(); in the middle of which only a peek can look */
#ifdef BUG_DEPOT_PEEK
		atomic {
			!depot_lock ->
			depot_lock = true;
			waited_for = (shown != 0)
		}
		d_step {
			depot_lock = false;
#else
		d_step {
			waited_for = (shown != 0);
#endif
#ifdef BUG_DEPOT_UNCHECKED
			waited_for = false;
#endif
			if
			:: !waited_for ->
				assert(!(depot & (units)));
				depot = depot | (units);
				units = 0
			:: else
			fi;
			waited_for = false
		}
		if
		:: units ->
			give(units)			/* flush() */
		:: else
		fi
	:: else
	fi
}

/* vmem_magazine_load() of a magazine with @units; what it leaves goes to the depot. */
inline load(units)
{
	atomic {
		!section[cpu] ->
		section[cpu] = true;
		left = 0;
		if
		:: true
		:: loaded[cpu] ->
			left = loaded[cpu];		/* take_previous() */
			loaded[cpu] = 0
		fi;
		loaded[cpu] = loaded[cpu] | (units);
		units = 0;
		if
		:: state[cpu] == SLOT_CLOSED ->
			state[cpu] = SLOT_HIDDEN
		:: else
		fi
	}
	d_step {
#ifndef BUG_NO_BARRIER_LOAD
		if
		:: state[cpu] == SLOT_HIDDEN ->
			state[cpu] = SLOT_OPEN		/* smp_mb() */
		:: else
		fi;
#endif
#ifndef BUG_LOAD_UNCHECKED
		if
		:: shown ->				/* vmem_magazines_closed() */
			left = left | loaded[cpu];
			close_slot(cpu)
		:: else
		fi;
#endif
		section[cpu] = false
	}
	store(left)
}

/* vmem_free() of a cached size */
inline free(units)
{
	atomic {
		!section[cpu] ->
		take_back(units);
		if
		:: state[cpu] != SLOT_CLOSED ->
			/* vmem_magazine_push(), _push_previous(): there is room */
			loaded[cpu] = loaded[cpu] | (units);
			units = 0
		:: state[cpu] != SLOT_CLOSED && loaded[cpu] ->
			/* there is none */
			left = loaded[cpu];
			close_slot(cpu)
		:: state[cpu] == SLOT_CLOSED
		fi
	}
	/* vmem_qcache_free() */
	if
	:: !units
	:: units && shown ->
		store(left);
		give(units)
	:: units && !shown ->
		/* take_empty(): of the depot, or the one that is full */
		if
		:: store(left)
		:: left ->
			give(left)
		fi;
		/* is there one, and may this CPU have it? */
		if
		:: load(units)
		:: give(units)
		fi
	fi
}

/* refill(): a magazine from the depot, or what slabs have; one unit is ours. */
inline refill()
{
	if
	:: d_step {
		depot ->			/* vmem_depot_get_full() */
		mag = depot;
		depot = 0
	   }
	:: d_step {
		!depot ->			/* vmem_slab_fill() */
		mag = freed[SOURCE];
		freed[SOURCE] = 0
	   }
	fi;
	if
	:: d_step {
		mag ->
		got = LOWEST(mag);
		hand_out(got);
		mag = mag & ~got
	   }
	:: else
	fi;
	/* vmem_magazine_charge(): may this CPU have it? */
	if
	:: load(mag)
	:: mag ->
		store(mag)
	fi
}

/* === Serving === */

/* __search_and_take(), __vmem_slab_pop() */
inline take(a, units)
{
	if
	:: units == 1 && freed[a] ->
		got = LOWEST(freed[a])
	:: units == 2 && freed[a] == BOTH ->
		got = BOTH
	:: else
	fi;
	freed[a] = freed[a] & ~got;
	if
	:: got ->
		hand_out(got)
	:: else
	fi
}

#ifdef CHAIN
/* ask() for a slab, or a block as large; and, if there is none, for one unit. */
inline ask(units)
{
	if
	:: freed[SOURCE] == BOTH ->
		span = BOTH
	:: freed[SOURCE] != BOTH && units == 1 ->
		span = freed[SOURCE]
	:: else
	fi;
	freed[SOURCE] = freed[SOURCE] & ~span
}

/*
 * __settle(). Of an import for one unit, the other one becomes a free segment, or a
 * free object of the slab.
 */
inline settle(units)
{
	take(CALLED, units);
	if
	:: !got ->
		whole = (span == BOTH);
		got = (units == 1 -> LOWEST(span) : span);
		hand_out(got);
		freed[CALLED] = freed[CALLED] | span & ~got;
		span = 0;
#ifndef BUG_SILENT_IMPORT
		wake(CALLED)			/* __vmem_wake_beside() */
#endif
	:: else					/* SURPLUS */
	fi
}

inline import(units)
{
	d_step {
		ask(units)
	}
	if
	:: d_step {
		span ->
		settle(units)
	   }
	:: else
	fi;
	release()
}
#endif

/* vmem_serve(), the first search of which is a step of the caller. */
inline serve_on(a, units)
{
#ifdef CHAIN
	if
	:: !got && a == CALLED ->
		import(units)
	:: else
	fi
#else
	skip
#endif
}

/* === Sleeping === */

inline be_seen(w)
{
	shown = shown | waiters[SOURCE] & (1 << w)
}

/* vmem_magazine_on_cpu() and vmem_magazine_unload_on(), when no section is there */
inline unload_if_open(c)
{
	if
	:: state[c] == SLOT_OPEN ->
		d_step {
			!section[c] ->
			left = loaded[c];
			close_slot(c)
		}
		if
		:: left ->
			give(left)		/* flush_unloaded() */
		:: else
		fi
	:: state[c] != SLOT_OPEN
	fi
}

/* drain_all() */
inline drain_all(w)
{
#ifndef BUG_NO_DRAIN
#ifndef BUG_NO_BARRIER_SLEEPER
	d_step { be_seen(w) }			/* smp_mb() */
#endif
	unload_if_open(0);
	unload_if_open(1);
#endif
	/* flush_depots(); from now on, who takes that lock sees what we have done. */
#ifdef BUG_DEPOT_PEEK
	if
	:: !depot
	:: depot ->
		!depot_lock;
#endif
	d_step {
		left = depot;
		depot = 0;
		be_seen(w)
	}
	if
	:: left ->
		give(left)
	:: else
	fi
#ifdef BUG_DEPOT_PEEK
	fi
#endif
}

/* vmem_reclaim(), as the arena called has caches or not */
inline reclaim(w)
{
#ifdef BUG_DRAIN_HERE
	if
	:: calls[w] == SOURCE ->
		drain_all(w)
	:: else
	fi;
#else
	drain_all(w);
#endif
	d_step {				/* serve_from() */
		take(calls[w], want[w])
	}
	serve_on(calls[w], want[w])
}

/* enter() */
inline enter(w)
{
	waiters[calls[w]] = waiters[calls[w]] | (1 << w);
#ifndef BUG_REGISTER_HERE
	waiters[SOURCE] = waiters[SOURCE] | (1 << w)
#endif
}

/* leave() */
inline leave_one(a, w)
{
	d_step {
		waiters[a] = waiters[a] & ~(1 << w);
		shown = shown & waiters[SOURCE]
	}
}

/* vmem_wait() */
proctype sleeper(byte w)
{
	byte got, span, left;
	bool drain = true, killed;

#ifndef BUG_REGISTER_AFTER_RETRY
	enter(w);
#endif
	do
	:: d_step {
		!got && !killed ->
#ifndef BUG_FORGET_AFTER_RETRY
		space[w] = false;		/* forget() */
#endif
		take(calls[w], want[w])
	   }
		serve_on(calls[w], want[w]);
		if
		:: !got && drain ->
			reclaim(w)
		:: else
		fi;
		drain = false;
#ifdef BUG_REGISTER_AFTER_RETRY
		enter(w);
#endif
#ifdef BUG_FORGET_AFTER_RETRY
		space[w] = false;
#endif
		if
		:: !got ->
			/* sleep_for_space() */
			asleep[w] = true;
end_asleep:		if
			:: space[w]
			:: victim && w == 0 ->
				killed = true
			fi;
			asleep[w] = false
		:: else
		fi
	:: else ->
		break
	od;
#ifdef BUG_KILLED_STAYS
	if
	:: killed
	:: else ->
#endif
	leave_one(CALLED, w);
	leave_one(SOURCE, w);
#ifdef BUG_KILLED_STAYS
	fi;
#endif
	d_step {
		returned[w] = true;
		got = 0
	}
}

/* === Others === */

/* vmem_free() of a unit that it has had from the beginning */
proctype freer(byte a; byte units; byte cpu)
{
	byte span, left;
	bool waited_for;

	if
	:: a == SOURCE ->
		free(units)
	:: else ->
#ifdef CHAIN
		give_imported(units)
#endif
	fi
}

/* vmem_alloc() of a cached size with VM_NOSLEEP, and vmem_free() */
proctype visitor(byte cpu)
{
	byte got, span, left, mag;
	bool waited_for;

#ifndef CHAIN
	/* vmem_magazine_pop() */
	d_step {
		!section[cpu] ->
		if
		:: loaded[cpu] ->
			got = LOWEST(loaded[cpu]);
			loaded[cpu] = loaded[cpu] & ~got;
			hand_out(got)
		:: else
		fi
	}
	/* vmem_qcache_alloc() */
	if
	:: !got && !shown ->
		refill()
	:: got || shown
	fi;
#endif
	if
	:: d_step {
		!got ->
		take(CALLED, 1)
	   }
		serve_on(CALLED, 1)
	:: else
	fi;
	if
	:: got ->
#ifdef CHAIN
		give_imported(got)
#else
		free(got)
#endif
	:: else
	fi
}

/* Whatever is written is seen at last. */
active proctype memory()
{
end:	do
	:: d_step { shown != waiters[SOURCE] -> shown = waiters[SOURCE] }
	:: d_step { state[0] == SLOT_HIDDEN -> state[0] = SLOT_OPEN }
	:: d_step { state[1] == SLOT_HIDDEN -> state[1] = SLOT_OPEN }
	od
}

/* What no caller holds: of the source; and what can be asked of an arena. */
#define IDLE_ABOVE	(freed[SOURCE] | depot | loaded[0] | loaded[1])
#define IDLE(a)		(IDLE_ABOVE | freed[a])

inline check_sleeper(w)
{
	assert(asleep[w] || returned[w]);
	assert(!asleep[w] || !FITS(w, IDLE(calls[w])))
}

/* When nothing goes on any more */
active proctype quiet()
{
	timeout ->
	d_step {
		check_sleeper(0);
		check_sleeper(1);
		assert((IDLE(CALLED) | owned) == BOTH && !(IDLE(CALLED) & owned));
		assert(!section[0] && !section[1])
	}
}

init {
	byte a = SOURCE, b = SOURCE, open;

	atomic {
		owned = BOTH;
		want[0] = 1;
		want[1] = 1;
		if
		:: true
		:: want[1] = 2
#ifdef CHAIN
		:: calls[1] = SOURCE
#endif
		fi;
		if
		:: true
		:: victim = true
		fi;
#ifdef CHAIN
		/* Have units been imported, in one span or one of them? */
		if
		:: true
		:: a = CALLED
		:: a = CALLED;
			b = CALLED;
			whole = true
		fi;
#endif
		if
		:: open = SLOT_CLOSED
		:: open = SLOT_OPEN
		fi;
		state[0] = open;
		state[1] = open;
		run freer(a, 1, 0);
#ifdef VISITOR
		owned = 1;
		freed[b] = 2;
		run visitor(1);
#else
		run freer(b, 2, 1);
#endif
		run sleeper(0);
		run sleeper(1)
	}
}
