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
    if (ms > 0 || repeat > 0)
        _exit(!first_line || uv_now(timer->loop) + $pause / 2 < first_line ? $too_early : $right);
    return next(timer, on_time, ms, repeat);
}
C
my @flags = split ' ', run(['common/needs', '--cflags'])->{out};
my $made  = run([compiler_of_the_course(CFLAGS => '-O1 -w'), '-shared', '-fPIC', '-o', "$scratch/in_front.so", $in_front, @flags, '-ldl']);
BAIL_OUT($made->{err}) if $made->{status} != 0;

# Nobody is at this address, and it need not be: no answer comes before the first timer.
my %surroundings = (SITE => 'http://127.0.0.1:9', LD_PRELOAD => "$scratch/in_front.so");

sub status_of {
    my ($program) = @_;
    return run([$program], env => \%surroundings)->{status};
}

sub compiled {
    my ($name, $source, $lesson, @options) = @_;
    my ($program, $build) = ("$scratch/$name", build_dir());
    my $needs = sub { split ' ', run(['common/needs', $_[0], $lesson])->{out} };
    my @fetch = run(['common/needs', '--has', 'site', $lesson])->{out} ? "$build/common/fetch.o" : ();
    my $ran = run([compiler_of_the_course(CFLAGS => '-w'), @options, $needs->('--cflags'), '-o', $program, $source,
            "$build/common/lesson.o", @fetch, $needs->('--libs')]);
    is($ran->{status}, 0, "$source is compiled") || diag($ran->{err});
    return $program;
}

# A timer of a tenth of a second, and when the first line is printed.
sub with_timer {
    my ($before, $after) = @_;
    return write_file("$scratch/timer.c", <<"C");
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

my ($line, $any) = ('say("begin");', (lessons())[0]);
is(status_of(compiled('right', with_timer($line, ''), $any)), $right, 'the line first: right');
is(status_of(compiled('late', with_timer('', $line), $any)), $too_early, 'the loop first: found');
is(status_of(compiled('none', with_timer('', ''), $any)), $too_early, 'no line before the timer: found');

sub has_timers { return source_of($_[0]) =~ /\buv_timer_start\(/ }

for my $lesson (lessons()) {
    my $name = basename($lesson);
    subtest $lesson => sub {
        my $missing = run(['common/needs', '--missing', $lesson])->{out};
        return lacking("$lesson $missing") if $missing;
        my @sources = grep { m{/(?!exercise)\w+\.c$} && has_timers($_) } glob "$lesson/*.c";
        is(status_of(build_dir() . '/' . s/\.c$//r), $right, $_) for @sources;
        my $exercise = "tests/solutions/$name/exercise.c";
        if (has_timers($exercise)) {
            # Where the timer is what is to be done, there is none yet.
            isnt(status_of(compiled("$name-given", $exercise, $lesson)), $too_early, "$exercise, as it is given");
            is(status_of(compiled("$name-solved", $exercise, $lesson, '-DSOLUTION')), $right, "$exercise, solved");
        } elsif (!@sources) {
            plan(skip_all => 'it has no timers');
        }
    };
}

done_testing;
