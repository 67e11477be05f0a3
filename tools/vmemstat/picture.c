// SPDX-License-Identifier: GPL-2.0-only
/*
 * A picture of rectangles, as SVG or as PNG.
 *
 * Colours are 0xRRGGBB. A PNG has no texts, as that would take a font, and is not
 * compressed, as that would take a library: pngcrush and its like do that.
 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "vmemstat.h"

#define COLOURS	256
#define STORED	65535		/* bytes of a block of deflate */

struct rect {
	unsigned int x, y, width, height;
	unsigned int colour;
	char *title;
};

struct text {
	unsigned int x, y;
	char *text;
};

static struct rect *rects;
static struct text *texts;
static unsigned int nr_rects, nr_texts, width, height;

/* Behind what is there. The title shows when one points at it, in an SVG. */
void picture_rect(unsigned int x, unsigned int y, unsigned int w, unsigned int h,
		  unsigned int colour, const char *title)
{
	if (!(nr_rects & (nr_rects - 1)))
		rects = allocate(rects, (2 * nr_rects + 1) * sizeof(*rects));
	rects[nr_rects++] = (struct rect){ x, y, w, h, colour, title ? copy(title) : NULL };
	if (x + w > width)
		width = x + w;
	if (y + h > height)
		height = y + h;
}

void picture_text(unsigned int x, unsigned int y, const char *text)
{
	texts = allocate(texts, (nr_texts + 1) * sizeof(*texts));
	texts[nr_texts++] = (struct text){ x, y, copy(text) };
}

/* === SVG === */

static void escape(FILE *file, const char *text)
{
	for (; *text; text++) {
		if (*text == '<' || *text == '&')
			fprintf(file, "&#%d;", *text);
		else
			putc(*text, file);
	}
}

/* Neighbours in the list that have one colour, and no title, are one path. */
static void write_svg(FILE *file)
{
	unsigned int i, colour = ~0u;

	fprintf(file, "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%u\" height=\"%u\" "
		"font-family=\"sans-serif\" font-size=\"13\">\n", width, height);
	for (i = 0; i < nr_rects; i++) {
		const struct rect *r = &rects[i];

		if (colour != ~0u && (r->title || r->colour != colour)) {
			fputs("\"/>\n", file);
			colour = ~0u;
		}
		if (r->title) {
			fprintf(file, "<rect x=\"%u\" y=\"%u\" width=\"%u\" height=\"%u\" "
				"fill=\"#%06x\"><title>", r->x, r->y, r->width, r->height,
				r->colour);
			escape(file, r->title);
			fputs("</title></rect>\n", file);
			continue;
		}
		if (colour == ~0u)
			fprintf(file, "<path fill=\"#%06x\" d=\"", r->colour);
		colour = r->colour;
		fprintf(file, "M%u %uh%uv%uh-%uz", r->x, r->y, r->width, r->height, r->width);
	}
	if (colour != ~0u)
		fputs("\"/>\n", file);
	for (i = 0; i < nr_texts; i++) {
		fprintf(file, "<text x=\"%u\" y=\"%u\">", texts[i].x, texts[i].y);
		escape(file, texts[i].text);
		fputs("</text>\n", file);
	}
	fputs("</svg>\n", file);
}

/* === PNG (ISO/IEC 15948), with a palette; zlib (RFC 1950), stored only === */

static void put_be32(unsigned char *to, uint32_t n)
{
	to[0] = n >> 24;
	to[1] = n >> 16;
	to[2] = n >> 8;
	to[3] = n;
}

static uint32_t crc_of(const unsigned char *data, size_t size)
{
	uint32_t crc = ~0u;
	int bit;

	while (size--) {
		crc ^= *data++;
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	return ~crc;
}

static void write_chunk(FILE *file, const char *type, const unsigned char *data, size_t size)
{
	unsigned char *chunk = allocate(NULL, size + 12);

	put_be32(chunk, size);
	memcpy(chunk + 4, type, 4);
	if (size)
		memcpy(chunk + 8, data, size);
	put_be32(chunk + 8 + size, crc_of(chunk + 4, size + 4));
	fwrite(chunk, 1, size + 12, file);
	free(chunk);
}

static uint32_t adler_of(const unsigned char *data, size_t size)
{
	uint32_t a = 1, b = 0;

	while (size--) {
		a = (a + *data++) % 65521;
		b = (b + a) % 65521;
	}
	return b << 16 | a;
}

static size_t store(unsigned char *to, const unsigned char *data, size_t size)
{
	unsigned char *begin = to;
	uint32_t adler = adler_of(data, size);

	*to++ = 0x78;
	*to++ = 0x01;
	while (size) {
		size_t n = size < STORED ? size : STORED;

		*to++ = n == size;
		*to++ = n;
		*to++ = n >> 8;
		*to++ = ~n;
		*to++ = ~n >> 8;
		memcpy(to, data, n);
		to += n;
		data += n;
		size -= n;
	}
	put_be32(to, adler);
	return to + 4 - begin;
}

/* The place of a colour in the palette; of the last one, when that is full. */
static unsigned char entry(unsigned char palette[COLOURS][3], unsigned int *nr,
			   unsigned int colour)
{
	unsigned char rgb[3] = { colour >> 16, colour >> 8, colour };
	unsigned int i;

	for (i = 0; i < *nr; i++)
		if (!memcmp(palette[i], rgb, 3))
			return i;
	if (*nr == COLOURS)
		return COLOURS - 1;
	memcpy(palette[*nr], rgb, 3);
	return (*nr)++;
}

static void write_png(FILE *file)
{
	static const unsigned char signature[] = "\x89PNG\r\n\x1a\n";
	unsigned char header[13] = {}, palette[COLOURS][3];
	size_t line = width + 1, size = line * height, i;
	unsigned char *pixels = allocate(NULL, size), *data;
	unsigned int colours = 0, y;

	memset(pixels, entry(palette, &colours, 0xffffff), size);
	for (i = 0; i < nr_rects; i++) {
		unsigned char colour = entry(palette, &colours, rects[i].colour);

		for (y = rects[i].y; y < rects[i].y + rects[i].height; y++)
			memset(pixels + y * line + 1 + rects[i].x, colour, rects[i].width);
	}
	for (y = 0; y < height; y++)
		pixels[y * line] = 0;		/* no filter */

	put_be32(header, width);
	put_be32(header + 4, height);
	header[8] = 8;				/* bits */
	header[9] = 3;				/* with a palette */
	data = allocate(NULL, size + size / STORED * 5 + 16);
	fwrite(signature, 1, 8, file);
	write_chunk(file, "IHDR", header, sizeof(header));
	write_chunk(file, "PLTE", palette[0], 3 * colours);
	write_chunk(file, "IDAT", data, store(data, pixels, size));
	write_chunk(file, "IEND", NULL, 0);
	free(data);
	free(pixels);
}

/* What there is, to options.picture. */
void picture_write(void)
{
	const char *path = options.picture;
	FILE *file;

	if (!width || !height)
		die("there is nothing to draw");
	if (options.png && (u64)(width + 1) * height > INT32_MAX / 2)
		die("%u times %u pixels are too many for a PNG", width, height);
	file = fopen(path, "wb");
	if (!file)
		die("%s: %s", path, strerror(errno));
	if (options.png)
		write_png(file);
	else
		write_svg(file);
	if (ferror(file) | fclose(file))
		die("%s: %s", path, strerror(errno));
}
