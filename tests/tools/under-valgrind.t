#!/usr/bin/env perl
# under-valgrind.t - common/check/under-valgrind: a program that is wrong gets its sentences, one
# that is right gets none, and what they print comes through as it is. And who uses
# it: the tests, `make out-NN`, and `make lesson-NN`.

use strict;
use warnings;

use lib 'tests';
use Course;
use Cwd qw(abs_path);
use File::Path qw(make_path);
use Test::More;

plan skip_all => "$ENV{SANITIZE}: valgrind runs no program with sanitizers" if $ENV{SANITIZE};

my $under   = 'common/check/under-valgrind';
my $scratch = scratch();
my @compiler = compiler_of_the_course(CFLAGS => '-O0 -g -w'); # what is wrong stays in it
my @libs     = split ' ', run(['common/commands/needs', '--libs'])->{out};

# One program for all cases; its first argument is the case's name. The second is a file that
# "slow" waits for.
my $source = write_file("$scratch/wrong.c", <<'C');
#include "lesson.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A timer on the heap, and what its callback does. */
static void with_timer(uv_timer_cb on_time)
{
    uv_timer_t *timer = malloc(sizeof *timer);
    must("init", uv_timer_init(uv_default_loop(), timer));
    must("start", uv_timer_start(timer, on_time, 1, 0));
    run_and_close();
}

static void leaves(uv_timer_t *timer)
{
    uv_close((uv_handle_t *)timer, NULL);
}
static void frees_early(uv_timer_t *timer)
{
    uv_close((uv_handle_t *)timer, NULL);
    free(timer);
    say("x");
}
static void calls_libuv(uv_timer_t *timer)
{
    uv_is_active((uv_handle_t *)timer);
}
static void reads(uv_timer_t *timer)
{
    free(timer);
    say("%p", timer->data);
    calls_libuv(timer);
    exit(0); /* the loop has lost it */
}
static void beyond(void)
{
    char *text = malloc(4);
    memcpy(text, "four", 4);
    text[4] = 0;
    free(text);
}
static void twice(void)
{
    char *text = malloc(4);
    free(text);
    free(text);
    say("x");
}
static void unset(void)
{
    int *number = malloc(4);
    if (*number)
        say("is set");
    free(number);
}
static void often(void)
{
    char *text = malloc(4);
    free(text);
    for (int i = 0; i < 9; i++)
        say("%d", text[i % 4]);
}
static void crashes(void)
{
    *(volatile int *)8 = 1;
}

int main(int argc, char *argv[])
{
    const char *name = argc > 1 ? argv[1] : "";
    if (strcmp(name, "right") == 0) {
        if (fork() == 0) {
            free(malloc(9)); /* and what is lost here is not looked at */
            _exit(0);
        }
        printf("a line, and %d arguments\n", argc - 1);
        fprintf(stderr, "an error\n");
        return 3;
    } else if (strcmp(name, "slow") == 0) {
        say("first");
        while (access(argv[2], F_OK) != 0)
            uv_sleep(10);
        say("last");
    } else if (strcmp(name, "many") == 0) {
        with_timer(leaves);
        with_timer(frees_early);
        beyond();
        twice();
        unset();
        often();
        with_timer(reads);
    } else if (strcmp(name, "crashes") == 0) {
        crashes();
    }
    return 0;
}
C
my $program = "$scratch/wrong";
my $built   = run([@compiler, '-o', $program, $source, build_dir() . '/common/lesson.o', @libs]);
die $built->{err} if $built->{status} != 0;

sub says {
    my ($name, @wanted) = @_;
    my $ran = run([$under, $program, $name]);
    is($ran->{err}, join('', map {"valgrind: $_\n"} @wanted), "$name: what it says");
    return is($ran->{status}, 99, "$name: the status");
}

subtest 'what is asked in a wrong way, or cannot be done' => sub {
    for (
        ['nothing', [], 2, qr/usage: /],
        ['a program that is not there', ["$scratch/none"], 127, qr{there is no program \Q$scratch\E/none }],
        ['one that cannot be run', ['tests/run-one/'], 127, qr/there is no program/],
        ['a directory', [$scratch], 127, qr/there is no program/],
    ) {
        my ($name, $command, $status, $sentence) = @$_;
        SKIP: {
            skip 'valgrind is missing', 3 if !tool('valgrind') && $status == 127;
            my $ran = run([$under, @$command]);
            is($ran->{status}, $status, $name);
            like($ran->{err}, qr/\Aunder-valgrind: $sentence.*\n\z/, '... one sentence');
            is($ran->{out}, '', '... and nothing else');
        }
    }
    mkdir "$scratch/bin";
    symlink $^X, "$scratch/bin/perl";
    my $ran = run([$under, $program], env => { PATH => "$scratch/bin" });
    is($ran->{status}, 2, 'no valgrind');
    is($ran->{err}, "under-valgrind: valgrind is missing: `make setup-checks` installs it\n", '... is said');
};

subtest 'verdicts' => sub {
    return lacking('needs valgrind: make setup-checks') if !tool('valgrind');

    my $ran = run([$under, $program, 'right', 'two words']);
    is($ran->{out}, "a line, and 2 arguments\n", 'right: its lines');
    is($ran->{err}, "an error\n", '... and nothing but its own errors');
    is($ran->{status}, 3, '... and its status');

    # Who does what is in the name of the function.
    says('many',
        'Conditional jump or move depends on uninitialised value in unset()',
        'Invalid free() in twice(), of memory that twice() freed',
        'Invalid read in libuv, called by calls_libuv(), of memory that reads() freed',
        'Invalid read in the loop, of memory that frees_early() freed',
        'Invalid read of 1 byte in often(), of memory that often() freed',
        'Invalid read of 8 bytes in reads(), of memory that reads() freed',
        'Invalid write in the loop, of memory that frees_early() freed',
        'Invalid write of 1 byte in beyond(), outside of memory that beyond() allocated',
        'Memory that with_timer() allocated is never freed');
    says('crashes', 'Invalid write of 4 bytes in crashes()', 'It was ended by SIGSEGV in crashes()');
};

subtest 'lines come at once' => sub {
    return lacking('needs valgrind: make setup-checks') if !tool('valgrind');
    my $go = "$scratch/go";
    alarm 600; # for the case that it hangs
    open my $from, '-|', 'sh', '-c', 'exec "$@" 2>&1', 'sh', $under, $program, 'slow', $go or die "sh: $!";
    like(scalar <$from>, qr/first/, 'the first line');
    write_file($go, '');
    like(scalar <$from>, qr/last/, '... before there is a last one');
    is(scalar <$from>, undef, 'nothing was found: without a word');
    close $from;
    is($?, 0, '... and it ends well');
    alarm 0;
};

# --- who uses it ---

# A tree with a lesson that has a program that is wrong, and a valgrind that is none.
sub tree {
    my $tree   = bare_tree();
    my $lesson = "$tree/lessons/07-x";
    make_path($lesson, "$tree/build/lessons/07-x", "$tree/bin", "$tree/build/common/check");
    write_file("$lesson/about", "needs: valgrind\n");
    write_file("$lesson/x_async_wrong.c", "int main(void) {}\n");
    write_file("$lesson/x_async_wrong.out", "[ 0.00] x\n! seen: x_async_wrong\nexit 99\n");
    write_file("$lesson/x_async.out", "[ 0.00] x\n");
    write_file("$tree/build/lessons/07-x/$_", "#!/bin/sh\necho '[ 0.00] x'\n", 0755)
        for 'x_async', 'x_async_wrong';
    write_file("$tree/common/check/under-valgrind", "#!/bin/sh\n\"\$\@\"\necho seen: \${1##*/} >&2\nexit 99\n", 0755);
    for my $name (qw(sh sed pkg-config basename dirname tr diff env perl)) {
        my ($path) = grep {-x} map {"$_/$name"} split /:/, $ENV{PATH};
        symlink $path, "$tree/bin/$name" if $path;
    }
    return $tree;
}

sub with_valgrind { write_file("$_[0]/bin/valgrind", "#!/bin/sh\n", 0755); return $_[0] }

# In the tree, with only what is in its bin/.
sub in_tree {
    my ($tree, @command) = @_;
    return run([@command], dir => $tree, env => { PATH => "$tree/bin", BUILD => undef,
            UNDER => undef, REQUIRE_ALL => undef, COLUMNS => 80, TIMING => undef });
}

subtest 'what a recording needs' => sub {
    my $tree  = tree();
    my $wrong = 'lessons/07-x/x_async_wrong.out';
    my $asked = sub { return in_tree($tree, 'common/commands/needs', '--test', @_)->{out} };
    my $under = qr/ tool=common\/check\/under-valgrind$/;
    like($asked->($wrong), $under, 'a wrong program: valgrind');
    unlike($asked->('lessons/07-x/x_async.out'), $under, 'one that is right: nothing');
    like($asked->($wrong), qr/^missing='needs valgrind: `make setup-checks` installs it' /, 'it is missing');
    like($asked->('lessons/07-x/x_async.out'), qr/^missing='' /, 'not for one that is right');
    is(in_tree($tree, qw(common/commands/needs --missing lessons/07-x))->{out}, '', 'nor for the lesson');
    with_valgrind($tree);
    like($asked->($wrong), qr/^missing='' /, 'and when it is there, nothing is');
    write_file("$tree/lessons/07-x/about", "needs: threads\n");
    unlike($asked->($wrong), $under, 'a lesson that does not say that it needs valgrind');
};

subtest 'the recording of a wrong program is made under it, and compared' => sub {
    my $tree  = tree();
    my $wrong = 'lessons/07-x/x_async_wrong.out';
    symlink abs_path(build_dir() . '/common/check/check'), "$tree/build/common/check/check";
    my $skipped = in_tree($tree, 'tests/run-one', $wrong);
    like($skipped->{out}, qr/^1\.\.0 # SKIP .*needs valgrind/, 'without valgrind it is skipped');
    with_valgrind($tree);
    my $checked = in_tree($tree, 'tests/run-one', $wrong);
    is($checked->{status}, 0, 'tests/run-one') || diag($checked->{err});
    like($checked->{out}, qr/^ok 1 - x_async_wrong prints/m, 'under the name of the program');
    is(in_tree($tree, 'tests/run-one', 'lessons/07-x/x_async.out')->{status}, 0, 'the right one is run as it is');

    my $recorded = run(["$tree/build/common/check/check", '--record', $wrong], dir => $tree,
        env => { UNDER => 'common/check/under-valgrind', BUILD => undef });
    is($recorded->{out}, "$wrong: unchanged\n", 'and recorded, when $UNDER says so') || diag($recorded->{err});
};

subtest 'a student sees it' => sub {
    my $tree = tree();
    symlink abs_path('common/timeline'), "$tree/common/timeline"; # which draws what it prints
    my @show = (abs_path(build_dir() . '/common/show'), 'lessons/07-x');
    my $ran  = in_tree($tree, @show);
    is($ran->{status}, 0, 'without valgrind');
    like($ran->{out}, qr/is wrong, whatever it printed.*setup-checks.*Then:\n\n    common\/check\/under-valgrind build\/lessons\/07-x\/x_async_wrong\n/s,
        'how to get the verdict');
    unlike($ran->{out}, qr/seen:/, '... which is not there');
    $ran = in_tree(with_valgrind($tree), @show);
    is($ran->{status}, 0, 'with valgrind');
    like($ran->{out}, qr/^x_async_wrong\n-+\n\[ 0\.00\] x\n! seen: x_async_wrong\n-- ended with exit status 99\n/m,
        'the verdict');
    unlike($ran->{out}, qr/whatever it printed/, '... and not how to get it');
};

done_testing();
