#include "web/web_send.h"

#include <libdeflate.h>

/* Answers shorter than this go out uncompressed. */
#define COMPRESS_FROM  1024
#define COMPRESS_LEVEL 4

/* viz-js is WebAssembly; nothing else is evaluated, and nothing is loaded from elsewhere. */
#define POLICY                                                                                     \
	"default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; "             \
	"img-src 'self' data:; connect-src 'self'; base-uri 'none'; "                              \
	"form-action 'none'; frame-ancestors 'none'"

bool web_send_accepts_gzip(struct MHD_Connection *connection)
{
	const char *accepted =
	    MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Accept-Encoding");

	return accepted && str_find(str_c(accepted), STR("gzip")) != STR_NPOS;
}

/* A gzip copy of body from alloc_get, in as much memory as the body; NULL when it does not pay. */
static void *compress(struct str body, size_t *size)
{
	struct libdeflate_compressor *compressor;
	void *out;

	if (body.n < COMPRESS_FROM || !(compressor = libdeflate_alloc_compressor(COMPRESS_LEVEL)))
		return NULL;
	out = alloc_get(body.n);
	*size = out ? libdeflate_gzip_compress(compressor, body.p, body.n, out, body.n) : 0;
	libdeflate_free_compressor(compressor);
	if (out && *size == 0) {
		alloc_put(out);
		return NULL;
	}
	return out;
}

static void add_headers(struct MHD_Response *response, const struct web_reply *reply, bool gzip)
{
	MHD_add_response_header(response, "Content-Type", reply->type);
	MHD_add_response_header(response, "Content-Security-Policy", POLICY);
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	MHD_add_response_header(response, "Referrer-Policy", "no-referrer");
	MHD_add_response_header(response, "Cache-Control", "no-store");
	if (reply->disposition)
		MHD_add_response_header(response, "Content-Disposition", reply->disposition);
	if (reply->warnings)
		MHD_add_response_header(response, "X-Pprof-Warnings", reply->warnings);
	if (gzip)
		MHD_add_response_header(response, "Content-Encoding", "gzip");
}

/* Warnings as the value of a header: lines joined by "; ", nothing but printable ASCII. */
const char *web_send_one_line(struct buf *warnings)
{
	struct str text = str_trim(buf_str(warnings));

	for (size_t i = 0; i < text.n; i++)
		if (warnings->p[i] == '\n')
			warnings->p[i] = ';';
		else if ((unsigned char)warnings->p[i] < ' ' || (unsigned char)warnings->p[i] > '~')
			warnings->p[i] = '?';
	warnings->n = text.n;
	return text.n ? buf_c(warnings) : NULL;
}

void web_send_pack(struct web_reply *reply)
{
	size_t size = 0;
	void *small = compress(buf_str(&reply->body), &size);

	if (!small)
		return;
	/* A copy of its own size: this is what is held until the browser has it. */
	buf_release(&reply->body);
	buf_add(&reply->body, small, size);
	alloc_put(small);
	reply->gzip = true;
}

enum MHD_Result web_send_reply(
    struct MHD_Connection *connection, unsigned status, struct web_reply *reply)
{
	struct MHD_Response *response =
	    MHD_create_response_from_buffer(reply->body.n, reply->body.p, MHD_RESPMEM_MUST_FREE);
	enum MHD_Result result;

	if (!response)
		return MHD_NO;
	reply->body = (struct buf){ 0 }; /* the response's now */
	add_headers(response, reply, reply->gzip);
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

enum MHD_Result web_send_text(struct MHD_Connection *connection, unsigned status, const char *text)
{
	struct web_reply reply = { .type = "text/plain; charset=utf-8" };
	enum MHD_Result result;

	buf_printf(&reply.body, "%s\n", text);
	result = web_send_reply(connection, status, &reply);
	buf_release(&reply.body);
	return result;
}

static enum MHD_Result add_query(
    void *out, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct buf *b = out;

	(void)kind;
	buf_char(b, b->n ? '&' : '?');
	for (const char *part = name; part; part = part == name ? value : NULL) {
		if (part == value)
			buf_char(b, '=');
		for (const char *c = part; *c; c++)
			buf_printf(b,
			    strchr("%&=+# \"<>", *c) || (unsigned char)*c < 0x21 ||
				    (unsigned char)*c > 0x7e
				? "%%%02X"
				: "%c",
			    (unsigned char)*c);
	}
	return MHD_YES;
}

enum MHD_Result web_send_redirect(
    struct MHD_Connection *connection, unsigned status, const char *to)
{
	struct MHD_Response *response;
	struct buf location = { 0 };
	enum MHD_Result result;

	MHD_get_connection_values(connection, MHD_GET_ARGUMENT_KIND, add_query, &location);
	response = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
	if (!response) {
		buf_release(&location);
		return MHD_NO;
	}
	{
		struct buf target = { 0 };

		buf_printf(&target, "%s%.*s", to, STR_ARG(buf_str(&location)));
		MHD_add_response_header(response, "Location", buf_c(&target));
		buf_release(&target);
	}
	buf_release(&location);
	result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}
