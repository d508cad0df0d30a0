#!/usr/bin/env perl
# draw.t - common/timeline/draw: that a picture shows what was recorded, also what is odd, and that draw
# says what it can't draw, in a sentence.

use strict;
use warnings;

use lib 'tests';
use Course;
use File::Basename qw(basename);
use File::Copy qw(copy);
use File::Path qw(make_path);
use Picture;
use Test::More;

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

# What goes on between the lines: what `about` says, the lines, and what is drawn of them.
my @between = (
    ['a line that starts something', '',
        ['0.00 a: start', '1.00 a: done', '2.00 a: idle', '3.00 a: asked', '4.00 a: end'],
        'a: under way 0.00-1.00, under way 3.00-4.00'],
    ['words that start something, too', "starts: goes, takes a",
        ['0.00 a: goes', '1.00 a: takes a nap', '2.00 a: takes two', '3.00 a: end'],
        'a: under way 0.00-2.00'],
    ['of several lines at a time the last one counts', '',
        ['0.00 a: start', '1.00 a: done', '1.00 a: start', '2.00 a: start', '2.00 a: done', '3.00 a: end'],
        'a: under way 0.00-2.00'],
    ['one who works', 'busy: a',
        ['0.00 a: peel', '1.00 a: peel', '2.00 a: done', '3.00 end'],
        'a: at work 0.00-2.00'],
    ['two who work, one at a time', "busy: a, b\nwaits: a, b",
        ['0.00 a: lap', '1.00 b: lap', '2.00 a: lap', '3.00 a: done', '3.00 b: lap', '4.00 b: done'],
        'a: at work 0.00-1.00, waits 1.00-2.00, at work 2.00-3.00',
        'b: waits 0.00-1.00, at work 1.00-2.00, waits 2.00-3.00, at work 3.00-4.00'],
    ['one who waits while nothing of his is under way', 'waits: a',
        ['0.00 b: start', '1.00 b: done', '1.00 a: start', '2.00 a: done', '3.00 a: end'],
        'b: under way 0.00-1.00', 'a: waits 0.00-1.00, under way 1.00-2.00, waits 2.00-3.00'],
    ['what is done before it is heard', 'takes: a big one 0.5, b 2.0',
        ['0.00 a big one: start', '0.00 b: start', '2.00 a big one: done', '2.01 b: done'],
        'a big one: under way 0.00-0.50, waits 0.50-2.00', 'b: under way 0.00-2.01'],
    ['a message that lay there', '',
        ['0.00 a: hello (sent at 0.00)', '2.00 a: hi (sent at 0.50)', '3.00 a: ho (sent at 3.00)'],
        'a: waits 0.50-2.00'],
    ['what ends, and no line started it: several at once', 'takes: a 1.0',
        ['0.00 a: two at once', '1.00 a: one', '1.00 a: two', '2.01 a: three', '2.01 a: four'],
        'a: under way 0.00-1.00, under way 1.01-2.01', 'a: under way 0.00-1.00, under way 1.01-2.01'],
    ['one served after the other, and all heard together', "takes: a 1.0, b 1.0\nturns: x_async",
        ['0.00 a: asked', '0.00 b: asked', '3.00 a: done', '3.00 b: done'],
        'a: under way 0.00-1.00, waits 1.00-3.00', 'b: waits 0.00-1.00, under way 1.00-2.00, waits 2.00-3.00'],
    ['what another program serves in turn', "takes: a 1.0, b 1.0\nturns: x_sync",
        ['0.00 a: asked', '0.00 b: asked', '1.00 a: done', '1.00 b: done'],
        'a: under way 0.00-1.00', 'b: under way 0.00-1.00'],
    ['who is the program itself has no lane', 'program: home',
        ['0.00 home: start', '1.00 a: x', '2.00 home: end'], 'a: '],
);

subtest 'what a stretch is' => sub {
    for (@between) {
        my ($what, $about, $lines, @lanes) = @$_;
        my $out = join '', map { s/^(\S+)/[ $1]/r . "\n" } @$lines;
        my (undef, @drawn) = described(drawn(lesson(about => "part: 1 A\n$about\n", 'x_async.out' => $out)));
        is(join("\n", @drawn), join("\n", map {"  $_"} @lanes), $what);
    }
};

subtest 'what the program itself does' => sub {
    my @lines = ("[ 0.00] a: start\n", "[ 1.00] a: done\n", "[ 2.00] all done\n");
    my $own = sub {
        my ($name, $about, @more) = @_;
        return (described(drawn(lesson(about => "part: 1 A\n$about\n", "$name.out" => join '', @lines, @more))))[0];
    };
    is($own->('x_sync',  ''), 'x_sync: blocked 0.00-2.00', 'sync: it is blocked');
    is($own->('x_async', ''), 'x_async: free 0.00-2.00',   'async: it is free');
    is($own->('x_async', 'busy: a'), 'x_async: at work 0.00-1.00, free 1.00-2.00', 'at work while an actor is');
    is($own->('x_sync', '', "~ CPU time: all, 1.9 s\n"), 'x_sync: at work 0.00-2.00',
        'at work if it has used a processor all the time');
    is($own->('x_async', 'works: x_async 0.5 all d'), 'x_async: free 0.00-1.50, at work 1.50-2.00',
        'what it worked before a line of its own');
    is($own->('x_async', 'works: x_sync 0.5 all d'), 'x_async: free 0.00-2.00', 'or another program');
    my ($pauses) = stretches(drawn(lesson('x_async.out' => join('', @lines), about => "part: 1 A\npauses: x_async\n")));
    is($pauses, 'free 0.00, free 1.00', 'each pause is one');
};

subtest 'words stand where there is room, and are cut, not dropped' => sub {
    my $words = sub {
        my ($about, @lines) = @_;
        my ($program) = programs_of(drawn(lesson(about => "part: 1 A\n$about\n",
                    'x_async.out' => join('', map { s/^(\S+)/[ $1]/r . "\n" } @lines))));
        return map { join ' | ', @{ $_->{words} } } @{ $program->{rows} };
    };
    is_deeply([$words->('', '0.00 a: start', '1.00 a: done', '1.00 all done')],
        ['all done', 'start | done'], 'at their marks');
    is_deeply([$words->('', '0.00 a: start', '0.00 a: asked', '1.00 a: done')],
        ['', 'start, asked | done'], 'several lines of one moment');
    my @laps = map { sprintf '%.2f a: lap %d', $_ / 100, $_ } 0 .. 40;
    is_deeply([$words->('', @laps, '0.42 b: end', '0.42 a: done, 7 in 0.4 s')],
        ['', 'lap 0 to 40, done, 7 in 0.4 s', 'end'], 'what differs in numbers only is said once');
    is_deeply([$words->('', (map { sprintf '%.2f a: lap %d of 3', $_ / 100, $_ * $_ } 0 .. 3), '1.00 end')],
        ['end', 'lap 0, 1, 4, 9 of 3'], 'numbers that do not count up are a list');
    is_deeply([$words->('', (map { sprintf '%.2f a: lap %d', $_ / 100, $_ * $_ } 0 .. 12), '1.00 end')],
        ['end', 'lap 0 ... 144'], 'of a long list, both ends');
    my ($own, $cut) = $words->('', '0.00 a: ' . 'many words ' x 100, '1.00 a: end', '1.00 end');
    like($cut, qr/^(?:many words ){5,}.*\.\.\. \| end$/, 'what is too long is cut');
    my @message = ('0.00 a: leaving home (sent at 0.00)', '1.00 a: bought a bunch of flowers (sent at 0.50)', '2.00 a: at the door (sent at 2.00)');
    is_deeply([$words->('', @message)], ['', 'leaving home | bought a bunch of flowers | at the door'],
        'when a message was sent is drawn, not written');
    is_deeply([$words->('', '0.00 a: (sent at 0.00)', '1.00 a: x (sent at 0.50, twice)')], ['', '(sent at 0.00) | x (sent at 0.50, twice)'],
        'what else is said of it stays');
    is_deeply([$words->('program: home, main', '0.00 home: x', '0.00 home: y', '0.00 z', '1.00 main: end')],
        ['home: x, y, z | main: end'], "the program's own lines: who speaks is said once");
};

subtest 'the last words of a program are not written on what is hatched or dark' => sub {
    my $place = sub {
        my ($name, $about) = @_;
        my $lesson = lesson("$name.out" => "[ 0.00] a: start\n[ 1.00] a: done\n[ 1.00] all of them are done\n", about => "part: 1 A\n$about\n");
        my ($elements) = read_xml(run([$draw, $lesson, $name])->{out});
        my ($line)  = with_class($elements, 'end');
        my ($bar)   = grep { $_->{tag} eq 'rect' && ($_->{parent}{attributes}{class} // '') eq 'program' } @$elements;
        my ($words) = grep { $_->{tag} eq 'tspan' } @$elements;
        my $is_below = $words->{attributes}{y} > $bar->{attributes}{y} + $bar->{attributes}{height};
        unlink glob "$lesson/*.out";
        return $is_below ? $words->{attributes}{y} < $line->{attributes}{y2} ? 'below' : 'too low' : 'within';
    };
    is($place->('x_sync', ''), 'below', 'blocked');
    is($place->('x_async', 'busy: a'), 'below', 'at work');
    is($place->('x_async', ''), 'within', 'free');
};

subtest 'a number stands in one line with its unit' => sub {
    for my $unit ('s', 'ms', 'bytes', '%') {
        my @broken;
        for my $size (8 .. 18) {
            my $picture = drawn(lesson('x_async.out' => '[ 0.00] a: ' . 'x' x $size . " for 10 $unit, go\n[ 1.00] a: done\n[ 4.00] b: end\n"));
            push @broken, grep { /\b10$/ || /^\Q$unit\E/ } $picture =~ /<tspan[^>]*>([^<]*)/g;
        }
        is("@broken", '', $unit);
    }
};

subtest 'the order of an instant, where it is shown' => sub {
    my $out = "[ 0.00] a: 1\n[ 0.00] b: 2\n[ 0.00] a: 3\n[ 1.00] b: 4\n[ 1.00] a: 5\n";
    my $marks = sub {
        my ($program) = programs_of(drawn(lesson('x_async.out' => $out, about => "part: 1 A\n$_[0]\n")));
        my ($own, $one, $other) = map { $_->{marks} } @{ $program->{rows} };
        my @order = sort { $a <=> $b } my @in_order = ($one->[0], $other->[0], $one->[1], $other->[1], $one->[2]);
        my %different = map { $_ => 1 } @order;
        return ("@order" eq "@in_order" ? 'in order' : 'not in order', scalar keys %different);
    };
    is_deeply([$marks->('order: shown')], ['in order', 5], 'the lines stand one after the other');
    is_deeply([$marks->('')],             ['in order', 2], 'else at one place');
};

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
    refuses(['lessons'],         qr/^usage: /, 'no lesson', 2);
    refuses(['lessons/07-"x'],   qr/^usage: /, 'a name that would break the ids', 2);
    my $nowhere = scratch() . '/07-x';
    refuses([$nowhere], qr{cannot read .*/07-x/about: No such file}, 'a lesson that is not there');
    refuses([lesson(about => undef, 'x_sync.out' => $line)],
        qr{cannot read .*/about: No such file}, 'no about');
    refuses([lesson()], qr{there is no recording \(\.out\) in .*/07-x}, 'no recording');
    refuses([lesson('exercise.out' => $line, 'exercise@2.out' => $line, 'x_async_wrong.out' => $line)],
        qr{there is no recording}, 'no recording that counts');
    refuses([lesson('x_sync.out' => $line), 'x_sync', 'x_async'],
        qr{there is no recording of x_async in .*/07-x}, 'a program that is not recorded');
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
    for (['takes', 'dishwasher', 'dishwasher 0', '0.75', 'a 0.7x', 'a 0.5, b'], ['works', 'x_sync', 'x_sync 0.05', 'x_sync all 0.5'],
        ['order', 'yes']) {
        my ($key, @wrong) = @$_;
        refuses([lesson('x_sync.out' => $line, about => "part: 1 A\n$key: $_\n")],
            qr{/about: what `$key:` says cannot be understood}, "$key: $_") for @wrong;
    }
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
        'words'       => "[ 0.00] a: " . 'many ' x 100 . "\n[ 1.00] a: b\n",
        'actors'      => join('', map {"[ 0.00] actor $_: b\n"} 1 .. 100) . "[ 1.00] actor 1: c\n",
        'last words'  => "[ 0.00] a: b\n[ 2.00] c: d\n",
    );
    for my $what (sort keys %odd) {
        my $lesson = lesson('x_sync.out' => $odd{$what}, 'x_async.out' => $odd{$what},
            about => "part: 1 A\nbusy: c\n");
        my ($elements, @complaints) = read_xml(drawn($lesson));
        no_complaints("$what: well-formed", @complaints);
        my ($high) = $elements->[0]{attributes}{viewBox} =~ /(\d+)$/;
        cmp_ok($high, '<=', 606, "$what: not too high");
        no_complaints("$what: nothing beside the picture",
            grep { $_ < 0 || $_ > 1200 } map { $_->{attributes}{x} // () } @$elements);
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

subtest 'for a slide: the programs that are named, in larger letters' => sub {
    my $line = "[ 0.00] a: start\n[ 1.00] a: done\n";
    my $lesson = lesson((map { ("$_.out" => $line) } qw(x_sync x_async@5 x_async_b x_async_wrong)),
        about => "part: 1 A\nundrawn: x_async_b\n");
    my $ran = run([$draw, $lesson, 'x_async_b', 'x_async 5', 'x_async_wrong']);
    is($ran->{status}, 0, 'it is drawn') || diag($ran->{err});
    my ($elements, @complaints) = read_xml($ran->{out});
    no_complaints('well-formed', @complaints);
    is(join(', ', grep {/^x_/} texts($elements)), 'x_async_b, x_async 5, x_async_wrong', 'in this order');
    my ($wide, $high) = $elements->[0]{attributes}{viewBox} =~ /^0 0 (\d+) (\d+)$/;
    my ($smallest) = sort { $a <=> $b } $ran->{out} =~ /font-size="(\d+)"/g;
    # The slide has 1220 pixels for it.
    cmp_ok($smallest * 1220 / $wide, '>=', 24, 'letters have 24 pixels');
    cmp_ok($high * 1220 / $wide, '<=', 600, 'and it fits below a heading');
    my @legend = map { $_->{text} } grep { ($_->{parent}{attributes}{class} // '') eq 'legend' && $_->{tag} eq 'text' } @$elements;
    is("@legend", 'free: hears who is done under way a line', 'what occurs is explained');
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
