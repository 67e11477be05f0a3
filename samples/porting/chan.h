/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What chan.c has to offer to the rest of its driver.
 */
#ifndef _CHAN_H
#define _CHAN_H

#define CHAN_MAX	8	/* channels of the card */
#define CHAN_DESCS	4	/* descriptors of a channel */

/**
 * struct chan - a channel of the card, while it is open.
 * @id: its number, below CHAN_MAX
 * @size: bytes of @ring
 * @ring: where its ring is in the memory of the card
 * @desc: where its descriptors are, which lie side by side
 */
struct chan {
	id_t id;
	size_t size;
	void *ring;
	void *desc;
};

/* Like all of its kind, these return 0 or a positive error number. */
int chan_attach(void);
int chan_detach(void);
int chan_open(struct chan *ch, size_t size);
void chan_close(struct chan *ch);
int chan_sane(const struct chan *ch);
void chan_inventory(size_t *nr, size_t *bytes, size_t *free);

#endif /* _CHAN_H */
