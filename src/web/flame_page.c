/*
 * A flame graph as one HTML file, see web.h. The document is bundled from web/ui (flame.html) and
 * ends where its data is to begin: the bytes of api_flame.c as base64, which holds nothing that
 * HTML could take for its own.
 */
#include "web/assets.h"
#include "web/web.h"
#include "web/web_reply.h"

static void put_base64(struct str bytes, struct buf *out)
{
	static const char digits[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	buf_reserve(out, bytes.n / 3 * 4 + 64);
	for (; bytes.n > 0; bytes = str_skip(bytes, 3)) {
		uint32_t v = 0;

		for (size_t i = 0; i < 3; i++)
			v = v << 8 | (i < bytes.n ? (uint8_t)bytes.p[i] : 0);
		for (size_t i = 0; i < 4; i++)
			buf_char(out, i > bytes.n ? '=' : digits[v >> (18 - 6 * i) & 63]);
	}
}

enum err_code web_flame_page(const struct view *view, struct buf *out, struct err *e)
{
	struct buf data = { 0 };
	enum err_code code = web_flame_data(view, &data, e);

	if (code == OK) {
		buf_add_str(out, asset_flame_head());
		put_base64(buf_str(&data), out);
		BUF_LIT(out, "\n</script>\n</html>\n");
	}
	if (code == OK && (buf_failed(&data) || buf_failed(out)))
		code = FAIL_NOMEM(e);
	buf_release(&data);
	return code;
}
