#!/usr/bin/env perl
# score.t - make score: a line for each exercise, and a JUnit file, whatever the
# students hand in.

use strict;
use warnings;

use lib 'tests';
use Course;
use Test::More;

delete @ENV{qw(BUILD SANITIZE LDFLAGS REQUIRE_ALL SLOW TIMING UNDER V)};
$ENV{TIMING} = 'off'; # what is judged here is no time

my $tree        = tree_with_exercises();
my $no_compiler = no_compiler($tree);
my %scripts     = ('01-tea' => 'echo "[ 0.00] tea: ready"', '05-cake' => 'echo "[ 0.00] cake: ready"');

sub score { return run([make_command(), '-s', 'score'], dir => $tree) }

# The same, where nothing depends on make.
sub score_without_make {
    return run(['common/check/score', @_ ? @_ : ('lessons/01-tea', 'lessons/05-cake')], dir => $tree, env => {MAKE => $no_compiler});
}

# Enough of an XML reader to know that it is one: tags that match, entities that exist.
# Returns the cases: {name => [message, text]}, or dies.
sub read_junit {
    my ($xml) = @_;
    my (@open, %cases, $case);
    $xml =~ s/\A<\?xml version="1\.0" encoding="UTF-8"\?>\n// or die "no XML\n";
    while ($xml =~ /\G(?:<(\/?)([a-z]+)((?: [a-z]+="[^"<]*")*)(\/?)>|([^<]+))/gc) {
        my ($ends, $tag, $attributes, $is_empty, $text) = ($1, $2, $3, $4, $5);
        for ($attributes // '', $text // '') {
            die "& alone: $_\n" if /&(?!#\d+;)/;
            die "no character of XML\n" if /[^\x09\x0a\x20-\x7e]/;
        }
        if (defined $text) {
            $cases{$case}[1] .= $text =~ s/&#(\d+);/chr $1/ger if @open && $open[-1] eq 'failure';
        } elsif ($ends) {
            die "</$tag> ends nothing\n" unless @open && pop(@open) eq $tag;
        } else {
            $case = $1 if $tag eq 'testcase' && $attributes =~ / name="([^"]*)"/;
            $cases{$case} = [] if $tag eq 'testcase';
            $cases{$case}[0] = $1 if $tag eq 'failure' && $attributes =~ / message="([^"]*)"/;
            push @open, $tag unless $is_empty;
        }
    }
    die "not read to its end\n" if (pos($xml) // 0) != length $xml or @open;
    return \%cases;
}

sub judged {
    my ($name, $score, $status, $lines, %cases) = @_;
    subtest $name => sub {
        unlink "$tree/build/score.xml";
        my $ran = $score->();
        is($ran->{status} != 0, $status != 0, 'the exit status');
        is($ran->{out}, join('', map {"$_\n"} @$lines), 'the lines');
        my $xml  = read_file("$tree/build/score.xml");
        my $read = eval { read_junit($xml) } or diag($@, $xml);
        is_deeply([map {"$_: " . ($read->{$_}[0] // 'passed')} sort keys %$read],
            [map {"$_: $cases{$_}[0]"} sort keys %cases], 'the cases');
        my $failures = grep { $_->[0] ne 'passed' } values %cases;
        like($xml, qr/^<testsuite name="exercises" tests="2" failures="$failures">$/m, 'their number');
        like($read->{$_}[1] // '', $cases{$_}[1], "what is said of $_") for grep { $cases{$_}[1] } keys %cases;
        ok(!-e "$tree/build/progress", 'what the student remembers is left alone');
    };
}

save_answer($tree, '01-tea', 'right');
save_answer($tree, '05-cake', "int \xc3\xa4 = y;");
judged('it does not compile', \&score, 1,
    ['01-tea               passed', '05-cake              does not compile', '1 of 2 passed'],
    '01-tea' => ['passed'], '05-cake' => ['does not compile', qr/exercise\.c:6:\d+: error/]);

save_script($tree, $_) for '01-tea', '05-cake';
judged('none is solved', \&score_without_make, 1, ['01-tea               failed', '05-cake              failed', '0 of 2 passed'],
    '01-tea' => ['failed', qr/- \[ 0\.00\] tea: ready$/m], '05-cake' => ['failed']);

save_script($tree, '01-tea', $scripts{'01-tea'});
save_script($tree, '05-cake', q(printf '[ 0.00] <&">\177]]>\n'));
judged('one is solved', \&score_without_make, 1, ['01-tea               passed', '05-cake              failed', '1 of 2 passed'],
    '01-tea' => ['passed'], '05-cake' => ['failed', qr/\+ \[ 0\.\d\d\] <&">\\x7f\]\]>$/m]);

unlink "$tree/lessons/05-cake/exercise.c";
judged('it is missing', \&score_without_make, 1,
    ['01-tea               passed', '05-cake              missing', '1 of 2 passed'],
    '01-tea' => ['passed'], '05-cake' => ['missing', qr/there is no/]);

save_script($tree, '05-cake', $scripts{'05-cake'});
write_file("$tree/lessons/05-cake/about", "part: 1\nneeds: no-such-library\n");
judged('it can not be built here', \&score_without_make, 1,
    ['01-tea               passed', '05-cake              can\'t be checked here', '1 of 2 passed'],
    '01-tea' => ['passed'], '05-cake' => ['can&#39;t be checked here', qr/no-such-library/]);

write_file("$tree/lessons/05-cake/about", "part: 1\n");
judged('all are solved', \&score_without_make, 0, ['01-tea               passed', '05-cake              passed', '2 of 2 passed'],
    '01-tea' => ['passed'], '05-cake' => ['passed']);

subtest 'where the file can not be written' => sub {
    unlink "$tree/build/score.xml";
    mkdir "$tree/build/score.xml" or die;
    my $ran = score_without_make('lessons/01-tea');
    isnt($ran->{status}, 0, 'it fails');
    like($ran->{err}, qr{^score: cannot write build/score\.xml: }m, 'with a sentence');
    like($ran->{out}, qr/^1 of 1 passed$/m, 'after the lines');
    is_deeply([grep { !/score\.xml$/ } glob "$tree/build/score*"], [], 'nothing half-written is left');
};

done_testing();
