#!/usr/bin/env perl
# draw.t - common/draw: that a picture shows what was recorded, also what is odd, and that draw
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
