# The front door. Everything is described in CMakeLists.txt; this only names the everyday commands.
BUILD ?= build
JOBS  ?= $(shell nproc)
T     ?= decode
S     ?= 60
CMAKE_FLAGS ?=

.PHONY: all configure demo test check golden fuzz soak bench races fmt lint install clean
all: configure
	@cmake --build $(BUILD) -j $(JOBS) -- --no-print-directory

configure: $(BUILD)/CMakeCache.txt

# Sets up what is missing on the machine first; a second run finds everything and asks no network.
$(BUILD)/CMakeCache.txt:
	@tools/setup.sh
	@cmake -S . -B $(BUILD) $(CMAKE_FLAGS) >$(BUILD).log 2>&1 || { cat $(BUILD).log; exit 1; }
	@rm -f $(BUILD).log
	@ln -sfn $(BUILD)/compile_commands.json compile_commands.json

demo: all
	@examples/demo.sh $(BUILD)

test: all
	@ctest --test-dir $(BUILD) --output-on-failure -j $(JOBS)

# Tests in the plain, sanitizer and clang builds, and the static checks: what CI runs after `test`.
check: test
	@tools/check.sh

golden: all
	@tests/golden/run.sh --update $(BUILD)/bin/pprof $(BUILD)
	@git diff --stat tests/golden

fuzz:
	@tools/fuzz.sh $(T) $(S)

soak: all
	@tools/soak.sh $(BUILD)

bench: all
	@bench/run.sh $(BUILD)

# What threads share without locks, under ThreadSanitizer.
races: configure
	@cmake --preset tsan >/dev/null
	@cmake --build build-tsan -j $(JOBS) --target races -- --no-print-directory
	@ctest --test-dir build-tsan --output-on-failure -L tsan

fmt:
	@git ls-files '*.c' '*.h' | xargs clang-format-14 -i

lint:
	@tools/lint.sh

# The loader finds a new library in /usr/local/lib only after ldconfig has seen it.
install: all
	@cmake --install $(BUILD)
	@if [ "$$(id -u)" = 0 ] && [ -z "$$DESTDIR" ]; then ldconfig || true; fi

clean:
	@rm -rf $(BUILD) compile_commands.json
