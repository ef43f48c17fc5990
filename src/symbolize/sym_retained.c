/*
 * Naming of holders, see sym_retained.h. Called by symbolize.c. A stack is read from its root on:
 * the variable has a type, a step goes to a field of it and on to what that points to. What is hard
 * is that blocks of one structure shall have one name: an entry may hang in the table itself or
 * behind any number of others. So a field that leads to its own type is a loop, "->next*", and once
 * a root has a loop in a type, all steps through that type go through the loop.
 */
#include "symbolize/sym_retained.h"

#include <stdlib.h>

#include "base/vec.h"
#include "core/hash.h"
#include "object/types.h"
#include "profile/retained.h"
#include "symbolize/sym_open.h"

/* From this size on a block without a type is shown as an array. */
#define LARGE      4096
/* An allocator may give this much more than was asked for. */
#define SLACK      24
#define LOOP_NAMES 4
#define NO_LOOP    0

enum kind { OTHER, GLOBAL, TLS, STEP };

/* What the system name of a holder says. */
struct holder {
	enum kind kind;
	uint64_t address; /* of a root */
	struct str build_id;
	int64_t offset; /* of a step */
	uint64_t size;
	bool repeated, mixed;
};

struct binary {
	str_id file;
	str_id build_id;
	struct object *object;      /* NULL: not available */
	struct object_types *types; /* NULL likewise */
};

/* One frame of the result. */
struct token {
	str_id text, file;
	int64_t line;
	uint64_t in;   /* type that it is a step in; NO_LOOP unknown */
	uint64_t loop; /* the same, when it leads to that type again */
};

/* Fields by which a type leads to itself, below one root. */
struct loop {
	str_id root;
	uint64_t type;
	str_id fields[LOOP_NAMES];
	unsigned n;
};

/* Whether a type is a base that has a pointer to its own kind. */
struct chained {
	uint64_t type;
	bool is;
};

struct path {
	size_t first, n; /* of tokens, root first */
	uint64_t end;    /* type of the block itself */
};

struct namer {
	struct profile *p;
	const struct ui *ui;
	sym_retained_open *open;
	void *open_ctx;
	VEC(struct binary) binaries;
	VEC(struct token) tokens;
	VEC(struct loop) loops;
	struct map loops_map;
	VEC(struct path) paths; /* by sample */
	VEC(struct chained) chained;
	struct buf text;
	VEC(struct location) locations;
	VEC(struct line) lines;
	VEC(struct function) functions;
	struct map frames_map; /* of what was added: by name, file and line */
	uint32_t first_location;
	VEC(uint32_t) stacks;
	VEC(uint32_t) stack_at;
	bool no_memory;
};

/* Where the walk along a stack is. */
struct walk {
	const struct binary *binary;
	object_type type; /* of what the block is made of; 0 unknown */
};

static bool is_unnamed(const struct profile *p, const struct function *f)
{
	return retained_is_holder(p, f) && !str_eq(profile_str(p, f->system_name), RETAINED_NAMED);
}

static void read_step(struct holder *h, struct str rest)
{
	struct str word;

	if (!str_split(&rest, ' ', &word) || !str_to_i64(word, &h->offset) ||
	    !str_split(&rest, ' ', &word) || !str_to_u64(word, 10, &h->size))
		return;
	h->kind = STEP;
	while (rest.p && str_split(&rest, ' ', &word)) {
		h->repeated |= str_is(word, "repeated");
		h->mixed |= str_is(word, "mixed");
	}
}

static struct holder read_holder(struct str system)
{
	struct str rest = str_skip(system, RETAINED_MARK.n), word;
	struct holder h = { .build_id = STR("") };
	enum kind kind;

	if (!str_split(&rest, ' ', &word))
		return h;
	if (str_is(word, "step") && rest.p) {
		read_step(&h, rest);
		return h;
	}
	kind = str_is(word, "global") ? GLOBAL : str_is(word, "tls") ? TLS : OTHER;
	if (kind == OTHER || !rest.p || !str_split(&rest, ' ', &word) ||
	    !str_to_u64(word, 0, &h.address))
		return h;
	h.kind = kind;
	h.build_id = rest.p ? rest : STR("");
	return h;
}

static void open_binary(struct namer *n, struct binary *b)
{
	struct str file = profile_str(n->p, b->file);
	struct err e;

	if (n->open(n->open_ctx, &b->object, file, profile_str(n->p, b->build_id), &e) != OK) {
		b->object = NULL;
		ui_error(n->ui, "Variables of %.*s are not known: %s", STR_ARG(file), e.msg);
		return;
	}
	if (object_types_new(&b->types, b->object, &e) != OK)
		n->no_memory = true;
}

static const struct binary *binary_of(struct namer *n, str_id file, struct str build_id)
{
	struct binary b = { .file = file, .build_id = profile_intern(n->p, build_id) };

	for (size_t i = 0; i < n->binaries.n; i++)
		if (n->binaries.p[i].file == b.file && n->binaries.p[i].build_id == b.build_id)
			return &n->binaries.p[i];
	if (!VEC_RESERVE(&n->binaries, 1)) {
		n->no_memory = true;
		return NULL;
	}
	open_binary(n, &b);
	n->binaries.p[n->binaries.n++] = b;
	return &n->binaries.p[n->binaries.n - 1];
}

static void push(struct namer *n, struct token t)
{
	if (!VEC_PUSH(&n->tokens, t))
		n->no_memory = true;
}

static str_id intern(struct namer *n)
{
	return profile_intern(n->p, buf_str(&n->text));
}

/* Types of different binaries are different. */
static uint64_t type_key(const struct namer *n, const struct walk *w, object_type type)
{
	return type ? (uint64_t)(w->binary - n->binaries.p + 1) << 32 | type : NO_LOOP;
}

/* A holder whose name stays as the program gave it. */
static void push_as_is(struct namer *n, const struct function *f)
{
	push(n, (struct token){ .text = f->name, .file = f->filename });
}

static const char *root_word(bool is_tls)
{
	return is_tls ? "thread-local" : "global";
}

static void push_variable(struct namer *n, const struct object_variable *v, bool is_tls)
{
	size_t slash = str_rfind_char(v->file, '/');
	struct str base = slash == STR_NPOS ? v->file : str_skip(v->file, slash + 1);
	struct token t = { .file = profile_intern(n->p, v->file), .line = v->line };

	buf_clear(&n->text);
	buf_printf(&n->text, "%s %.*s", root_word(is_tls), STR_ARG(v->name));
	if (base.n && v->line)
		buf_printf(&n->text, " (%.*s:%lld)", STR_ARG(base), (long long)v->line);
	t.text = intern(n);
	push(n, t);
}

/* Without debug information a symbol may still say which variable it is. */
static bool push_symbol(struct namer *n, const struct binary *b, const struct holder *h)
{
	const struct object_symbol *s =
	    b->object && h->kind == GLOBAL ? object_nearest_symbol(b->object, h->address) : NULL;

	if (!s || s->is_text || h->address - s->address >= s->size)
		return false;
	buf_clear(&n->text);
	buf_printf(&n->text, "global %.*s", STR_ARG(s->name));
	push(n, (struct token){ .text = intern(n), .file = b->file });
	if (h->address > s->address) {
		buf_clear(&n->text);
		buf_printf(&n->text, "+%llu", (unsigned long long)(h->address - s->address));
		push(n, (struct token){ .text = intern(n) });
	}
	return true;
}

/* The root, and the field of it that points on. */
static void name_root(
    struct namer *n, struct walk *w, const struct function *f, const struct holder *h)
{
	const struct binary *b = binary_of(n, f->filename, h->build_id);
	const struct object_variable *v =
	    b && b->types ? object_types_variable(b->types, h->address, h->kind == TLS) : NULL;
	struct object_place place;

	if (!v) {
		if (!b || !push_symbol(n, b, h))
			push_as_is(n, f);
		return;
	}
	push_variable(n, v, h->kind == TLS);
	w->binary = b;
	buf_clear(&n->text);
	if (!object_types_descend(b->types, v->type, h->address - v->address, &n->text, &place))
		return;
	if (n->text.n)
		push(n, (struct token){ .text = intern(n) });
	w->type = place.to;
}

/* A step in a block whose type is not known: a loop among blocks of its size, maybe. */
static void name_untyped(struct namer *n, struct walk *w, const struct holder *h)
{
	/* Behind the end of a known type (what a node of a library's tree holds) it is still that.
	 */
	const uint64_t key =
	    w->type && !h->mixed ? type_key(n, w, w->type) : (uint64_t)1 << 63 | h->size;
	struct token t = { .in = h->size < LARGE ? key : NO_LOOP };

	w->type = 0;
	if (h->mixed && h->size < LARGE) {
		t.loop = key;
		push(n, t);
		return;
	}
	buf_clear(&n->text);
	if (h->size >= LARGE)
		BUF_LIT(&n->text, "[*]");
	else
		buf_printf(&n->text, "->%s%lld", h->offset < 0 ? "" : "+", (long long)h->offset);
	t.text = intern(n);
	t.loop = h->repeated ? t.in : NO_LOOP;
	push(n, t);
}

/* Whether the block is an array of elements of this size, of which one has the offset. */
static bool is_array(const struct holder *h, uint64_t element)
{
	uint64_t index = (uint64_t)h->offset / element;

	if (h->offset < 0 || (index + 1) * element > h->size)
		return false;
	return index > 0 || (h->size > element + SLACK && !h->repeated);
}

/* An array of pointers: where it points to does not depend on the offset. */
static bool name_pointer(struct namer *n, struct walk *w, const struct holder *h)
{
	object_type to;

	if (!object_types_is_pointer(w->binary->types, w->type, &to))
		return false;
	buf_clear(&n->text);
	if (h->mixed || is_array(h, sizeof(uint64_t)))
		BUF_LIT(&n->text, "[*]");
	else
		buf_char(&n->text, '*');
	push(n, (struct token){ .text = intern(n) });
	w->type = to;
	return true;
}

/* "->field", or "[*].field" of an array. */
static void put_field(struct buf *text, bool array)
{
	struct buf path = { 0 };
	struct str s = buf_str(text);

	buf_add_str(&path, s);
	buf_clear(text);
	s = buf_str(&path);
	if (!array && str_starts(s, STR(".")))
		s = str_skip(s, 1);
	buf_add_str(text, array ? STR("[*]") : STR("->"));
	buf_add_str(text, s);
	buf_release(&path);
}

static bool find_own_pointer(struct object_types *types, object_type type, uint64_t size)
{
	struct buf path = { 0 };
	struct object_place place;
	bool found = false;

	for (uint64_t at = 0; at + sizeof(uint64_t) <= size && at < LARGE && !found; at += 8)
		found = object_types_descend(types, type, at, &path, &place) && place.to == type;
	buf_release(&path);
	return found;
}

/* As the nodes of C++'s containers begin. Asked for each step, answered once for each type. */
static bool is_node_base(struct namer *n, const struct walk *w, uint64_t size)
{
	const uint64_t key = type_key(n, w, w->type);
	bool is;

	for (size_t i = 0; i < n->chained.n; i++)
		if (n->chained.p[i].type == key)
			return n->chained.p[i].is;
	is = object_types_is_base(w->binary->types, w->type) &&
	     find_own_pointer(w->binary->types, w->type, size);
	if (!VEC_PUSH(&n->chained, (struct chained){ key, is }))
		n->no_memory = true;
	return is;
}

/*
 * An array, or a node of a list or tree, which has more behind it than the type of the pointers to
 * it says: of such a base only large blocks are arrays.
 */
static bool is_field_of_array(
    struct namer *n, const struct walk *w, const struct holder *h, uint64_t element)
{
	return element > 0 && is_array(h, element) &&
	       (h->size >= LARGE || !is_node_base(n, w, element));
}

static bool name_field(struct namer *n, struct walk *w, const struct holder *h)
{
	const uint64_t element = object_types_size(w->binary->types, w->type);
	const bool array = is_field_of_array(n, w, h, element);
	struct object_place place;
	struct token t = { 0 };

	if (element == 0 || h->mixed || h->offset < 0 || (!array && (uint64_t)h->offset >= element))
		return false;
	buf_clear(&n->text);
	if (!object_types_descend(
		w->binary->types, w->type, (uint64_t)h->offset % element, &n->text, &place) ||
	    n->text.n == 0)
		return false;
	put_field(&n->text, array);
	t.text = intern(n);
	t.in = array ? NO_LOOP : type_key(n, w, w->type);
	/*
	 * A list may run through the struct that it begins with: what that points to are more of
	 * its kind. One that is further within (the head of a tree) is only what it is called.
	 */
	if (!array && place.to && (place.to == w->type || (place.to == place.in && place.at == 0)))
		t.loop = t.in;
	push(n, t);
	w->type = t.loop ? w->type : place.to;
	return true;
}

static void name_step(struct namer *n, struct walk *w, const struct holder *h)
{
	if (w->type && h->mixed && h->size < LARGE) {
		/* Many ways through blocks of one size: of one type, as far as is known. */
		push(n, (struct token){
			    .in = type_key(n, w, w->type), .loop = type_key(n, w, w->type) });
		return;
	}
	if (w->type && (name_pointer(n, w, h) || name_field(n, w, h)))
		return;
	name_untyped(n, w, h);
}

static uint32_t hash_loop(str_id root, uint64_t type)
{
	return (uint32_t)hash_mix(root, type);
}

static bool same_loop(const void *ctx, uint32_t index, const void *key)
{
	const struct namer *n = ctx;
	const struct loop *a = &n->loops.p[index];
	const struct loop *b = key;

	return a->root == b->root && a->type == b->type;
}

static struct loop *find_loop(struct namer *n, str_id root, uint64_t type)
{
	struct loop key = { .root = root, .type = type };
	uint32_t i = map_find(&n->loops_map, hash_loop(root, type), same_loop, n, &key);

	return i == MAP_NONE ? NULL : &n->loops.p[i];
}

static void note_loop(struct namer *n, str_id root, const struct token *t)
{
	struct loop key = { .root = root, .type = t->loop }, *l;
	const uint32_t fresh = (uint32_t)n->loops.n;
	uint32_t i = MAP_NONE;

	/* What the map names must be in the list. */
	if (VEC_RESERVE(&n->loops, 1))
		i = map_intern(&n->loops_map, hash_loop(root, t->loop), same_loop, n, &key, fresh);
	if (i == MAP_NONE) {
		n->no_memory = true;
		return;
	}
	if (i == fresh)
		(void)VEC_PUSH(&n->loops, key);
	l = &n->loops.p[i];
	for (unsigned k = 0; k < l->n; k++)
		if (l->fields[k] == t->text)
			return;
	if (t->text && l->n < LOOP_NAMES)
		l->fields[l->n++] = t->text;
}

/* How many frames from the root end of a stack on are holders. */
static size_t count_holders(const struct profile *p, const uint32_t *stack, size_t depth)
{
	size_t n = 0;

	while (n < depth) {
		const struct function *f = retained_function(p, stack[depth - 1 - n]);

		if (!is_unnamed(p, f))
			break;
		n++;
	}
	return n;
}

static void read_path(struct namer *n, size_t sample)
{
	size_t depth, holders;
	const uint32_t *stack = sample_stack(n->p, sample, &depth);
	struct path path = { .first = n->tokens.n };
	struct walk w = { 0 };

	holders = count_holders(n->p, stack, depth);
	for (size_t i = 0; i < holders; i++) {
		const struct function *f = retained_function(n->p, stack[depth - 1 - i]);
		struct holder h;

		if (!f)
			break;
		h = read_holder(profile_str(n->p, f->system_name));
		if (h.kind == STEP)
			name_step(n, &w, &h);
		else if (h.kind == OTHER)
			push_as_is(n, f);
		else
			name_root(n, &w, f, &h);
	}
	path.n = n->tokens.n - path.first;
	path.end = type_key(n, &w, w.type);
	for (size_t i = 1; i < path.n; i++)
		if (n->tokens.p[path.first + i].loop)
			note_loop(n, n->tokens.p[path.first].text, &n->tokens.p[path.first + i]);
	if (!VEC_PUSH(&n->paths, path))
		n->no_memory = true;
}

static int by_text(const void *x, const void *y)
{
	const struct str *a = x;
	const struct str *b = y;

	return str_cmp(*a, *b);
}

/* "->next*", "->(left|right)*" */
static str_id loop_text(struct namer *n, const struct loop *l)
{
	struct str names[LOOP_NAMES];

	for (unsigned i = 0; i < l->n; i++)
		names[i] = str_skip(profile_str(n->p, l->fields[i]), 2);
	qsort(names, l->n, sizeof *names, by_text);
	buf_clear(&n->text);
	BUF_LIT(&n->text, "->");
	if (l->n > 1)
		buf_char(&n->text, '(');
	for (unsigned i = 0; i < l->n; i++)
		buf_printf(&n->text, "%s%.*s", i ? "|" : "", STR_ARG(names[i]));
	if (l->n > 1)
		buf_char(&n->text, ')');
	buf_add_str(&n->text, l->n ? STR("*") : STR("...*"));
	return intern(n);
}

static bool same_frame(const void *ctx, uint32_t index, const void *key)
{
	const struct namer *n = ctx;
	const struct location *l = &n->locations.p[n->first_location + index];
	const struct line *line = &n->lines.p[l->first_line];
	const struct function *f = &n->functions.p[line->function];
	const struct token *t = key;

	return f->name == t->text && f->filename == t->file && line->line == t->line;
}

/* The location of a frame with these names. */
static uint32_t location_of(struct namer *n, const struct token *t)
{
	const uint32_t fresh = (uint32_t)n->locations.n - n->first_location;
	const uint32_t f = (uint32_t)n->functions.n;
	uint64_t hash = hash_mix((uint64_t)t->text << 32 | t->file, (uint64_t)t->line);
	uint32_t i = MAP_NONE;

	if (VEC_RESERVE(&n->functions, 1) && VEC_RESERVE(&n->locations, 1) &&
	    VEC_RESERVE(&n->lines, 1))
		i = map_intern(&n->frames_map, hash, same_frame, n, t, fresh);
	if (i == MAP_NONE) {
		n->no_memory = true;
		return 0;
	}
	if (i != fresh)
		return n->first_location + i;
	n->no_memory |=
	    !VEC_PUSH(&n->functions, (struct function){ .id = (uint64_t)f + 1,
					 .name = t->text,
					 .system_name = profile_intern(n->p, RETAINED_NAMED),
					 .filename = t->file }) ||
	    !VEC_PUSH(&n->locations, (struct location){ .id = n->locations.n + 1,
					 .mapping = PROFILE_NONE,
					 .first_line = (uint32_t)n->lines.n,
					 .n_lines = 1 }) ||
	    !VEC_PUSH(&n->lines, (struct line){ f, t->line, 0 });
	return n->first_location + i;
}

/* Subscripts belong to the name before them, unless that is a root's or a loop's. */
static bool joins(const struct namer *n, const struct token *last, const struct token *t, size_t at)
{
	return at > 1 && !last->loop && str_starts(profile_str(n->p, t->text), STR("[*]"));
}

static void join(struct namer *n, struct token *last, const struct token *t)
{
	buf_clear(&n->text);
	buf_add_str(&n->text, profile_str(n->p, last->text));
	buf_add_str(&n->text, profile_str(n->p, t->text));
	last->text = intern(n);
}

struct emitted {
	VEC(struct token) v;
};

static void emit_loop(struct namer *n, struct emitted *out, str_id root, uint64_t type)
{
	const struct loop *l = type && out->v.n ? find_loop(n, root, type) : NULL;

	if (!l || out->v.p[out->v.n - 1].loop == type)
		return;
	if (!VEC_PUSH(&out->v, (struct token){ .text = loop_text(n, l), .loop = type }))
		n->no_memory = true;
}

/* The path of a sample with its loops, root first. */
static void settle_path(struct namer *n, const struct path *path, struct emitted *out)
{
	const str_id root = path->n ? n->tokens.p[path->first].text : 0;

	out->v.n = 0;
	for (size_t i = 0; i < path->n; i++) {
		const struct token t = n->tokens.p[path->first + i];

		emit_loop(n, out, root, t.in);
		if (t.loop)
			continue;
		if (out->v.n && joins(n, &out->v.p[out->v.n - 1], &t, out->v.n))
			join(n, &out->v.p[out->v.n - 1], &t);
		else if (!VEC_PUSH(&out->v, t))
			n->no_memory = true;
	}
	emit_loop(n, out, root, path->end);
}

static void write_stack(struct namer *n, size_t sample, struct emitted *path)
{
	size_t depth, holders;
	const uint32_t *stack = sample_stack(n->p, sample, &depth);

	holders = count_holders(n->p, stack, depth);
	settle_path(n, &n->paths.p[sample], path);
	for (size_t i = 0; i + holders < depth; i++)
		n->no_memory |= !VEC_PUSH(&n->stacks, stack[i]);
	for (size_t i = path->v.n; i-- > 0;)
		n->no_memory |= !VEC_PUSH(&n->stacks, location_of(n, &path->v.p[i]));
	n->no_memory |= !VEC_PUSH(&n->stack_at, (uint32_t)n->stacks.n);
}

#define COPY_TO(v, from, count)                                                                    \
	do {                                                                                       \
		if (!VEC_RESERVE((v), (count) + 1))                                                \
			return false;                                                              \
		if (count)                                                                         \
			memcpy((v)->p, (from), (count) * sizeof *(v)->p);                          \
		(v)->n = (count);                                                                  \
	} while (0)

static bool begin_tables(struct namer *n)
{
	COPY_TO(&n->locations, n->p->locations, n->p->n_locations);
	COPY_TO(&n->lines, n->p->lines, n->p->n_lines);
	COPY_TO(&n->functions, n->p->functions, n->p->n_functions);
	n->first_location = n->p->n_locations;
	/* A table is one even when nothing is in it. */
	return VEC_RESERVE(&n->stacks, 1) && VEC_RESERVE(&n->lines, 1) && VEC_PUSH(&n->stack_at, 0);
}

/* The arena takes the tables over. */
#define GIVE(v) ((v)->n = (v)->cap = 0, arena_adopt(&n->p->arena, give_pointer((void **)&(v)->p)))

static void *give_pointer(void **p)
{
	void *given = *p;

	*p = NULL;
	return given;
}

static MUST_USE enum err_code publish(struct namer *n, struct err *e)
{
	struct profile *p = n->p;

	if (n->no_memory || n->stacks.failed || arena_failed(&p->arena))
		return FAIL_NOMEM(e);
	p->n_locations = (uint32_t)n->locations.n;
	p->n_lines = (uint32_t)n->lines.n;
	p->n_functions = (uint32_t)n->functions.n;
	p->locations = GIVE(&n->locations);
	p->lines = GIVE(&n->lines);
	p->functions = GIVE(&n->functions);
	p->samples.stacks = GIVE(&n->stacks);
	p->samples.stack_at = GIVE(&n->stack_at);
	return arena_failed(&p->arena) ? FAIL_NOMEM(e) : OK;
}

static MUST_USE enum err_code name_all(struct namer *n, struct err *e)
{
	struct emitted path = { 0 };

	if (!begin_tables(n))
		return FAIL_NOMEM(e);
	for (size_t i = 0; i < n->p->samples.n && !n->no_memory; i++)
		read_path(n, i);
	for (size_t i = 0; i < n->p->samples.n && !n->no_memory; i++)
		write_stack(n, i, &path);
	VEC_RELEASE(&path.v);
	return publish(n, e);
}

static void release(struct namer *n)
{
	for (size_t i = 0; i < n->binaries.n; i++) {
		object_types_free(n->binaries.p[i].types);
		object_close(n->binaries.p[i].object);
	}
	VEC_RELEASE(&n->binaries);
	VEC_RELEASE(&n->tokens);
	VEC_RELEASE(&n->loops);
	VEC_RELEASE(&n->paths);
	VEC_RELEASE(&n->chained);
	VEC_RELEASE(&n->locations);
	VEC_RELEASE(&n->lines);
	VEC_RELEASE(&n->functions);
	VEC_RELEASE(&n->stacks);
	VEC_RELEASE(&n->stack_at);
	map_release(&n->loops_map);
	map_release(&n->frames_map);
	buf_release(&n->text);
}

enum err_code sym_retained_name_from(
    struct profile *p, sym_retained_open *open, void *ctx, const struct ui *ui, struct err *e)
{
	struct namer n = { .p = p, .ui = ui, .open = open, .open_ctx = ctx };
	enum err_code code;
	bool any = false;

	for (uint32_t i = 0; i < p->n_functions && !any; i++)
		any = is_unnamed(p, &p->functions[i]);
	if (!any)
		return OK;
	code = name_all(&n, e);
	release(&n);
	return code;
}

struct here {
	const struct ui *ui;
};

static enum err_code open_here(
    void *ctx, struct object **out, struct str file, struct str build_id, struct err *e)
{
	const struct here *here = ctx;

	return sym_open(out, file, build_id, NULL, here->ui, e);
}

enum err_code sym_retained_name(struct profile *p, const struct ui *ui, struct err *e)
{
	struct here here = { ui };

	return sym_retained_name_from(p, open_here, &here, ui, e);
}
