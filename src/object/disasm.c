/*
 * Machine code as text, by capstone. Called through the driver by the disasm and weblist reports.
 * What is hard: the text is what people and google/pprof's objdump parser know, so targets are
 * named ("callq 0x1139 <inner>"), %rip-relative addresses are worked out in a comment, and bytes
 * that decode as nothing take one step instead of ending the listing.
 */
#include "object/disasm.h"

#include <capstone/capstone.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/latelib.h"
#include "base/vec.h"
#include "object/demangle.h"
#include "object/disasm_text.h"
#include "object/dwarf_line.h"
#include "object/objdump.h"
#include "object/object_impl.h"
#include "object/plt.h"

/* Most bytes of a function that are decoded in front of the wanted ones, to be in step with it. */
#define MAX_LEAD_IN (1u << 20)
/* Bytes of an instruction, on any machine here. */
#define LONGEST     15

/* One call in progress. */
struct listing {
	struct object *o;
	struct arena *a;
	csh handle;
	char
	    operands[sizeof((cs_insn *)NULL)->op_str + 8]; /* of one whose text is not capstone's */
	cs_insn *insn;
	bool intel;
	cs_arch arch;
	size_t step; /* over bytes that decode as nothing */
	VEC(struct object_instruction) v;
	const struct object_symbol *symbol; /* whose demangled name is in `function` */
	struct str function;
	struct str file;
	int64_t line;
};

static const struct machine {
	unsigned elf;
	cs_arch arch;
	cs_mode mode;
	size_t step;
} machines[] = {
	{ EM_X86_64, CS_ARCH_X86, CS_MODE_64, 1 },
	{ EM_386, CS_ARCH_X86, CS_MODE_32, 1 },
	{ EM_AARCH64, CS_ARCH_ARM64, CS_MODE_ARM, 4 },
	{ EM_ARM, CS_ARCH_ARM, CS_MODE_ARM, 4 },
#if CS_API_MAJOR >= 5
	{ EM_RISCV, CS_ARCH_RISCV, CS_MODE_RISCV64 | CS_MODE_RISCVC, 2 },
#endif
};

extern const struct latelib latelib_capstone;

static MUST_USE enum err_code open_handle(struct listing *l, struct err *e)
{
	for (size_t i = 0; i < sizeof machines / sizeof *machines; i++) {
		if (machines[i].elf != object_machine(l->o))
			continue;
		TRY(latelib_load(&latelib_capstone, e));
		if (cs_open(machines[i].arch, machines[i].mode, &l->handle) != CS_ERR_OK)
			return FAIL_NOMEM(e);
		l->step = machines[i].step;
		l->arch = machines[i].arch;
		cs_option(l->handle, CS_OPT_DETAIL, CS_OPT_ON);
		if (machines[i].arch == CS_ARCH_X86 && !l->intel)
			cs_option(l->handle, CS_OPT_SYNTAX, CS_OPT_SYNTAX_ATT);
		l->insn = cs_malloc(l->handle);
		return l->insn ? OK : FAIL_NOMEM(e);
	}
	if (object_machine(l->o) == EM_RISCV)
		return FAIL(e, ERR_UNSUPPORTED,
		    "cannot disassemble RISC-V code: pprof was built with capstone %d, which does "
		    "not know it (5 and later do), and no objdump in PATH does",
		    CS_API_MAJOR);
	return FAIL(e, ERR_UNSUPPORTED,
	    "cannot disassemble machine type %u: neither capstone nor an objdump in PATH knows it",
	    object_machine(l->o));
}

/* Names demangled in full, as objdump --demangle has them. */
static void add_name(struct buf *out, struct str name)
{
	if (!demangle_symbol(name, DEMANGLE_FULL, out))
		buf_add_str(out, name);
}

/* " <name+0x1c>" for an address, nothing when no symbol's section holds it. */
static void add_symbol(struct listing *l, struct buf *out, uint64_t address)
{
	const struct object_symbol *s = object_nearest_symbol(l->o, address);
	struct str import = object_plt_name(l->o, address);

	if (import.n)
		buf_printf(out, " <%.*s@plt>", STR_ARG(import));
	if (import.n || !s)
		return;
	BUF_LIT(out, " <");
	add_name(out, s->name);
	if (address != s->address)
		buf_printf(out, "+0x%llx", (unsigned long long)(address - s->address));
	buf_char(out, '>');
}

static bool arm_target(const cs_arm *d, uint64_t *target)
{
	const cs_arm_op *last = d->op_count ? &d->operands[d->op_count - 1] : NULL;

	if (!last || last->type != ARM_OP_IMM)
		return false;
	*target = (uint32_t)last->imm;
	return true;
}

static bool arm64_target(const cs_arm64 *d, uint64_t *target)
{
	const cs_arm64_op *last = d->op_count ? &d->operands[d->op_count - 1] : NULL;

	if (!last || last->type != ARM64_OP_IMM)
		return false;
	*target = (uint64_t)last->imm;
	return true;
}

/* The address a jump or call goes to, when it is in the instruction. */
static bool branch_target(const struct listing *l, uint64_t *target)
{
	const cs_detail *d = l->insn->detail;

	if (!cs_insn_group(l->handle, l->insn, CS_GRP_JUMP) &&
	    !cs_insn_group(l->handle, l->insn, CS_GRP_CALL) &&
	    !cs_insn_group(l->handle, l->insn, CS_GRP_BRANCH_RELATIVE))
		return false;
	if (l->step == 1) {
		if (d->x86.op_count != 1 || d->x86.operands[0].type != X86_OP_IMM)
			return false;
		*target = (uint64_t)d->x86.operands[0].imm;
		return true;
	}
	if (l->arch == CS_ARCH_ARM)
		return arm_target(&d->arm, target);
	return l->arch == CS_ARCH_ARM64 && arm64_target(&d->arm64, target);
}

/* The address of a memory operand relative to the next instruction. */
static bool rip_address(const struct listing *l, uint64_t *address)
{
	const cs_x86 *x = &l->insn->detail->x86;

	for (unsigned i = 0; l->step == 1 && i < x->op_count; i++) {
		if (x->operands[i].type != X86_OP_MEM || x->operands[i].mem.base != X86_REG_RIP)
			continue;
		*address = l->insn->address + l->insn->size + (uint64_t)x->operands[i].mem.disp;
		return true;
	}
	return false;
}

/* Everything in front of the last operand: registers a conditional branch tests. */
static struct str before_target(struct str operands)
{
	size_t comma = str_rfind_char(operands, ',');

	return comma == STR_NPOS ? STR("") : str_head(operands, comma + 1);
}

/* Does the shift have 1 in its opcode? Then it is not an operand. */
static bool shifts_by_one(const struct listing *l)
{
	static const char *const names[] = { "sar", "shr", "shl", "sal", "rol", "ror", "rcl",
		"rcr" };
	uint8_t opcode = l->insn->detail->x86.opcode[0];

	if (l->step != 1 || (opcode != 0xd0 && opcode != 0xd1))
		return false;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strncmp(l->insn->mnemonic, names[i], 3) == 0)
			return true;
	return false;
}

/* 66 REX.W 0F 6E and 7E move 64 bits; capstone calls them movd. */
static const char *mnemonic(const struct listing *l)
{
	const cs_x86 *x = &l->insn->detail->x86;

	if (l->step == 1 && (x->rex & 8) && x->opcode[0] == 0x0f &&
	    (x->opcode[1] == 0x6e || x->opcode[1] == 0x7e) &&
	    strcmp(l->insn->mnemonic, "movd") == 0)
		return "movq";
	return l->insn->mnemonic;
}

/* Instructions on bytes whose immediate is a number with a sign: arithmetic, test and mov. */
static bool is_signed_byte(uint8_t opcode)
{
	return opcode == 0x80 || opcode == 0xf6 || opcode == 0xa8 || opcode == 0xc6 ||
	       (opcode & 0xf8) == 0xb0 || ((opcode & 7) == 4 && opcode < 0x40);
}

/*
 * The value of a one-byte immediate below zero. capstone shows it as the operand's size has it
 * (0xffffffcc); shifts, shuffles and ports have immediates without a sign.
 */
static bool negative_immediate(const struct listing *l, int64_t *v)
{
	const cs_x86 *x = &l->insn->detail->x86;
	const cs_x86_op *op = &x->operands[0];

	if (l->step != 1 || l->intel || !x->op_count || op->type != X86_OP_IMM ||
	    x->encoding.imm_size != 1 || l->insn->mnemonic[0] == 'v')
		return false;
	*v = (op->imm & 0x7f) - (op->imm & 0x80);
	return *v < 0 && (x->opcode[0] == 0x83 || is_signed_byte(x->opcode[0]));
}

static struct str operand_text(struct listing *l)
{
	struct str s = str_c(l->insn->op_str);
	const size_t comma = str_find_char(s, ',');
	int64_t v;

	if (str_starts(s, STR("$")) && comma != STR_NPOS && negative_immediate(l, &v)) {
		const int n = snprintf(
		    l->operands, sizeof l->operands, "$-0x%x%s", (unsigned)-v, s.p + comma);

		return (struct str){ l->operands, n > 0 ? (size_t)n : 0 };
	}
	if (!shifts_by_one(l))
		return s;
	if (str_starts(s, STR("$1, ")))
		return str_skip(s, 4);
	return str_ends(s, STR(", 1")) ? str_head(s, s.n - 3) : s;
}

/* As few hexadecimal digits as hold the value with its sign. */
static void add_immediate(struct buf *out, int64_t v)
{
	uint64_t bits = (uint64_t)v;

	if (v == (int16_t)v)
		bits &= UINT16_MAX;
	else if (v == (int32_t)v)
		bits &= UINT32_MAX;
	buf_printf(out, "imm = 0x%llX", (unsigned long long)bits);
}

static void add_comment(struct listing *l, struct str operands, struct buf *out)
{
	uint64_t address;
	int64_t v;

	/* Of both llvm-objdump puts the address on the next line, which pprof does not show. */
	if (l->step == 1 && !l->intel && disasm_large_immediate(operands, &v)) {
		disasm_begin_comment(out, 0);
		add_immediate(out, v);
	} else if (rip_address(l, &address)) {
		disasm_begin_comment(out, 0);
		buf_printf(out, "0x%llx", (unsigned long long)address);
		add_symbol(l, out, address);
	}
}

/* out is empty before: columns are counted from its start. */
static void write_text(struct listing *l, struct buf *out)
{
	struct str operands = operand_text(l);
	struct str first = before_target(operands);
	uint64_t address;

	buf_add_str(out, str_c(mnemonic(l)));
	if (!operands.n)
		return;
	buf_char(out, '\t');
	if (branch_target(l, &address)) {
		disasm_operands(out, first);
		buf_printf(out, "%s0x%llx", first.n ? " " : "", (unsigned long long)address);
		add_symbol(l, out, address);
		return;
	}
	disasm_operands(out, operands);
	add_comment(l, operands, out);
}

/* Holds over what has no symbol (padding), as in objdump's listing. */
static void set_function(struct listing *l, uint64_t address)
{
	const struct object_symbol *s = object_find_symbol(l->o, address);
	struct buf name = { 0 };

	if (!s || s == l->symbol)
		return;
	l->symbol = s;
	add_name(&name, s->name);
	l->function = arena_str(l->a, buf_str(&name));
	if (buf_failed(&name))
		l->v.failed = true;
	buf_release(&name);
}

/* Files and lines hold until another is known, as in objdump's listing. */
static void add(struct listing *l, uint64_t address, struct str text)
{
	struct str file;
	int64_t line;

	set_function(l, address);
	if (object_line(l->o, address, &file, &line)) {
		l->line = line;
		/* Many instructions share a name that lives in the object: copy when it changes. */
		if (!str_eq(file, l->file))
			l->file = arena_str(l->a, file);
	}
	(void)VEC_PUSH(&l->v, (struct object_instruction){
				  address, arena_str(l->a, text), l->function, l->file, l->line });
}

/*
 * The next function behind an address: decoding starts anew there, as what lies in front of it
 * (padding, tables) need not be code.
 */
static uint64_t next_start(const struct listing *l, uint64_t address)
{
	const struct object_symbol *v;
	struct err ignored;
	size_t low = 0;
	size_t n;
	size_t high;

	if (object_symbols(l->o, &v, &n, &ignored) != OK)
		return UINT64_MAX;
	high = n;
	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (v[mid].address <= address)
			low = mid + 1;
		else
			high = mid;
	}
	while (low < n && !v[low].is_text)
		low++;
	return low < n ? v[low].address : UINT64_MAX;
}

/* 32-bit ARM has two encodings; which one a function is in says its symbol. */
static void choose_mode(struct listing *l, uint64_t address)
{
	const struct object_symbol *s = object_nearest_symbol(l->o, address);
	const bool is_thumb = s && s->is_thumb;

	if (l->arch != CS_ARCH_ARM)
		return;
	l->step = is_thumb ? 2 : 4;
	cs_option(l->handle, CS_OPT_MODE, is_thumb ? CS_MODE_THUMB : CS_MODE_ARM);
}

/*
 * Instructions of one piece of code that begin in [first, end); those before only bring the decoder
 * into step, and bytes behind are of the last one.
 */
static void run_piece(struct listing *l, uint64_t address, const uint8_t *code, size_t left,
    uint64_t first, uint64_t end)
{
	struct buf text = { 0 };

	choose_mode(l, address);
	while (left && address < end) {
		if (cs_disasm_iter(l->handle, &code, &left, &address, l->insn)) {
			if (l->insn->address < first)
				continue;
			buf_clear(&text);
			write_text(l, &text);
			add(l, l->insn->address, buf_str(&text));
			continue;
		}
		if (address >= first)
			add(l, address, STR("<unknown>"));
		code += left < l->step ? left : l->step;
		address += l->step;
		left -= left < l->step ? left : l->step;
	}
	if (buf_failed(&text))
		l->v.failed = true;
	buf_release(&text);
}

/* Where the function that holds `start` begins, when that is near; else `start`. */
static uint64_t decoding_start(const struct listing *l, uint64_t start)
{
	const struct object_symbol *s = object_nearest_symbol(l->o, start);

	if (!s || !s->is_text || start - s->address > MAX_LEAD_IN)
		return start;
	return s->address;
}

static void run(struct listing *l, uint64_t start, uint64_t end)
{
	uint64_t address = decoding_start(l, start);
	struct str bytes;

	while (address < end) {
		const uint64_t next = next_start(l, address);
		const uint64_t piece_end = next < end ? next : end;
		const uint64_t most = end <= UINT64_MAX - LONGEST ? end + LONGEST : end;

		/* A range may end within an instruction, a function does not. */
		if (!object_read(l->o, address, next < most ? next : most, &bytes))
			return;
		run_piece(l, address, (const uint8_t *)bytes.p, bytes.n, start, piece_end);
		if (bytes.n < piece_end - address)
			return;
		address = piece_end;
	}
}

static MUST_USE enum err_code take(
    struct listing *l, struct object_instruction **out, uint32_t *n, struct err *e)
{
	struct object_instruction *v = ARENA_ARRAY(l->a, struct object_instruction, l->v.n + 1);

	if (!v || l->v.failed || arena_failed(l->a))
		return FAIL_NOMEM(e);
	if (l->v.n)
		memcpy(v, l->v.p, l->v.n * sizeof *v);
	*out = v;
	*n = (uint32_t)l->v.n;
	return OK;
}

static void add_line(void *ctx, uint64_t address, struct str text)
{
	add(ctx, address, text);
}

enum err_code object_disassemble(struct object *o, uint64_t start, uint64_t end, bool intel,
    struct arena *a, struct object_instruction **out, uint32_t *n, struct err *e)
{
	struct listing l = { .o = o, .a = a, .intel = intel, .file = STR("") };
	enum err_code rc;

	*n = 0;
	*out = NULL;
	if (end < start || end - start > OBJECT_MAX_DISASM)
		return FAIL(e, ERR_LIMIT, "range of %llu bytes is too long to disassemble",
		    (unsigned long long)(end - start));
	rc = open_handle(&l, e);
	if (rc == OK)
		run(&l, start, end);
	else if (rc == ERR_UNSUPPORTED && objdump_list(o, start, end, add_line, &l))
		rc = OK;
	if (rc == OK)
		rc = take(&l, out, n, e);
	if (l.insn)
		cs_free(l.insn, 1);
	if (l.handle)
		cs_close(&l.handle);
	VEC_RELEASE(&l.v);
	return rc;
}
