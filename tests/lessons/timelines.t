#!/usr/bin/env perl
# timelines.t - the lessons' pictures: that each is what common/draw makes of the
# lesson's recordings today, that it is whole, and shows all that was recorded.

use strict;
use warnings;

use lib 'tests';
use Course;
use File::Basename qw(basename);
use Picture;
use Test::More;

sub name_of { return basename($_[0], '.out') =~ tr/@/ /r }

for my $lesson (lessons()) {
    subtest $lesson => sub {
        my $picture  = drawn($lesson);
        my $is_there = read_file("$lesson/timeline.svg") eq $picture;
        ok($is_there, "$lesson/timeline.svg is what its recordings say")
            || diag("  `make timelines` draws it anew\n");
        if (!takes_time($lesson)) {
            is($picture, '', 'its programs only compute: no picture is drawn');
            ok(!-e "$lesson/timeline.svg", 'nor is there an old one');
            return unlike(read_file("$lesson/README.md"), qr/timeline\.svg/, 'nor does the README show one');
        }

        my ($elements, @complaints) = read_xml($picture);
        no_complaints('it is well-formed', @complaints);
        my $root = $elements->[0]{attributes};
        my $slug = basename($lesson) =~ s/^\d+-//r;

        my @outs = recordings_of($lesson);
        my %totals;
        for my $out (@outs) {
            my ($last) = sort { $b <=> $a } map { $_->[0] } lines_of($out);
            $totals{$out} = "$last s";
        }
        my ($longest) = sort { $b <=> $a } map {s/ s//r} values %totals;
        is_deeply([texts($elements, 'total')], [map { $totals{$_} } @outs],
            'the totals are those that were recorded');
        my %is_text = map { $_ => 1 } texts($elements);
        my ($description) = map { $_->{text} } grep { $_->{tag} eq 'desc' } @$elements;
        for my $out (@outs) {
            my ($name, $total) = (name_of($out), $totals{$out});
            ok($is_text{$name}, "$name is named");
            like($description, qr/^\Q$name takes $total\E[.;]/m, 'and described');
            my %actors = map { $_->[1] => 1 } lines_of($out);
            # Of too many, some have to do with "and 8 others".
            no_complaints("$name: every actor has a lane",
                grep { $_ ne '' && !$is_text{$_} } sort keys %actors)
                if !grep {/^and \d+ others$/} keys %is_text;
        }

        # What the slides rely on.
        is($root->{class},                'timeline', 'its class');
        is($root->{role},                 'img',      'it is a picture');
        is($root->{'aria-labelledby'}, "$slug-title $slug-desc", 'which says what it shows');
        my ($wide, $high) = $root->{viewBox} =~ /^0 0 (\d+) (\d+)$/;
        is($wide, 1200, 'it is 1200 wide');
        cmp_ok($high, '<=', 600, 'and fits a slide');
        my ($seconds, $from, $to) =
            $root->{style} =~ /^--seconds: (\d+\.\d\d); --from: (\d+)px; --to: (\d+)px$/;
        is($seconds, $longest, 'it takes as long as the longest program');
        my ($edge) = $elements->[-1]{parent};
        is($edge->{attributes}{class}, 'edge', 'its last part is the edge');
        is($edge->{attributes}{visibility}, 'hidden', 'which is hidden');
        is_deeply([map { $_->{tag} } @$elements[-2, -1]], [qw(rect line)], 'a sheet, and a line');
        is($elements->[-2]{attributes}{x},  $from, 'the sheet starts at --from');
        is($elements->[-1]{attributes}{x1}, $from, 'as does the line');
        my @ends = map { $_->{attributes}{x1} } with_class($elements, 'end');
        is((sort { $b <=> $a } @ends)[0], $to, 'the longest program ends at --to');
        cmp_ok($from + $elements->[-2]{attributes}{width}, '>=', $wide, 'all lanes are covered');

        # Several may stand in one page, and nothing is fetched.
        my @ids = map { $_->{attributes}{id} // () } @$elements;
        no_complaints('ids are its own', grep { !/^\Q$slug\E-/ } @ids);
        my %seen;
        no_complaints('each is given once', grep { $seen{$_}++ } @ids);
        no_complaints('what is referred to is there',
            grep { !$seen{$_} } $picture =~ /url\(#([^)]*)\)/g, $picture =~ /href="#?([^"]*)/g);
        my $rest = $picture =~ s{^<svg xmlns="http://www\.w3\.org/2000/svg"}{}r;
        unlike($rest, qr/https?:|xmlns/, 'nothing is fetched');
        no_complaints('neither styles nor scripts',
            grep { !/^(?:svg|title|desc|defs|pattern|g|rect|line|text)$/ }
            map { $_->{tag} } @$elements);
        my @sizes = $picture =~ /font-size="(\d+)"/g;
        cmp_ok((sort { $a <=> $b } @sizes)[0], '>=', 15, 'the text is large enough');

        ok(read_file("$lesson/README.md") =~ /^!\[[^\]]{40,}\]\(timeline\.svg\)$/m,
            'the README shows it, and says what it shows');
    };
}

# --- what a program itself does ---

subtest 'the chores: blocked, busy, in pieces' => sub {
    my ($lesson) = grep {/chores/} lessons();
    return plan(skip_all => 'there is no such lesson') if !$lesson;
    my ($sync, $async, $yield) = stretches(drawn($lesson));
    # A unit of the picture is 5 ms: what is near enough is the same.
    my $rounded = sub { $_[0] =~ s/([\d.]+)/sprintf '%.1f', $1/ger };
    is($rounded->($sync), 'blocked 0.0, blocked 0.8, blocked 1.5, blocked 2.2, busy 3.2',
        'sync: one wait after the other, then the potatoes');
    is($rounded->($async), 'busy 0.0, free 1.8', 'async: one block without a gap, then free');
    is(scalar(split /, /, $yield), 14, 'async_yield: a piece for each potato');
    unlike($yield, qr/free|blocked/, 'and nothing else');
};

done_testing();
