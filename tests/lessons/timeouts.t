#!/usr/bin/env perl
# timeouts.t - lesson 19's programs with other arguments than those that are recorded:
# a page that fails less, or for ever; a group whose children all come, or none.

use strict;
use warnings;

use lib 'tests';
use Course;
use IO::Socket::INET;
use Test::More;

my $build  = build_dir();
my $lesson = 'lessons/19-timeouts';

plan skip_all => "$lesson is not built" if !-x "$build/$lesson/timeouts_sync";

# Run a program inside the site; its lines without their times, and when the last one came.
sub asked {
    my ($program, @arguments) = @_;
    my $ran = run(["$build/common/with-site", $program, @arguments]);
    ($ran->{end}) = $ran->{out} =~ /^\[ *([\d.]+)\] [^\n]*\n\z/m;
    $ran->{lines} = [map {s/^\[[\d. ]+\] //r} split /\n/, $ran->{out}];
    return $ran;
}

subtest 'timeouts_async_retry' => sub {
    my $retry = with_far_deadline("$lesson/timeouts_async_retry", 'url');
    my $ran   = asked($retry, 0);
    is($ran->{status}, 0, 'no attempt fails');
    is(scalar @{ $ran->{lines} }, 2, 'one is enough');

    $ran = asked($retry, 4);
    is($ran->{status}, 1, 'all attempts fail');
    is($ran->{lines}[-1], 'attempt 4: cut short after 500 of 1000 bytes', 'the last one, too');
    is($ran->{err}, "timeouts_async_retry: no page after attempt 4\n", 'one sentence says so');
    is(join(' ', map { /^a pause of (.*) s$/ ? $1 : () } @{ $ran->{lines} }),
        '0.2 0.4 0.8', 'there were three pauses');
};

subtest 'timeouts_async_group' => sub {
    my $ran = asked("$build/$lesson/timeouts_async_group", 60_000);
    is($ran->{status}, 0, 'more time than is needed');
    is($ran->{lines}[-1], 'the group ends, 4 of 4 callbacks have come, 4 pages', 'all have come');
    cmp_ok($ran->{end}, '<', 60, 'it ends with the last of them, not at its deadline');

    $ran = asked(changed("$lesson/timeouts_async_group", sub { $_[0] =~ s/delay=\d+/delay=60000/gr }), 100);
    is(scalar(grep {/: cancelled, bytes read: 0$/} @{ $ran->{lines} }), 4, 'too little time for any');
    is($ran->{lines}[-1], 'the group ends, 4 of 4 callbacks have come, 0 pages',
        'and yet each callback has come');
    is("$ran->{err}$ran->{status}", '0', 'no handle is open, and to be cancelled is no failure');

    # A port that is certainly closed: it is ours, and we don't listen there.
    my $closed = IO::Socket::INET->new(Proto => 'tcp', LocalAddr => '127.0.0.1') || die "no port: $@";
    $ran = run(["$build/$lesson/timeouts_async_group"], env => {SITE => 'http://127.0.0.1:' . $closed->sockport});
    is(scalar(() = $ran->{out} =~ /: connection refused, bytes read: 0$/mg), 4, 'nobody is there');
    is($ran->{status}, 1, 'which is one');
};

done_testing();
