/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Magazines of a CPU: sections, interrupts, drains, and CPUs that go offline.
 *
 * Modelled: sections (vmem/internal.h), instruction by instruction;
 * vmem/magazine.c but for how magazines change their size; of qcache.c the ways
 * of an object; of reclaim.c drain_all() and cpu_dead(). There are three units,
 * three magazines of one round each, and CPUs may hold two of them.
 *
 * On CPU 0 one or two tasks take turns, except in sections. An interrupt, which
 * allocates or frees as well, may come between any two instructions; and so
 * may, on top of either, that of a drain, as often as it is sent. A sleeper,
 * elsewhere, drains once, and then leaves or stays. With -DHOTPLUG tasks run on
 * both CPUs, and CPU 0 goes offline, dies, and comes back.
 *
 * Of the kernel this is assumed. A CPU goes offline when nobody is in a section
 * there (stop_machine()); interrupts that smp_call_function_single() has sent
 * until then are still served, and so may others be; then cpu_dead() is called,
 * before the CPU may come back (kernel/cpu.c, smpcfd_dying_cpu()).
 *
 * Abstracted: what is done under a lock is one step. Slabs are a set of units.
 * There is no more memory than for three magazines. Memory is in order: that
 * sleepers and those who open a slot see each other is left to sleep.pml.
 *
 * Properties:
 * - A magazine is in one place: with a thread, in one slot, in the depot, or
 *   unused (place). No unit is handed out or freed twice, or lost.
 * - vmem_closed is never written to.
 * - When a sleeper has drained, and until it leaves, no section leaves a slot
 *   open. If it stays, nothing is in any slot or in the depot at the end
 *   (quiet).
 * - parked never is less than what slots have, and is that at the end.
 * - Nobody is left waiting: all come to an end.
 *
 * Variants that must be found wrong:
 * BUG_ENTER_NOT_EXCLUSIVE	a section is entered though somebody is in one
 * BUG_LOOK_BEFORE_ENTER	the magazine is looked up before that
 * BUG_PREEMPTIBLE		preemption stays on in a section
 * BUG_DRAIN_REMOTE		a drain takes magazines from another CPU
 * BUG_DRAIN_ONCE		it does not repeat what has hit a section
 * BUG_LOAD_UNCHECKED		load() does not look for sleepers
 * BUG_NO_DISCHARGE		load() forgets the charge of what it leaves
 * BUG_KEEP_PREVIOUS		take_previous() leaves a magazine linked
 * and with HOTPLUG:
 * BUG_NO_CALLBACK		nobody empties a dead CPU
 * BUG_CALLBACK_EARLY		that is done while the CPU is online
 * BUG_HOTPLUG_TWICE		the slots of a dead CPU are not closed
 */

#define NR_MAGS		3
#define CLOSED		0	/* vmem_closed; the others are 1 to 3 */
#define ALL_MAGS	14	/* a bit each */
#define ALL_UNITS	7
#define PARKABLE	2
#define NOTHING		0

#define SIZE(mag)	((mag) != CLOSED)

/* struct vmem_magazine */
byte rounds[NR_MAGS + 1];
byte round[NR_MAGS + 1];
byte next[NR_MAGS + 1];

mtype = { UNUSED, IN_HAND, IN_SLOT, IN_DEPOT };
mtype place[NR_MAGS + 1];

/* struct vmem_cpu */
short idle[2];
byte loaded[2];

byte unused;			/* magazines: free memory, or empty in the depot */
byte depot;			/* full ones */
byte slab;			/* units */
byte owned;			/* units that callers have */
byte parked;
bool nr_waiters;
bool drained;

/* Where code runs: [0] by tasks, [1] by an interrupt, [2] by that of a drain. */
byte level[2];
byte below;			/* what the drain has interrupted */
byte pinned[2];			/* by preempt_disable(): the task, or 0 */
byte on[10];			/* CPU of a task */
bool irq_to_come;
bool ipi;

bool online[2] = true;
bool dead;

/* struct unloaded */
byte out;
bool finished;			/* unloaded::done */
bool served;			/* the interrupt is over */

/* May a task go on there, or begin a section? */
#define FREE(c)		(online[c] && !level[c] && !pinned[c])
#define TASK_RUNS \
	(level[on[_pid]] == 0 && \
	 (!pinned[on[_pid]] || pinned[on[_pid]] == _pid))

/* === Units and magazines, under locks === */

inline hand_out(unit)
{
	assert(unit && !(owned & unit));
	owned = owned | unit
}

inline move(mag, from, to)
{
	assert(place[mag] == from);
	place[mag] = to
}

/* __give() */
inline slab_give(unit)
{
	assert(unit && !(slab & unit) && !(owned & unit));
	slab = slab | unit
}

/* flush() and depot_put_empty() */
inline flush(mag)
{
	if
	:: rounds[mag] ->
		slab_give(round[mag]);
		rounds[mag] = 0;
		round[mag] = 0
	:: else
	fi;
	move(mag, IN_HAND, UNUSED);
	unused = unused | (1 << mag)
}

#define LOWEST(set)	((set) & -(set))
#define NUMBER(bit)	((bit) == 2 -> 1 : ((bit) == 4 -> 2 : 3))

/* depot_get_empty(), or kmalloc() */
inline get_empty(mag)
{
	if
	:: unused ->
		mag = NUMBER(LOWEST(unused));
		unused = unused & ~(1 << mag);
		move(mag, UNUSED, IN_HAND)
	:: else ->
		mag = NOTHING
	fi
}

inline get_full(mag)
{
	if
	:: depot ->
		mag = NUMBER(LOWEST(depot));
		depot = depot & ~(1 << mag);
		move(mag, IN_DEPOT, IN_HAND)
	:: else ->
		mag = NOTHING
	fi
}

/* vmem_magazine_store(), depot_put_full() */
inline store(list)
{
	do
	:: atomic {
		list ->
		m = list;
		list = next[m];
		next[m] = NOTHING;
		if
		:: rounds[m] && !nr_waiters ->
			move(m, IN_HAND, IN_DEPOT);
			depot = depot | (1 << m)
		:: else ->
			flush(m)
		fi;
		m = NOTHING
	   }
	:: else ->
		break
	od
}

/* vmem_magazine_charge() */
inline charge()
{
	charged = (parked < PARKABLE);
	parked = parked + charged
}

/* === Sections === */

#define IN_SLOTS(c)	(SIZE(loaded[c]) + SIZE(next[loaded[c]]))

/* vmem_cpu_enter() */
inline enter()
{
	atomic {
		if
		:: !is_task
		:: is_task && FREE(on[_pid]) ->
			cpu = on[_pid]
#ifdef HOTPLUG
		:: is_task && FREE(1 - on[_pid]) ->
			cpu = 1 - on[_pid];
			on[_pid] = cpu
#endif
		fi;
		if
#ifndef BUG_PREEMPTIBLE
		:: is_task ->
			pinned[cpu] = _pid
#endif
		:: else
		fi;
		tmp = idle[cpu] - 1
	}
	idle[cpu] = tmp;
#ifdef BUG_ENTER_NOT_EXCLUSIVE
	entered = true;
#else
	if
	:: tmp == 0 ->
		entered = true
	:: else ->
		tmp = idle[cpu] + 1;
		d_step {
			idle[cpu] = tmp;
			pinned[cpu] = (is_task -> 0 : pinned[cpu])
		}
	fi;
#endif
	tmp = 0
}

/* vmem_cpu_leave() */
inline leave()
{
	d_step {
		assert(!drained || loaded[cpu] == CLOSED || !online[cpu]);
		assert(parked >= IN_SLOTS(cpu));
		idle[cpu] = 1;
		pinned[cpu] = (is_task -> 0 : pinned[cpu]);
		entered = false;
		mag = NOTHING
	}
}

#ifdef BUG_LOOK_BEFORE_ENTER
#define LOOK_EARLY	mag = loaded[cpu]
#define LOOK		skip
#else
#define LOOK_EARLY	skip
#define LOOK		mag = loaded[cpu]
#endif

/* vmem_magazine_pop() */
inline pop()
{
	LOOK_EARLY;
	enter();
	if
	:: entered ->
		LOOK;
		tmp = rounds[mag];
		if
		:: tmp ->
			assert(mag != CLOSED);
			rounds[mag] = tmp - 1;
			d_step {
				unit = round[mag];
				round[mag] = 0;
				hand_out(unit)
			}
		:: else
		fi;
		tmp = 0;
		leave()
	:: else
	fi
}

/* vmem_magazine_push() */
inline push()
{
	LOOK_EARLY;
	enter();
	if
	:: entered ->
		LOOK;
		if
		:: rounds[mag] < SIZE(mag) ->
			round[mag] = unit;
			d_step {
				rounds[mag] = rounds[mag] + 1;
				unit = 0
			}
		:: else
		fi;
		leave()
	:: else
	fi
}

inline swap_previous()
{
	tmp = next[mag];
	next[tmp] = mag;
	next[mag] = NOTHING;
	loaded[cpu] = tmp;
	mag = tmp;
	tmp = 0
}

inline take_previous(into)
{
	into = next[mag];
	if
	:: into ->
		d_step {
			assert(mag != CLOSED);
			move(into, IN_SLOT, IN_HAND);
#ifndef BUG_KEEP_PREVIOUS
			next[mag] = NOTHING
#endif
		}
	:: else
	fi
}

/* Of at most one magazine, as a list. */
inline close_slot(c, into)
{
	into = loaded[c];
	d_step {
#ifndef BUG_HOTPLUG_TWICE
		loaded[c] = CLOSED;
#else
		loaded[c] = (dead -> loaded[c] : CLOSED);
#endif
		if
		:: into ->
			move(into, IN_SLOT, IN_HAND);
			if
			:: next[into] ->
				move(next[into], IN_SLOT, IN_HAND)
			:: else
			fi
		:: else
		fi
	}
}

inline discharge(list)
{
	d_step {
		m = list;
		do
		:: m ->
			assert(parked);
			parked--;
			m = next[m]
		:: else ->
			break
		od
	}
}

/* vmem_magazine_pop_previous() */
inline pop_previous()
{
	enter();
	if
	:: entered ->
		mag = loaded[cpu];
		if
		:: !rounds[mag] && next[mag] && rounds[next[mag]] ->
			swap_previous()
		:: else
		fi;
		if
		:: rounds[mag] ->
			d_step {
				rounds[mag] = rounds[mag] - 1;
				unit = round[mag];
				round[mag] = 0;
				hand_out(unit)
			}
		:: else ->
			take_previous(spare)
		fi;
		leave();
		discharge(spare)
	:: else
	fi
}

/* vmem_magazine_push_previous() */
inline push_previous()
{
	enter();
	if
	:: entered ->
		mag = loaded[cpu];
		if
		:: rounds[mag] >= SIZE(mag) && next[mag] &&
		   rounds[next[mag]] < SIZE(next[mag]) ->
			swap_previous()
		:: else
		fi;
		if
		:: rounds[mag] < SIZE(mag) ->
			d_step {
				round[mag] = unit;
				rounds[mag] = rounds[mag] + 1;
				unit = 0
			}
		:: else ->
			take_previous(spare);
			if
			:: !spare ->
				close_slot(cpu, spare)
			:: else
			fi
		fi;
		leave();
		discharge(spare)
	:: else
	fi
}

/* vmem_magazine_load() */
inline load()
{
	left = new;
	enter();
	if
	:: entered ->
		mag = loaded[cpu];
		take_previous(left);
		d_step {
			next[new] = mag;
			move(new, IN_HAND, IN_SLOT)
		}
		loaded[cpu] = new;
		if
#ifndef BUG_LOAD_UNCHECKED
		:: nr_waiters ->		/* vmem_magazines_closed() */
			d_step {
				loaded[cpu] = CLOSED;
				move(new, IN_SLOT, IN_HAND);
				if
				:: mag ->
					move(mag, IN_SLOT, IN_HAND);
					next[mag] = left
				:: else
				fi;
				left = new
			}
#endif
		:: else
		fi;
		leave()
	:: else
	fi;
	new = NOTHING;
#ifndef BUG_NO_DISCHARGE
	discharge(left);
#endif
	store(left)
}

/* === The ways of an object === */

/* take_empty() and the rest of vmem_qcache_free() */
inline free()
{
	d_step {
		assert(owned & unit);
		owned = owned & ~unit
	}
	push();
	if
	:: unit ->
		push_previous()
	:: else
	fi;
	if
	:: unit ->
		if
		:: !nr_waiters ->
			d_step { get_empty(new) }
			if
			:: new ->
				store(spare)
			:: d_step {
				!new && spare ->
				slab_give(round[spare]);
				rounds[spare] = 0;
				round[spare] = 0;
				new = spare;
				spare = NOTHING
			   }
			:: !new && !spare
			fi;
			if
			:: atomic { new -> charge() }
				if
				:: charged
				:: !charged ->
					store(new)
				fi;
				charged = false
			:: !new
			fi
		:: nr_waiters ->
			store(spare)
		fi;
		if
		:: atomic {
			new ->
			round[new] = unit;
			rounds[new] = 1;
			unit = 0
		   }
			load()
		:: atomic {
			!new ->
			slab_give(unit);
			unit = 0
		   }
		fi
	:: else
	fi
}

/* refill() and the rest of vmem_qcache_alloc() */
inline alloc()
{
	pop();
	if
	:: !unit && !nr_waiters ->
		pop_previous();
		if
		:: !unit ->
			d_step { get_full(new) }
			if
			:: new ->
				store(spare);
				atomic { charge() }
			:: !new ->
				d_step {
					/* vehicle() */
					if
					:: spare ->
						new = spare;
						spare = NOTHING
					:: else ->
						get_empty(new)
					fi;
					if
					:: new ->
						charge();
						if
						:: charged && slab ->
							/* vmem_slab_fill() */
							round[new] = LOWEST(slab);
							rounds[new] = 1;
							slab = slab & ~round[new]
						:: else
						fi
					:: else
					fi
				}
			fi;
			/* pop_and_load() */
			if
			:: atomic {
				new && rounds[new] ->
				unit = round[new];
				round[new] = 0;
				rounds[new] = 0;
				hand_out(unit)
			   }
			:: else
			fi;
			if
			:: charged ->
				load()
			:: !charged ->
				store(new)
			fi;
			charged = false
		:: else
		fi
	:: unit || nr_waiters
	fi;
	if
	:: atomic {
		!unit && slab ->		/* vmem_serve() */
		unit = LOWEST(slab);
		slab = slab & ~unit;
		hand_out(unit)
	   }
	:: else
	fi
}

#define LOCALS \
	byte mag, spare, new, left, m; \
	short tmp; \
	bool entered, charged

proctype thread(byte unit) provided (TASK_RUNS)
{
	LOCALS;
	byte cpu;
	bool is_task = true;

	if
	:: unit ->
		free()
	:: else ->
		alloc();
		if
		:: unit ->
			free()
		:: else
		fi
	fi
}

/* An interrupt on CPU 0 */
proctype interrupt(byte unit) provided (level[0] == 1)
{
	LOCALS;
	byte cpu;
	bool is_task;

	if
	:: unit ->
		free()
	:: unit = 0;
		alloc()
	fi;
	atomic {
		unit = 0;
		level[0] = 0
	}
}

/* unload() on CPU 0 */
proctype drain_interrupt() provided (level[0] == 2)
{
	byte mag, cpu;
	short tmp;
	bool entered, is_task;

end:	do
	:: true ->
		enter();
		if
		:: entered ->
			close_slot(0, out);
			leave();
			finished = true
		:: else
		fi;
		d_step {
			level[0] = below;
			below = 0;
			served = true
		}
	od
}

/* What makes CPU 0 run interrupts */
proctype hardware()
{
end:	do
	:: d_step {
		level[0] == 0 && !dead && irq_to_come ->
		irq_to_come = false;
		level[0] = 1
	   }
	:: d_step {
		level[0] < 2 && ipi ->
		ipi = false;
		below = level[0];
		level[0] = 2
	   }
	od
}

inline flush_all(list)
{
	discharge(list);
	do
	:: atomic {
		list ->
		m = list;
		list = next[m];
		next[m] = NOTHING;
		flush(m);
		m = NOTHING
	   }
	:: else ->
		break
	od
}

/* vmem_magazine_unload_on() */
inline unload_on()
{
	do
	:: !finished ->
		if
		:: d_step {
			online[0] ->
			ipi = true
		   }
			d_step {
				served ->
				served = false
			}
#ifdef BUG_DRAIN_ONCE
			break
#endif
		:: !online[0] ->
			break
		fi
	:: else ->
		break
	od;
	if
	:: finished ->
		d_step {
			list = out;
			out = NOTHING;
			finished = false
		}
		flush_all(list)
	:: else
	fi
}

/* vmem_wait(), drain_all() */
proctype sleeper() provided (TASK_RUNS)
{
	byte m, mag, list, cpu;
	short tmp;
	bool entered, is_task = true;

	nr_waiters = true;
	if
	:: loaded[0] != CLOSED ->
#ifdef BUG_DRAIN_REMOTE
		close_slot(0, list);
		flush_all(list)
#else
		unload_on()
#endif
	:: loaded[0] == CLOSED
	fi;
#ifdef HOTPLUG
	/* And of this CPU, with interrupts off; we are not in a section. */
	atomic {
		FREE(1) ->
		close_slot(1, list)
	}
	flush_all(list);
#endif
	do
	:: atomic {				/* vmem_depot_flush() */
		depot ->
		get_full(m);
		flush(m);
		m = NOTHING
	   }
	:: !depot ->
		break
	od;
	atomic {
		drained = true;
		assert(loaded[0] == CLOSED || idle[0] < 1 || !online[0]);
		assert(loaded[1] == CLOSED || idle[1] < 1)
	}
	if
	:: true
	:: d_step {				/* leave() */
		drained = false;
		nr_waiters = false
	   }
	fi
}

#ifdef HOTPLUG
/* What becomes of CPU 0; by another one */
proctype hotplug()
{
	byte m, list;

#ifndef BUG_CALLBACK_EARLY
	d_step {
		FREE(0) ->
		online[0] = false
	}
	d_step {
		!ipi && !level[0] ->
		dead = true
	}
#endif
	/* cpu_dead(), vmem_magazine_unload_dead() */
#ifndef BUG_NO_CALLBACK
	close_slot(0, list);
	flush_all(list);
#endif
	atomic {
		dead = false;
		online[0] = true
	}
}
#endif

#define MARK(mag)	(place[mag] == IN_SLOT && rounds[mag] -> round[mag] : 0)
#define STORED(mag) \
	(place[mag] == IN_DEPOT && rounds[mag] -> round[mag] : 0)

/* When nothing goes on any more */
active proctype quiet()
{
	timeout ->
	d_step {
		assert(place[1] != IN_HAND && place[2] != IN_HAND &&
		       place[3] != IN_HAND);
		assert(IN_SLOTS(0) + IN_SLOTS(1) ==
		       (place[1] == IN_SLOT) + (place[2] == IN_SLOT) +
		       (place[3] == IN_SLOT));
		assert(parked == IN_SLOTS(0) + IN_SLOTS(1));
		assert(owned + slab + MARK(1) + MARK(2) + MARK(3) +
		       STORED(1) + STORED(2) + STORED(3) == ALL_UNITS);
		assert(!rounds[CLOSED] && !round[CLOSED] && !next[CLOSED]);
		assert(!nr_waiters || !depot && !IN_SLOTS(0) && !IN_SLOTS(1))
	}
}

/* A slot of CPU 0 with two magazines, and unit 4 in one of them */
inline open_slot()
{
	loaded[0] = 1;
	next[1] = 2;
	place[1] = IN_SLOT;
	place[2] = IN_SLOT;
	parked = 2;
	unused = unused & 8;
	slab = 0;
	if
	:: round[1] = 4;
		rounds[1] = 1
	:: round[2] = 4;
		rounds[2] = 1
	fi
}

init {
	byte id;

	atomic {
		idle[0] = 1;
		idle[1] = 1;
		place[1] = UNUSED;
		place[2] = UNUSED;
		place[3] = UNUSED;
		unused = ALL_MAGS;
		owned = 3;
		slab = 4;
#ifdef HOTPLUG
		run hotplug();
#endif
		if
		:: open_slot();
#ifdef HOTPLUG
			run thread(1);
#else
			run thread(0);
#endif
			run interrupt(2);
			irq_to_come = true
		:: run thread(1);
			run thread(2);
#ifndef HOTPLUG
			run interrupt(0);
			irq_to_come = true
#endif
		fi;
		run drain_interrupt();
		id = run sleeper();
		on[id] = 1;
		run hardware()
	}
}
