#!/usr/bin/env perl
# bank.t - what ThreadSanitizer says about lesson 27's bank_async_wrong, as its README tells:
# without a lock two threads touch the same memory; with a lock around each change nothing
# is found, and the counts are wrong all the same.

use strict;
use warnings;

use lib 'tests';
use Course;
use Test::More;

my $lesson   = 'lessons/27-bank';
my $program  = scratch() . '/bank';
my @compiler = compiler_of_the_course();

plan skip_all => 'a sanitizer is in use already' if "@compiler" =~ /-fsanitize/;

subtest 'ThreadSanitizer finds the one fault, and not the other' => sub {
    run([@compiler, '-fsanitize=thread', flags_of($lesson, '--cflags'), '-o', $program,
        "$lesson/bank_async_wrong.c", 'common/lesson.c', flags_of($lesson, '--libs'), '-lpthread'])->{status} == 0
        or return lacking("$compiler[0] has no ThreadSanitizer");
    my $ran = run(['sh', '-c', 'exec "$0" 2>&1', $program]);
    return lacking("ThreadSanitizer does not run here: $1")
        if $ran->{out} =~ /^(FATAL: ThreadSanitizer.*)/m;
    my ($without, $with) = split /^\[  -  \] bank: opens.*\n/m, $ran->{out};

    my @places = $without =~ /^SUMMARY: ThreadSanitizer: data race .* in (\w+)$/mg;
    cmp_ok(scalar @places, '>', 0, 'without a lock there are data races');
    is_deeply([grep { !/^(?:look|change)$/ } @places], [], '... in look() and change()');
    unlike($with, qr/WARNING: ThreadSanitizer/, 'with a lock there is none');
    like($with, qr/^~ wrong counts: [1-9]/m, '... and counts are wrong');
};

done_testing();
