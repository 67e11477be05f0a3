// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands, and arenas of real memory for what they need. A command in flight has
 * a tag, which numbers all that is set apart for it:
 *
 *   bounce buffer   whole pages, cut into buffers by quantum caches
 *   trace           part of one large table, whose pages need not be contiguous
 *   descriptor      DMA-coherent, as the card reads it
 */
#include <linux/device.h>
#include <linux/dma-mapping.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sizes.h>
#include <linux/string.h>

#include "demo.h"

#define COMMANDS_MAX	65536

#define BOUNCE_QUANTUM	256
#define TRACE_SIZE	SZ_1K
#define DESC_SIZE	sizeof(struct demo_desc)

static unsigned int commands = 256;
module_param(commands, uint, 0444);
MODULE_PARM_DESC(commands, "Commands in flight at most, 1 to 65536 (default: 256)");

bool demo_memory_wanted(void)
{
	return commands && commands <= COMMANDS_MAX;
}

/* === Arenas === */

/* Descriptors, and the source of their memory, which has to outlive them. */
static int demo_descs_create(struct demo_card *card)
{
	card->dma = devm_vmem_create_dma(card->dev, demo_arena_name(card, "dma"),
					 VM_SLEEP);
	if (!card->dma)
		return -ENOMEM;
	card->descs = devm_vmem_create(card->dev, demo_arena_name(card, "desc"),
				       NULL, 0, DESC_SIZE, vmem_dma_alloc,
				       vmem_dma_free, card->dma, 0, VM_SLEEP);
	return card->descs ? 0 : -ENOMEM;
}

static int demo_memory_create(struct demo_card *card)
{
	/* qcache_max is 1: tags are wanted often, and one at a time. */
	card->tags = devm_vmem_create(card->dev, demo_arena_name(card, "tag"),
				      to_id(0), commands, 1, NULL, NULL, NULL, 1,
				      VM_SLEEP | VMC_IDENTIFIER);
	card->tables = devm_vmem_create(card->dev,
					demo_arena_name(card, "table"), NULL, 0,
					PAGE_SIZE, vmem_kvmalloc_alloc,
					vmem_kvmalloc_free, NULL, 0, VM_SLEEP);
	card->bounces = devm_vmem_create(card->dev,
					 demo_arena_name(card, "bounce"), NULL, 0,
					 BOUNCE_QUANTUM, vmem_pages_alloc,
					 vmem_pages_free, NULL, RING_SIZE,
					 VM_SLEEP);
	if (!card->tags || !card->tables || !card->bounces)
		return -ENOMEM;
	return demo_descs_create(card);
}

/* === Blocks === */

static int demo_tables_alloc(struct demo_card *card)
{
	size_t size = commands * sizeof(*card->commands);

	card->commands = vmem_alloc(card->tables, size, DEMO_TRY);
	if (!card->commands)
		return -ENOMEM;
	/* Memory of an arena comes as it is. */
	memset(card->commands, 0, size);
	card->trace = vmem_alloc(card->tables, commands * TRACE_SIZE, DEMO_TRY);
	return card->trace ? 0 : -ENOMEM;
}

static int demo_command_alloc(struct demo_card *card, unsigned int i)
{
	struct demo_command *command = &card->commands[i];

	command->trace = card->trace + i * TRACE_SIZE;
	command->bounce = vmem_alloc(card->bounces, RING_SIZE, DEMO_TRY);
	command->desc = vmem_alloc(card->descs, DESC_SIZE, DEMO_TRY);
	return command->bounce && command->desc ? 0 : -ENOMEM;
}

static void demo_command_free(struct demo_card *card,
			      struct demo_command *command)
{
	if (command->desc)
		vmem_free(card->descs, command->desc, DESC_SIZE);
	if (command->bounce)
		vmem_free(card->bounces, command->bounce, RING_SIZE);
}

/* === Are they good? === */

/* What is in a block of its own has a mark of its own, not 0, in every word. */
static void fill(void *block, size_t size, u64 mark)
{
	memset64(block, mark, size / sizeof(mark));
}

static bool filled(const void *block, size_t size, u64 mark)
{
	const u64 *word = block, *end = block + size;

	while (word < end && *word == mark)
		word++;
	return word == end;
}

static void demo_command_fill(struct demo_card *card, unsigned int i)
{
	struct demo_command *command = &card->commands[i];

	fill(command->bounce, RING_SIZE, 4 * i + 1);
	fill(command->trace, TRACE_SIZE, 4 * i + 2);
	fill(command->desc, DESC_SIZE, 4 * i + 3);
}

/* What is wrong with what a command has, or NULL if nothing is. */
static const char *command_flaw(struct demo_card *card, unsigned int i)
{
	const struct demo_command *command = &card->commands[i];
	dma_addr_t bus = vmem_dma_addr(card->descs, command->desc);
	u8 *last = (u8 *)(command->desc + 1) - 1;

	if (bus == DMA_MAPPING_ERROR)
		return "descriptor is not known to the card";
	if (!IS_ALIGNED(bus | (uintptr_t)command->desc, DESC_SIZE))
		return "descriptor is not aligned";
	if (vmem_dma_addr(card->descs, last) != bus + DESC_SIZE - 1)
		return "descriptor is torn apart";
	if (!filled(command->bounce, RING_SIZE, 4 * i + 1))
		return "bounce buffer was overwritten";
	if (!filled(command->trace, TRACE_SIZE, 4 * i + 2))
		return "trace was overwritten";
	if (!filled(command->desc, DESC_SIZE, 4 * i + 3))
		return "descriptor was overwritten";
	return NULL;
}

static int demo_command_check(struct demo_card *card, unsigned int i)
{
	const char *flaw = command_flaw(card, i);

	if (!flaw)
		return 0;
	dev_err(card->dev, "FAILED: command %u: %s\n", i, flaw);
	return -EIO;
}

static size_t pages_of(vmem_t *arena)
{
	return vmem_size(arena, VMEM_ALLOC | VMEM_FREE) / PAGE_SIZE;
}

static void demo_desc_tell(struct demo_card *card, unsigned int i)
{
	dma_addr_t bus = vmem_dma_addr(card->descs, card->commands[i].desc);

	dev_info(card->dev, "descriptor %u at bus %pad\n", i, &bus);
}

static void demo_memory_tell(struct demo_card *card)
{
	struct device *dev = card->dev;

	dev_info(dev, "memory: 2 tables in %zu pages\n", pages_of(card->tables));
	dev_info(dev, "memory: %u bounce buffers in %zu pages\n", commands,
		 pages_of(card->bounces));
	dev_info(dev, "memory: %u descriptors in %zu pages\n", commands,
		 pages_of(card->descs));
	demo_desc_tell(card, 0);
	demo_desc_tell(card, commands - 1);
	dev_info(dev, "ok: memory keeps what is written\n");
}

/* As for windows: all blocks are filled before the first one is read. */
int demo_memory_add(struct demo_card *card)
{
	unsigned int i;
	int ret;

	ret = demo_memory_create(card);
	if (!ret)
		ret = demo_tables_alloc(card);
	for (i = 0; i < commands && !ret; i++)
		ret = demo_command_alloc(card, i);
	for (i = 0; i < commands && !ret; i++)
		demo_command_fill(card, i);
	for (i = 0; i < commands && !ret; i++)
		ret = demo_command_check(card, i);
	if (!ret)
		demo_memory_tell(card);
	return ret;
}

/* The arenas are still there: they end after the driver's remove function. */
void demo_memory_remove(struct demo_card *card)
{
	unsigned int i;

	for (i = 0; i < commands && card->commands; i++)
		demo_command_free(card, &card->commands[i]);
	if (card->trace)
		vmem_free(card->tables, card->trace, commands * TRACE_SIZE);
	if (card->commands)
		vmem_free(card->tables, card->commands,
			  commands * sizeof(*card->commands));
}

/* Bytes that were imported and not given back. */
size_t demo_memory_left(struct demo_card *card)
{
	/* What quantum caches keep at hand for the next to come is no loss. */
	vmem_qcache_reap(card->bounces);
	return vmem_size(card->tables, VMEM_ALLOC | VMEM_FREE) +
	       vmem_size(card->bounces, VMEM_ALLOC | VMEM_FREE) +
	       vmem_size(card->descs, VMEM_ALLOC | VMEM_FREE);
}

/* === Use === */

/**
 * demo_command_begin() - Begin a command that deals with a ring.
 * @card: The card.
 * @ring: The ring.
 *
 * Waits until a tag is free. A real driver would now tell the card where the
 * descriptor is, by vmem_dma_addr().
 *
 * Return: The command. NULL if a fatal signal came first.
 */
struct demo_command *demo_command_begin(struct demo_card *card, void *ring)
{
	void *tag = vmem_alloc(card->tags, 1, VM_SLEEP | VM_KILLABLE);
	struct demo_command *command;

	if (!tag)
		return NULL;
	command = &card->commands[to_number(tag)];
	*command->desc = (struct demo_desc) {
		.offset = cpu_to_le64(to_addr(ring) - card->start),
		.len = cpu_to_le32(RING_SIZE),
		.tag = cpu_to_le32(to_number(tag)),
	};
	return command;
}

/**
 * demo_command_end() - End a command, and keep what it carried for the curious.
 * @card: The card.
 * @command: The command.
 */
void demo_command_end(struct demo_card *card, struct demo_command *command)
{
	memcpy(command->trace, command->bounce, RING_SIZE);
	vmem_free(card->tags, to_id(command - card->commands), 1);
}
