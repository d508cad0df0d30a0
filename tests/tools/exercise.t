#!/usr/bin/env perl
# exercise.t - a student's day: make exercise-NN, make progress, make lessons, and
# what they remember, in a course of two lessons with exercises of one line.

use strict;
use warnings;

use lib 'tests';
use Course;
use Test::More;

delete @ENV{qw(BUILD SANITIZE LDFLAGS REQUIRE_ALL SLOW TIMING UNDER V)};
$ENV{TIMING} = 'off'; # but where it is a time that is wrong

my $tree        = tree_with_exercises();
my $no_compiler = no_compiler($tree);
my @lessons     = ('lessons/01-tea', 'lessons/05-cake');
my ($tea_is_ready, $tea_is_hot) = map {qq(echo "[ 0.00] tea: $_")} qw(ready hot);

sub make { return started(make_command(), @_) }

sub started {
    my ($command, @arguments) = @_;
    my %how = (dir => $tree, ref $arguments[0] ? %{ shift @arguments } : ());
    my $ran = run([$command, @arguments], %how);
    $ran->{words} = join '', grep { !/^\S*make(?:\[\d+\])?: / } split /^/, $ran->{err};
    return $ran;
}

# What `make exercise-01` does, without make; check('01-tea', MAKE => ...).
sub check {
    my ($name, %env) = @_;
    return started('common/commands/exercise', {env => {MAKE => $no_compiler, %env}}, 'check', "lessons/$name");
}

sub state_file { return "$tree/build/progress/$_[0]" }

sub fails_with {
    my ($ran, $name, @patterns) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    isnt($ran->{status}, 0, "$name: make fails");
    like("$ran->{out}$ran->{words}", $_, $name) for @patterns;
    my ($longest) = sort { length $b <=> length $a } split /\n/, $ran->{out};
    cmp_ok(length($longest // ''), '<=', 80, "$name: fits 80 columns") || diag($longest);
}

sub progress_says {
    my ($name, @patterns) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $ran = started('common/commands/exercise', 'progress', @lessons);
    is($ran->{status}, 0, "$name: progress");
    like($ran->{out}, $_, $name) for @patterns;
}

subtest 'as it was given' => sub {
    my $ran = make('exercise-01');
    fails_with($ran, 'it does not pass', qr/as it was given.*TODO in lessons.*exercise\.c/s);
    unlike($ran->{out}, qr/Hint|tea: ready/, 'and is no try: no hint, nothing of what is expected');
    my ($command) = $ran->{out} =~ /^    (\S+)$/m;
    is(run([$command // 'false'], dir => $tree)->{out}, "[ 0.00] start\n", 'it can be started by hand');
    is($ran->{words}, '', 'nothing on stderr');
    progress_says('nothing is tried', qr/^  01  Tea +to do$/m, qr/^  05  Cake +to do$/m,
        qr/^0 of 2 solved\. Next: make lesson-01, then make exercise-01$/m);
};

subtest 'it does not compile' => sub {
    save_answer($tree, '01-tea', 'say("tea: ready")');
    fails_with(check('01-tea', MAKE => make_command()), 'the compiler speaks',
        qr{^lessons/01-tea/exercise\.c:6:\d+: error: }m,
        qr{does not compile\. Open lessons/01-tea/exercise\.c});
    my $ran = make('all', 'progress');
    is($ran->{status}, 0, 'make builds the rest');
    like($ran->{out}, qr/^Built\..*^  01  Tea +to do$/ms, 'it is no try');
};

subtest 'under the loop tracer' => sub {
    save_answer($tree, '01-tea', 'right');
    my $ran = make('debug-01');
    is($ran->{status}, 0, 'make debug-01');
    like($ran->{out}, qr/^== exercise\n\[ 0\.00\] start\n\[ 0\.00\] tea: ready$/m, 'it is built, and runs');
    like($ran->{words}, qr/^trace: exercise/m, 'and is traced');
    $ran = make('debug-01', 'PROGRAM=coffee');
    isnt($ran->{status}, 0, 'a program that there is not');
    like($ran->{words}, qr{^There is no program coffee in lessons/01-tea\.$}m, 'is said');
};

subtest 'wrong answers, and hints' => sub {
    save_script($tree, '01-tea', $tea_is_hot);
    fails_with(check('01-tea'), 'the first', qr/^    - \[ 0\.00\] tea: ready$/m, qr/^    \+ \[ *\d+\.\d\d\] tea: hot$/m,
        qr/A few words differ/, qr/^Hint 1 of 2.*:\n  Look at the end\.\n  And think\.$/m);
    fails_with(check('01-tea'), 'the same again gives the same hint', qr/^Hint 1 of 2/m);
    progress_says('one try', qr/^  01  Tea +tried once$/m);

    save_script($tree, '01-tea', 'sleep 0.4', 'echo "[ 0.40] tea: ready"');
    fails_with(check('01-tea', TIMING => undef), 'the second',
        qr/\[ 0\.40\] tea: ready   \(expected at 0\.00: 0\.40 s late\)$/m,
        qr/need not wait for/, qr/^Hint 2 of 2:\n  It is say\(\)\.$/m);
    save_script($tree, '01-tea', 'exit 3');
    fails_with(check('01-tea'), 'the third', qr/exit status is 3, and should be 0/, qr/^Hint 2 of 2:/m);
    progress_says('three tries', qr/^  01  Tea +tried 3 times$/m);
    like(started('common/commands/list-lessons', @lessons)->{out}, qr/^  01  Tea .* exercise: tried 3 times$/m, 'make lessons');
};

subtest 'what hangs is ended soon' => sub {
    save_script($tree, '01-tea', $tea_is_ready, 'exec sleep 60000');
    fails_with(check('01-tea'), 'a sentence', qr/did not end within \d+\.\d s, and was ended: it hangs$/m); # 3 s, longer on a busy machine
};

subtest 'the right answer' => sub {
    save_answer($tree, '01-tea', 'right', '/* like this */');
    my $ran = make('exercise-01');
    is($ran->{status}, 0, 'make succeeds') or diag($ran->{out}, $ran->{err});
    like($ran->{out}, qr/^Passed: /m, 'it says so');
    like($ran->{out}, qr/^1 of 2 solved\. Next: make lesson-05, then make exercise-05$/m, 'what is next');
    my ($diff) = $ran->{out} =~ /^    (diff .*)$/m;
    my $differs = run(['sh', '-c', $diff // 'false'], dir => $tree)->{out}; # busybox has a form of its own
    is(join('', $differs =~ /^[<>+-](?![+-]) ?(.*)/mg), '    /* like this */', 'how a solution differs');
    my $both = make('progress', 'lessons');
    like($both->{out}, qr/^  01  Tea +solved\n(?:.*\n)+1 of 2 solved/m, 'make progress');
    like($both->{out}, qr/^  01  Tea .* exercise: solved$/m, 'make lessons');

    save_script($tree, '01-tea');
    fails_with(check('01-tea'), 'when it is broken again', qr/^Hint 2 of 2/m);
    save_script($tree, '01-tea', $tea_is_hot);
    fails_with(check('01-tea'), 'and again', qr/^Hint 2 of 2/m);
    progress_says('it stays solved', qr/^  01  Tea +solved$/m);
};

# Whatever the times of the files say.
subtest 'what is judged is what was written' => sub {
    my ($file, $built) = ("$tree/lessons/01-tea/exercise.c", "$tree/build/lessons/01-tea/exercise");
    my $judged = sub {
        my ($name, $pattern) = @_;
        my $ran = check('01-tea', MAKE => make_command());
        like("$ran->{out}$ran->{words}", $pattern, $name);
    };
    write_file("$tree/lessons/01-tea/pot.h", qq(#define READY "tea: ready"\n));
    save_answer($tree, '01-tea', "\n#include \"pot.h\"\nsay(READY);");
    $judged->('with a header beside it', qr/^Passed: /m);
    write_file("$tree/lessons/01-tea/pot.h", qq(#define READY "tea: cold"\n));
    utime 1e9, 1e9, "$tree/lessons/01-tea/pot.h";
    $judged->('an older header', qr/tea: cold/);
    unlink "$tree/lessons/01-tea/pot.h";

    utime time + 1e6, time + 1e6, $built;
    save_answer($tree, '01-tea', 'say("tea: hot");');
    $judged->('what was built is from the future', qr/tea: hot/);
    save_answer($tree, '01-tea', 'say(tea);');
    utime 1e9, 1e9, $file;
    $judged->('an older file in its place', qr/does not compile/);

    save_answer($tree, '01-tea', 'given');
    write_file($file, read_file($file) =~ s/\n/\r\n/gr);
    like(check('01-tea')->{out}, qr/as it was given/, 'other ends of lines are no try');
};

subtest 'one recording for each argument' => sub {
    my $recording = write_file("$tree/lessons/05-cake/exercise\@2.out", "[ 0.00] start\n[ 0.00] cake: 2\n");
    save_script($tree, '05-cake', 'echo "[ 0.00] cake: ready"');
    fails_with(check('05-cake'), 'right without it only', qr{^Started as: build/lessons/05-cake/exercise 2\nNot yet}m,
        qr/^    - \[ 0\.00\] cake: 2$/m);
    save_script($tree, '05-cake', 'echo "[ 0.00] cake: ${1-ready}"');
    my $both = check('05-cake');
    is($both->{status}, 0, 'right with both');
    like($both->{out}, qr/^Passed: .*\n\(Tried with other arguments as well\.\)\n/m, 'it says so');
    unlink $recording, "$tree/build/progress/05-cake";
};

# The site is played by the answer, which writes down what the site would have counted.
subtest 'what the web site has counted' => sub {
    my $rules = write_file("$tree/lessons/05-cake/exercise.rules", "waits: no\nsite: 2 requests\n");
    save_script($tree, '05-cake', 'echo "[ 0.00] cake: ready"; echo 1 requests >$SITE_COUNTS');
    fails_with(check('05-cake'), 'another count', qr/has counted\n  1 requests\.\n/, qr/^  2 requests\.$/m);
    save_script($tree, '05-cake', 'echo "[ 0.00] cake: ready"; echo 2 requests >$SITE_COUNTS');
    is(check('05-cake')->{status}, 0, 'the right one');
    no_complaints('nothing is left', glob "$tree/build/common/check/left.*");
    unlink $rules, "$tree/build/progress/05-cake";
};

# Of the paragraphs the first that fits a mistake and was not shown yet, else one for any.
subtest 'a hint for the mistake' => sub {
    my $hints = "$tree/lessons/05-cake/exercise.hints";
    my $usual = read_file($hints);
    write_file($hints, join "\n", "For any.\n", "for: early | missing: ready\nNot ready.\n", "for: extra: burnt\nWatch it.\n",
        "for: extra\nToo much.\n", "for: exit status\nThe end.\n");
    my $hint = sub {
        my ($name, $wanted, @lines) = @_;
        save_script($tree, '05-cake', @lines);
        fails_with(check('05-cake'), $name, qr/^Hint $wanted$/m);
    };
    my $more = ' \(another comes when you have tried something else\)';
    $hint->('a line is missing', "2 of 5$more:\n  Not ready\\.", 'exit 0');
    $hint->('the same again', "2 of 5$more:\n  Not ready\\.", 'exit 0');
    $hint->('and again, in another way', "1 of 5$more:\n  For any\\.", 'exit 0 # again');
    $hint->('a line too many', "3 of 5$more:\n  Watch it\\.", 'echo "[ 0.00] cake: ready"', 'echo "[ 0.00] cake: burnt"');
    $hint->('it is shown already', "4 of 5$more:\n  Too much\\.", 'echo "[ 0.00] cake: ready"', 'echo "[ 0.00] cake: burnt again"');
    $hint->('the last one', "5 of 5:\n  The end\\.", 'echo "[ 0.00] cake: ready"', 'exit 3');
    $hint->('nothing is new: the one that fits', "2 of 5:\n  Not ready\\.", 'exit 0 # once more');
    write_file($hints, $usual);
    unlink state_file('05-cake');
};

# A script has no loop: what the loop tracer is to find in an exercise it writes itself, where the
# recorder would.
my $tracer = "$tree/build/common/trace";
sub play_tracer { rename $tracer, "$tracer.real" or die; write_file($tracer, "#!/bin/sh\ncat \"\$6\" >\"\$5\"\n", 0755) } # --left --slow MS --facts FACTS RECORD
sub real_tracer { rename "$tracer.real", $tracer or die }

subtest 'the right lines, but not from the loop' => sub {
    my $rules   = write_file("$tree/lessons/05-cake/exercise.rules", "handles: timer timer\nprocesses: 1\nrounds: 100\n");
    my $out     = "$tree/lessons/05-cake/exercise.out";
    my $usual   = read_file($out);
    play_tracer();
    my $found = sub {
        my ($waited, $threads, $processes, @more) = @_; # active handles, or other facts
        my @facts = ((map { /^(?:works|rounds|polls|gone) / ? $_ : "active $_" } @more), "threads $threads", "processes $processes", sprintf 'waited %.2f s', $waited / 1000);
        save_script($tree, '05-cake', 'echo "[ 0.00] cake: ready"', map { sprintf qq(printf '%s\n' >>"\$TRACE_RECORD"), s/ (?!s$)/\\t/gr } @facts);
        return check('05-cake');
    };
    write_file($out, $usual =~ s/ 0\.00(?=\] cake)/ 2.00/r);
    is($found->(1000, 0, 1, 'poll 1', 'timer 2', 'rounds 100')->{status}, 0, 'half of the time is enough');
    fails_with($found->(990, 0, 0, 'timer 2'), 'the loop has not waited', qr/lines are right, .*these 2\.00 s .* waited for 0\.99 s only/s);
    fails_with($found->(2000, 1, 0, 'timer 2'), 'a thread', qr/a thread or a process is started/);
    fails_with($found->(2000, 0, 2, 'timer 2'), 'a process', qr/a thread or a process is started/);
    fails_with($found->(2000, 0, 0, 'timer 1', 'idle 1'), 'a handle', qr/handles of a kind were active: timer\./);
    fails_with($found->(2000, 0, 0, 'timer 2', 'works 1'), 'the pool', qr/a thread or a process is started/);
    fails_with($found->(2000, 0, 0, 'timer 2', 'rounds 101'), 'it polls', qr/in these 2\.00 s the loop has gone round 101 times/);
    fails_with($found->(2000, 0, 0, 'timer 2', 'gone poll x'), 'memory is gone', qr/given back before its close callback has\n +come \(poll\)/);
    write_file($rules, "handles:\npolls: 6\n");
    is($found->(2000, 0, 0, 'polls 6')->{status}, 0, 'it was told often enough');
    fails_with($found->(2000, 0, 0, 'poll 2', 'polls 5'), 'it was told too seldom', qr/poll handles were called 5 times only/);
    write_file($rules, "handles: timer timer\nothers: no\n");
    is($found->(2000, 0, 0, 'timer 2')->{status}, 0, 'these handles, and no others');
    fails_with($found->(2000, 0, 0, 'timer 2', 'poll 1'), 'another handle', qr/more handles were active .*: poll\.\n.*no others: timer timer\./s);
    save_script($tree, '05-cake', 'echo "[ 2.00] cake: ready"');
    fails_with(check('05-cake'), 'no loop', qr/waited for 0\.00 s only/);
    write_file($rules, "handles:\nwaits: no\n");
    is(check('05-cake')->{status}, 0, 'who need not wait');
    write_file($out, $usual);

    write_file($rules, "waits: no\ndrawn: 5-20/5 7-7\n");
    run(['mkdir', '-p', map {"$tree/$_/05-cake"} 'solutions', 'build/solutions']);
    my $solution = sub { write_file("$tree/solutions/05-cake/exercise.c", "#!/bin/sh\necho '[ 0.00] start'\n$_[0]\n") };
    $solution->('echo "[ 0.00] cake: ${1-ready}$2"');
    save_script($tree, '05-cake', 'echo "[ 0.00] cake: ${1-ready}$2"');
    my $ran = check('05-cake');
    is($ran->{status}, 0, 'what the solution prints with arguments that are drawn');
    like($ran->{out}, qr/^Passed: .*\n\(Tried with other arguments as well\.\)\n/m, 'it says so');
    save_script($tree, '05-cake', 'echo "[ 0.00] cake: ready"');
    fails_with(check('05-cake'), 'without asking for them', qr{^Started as: build/lessons/05-cake/exercise (?:5|10|15|20) 7\nNot yet}m,
        qr/^    - \[ 0\.00\] cake: \d+7$/m);
    $solution->('echo "no" >&2; exit 4');
    save_script($tree, '05-cake', '[ $# -eq 0 ] && echo "[ 0.00] cake: ready" && exit', 'echo "no" >&2; exit 4');
    is(check('05-cake')->{status}, 0, 'a sentence and an exit status are compared, too');
    run(['rm', '-r', "$tree/solutions", "$tree/build/solutions"]);
    $ran = check('05-cake');
    is($ran->{status}, 2, 'without a solution');
    like($ran->{out}, qr{^exercise: cannot build build/solutions/05-cake/exercise, with which other arguments are compared:\n.*solutions/05-cake}m, 'nothing is passed, and it says why');
    unlike($ran->{out}, qr/Passed|Not yet/, 'nor failed');
    unlink $rules, state_file('05-cake');
    real_tracer();
};

subtest 'what the loop tracer says after a failed try' => sub {
    my $hints = "$tree/lessons/05-cake/exercise.hints";
    my $usual = read_file($hints);
    write_file($hints, "For any.\n\nfor: held: on_bake\nNot so long.\n");
    play_tracer();
    my $said = sub {
        my ($name, $wanted, @facts) = @_;
        save_script($tree, '05-cake', map { sprintf qq(printf '%s\n' >>"\$TRACE_RECORD"), s/\t/\\t/gr } @facts);
        fails_with(check('05-cake'), $name, $wanted);
        unlink state_file('05-cake');
    };
    my $held = "held\ton_bake\t2";
    $said->('who was late', qr/^The loop tracer: on_done came 0\.75 s late: on_bake was running\.\n\nHint 2 of 2\b/m, $held, "late\ton_done\ton_bake\t0.75 s");
    $said->('because of main', qr/^The loop tracer: on_done came 0\.75 s late:\nuntil then, main had not called uv_run\(\)\.\n\nHint 1 of 2\b/m, "held\tmain\t1", "late\ton_done\tmain\t0.75 s");
    $said->('left open: one sentence', qr/^The loop tracer: never closed:\na timer made in start \(a\.c:1\)\.\n\nHint 1/m, "open\ttimer\tstart (a.c:1)", "open\ttimer\tstart (a.c:2)");
    $said->('freed', qr/^The loop tracer: the memory of a handle is gone, and the loop still uses it:\na timer made in/m, "gone\ttimer\tstart (a.c:1)");
    $said->('where it ended', qr/^The loop tracer: it ended inside of on_bake \(a\.c:1\)\./m, "inside\ton_bake (a.c:1)");
    save_script($tree, '05-cake');
    my $nothing = check('05-cake')->{out};
    unlike($nothing, qr/tracer/, 'nothing');
    like($nothing, qr/^Hint 1 of 2/m, 'and the hint for any');
    unlink $tracer, state_file('05-cake');
    my $without = check('05-cake');
    is($without->{status}, 2, 'without a tracer nothing is judged');
    is($without->{err}, "exercise: build/common/trace is not built: make\n", 'which is said');
    real_tracer();
    write_file($hints, $usual);
};

# For the sanitizer the tools are not made anew: only the exercise.
subtest 'what C leaves undefined does not pass by luck' => sub {
    my @lucky = ('static int cups[2] = {1, 1};', 'int total = 0;', 'for (int i = 0; cups[i] == 1; i++)',
        '    total++;', 'if (total == 2)', '    say("cake: ready");');
    save_answer($tree, '05-cake', @lucky);
    fails_with(check('05-cake', MAKE => make_command()), 'an index', qr/index outside of its array/);
    my $flags     = read_file("$tree/build/flags");
    my $made_with = sub { write_file("$tree/build/flags", $_[0]); utime 1e9, 1e9, "$tree/build/flags" };
    $made_with->($flags =~ s/\n/ undefined\n/r);
    like(check('05-cake', MAKE => make_command(), SANITIZE => 'undefined')->{out},
        qr{lessons/05-cake/exercise\.c:8:\d+: runtime error: index 2 out of bounds.*names your file tells where}s,
        'with a sanitizer it is told where');
    $made_with->($flags);
    unlink "$tree/build/progress/05-cake";
};

subtest 'a damaged memory costs nothing but a message' => sub {
    my @damages = ('', 'soled', 'solved twice', 'tried', 'tried x 1', 'tried 0 1', 'tried -1 1',
        'tried 1', 'tried 1 2 x', 'solved', 'solved 1', 'solved x y', "\xff\xfe\n" x 3, 'tried 9999999999999999999999 1');
    my @copies = map {"$_-copy"} 10 .. 9 + @damages;
    for my $copy (@copies) {
        mkdir "$tree/lessons/$copy" or die;
        write_file("$tree/lessons/$copy/exercise.out", '');
        write_file(state_file($copy), $damages[$copy =~ s/-.*//r - 10]);
    }
    my $ran = started('common/commands/exercise', 'state', map {"lessons/$_"} @copies);
    is("$ran->{status} $ran->{out}", '0 ' . "to do\n" x @damages, 'to do again');
    is($ran->{words}, join('', map {"build/progress/$_ is damaged: how exercise @{[/(\d+)/]} went is forgotten.\n"} @copies),
        'a message for each');
    run(['rm', '-r', map { ("$tree/lessons/$_", state_file($_)) } @copies]);

    save_script($tree, '01-tea', $tea_is_ready);
    write_file(state_file('01-tea'), 'soled');
    my @progress = ('common/commands/exercise', 'progress', @lessons);
    $ran = started(@progress);
    is($ran->{status}, 0, 'make progress');
    like($ran->{out}, qr/^  01  Tea +to do$/m, 'to do again');
    like($ran->{words}, qr/damaged/, 'the message');
    is(check('01-tea')->{status}, 0, 'it can be solved again');
    is(started(@progress)->{words}, '', 'and then the damage is gone');

    unlink state_file('01-tea');
    mkdir state_file('01-tea') or die;
    like(started(@progress)->{words}, qr/damaged/, 'a directory in its place');
    rmdir state_file('01-tea');

    rename "$tree/build/progress", "$tree/build/kept" or die;
    write_file("$tree/build/progress", '');
    $ran = check('01-tea');
    is($ran->{status}, 0, 'where nothing can be remembered, it passes');
    like($ran->{words}, qr/^How it went can't be remembered: .* cannot be written\.$/m, 'with a message');
    unlink "$tree/build/progress";
    rename "$tree/build/kept", "$tree/build/progress" or die;
};

subtest 'what is not there' => sub {
    unlink "$tree/lessons/01-tea/exercise.c" or die;
    fails_with(check('01-tea'), 'no exercise.c',
        qr{^There is no lessons/01-tea/exercise\.c: `git checkout lessons/01-tea/exercise\.c`}m);
    save_script($tree, '01-tea', $tea_is_ready);
    rename "$tree/lessons/01-tea/exercise.out", "$tree/kept" or die;
    fails_with(check('01-tea'), 'a lesson without', qr/^Lesson 01 has no exercise\.$/m);
    save_script($tree, '05-cake', 'echo "[ 0.00] cake: ready"');
    is(check('05-cake')->{status}, 0, 'the other one passes');
    progress_says('it does not count', qr/^All 1 exercises? /m);
    rename "$tree/kept", "$tree/lessons/01-tea/exercise.out" or die;
    fails_with(make('exercise-07'), 'no lesson', qr/^There is no lesson "07"/m);
};

# A compiler that fails as long as there is a file.
subtest 'what is not the fault of the exercise' => sub {
    my $file    = 'lessons/05-cake/exercise.c';
    my $failing = "$tree/failing";
    my ($cc)    = split ' ', $ENV{CC} || 'cc';
    my ($real)  = grep {-x} map {"$_/$cc"} split /:/, $ENV{PATH};
    plan skip_all => "CC names a path: $cc" if !$real;
    mkdir "$tree/bin" or die;
    write_file("$tree/bin/$cc", qq(#!/bin/sh\n[ -e failing ] && . ./failing\nexec "$real" "\$@"\n), 0755);
    my %here = (PATH => "$tree/bin:$ENV{PATH}");
    save_answer($tree, '05-cake', 'right');
    my $state = read_file(state_file('05-cake'));

    my $scored = sub {
        my ($result, $name) = @_;
        like(started('common/check/score', {env => \%here}, 'lessons/05-cake')->{out}, qr/^05-cake +\Q$result\E$/m, "$name: its score");
    };
    my $is_said = qr{^\Q$file\E can't be built, and neither can the solution: .*above}m;
    write_file($failing, qq(echo "cc: cannot write: No space left on device" >&2; exit 1\n));
    my $ran = check('05-cake', MAKE => undef, %here);
    isnt($ran->{status}, 0, 'a compiler that fails');
    like($ran->{words}, $is_said, 'it is said');
    unlike($ran->{out}, qr/does not compile/, 'and nobody is blamed');
    write_file($failing, "kill -9 \$\$\n");
    $scored->(q(can't be checked here), 'one that is killed');
    like(read_file("$tree/build/score.xml") =~ s/&#39;/'/gr, $is_said, 'it is said');
    unlink $failing;
    run(['rm', '-rf', "$tree/build/lessons/05-cake"]);
    write_file("$tree/build/lessons/05-cake", '');
    $ran = check('05-cake', MAKE => undef, %here);
    is($ran->{words}, "$file can't be built: build/lessons/05-cake cannot be written (File exists)\n",
        'where nothing can be written');
    $scored->(q(can't be checked here), 'there');
    unlink "$tree/build/lessons/05-cake";

    rename "$tree/$file", "$tree/kept" or die;
    mkdir "$tree/$file" or die;
    is(check('05-cake', MAKE => undef, %here)->{words}, "$file is no file that can be read.\n", 'a directory in its place');
    $scored->('missing', 'a directory');
    rmdir "$tree/$file";
    rename "$tree/kept", "$tree/$file" or die;
    is(read_file(state_file('05-cake')), $state, 'none of this is a try');
};

subtest 'where it is said' => sub {
    save_script($tree, '01-tea', $tea_is_hot);
    open my $full, '>', '/dev/full' or return lacking('needs /dev/full');
    for (['common/commands/exercise', 'check', 'lessons/01-tea'], ['common/commands/exercise', 'progress', @lessons], ['common/commands/list-lessons', @lessons]) {
        my ($command, @words) = @$_;
        my $ran = started($command, {stdout => $full, env => {MAKE => $no_compiler}}, @words);
        isnt($ran->{status}, 0, "a full disk: $command @words");
        like($ran->{words}, qr/\A[\w-]+: cannot write to stdout\n\z/, 'one sentence');
    }
    return lacking('needs the script command of util-linux')
        unless tool('script') && run(['script', '--version'])->{out} =~ /util-linux/;
    for my $term (undef, 'dumb', 'xterm') {
        my $ran = run(['script', '-qec', 'common/commands/exercise judge lessons/01-tea', '/dev/null'], dir => $tree, env => {TERM => $term});
        my ($name, $shown) = ($term // 'no TERM', $ran->{out} =~ /\e/ ? 'steered' : 'plain');
        is($shown, $name eq 'xterm' ? 'steered' : 'plain', "a terminal: $name");
        like($ran->{out}, qr/tea: hot/, 'with the verdict');
    }
};

subtest 'a finished course' => sub {
    save_script($tree, '01-tea', $tea_is_ready);
    my $ran = check('01-tea');
    is($ran->{status}, 0, 'passes');
    like($ran->{out}, qr/^All 2 exercises are solved.*Congratulations/m, 'congratulates');
    $ran = make('clean', 'progress');
    is($ran->{status}, 0, 'make clean');
    like($ran->{out}, qr/^All 2 exercises are solved.*Congratulations/m, 'make progress remembers');
    like(make('progress', 'BUILD=other')->{out}, qr/^0 of 2 solved/m, 'BUILD=dir has its own');
    save_answer($tree, '01-tea', 'right');
};

subtest 'make starters' => sub {
    is(make('starters')->{status}, 0, 'make starters');
    my $file = "$tree/lessons/01-tea/exercise.c";
    like(read_file($file), qr/TODO: let the tea/, 'the exercise as it is given');
    like(read_file("$file.mine"), qr/say\("tea: ready"\)/, 'the answer is kept');
    my @again = ('common/check/starter', '--write', '01-tea');
    is(started(@again)->{out}, '', 'again: nothing');
    save_answer($tree, '01-tea', 'another();');
    like(started(@again)->{out}, qr/is new; what it was is .*exercise\.c\.mine\+$/m, 'another answer');
    like(read_file("$file.mine"), qr/say\("tea: ready"\)/, 'the first one is still there');
    like(read_file("$file.mine+"), qr/another\(\)/, 'and so is the second');
};

# In a hook git tells which repository is meant, and that is not ours.
subtest 'git is left alone' => sub {
    return lacking('needs git') unless tool('git');
    my @names = split ' ', run([qw(git rev-parse --local-env-vars)])->{out};
    cmp_ok(scalar @names, '>', 5, 'names that git knows');
    my $ran = run([$^X, '-Itests', '-MCourse', '-e', 'print join " ", grep {exists $ENV{$_}} @ARGV', @names],
        env => {map { $_ => '/nowhere' } @names});
    is("$ran->{status}$ran->{out}", '0', 'none is there in our tests');
};

# The commands of the README, as a student types them.
subtest 'a newer course keeps the answers' => sub {
    return lacking('needs git') unless tool('git');
    local @ENV{qw(GIT_CONFIG_COUNT GIT_CONFIG_KEY_0 GIT_CONFIG_VALUE_0)} = (1, 'maintenance.auto', 'false');
    my ($course, $clone) = ($tree, scratch() . '/clone');
    save_answer($course, $_, 'given') for '01-tea', '05-cake';
    system('cp', '.gitignore', '.gitattributes', $course) == 0 or die 'cannot copy';
    my ($answers) = read_file('lessons/README.md') =~ /^## Your answers\n(.*?)^## /ms;
    my @commands = ($answers // '') =~ /^    git (.*)$/mg;
    cmp_ok(scalar @commands, '>=', 2, 'the README has commands');

    my $git = sub {
        my ($dir, @command) = @_;
        my $ran = git($dir, @command);
        return is($ran->{status}, 0, "git @command") || diag($ran->{err});
    };
    $git->($course, @$_) for ['init', '-q'], ['add', '-A'], ['commit', '-q', '-m', 'course'];
    $git->($course, 'clone', '-q', '-c', 'core.autocrlf=true', '.', $clone); # as on Windows
    my @files = split /\0/, run([qw(git ls-files -z)], dir => $course)->{out};
    cmp_ok(scalar @files, '>', 20, 'there are files');
    no_complaints('each is the same, to the byte',
        grep { read_file("$course/$_") ne read_file("$clone/$_") } @files);

    save_answer($clone, '01-tea', 'right');
    write_file("$course/lessons/01-tea/README.md", "# 01 Tea\n\nNewer.\n");
    write_file("$course/lessons/05-cake/exercise.c", "/* newer */\n");
    $git->($course, 'commit', '-q', '-a', '-m', 'newer');
    for (@commands[0, 1]) {
        $git->($clone, map {s/"//gr} /"[^"]*"|\S+/g);
    }
    like(read_file("$clone/lessons/01-tea/exercise.c"), qr/say\("tea: ready"\)/, 'the answer is there');
    like(read_file("$clone/lessons/01-tea/README.md"), qr/Newer/, 'and the newer lesson');
    like(read_file("$clone/lessons/05-cake/exercise.c"), qr/newer/, 'and the newer exercise');

    # Both changed the same exercise.
    save_answer($clone, '01-tea', 'right', '/* mine */');
    write_file("$course/lessons/01-tea/exercise.c", "/* another exercise */\n");
    write_file("$course/lessons/05-cake/README.md", "# 05 Cake\n\nNewer.\n");
    $git->($course, 'commit', '-q', '-a', '-m', 'newer still');
    for (@commands) {
        my @words = map {s/"//gr} map {s/NN-NAME/01-tea/gr} /"[^"]*"|\S+/g;
        $words[0] eq 'pull' ? isnt(git($clone, @words)->{status}, 0, "git $_: a conflict") : $git->($clone, @words);
    }
    like(read_file("$clone/lessons/01-tea/exercise.c"), qr{/\* mine \*/\n\}}, 'the answer is kept');
    unlike(read_file("$clone/lessons/01-tea/exercise.c"), qr/<<<|>>>/, 'as it was');
    like(read_file("$clone/lessons/05-cake/README.md"), qr/Newer/, 'the rest is newer');
    is(run(['git', 'status', '--porcelain'], dir => $clone)->{out}, '', 'and nothing is left to do');
};

done_testing();
