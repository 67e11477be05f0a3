/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the driver know of each other. Begin with card.c.
 */
#ifndef _DEMO_H
#define _DEMO_H

#include <linux/mutex.h>
#include <linux/types.h>

#include <linux/vmem.h>

struct device;

#define DEMO_WINDOWS	6
#define DEMO_PORTS	8

#define RING_SIZE	768	/* bytes */

/*
 * How to allocate in a probe function: sleep for memory if need be, yet give
 * up when the arena is full, as nobody is about to free anything.
 */
#define DEMO_TRY	(VM_SLEEP | VM_ABORT)

/**
 * struct demo_card - a card.
 * @dev: its device
 * @name: to put names of arenas together
 * @start: where BAR 2 starts
 * @len: length of BAR 2
 * @bar: arena of BAR 2
 * @rings: arena of rings, a child of @bar
 * @tags: arena of command tags
 * @tables: arena of memory for tables
 * @bounces: arena of memory for bounce buffers
 * @dma: source of memory that the card may access
 * @descs: arena of descriptors, a child of @dma
 * @window: addresses of the windows, in the order of the table demo_windows
 * @port: the ports; NULL where there is none
 * @commands: table of the commands, from @tables; by tag
 * @trace: table of what they last carried, from @tables
 */
struct demo_card {
	struct device *dev;
	char name[32];
	resource_size_t start;
	resource_size_t len;
	vmem_t *bar;
	vmem_t *rings;
	vmem_t *tags;
	vmem_t *tables;
	vmem_t *bounces;
	vmem_t *dma;
	vmem_t *descs;
	void *window[DEMO_WINDOWS];
	struct demo_port *port[DEMO_PORTS];
	struct demo_command *commands;
	u8 *trace;
};

/**
 * struct demo_desc - a descriptor: how the card is told what to do.
 * @offset: in the BAR, of the ring
 * @len: of the ring
 * @tag: of the command
 * @reserved: for the card, which wants 64 bytes at a multiple of 64
 */
struct demo_desc {
	__le64 offset;
	__le32 len;
	__le32 tag;
	u8 reserved[48];
};

/**
 * struct demo_command - what is set apart for a command.
 * @bounce: what travels between user space and a ring
 * @trace: its part of demo_card::trace
 * @desc: its descriptor
 */
struct demo_command {
	u8 *bounce;
	u8 *trace;
	struct demo_desc *desc;
};

/* With vmem, addresses travel as pointers. Do not dereference those of a BAR. */
static inline void *to_ptr(resource_size_t addr)
{
	return (void *)(uintptr_t)addr;
}

static inline resource_size_t to_addr(void *ptr)
{
	return (uintptr_t)ptr;
}

/* NULL means failure, so no arena holds a 0: numbers are kept plus one. */
static inline void *to_id(unsigned int number)
{
	return (void *)(uintptr_t)(number + 1);
}

static inline unsigned int to_number(void *id)
{
	return (uintptr_t)id - 1;
}

/* card.c */
const char *demo_arena_name(struct demo_card *card, const char *what);

/* windows.c */
int demo_windows_add(struct demo_card *card);
void demo_windows_remove(struct demo_card *card);

/* memory.c */
bool demo_memory_wanted(void);
int demo_memory_add(struct demo_card *card);
void demo_memory_remove(struct demo_card *card);
size_t demo_memory_left(struct demo_card *card);
struct demo_command *demo_command_begin(struct demo_card *card, void *ring);
void demo_command_end(struct demo_card *card, struct demo_command *command);

/* ports.c */
int demo_ports_init(void);
void demo_ports_exit(void);
int demo_ports_add(struct demo_card *card);
void demo_ports_remove(struct demo_card *card);

#endif /* _DEMO_H */
