/* A library for test_modules.c to find. */
#ifndef TESTS_MODULES_LIB_H
#define TESTS_MODULES_LIB_H

/* Returns what it is given. */
int modules_lib_same(int n);

#endif
