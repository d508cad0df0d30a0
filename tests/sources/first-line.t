#!/usr/bin/env perl
# first-line.t - in no program does a timer count from before the first line. The stamps count
# from the first line, a timer from the time that the loop has noted; who uses the loop
# first, and is then kept waiting by a busy machine, prints his first line too late, and
# with it everything else too early: a false alarm, and a final one.
#
# Each program that has timers is started with a libuv in front of libuv, which makes the
# first use of the loop take a while, and ends the program when it starts its first timer.

use strict;
use warnings;

use lib 'tests';
use Course;
use Cwd qw(abs_path);
use File::Basename qw(basename);
use Test::More;

plan skip_all => "$ENV{SANITIZE}: nothing can be put in front of libuv" if $ENV{SANITIZE};
plan skip_all => "$^O: nothing can be put in front of libuv here" if $^O ne 'linux';

my $scratch = scratch();
my $pause   = 50; # ms
my ($too_early, $right) = (99, 98); # exit statuses

my $in_front = write_file("$scratch/in_front.c", <<"C");
#define _GNU_SOURCE
#include <dlfcn.h>
#include <unistd.h>
#include <uv.h>

static uint64_t first_line; /* ms, as the loop counts */

ssize_t write(int file, const void *bytes, size_t size)
{
    static ssize_t (*next)(int, const void *, size_t);

    if (!next)
        *(void **)&next = dlsym(RTLD_NEXT, "write");
    if (file == STDOUT_FILENO && !first_line)
        first_line = uv_hrtime() / 1000000;
    return next(file, bytes, size);
}

uv_loop_t *uv_default_loop(void)
{
    static uv_loop_t *(*next)(void);
    uv_loop_t *loop;

    if (next)
        return next();
    *(void **)&next = dlsym(RTLD_NEXT, "uv_default_loop");
    loop = next();
    usleep($pause * 1000);
    return loop;
}

int uv_timer_start(uv_timer_t *timer, uv_timer_cb on_time, uint64_t ms, uint64_t repeat)
{
    static int (*next)(uv_timer_t *, uv_timer_cb, uint64_t, uint64_t);

    if (!next)
        *(void **)&next = dlsym(RTLD_NEXT, "uv_timer_start");
    if (ms > 1 || repeat > 0) /* 0 and 1 are soon, and no matter of when */
        _exit(!first_line || uv_now(timer->loop) + $pause / 2 < first_line ? $too_early : $right);
    return next(timer, on_time, ms, repeat);
}
C
my @flags = split ' ', run(['common/commands/needs', '--cflags'])->{out};
my $made  = run([compiler_of_the_course(CFLAGS => '-O1 -w'), '-shared', '-fPIC', '-o', "$scratch/in_front.so", $in_front, @flags, '-ldl']);
BAIL_OUT($made->{err}) if $made->{status} != 0;

# Nobody is at this address, and it need not be: no answer comes before the first timer.
my %surroundings = (SITE => 'http://127.0.0.1:9', LD_PRELOAD => "$scratch/in_front.so");

sub status_of {
    my (@program) = @_;
    return run(\@program, env => \%surroundings)->{status};
}

# What is not built yet becomes one program, which is told the name of what it should be, and ends
# well when that returns.
my (%source, %missing);
$missing{$_} = run(['common/commands/needs', '--missing', $_])->{out} for lessons();
my @there = grep { !$missing{$_} } lessons();

sub to_compile {
    my ($name, $code) = @_;
    $source{$name} = write_file("$scratch/$name.c", "#define main main_of_$name\n$code");
}

sub status_of_compiled { return status_of("$scratch/compiled", @_) }

sub compile {
    my @names  = sort keys %source;
    my $needs  = join ' ', map { my %about = about_of($_); $about{needs} // () } @there;
    my ($cflags, $libs) = map { run([qw(common/commands/needs), $_, split ' ', $needs])->{out} } qw(--cflags --libs);
    my $chosen = write_file("$scratch/compiled.c", join '', "#include <string.h>\n", (map {"int main_of_$_();\n"} @names),
        "int main(int argc, char *argv[])\n{\n",
        (map {"    if (strcmp(argv[1], \"$_\") == 0)\n        return main_of_$_(argc - 1, argv + 1), 0;\n"} @names), "    return 1;\n}\n");
    my $built = run([compiler_of_the_course(CFLAGS => '-O0 -w'), split(' ', $cflags), '-o', "$scratch/compiled", $chosen,
            @source{@names}, (map { build_dir() . "/common/$_.o" } 'lesson', $needs =~ /\bsite\b/ ? qw(fetch fetch_error) : ()), split ' ', $libs]);
    BAIL_OUT($built->{err}) if $built->{status} != 0;
    return;
}

# A timer of a tenth of a second, and when the first line is printed.
sub with_timer {
    my ($before, $after) = @_;
    return <<"C";
#include "lesson.h"
static void on_time(uv_timer_t *timer) { uv_close((uv_handle_t *)timer, NULL); }
int main(void)
{
    uv_timer_t timer;
    $before
    must("init", uv_timer_init(uv_default_loop(), &timer));
    $after
    must("start", uv_timer_start(&timer, on_time, 100, 0));
    run_and_close();
}
C
}

sub has_timers { return source_of($_[0]) =~ /\buv_timer_start\(/ }
sub solution   { return 'tests/solutions/' . basename($_[0]) . '/exercise.c' }

# By lesson: what its exercise is called, behind "given_" and "solved_".
my %exercise = map { $_ => basename($_) =~ tr/a-zA-Z0-9/_/cr } grep { has_timers(solution($_)) } @there;

my $line = 'say("begin");';
to_compile(right => with_timer($line, ''));
to_compile(late => with_timer('', $line));
to_compile(none => with_timer('', ''));
for my $lesson (keys %exercise) {
    my $include = '#include "' . abs_path(solution($lesson)) . "\"\n";
    to_compile("given_$exercise{$lesson}", $include);
    to_compile("solved_$exercise{$lesson}", "#define SOLUTION\n$include");
}
compile();

is(status_of_compiled('right'), $right, 'the line first: right');
is(status_of_compiled('late'), $too_early, 'the loop first: found');
is(status_of_compiled('none'), $too_early, 'no line before the timer: found');

for my $lesson (lessons()) {
    subtest $lesson => sub {
        return lacking("$lesson $missing{$lesson}") if $missing{$lesson};
        my @sources = grep { m{/(?!exercise)\w+\.c$} && has_timers($_) } glob "$lesson/*.c";
        is(status_of(build_dir() . '/' . s/\.c$//r), $right, $_) for @sources;
        if (my $name = $exercise{$lesson}) {
            # Where the timer is what is to be done, there is none yet.
            isnt(status_of_compiled("given_$name"), $too_early, 'its exercise, as it is given');
            is(status_of_compiled("solved_$name"), $right, 'its exercise, solved');
        } elsif (!@sources) {
            plan(skip_all => 'it has no timers');
        }
    };
}

done_testing;
