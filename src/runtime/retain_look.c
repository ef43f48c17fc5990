/* Before the snapshot; see retain_look.h. Called by retain.c. */
#include "runtime/retain_look.h"

#include <elf.h>
#include <link.h>
#include <string.h>

#include "core/str.h"
#include "runtime/copies.h"
#include "runtime/mem.h"
#include "runtime/modules.h"
#include "runtime/rt.h"
#include "runtime/rt_threads.h"
#include "runtime/threads_signal.h"
#include "runtime/tls.h"

static uintptr_t thread_pointer(void)
{
	return (uintptr_t)__builtin_thread_pointer();
}

/* From our struct to the thread pointer: the same in every thread. */
static uintptr_t own_distance(void)
{
	uintptr_t own = (uintptr_t)&rt_tls;

	/* The linker cannot relax a difference with a thread-local address. */
	__asm__("" : "+r"(own));
	return thread_pointer() - own;
}

static void add_segment(struct retain_module *m, const ElfW(Phdr) * p)
{
	uintptr_t start = m->bias + p->p_vaddr;

	if (p->p_type == PT_LOAD && (p->p_flags & PF_X) && !m->code)
		m->code = start;
	if (p->p_type == PT_LOAD && (p->p_flags & PF_W) && m->n_data < RETAIN_PIECES)
		m->data[m->n_data++] = (struct retain_range){ start, start + p->p_memsz };
}

/* The calling thread's block of an object that was there at the start lies below its pointer; that
 * of a later one is anywhere, and not known. */
static void add_tls(struct retain_module *m, const struct dl_phdr_info *info, size_t bytes)
{
	uintptr_t block = (uintptr_t)info->dlpi_tls_data, tp = thread_pointer();

	if (block == 0 || block >= tp || tp - block > ((uintptr_t)1 << 20))
		return;
	m->tls_distance = tp - block;
	m->tls_size = bytes;
}

static bool is_libc_name(const char *name)
{
	struct str s = str_c(name);
	size_t slash = str_rfind_char(s, '/');

	if (slash != STR_NPOS)
		s = str_skip(s, slash + 1);
	return str_starts(s, STR("libc.so")) || str_starts(s, STR("libc-2.")) ||
	       str_starts(s, STR("ld-linux")) || str_starts(s, STR("ld-2.")) ||
	       str_starts(s, STR("libpthread"));
}

/* False when there are too many. */
static bool add_own(struct retain_input *in, const struct rt_mem_table *of)
{
	struct rt_mem_piece own[RETAIN_OWN];
	size_t n = rt_mem_pieces(of, own, RETAIN_OWN - in->n_own);

	if (n == RT_MEM_TOO_MANY)
		return false;
	for (size_t i = 0; i < n; i++)
		in->own[in->n_own++] = (struct retain_range){ own[i].start, own[i].end };
	return true;
}

static bool is_loaded(const struct dl_phdr_info *info, const ElfW(Phdr) * part)
{
	for (unsigned i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];

		if (p->p_type == PT_LOAD && part->p_vaddr >= p->p_vaddr &&
		    part->p_vaddr + part->p_memsz <= p->p_vaddr + p->p_filesz)
			return true;
	}
	return false;
}

/* This library, or another copy of it: its tables name blocks and hold none. */
static void add_copy(struct retain_input *in, struct retain_module *m,
    const struct dl_phdr_info *info, const ElfW(Phdr) * p)
{
	struct str notes = { (const char *)(m->bias + p->p_vaddr), p->p_memsz };
	const struct rt_mem_table *table;

	if (!is_loaded(info, p) || !(table = rt_copies_table(notes, p->p_align)))
		return;
	m->is_own = !m->is_program;
	in->owns_too_much |= !add_own(in, table);
}

static int add_module(struct dl_phdr_info *info, size_t size, void *ctx)
{
	struct retain_input *in = ctx;
	struct retain_module *m = &in->modules[in->n_modules];

	(void)size;
	if (in->n_modules == RETAIN_MODULES)
		return 1;
	*m = (struct retain_module){ .bias = info->dlpi_addr, .is_program = in->n_modules == 0 };
	for (unsigned i = 0; i < info->dlpi_phnum; i++) {
		add_segment(m, &info->dlpi_phdr[i]);
		if (info->dlpi_phdr[i].p_type == PT_TLS)
			add_tls(m, info, info->dlpi_phdr[i].p_memsz);
		if (info->dlpi_phdr[i].p_type == PT_NOTE)
			add_copy(in, m, info, &info->dlpi_phdr[i]);
	}
	m->is_libc = is_libc_name(info->dlpi_name);
	in->n_modules++;
	return 0;
}

static void add_thread(void *ctx, const struct rt_threads_one *one)
{
	struct retain_input *in = ctx;
	struct retain_thread *t = &in->threads[in->n_threads];
	const struct rt_thread *known;

	if (in->n_threads == RETAIN_THREADS)
		return;
	*t = (struct retain_thread){
		.tid = one->tid, .sp = one->sp, .n_regs = (unsigned)one->n_regs
	};
	memcpy(t->name, one->info.name, sizeof(t->name));
	if (one->n_regs)
		memcpy(t->regs, one->regs, one->n_regs * sizeof(*t->regs));
	if (one->tid == rt_threads_tid()) {
		t->tp = thread_pointer();
		t->is_own = rt_tls.busy_at == RT_BUSY_FOR_EVER;
		in->n_threads++;
		return;
	}
	rt_threads_lock();
	known = rt_threads_find(one->tid);
	if (known && known->tls) {
		t->tp = (uintptr_t)known->tls + own_distance();
		t->is_own = known->tls->busy_at == RT_BUSY_FOR_EVER;
	}
	rt_threads_unlock();
	in->n_threads++;
}

const char *retain_look(struct retain_input *in)
{
	in->n_modules = in->n_threads = in->n_own = 0;
	in->owns_too_much = false;
	if (!rt_threads_collect(add_thread, in))
		return "the threads cannot be listed";
	dl_iterate_phdr(add_module, in); /* last, for our memory: looking at threads may map some */
	if (in->owns_too_much)
		return "too many pieces of the profiler's own memory";
	return NULL;
}
