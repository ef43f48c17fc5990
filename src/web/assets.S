/* The bundled page as bytes, found through the assembler's -I. */
#define ASSET(name, file)            \
	.global asset_##name;        \
	.global asset_##name##_end;  \
	.hidden asset_##name;        \
	.hidden asset_##name##_end;  \
	.balign 16;                  \
	asset_##name:                \
	.incbin file;                \
	asset_##name##_end:          \
	.byte 0

	.section .rodata
	ASSET(index_html, "index.html")
	ASSET(app_js, "app.js")
	ASSET(app_css, "app.css")
	ASSET(viz_js, "viz.js")
	ASSET(flame_html, "flame.html")

	.section .note.GNU-stack, "", %progbits
