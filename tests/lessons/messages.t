#!/usr/bin/env perl
# messages.t - what ThreadSanitizer says about lesson 29, as its README tells: the weight that
# messages_async_wrong hands over without a lock is a data race; messages_async has none.

use strict;
use warnings;

use lib 'tests';
use Course;
use Test::More;

my $lesson   = 'lessons/29-messages';
my $scratch  = scratch();
my @compiler = compiler_of_the_course();

plan skip_all => 'a sanitizer is in use already' if "@compiler" =~ /-fsanitize/;

# What ThreadSanitizer says about a program; nothing if it can't be had.
sub verdict_on {
    my ($name) = @_;
    run([@compiler, '-fsanitize=thread', flags_of($lesson, '--cflags'), '-o', "$scratch/$name", "$lesson/$name.c",
        'common/lesson.c', flags_of($lesson, '--libs'), '-lpthread'])->{status} == 0
        or return lacking("$compiler[0] has no ThreadSanitizer");
    my $ran = run(["$scratch/$name"]);
    return lacking("ThreadSanitizer does not run here: $1") if $ran->{err} =~ /^(FATAL: ThreadSanitizer.*)/m;
    return $ran->{err};
}

subtest 'a timer in place of a bell, and a weight without a lock' => sub {
    my $said = verdict_on('messages_async_wrong') // return;
    like($said, qr/^SUMMARY: ThreadSanitizer: data race .* in (?:weigh|on_crate)$/m, 'there is a data race');
};

subtest 'a bell, and a box with a lock' => sub {
    my $said = verdict_on('messages_async') // return;
    is($said, '', 'there is none');
};

done_testing();
