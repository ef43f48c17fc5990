/*
 * A program to be symbolized by the tests of object/ and symbolize/: built with debug information
 * and optimization. The marks at lines' ends are what the tests look for in this text.
 */
#include <stdint.h>

static inline uint64_t sample_mix(uint64_t x)
{
	x ^= x >> 33;
	x *= 0xff51afd7ed558ccdULL; /* mark: multiply */
	return x ^ (x >> 29);
}

static inline uint64_t sample_twice(uint64_t x)
{
	return sample_mix(sample_mix(x)); /* mark: twice */
}

__attribute__((noinline)) uint64_t sample_inner(uint64_t n)
{
	uint64_t sum = 0;

	for (uint64_t i = 0; i < n; i++)
		sum += sample_twice(i); /* mark: call */
	return sum;
}

__attribute__((noinline)) uint64_t sample_outer(uint64_t n)
{
	return sample_inner(n) + 1; /* mark: outer */
}

uint64_t sample_data[16];

int main(int argc, char **argv)
{
	(void)argv;
	return (int)(sample_outer((uint64_t)argc * 1000) & 1);
}
