/* capstone, loaded when the first code is disassembled. */
#include "base/latelib_stubs.h"

	LATE_LIBRARY(latelib_capstone, CAPSTONE_SONAME)
	LATE(cs_close)
	LATE(cs_disasm_iter)
	LATE(cs_free)
	LATE(cs_insn_group)
	LATE(cs_malloc)
	LATE(cs_open)
	LATE(cs_option)
	LATE_END
