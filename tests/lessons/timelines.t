#!/usr/bin/env perl
# timelines.t - the lessons' pictures: that each is what common/draw makes of the
# lesson's recordings today, that it is whole, and shows all that was recorded;
# and that draw says what it can't draw, in a sentence.

use strict;
use warnings;

use lib 'tests';
use Course;
use File::Basename qw(basename);
use File::Copy qw(copy);
use File::Path qw(make_path);
use Test::More;

my $draw = build_dir() . '/common/draw';
die "timelines.t: $draw is not there; `make` builds it\n" if !-x $draw;

# --- lessons and their pictures ---

# The recordings of which a picture is made, in its order.
sub recordings_of {
    my ($lesson) = @_;
    my $slug = basename($lesson) =~ s/^\d+-//r =~ tr/-/_/r;
    my $rank = sub { $_[0] =~ m{/\Q$slug\E_(a?sync)[.@]} ? $1 eq 'sync' ? 0 : 1 : 2 };
    my $key = sub { $_[0] =~ s/(\d+)/sprintf '%09d', $1/ger }; # 5 is before 10
    return sort { $rank->($a) <=> $rank->($b) || $key->($a) cmp $key->($b) }
        grep { !m{/exercise[@.]|_wrong} } glob "$lesson/*.out";
}

sub name_of { return basename($_[0], '.out') =~ tr/@/ /r }

# What was recorded: [seconds, actor or '', text], ...
sub lines_of {
    my ($out) = @_;
    return map { /^\[ *(\d+\.\d\d)\] (?:(.+?): )?(.*)/ ? [$1, $2 // '', $3] : () }
        split /\n/, read_file($out);
}

# A lesson of our own: lesson('x_sync.out' => '...', ...).
sub lesson {
    my (%files) = @_;
    my $lesson = scratch() . '/07-x';
    make_path($lesson);
    %files = (about => "part: 1 A\n", %files);
    write_file("$lesson/$_", $files{$_}) for grep { defined $files{$_} } keys %files;
    return $lesson;
}

sub copy_of {
    my ($lesson) = @_;
    my $there = scratch() . '/' . basename($lesson);
    make_path($there);
    copy($_, $there) || die "copy: $!" for "$lesson/about", glob "$lesson/*.out";
    return $there;
}

sub drawn {
    my ($lesson) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $ran = run([$draw, $lesson]);
    is("$ran->{err}exit $ran->{status}", 'exit 0', "$lesson is drawn") || diag($ran->{err});
    return $ran->{out};
}

# --- XML ---

# What is written in a text, or '' and a complaint.
sub text_of {
    my ($xml, $complaints) = @_;
    push @$complaints, "a bare < or &: $xml" if $xml =~ /<|&(?!(?:amp|lt|gt|quot);)/;
    push @$complaints, "no text: $xml"       if $xml =~ /[\x00-\x08\x0b-\x1f]/;
    my %sign = (amp => '&', lt => '<', gt => '>', quot => '"');
    return $xml =~ s/&(\w+);/$sign{$1} \/\/ ''/ger;
}

# A strict reader of the little XML that we write. Returns the elements in their
# order, {tag, attributes, text, parent}, and what is wrong with them.
sub read_xml {
    my ($xml) = @_;
    my (@elements, @open, @complaints);
    my $attribute = qr/\s+[\w:-]+="[^"<]*"/;
    utf8::decode(my $copy = $xml) or push @complaints, 'no UTF-8';
    while ($xml =~ m{\G([^<]*)(?:<(/?)([a-z]+)($attribute*)\s*(/?)>|\z)}gc) {
        my ($text, $closing, $tag, $attributes, $empty) = ($1, $2, $3, $4, $5);
        $text = text_of($text, \@complaints);
        if    (@open)          { $open[-1]{text} .= $text }
        elsif ($text =~ /\S/)  { push @complaints, "text outside of all elements: $text" }
        last if !defined $tag;
        if ($closing) {
            my $last = pop @open;
            push @complaints, "</$tag> closes nothing" if !$last || $last->{tag} ne $tag;
            push @complaints, "</$tag> has attributes" if $attributes ne '' || $empty;
            next;
        }
        push @complaints, "a second root: $tag" if !@open && @elements;
        my %attributes;
        while ($attributes =~ /([\w:-]+)="([^"]*)"/g) {
            push @complaints, "$tag: $1 twice" if exists $attributes{$1};
            $attributes{$1} = text_of($2, \@complaints);
        }
        push @elements,
            {tag => $tag, attributes => \%attributes, text => '', parent => $open[-1]};
        push @open, $elements[-1] if !$empty;
    }
    push @complaints, 'no tag: ' . substr($xml, pos $xml // 0, 60)
        if (pos($xml) // 0) < length $xml;
    push @complaints, map {"<$_->{tag}> is not closed"} @open;
    push @complaints, 'nothing there' if !@elements;
    return (\@elements, @complaints);
}

# The texts of all elements of a class or, without one, of all <text>.
sub texts {
    my ($elements, $class) = @_;
    return map { $_->{text} }
        grep { $class ? ($_->{attributes}{class} // '') eq $class : $_->{tag} eq 'text' }
        @$elements;
}

sub with_class {
    my ($elements, $class) = @_;
    return grep { ($_->{attributes}{class} // '') eq $class } @$elements;
}

subtest 'the reader of XML is strict' => sub {
    my %wrong = (
        'not closed'     => '<svg><g></svg>',
        'crossed'        => '<svg><g><text></g></text></svg>',
        'two roots'      => '<svg/><svg/>',
        'a bare <'       => '<svg>1 < 2</svg>',
        'a bare &'       => '<svg>1 & 2</svg>',
        'not quoted'     => '<svg width=1/>',
        'twice'          => '<svg x="1" x="2"/>',
        'text behind it' => '<svg/>more',
        'cut off'        => '<svg><text>a</te',
        'empty'          => '',
    );
    for my $what (sort keys %wrong) {
        my (undef, @complaints) = read_xml($wrong{$what});
        cmp_ok(scalar @complaints, '>', 0, $what);
    }
    my ($elements, @complaints) = read_xml(qq{<svg a="b&amp;"><g>1 &lt; 2</g>\n<g/></svg>\n});
    no_complaints('what is right', @complaints);
    is($elements->[1]{text}, '1 < 2', 'its text');
};

# --- the pictures of the course ---

# Whether any of its recordings says when something happened.
sub takes_time {
    my ($lesson) = @_;
    return scalar grep { $_->[0] > 0 } map { lines_of($_) } recordings_of($lesson);
}

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

# The stretches of its lane, of all programs in turn: kind and left end in seconds.
sub stretches {
    my ($picture) = @_;
    my ($elements) = read_xml($picture);
    my ($seconds, $from, $to) = $elements->[0]{attributes}{style} =~ /([\d.]+).*?(\d+)px.*?(\d+)px/;
    my $at = sub { sprintf '%.2f', ($_[0] - $from) / ($to - $from) * $seconds };
    my (@programs, $y);
    for my $element (@$elements) {
        my ($is, $text) = ($element->{attributes}, $element->{text});
        if ($element->{tag} eq 'text') {
            push @programs, [] if $text eq 'the program';
            $y = $text eq 'the program' ? 'next' : $y;
        } elsif (($is->{class} // '') =~ /^(free|blocked|busy)$/ && @programs) {
            $y = $is->{y} if ($y // '') eq 'next';
            push @{ $programs[-1] }, "$1 " . $at->($is->{x} - 2) if $is->{y} == $y;
        }
    }
    return map { join ', ', @$_ } @programs;
}

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

subtest 'who is busy, and when nobody is' => sub {
    my @lines = ("[ 0.00] a: start\n", "[ 1.00] b: start\n", "[ 2.00] b: end\n",
        "[ 3.00] a: end\n", "[ 4.00] end\n");
    my %about = (about => "part: 1 A\nbusy: c, b\n");
    my ($sync, $async) = stretches(drawn(
            lesson(%about, map { $_ => join '', @lines } 'x_sync.out', 'x_async.out')));
    is($async, 'free 0.00, busy 1.00, free 2.00', 'async: free before and after');
    is($sync, 'blocked 0.00, busy 1.00, blocked 2.00, blocked 3.00', 'sync: blocked, each time');
    my ($free) = stretches(drawn(lesson('x_async.out' => join '', @lines)));
    is($free, 'free 0.00', 'where nobody is busy, it is free all the time');
};

# --- faults ---

subtest 'another recording is another picture' => sub {
    for my $lesson (grep { takes_time($_) } lessons()) {
        my $copy = copy_of($lesson);
        is(run([$draw, $copy])->{out}, read_file("$lesson/timeline.svg"), "$lesson: a copy is the same");
        for my $out (recordings_of($lesson)) {
            my $path = "$copy/" . basename($out);
            my $text = read_file($out);
            my $end = qr/(?:! [^\n]*\n)*(?:exit \d+\n)?\z/; # what no picture shows
            # What is measured or computed comes last, without a time: no picture shows when.
            my $no_time = qr/(?:(?:~|\[  -  \]) [^\n]*\n)*/;
            $text =~ s/((?:\A|\n)\[ \d\.)(\d)(\d\] [^\n]*\n)(?=$no_time$end)/$1 . ($2 + 1) % 10 . $3/e
                or die "$out: no last line";
            write_file($path, $text);
            isnt(run([$draw, $copy])->{out}, read_file("$lesson/timeline.svg"),
                "$out: its last line 0.1 s later");
            write_file($path, read_file($out));
        }
    }
};

# It fails with one sentence, and draws nothing.
sub refuses {
    my ($arguments, $like, $name, $status) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $ran = run([$draw, @$arguments]);
    is($ran->{status}, $status // 1, "$name: its status") || diag($ran->{err});
    like($ran->{err}, qr/\A[^\n]*$like[^\n]*\n\z/, "$name: a sentence");
    return is($ran->{out}, '', "$name: nothing is drawn");
}

subtest 'what cannot be drawn' => sub {
    my $line = "[ 0.00] a: b\n";
    refuses([], qr/^usage: draw lessons\/NN-name/, 'no argument', 2);
    refuses(['a/01-b', 'a/02-c'], qr/^usage: /, 'two lessons', 2);
    refuses(['lessons'],         qr/^usage: /, 'no lesson', 2);
    refuses(['lessons/07-"x'],   qr/^usage: /, 'a name that would break the ids', 2);
    my $nowhere = scratch() . '/07-x';
    refuses([$nowhere], qr{cannot read .*/07-x/about: No such file}, 'a lesson that is not there');
    refuses([lesson(about => undef, 'x_sync.out' => $line)],
        qr{cannot read .*/about: No such file}, 'no about');
    refuses([lesson()], qr{there is no recording \(\.out\) in .*/07-x}, 'no recording');
    refuses([lesson('exercise.out' => $line, 'exercise@2.out' => $line, 'x_async_wrong.out' => $line)],
        qr{there is no recording}, 'no recording that counts');
    refuses([lesson('x_sync.out' => $line, 'x_async.out' => '')],
        qr{x_async\.out is empty}, 'an empty recording');
    for my $broken ('b: c', '[0.00] b', '[ 0.0] b: c', 'exit', 'exit 1 or 2', '') {
        refuses([lesson('x_sync.out' => "$line$broken\n$line")],
            qr{x_sync\.out:2 is no line of a recording; `make out-07` records it anew},
            "a broken line, '$broken'");
    }
    my $lesson = lesson();
    make_path("$lesson/x_sync.out");
    refuses([$lesson], qr{cannot read .*/x_sync\.out: Is a directory}, 'an unreadable recording');
    refuses([lesson(map { ("x_async_$_.out" => $line) } 'a' .. 'k')],
        qr{has 11 recordings, and a picture has room for 10}, 'too many programs');
    return if !-e '/dev/full';
    open my $full, '>', '/dev/full' or die "/dev/full: $!";
    my $ran = run([$draw, (lessons())[0]], stdout => $full);
    is($ran->{status}, 1, 'a full disk: its status');
    like($ran->{err}, qr/\Adraw: cannot write the picture: No space left on device\n\z/, 'is said');
};

subtest 'odd recordings are drawn all the same' => sub {
    my %odd = (
        'signs'       => "[ 0.00] <a> & \"b\": 1 < 2 && 3 > 2\n[ 1.00] <a> & \"b\": ]]>\n",
        'no UTF-8'    => "[ 0.00] a\xff: b\xc3\n[ 1.00] a\xff: \x01\x1b[0m\n",
        'other lines' => "[ 0.00] a: b\n[  -  ] a: c\n~ 7 times: x\n[ 1.00] a: d\n! a: warning\nexit 3\n",
        'long'        => "[ 0.00] a: b\n[9999.00] a: c\n",
        'no newline'  => "[ 0.00] a: b\n[ 1.00] a: c",
        'backwards'   => "[ 1.00] a: b\n[ 0.50] c: d\n[ 0.20] a: e\n",
        'names'       => '[ 0.00] ' . 'WM' x 200 . ": b\n[ 1.00] " . "\xc3\xa9" x 90 . ": c\n",
        'words'       => "[ 0.00] a: " . 'many ' x 500 . "\n[ 1.00] a: b\n",
        'actors'      => join('', map {"[ 0.00] actor $_: b\n"} 1 .. 100) . "[ 1.00] actor 1: c\n",
        'last words'  => "[ 0.00] a: b\n[ 2.00] c: d\n",
    );
    for my $what (sort keys %odd) {
        my $lesson = lesson('x_sync.out' => $odd{$what}, 'x_async.out' => $odd{$what},
            about => "part: 1 A\nbusy: c\n");
        my ($elements, @complaints) = read_xml(drawn($lesson));
        no_complaints("$what: well-formed", @complaints);
        my ($high) = $elements->[0]{attributes}{viewBox} =~ /(\d+)$/;
        cmp_ok($high, '<=', 600, "$what: not too high");
        my ($to) = $elements->[0]{attributes}{style} =~ /--to: (\d+)px$/;
        no_complaints("$what: nothing beside the lanes",
            grep { $_ < 0 || $_ > $to + 4 }
            map { $_->{attributes}{x} // () } @$elements);
    }
    my %without_time = (
        'no time'     => "[  -  ] a: b\n[  -  ] c: d\n",
        'one moment'  => "[ 0.00] a: b\n",
        'computes'    => "[ 0.00] a: b\n[  -  ] a: c\n~ 7 times: x\n",
    );
    is(drawn(lesson('x_sync.out' => $without_time{$_}, 'x_async.out' => $without_time{$_})), '',
        "$_: no picture") for sort keys %without_time;
    my ($elements) = read_xml(drawn(lesson('x_sync.out' => $odd{signs})));
    my %is_text = map { $_ => 1 } texts($elements);
    ok($is_text{'<a> & "b"'}, '<, & and " are what they were');
    ok($is_text{'1 < 2 && 3 > 2'}, 'in words, too');

    ($elements) = read_xml(drawn(lesson('x_sync.out' => $odd{names})));
    my ($cut) = grep {/^WM.*\.\.\.$/} texts($elements);
    ok($cut && length $cut < 60, 'a long name is cut');
    ($elements) = read_xml(drawn(lesson('x_sync.out' => $odd{actors})));
    my ($others) = map { /^and (\d+) others$/ ? $1 : () } texts($elements);
    my $shown = grep {/^actor \d+$/} texts($elements);
    is($shown + ($others // 0), 100, 'too many actors are counted');
};

subtest 'the order of the programs' => sub {
    my $line = "[ 1.00] a: b\n";
    my @names = map {"x_$_"} qw(sync async async@5 async@10 async_b sync_spin);
    my ($elements) = read_xml(drawn(lesson((map { ("$_.out" => $line) } @names),
                'exercise.out' => $line, 'exercise@2.out' => $line, 'x_async_wrong.out' => $line)));
    my @named = grep {/^x_/} texts($elements);
    is("@named", 'x_sync x_async x_async 5 x_async 10 x_async_b x_sync_spin',
        'sync, async, then the others; neither the exercise nor what is wrong');
};

done_testing();
