/*
 * Changes to dot's SVG, in the order of the text: the fixed size goes, the drawing is wrapped in a
 * group that a script moves, and ampersands that dot forgot to escape are. The file then stands
 * alone: the script is part of it and loads nothing.
 */
#include "report/svg.h"

/*
 * One pointer drags, two pinch, the wheel zooms around the pointer. The group's matrix is the only
 * state. Runs after loading, since it stands before the group it moves.
 */
static const char script[] =
    "addEventListener('load', function () {\n"
    "  var svg = document.documentElement, view = document.getElementById('viewport');\n"
    "  if (!svg.createSVGPoint) svg = view.ownerSVGElement;\n"
    "  var m = view.transform.baseVal.consolidate().matrix, held = new Map(), moved = 0;\n"
    "  svg.style.touchAction = 'none';\n"
    "  function show() {\n"
    "    view.setAttribute('transform', 'matrix(' + [m.a, m.b, m.c, m.d, m.e, m.f] + ')');\n"
    "  }\n"
    "  function at(event) {\n"
    "    var p = svg.createSVGPoint();\n"
    "    p.x = event.clientX;\n"
    "    p.y = event.clientY;\n"
    "    return p.matrixTransform(svg.getScreenCTM().inverse());\n"
    "  }\n"
    "  function change(from, to, scale) {\n"
    "    m = svg.createSVGMatrix().translate(to.x, to.y).scale(scale)\n"
    "      .translate(-from.x, -from.y).multiply(m);\n"
    "    show();\n"
    "  }\n"
    "  function span(a, b) { return Math.hypot(a.x - b.x, a.y - b.y) || 1; }\n"
    "  function middle(a, b) { return { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 }; }\n"
    "  svg.addEventListener('wheel', function (event) {\n"
    "    var p = at(event), step = Math.pow(1.1, -Math.sign(event.deltaY));\n"
    "    if (m.a * step > 0.01 && m.a * step < 100) change(p, p, step);\n"
    "    event.preventDefault();\n"
    "  }, { passive: false });\n"
    "  svg.addEventListener('pointerdown', function (event) {\n"
    "    if (held.size === 0) moved = 0;\n"
    "    held.set(event.pointerId, at(event));\n"
    "  });\n"
    "  svg.addEventListener('pointermove', function (event) {\n"
    "    var was = held.get(event.pointerId), now = at(event), other = null;\n"
    "    if (!was) return;\n"
    "    held.forEach(function (p, id) { if (id !== event.pointerId) other = p; });\n"
    "    if (!other) change(was, now, 1);\n"
    "    else change(middle(was, other), middle(now, other),\n"
    "      span(now, other) / span(was, other));\n"
    "    moved += span(was, now);\n"
    "    held.set(event.pointerId, now);\n"
    "  });\n"
    "  function drop(event) { held.delete(event.pointerId); }\n"
    "  ['pointerup', 'pointercancel', 'pointerleave'].forEach(function (name) {\n"
    "    svg.addEventListener(name, drop);\n"
    "  });\n"
    "  svg.addEventListener('click', function (event) {\n"
    "    if (moved > 5) event.preventDefault();\n"
    "  }, true);\n"
    "});\n";

/* Skips `literal` at *rest; false when it is not there. */
static bool skip(struct str *rest, struct str literal)
{
	if (!str_starts(*rest, literal))
		return false;
	*rest = str_skip(*rest, literal.n);
	return true;
}

static void skip_space(struct str *rest)
{
	while (rest->n > 0 && str_find_char(STR(" \t\r\n"), rest->p[0]) != STR_NPOS)
		*rest = str_skip(*rest, 1);
}

/* Skips space and name="something". */
static bool skip_attribute(struct str *rest, struct str name)
{
	size_t end;

	skip_space(rest);
	if (!skip(rest, name) || !skip(rest, STR("=\"")))
		return false;
	end = str_find_char(*rest, '"');
	if (end == 0 || end == STR_NPOS)
		return false;
	*rest = str_skip(*rest, end + 1);
	return true;
}

/* Copies up to and including the <svg tag's size and view box, which become the full window. */
static void resize(struct str *rest, struct buf *out)
{
	size_t at = str_find(*rest, STR("<svg"));
	struct str tail = str_skip(*rest, at == STR_NPOS ? rest->n : at + 4);

	if (!skip_attribute(&tail, STR("width")) || !skip_attribute(&tail, STR("height")) ||
	    !skip_attribute(&tail, STR("viewBox")))
		return;
	buf_add_str(out, str_head(*rest, at));
	BUF_LIT(out, "<svg width=\"100%\" height=\"100%\"");
	*rest = tail;
}

/* Opens the group that the script moves in front of dot's own; false when that is not there. */
static bool open_view(struct str *rest, struct buf *out)
{
	size_t at = str_find(*rest, STR("<g id=\"graph"));

	if (at == STR_NPOS)
		return false;
	buf_add_str(out, str_head(*rest, at));
	BUF_LIT(out, "<script type=\"text/ecmascript\"><![CDATA[\n");
	buf_add(out, script, sizeof script - 1);
	BUF_LIT(out, "]]></script>");
	BUF_LIT(out, "<g id=\"viewport\" transform=\"scale(0.5,0.5) translate(0,0)\">");
	*rest = str_skip(*rest, at);
	return true;
}

/* Closes it before the end of the drawing. */
static void close_view(struct str *rest, struct buf *out)
{
	size_t at = str_find(*rest, STR("</svg>"));

	buf_add_str(out, str_head(*rest, at));
	if (at == STR_NPOS)
		at = rest->n;
	BUF_LIT(out, "</g>");
	*rest = str_skip(*rest, at);
}

/* Some versions of dot leave "&;" for an ampersand, which no parser accepts. */
static void escape_ampersands(struct str rest, struct buf *out)
{
	size_t at;

	while ((at = str_find(rest, STR("&;"))) != STR_NPOS) {
		buf_add_str(out, str_head(rest, at));
		BUF_LIT(out, "&amp;;");
		rest = str_skip(rest, at + 2);
	}
	buf_add_str(out, rest);
}

enum err_code svg_make_movable(struct str svg, struct buf *out, struct err *e)
{
	struct buf fixed = { 0 };
	struct str rest;
	bool ok;

	escape_ampersands(svg, &fixed);
	rest = buf_str(&fixed);
	resize(&rest, out);
	if (open_view(&rest, out))
		close_view(&rest, out);
	buf_add_str(out, rest);
	ok = !buf_failed(&fixed) && !buf_failed(out);
	buf_release(&fixed);
	return ok ? OK : FAIL_NOMEM(e);
}
