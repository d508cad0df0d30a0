#!/usr/bin/env perl
# under-valgrind.t - tests/under-valgrind: a program that is wrong gets its sentences, one
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

my $under   = 'tests/under-valgrind';
my $scratch = scratch();
my @compiler = compiler_of_the_course(CFLAGS => '-O0 -g -w'); # what is wrong stays in it
my @libs     = split ' ', run(['common/needs', '--libs'])->{out};

# A program, its path: "main" is what it does, "before" comes before main.
sub program {
    my ($name, $main, $before) = @_;
    $before //= '';
    my $source = write_file("$scratch/$name.c", <<"C");
#include "lesson.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
$before
int main(int argc, char *argv[])
{
$main
}
C
    my $ran = run([@compiler, '-o', "$scratch/$name", $source, build_dir() . '/common/lesson.o', @libs]);
    die $ran->{err} if $ran->{status} != 0;
    return "$scratch/$name";
}

sub says {
    my ($name, $main, $before, $wanted, $status) = @_;
    my $ran = run([$under, program($name, $main, $before)]);
    is($ran->{err}, join('', map {"valgrind: $_\n"} @$wanted), "$name: what it says");
    is($ran->{status}, $status // 99, "$name: the status");
    return $ran;
}

# A timer on the heap, and what its callback does.
sub with_timer {
    my ($callback, $more) = @_;
    return (<<'C', ($more // '') . "static void on_time(uv_timer_t *timer)\n{\n$callback\n}\n");
    uv_timer_t *timer = malloc(sizeof *timer);
    must("init", uv_timer_init(uv_default_loop(), timer));
    must("start", uv_timer_start(timer, on_time, 1, 0));
    run_and_close();
C
}

subtest 'what is asked in a wrong way, or cannot be done' => sub {
    for (
        ['nothing', [], 2, qr/usage: /],
        ['a program that is not there', ["$scratch/none"], 127, qr{there is no program \Q$scratch\E/none }],
        ['one that cannot be run', ['tests/one/'], 127, qr/there is no program/],
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
    my $ran = run([$under, program('right', '')], env => { PATH => "$scratch/bin" });
    is($ran->{status}, 2, 'no valgrind');
    is($ran->{err}, "under-valgrind: valgrind is missing: `make setup-checks` installs it\n", '... is said');
};

subtest 'verdicts' => sub {
    return lacking('needs valgrind: make setup-checks') if !tool('valgrind');

    my $ran = run([$under, program('right', <<'C'), 'one', 'two words']);
    printf("a line, and %d arguments\n", argc - 1);
    fprintf(stderr, "an error\n");
    return 3;
C
    is($ran->{out}, "a line, and 2 arguments\n", 'right: its lines');
    is($ran->{err}, "an error\n", '... and nothing but its own errors');
    is($ran->{status}, 3, '... and its status');

    says('leaves', with_timer('uv_close((uv_handle_t *)timer, NULL);'),
        ['Memory that main() allocated is never freed']);
    says('reads', with_timer('free(timer); say("%p", timer->data); exit(0);'),
        ['Invalid read of 8 bytes in on_time(), of memory that on_time() freed']);
    says('frees_early', with_timer('uv_close((uv_handle_t *)timer, NULL); free(timer); say("x");'),
        [map {"Invalid $_ in the loop, of memory that on_time() freed"} qw(read write)]);
    says('calls_libuv', with_timer('free(timer); uv_is_active((uv_handle_t *)timer); exit(0);'),
        ['Invalid read in libuv, called by on_time(), of memory that on_time() freed']);
    says('beyond', 'char *text = malloc(4); memcpy(text, "four", 4); text[4] = 0; free(text);', '',
        ['Invalid write of 1 byte in main(), outside of memory that main() allocated']);
    says('twice', 'char *text = malloc(4); free(text); free(text); say("x");', '',
        ['Invalid free() in main(), of memory that main() freed']);
    says('unset', 'int *number = malloc(4); if (*number) say("is set"); free(number);', '',
        ['Conditional jump or move depends on uninitialised value in main()']);
    says('often', 'char *text = malloc(4); free(text); for (int i = 0; i < 9; i++) say("%d", text[i % 4]);', '',
        ['Invalid read of 1 byte in main(), of memory that main() freed']);
    says('crashes', '*(volatile int *)8 = 1;', '',
        ['Invalid write of 4 bytes in main()', 'It was ended by SIGSEGV in main()']);
};

subtest 'how it ends, where nothing was found' => sub {
    return lacking('needs valgrind: make setup-checks') if !tool('valgrind');
    for (['ends well', 'return 0;', 0], ['fails', 'return 7;', 7]) {
        my ($name, $main, $status) = @$_;
        my $ran = run([$under, program('ends', $main)]);
        is($ran->{status}, $status, $name);
        is($ran->{err}, '', '... without a word');
    }
    my $ran = run([$under, program('child', 'if (fork() == 0) { free(malloc(9)); _exit(0); } sleep(0);')]);
    is("$ran->{status} $ran->{err}", '0 ', 'a child of it is left alone');
};

subtest 'lines come at once' => sub {
    return lacking('needs valgrind: make setup-checks') if !tool('valgrind');
    my $go = "$scratch/go";
    my $program = program('slow', qq{say("first"); while (access("$go", F_OK) != 0) uv_sleep(10); say("last");});
    alarm 120; # for the case that it hangs
    open my $from, '-|', $under, $program or die "$under: $!";
    like(scalar <$from>, qr/first/, 'the first line');
    write_file($go, '');
    like(scalar <$from>, qr/last/, '... before there is a last one');
    close $from;
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
    write_file("$tree/tests/under-valgrind", "#!/bin/sh\n\"\$\@\"\necho seen: \${1##*/} >&2\nexit 99\n", 0755);
    for my $name (qw(sh sed pkg-config basename dirname tr diff)) {
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
    my $asked = sub { return in_tree($tree, 'common/needs', @_)->{out} };
    is($asked->('--under', $wrong), "tests/under-valgrind\n", 'a wrong program: valgrind');
    is($asked->('--under', 'lessons/07-x/x_async.out'), '', 'one that is right: nothing');
    like($asked->('--missing', $wrong), qr/^needs valgrind: `make setup-checks` installs it$/, 'it is missing');
    is($asked->('--missing', $_), '', "not for $_") for 'lessons/07-x/x_async.out', 'lessons/07-x';
    with_valgrind($tree);
    is($asked->('--missing', $wrong), '', 'and when it is there, nothing is');
    write_file("$tree/lessons/07-x/about", "needs: threads\n");
    is($asked->('--under', $wrong), '', 'a lesson that does not say that it needs valgrind');
};

subtest 'the recording of a wrong program is made under it, and compared' => sub {
    my $tree  = tree();
    my $wrong = 'lessons/07-x/x_async_wrong.out';
    symlink abs_path(build_dir() . '/common/check/check'), "$tree/build/common/check/check";
    my $skipped = in_tree($tree, 'tests/one', $wrong);
    like($skipped->{out}, qr/^1\.\.0 # SKIP .*needs valgrind/, 'without valgrind it is skipped');
    with_valgrind($tree);
    my $checked = in_tree($tree, 'tests/one', $wrong);
    is($checked->{status}, 0, 'tests/one') || diag($checked->{err});
    like($checked->{out}, qr/^ok 1 - x_async_wrong prints/m, 'under the name of the program');
    is(in_tree($tree, 'tests/one', 'lessons/07-x/x_async.out')->{status}, 0, 'the right one is run as it is');

    my $recorded = run(["$tree/build/common/check/check", '--record', $wrong], dir => $tree,
        env => { UNDER => 'tests/under-valgrind', BUILD => undef });
    is($recorded->{out}, "$wrong: unchanged\n", 'and recorded, when $UNDER says so') || diag($recorded->{err});
};

subtest 'a student sees it' => sub {
    my $tree = tree();
    my @show = (abs_path(build_dir() . '/common/show'), 'lessons/07-x');
    my $ran  = in_tree($tree, @show);
    is($ran->{status}, 0, 'without valgrind');
    like($ran->{out}, qr/is wrong, whatever it printed.*setup-checks.*Then:\n\n    tests\/under-valgrind build\/lessons\/07-x\/x_async_wrong\n/s,
        'how to get the verdict');
    unlike($ran->{out}, qr/seen:/, '... which is not there');
    $ran = in_tree(with_valgrind($tree), @show);
    is($ran->{status}, 0, 'with valgrind');
    like($ran->{out}, qr/^x_async_wrong\n-+\n\[ 0\.00\] x\n! seen: x_async_wrong\n-- ended with exit status 99\n/m,
        'the verdict');
    unlike($ran->{out}, qr/whatever it printed/, '... and not how to get it');
};

done_testing();
