// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every call, or what stands for it, in every context: contexts.c under KUnit. What
 * is wrong without a visible result, a kernel that checks contexts says in its log.
 */
#include <kunit/device.h>
#include <linux/dma-mapping.h>
#include <linux/err.h>

#include "contexts.h"
#include "fixture.h"

/* A parameter points at its number's element; there is nothing in it. */
static const char cells[CONTEXTS_CELLS];

static void describe(const char *cell, char *desc)
{
	contexts_name(cell - cells, desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(cell, cells, describe);

/* Ends with the test, which is later than the arenas that use it. */
static struct device *dma_device(struct kunit *test)
{
	struct device *dev;

	if (!IS_ENABLED(CONFIG_HAS_DMA))
		return NULL;
	dev = kunit_device_register(test, "vmem_contexts");
	KUNIT_ASSERT_FALSE(test, IS_ERR(dev));
	KUNIT_ASSERT_EQ(test, 0,
			dma_coerce_mask_and_coherent(dev, DMA_BIT_MASK(64)));
	return dev;
}

static void calls_are_legal(struct kunit *test)
{
	struct contexts_means means = {
		.dev = dma_device(test),
		.valid = vmem_validate,
	};
	const char *cell = test->param_value;
	struct contexts_verdict verdict;

	verdict = contexts_run(cell - cells, &means);
	if (verdict.result == CONTEXTS_SKIPPED)
		kunit_skip(test, "%s", verdict.why);
	if (verdict.result == CONTEXTS_FAILED)
		KUNIT_FAIL(test, "%s:%u: %s%s", verdict.file, verdict.line,
			   verdict.why, verdict.starved ? ", time and again" : "");
}

static struct kunit_case contexts_cases[] = {
	KUNIT_CASE_PARAM(calls_are_legal, cell_gen_params),
	{}
};

static struct kunit_suite contexts_suite = {
	.name = "vmem_contexts",
	.init = fixture_init,
	.exit = fixture_exit,
	.test_cases = contexts_cases,
};

kunit_test_suite(contexts_suite);
