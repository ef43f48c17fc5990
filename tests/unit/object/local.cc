/* Functions whose code a reader that skips types must not miss: members of local classes. */
template <int N> inline __attribute__((always_inline)) int sample_outer(int n)
{
	struct local {
		__attribute__((noinline)) static int inside(int v) { return v / N + 3; }
	};
	return local::inside(n) + 1;
}

struct sample_class {
	struct inner {
		__attribute__((noinline)) static int deep(int v) { return v * 5 / 3; }
	};
	__attribute__((noinline)) int member(int v) { return inner::deep(v) + 1; }
};

/* One without parameters, and one of which a part goes elsewhere (".cold"). */
__attribute__((noinline)) void sample_nothing()
{
	asm volatile("nop");
}

__attribute__((noinline)) int sample_throws(int n)
{
	if (n == 77)
		throw n;
	return n * 3;
}

/* One function of three names. */
extern "C" {
__attribute__((noinline, used)) int sample_named(int n)
{
	return n * 11 + 5;
}

__attribute__((alias("sample_named"))) int sample_named_last(int n);
__attribute__((alias("sample_named"), weak)) int sample_a_name(int n);
}

int main(int argc, char **argv)
{
	(void)argv;
	sample_nothing();
	return sample_throws(argc) + sample_outer<3>(argc) + sample_outer<7>(argc) + sample_class().member(argc);
}
