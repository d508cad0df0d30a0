#!/usr/bin/env perl
# api.t - lesson 18's programs with other arguments than those that are recorded: a
# city from the command line, and the faults whose reports are not in the lesson.

use strict;
use warnings;

use lib 'tests';
use Course;
use Test::More;

my $build  = build_dir();
my $lesson = 'lessons/18-api';

plan skip_all => "$lesson is not built" if !-x "$build/$lesson/api_sync";

my %program = map { $_ => with_far_deadline("$lesson/$_", 'url') } qw(api_sync api_async api_async_partial);

# Run a program of the lesson inside the site; its lines without their times.
sub asked {
    my ($program, @arguments) = @_;
    my $ran = run(["$build/common/with-site", $program{$program}, @arguments]);
    $ran->{lines} = [map {s/^\[[\d. ]+\] //r} split /\n/, $ran->{out}];
    return $ran;
}

for my $program ('api_sync', 'api_async') {
    subtest "$program: a city from the command line" => sub {
        my $ran = asked($program, 'Cape Town');
        is($ran->{status}, 0, 'its name has a space');
        like($ran->{lines}[1], qr/^location: -33\.9\d, 18\.4\d$/, 'it is south of the equator');
        like($ran->{lines}[-1], qr/^report: Cape Town, South Africa: /, 'it is reported');

        $ran = asked($program, 'Atlantis');
        is($ran->{status}, 1, 'nobody knows where Atlantis is');
        is_deeply($ran->{lines}, ['location: asked'], 'nothing is asked that needs to know it');
        is($ran->{err}, "$program: no location: the status is 404: Unknown city\n", 'one sentence says so');

        is(asked($program, '/../weather?x=')->{status}, 1, 'a name is no part of a path');
        is(asked($program, 'x' x 100)->{status}, 2, 'a name that is too long: usage');
        $ran = asked($program, 'Cape', 'Town');
        is($ran->{status}, 2, 'two names: usage');
        like($ran->{err}, qr/^usage: $program \[CITY\].*\n\z/, 'and what it is');
    };
}

subtest 'api_async_partial: the faults that are not recorded' => sub {
    my $ran = asked('api_async_partial', 0);
    is($ran->{status}, 0, 'without a fault');
    is(scalar(grep {/^report: (?:location|weather|sun): /} @{ $ran->{lines} }), 3,
        'all three are reported');

    $ran = asked('api_async_partial', 1);
    is($ran->{status}, 1, 'an error of the server');
    is($ran->{lines}[-2], 'report: no weather: the status is 500', 'is no bad JSON');

    $ran = asked('api_async_partial', 4);
    is($ran->{status}, 1, 'an unknown city');
    is_deeply(
        [@{ $ran->{lines} }[-3 .. -1]],
        [   'report: no location: the status is 404: Unknown city',
            'report: no weather: it needs the location',
            'report: no sun: it needs the location'
        ],
        'what the server says is passed on'
    );

    $ran = asked('api_async_partial', 5);
    is($ran->{status}, 1, 'silence');
    is($ran->{lines}[-1], 'report: no sun: no answer within 300 ms', 'is missing, like others');
    like($ran->{lines}[-2], qr/^report: weather: /, 'and the weather is there');
};

done_testing();
