# Asynchronous programming in C: the commands of the course.
#
# This file knows no lesson by name: a lesson is a directory in lessons/. It
# works with GNU make 3.81, which is what macOS has. Packages are looked for
# when they are needed (common/commands/needs), never when this file is read, so that
# `make setup test` can install them first.

#: make              build all programs, and say what to try first
#: make setup        install what is missing (says what and why first)
#: make lesson-05    build lesson 05 and show it
#: make lessons      the lessons by part: title, minutes, how far you are
#: make exercise-05  check your exercise: passed, or what differs, and a hint
#: make watch-05     the same again each time you save it
#: make debug-05     lesson 05 and your exercise under the loop tracer: who held
#:                   the loop, who came late (PROGRAM=chores_async: that alone)
#: make progress     all exercises: solved, tried, to do, and which is next
#: make help         this list
#:
#: For instructors:
#: make demo-05      lesson 05 on the projector, one screen at a time; ARGS=...
#:                   gives its programs other arguments
#: make slides       the deck as one HTML file, and a PDF handout for each track
#: make setup-slides install what only that needs: node, its packages, Chromium
#: make score        one line for each exercise, and a JUnit file
#: make grade CLASS=DIR  every exercise of a class, each in a sandbox, as a table
#:                   (LESSONS="01 05", JOBS=8, HOSTS=FILE, SANDBOX=none)
#: make setup-grade  install what only that needs: bubblewrap, GNU parallel
#:
#: For those who work on the course:
#: make test         what may differ on a machine: every program against its
#:                   recording, and the rules of the lessons
#: make test-05      every program of lesson 05 against its recording
#: make test-tools   what is the same on every machine: the tools' own tests, and
#:                   what the sources must keep
#: make test-exercises  starters fail, solutions pass, and so on
#: make test-claims  what the READMEs say that goes wrong does
#: make test-slides  every step of every slide, in a real browser
#: make out-05       record the output of lesson 05 anew, and show what changed
#: make timelines    draw each lesson's timeline.svg from its recordings
#: make starters     write each exercise.c anew from its solution; yours are kept
#: make memcheck     ASan + UBSan, valgrind, and TSan where there are threads
#: make bench        what the programs measure themselves, and the speed of fetch
#: make setup-checks install what only these checks need
#: make setup-database  install what only the lessons with a database need
#: make setup-debian install what tests/bench/on-debian needs
#: make clean        remove everything that was built
#:
#: Settings: CC=clang, CFLAGS=..., LDFLAGS=..., SANITIZE=address,undefined,
#: BUILD=dir, V=1 (show the compiler's commands), TIMING=off (test the text
#: alone), SLOW=3 (let everything be late three times as much), REQUIRE_ALL=1 (no
#: test may be skipped). Of make slides: START=13:30 (when the course begins),
#: COURSE_URL=https://... (where it can be had, for the set-up slide).

BUILD ?= build
# With no name it would be /, and here there are a lessons/, a common/ and a tests/
# already, which nobody wants to be cleaned away.
override BUILD := $(or $(strip $(BUILD)),build)
ifeq ($(realpath $(BUILD)),$(realpath .))
$(error BUILD=$(BUILD) is the directory of the course itself; name another one)
endif
# A compiler must have a name (CC= and make -R leave it none), and what is started from
# here uses this make, whatever is first in PATH or in the environment.
ifeq ($(strip $(CC)),)
override CC := cc
endif
override MAKE := $(MAKE_COMMAND)
export BUILD CC MAKE

# make -n, -q, -s, -t: their letters are in the first word, if that is no long option.
letters := $(filter-out -%,$(firstword $(MAKEFLAGS)))
ifneq ($(findstring t,$(letters)),)
$(error make -t would take for built what is not)
endif

executable = [ -x common/commands/needs ] || { echo "The files in common/ can't be executed: the disk is" \
	"mounted noexec, or they have lost their mode (git restores it)" >&2; exit 1; }

# --- make setup: everything else that was asked for waits for it ---

setups := $(filter setup setup-checks setup-slides setup-database setup-grade setup-debian,$(MAKECMDGOALS))
ifneq ($(setups),)

others := $(filter-out $(setups),$(MAKECMDGOALS))
.PHONY: $(MAKECMDGOALS) others

$(firstword $(setups)):
	@$(executable); common/commands/setup $(patsubst setup-%,%,$(filter setup-%,$(setups)))
ifneq ($(filter setup-slides,$(setups)),)
	@slides/install
endif
$(filter-out $(firstword $(setups)),$(setups)): $(firstword $(setups)) ; @:
others: $(setups)
	@$(MAKE) --no-print-directory $(others)
$(others): others ; @:

else

# --- what there is ---

# What else lies in a lesson is left alone: names that make can't hold ("exercise copy.c"),
# and what a student keeps beside the exercise (exercise_old.c).
files := $(shell LC_ALL=C; for file in lessons/*/about lessons/*/*.c lessons/*/*.out; do \
	case $$file in (*/-*|*[!A-Za-z0-9_@./-]*) ;; (*) echo "$$file" ;; esac; done)
lessons := $(sort $(patsubst %/about,%,$(filter %/about,$(files))))
in_lessons = $(sort $(foreach lesson,$(lessons),$(filter $(lesson)/$(1),$(files))))
sources := $(filter-out $(lessons:%=%/exercise%),$(call in_lessons,%.c))
recordings := $(call in_lessons,%.out)
exercise_outs := $(foreach out,$(recordings),$(if $(filter exercise exercise@%,$(notdir $(out:.out=))),$(out)))
outs := $(filter-out $(exercise_outs),$(recordings))
solutions := $(sort $(patsubst tests/solutions/%/exercise.c,%,$(wildcard tests/solutions/*/exercise.c)))
programs := $(sources:%.c=$(BUILD)/%)
tools := $(BUILD)/common/check/check $(BUILD)/common/show
# The wrappers that start what a lesson needs: the local web site, a database, a directory.
site := $(addprefix $(BUILD)/common/,site with-site)
postgres := $(addprefix $(BUILD)/common/,with-postgres postgres find-postgres)
cluster := $(BUILD)/postgres/cluster.tar
directory := $(addprefix $(BUILD)/common/,with-directory directory)
tracer := $(addprefix $(BUILD)/common/,trace trace-report trace-preload.so)

# The lesson that a number (5, 05) or a name (chores) means, as a directory.
lesson_called = $(firstword $(filter lessons/$(1)-% lessons/0$(1)-% lessons/%-$(1),$(lessons)))
# In a recipe: $$lesson is that directory, or the recipe ends with a sentence.
find_lesson = lesson='$(call lesson_called,$*)'; \
	if [ -z "$$lesson" ]; then \
		echo "There is no lesson \"$*\". The lessons are 01 to $(lastword_number); \`make lessons\` lists them." >&2; \
		exit 1; \
	fi
lastword_number = $(firstword $(subst -, ,$(notdir $(word $(words $(lessons)),$(lessons)))))

all: programs
	@echo
	@echo "Built. Now try:  make lesson-01"
	@echo "                 make help"

# --- building ---

CFLAGS ?= -O2 -g
warnings := -Wall -Wextra -Wpedantic -Wshadow -Wconversion
ifneq ($(SANITIZE),)
sanitize := -fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer \
	-fno-optimize-sibling-calls
endif
# What C leaves undefined (an index outside of its array) must not pass by luck. This
# ends the program there, and needs no library.
trap := -fsanitize=undefined -fsanitize-undefined-trap-on-error
pkg_config = $${PKG_CONFIG:-pkg-config}
# The recorder of the loop tracer, linked in: the linker gives calls of libuv's to it.
linked_recorder := $(BUILD)/common/trace-recorder.o $(BUILD)/common/trace-wraps
# For make debug-05 (common/commands/debug): it is in all programs, and each function can be
# seen on the stack. The wrappers are those of the usual build.
ifneq ($(DEBUG),)
debug := -O1 -g -fno-optimize-sibling-calls -fno-omit-frame-pointer
recorder := $(linked_recorder)
site :=
postgres :=
cluster :=
directory :=
endif
compile = $(CC) -std=gnu11 $(warnings) $(CFLAGS) $(debug) $(sanitize) -Icommon
# Who made which file is not mixed up: when the flags are others, all is made anew.
flags := $(strip $(CC) $(CFLAGS) $(LDFLAGS) $(SANITIZE))
ifneq ($(flags),$(strip $(shell read -r flags 2>/dev/null <$(BUILD)/flags && printf '%s\n' "$$flags")))
$(BUILD)/flags: force
endif
show = $(if $(V),set -x; ,$(if $(findstring s,$(letters)),,echo "cc $<" 2>/dev/null;))
# What common/commands/needs says, asked once, and only when something is built.
asked = $(call remembered,asked-$(subst $(space),-,$(1)),common/commands/needs $(1))
remembered = $(if $(filter undefined,$(origin $(1))),$(eval $(1) := $$(shell $(2))))$($(1))
space := $() $()
in_its_directory = { [ -d $(@D) ] || mkdir -p $(@D); }
# A program appears when it is whole, and is gone when it can't be made. So does the
# compiler's note of what it includes (.d), whose last line says that it is whole: what a
# full disk or a power cut has left is not believed, and what it belongs to is made anew.
note = -MMD -MP -MF $@.$$$$.d -MT $@
whole = \# whole
finish_note = && echo '$(whole)' >>$@.$$$$.d && mv $@.$$$$.d $@.d
finish = && mv $@.$$$$ $@ || { rm -f $@ $@.$$$$ $@.$$$$.d; exit 1; }

.PHONY: all programs tools libraries force lessons progress help test test-tools test-exercises score grade \
	starters timelines memcheck test-right test-threads test-claims bench slides test-slides clean
.DELETE_ON_ERROR:

$(BUILD)/flags:
	@mkdir -p $(BUILD)
	@printf '%s\n' '$(subst ','\'',$(flags))' >$@.$$$$ $(finish)

libraries:
	@$(executable); common/commands/needs --check

# What a tool needs beside libuv; where that isn't installed it is not made.
needs_of_fetch := libcurl
needs_of_fetch_error := libcurl
needs_of_fetch_subject := libcurl
needs_of_site := libmicrohttpd
needs_of_site-routes := libmicrohttpd
needs = $(needs_of_$(basename $(@F)))
if_there = $(if $(needs),$(pkg_config) --exists $(needs) || exit 0;)
define compile_tool
	@$(if_there) $(show) $(in_its_directory) && \
	$(compile) $(call asked,--cflags $(needs)) $(note) -c -o $@.$$$$ $< $(finish_note) $(finish)
endef
define link_tool
	@$(if_there) $(compile) $(LDFLAGS) -o $@.$$$$ $^ $(call asked,--libs $(needs)) $(finish)
endef
$(BUILD)/common/%.o: common/%.c $(BUILD)/flags | libraries
	$(compile_tool)
$(BUILD)/tests/%.o: tests/%.c $(BUILD)/flags | libraries
	$(compile_tool)

tool = $(BUILD)/$(1): $(addprefix $(BUILD)/,$(2))
timeline := $(addprefix common/,catalog.o lesson.o $(patsubst %,timeline/%.o,columns line text trace))
checker := $(patsubst %.c,%.o,$(sort $(wildcard common/check/*.c)))
$(call tool,common/check/check,$(checker) common/catalog.o common/timeline/line.o common/die.o)
	$(link_tool)
$(call tool,common/show,common/commands/show.o common/commands/readme.o $(timeline))
	$(link_tool)
$(call tool,common/site,common/servers/site.o common/servers/site-routes.o common/lesson.o)
	$(link_tool)
fetch_objects := common/fetch.o common/fetch_error.o
$(call tool,tests/subjects/fetch_subject,tests/subjects/fetch_subject.o $(fetch_objects) common/lesson.o)
	$(link_tool)
$(addprefix $(BUILD)/common/with-,site postgres directory): $(addprefix $(BUILD)/common/servers/,with.o launch.o)
	$(link_tool)
$(BUILD)/common/trace-%.o: common/trace/%.c $(BUILD)/flags | libraries
	$(compile_tool)
$(call tool,common/trace,common/trace-trace.o common/trace-watch.o common/die.o)
	$(link_tool)
# The recorder, to be preloaded or linked in: never with a sanitizer.
$(addprefix $(BUILD)/common/trace-,preload.so recorder.o): sanitize :=
$(addprefix $(BUILD)/common/trace-,preload.so recorder.o): debug :=
$(BUILD)/common/trace-preload.so: common/trace/recorder.c $(BUILD)/flags | libraries
	@$(show) $(in_its_directory) && $(compile) $(call asked,--cflags) $(note) -fPIC -shared -static-libgcc \
		-o $@.$$$$ $< -ldl -lpthread $(finish_note) $(finish)
$(BUILD)/common/trace-recorder.o: common/trace/recorder.c $(BUILD)/flags | libraries
	@$(show) $(in_its_directory) && $(compile) $(call asked,--cflags) $(note) -DTRACE_LINKED -c \
		-o $@.$$$$ $< $(finish_note) $(finish)
$(BUILD)/common/trace-wraps: common/trace/calls.h $(BUILD)/flags
	@$(in_its_directory) && grep '^[CMSAF]' $< | grep -oE '(CALL|COUNTS|MAKES|STARTS|ASKS|FS.)\([a-z_0-9]+' | \
		sed 's/.*(/-Wl,--wrap=/' >$@.$$$$ $(finish)
$(BUILD)/common/trace-report: common/trace/report $(BUILD)/flags
	@$(in_its_directory) && cp $< $@.$$$$ $(finish)
$(addprefix $(BUILD)/common/,postgres find-postgres directory): $(BUILD)/common/%: common/servers/% $(BUILD)/flags
	@$(in_its_directory) && cp $< $@.$$$$ $(finish)

# A program whose lesson needs something that isn't installed is not made; its
# lesson says so (make, make lesson-NN), or is a SKIP (make test). So is one with OpenMP,
# by itself, if the compiler has none.
define compile_program
	@flags='$(call asked,--flags $(1))'; [ -n "$$flags" ] || exit 0; $(show) $(in_its_directory) && \
	$(compile) $(2) $(note) $(LDFLAGS) -o $@.$$$$ $< \
		$(BUILD)/common/lesson.o $(fetch) $(recorder:%wraps=@%wraps) $$flags $(if $(recorder),-lpthread) $(finish_note) $(finish)
endef
# The student's own is made anew each time: what is judged is what was written, whatever
# the times of the files say.
$(lessons:%=$(BUILD)/%/exercise): sanitize += $(if $(SANITIZE),,$(trap))
$(lessons:%=$(BUILD)/%/exercise): recorder := $(linked_recorder)
$(lessons:%=$(BUILD)/%/exercise): $(linked_recorder) force
$(BUILD)/lessons/%: lessons/%.c $(BUILD)/common/lesson.o $(recorder) $(BUILD)/flags | libraries
	$(call compile_program,$(<D)$(if $(findstring _openmp,$(<F)),/$(<F)))

# The lessons that need something, by its name.
all_needs := $(shell common/commands/needs --list $(lessons))
needing = $(patsubst %/$(1),%,$(filter %/$(1),$(all_needs)))
# Programs that ask the web site are linked with fetch's objects, and started in with-site.
in_lesson = $(foreach lesson,$(1),$(filter $(BUILD)/$(lesson)/%,$(programs)) \
	$(BUILD)/$(lesson)/exercise $(BUILD)/solutions/$(notdir $(lesson))/exercise)
$(call in_lesson,$(call needing,site)): fetch = $(fetch_objects:%=$(BUILD)/%)
$(call in_lesson,$(call needing,site)): $(fetch_objects:%=$(BUILD)/%) | $(site)
$(call in_lesson,$(call needing,postgres)): | $(postgres) $(cluster)
$(call in_lesson,$(call needing,directory)): | $(directory)
# A new database takes a second, and is needed often. Where none can be made, the programs
# that need one say why.
$(cluster): $(postgres)
	@! common/servers/find-postgres >/dev/null || { $(in_its_directory) && \
	CLUSTER_ONLY=yes $< sh -c 'exec cp "$$PGHOST/cluster.tar" "$$0"' $@.$$$$ 2>/dev/null && mv $@.$$$$ $@ || rm -f $@.$$$$; }

tools: $(tools) $(BUILD)/common/lesson.o $(tracer) $(linked_recorder) $(site) $(postgres) $(directory) $(BUILD)/tests/subjects/fetch_subject

programs: $(programs) tools
	@common/commands/needs --left-out $(lessons)

claims := $(patsubst tests/claims/%.diff,$(BUILD)/claims/%,$(wildcard tests/claims/*/*.diff))
compiled := $(programs) $(claims) $(solutions:%=$(BUILD)/solutions/%/exercise) \
	$(patsubst %.c,$(BUILD)/%.o,$(wildcard common/*.c common/*/*.c tests/*.c tests/*/*.c)) \
	$(patsubst common/trace/%.c,$(BUILD)/common/trace-%.o,$(wildcard common/trace/*.c)) \
	$(BUILD)/common/trace-preload.so
notes := $(wildcard $(compiled:=.d))
whole_notes := $(shell grep -lx '$(whole)' /dev/null $(notes))
-include $(whole_notes)
$(patsubst %.d,%,$(filter-out $(whole_notes),$(notes))): force

# --- for students ---

# Whether what the lesson needs is installed; if not, the recipe ends with a sentence.
has_needs = missing=$$(common/commands/needs --missing $$lesson); \
	if [ -n "$$missing" ]; then echo "Lesson $* $$missing" >&2; exit 1; fi
lesson-%: $(BUILD)/common/show force
	@$(find_lesson); $(has_needs); \
	$(MAKE) -k --no-print-directory $$(basename $$lesson).programs; LEFT_OUT=$$(common/commands/needs --left-out $$lesson) \
	WITH=$$(common/commands/needs --wrapper $$lesson) $(BUILD)/common/show $$lesson
demo-%: $(BUILD)/common/show force
	@$(find_lesson); $(has_needs); \
	$(MAKE) -k --no-print-directory $$(basename $$lesson).programs; LEFT_OUT=$$(common/commands/needs --left-out $$lesson) \
	WITH=$$(common/commands/needs --wrapper $$lesson) common/commands/demo $$lesson
$(foreach lesson,$(lessons),$(eval \
	.PHONY: $(notdir $(lesson)).programs))
$(foreach lesson,$(lessons),$(eval \
	$(notdir $(lesson)).programs: $(filter $(BUILD)/$(lesson)/%,$(programs))))

lessons:
	@common/commands/list-lessons $(lessons)

# The student's own file is built here and nowhere else: whatever it holds, it
# breaks nothing but itself.
exercise-%: $(BUILD)/common/check/check $(BUILD)/common/lesson.o $(tracer) force
	@$(find_lesson); $(has_needs); MAKE="$(MAKE)" common/commands/exercise check $$lesson

watch-%: $(BUILD)/common/check/check $(BUILD)/common/lesson.o $(tracer) force
	@$(find_lesson); $(has_needs); MAKE="$(MAKE)" exec common/commands/watch $$lesson

debug-%: $(tracer) $(site) $(postgres) $(directory) force
	@$(find_lesson); $(has_needs); MAKE="$(MAKE)" common/commands/debug $$lesson $(PROGRAM)

progress:
	@common/commands/exercise progress $(lessons)

help:
	@sed -n 's/^#: \{0,1\}//p' Makefile

# --- for those who check ---

# What computes runs by itself, so that nothing beside it is late because of it; other
# programs wait most of the time: 24 at once. Then the tests, which compile much.
prove = prove --exec tests/run-one
apart := $(filter $(addsuffix /%,$(call needing,alone)),$(outs))
beside := $(filter-out $(apart),$(outs))
rules := $(wildcard tests/lessons/*.t)
need_prove = command -v prove >/dev/null || \
	{ echo "prove is missing, which runs the tests: \`make setup\` installs it" >&2; exit 1; }
test: programs
	@$(need_prove); status=0; \
	$(if $(beside),$(prove) -j24 $(beside) || status=1;) \
	$(if $(apart),$(prove) $(apart) || status=1;) \
	$(if $(rules),$(prove) -j4 $(rules) || status=1;) \
	exit $$status

# Not beside what computes, if both are asked for.
longest := $(wildcard tests/tools/grade-attacks.t)
test-tools: programs $(filter test,$(MAKECMDGOALS))
	@$(need_prove); $(prove) -j24 $(longest) $(wildcard tests/sources/*.t) $(filter-out $(longest),$(wildcard tests/tools/*.t))

test-%: tools force
	@$(find_lesson); $(need_prove); \
	$(MAKE) --no-print-directory $$(basename $$lesson).programs && \
	$(prove) -j$(if $(filter $(call lesson_called,$*),$(call needing,alone)),1,16) $(filter $(call lesson_called,$*)/%.out,$(outs))

# The recordings of a lesson, and one for each program that has none yet.
outs_of = $(sort $(filter $(1)/%.out,$(outs)) \
	$(foreach program,$(patsubst %.c,%,$(filter $(1)/%.c,$(sources))), \
		$(if $(filter $(program).out $(program)@%.out,$(outs)),,$(program).out)))
out-%: tools force
	@$(find_lesson); slug=$${lesson##*/}; \
	$(MAKE) --no-print-directory $$slug.programs && \
	{ [ ! -e tests/solutions/$$slug/exercise.c ] || \
		$(MAKE) --no-print-directory $(BUILD)/solutions/$$slug/exercise; } && \
	common/commands/record $$lesson $(call outs_of,$(call lesson_called,$*)) \
		$(filter $(call lesson_called,$*)/%,$(exercise_outs))

# Solutions are programs like others, whose recording is in the lesson. The starters
# are written from them.
$(BUILD)/solutions/%: tests/solutions/%.c $(BUILD)/common/lesson.o $(BUILD)/flags | libraries
	$(call compile_program,lessons/$(notdir $(<D)),-DSOLUTION)

answers := $(solutions:%=answers-to-%)
.PHONY: $(answers)
$(answers): answers-to-%: tools
	@COMPILE='$(compile)' perl tests/exercises/exercises.t --build tests/solutions/$*/exercise.c

test-exercises: $(answers) $(solutions:%=$(BUILD)/solutions/%/exercise)
	@$(need_prove); prove --exec 'perl tests/exercises/exercises.t --judge' -j6 $(solutions:%=tests/solutions/%/exercise.c)

# What a lesson's README says that goes wrong: its program, changed by a diff.
$(claims:%=%.c): $(BUILD)/claims/%.c: tests/claims/%.diff $(sources)
	@$(in_its_directory); tests/run-claim --source $< >$@.$$$$ $(finish)
$(claims): %: %.c $(BUILD)/common/lesson.o $(BUILD)/flags | libraries
	$(call compile_program,lessons/$(notdir $(@D)),-w -Ilessons/$(notdir $(@D)) $$(tests/run-claim --flags $(@:$(BUILD)/%=tests/%.diff)))
$(foreach lesson,$(call needing,site),$(eval \
	$(BUILD)/claims/$(notdir $(lesson))/%: fetch = $(fetch_objects:%=$(BUILD)/%)))
$(filter $(addprefix $(BUILD)/claims/,$(addsuffix /%,$(notdir $(call needing,site)))),$(claims)): $(fetch_objects:%=$(BUILD)/%) | $(site)
$(filter $(addprefix $(BUILD)/claims/,$(addsuffix /%,$(notdir $(call needing,postgres)))),$(claims)): | $(postgres) $(cluster)

test-claims: tools $(claims)
	@$(need_prove); prove --exec tests/run-claim -j16 $(sort $(wildcard tests/claims/*/*.out))

score: $(BUILD)/common/check/check $(BUILD)/common/lesson.o $(tracer)
	@common/check/score $(lessons)

$(call tool,common/grade/enter,common/grade/enter.o common/servers/launch.o)
	$(link_tool)
grade: export CFLAGS := $(CFLAGS)
grade: export LDFLAGS := $(LDFLAGS)
grade: tools $(BUILD)/common/grade/enter $(cluster) $(solutions:%=$(BUILD)/solutions/%/exercise)
	@common/grade/grade $(lessons)

starters:
	@for exercise in $(solutions); do common/check/starter --write $$exercise || exit; done

timelines:
	@common/commands/timelines $(lessons)

# Programs that are wrong on purpose (_wrong) are left out, and only they. Under a tool
# programs compute more than they wait: fewer at once, or their order suffers.
right := $(foreach out,$(outs),$(if $(findstring _wrong,$(notdir $(out))),,$(out)))
memcheck:
	@echo "== with AddressSanitizer and UndefinedBehaviorSanitizer"
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/asan SANITIZE=address,undefined \
		TIMING=off test-right
	@echo "== with valgrind"
	@command -v valgrind >/dev/null || \
		{ echo "valgrind is missing: \`make setup-checks\` installs it" >&2; exit 1; }
	@$(MAKE) --no-print-directory TIMING=off test-right \
		UNDER="valgrind -q --error-exitcode=99 --leak-check=full --trace-children=yes --fair-sched=try"
	@echo "== with ThreadSanitizer: the lessons with threads"
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/tsan SANITIZE=thread TIMING=off test-threads

# valgrind takes a second to start: each solution once, with whatever arguments the others are.
test-right: programs $(solutions:%=$(BUILD)/solutions/%/exercise)
	@UNDER="$(UNDER)" $(prove) -j$(if $(UNDER),4,16) $(right) \
		$(if $(UNDER),$(filter %/exercise.out,$(exercise_outs)),$(exercise_outs))

threaded = $(filter $(addsuffix /%,$(call needing,threads)),$(right))
test-threads: tools $(foreach lesson,$(call needing,threads),$(filter $(BUILD)/$(lesson)/%,$(programs)))
	@$(if $(threaded),$(prove) -j8 $(threaded),echo "no lesson has threads yet")

# With nothing else running. It fails when a program does, or when a target is missed.
bench: programs
	@tests/bench/all

# --- for instructors; nothing else needs node ---

slides:
	@node -e 'process.exit(parseInt(process.versions.node) < 18 ? 1 : 0)' 2>/dev/null || { \
		echo "node 18 or newer is missing, which makes the slides:" \
			"\`make setup-slides\` installs it" >&2; exit 1; }; \
	node slides/build.mjs && node slides/handout.mjs || exit; \
	echo "Made in $(BUILD)/slides: index.html (?track=half-day, ?track=one-day), and a" \
		"handout.pdf for each track."; \
	[ -n "$$COURSE_URL" ] || \
		echo "The set-up slide has no address: COURSE_URL=https://... says where the course can be had."

test-slides: slides $(patsubst tests/slides/%.test.mjs,test-slides-%,$(wildcard tests/slides/*.test.mjs))

test-slides-%: slides
	@node --test --test-reporter=spec tests/slides/$*.test.mjs

# Only what is known to be made here, and only where something was made, should
# BUILD be a directory of somebody's. What a student has solved (progress) stays, and so
# does what make setup-slides has installed.
clean:
	@[ ! -e $(BUILD)/flags ] && [ ! -e $(BUILD)/asan/flags ] && [ ! -e $(BUILD)/slides ] || \
		rm -rf $(addprefix $(BUILD)/,lessons common tests solutions exercises claims failed asan tsan \
			slides debug postgres flags)
	@rmdir $(BUILD) 2>/dev/null || :

# A directory's name would be "nothing to be done", which isn't what was meant.
no_commands := $(sort tests common build $(BUILD) $(lessons))
.PHONY: $(no_commands)
$(no_commands):
	@echo "$@ is a directory, and no command: \`make help\` lists the commands" >&2; exit 1

force:

# Lines with $(MAKE) in them are done even where make is only to show (-n) or to tell (-q)
# what it would do: nothing is recorded, judged or shown then.
ifneq ($(findstring n,$(letters))$(findstring q,$(letters)),)
SHELL := true
endif

endif
