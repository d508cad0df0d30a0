#!/usr/bin/env perl
# timelines.t - the lessons' pictures: that each is what common/timeline/draw makes of the
# lesson's recordings today, that it is whole, and shows all that was recorded.

use strict;
use warnings;

use lib 'tests';
use Course;
use File::Basename qw(basename);
use List::Util qw(any max min);
use Picture;
use Test::More;

# --- the rules: a picture must not teach the opposite ---

# What `about` says of a key, as a list.
sub about {
    my ($lesson, $key) = @_;
    return map { split / *, */ } read_file("$lesson/about") =~ /^\Q$key\E: *(.*)$/m;
}

sub shown {
    my ($stretch) = @_;
    return sprintf '%s %d to %d', @$stretch;
}

# Those that have a stretch in common, of two lists; a unit is rounding.
sub overlaps {
    my ($one, $other) = @_;
    return map {
        my $it = $_;
        map { shown($it) . ', and ' . shown($_) }
            grep { min($_->[2], $it->[2]) - max($_->[1], $it->[1]) > 1 } @$other;
    } @$one;
}

# Stretches of some kinds, those that are next to one another as one.
sub stretches_of {
    my ($row, $kinds) = @_;
    my @joined;
    for my $stretch (grep { $_->[0] =~ /^(?:$kinds)$/ } @{ $row->{stretches} }) {
        if (@joined && $stretch->[1] - $joined[-1][2] <= 5) { $joined[-1][2] = $stretch->[2] }
        else                                                { push @joined, [@$stretch] }
    }
    return @joined;
}

# One thread does one thing at a time, and the program works exactly while an actor does; who is
# sync waits for one thing at a time, unless each actor is a thread.
sub not_one_at_a_time {
    my ($lesson, $program, $out) = @_;
    my ($own, @lanes) = @{ $program->{rows} };
    my @complaints;
    my $has_threads = grep { $_ eq $program->{name} } about($lesson, 'threads');
    return if $has_threads && $program->{name} !~ /_sync(?:_|\b)/;
    for my $i (1 .. $#lanes) {
        for my $k (0 .. $i - 1) {
            my @kinds = ('busy', $program->{name} =~ /_sync(?:_|\b)/ && !$has_threads ? 'busy|actor' : ());
            push @complaints, map {"$lanes[$i]{name}, $lanes[$k]{name}: $_"}
                map { my $kind = $_; overlaps(map { [stretches_of($_, $kind)] } @lanes[$i, $k]) } @kinds;
        }
    }
    # What it works that is no actor's, its recording or `about` says.
    return @complaints if read_file($out) =~ /^~ CPU time: all/m;
    return @complaints if any {/^\Q$program->{name}\E /} about($lesson, 'works');
    my @works = stretches_of($own, 'busy');
    my @their = stretches_of({stretches => [sort { $a->[1] <=> $b->[1] }
                map { @{ $_->{stretches} } } @lanes]}, 'busy');
    my $ends = sub { join ', ', map { sprintf '%d to %d', map { 5 * int($_ / 5 + 0.5) } @$_[1, 2] } @_ };
    my $same = @works == @their && !grep {
        abs($works[$_][1] - $their[$_][1]) > 35 || abs($works[$_][2] - $their[$_][2]) > 5 } 0 .. $#works;
    push @complaints, 'the program works ' . $ends->(@works) . ', its actors ' . $ends->(@their) if !$same;
    return @complaints;
}

# The lines of a lane, [seconds, actor, text] in the order of its marks. (Of an actor with several
# lanes, nothing is said here: each of his lines ends what was under way.)
sub lines_of_row {
    my ($lesson, $row, $out) = @_;
    my %is_program = map { $_ => 1 } about($lesson, 'program');
    return grep { $row->{is_own} ? $_->[1] eq '' || $is_program{ $_->[1] } : $_->[1] eq $row->{name} } lines_of($out);
}

# A stretch begins with a line that starts something, or `about` says how long it took.
sub without_cause {
    my ($lesson, $program, $out) = @_;
    my @starts = ('start', 'asked', about($lesson, 'starts'));
    my %is_busy = map { $_ => 1 } about($lesson, 'busy');
    my %takes = map { /^(.*) / ? ($1 => 1) : () } about($lesson, 'takes');
    my @complaints;
    for my $row (grep { !$_->{is_own} } @{ $program->{rows} }) {
        my @lines = lines_of_row($lesson, $row, $out);
        my @marks = @{ $row->{marks} };
        for my $stretch (stretches_of($row, 'actor|busy')) {
            my @inside = grep { abs($marks[$_] - $stretch->[1]) <= 3
                    || ($marks[$_] > $stretch->[1] && $marks[$_] < $stretch->[2] - 3) } 0 .. $#marks;
            next if $takes{ $row->{name} };
            push @complaints, "$row->{name}: " . shown($stretch) . ' begins without a line' if !@inside;
            # Of several lines at one time, one is enough.
            my %starts_at;
            for my $i (grep { defined $lines[$_] } @inside) {
                $starts_at{ $lines[$i][0] } ||= $is_busy{ $row->{name} } || any { index($lines[$i][2], $_) >= 0 } @starts;
            }
            push @complaints, map {"$row->{name}: nothing starts at $_"} grep { !$starts_at{$_} } sort keys %starts_at;
        }
    }
    return @complaints;
}

my $number = qr/\d+(?:\.\d+)?/;

# Texts that differ in their numbers only, and lists of them, are alike.
sub without_numbers { return $_[0] =~ s/$number(?:(?:, | to | \.\.\. )$number)*/#/gr }

# Whether the words of a line are there, or its first word, where they are cut. When a message
# was sent is drawn, not written.
sub is_worded {
    my ($text, @words) = @_;
    my $wanted = without_numbers($text =~ s/ \(sent at [\d.]+\)$//r);
    return 1 if any { index(without_numbers($_), $wanted) >= 0 } @words;
    for my $cut (map { /^(.*)\.\.\.$/ ? without_numbers($1) : () } @words) {
        for my $size (min(3, length $wanted) .. length $wanted) {
            return 1 if $cut =~ /(?:^|, )\Q@{[substr $wanted, 0, $size]}\E$/;
        }
    }
    return 0;
}

sub without_words {
    my ($lesson, $program, $out) = @_;
    my @rows = @{ $program->{rows} };
    my %is_program = map { $_ => 1 } '', about($lesson, 'program');
    return map {
        my $line = $_;
        my @words = map { @{ $_->{words} } }
            grep { $is_program{ $line->[1] } ? $_->{is_own} : $_->{name} eq $line->[1] } @rows;
        is_worded($line->[2], @words) ? () : "$program->{name}: " . ($line->[1] && "$line->[1]: ") . $line->[2];
    } lines_of($out);
}

# Up to ten actors, each has a lane; of more, as many as are told are missing.
sub without_lane {
    my ($lesson, $program, $out) = @_;
    my %is_program = map { $_ => 1 } '', about($lesson, 'program');
    my %actors = map { $_->[1] => 1 } grep { !$is_program{ $_->[1] } } lines_of($out);
    delete @actors{map { $_->{name} } @{ $program->{rows} }};
    return map {"$program->{name}: $_ has no lane"} sort keys %actors;
}

# What is told to those who don't see a picture, and isn't what is drawn.
sub not_as_described {
    my ($picture) = @_;
    my ($seconds, $from, $to) = $picture =~ /--seconds: ([\d.]+); --from: (\d+)px; --to: (\d+)px/;
    my %kind = ('under way' => 'actor', 'at work' => 'busy', map { $_ => $_ } qw(waits free blocked));
    my @described = described($picture);
    return map {
        my ($row, $said) = ($_, shift @described);
        my @said = map { /^(.*) ([\d.]+)-([\d.]+)$/ ? [$kind{$1}, map { $from + $_ / $seconds * ($to - $from) } $2, $3] : () }
            split /, /, $said =~ s/^ *\Q$row->{name}\E: //r;
        my @drawn;
        for my $stretch (@{ $row->{stretches} }) {
            if (@drawn && $drawn[-1][0] eq $stretch->[0] && $stretch->[1] - $drawn[-1][2] <= 5) { $drawn[-1][2] = $stretch->[2] }
            else                                                                            { push @drawn, [@$stretch] }
        }
        my $same = @said == @drawn && !grep {
            $said[$_][0] ne $drawn[$_][0] || abs($said[$_][1] - $drawn[$_][1]) > 4 || abs($said[$_][2] - $drawn[$_][2]) > 4
        } 0 .. $#said;
        $same ? () : "$said; drawn: " . join ', ', map { shown($_) } @drawn;
    } map { @{ $_->{rows} } } programs_of($picture);
}

my %rules = (
    'one at a time'                => \&not_one_at_a_time,
    'no stretch without a cause'   => \&without_cause,
    'no line without a word'       => \&without_words,
    'no lane is hidden'            => \&without_lane,
);

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
            like($description, qr/^\Q$name takes $total\E; it /m, 'and described');
        }
        my @programs = programs_of($picture);
        for my $rule (sort keys %rules) {
            no_complaints($rule, map { $rules{$rule}->($lesson, $programs[$_], $outs[$_]) } 0 .. $#outs);
        }
        no_complaints('nothing is dotted as if it waited to begin', map {'dots'} with_class($elements, 'dots'));

        no_complaints('it is described as it is drawn', not_as_described($picture))
            if !about($lesson, 'order'); # there a place is no time

        # What the slides rely on.
        is($root->{class},                'timeline', 'its class');
        is($root->{role},                 'img',      'it is a picture');
        is($root->{'aria-labelledby'}, "$slug-title $slug-desc", 'which says what it shows');
        my ($wide, $high) = $root->{viewBox} =~ /^0 0 (\d+) (\d+)$/;
        is($wide, 1200, 'it is 1200 wide');
        cmp_ok($high, '<=', 606, 'and fits a slide');
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
            grep { !/^(?:svg|title|desc|defs|pattern|g|rect|line|text|tspan)$/ }
            map { $_->{tag} } @$elements);
        my @sizes = $picture =~ /font-size="(\d+)"/g;
        cmp_ok((sort { $a <=> $b } @sizes)[0], '>=', 15, 'the text is large enough');

        ok(read_file("$lesson/README.md") =~ /^!\[[^\]]{40,}\]\(timeline\.svg\)$/m,
            'the README shows it, and says what it shows');
    };
}

# --- the front page ---

my $moving = 'common/timeline/moving';

subtest 'what moves is what was recorded' => sub {
    # Reduced motion is not asked for by all browsers inside of an <img>, and paper by none.
    like(read_file('README.md'), qr{^<picture>\n<source\ media="screen\ and\ \(prefers-reduced-motion:\ no-preference\)"
        \ srcset="(lessons/[^"]*/moving\.svg)">\n<img\ alt="[^"]{40,}"\ src="\1\#still">\n</picture>\n}mx, 'the front page opens with one');
    my $count = 0;
    for my $lesson (map { s{/moving\.svg$}{}r } glob 'lessons/*/moving.svg') {
        $count++;
        my $ran = run([$moving, $lesson]);
        is("$ran->{err}exit $ran->{status}", 'exit 0', "$lesson is drawn");
        my $picture = $ran->{out};
        is($picture, read_file("$lesson/moving.svg"), "$lesson: as it was; `make timelines` draws it anew");
        my ($elements, @complaints) = read_xml($picture);
        no_complaints('well-formed', @complaints);
        no_complaints('nothing that an <img> would not do', grep { !/^(?:svg|title|desc|style|rect|text|tspan)$/ } map { $_->{tag} } @$elements);
        unlike($picture =~ s/xmlns="[^"]*"//r, qr/https?:|url\(|\@import|href/, 'nothing is fetched');
        unlike($picture =~ s/<style>.*<\/style>//sr, qr/visibility|opacity|display/, 'without motion all is there');
        is(join(' ', map { $elements->[$_]{tag} } 0 .. 2), 'svg title desc', 'it is described');

        # When each line appears: a second is quiet, then the time is real.
        my ($style) = map { $_->{text} } grep { $_->{tag} eq 'style' } @$elements;
        my ($rules) = $style =~ /^\@media screen and \(prefers-reduced-motion:no-preference\)\{\n(.*)\n\}$/ms;
        unlike($style =~ s/\Q$rules//r, qr/animation|keyframes/, 'nothing else moves');
        my %cycle = $rules =~ /^\.(\w+)\{.*?([\d.]+)s [^}]*infinite\}$/mg;
        my %shown = $rules =~ /^\@keyframes (\w+)\{0%\{visibility:hidden\}([\d.]+)%\{visibility:visible\}\}$/mg;
        my @outs = grep {/_(?:sync|async)\.out$/} recordings_of($lesson);
        my @lines = map { [split / /, $_->{attributes}{class}], $_->{text} } grep { ($_->{attributes}{class} // '') =~ /^line/ } @$elements;
        my @drawn = map { my $class = $lines[$_][1]; sprintf '%.2f %s', $shown{$class} / 100 * $cycle{$class} - 1, $lines[ $_ + 1 ] }
            grep { $_ % 2 == 0 } 0 .. $#lines;
        my @recorded = map { map { /^\[ *([\d.]+)\]/ ? "$1 $_" : () } split /\n/, read_file($_) } @outs;
        is_deeply(\@drawn, \@recorded, 'each line at its time');
        my @ends = map { sprintf '%.2f s', (lines_of($_))[-1][0] } @outs;
        is_deeply([map { $_->{text} } grep { ($_->{attributes}{class} // '') =~ /^total/ } @$elements], \@ends, 'the totals');
        is(run([$moving, $_])->{status}, 2, "'$_' is no lesson") for 'lessons', '16-"x';
    }
    cmp_ok($count, '>', 0, 'there is one');
    my $ran = run([$moving, scratch() . '/07-x']);
    is($ran->{status}, 1, 'nothing recorded');
    like($ran->{err}, qr{\Amoving: cannot read .*/07-x/x_sync\.out: No such file[^\n]*\n\z}, 'is told');
};

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

# A program as programs_of() reads one: its own lane first, then its actors', each a list of
# stretches, marks and words.
sub picture_of {
    my ($name, @rows) = @_;
    my $is_own = 1;
    return {name => $name, rows => [map {
        my ($lane, $stretches, $marks, $words) = @$_;
        my $row = {name => $lane, is_own => $is_own, stretches => $stretches, marks => $marks, words => $words};
        $is_own = 0;
        $row;
    } @rows]};
}

subtest 'the rules find what they are for' => sub {
    my $lesson = scratch() . '/01-x';
    mkdir $lesson or die "mkdir: $!";
    write_file("$lesson/about", "busy: a, b\nprogram: home\nstarts: goes\n");
    my $out = write_file("$lesson/x.out", "[ 0.00] a: goes 1\n[ 1.00] a: goes 2\n[ 2.00] b: rests\n[ 3.00] home: the end\n");
    my $found = sub { my ($rule, @picture) = @_; return scalar(() = $rules{$rule}->($lesson, picture_of(@picture), $out)) };
    my $busy = sub { [map { ['busy', @$_] } @_] };
    my $one = 'one at a time';
    is($found->($one, 'x_async', ['x', $busy->([0, 100])], ['a', $busy->([0, 50])], ['b', $busy->([50, 100])]), 0, 'one at a time');
    is($found->($one, 'x_async', ['x', $busy->([0, 100])], ['a', $busy->([0, 60])], ['b', $busy->([50, 100])]), 1, 'two at work');
    is($found->($one, 'x_async', ['x', $busy->([0, 100])], ['a', $busy->([0, 50])]), 1, 'a program that works for nobody');
    is($found->($one, 'x_async', ['x', []], ['a', $busy->([0, 50])]), 1, 'an actor that works, and no program');
    my @two = (['x', []], ['a', [['actor', 0, 60]]], ['b', [['actor', 50, 90], ['waits', 0, 50]]]);
    is($found->($one, 'x_async', @two), 0, 'async: two under way');
    is($found->($one, 'x_sync',  @two), 1, 'sync: two under way');
    is($found->($one, 'x_sync_spin', @two), 1, 'a variant of it, too');
    write_file("$lesson/about", "busy: a, b\nthreads: x_sync\n");
    is($found->($one, 'x_sync',  @two), 0, 'a program whose actors are threads');
    is($found->($one, 'x_sync_spin', @two), 1, 'but not its variant');

    my $cause = 'no stretch without a cause';
    is($found->($cause, 'x', ['x', []], ['c', [['actor', 0, 50]], [50]]),      1, 'it begins without a line');
    is($found->($cause, 'x', ['x', []], ['b', [['busy', 50, 90]], [50, 90]]),  0, 'who works needs no words');
    write_file("$lesson/about", "starts: goes\n");
    is($found->($cause, 'x', ['x', []], ['a', [['actor', 0, 90]], [0, 50]]),   0, 'both lines start something');
    is($found->($cause, 'x', ['x', []], ['b', [['actor', 50, 90]], [50, 90]]), 1, 'a line that starts nothing');

    write_file("$lesson/about", "program: home\n");
    my $word = 'no line without a word';
    my @end = ('x', [], [], ['home: the end']);
    is($found->($word, 'x', [@end], ['a', [], [], ['goes 1, 2']], ['b', [], [], ['rests']]), 0, 'all words');
    is($found->($word, 'x', [@end], ['a', [], [], ['goes 1 to 2, res...']], ['b', [], [], ['re...']]), 1, 'two letters are no word');
    is($found->($word, 'x', [@end], ['a', [], [], ['goes 1']], ['b', [], [], ['res...']]), 0, 'what is cut');
    is($found->($word, 'x', ['x', [], [], []], ['a', [], [], ['goes 1']], ['b', [], [], []]), 2, 'none');
    is($found->('no lane is hidden', 'x', ['x'], ['a']), 1, 'a hidden lane');
};

# What a name stands for that `about` tells something of: it must be there.
subtest 'what is told of actors and programs is told of some' => sub {
    for my $lesson (lessons()) {
        my @outs = recordings_of($lesson);
        my %names = map { $_ => 1 } map { $_->[1] } map { lines_of($_) } @outs;
        my %programs = map { name_of($_) => 1 } @outs;
        no_complaints("$lesson: actors", grep { !$names{$_} }
            (map { about($lesson, $_) } qw(program busy waits)), map { s/ [\d.]+$//r } about($lesson, 'takes'));
        no_complaints("$lesson: programs", grep { !$programs{$_} }
            (map { about($lesson, $_) } 'turns', 'pauses', 'threads'), map { s/ .*//r } about($lesson, 'works'));
        my $text = join "\n", map { $_->[2] } map { lines_of($_) } @outs;
        no_complaints("$lesson: words", grep { index($text, $_) < 0 } about($lesson, 'starts'));
    }
};

done_testing();
