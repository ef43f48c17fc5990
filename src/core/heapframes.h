/*
 * Functions that allocate for their caller, which is whom users look for: operator new and what the
 * C++ library's containers have between it and themselves. The drop_frames of heap profiles; a
 * regular expression for whole names, without arguments and templates, that RE2 and PCRE2 know.
 */
#ifndef CORE_HEAPFRAMES_H
#define CORE_HEAPFRAMES_H

#define HEAP_DROP_FRAMES                                                                           \
	"operator new(\\[\\])?|"                                                                   \
	"(std|__gnu_cxx)::(__)?(new_allocator|allocator|allocator_traits|alloc_traits)::allocate"

#endif
