#!/usr/bin/env perl
# trace.t - the loop tracer. Its report is tried on traces that are written down here: names and
# counts. Then whole programs are traced: what it finds in them, and that they don't notice it. The
# subject's callbacks wait, and don't compute, so that nothing depends on the machine.

use strict;
use warnings;

use lib 'tests';
use Course;
use Cwd qw(abs_path);
use Test::More;

delete @ENV{qw(LD_PRELOAD TRACE_RECORD)};
my $build   = abs_path(build_dir());
my $trace   = "$build/common/trace";
my $scratch = scratch();
my $ms      = 1_000_000;

# --- The report ---

# A trace of these lines; what every trace has stands before them.
sub trace_of {
    my (@lines) = @_;
    return write_file("$scratch/trace", join '', map { join("\t", @$_) . "\n" }
            ['program', 'dinner'], ['ended', 'exit', 0], ['limits', 50 * $ms, 2000 * $ms, 0, 'all'], @lines);
}

sub report {
    my ($options, @lines) = @_;
    my $ran = run(['common/trace/report', @$options, trace_of(@lines)]);
    is($ran->{status}, 0, 'status') || diag($ran->{err});
    return $ran->{err};
}

sub facts {
    my (@lines) = @_;
    report(['--facts', "$scratch/facts"], @lines);
    return read_file("$scratch/facts");
}

# A callback, start and end in ms; when it was due, how long it computed and waited for a processor.
my %callback = (peel => ['idle', 'on_peel (dinner.c:9)'], done => ['timer', 'on_done (dinner.c:20)'], wait => ['wait', 0], outside => ['outside', 0],
    work => ['work', 'do_work (dinner.c:30)']);

sub event {
    my ($callback, $start, $end, %is) = @_;
    return ['event', @{ $callback{$callback} }, $is{thread} // 1, 1, $start * $ms, $end * $ms, ($is{cpu} // 0) * 1000, ($is{delay} // 0) * 1000, ($is{due} // 0) * $ms];
}
my $loop    = ['loop', 1, 3, 500 * $ms, 400 * $ms, 2000 * $ms];
my @nothing = ($loop, event('peel', 0, 49), event('wait', 49, 400), event('done', 400, 401, due => 399));
my $counts  = "rounds\t3\nwaited\t0.40 s\n";

subtest 'nothing is wrong: one line' => sub {
    my $text = report([], @nothing);
    like($text, qr/\Atrace: dinner: nobody held the loop for 50 ms, and every handle was closed; 3 rounds in .*\n\z/, 'says so');
    is(facts(@nothing, ['active', 'timer', 2], ['started', 1, 2, 4, 3, 50 * $ms]), "active\ttimer\t2\nthreads\t1\nworks\t2\nprocesses\t4\npolls\t3\ndelayed\t0.05 s\n$counts", 'facts');
};

subtest 'who held the loop, and who came late because of it' => sub {
    my @lines = ($loop, event('peel', 0, 100, cpu => 90), event('peel', 100, 300, cpu => 200), event('peel', 300, 301),
        event('done', 301, 302, due => 150), event('done', 302, 303, due => 299), map { ['sample', 1, @$_] }
        [100 * $ms, 'on_peel (dinner.c:11)>cut,cut (dinner.c:4)>'], [0, 'on_peel (dinner.c:11)>cut,cut (dinner.c:4)>'],
        [0, 'on_peel (dinner.c:12)>']);
    my $text = report([], @lines);
    like($text, qr/^Held the loop .*\n  on_peel \(dinner\.c:9\), idle: 2 of 3 times, longest 200 ms, in all 300 ms; it computed for 97 % of that$/m, 'who');
    like($text, qr/^      in cut \(dinner\.c:4\) <- on_peel \(dinner\.c:11\), 2 of 3 times$/m, 'where');
    like($text, qr/^Came late .*\n  on_done \(dinner\.c:20\): 1 of 2 times; the worst .*\n      on_peel \(dinner\.c:9\) ran for/m, 'who was late');
    like($text, qr/^ *on_peel #+/m, 'it is in the picture');
    is(facts(@lines), "held\ton_peel\t2\nlate\ton_done\ton_peel\t0.15 s\n$counts", 'facts');
    like(report([], ['limits', 50 * $ms, 2000 * $ms, 0, 'some'], @lines), qr/on_peel .*: 2 of 3 times/, 'of all');
    my $trace = write_file("$scratch/some", read_file(trace_of(@lines)) =~ s/\tall$/\tsome/mr);
    like(run(['common/trace/report', $trace])->{err}, qr/on_peel .*: 2 times,/, 'of more than are known');
};

subtest 'where it was: what is left on the stack by calls that are over does not count' => sub {
    my $where = sub {
        my ($calls) = @_;
        return report([], $loop, event('peel', 0, 100), ['sample', 1, 0, $calls]) =~ /^      in (.*)$/m ? $1 : '';
    };
    is($where->('old (a.c:1)>cut,on_peel (a.c:2)>cut,on_peel (a.c:3)>fry,cut (a.c:4)>slice,fry (a.c:5)>x,slice (a.c:6)>'),
        'slice (a.c:6) <- on_peel (a.c:2)', 'each is in the function that was called before');
    is($where->('on_peel (a.c:2)>0x1,cut (a.c:4)>,0x2>'), 'on_peel (a.c:2)', 'up to what has no name');
    is($where->('cut (a.c:4)>'), '', 'not without the callback');
};

subtest 'what is no fault of a callback' => sub {
    my $waited = report([], $loop, event('peel', 0, 100, delay => 60));
    unlike($waited, qr/^Held/m, 'it waited for a processor');
    like($waited, qr/\(once a callback took as long, since it waited for a processor\)/, 'which is said');
    like(report([], $loop, event('peel', 0, 100, delay => 20)), qr/^Held/m, 'but only for a part');
    unlike(report([], $loop, event('wait', 0, 300), event('done', 300, 301, due => 100)), qr/late/, 'the whole program was asleep');
    unlike(report([], $loop, event('work', 0, 300, thread => 2), event('done', 300, 301, due => 100)), qr/Held|late/, 'it worked in another thread');
};

subtest 'many short ones hold the loop together' => sub {
    my $many = sub { my ($cpu) = @_; return ((map { event('peel', $_ * 10, $_ * 10 + 10, cpu => $cpu) } 0 .. 19), event('done', 200, 201, due => 100)) };
    my $text = report([], $loop, $many->(10));
    unlike($text, qr/^Held/m, 'none of them for long');
    like($text, qr/on_done.*late:\n      on_peel \(dinner\.c:9\) ran for 100 ms of that/, 'but somebody came late');
    unlike(report([], $loop, $many->(1)), qr/late/, 'not because of what had no processor');
};

subtest 'a thousand came late' => sub {
    my $text = report([], $loop, event('peel', 0, 300), map { event('done', 300 + $_ / 10, 300 + $_ / 10, due => 100 + $_ / 20) } 0 .. 999);
    like($text, qr/on_done \(dinner\.c:20\): 1000 times; the worst was due at 0\.15 s and came 250 ms late:\n/, 'all, and the worst of all');
    like($text, qr/\n      on_peel \(dinner\.c:9\) ran for 150 ms of that\n/, 'with what held that one');
};

subtest 'no loop' => sub {
    is(report([]), "trace: dinner: no event loop was run, and every handle was closed.\n", 'is said');
};

subtest 'outside of uv_run' => sub {
    my $text = report([], $loop, event('outside', 0, 300), event('done', 300, 301, due => 100), ['sample', 1, 0, 'main (dinner.c:30)>peel,peel (dinner.c:46)>']);
    like($text, qr/^  main, outside of uv_run: once,/m, 'held');
    like($text, qr/, main was in peel \(dinner\.c:46\)$/m, 'and because of it');
};

subtest 'handles' => sub {
    my @open = (['handle', 'timer', 'open', 1, 0, 0, 'start (dinner.c:5)', ''], ['handle', 'timer', 'open', 1, 0, 0, 'start (dinner.c:5)', ''],
        ['handle', 'tcp', 'closing', 1, 0, 0, 'serve (dinner.c:7)', '']);
    my $text = report([], @nothing, @open);
    like($text, qr/^Never closed:\n  2 x timer made in start \(dinner\.c:5\)\n  1 x tcp made in serve \(dinner\.c:7\) \(uv_close/m, 'never closed');
    like($text, qr/^Nobody held the loop for 50 ms; 3 rounds/m, 'and nothing else');
    like(facts(@nothing, @open), qr/^open\ttimer\tstart \(dinner\.c:5\)\n/m, 'facts');

    my $freed = ['handle', 'timer', 'closing', 1, 0, 100 * $ms, 'seat (a.c:39),main (a.c:9)', 'on_time (a.c:62)'];
    like(report([], @nothing, $freed), qr/memory of a handle is gone.*\n  1 x timer made in seat \(a\.c:39\) <- main \(a\.c:9\)\n +freed in on_time \(a\.c:62\), after uv_close/,
        'freed while the loop uses it');
    $freed->[5] = 2001 * $ms;
    like(report([], @nothing, $freed), qr/^Never closed:\n  1 x timer/m, 'freed when the loop ran no more');
    like(report([], @nothing, ['handle', 'timer', 'open', 1, 1, 100 * $ms, 'local (a.c:3)', '']), qr/local \(a\.c:3\): a local variable of a function that has returned$/m,
        'a local variable');
    like(report([], @nothing, ['handle', 'timer', 'replaced', 1, 0, 100 * $ms, 'seat (a.c:3)', 'seat (a.c:4)']),
        qr/^  1 x timer made in seat \(a\.c:3\)\n      made again in seat \(a\.c:4\), and never closed$/m, 'another in its place');
};

subtest 'how it ended' => sub {
    my @inside = (@nothing, ['inside', 'timer', 'on_done (dinner.c:20)', 1, 1, 1500 * $ms]);
    like(report([], @inside, ['ended', 'signal', 11]), qr/^Held/m, 'it is reported on');
    my $signal = write_file("$scratch/ended", read_file(trace_of(@inside)) =~ s/^ended.*/ended\tsignal\t11/mr);
    my $text   = run(['common/trace/report', '--facts', "$scratch/facts", $signal])->{err};
    like($text, qr/^It was ended by signal 11 inside of on_done \(dinner\.c:20\), timer, which began at 1\.50 s\.$/m, 'by a signal');
    like($text, qr/^  on_done \(dinner\.c:20\), timer: since 1\.50 s, to the end$/m, 'it held the loop');
    like(read_file("$scratch/facts"), qr/^inside\ton_done/, 'facts');
    my $status = write_file("$scratch/ended", read_file($signal) =~ s/^ended.*/ended\texit\t3/mr);
    like(run(['common/trace/report', $status])->{err}, qr/^It ended with exit status 3 inside of on_done/m, 'by exit()');
};

subtest 'the rounds of the loop' => sub {
    my $text = report(['--rounds'], $loop, (map { (event('peel', $_ * 10, $_ * 10 + 5), event('wait', $_ * 10 + 5, $_ * 10 + 6)) } 0 .. 3),
        event('done', 46, 47, due => 20), event('wait', 50, 60));
    like($text, qr/^ +1 +0\.000 s  on_peel 5\.0 ms  waits 1\.0 ms\n +\.\.\. 3 more like this\n +5 +0\.046 s  on_done 1\.0 ms \(late by 26 ms\)  waits 10 ms\n/m,
        'like ones are one line');
};

subtest 'JSON' => sub {
    local $callback{odd} = ['timer', 'a "b" \\c'];
    report(['--json', "$scratch/json"], $loop, event('wait', 0, 100), event('done', 100, 101, due => 50), event('odd', 102, 103));
    require JSON::PP;
    my $json   = JSON::PP::decode_json(read_file("$scratch/json"));
    my ($done) = grep { $_->{name} =~ /^on_done/ } @{ $json->{traceEvents} };
    is_deeply([@$done{qw(ph ts dur cat)}, $done->{args}{late_ms}], ['X', 100000, 1000, 'timer', 50], 'an event');
    is(scalar @{ $json->{traceEvents} }, 5, 'all of them');
    is($json->{traceEvents}[-1]{name}, 'a "b" \\c', 'any name');
};

subtest 'what is no trace' => sub {
    for my $text ('', "nonsense\n", "event\t1\n", "program\tx\n") {
        my $ran = run(['common/trace/report', write_file("$scratch/trace", $text)]);
        isnt($ran->{status}, 0, 'fails');
        like($ran->{err}, qr/^trace: \S+ is no trace: .*\n\z/, 'with a sentence');
    }
};

# --- Whole programs ---

my @compiler = compiler_of_the_course(CFLAGS => '-O1 -g -fno-optimize-sibling-calls', SANITIZE => '');
my @subject  = ('tests/subjects/trace_subject.c', 'common/lesson.c');

sub compile {
    my ($name, @how) = @_;
    my $ran = run([@compiler, '-o', "$scratch/$name", @how]);
    is($ran->{status}, 0, "$name is compiled") || diag($ran->{err});
    return "$scratch/$name";
}
my $plain    = compile('plain', @subject, flags_of('', '--libs'));
my $made   = "$scratch/build/common";
run([make_command(), '-s', "BUILD=$scratch/build", 'SANITIZE=', "$made/trace-recorder.o", "$made/trace-wraps"]);
my @linked = (@subject, "$made/trace-recorder.o", "\@$made/trace-wraps");
my $linked = compile('linked', @linked, flags_of('', '--libs'), '-lpthread');

# A program, traced: its output without times, and the findings, of which the names are the same on
# every machine. On a busy one anything may take long: what must have held the loop, or come late, is
# looked for, with 200 ms for a limit, and what waited for a processor is left in.
sub traced {
    my ($program, @arguments) = @_;
    my @options = $program eq $plain ? () : '--linked';
    my $ran = run([$trace, @options, '--save', "$scratch/saved", $program, @arguments]);
    write_file("$scratch/trace", read_file("$scratch/saved") =~ s/^event(?:\t[^\t]*){7}\t\K\d+/0/gmr =~ s/^limits\t\K\d+/200 * $ms/mer);
    my $report = run(['common/trace/report', '--facts', "$scratch/facts", "$scratch/trace"]);
    is($report->{status}, 0, 'a report') || diag($report->{err});
    $ran->{out} =~ s/^\[.*?\] //gm;
    my $found = read_file("$scratch/facts") =~ s/trace_subject\.c:\d+/trace_subject.c/gr =~ s/\t\d+\.\d+ s$//gmr;
    $ran->{slow}  = join '', $found =~ /^(?:held|late).*\n/gm;
    $ran->{found} = join '', $found =~ /^(?:inside|gone|open).*\n/gm;
    return $ran;
}

my %found = (
    quick   => '',
    late    => '',
    outside => '',
    open    => "open\ttimer\tmain (trace_subject.c)\n",
    crash   => "inside\ton_crash (trace_subject.c)\nopen\ttimer\tmake (trace_subject.c) <- main (trace_subject.c)\n",
    exit    => "inside\ton_exit_3 (trace_subject.c)\nopen\ttimer\tmake (trace_subject.c) <- main (trace_subject.c)\n",
    fork    => '',
    threads => '',
    freed   => "gone\ttimer\tmake (trace_subject.c) <- main (trace_subject.c)\n",
    exec    => '',
);
my %slow = (
    late    => ["held\ton_sleepy\t1\n", "late\ton_quick\ton_sleepy\n"],
    outside => ["held\tmain\t1\n", "late\ton_quick\tmain\n"],
    threads => ["held\ton_sleepy\t1\n", "held\tmain\t1\n", "late\ton_quick\tmain\n"],
);

# What is slow in a program that must be, and isn't there.
sub not_found {
    my ($what, $ran) = @_;
    return grep { $ran->{slow} !~ /^\Q$_\E/m } @{ $slow{$what} // [] };
}

for my $program ($plain, $linked) {
    subtest $program eq $plain ? 'preloaded' : 'linked' => sub {
        for my $what (sort keys %found) {
            my $without = run([$program, $what]);
            my $with    = traced($program, $what);
            is($with->{out}, $without->{out} =~ s/^\[.*?\] //gmr, "$what: it prints the same");
            is("$with->{status} $with->{signal}", "$without->{status} $without->{signal}", "$what: it ends in the same way");
            is($with->{found}, $found{$what}, "$what: what is found");
            no_complaints("$what: who held the loop, and who was late", not_found($what, $with));
        }
    };
}

subtest 'the line inside' => sub {
    my $line = 1 + (() = (read_file($subject[0]) =~ /\A(.*?)nanosleep/s)[0] =~ /\n/g);
    for my $program ($plain, $linked) {
        my $text = run([$trace, $program eq $plain ? () : '--linked', $program, 'late'])->{err};
        like($text, qr/^      in on_sleepy \(trace_subject\.c:$line\)/m, 'of a callback that waits');
    }
};

subtest 'a program that is ended from outside' => sub {
    for my $signal (qw(INT TERM KILL)) {
        my $pid = open(my $lines, '-|') // die;
        if ($pid == 0) {
            open STDERR, '>', "$scratch/err" or die;
            exec $trace, '--facts', "$scratch/facts", $plain, 'endless' or die;
        }
        my $last = '';
        $last .= <$lines> // last for 1, 2; # the second is said by the callback
        my ($child) = split ' ', read_file("/proc/$pid/task/$pid/children");
        kill $signal => $child;
        close $lines;
        my %number = (INT => 2, TERM => 15, KILL => 9);
        is($? & 127, $number{$signal}, "SIG$signal: trace ends as it did");
        like(read_file("$scratch/err"), qr/^It was ended by signal $number{$signal} inside of on_endless \(trace_subject\.c:\d+\), timer,/m, 'and says where it was');
    }
};

subtest 'a loop that never comes to its end' => sub {
    my $pid = open(my $lines, '-|') // die;
    if ($pid == 0) {
        open STDERR, '>', "$scratch/err" or die;
        exec $trace, '--facts', "$scratch/facts", $plain, 'waits' or die;
    }
    <$lines>;
    my ($child) = split ' ', read_file("/proc/$pid/task/$pid/children");
    wait_until(sub { read_file("/proc/$child/stat") =~ /\) S / });
    select undef, undef, undef, 0.2;
    kill KILL => $child;
    close $lines;
    my ($waited) = read_file("$scratch/facts") =~ /^waited\t(.*) s$/m;
    cmp_ok($waited, '>=', 0.2, 'has waited');
    my ($share) = read_file("$scratch/err") =~ /rounds? in \S+ m?s, of which it waited (\d+) %/m;
    cmp_ok($share // -1, '>', 0, 'and run');
};

subtest 'static, stripped, with sanitizers' => sub {
    my $static = compile('static', @linked, '-static', run([qw(pkg-config --static --libs libuv-static)])->{status} == 0
        ? split(' ', run([qw(pkg-config --static --libs libuv-static)])->{out}) : ('-l:libuv_a.a', '-lpthread', '-ldl', '-lrt'), '-w');
    no_complaints('linked statically', not_found('late', traced($static, 'late')));

    my $stripped = compile('stripped', @subject, '-s', flags_of('', '--libs'));
    my $text     = run([$trace, $stripped, 'late'])->{err};
    like($text, qr/^  stripped\+0x[0-9a-f]+, timer: once/m, 'no name is better than a wrong one');
    unlike($text, qr/\bon_|^ +in /m, 'and no line');

    for my $sanitizer ('address,undefined', 'thread') {
        my $program = compile("san", "-fsanitize=$sanitizer", @linked, flags_of('', '--libs'), '-lpthread');
        my $ran     = traced($program, 'late');
        no_complaints($sanitizer, not_found('late', $ran));
        unlike($ran->{err}, qr/Sanitizer/, 'which finds nothing');
    }
};

subtest 'what it can not trace' => sub {
    like(run([$trace, 'true'])->{err}, qr/^trace: true has run no event loop of a shared libuv\n\z/, 'a program without libuv');
    is(run([$trace, 'false'])->{status}, 1, 'ends as it does');
    my $ran = run([$trace, "$scratch/nothing"]);
    is($ran->{status}, 127, 'no program');
    is($ran->{err}, "trace: cannot start $scratch/nothing: No such file or directory\n", 'is said');
    $ran = run([$trace, '--slow', '5x', 'true']);
    is($ran->{status}, 2, 'wrong usage');
    like($ran->{err}, qr/^trace: --slow takes milliseconds, .*\n\z/, 'is said');
    like(run([$trace])->{err}, qr/^usage: trace /, 'no program');
};

# So the checker asks it.
subtest 'a record that nobody watches is of the last program' => sub {
    my $record = write_file("$scratch/record", '');
    local $ENV{TRACE_RECORD} = $record;
    my $left = sub {
        my $ran = run([$trace, '--left', '--slow', 200, '--facts', "$scratch/facts", $record]);
        is($ran->{status}, 0, 'read') || diag($ran->{err});
        return read_file("$scratch/facts");
    };
    is(run([$linked, 'late'])->{status}, 0, 'the program');
    my $facts = $left->();
    like($facts, qr/^$_$/m, "it has $_") for "late\ton_quick\ton_sleepy\t\\d+\\.\\d+ s", "active\ttimer\t2", "threads\t0", "processes\t0";
    is(run([$linked, 'threads'])->{status}, 0, 'another');
    like($left->(), qr/^active\ttimer\t1\nthreads\t1\nworks\t0\nprocesses\t0\npolls\t0\ndelayed\t\d+\.\d\d s\nrounds\t[12]\n/m, 'a thread');
    is(run([$linked, 'fork'])->{status}, 0, 'another');
    like($left->(), qr/^threads\t0\nworks\t0\nprocesses\t1\npolls\t0\n/m, 'a process');
    is(run([$trace, '--left', write_file("$scratch/record", 'x')])->{status}, 2, 'what is none');
    is(run([$trace, '--left', write_file("$scratch/record", '')])->{err}, "trace: record has run no event loop of a shared libuv\n", 'nothing was run');
};

done_testing();
