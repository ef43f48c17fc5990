/* The bundled page as bytes; UI_DIST is the bundler's output folder. */
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
	ASSET(index_html, UI_DIST "/index.html")
	ASSET(app_js, UI_DIST "/app.js")
	ASSET(app_css, UI_DIST "/app.css")
	ASSET(viz_js, UI_DIST "/viz.js")

	.section .note.GNU-stack, "", %progbits
