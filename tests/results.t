#!/usr/bin/env perl
# results.t - no program ignores a result of libuv. libuv does not mark its
# functions so that the compiler would say so; here it gets a copy of uv.h in
# which each function that returns an int is marked (warn_unused_result).

use strict;
use warnings;

use lib 'tests';
use Course;
use File::Basename qw(basename dirname);
use Test::More;

my $scratch = scratch();

# Our uv.h has to be found before any other: its directory comes first.
my @compiler = compiler_of_the_course(SANITIZE => '');
my ($first_option) = grep { $compiler[$_] =~ /^-/ } 0 .. $#compiler;
splice @compiler, $first_option, 0, "-I$scratch";

sub needs {
    my ($question, $directory) = @_;
    return run(['common/needs', $question, $directory])->{out};
}

# Where the compiler finds uv.h: it names each file that it includes.
sub installed_header {
    my $source = write_file("$scratch/where.c", "#include <uv.h>\n");
    my $ran = run([@compiler, split(' ', needs('--cflags', 'common')), '-E', $source]);
    return $ran->{out} =~ /^# \d+ "([^"]*\buv\.h)"/m ? $1 : die "no uv.h: $ran->{err}";
}

# Make $scratch/uv.h; return how many functions it marks.
sub mark_results {
    my ($header) = @_;
    my $text  = read_file($header);
    my $count = $text =~ s/\bUV_EXTERN\s+(?=int\s)/__attribute__((warn_unused_result)) $&/g;
    write_file("$scratch/uv.h", $text);
    # It includes "uv/unix.h" and others, which are looked for beside it.
    symlink dirname($header) . '/uv', "$scratch/uv" or die "symlink: $!";
    return $count;
}

# What the compiler says about ignored results in a source; undef: nothing. It
# must really compile: with -fsyntax-only, gcc does not look for them.
sub complaint {
    my ($source, $directory) = @_;
    my $ran = run([@compiler, split(' ', needs('--cflags', $directory)),
            '-Werror=unused-result', '-O0', '-S', '-o', "$scratch/compiled", $source]);
    return $ran->{status} == 0 ? undef : $ran->{err};
}

sub looks_at_results {
    my ($directory, @sources) = @_;
    my $missing = needs('--missing', $directory);
    return lacking("$directory $missing") if $missing;
    for my $source (@sources) {
        my $complaint = complaint($source, $directory);
        ok(!defined $complaint, $source) || diag($complaint);
    }
}

cmp_ok(mark_results(installed_header()), '>', 100, 'the functions of libuv are marked');

subtest 'an ignored result is seen, one that is looked at is right' => sub {
    my $program = <<'C';
#include "lesson.h"
int main(void)
{
    uv_timer_t timer;
    %s
    uv_close((uv_handle_t *)&timer, NULL);
    run_and_close();
}
C
    my $init = 'uv_timer_init(uv_default_loop(), &timer)';
    my ($ignores, $looks) = map { write_file("$scratch/$_->[0].c", sprintf $program, $_->[1]) }
        ['ignores', "$init;"], ['looks', "must(\"start\", $init);"];
    like(complaint($ignores, 'common') // '', qr/unused.result/, 'ignored');
    is(complaint($looks, 'common'), undef, 'looked at');
};

for my $directory ('common', lessons()) {
    my $solutions = 'tests/solutions/' . basename($directory);
    my @sources = ((grep { !m{/exercise\.c$} } glob "$directory/*.c"), glob "$solutions/*.c");
    subtest $directory => sub { looks_at_results($directory, @sources) };
}

done_testing();
