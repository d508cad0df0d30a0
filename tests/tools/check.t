#!/usr/bin/env perl
# check.t - whether check fails every program that is wrong, at the right point and in
# words that help, and passes those that are right.
#
# The rule is tested on data: runs are written down as `check --save` does it, and judged by
# `check --replay`, the same on every machine. Only what makes a run (common/check/run.c) is
# tested on real programs, and there nothing depends on how long something takes:
# check_subject.c does what its arguments say.

use strict;
use warnings;

use lib 'tests';
use Course;
use Cwd qw(abs_path);
use POSIX ();
use Test::More;

my $build = build_dir();
my $check = abs_path("$build/common/check/check");
die "check.t: check is not built; `make` does it\n" unless $check && -x $check;
delete @ENV{qw(BUILD TIMING SLOW UNDER WITH)}; # cases set their own

# The points that fail. When the lines are wrong, their times can't be told.
my @text = (1, 2);
my @time = (2);
my @end  = (3);
my @all  = (1, 2, 3);

my $home = abs_path(scratch());

# A program of tests/, with these parts of the tools: as they are built, unless that was done in a
# special way, which is not for programs that crash on purpose.
sub compiled {
    my ($name, @parts) = @_;
    my $special = grep { $ENV{$_} } qw(SANITIZE CFLAGS LDFLAGS);
    my $command = join ' ', $ENV{CC} || 'cc', '-std=gnu11 -Icommon -o', "$home/$name", "tests/subjects/$name.c",
        (map { $special ? "common/$_.c" : "$build/common/$_.o" } @parts), '$(common/commands/needs --flags)';
    system($command) == 0 or die "check.t: cannot build tests/subjects/$name.c\n";
    return "$home/$name";
}

sub lines { return join '', map {"$_\n"} @_ }

# --- Runs, as --save writes them ---
#
#   run_of([LINE...], key => value...)
#
# LINE: what the program printed, "[ 0.30] b"; or [text, key => value...]:
#   at        seconds after the start at which it arrived; else its stamp, or with the line
#             before it
#   waited, reader   seconds that the program, the reader had waited for a processor by then
# The run:
#   took      seconds; else until the last line
#   start, waited, reader, stalled, throttled   seconds; start: before the first line
#   exit, signal, not_started   how it ended; else exit 0
#   err       what it printed on stderr
#   cut, hang, child, unknown   true: its last line has no newline; it was ended; it left a
#             child; the system tells no delays

sub ns { return $_[0] ? sprintf '%.0f', 1e9 * $_[0] : 0 }

sub saved { return $_[0] =~ s/([^\x20-\x7e]|\\)/$1 eq "\n" ? '\n' : sprintf '\x%02x', ord $1/egr }

sub run_of {
    my ($lines, %run) = @_;
    my ($text, $last, $start) = ("run\n", 0, $run{start} || 0);
    for my $i (0 .. $#$lines) {
        my ($printed, %how) = ref $lines->[$i] ? @{ $lines->[$i] } : $lines->[$i];
        my ($stamp) = $printed =~ /^\[ *(\d+\.\d\d)\]/;
        $last = $how{at} // (defined $stamp ? $start + $stamp : $last);
        $printed .= "\n" unless $run{cut} && $i == $#$lines;
        $text .= join ' ', 'out', ns($last), ns($how{waited} // $run{waited}),
            ns($how{reader} // $run{reader}), saved($printed) . "\n";
    }
    $text .= 'err ' . saved($_) . "\n" for split /(?<=\n)/, $run{err} // '';
    $text .= join ' ', 'took', ns($run{took} // $last), map { $_ => ns($run{$_ eq 'runqueue' ? 'waited' : $_}) }
        qw(runqueue reader stalled throttled);
    $text .= "\n";
    $text .= "ended-by-us\n"   if $run{hang};
    $text .= "left-children\n" if $run{child};
    $text .= "no-schedstat\n"  if $run{unknown};
    return $text . ($run{signal} ? "signal $run{signal}\n"
        : $run{not_started} ? "not-started $run{not_started}\n"
        : 'exit ' . ($run{exit} // 0) . "\n");
}

# --- A case ---
#
#   at         the points that fail
#   out, file  the recording: its lines; its bytes, or undef for no file
#   runs       the runs; the last one counts again as often as one is asked for
#   judged     how many of them are judged
#   env        the environment of check
#   student    as for a student
#   says, never   what the diagnosis says, and what it doesn't
#   tap        what the TAP says beside the points
#   points     how many there are, if not three
#   old        what rec/a.out holds, or undef for an empty rec/
#   limit      what the shell does before, and nowhere else

my $cases = 0;

# A directory with its recording.
sub new_case {
    my ($case) = @_;
    my $dir = sprintf '%s/%03d', $home, ++$cases;
    mkdir $dir or die "$dir: $!";
    my $recording = exists $case->{file} ? $case->{file} : lines(@{ $case->{out} || [] });
    write_file("$dir/story.out", $recording) if defined $recording;
    if (exists $case->{old}) {
        mkdir "$dir/rec" or die "$dir/rec: $!";
        write_file("$dir/rec/a.out", $case->{old}) if defined $case->{old};
    }
    return $dir;
}

# Start check with these options, which goes on.
sub begin {
    my ($case, @arguments) = @_;
    my $dir = new_case($case);
    my $pid = fork // die "fork: $!";
    if ($pid == 0) {
        %ENV = (%ENV, SUBJECT_LOG => "$dir/log", TMPDIR => $dir, %{ $case->{env} || {} });
        open STDIN,  '<', '/dev/null' or POSIX::_exit(126);
        open STDOUT, '>', "$dir/out"  or POSIX::_exit(126);
        open STDERR, '>', "$dir/err"  or POSIX::_exit(126);
        exec @{ $case->{before} || [] }, $check, '--save', "$dir/runs", map { s/^DIR\b/$dir/r } @arguments or POSIX::_exit(127);
    }
    return { pid => $pid, dir => $dir };
}

# Its end. Beside what run() gives: dir, saved, judged.
sub end_of {
    my ($job) = @_;
    local $SIG{ALRM} = sub { diag('check takes too long'); kill TERM => $job->{pid} };
    alarm 600;
    1 until waitpid($job->{pid}, 0) == $job->{pid};
    my $ended = $?;
    alarm 0;
    my ($out, $err, $saved) = map { read_file("$job->{dir}/$_") } qw(out err runs);
    my $judged = () = $saved =~ /^run$/mg;
    return { dir => $job->{dir}, out => $out, err => $err, status => $ended >> 8, signal => $ended & 127,
        saved => $saved, judged => $judged };
}

sub check { return end_of(begin(@_)) }

# What is wrong with the TAP and with the words of a verdict, as sentences.
sub faults_of_tap {
    my ($is, $case) = @_;
    my ($plan, @points) = split /^/, $is->{out};
    my $planned = $case->{points} || 3;
    my @failed  = grep { $points[ $_ - 1 ] =~ /^not / } 1 .. @points;
    my @faults;

    push @faults, "the plan is $plan" if $plan ne "1..$planned\n" || @points != $planned;
    for my $i (1 .. @points) { # with no # of the program's
        push @faults, "point $i is $points[$i - 1]" if $points[ $i - 1 ] !~ /^(?:not )?ok $i - [^#]*(?:# SKIP [^#]*)?\n\z/;
    }
    push @faults, "the points that fail are @failed, and should be @{ $case->{at} }" if "@failed" ne "@{ $case->{at} }";
    push @faults, "the TAP does not say $case->{tap}" if $case->{tap} && $is->{out} !~ $case->{tap};
    return @faults;
}

sub faults_of_words {
    my ($is, $case) = @_;
    my $words = $is->{err} =~ s/^# .*: the machine stood still in \d+ of \d+ runs\n//mr;
    my @faults;

    push @faults, 'something is said' if $words ne '' && !@{ $case->{at} };
    push @faults, map {"it does not say $_"} grep { $is->{err} !~ $_ } @{ $case->{says} || [] };
    push @faults, map {"it says $_"} grep { $is->{err} =~ $_ } @{ $case->{never} || [] };
    push @faults, 'raw bytes are said' if $is->{err} =~ /[^\n\x20-\x7e]/;
    push @faults, 'it is no comment of the TAP' if $is->{err} =~ /^(?!# )./m;
    push @faults, 'it is long' if length $is->{err} >= 10_000;
    return @faults;
}

my @planned; # [case, look, words], which one shell starts: forking ourselves costs more than they do

# Start check with these words in the directory of the case, later. Then $look->($is).
sub later {
    my ($case, $look, @words) = @_;
    push @planned, [$case, $look, @words];
}

sub start_planned {
    my $script = '';
    for (@planned) {
        my ($case, $look, @words) = @$_;
        my $dir = $case->{dir} = new_case($case);
        my $words = join ' ', (map {"$_='$case->{env}{$_}'"} keys %{ $case->{env} || {} }), map {"'$_'"} $check, @words;
        write_file("$dir/data", join '', @{ $case->{runs} || [run_of([])] });
        $words = "($case->{limit}; $words)" if $case->{limit};
        $script .= "cd '$dir'; $words >out 2>err; echo \$?\n";
    }
    my @status = split ' ', run(['sh', write_file("$home/planned", $script)])->{out};
    for (@planned) {
        my ($case, $look) = @$_;
        my ($out, $err, $saved) = map { read_file("$case->{dir}/$_") } qw(out err runs);
        my $judged = () = $saved =~ /^run$/mg;
        $look->({dir => $case->{dir}, out => $out, err => $err, status => shift @status, saved => $saved, judged => $judged});
    }
    @planned = ();
}

my @replay = qw(--save runs --replay data story.out build/story);

sub fails {
    my ($name, $at, %case) = @_;
    my $case = {%case, name => $name, at => $at};
    later($case, sub { judge_case($case, @_) }, @replay);
}

sub judge_case {
    my ($case, $is) = @_;
    my @faults = (faults_of_tap($is, $case), faults_of_words($is, $case));
    push @faults, "its status is $is->{status}" if $is->{status} != (@{ $case->{at} } ? 1 : 0);
    push @faults, "$is->{judged} runs are judged, and not $case->{judged}"
        if defined $case->{judged} && $is->{judged} != $case->{judged};
    return ok(!@faults, $case->{name}) || diag(map({"$_\n"} @faults), $is->{out}, $is->{err});
}

sub passes {
    my ($name, %case) = @_;
    return fails($name, [], %case);
}

my @abc = ('[ 0.00] a', '[ 0.30] b', '[ 0.60] c');
my @ab  = @abc[0, 1];
my $abc = run_of(\@abc);
my $ab  = run_of(\@ab);
my @a   = (out => ['[ 0.00] a']);
my $a   = run_of(['[ 0.00] a']);

# --- 1. Text, line count and end are exact, and a difference is final ---

passes 'a right program', out => \@abc, runs => [$abc], judged => 1;
passes 'lines without times', out => ['~ 5 collisions', '[  -  ] b'], runs => [run_of(['~ 5 collisions', '[  -  ] b'])];

fails 'a line has another text', \@text, judged => 1,
    out => ['[ 0.00] a', '[ 0.00] kettle: start', '[ 0.00] c'],
    runs => [run_of(['[ 0.00] a', '[ 0.00] kettle: strat', '[ 0.00] c']), $abc],
    says => [qr/- recorded, \+ this run/, qr/at line 1:/, qr/  - \[ 0\.00\] kettle: start\n/,
        qr/  \+ \[ 0\.00\] kettle: strat\n/],
    tap => qr/can't be told: the lines differ/;
fails 'the last line has another text', \@text, judged => 1, @a, runs => [run_of(['[ 0.00] A'])],
    says => [qr/  - \[ 0\.00\] a\n.*  \+ \[ 0\.00\] A\n/s];
fails 'a line too much', \@text, judged => 1, @a, runs => [run_of(['[ 0.00] a', '[ 0.00] b'])],
    says => [qr/  \+ \[ 0\.00\] b\n/], never => [qr/  - /];
fails 'the last line is missing', \@text, judged => 1, out => \@ab, runs => [$a],
    says => [qr/  - \[ 0\.30\] b\n/], never => [qr/  \+ /];
fails 'it prints nothing', \@text, judged => 1, @a, runs => [run_of([])], says => [qr/  - \[ 0\.00\] a\n/];
fails 'no newline at the end', \@text, judged => 1, @a, runs => [run_of(['[ 0.00] a'], cut => 1)],
    says => [qr/the last line has no newline/];
fails 'a line without a stamp', \@text, judged => 1, @a, runs => [run_of(['a'])],
    says => [qr/  - \[ 0\.00\] a\n.*  \+ a\n/s];
fails 'a stamp where there should be none', \@text, judged => 1, out => ['[  -  ] a'], runs => [$a],
    says => [qr/  - \[  -  \] a\n.*  \+ \[ 0\.00\] a\n/s];
fails 'a # in the name or the text is no directive', \@text, @a, runs => [run_of(['[ 0.00] # TODO b'])];
fails 'a number that nobody measured', \@text, out => ['[ 0.00] 5'], runs => [run_of(['[ 0.00] 6'])];
fails 'two places differ: both are shown, with what is around them', \@text,
    out  => [map {"[  -  ] line $_"} 1 .. 20],
    runs => [run_of([map { $_ == 4 ? '[  -  ] four' : $_ == 15 ? () : "[  -  ] line $_" } 1 .. 20])],
    says => [qr/at line 2:\n.*\] line 2\n.*\] line 3\n.*- .*line 4\n.*\+ .*four\n.*\] line 5\n.*\] line 6\n/s,
        qr/at line 13:\n.*line 14\n.*- .*line 15\n.*line 16\n/s],
    never => [qr/line (?:1|7|8|12|18)\n/];

fails 'it crashes', \@end, judged => 1, @a, runs => [run_of(['[ 0.00] a'], signal => 11), $a],
    says => [qr/it crashed: signal 11, /];
fails 'it aborts', \@end, judged => 1, @a, runs => [run_of(['[ 0.00] a'], signal => 6, err => "oh\n")],
    says => [qr/it crashed: signal 6, Abort/, qr/  \+ oh\n/];
fails 'a crash is not the exit status that a shell makes of it', \@end,
    out => ['[ 0.00] a', 'exit 139'], runs => [run_of(['[ 0.00] a'], signal => 11)], says => [qr/it crashed/];
fails 'a wrong exit status', \@end, judged => 1, @a, runs => [run_of(['[ 0.00] a'], exit => 3), $a],
    says => [qr/its exit status is 3, and should be 0/];
fails 'another exit status', \@end, judged => 1, out => ['[ 0.00] a', 'exit 4'],
    runs => [run_of(['[ 0.00] a'], exit => 3)], says => [qr/its exit status is 3, and should be 4/];
fails 'no error where one is recorded', \@end, out => ['[ 0.00] a', 'exit 4'], runs => [$a],
    says => [qr/its exit status is 0, and should be 4/];
passes 'the recorded exit status', out => ['[ 0.00] a', 'exit 3'], runs => [run_of(['[ 0.00] a'], exit => 3)];
passes 'the recorded words on stderr', out => ['[ 0.00] a', '! usage: a', '! ', '!   b', 'exit 2'],
    runs => [run_of(['[ 0.00] a'], err => "usage: a\n\n  b\n", exit => 2)];
fails 'unexpected words on stderr', \@end, judged => 1, @a, runs => [run_of(['[ 0.00] a'], err => "oh\x1b[31m\n")],
    says => [qr/on stderr it should print nothing\n/, qr/  \+ oh\\x1b\[31m\n/];
fails 'other words on stderr', \@end, out => ['! usage: a'], runs => [run_of([], err => "usage: b\n")],
    says => [qr/  - usage: a\n.*  \+ usage: b\n/s];
fails 'no words on stderr', \@end, out => ['! usage: a'], runs => [run_of([])],
    says => [qr/  - usage: a\n/, qr/and printed nothing\n/];
fails 'it leaves a process running', \@end, judged => 1, @a, runs => [run_of(['[ 0.00] a'], child => 1)],
    says => [qr/left a process running/], tap => qr/^ok 2 .*# SKIP it ended wrong/m;
fails 'it cannot be started', \@all, judged => 1, @a, runs => [run_of([], not_started => 2)],
    says => [qr/cannot be started: No such file/];

# --- 2. Early by more than 15 ms is final ---

passes 'early by 0.01 s', out => \@ab, runs => [run_of(['[ 0.00] a', '[ 0.29] b'])];
fails 'early by 0.02 s', \@time, judged => 1, out => \@ab, runs => [run_of(['[ 0.00] a', '[ 0.28] b']), $ab],
    says => [qr/  \[ 0\.28\] b   \(expected at 0\.30: 0\.02 s early\)\n/];
fails 'early in the second run', \@time, judged => 2, out => \@ab,
    runs => [run_of(['[ 0.00] a', '[ 0.50] b']), run_of(['[ 0.00] a', '[ 0.28] b']), $ab];
passes 'a stamp that is 15 ms ahead of the clock', out => \@ab, runs => [run_of(['[ 0.00] a', ['[ 0.30] b', at => 0.285]])];
fails 'a stamp that is 16 ms ahead of the clock', \@time, judged => 1, out => \@ab,
    runs => [run_of(['[ 0.00] a', ['[ 0.30] b', at => 0.284]])],
    says => [qr/  \[ 0\.30\] b   \(it came 0\.28 s after the start: a false stamp\)\n/];
fails 'many are early', \@time, out => [('[ 5.00] x') x 1000], runs => [run_of([('[ 0.00] x') x 1000])],
    says => [qr/\[ 0\.00\] x   \(expected at 5\.00: 5\.00 s early\)/, qr/^#   \.\.\.$/m];

# --- 3. Late by more than is allowed, in each of seven runs ---

# b is late by so much, in ms; %run: what the kernel says.
sub late { my ($ms, %run) = @_; return run_of(['[ 0.00] a', sprintf '[%5.2f] b', 0.3 + $ms / 1000], %run) }

passes 'late by 80 ms', out => \@ab, runs => [late(80)], judged => 1;
fails 'late by 90 ms', \@time, judged => 7, out => \@ab, runs => [late(90)],
    says => [qr/  \[ 0\.39\] b   \(expected at 0\.30: 0\.09 s late, and 0\.08 s are allowed\)\n/,
        qr/the best of 7 runs/],
    never => [qr/\] a/];
passes 'late in six runs, not in the seventh', out => \@ab, runs => [(late(400)) x 6, $ab], judged => 7,
    tap => qr/^ok 2 .*looked at more than once/m;
passes 'each line is late once', out => \@abc, judged => 2,
    runs => [run_of(['[ 0.00] a', '[ 0.60] b', '[ 0.60] c']), run_of(['[ 0.00] a', '[ 0.30] b', '[ 0.90] c'])];
fails 'the best of its runs is told', \@time, out => \@ab, runs => [late(400), late(200), late(300)], says => [qr/0\.20 s late/];

my $none = 0.02; # what any program waits for a processor
passes 'late by 100 ms, as the kernel explains',   out => \@ab, runs => [late(100, waited => $none + 0.02)];
fails 'by 1 ms less it does not', \@time, judged => 7, out => \@ab, runs => [late(100, waited => $none + 0.019)],
    says => [qr/0\.10 s late, and 0\.10 s are allowed/];
passes 'late by 180 ms, the most that it explains', out => \@ab, runs => [late(180, waited => 9)];
fails 'late by 190 ms', \@time, out => \@ab, runs => [late(190, waited => 9)], says => [qr/0\.18 s are allowed/];
fails 'late by 100 ms, as its reader waited', \@time, out => \@ab, runs => [late(100, reader => 9)];
passes 'after 1.60 s an eighth of it may be explained', out => ['[ 0.00] a', '[ 1.60] b'],
    runs => [run_of(['[ 0.00] a', '[ 1.88] b'], waited => 9)];
fails 'but no more', \@time, out => ['[ 0.00] a', '[ 1.60] b'], runs => [run_of(['[ 0.00] a', '[ 1.89] b'], waited => 9)];
passes 'after 0.80 s an eighth of it is as much', out => ['[ 0.00] a', '[ 0.80] b'],
    runs => [run_of(['[ 0.00] a', '[ 0.98] b'], waited => 9)];
passes 'without an account of the kernel the most is allowed', out => \@ab, runs => [late(180, unknown => 1)];
fails 'and is told', \@time, out => \@ab, runs => [late(190, unknown => 1)], says => [qr/does not tell how long/];

# The arrival of b, in ms behind its stamp.
sub behind { my ($ms, %how) = @_; return run_of([['[ 0.00] a', at => 0.004], ['[ 0.30] b', at => 0.304 + $ms / 1000, %how], ['[ 0.60] c', at => 0.604]]) }

passes 'it arrives 80 ms after its stamp', out => \@abc, runs => [behind(80)];
fails 'it arrives 85 ms after its stamp', \@time, judged => 7, out => \@abc, runs => [behind(85)],
    says => [qr/\[ 0\.30\] b   \(came 0\.0\d s after its stamp, and 0\.08 s are allowed\)/];
passes 'it arrives 150 ms late, as its reader waited', out => \@abc, runs => [behind(150, waited => 0.03, reader => 0.07)];
fails 'but not longer than that', \@time, out => \@abc, runs => [behind(161, waited => 0.03, reader => 0.06)];
fails 'all lines come at the end, with stamps from before', \@time, judged => 7, out => \@ab,
    runs => [run_of([['[ 0.00] a', at => 0.3], ['[ 0.30] b', at => 0.3]])],
    says => [qr/\[ 0\.00\] a   \(came 0\.30 s after its stamp/];
passes 'lines without a time come when they come', out => ['[ 0.00] a', '[  -  ] b', '[  -  ] c'],
    runs => [run_of(['[ 0.00] a', ['[  -  ] b', at => 4], ['[  -  ] c', at => 9]])];

# --- 4. Order: a swap may be noise when the line that is overtaken is late by the gap ---

my @apart = ('[ 0.00] a', '[ 0.10] b', '[ 0.20] c');

fails 'lines with the same stamp change places', \@text, judged => 1,
    out => ['[ 0.00] a', '[ 0.00] b', '[ 0.00] c'], runs => [run_of(['[ 0.00] a', '[ 0.00] c', '[ 0.00] b'])],
    says => [qr/in another order/, qr/  - \[ 0\.00\] [bc]\n/, qr/  \+ \[ 0\.00\] [bc]\n/];
passes 'lines change places once, perhaps by noise', out => \@apart, judged => 2,
    runs => [run_of(['[ 0.00] a', '[ 0.20] c', '[ 0.20] b']), run_of(\@apart)];
passes 'as above, 10 ms less late', out => \@apart, judged => 2,
    runs => [run_of(['[ 0.00] a', '[ 0.19] c', '[ 0.19] b']), run_of(\@apart)];
fails 'not late enough for noise', \@text, judged => 1, out => \@apart,
    runs => [run_of(['[ 0.00] a', '[ 0.18] c', '[ 0.18] b']), run_of(\@apart)],
    says => [qr/in another order/], never => [qr/early/];
fails 'lines change places each time', \@text, judged => 7, out => \@apart,
    runs => [run_of(['[ 0.00] a', '[ 0.20] c', '[ 0.20] b'])], says => [qr/in another order/, qr/  - \[ 0\.10\] b\n/];
fails 'lines change places, and one is early', \@text, judged => 1, out => \@abc,
    runs => [run_of(['[ 0.00] a', '[ 0.40] c', '[ 0.60] b'])],
    says => [qr/in another order/, qr/\[ 0\.40\] c   \(expected at 0\.60: 0\.20 s early/];
fails 'a line without a time changes places', \@text, judged => 1, out => ['[ 0.00] a', '[  -  ] b', '[ 0.10] c'],
    runs => [run_of(['[ 0.00] a', '[ 0.10] c', '[  -  ] b'])], says => [qr/  - \[  -  \] b\n/];
for my $more (0, 1) { # than the 2,000 in which swaps are looked for
    my @many = ('[ 0.00] b', '[ 0.50] c', ('[ 0.60] x') x (1998 + $more));
    my @swapped = ('[ 0.50] c', '[ 0.50] b', @many[2 .. $#many]);
    ($more ? \&fails : \&passes)->(scalar(@many) . ' lines, of which two change places', $more ? \@text : (),
        out => \@many, runs => [run_of(\@swapped), run_of(\@many)], judged => 2 - $more);
}

# --- 5. A hang: one retry, and none for a student ---

my $hangs = run_of(['[ 0.00] a'], hang => 1, signal => 9, took => 12);

fails 'it hangs', \@all, judged => 2, out => \@ab, runs => [$hangs],
    says => [qr/did not end within 12\.0 s, and was ended: it hangs/, qr/- \[ 0\.30\] b$/m];
fails 'it hangs after its last line', [2, 3], judged => 2, @a, runs => [$hangs], says => [qr/it hangs/], never => [qr/other lines/];
passes 'it hangs once', out => \@ab, runs => [$hangs, $ab], judged => 2;
fails 'it hangs twice', \@all, judged => 3, out => \@ab, runs => [$hangs, late(400), $hangs, $ab];
fails 'it prints without end', \@all, judged => 2, @a, runs => [run_of(['y' x 2_000_000], hang => 1, signal => 9)],
    says => [qr/it printed 2000001 bytes and was ended: it prints without end/];

# --- 7. Hidden time: 0.3 s from start to end that no stamp tells of ---

passes 'it starts and ends slowly, but not very', @a, runs => [run_of(['[ 0.00] a'], start => 0.1, took => 0.3)];
fails 'it waits before its first line', \@time, judged => 7, @a, runs => [run_of(['[ 0.00] a'], start => 0.301)],
    says => [qr/0\.30 s more than its last line says/, qr/^.{0,80}waits unseen.{0,30}$/m, qr/0\.30 s are allowed here/];
fails 'it waits after its last line', \@time, judged => 7, out => \@ab, runs => [run_of(\@ab, took => 0.61)];
fails 'after a line without a time it counts from its arrival', \@time, out => ['[ 0.00] a', '[  -  ] b'],
    runs => [run_of(['[ 0.00] a', ['[  -  ] b', at => 2]], took => 2.31)];
passes 'it waited for a processor before its first line', @a, runs => [run_of(['[ 0.00] a'], start => 1.28, waited => 1)];
fails 'not as long as that', \@time, @a, runs => [run_of(['[ 0.00] a'], start => 1.281, waited => 1)];
passes 'its reader waited, which is excused up to 100 ms', @a, runs => [run_of(['[ 0.00] a'], start => 0.4, reader => 9)];
fails 'and no longer', \@time, @a, runs => [run_of(['[ 0.00] a'], start => 0.401, reader => 9)];
fails 'without an account of the kernel 0.4 s are allowed', \@time, @a, runs => [run_of(['[ 0.00] a'], start => 0.401, unknown => 1)];
fails 'it did so between its lines', \@time, out => \@ab,
    runs => [run_of([[$ab[0], waited => 0], [$ab[1], waited => 9]], took => 0.61, waited => 9)];

# --- 8. Stalls: a run that is wrong beside one is told and repeated ---

my $wrong = run_of(['[ 0.00] x'], exit => 3);
sub stalled { my ($lines, %run) = @_; return run_of($lines, stalled => 0.05, %run) }
my @wrong_beside_stall = map { stalled(['[ 0.00] x'], exit => 3, $_ => 0.05) } qw(stalled throttled);
my $says_stalls = qr/# story: the machine stood still in (\d+) of (\d+) runs\n/;

for my $what (qw(stalled throttled)) {
    passes "$what for 50 ms: any fault but a crash is not counted", out => \@ab, judged => 2,
        runs => [run_of(['[ 0.00] x'], exit => 3, err => "oh\n", $what => 0.05), $ab], says => [$says_stalls];
    fails "$what for 49 ms: it is", [1, 2, 3], judged => 1, out => \@ab,
        runs => [run_of(['[ 0.00] x'], exit => 3, $what => 0.049), $ab], never => [$says_stalls];
}
passes 'a right run beside a stall', out => \@ab, runs => [stalled(\@ab)], judged => 1;
passes '14 stalls', out => \@ab, runs => [(@wrong_beside_stall) x 7, $ab], judged => 15, says => [qr/in 14 of 15 runs/];
fails '15 stalls', [1, 2, 3], out => \@ab, runs => [(@wrong_beside_stall) x 8, $ab], judged => 15;
fails 'text that is wrong beside a stall, and without', \@text, judged => 2, out => \@ab,
    runs => [stalled(['[ 0.00] x']), run_of(['[ 0.00] x'])];
fails 'a crash beside a stall', [3], judged => 1, @a, runs => [stalled(['[ 0.00] a'], signal => 11), $a], says => [qr/it crashed/];
fails "$_ beside a stall", [3], judged => 1, @a, runs => [stalled(['[ 0.00] a'], exit => 1, err => "$_\n"), $a]
    for '==1==ERROR: AddressSanitizer: bad', 'x.c:3: runtime error: no', '==4711== Invalid read';
fails 'order, but for a run beside a stall', \@text, judged => 8, out => \@apart,
    runs => [stalled(\@apart, exit => 3), run_of(['[ 0.00] a', '[ 0.20] c', '[ 0.20] b'])];
fails 'a time that is right beside a stall only', \@time, judged => 8, out => \@ab, runs => [stalled(\@ab, exit => 3), late(400)];
fails 'lines that are late beside stalls', \@time, judged => 21, out => \@ab, runs => [late(400, stalled => 1)];
passes 'stalls do not use up the runs', out => \@ab, judged => 9,
    runs => [(late(400)) x 3, late(400, stalled => 1), late(400, throttled => 1), (late(400)) x 3, $ab];

# --- 9. Measurements: what is recorded, what is printed, and whether that is the same ---

my @measurements = (
    ['5 collisions',           '71234 collisions',   1],
    ['5 collisions',           '5 collision',        0],
    ['0 collisions',           '0 collisions',       1],
    ['0 collisions',           '00 collisions',      1],
    ['0 collisions',           '1 collisions',       0],
    ['3 collisions',           '0 collisions',       0],
    ['1,234,567 bytes',        '12 bytes',           1],
    ['0 bytes',                '1,000 bytes',        0],
    ['1,23 or so',             '45 or so',           0],
    ['3.9 times as fast',      '12.75 times as fast', 1],
    ['0.0 s',                  '1.5 s',              1],
    ['7 s',                    '1.5 s',              1],
    ['0 s',                    '0.5 s',              0],
    ['-5 degrees',             '7 degrees',          1],
    ['-0 degrees',             '0 degrees',          1],
    ['-5 degrees',             '0 degrees',          0],
    ['8kB read',               '9kB read',           0],
    ['sha256: 5',              'sha512: 5',          0],
    ['sha256: 5',              'sha256: 6',          1],
    ['file_1: 5',              'file_2: 5',          0],
    ['5 of 10 (50%)',          '9 of 12 (75%)',      1],
    ['5 of 10',                '5 of ten',           0],
    ['5',                      '5 and more',         0],
    ['CPU time: little',       'CPU time: all',      0],
);

for (@measurements) {
    my ($recorded, $printed, $same) = @$_;
    my %case = (out => ["~ $recorded"], runs => [run_of(["~ $printed"])], judged => 1);
    if ($same) {
        passes qq(measured: "$recorded" is like "$printed"), %case;
    } else {
        fails qq(measured: "$recorded" is not "$printed"), \@text, %case, says => [qr/  \+ ~ \Q$printed\E\n/];
    }
}

# --- The rule as a whole, on 20,000 random programs and their noise ---

my $judge_noise = compiled('judge_noise', map({"check/$_"} qw(judge recording run account)), 'timeline/line', 'catalog', 'die');
for my $property (qw(noise fault)) {
    my $is = run([$judge_noise, $property, 10_000, $ENV{SEED} // 1]);
    is($is->{status}, 0, "$property: 10,000 are judged rightly") || diag($is->{out}, $is->{err});
}

# --- Strange ---

my $bytes = join '', map {chr} grep { $_ != 10 } 0 .. 255;

passes 'all bytes', file => "[ 0.00] $bytes\n", runs => [run_of(["[ 0.00] $bytes"])];
fails 'all bytes, one of them wrong', \@text, file => "[ 0.00] a\n[ 0.00] $bytes\n[ 0.00] z\n",
    runs => [run_of(['[ 0.00] a', "[ 0.00] \0$bytes", '[ 0.00] z'])],
    says => [qr/- \[ 0\.00\] \\x00\\x01/, qr/\+ \[ 0\.00\] \\x00\\x00\\x01/, qr/\\x1b.*~\\x7f/, qr/  \[ 0\.00\] z\n/];
# --- The environment of the rule ---

passes 'TIMING=off: a late line passes', out => \@ab, runs => [late(400)], judged => 1, env => {TIMING => 'off'},
    tap => qr/^ok 2 - .* # SKIP TIMING=off/m;
fails 'TIMING=off: another text does not', [1], env => {TIMING => 'off'}, @a, runs => [run_of(['[ 0.00] b'])];
fails 'TIMING=off: another end does not', \@end, env => {TIMING => 'off'}, @a, runs => [run_of(['[ 0.00] a'], exit => 1)];
fails 'TIMING=off: another order does not', [1], env => {TIMING => 'off'}, judged => 7,
    out => \@apart, runs => [run_of(['[ 0.00] a', '[ 0.20] c', '[ 0.20] b'])];
fails 'TIMING=on is nothing special', \@time, out => \@ab, runs => [late(90)], env => {TIMING => 'on'};
passes 'SLOW=3: late by 240 ms', out => \@ab, runs => [late(240)], env => {SLOW => 3};
fails 'SLOW=3: late by 250 ms', \@time, out => \@ab, runs => [late(250)], env => {SLOW => 3}, says => [qr/0\.24 s are allowed/];
fails 'SLOW=3: early by 20 ms', \@time, out => \@ab, runs => [late(-20)], env => {SLOW => 3}, judged => 1;

# --- Recordings and programs that are none ---

my @malformed = (
    ['is empty',                   '',                          qr/is empty/],
    ['has no newline at its end',  "[ 0.00] a\n[ 0.00] b",      qr/line 2: .*no newline/],
    ['has a line with no stamp',   "[ 0.00] a\nb\n",            qr/line 2: .*no line that say/],
    ['has an empty line',          "[ 0.00] a\n\n[ 0.00] b\n",  qr/line 2: .*no line that say/],
    ['has a strange stamp',        "[0.00] a\n",                qr/line 1: .*no line that say/],
    ['is binary',                  "\x7fELF\0\1\2\n",           qr/line 1: .*no line that say/],
    ['has stdout after stderr',    "! a\n[ 0.00] b\n",          qr/line 2: .*stdout come before/],
    ['has text after the exit',    "exit 1\n[ 0.00] b\n",       qr/line 2: .*follows the exit/],
    ['has two exits',              "exit 1\nexit 2\n",          qr/line 2: .*follows the exit/],
    ['says exit 0',                "[ 0.00] a\nexit 0\n",       qr/line 2: .*from 1 to 255/],
    ['says exit 999',              "[ 0.00] a\nexit 999\n",     qr/line 2: .*from 1 to 255/],
    ['says exit -1',               "[ 0.00] a\nexit -1\n",      qr/line 2: .*from 1 to 255/],
    ['says exit 1x',               "[ 0.00] a\nexit 1x\n",      qr/line 2: .*from 1 to 255/],
    ['says exit and no number',    "[ 0.00] a\nexit \n",        qr/line 2: /],
    ['is not there',               undef,                       qr/story\.out cannot be read: No such file/],
);

for (@malformed) {
    my ($fault, $file, $says) = @$_;
    fails "a recording that $fault", [1], points => 1, judged => 0, file => $file, says => [$says];
}

# Check itself says why not: a sentence, nothing on stdout, status 2.
sub refused {
    my ($name, $says, $words, %case) = @_;
    later(\%case, sub {
        my ($is) = @_;
        subtest "refused: $name" => sub {
            is($is->{status}, 2, 'status 2');
            is($is->{out}, '', 'nothing on stdout');
            like($is->{err}, $says, 'a sentence');
            is(() = $is->{err} =~ /\n/g, 1, 'of one line');
        };
    }, @$words);
}

my $story = write_file("$home/story.out", "[ 0.00] a\n");
refused 'no arguments',    qr/\Ausage: check /, [];
refused "$_",              qr/\Ausage: check /, [$_] for qw(--help --record --student --save --replay);
refused 'two at once',     qr/\Ausage: check /, ['--record', '--student', 'a.out'];
refused 'no .out file',    qr/is no \.out file/, ['lessons/05-chores/chores_sync'];
refused 'no lesson',       qr/is no \.out file in a lesson/, ['chores_sync.out'];
refused "SLOW=$_",         qr/SLOW is .*, not "$_"/, ['a.out', 'true'], env => {SLOW => $_} for qw(fast 0 3x nan);
refused 'TIMING=of',       qr/TIMING is .*, not "of"/, ['a.out', 'true'], env => {TIMING => 'of'};
refused 'runs that are not there', qr/cannot read .*none: No such file/, ['--replay', "$home/none", $story];
refused 'a file that no run can be saved in', qr{cannot write /dev/null/runs: Not a directory},
    ['--save', '/dev/null/runs', '--replay', 'data', $story], runs => [$a];
for (['nothing', '', qr/no run/], ['a line of another file', "[ 0.00] a\n", qr/no line of a saved run: \[ 0\.00\] a/],
    ['half a run', "run\nout 0 0 0 x\n", qr/\(the end\)/], ['no number', "run\nout 0 0 [ 0.00] a\n", qr/no line/],
    ['a byte that is none', "run\nout 0 0 0 a\\y\n", qr/no line/], ['a strange end', "run\nexit 256\n", qr/no line/]) {
    my ($name, $runs, $says) = @$_;
    refused "to replay $name", $says, ['--replay', 'data', $story], runs => [$runs];
}

# The Nth allocation fails, by a library in front of libc's.
if ($^O eq 'linux' && !$ENV{SANITIZE}) {
    my $starved = "$home/starved.so";
    my $cc      = $ENV{CC} || 'cc';
    system("$cc -shared -fPIC -o $starved tests/bench/starved.c -ldl") == 0 or die "check.t: cannot build starved.c\n";
    my @faults;
    for my $number (1 .. 40) {
        later({out => ['[ 0.00] a'], runs => [$a], env => {LD_PRELOAD => $starved, FAIL_AT => $number}}, sub {
            my ($is) = @_;
            push @faults, "allocation $number: status $is->{status}, $is->{err}"
                if $is->{status} != 0 && ($is->{status} != 2 || $is->{err} !~ /\Acheck: [^\n]*memory[^\n]*\n\z/)
                && $is->{err} !~ /\A# story:\n#   story\.out cannot be read: Cannot allocate memory\n/;
            no_complaints('without memory: a sentence', @faults) if $number == 40;
        }, @replay);
    }
}

# --- For a student: a verdict in words on stdout, soon, and no TAP ---

my @for_students = (
    ['right', 0, qr/\APassed: .*\n\z/, 1, \@abc, $abc],
    ['other lines', 1, qr/\ANot yet:\n.*expected, \+ yours.*- \[ 0\.00\] a\n.*\+ .* b\n/s, 1,
        ['[ 0.00] a'], run_of(['[ 0.00] b'])],
    ['late', 1, qr/\ANot yet:\n  .*\[ 0\.60\] b   \(expected at 0\.30: 0\.30 s late\)\n.*need not wait for/s, 3, \@ab, late(300)],
    ['late, but not in the third run', 0, qr/\APassed/, 3, \@ab, late(300), late(300), $ab],
    ['many are late', 1, qr/\A(?:.*\n){4}  \.\.\.\n/, 3, [('[ 0.00] x') x 9], run_of([('[ 0.20] x') x 9])],
    ['early', 1, qr/\[ 0\.28\] b   \(expected at 0\.30: 0\.02 s early\)\n.*does not wait/s, 1, \@ab, late(-20)],
    ['hang', 1, qr/did not end within .*anything is active/s, 1, ['[ 0.00] a'], $hangs, $a],
    ['crash', 1, qr/it crashed: signal 11.*A pointer that was never set/s, 1, ['[ 0.00] a'], run_of(['[ 0.00] a'], signal => 11, child => 1)],
    ['undefined behaviour', 1, qr/it crashed: signal 4.*an index outside of its array/s, 1, ['[ 0.00] a'], run_of(['[ 0.00] a'], signal => 4)],
    ['abort without a word', 1, qr/a file that is closed already/, 1, ['[ 0.00] a'], run_of(['[ 0.00] a'], signal => 6)],
    ['a sanitizer', 1, qr/runtime error.*names your file/s, 1, ['[ 0.00] a'],
        run_of(['[ 0.00] a'], exit => 1, err => "x.c:3: runtime error: no\n")],
    ['a sanitizer that names the file', 1, qr/names your file tells where/, 1, ['[ 0.00] a'],
        run_of(['[ 0.00] a'], exit => 1, err => "exercise.c:3: runtime error: no\n")],
    ['many lines are missing', 1, qr/^    - \[ 0\.00\] 7\n    - \.\.\.\n    \+ \[ 0\.00\] b\n/m, 1,
        ['[ 0.00] a', map({"[ 0.00] $_"} 1 .. 12)], run_of(['[ 0.00] a', '[ 0.00] b'])],
    ['it says why', 1, qr/  \+ x: cannot.*says why on stderr/s, 1, ['[ 0.00] a', '[ 0.00] b'],
        run_of(['[ 0.00] a'], exit => 1, err => "x: cannot do it: no\n")],
    ['closed twice', 1, qr/a handle was closed that is closed already/, 1, ['[ 0.00] a'],
        run_of(['[ 0.00] a'], signal => 6, err => "uv_close: Assertion `!uv__is_closing(handle)' failed.\n")],
    ['many other words', 1, qr/Go through your program by hand/, 1, ['[ 0.00] a', '[ 0.00] b', '[ 0.00] c'],
        run_of(['[ 0.00] d', '[ 0.00] e', '[ 0.00] f'])],
    ['a wrong time beside a wrong line', 1, qr/^ +\[ 0\.30\] a   \(expected at 0\.00\)$/m, 1,
        ['[ 0.00] a', '[ 0.40] b'], run_of(['[ 0.00] c', '[ 0.30] a'])],
    ['open handle', 1, qr/left a handle open: timer.*the loop ended before/s, 1, ['[ 0.00] a'],
        run_of(['[ 0.00] a'], exit => 1, err => "exercise: left a handle open: timer\n")],
    ['another order', 1, qr/right lines in another order.*- \[ 0\.00\] [ab]\n.*waits for something/s, 1,
        ['[ 0.00] a', '[ 0.00] b', '[ 0.00] c'], run_of(['[ 0.00] b', '[ 0.00] a', '[ 0.00] c'])],
    ['a line is missing', 1, qr/other lines.*- \[ 0\.30\] b\n.*Lines are missing/s, 1, \@ab, $a],
    ['a line too many', 1, qr/other lines.*\+ \[ 0\.30\] b\n.*lines too many/s, 1, ['[ 0.00] a'], $ab],
    ['a blank too many', 1, qr/- \[ 0\.00\] a\n.*\+ \[ 0\.00\] a\\x20\n.*A few words differ/s, 1, ['[ 0.00] a'], run_of(['[ 0.00] a '])],
    ['another prediction', 1, qr/\A(?!.*right one)(?!.*\bb\n).*prediction: wrong\n.*not right yet/s, 1,
        ['[ 0.00] prediction: right one', '[ 0.00] b'], run_of(['[ 0.00] prediction: wrong', '[ 0.00] a'])],
    ['no prediction', 1, qr/\A(?!.*right one).*  \[ 0\.00\] a\n.*or not in the form/s, 1,
        ['[ 0.00] prediction: right one', '[ 0.00] b'], $a],
    ['a prediction in another form', 1, qr/\A(?!.*Tea, Egg).*prediction: egg tea 2s\n.*right, but not in the form/s, 1,
        ['[ 0.00] prediction: Egg, Tea, 2.00 s', '[ 0.00] b'], run_of(['[ 0.00] prediction: egg tea 2s', '[ 0.00] a'])],
    ['a prediction of another order', 1, qr/not right yet/, 1,
        ['[ 0.00] prediction: Egg, Tea, 2.00 s', '[ 0.00] b'], run_of(['[ 0.00] prediction: Tea, Egg, 2.00 s', '[ 0.00] b'])],
    ['a prediction of another time', 1, qr/not right yet/, 1,
        ['[ 0.00] prediction: Egg, 2.00 s', '[ 0.00] b'], run_of(['[ 0.00] prediction: Egg, 2.50 s', '[ 0.00] b'])],
    ['half a prediction', 1, qr/not right yet/, 1,
        ['[ 0.00] prediction: Egg, Tea', '[ 0.00] b'], run_of(['[ 0.00] prediction: Egg', '[ 0.00] b'])],
    ['a prediction that is right', 1, qr/- \[ 0\.00\] b\n.*\+ .* a\n/s, 1,
        ['[ 0.00] prediction: 3', '[ 0.00] b'], run_of(['[ 0.00] prediction: 3', '[ 0.00] a'])],
    ['four stalls', 1, qr/A few words differ/, 4, ['[ 0.00] a'], map({ stalled(['[ 0.00] x']) } 1 .. 4), $a],
    ['three stalls', 0, qr/Passed/, 4, ['[ 0.00] a'], map({ stalled(['[ 0.00] x']) } 1 .. 3), $a],
    ['no recording', 1, qr/story\.out cannot be read/, 0, undef],
);

for (@for_students) {
    my ($name, $status, $says, $judged, $out, @runs) = @$_;
    later({$out ? (out => $out, runs => \@runs) : (file => undef)}, sub {
        my ($is) = @_;
        subtest "for a student: $name" => sub {
            is($is->{status}, $status, 'the status');
            like($is->{out}, $says, 'the words');
            unlike($is->{out}, qr/ok 1|[^\n\x20-\x7e]/, 'no TAP, no raw bytes');
            is($is->{err}, '', 'nothing on stderr');
            is($is->{judged}, $judged, 'as many runs');
        };
    }, '--student', @replay);
}

# The mistakes, by which a hint is chosen.
my @mistakes = (
    ['none', '', ['[ 0.00] a'], run_of(['[ 0.00] a'])],
    ['late', "late\n", \@ab, late(300)],
    ['early', "early\n", \@ab, late(-20)],
    ['hang', "hang\n", ['[ 0.00] a'], $hangs],
    ['crash', "crash\n", ['[ 0.00] a'], run_of(['[ 0.00] a'], signal => 11, child => 1)],
    ['open handle', "left open\nexit status\n", ['[ 0.00] a'],
        run_of(['[ 0.00] a'], exit => 1, err => "exercise: left a handle open: timer\n")],
    ['order', "order\n", ['[ 0.00] a', '[ 0.00] b', '[ 0.00] c'], run_of(['[ 0.00] b', '[ 0.00] a', '[ 0.00] c'])],
    ['other lines', "words\nmissing: b\nextra: c\n", ['[ 0.00] a', '[ 0.00] b'], run_of(['[ 0.00] c', '[ 0.00] a'])],
    ['twice', "words\nextra: a\n", ['[ 0.00] a', '[ 0.00] b'], run_of(['[ 0.00] a', '[ 0.00] b', '[ 0.00] a'])],
    ['a prediction, and a line', "prediction\nmissing: b\n", ['[ 0.00] prediction: 1', '[ 0.00] b'], run_of(['[ 0.00] prediction: 2'])],
    ['its form', "form\n", ['[ 0.00] prediction: Tea', '[ 0.00] b'], run_of(['[ 0.00] prediction: tea.', '[ 0.00] b'])],
);
for (@mistakes) {
    my ($name, $mistakes, $out, @runs) = @$_;
    later({out => $out, runs => \@runs}, sub {
        my ($is) = @_;
        is(read_file("$is->{dir}/mistakes"), $mistakes, "mistakes: $name");
    }, '--student', '--mistakes', 'mistakes', @replay);
}

# --- 6. Recording: the smallest stamps of five runs; first of data ---

# Record into rec/a.out, where $case{old} stands until then. Beside what others are given, $look
# gets `recording`, its `mode`, and `files`, all that is in rec/.
sub record {
    my ($name, $look, %case) = @_;
    later(\%case, sub {
        my ($is) = @_;
        my $rec = "$is->{dir}/rec";
        opendir my $files, $rec or die "$rec: $!";
        my %is = (%$is, recording => read_file("$rec/a.out"), mode => (stat "$rec/a.out")[2],
            files => join ' ', sort grep { !/^\.\.?$/ } readdir $files);
        subtest $name => sub { $look->(\%is) };
    }, '--record', $case{runs} ? qw(--replay data) : (), 'rec/a.out', $case{program} // 'x');
}

my @run = map { [@$_, '[  -  ] d'] } ['[ 0.00] a', '[ 0.32] b', '[ 0.61] c'],
    (['[ 0.00] a', '[ 0.31] b', '[ 0.66] c']) x 3, ['[ 0.00] a', '[ 0.30] b', '[ 0.65] c'];
record 'recording: the smallest stamps of five runs without a stall' => sub {
    my ($is) = @_;
    is($is->{status}, 0, 'status 0');
    is($is->{recording}, lines('[ 0.00] a', '[ 0.30] b', '[ 0.61] c', '[  -  ] d', '~ 5 times'), 'what is recorded');
    is($is->{files}, 'a.out', 'no other file is left');
    is($is->{mode} & 07777, 0644, 'all may read it');
    like($is->{out}, qr/a\.out: new, 5 lines/, 'what it says');
    is($is->{err}, '', 'nothing on stderr');
}, runs => [run_of([@{ $run[0] }, '~ 5 times']), stalled(['[ 0.00] x']),
    (map { run_of([@$_, '~ 6 times']) } @run[1 .. 4]), run_of(['[ 0.00] never looked at'])], old => undef;
record 'recording anew: the same again' => sub {
    like($_[0]{out}, qr/a\.out: unchanged/, 'it says so');
}, old => "[ 0.00] a\n", runs => [$a];
record 'recording anew' => sub {
    my ($is) = @_;
    is($is->{recording}, lines('[ 0.00] b', '! oh', '! ', '! no', 'exit 3'), 'the old recording is replaced');
    like($is->{out}, qr/^-\[ 0\.00\] a\n\+\[ 0\.00\] b\n/m, 'what changed is shown');
    is($is->{files}, 'a.out', 'no other file is left');
}, old => "[ 0.00] a\n", runs => [run_of(['[ 0.00] b'], err => "oh\n\nno\n", exit => 3)];

my $later_b = run_of(['[ 0.00] a', '[ 0.00] b']);
my @not_recorded = (
    ['it crashes', qr/Segmentation fault/, runs => [run_of(['[ 0.00] a'], signal => 11)]],
    ['it crashes in the last run', qr/Abort/, runs => [($a) x 4, run_of(['[ 0.00] a'], signal => 6)]],
    ['it leaves a child', qr/leaves a process/, runs => [run_of(['[ 0.00] a'], child => 1)]],
    ['a line without a stamp', qr/a line that say\(\)/, runs => [run_of(['b'])]],
    ['no newline at the end', qr/no newline/, runs => [run_of(['[ 0.00] a'], cut => 1)]],
    ['no newline on stderr', qr/no newline/, runs => [run_of(['[ 0.00] a'], err => 'b')]],
    ['it prints nothing', qr/prints nothing/, runs => [run_of([])]],
    ['it does not end', qr/does not end/, runs => [$hangs]],
    ['no such program', qr/No such file|denied/, program => 'no-such-program'],
    # No file may grow beyond 512 or 1024 bytes.
    ['the disk is full', qr/cannot write/, runs => [run_of([map {"[  -  ] $_"} 1 .. 1000])], limit => 'trap "" XFSZ; ulimit -f 1'],
    ['two runs differ in a line', qr/two runs differ/, runs => [$a, run_of(['[ 0.00] b'])]],
    ['two runs differ in their lines', qr/two runs differ/, runs => [($a) x 4, $later_b]],
    ['two runs differ in their status', qr/two runs differ/, runs => [$a, run_of(['[ 0.00] a'], exit => 1)]],
    ['two runs differ in their stderr', qr/two runs differ/, runs => [$a, run_of(['[ 0.00] a'], err => "b\n")]],
);

for (@not_recorded) {
    my ($name, $says, %case) = @$_;
    record "not recorded: $name" => sub {
        my ($is) = @_;
        is($is->{status}, 2, 'status 2');
        like($is->{err}, qr/^check: cannot /m, 'a sentence');
        like($is->{err}, $says, 'why');
        is($is->{recording}, "[ 0.00] old\n", 'the old recording is still there');
        is($is->{files}, 'a.out', 'no other file is left');
    }, %case, old => "[ 0.00] old\n";
}

start_planned();

# === What makes a run: real programs. What is looked at is what was saved of the first
# run; whatever depends on how long something takes is left to the rule. ===

my $subject = compiled('check_subject', 'lesson');
my $wrapper = compiled('fake_wrapper', 'servers/launch');

# Not so for one that only waits to be reaped, perhaps by an init that doesn't,
# nor if somebody else has got its number by now.
sub is_alive {
    my ($pid) = @_;
    return read_file("/proc/$pid/stat") =~ /\((?:check_subject|fake_wrapper)\) [^Z]/ if $^O eq 'linux';
    return kill(0, $pid) && `ps -o stat= -o comm= -p $pid` =~ /^\s*[^Z\s].*(?:check_subject|fake_wrapper)/;
}

# What the processes of a case wrote down about themselves: 'run', 'child'.
sub pids {
    my ($dir, $who) = @_;
    my @pids = read_file("$dir/log") =~ /^$who (\d+)$/mg;
    return @pids;
}

# Whether all of them come to their end.
sub none_left {
    my ($dir) = @_;
    my $gone = wait_until(sub { !grep { is_alive($_) } pids($dir, '\w+') });
    kill KILL => grep { is_alive($_) } pids($dir, '\w+') unless $gone;
    return ok($gone, 'no process is left');
}

sub seconds { return $_[0] / 1e9 }

# The first run that was saved: its lines as [arrived, waited, reader, text], and the rest.
sub first_run {
    my ($saved) = @_;
    my (undef, $run) = split /^run\n/m, $saved;
    my @lines   = map { [split / /, $_, 4] } $run =~ /^out (.*)$/mg;
    my ($took, $waited, $reader, $stalled, $throttled) =
        $run =~ /^took (\d+) runqueue (\d+) reader (\d+) stalled (\d+) throttled (\d+)$/m;
    return { lines => \@lines, took => seconds($took), waited => seconds($waited),
        stalled => seconds($stalled), throttled => seconds($throttled), text => $run };
}

# Run the subject, and look at its first run: $look->($run, $is). With `long` it goes on
# beside the others, and is looked at last.
my @long;

sub runs_as {
    my ($name, $does, $look, %case) = @_;
    my $program = $case{program} || [$subject, @$does];
    my $job     = begin({@a, %case}, @{ $case{options} || [] }, 'DIR/story.out', @$program);
    my $looks   = sub {
        my $is = end_of($job);
        $look->(first_run($is->{saved}), $is);
        none_left($is->{dir});
        diag($is->{out}, $is->{err}, substr $is->{saved}, 0, 2000) unless Test::More->builder->is_passing;
    };
    return push @long, ["runs: $name", $looks] if $case{long};
    return subtest "runs: $name", $looks;
}

sub texts { return [map { $_->[3] } @{ $_[0]{lines} }] }

runs_as 'lines, stderr, exit status', ['say a', "err oh\nno", 'untimed b', 'exit 3'], sub {
    my ($run) = @_;
    like($run->{lines}[0][3], qr/^\[ 0\.\d\d\] a\\n$/, 'a line of stdout');
    is($run->{lines}[1][3], '[  -  ] b\n', 'another');
    like($run->{text}, qr/^err oh\\n\nerr no\ntook /m, 'stderr');
    like($run->{text}, qr/^exit 3\n\z/m, 'the exit status');
};
runs_as 'all bytes, and the last line cut short', ['nul', 'print ' . $bytes =~ s/\0//r], sub {
    is_deeply(texts($_[0]), [saved($bytes)], 'its line');
};
runs_as 'a crash', ['say a', 'die 11'], sub { like($_[0]{text}, qr/^signal 11$/m, 'the signal') };
runs_as 'no such program', [], sub { like($_[0]{text}, qr/^not-started (?:2|13)$/m, 'why') }, program => ['no-such-program'];
runs_as 'a directory', [], sub { like($_[0]{text}, qr/^not-started 13$/m, 'why') }, program => [$home];
runs_as 'a line is late, as it is', ['say a', 'wait 200', 'untimed b', 'wait 100'], sub {
    my ($run) = @_;
    cmp_ok(seconds($run->{lines}[1][0]), '>=', 0.2, 'it arrives no sooner');
    cmp_ok($run->{lines}[1][0], '>=', $run->{lines}[0][0], 'nor before the other');
    cmp_ok($run->{took}, '>=', 0.3, 'nor does it end sooner');
};
runs_as 'what the kernel says of a program and its children', ['crowd 50', 'say a'], sub {
    plan skip_all => 'no schedstat' if $_[0]{text} =~ /no-schedstat/;
    cmp_ok($_[0]{waited}, '>=', 0.05, 'three on one processor wait for each other');
    cmp_ok(seconds($_[0]{lines}[0][1]), '>=', 0.05, 'as is known when the line arrives');
};
runs_as 'a machine that stands still', ['say a', 'pause-parent 200'], sub {
    cmp_ok($_[0]{stalled}, '>=', 0.15, 'check does, which is the same');
} if $^O eq 'linux';

# What hangs is ended, with all that it has started. (The limit of a student is 3 s and the
# recorded time; of others 10 s and three times that.)
my @hangs = (options => ['--student'], long => 1);
my @children = $^O eq 'linux' ? ('child 90000', 'daemon 90000') : 'child 90000'; # only Linux tells who left the group

sub is_ended {
    my ($least) = @_;
    return sub {
        my ($run) = @_;
        like($run->{text}, qr/^ended-by-us\n(?:left-children\n)?signal 9\n\z/m, 'it is ended');
        cmp_ok($run->{took}, '>=', $least, "after $least s");
    };
}

runs_as 'it ignores signals, has children, and hangs', ['say a', 'deaf', @children, 'hang'], is_ended(3), @hangs;
runs_as 'it hangs, and the recorded time is 1 s', ['say a', 'hang'], is_ended(4), @hangs, out => ['[ 1.00] a'];
runs_as 'it hangs, and prints all the while', ['say a', 'endless 5000'], is_ended(3), @hangs;
runs_as 'it hangs, and has left its process group', ['leave-group', 'say a', 'hang'], is_ended(3), @hangs;
for my $program ('yes', 'yes >&2') {
    my $is = run([$check, '--student', $story, 'sh', '-c', "exec $program"]);
    like($is->{out}, qr/it printed [1-9]\d{6,} bytes and was ended: it prints without end/, "$program is ended");
}
runs_as "it leaves a $_ running", ['say a', $_], sub { like($_[0]{text}, qr/^left-children$/m, 'that is told') }, long => 1 for @children;
runs_as 'a child prints when it has ended', ['say a', 'heir'], sub {
    my ($run) = @_;
    is(scalar @{ $run->{lines} }, 2, 'its line is there');
    like($run->{text}, qr/^left-children$/m, 'it was left');
};

runs_as 'the surroundings are the same everywhere', [], sub {
    is_deeply(texts($_[0]), ['threads: default, io_uring: 0, language: C\n'], 'as they should be, and stdin is empty');
}, env => {UV_THREADPOOL_SIZE => 1, UV_USE_IO_URING => 1, LC_ALL => 'de_DE.UTF-8'},
    program => ['sh', '-c', 'cat; echo "threads: ${UV_THREADPOOL_SIZE-default},'
        . ' io_uring: $UV_USE_IO_URING, language: $LC_ALL"'];

runs_as 'under a tool', ['say a'], sub { is_deeply([split /\n/, read_file("$home/tool.log")], ['-q', $subject], 'which is started') },
    env => {UNDER => write_file("$home/tool", <<"SH", 0755) . '  -q'};
#!/bin/sh
printf '%s\\n' "\$1" "\$2" >$home/tool.log
shift
exec "\$@"
SH

# --- In a wrapper. It tells when it is ready; here it says when, so that we know. ---

my @wrapped = (options => ['--student'], env => {WITH => $wrapper, READY => -1000});
runs_as 'times are from when the wrapper says that it is ready', ['say a'], sub {
    cmp_ok(seconds($_[0]{lines}[0][0]), '>=', 1000, 'it said: 1000 s ago');
    cmp_ok($_[0]{took}, '>=', 1000, 'the end, too');
    is(scalar pids($_[1]{dir}, 'child'), $_[1]{judged}, 'it has started something');
}, @wrapped;
runs_as 'what a wrapper started ends soon after the program', ['say a'], sub {
    unlike($_[0]{text}, qr/left-children/, 'it is waited for');
}, @wrapped;
runs_as 'what a wrapper started does not end', ['say a'], sub {
    like($_[0]{text}, qr/^left-children$/m, 'it was left');
}, env => {WITH => $wrapper, READY => 0, STAYS => 1}, long => 1;
runs_as 'a wrapper cannot start the program', [], sub {
    like($_[0]{text}, qr/^err fake_wrapper: cannot start no-such-program: /m, 'it says so');
}, @wrapped, program => ['no-such-program'];

# --- A limit of the control group, where this may make one ---

# It is removed whenever this ends, if only by the next one that is started (SIGKILL).
my $group;
$SIG{$_} = sub { exit 1 } for qw(INT TERM HUP);
END { my $status = $?; wait_until(sub { rmdir $group || !-e $group }) if $group; $? = $status }

subtest 'runs: a control group that is throttled' => sub {
    my ($v2) = grep { read_file("$_/cgroup.subtree_control") =~ /\bcpu\b/ } qw(/sys/fs/cgroup /sys/fs/cgroup/unified);
    my ($v1) = grep { -w "$_/cgroup.procs" && -e "$_/cpu.cfs_quota_us" } qw(/sys/fs/cgroup/cpu);
    my $above = $v2 // $v1;
    plan skip_all => 'no control group can be made here' unless $above && $> == 0 && mkdir "$above/check-t-$$";
    $group = "$above/check-t-$$";
    rmdir for grep { /(\d+)$/ && !kill 0, $1 } glob "$above/check-t-*";
    my $set = sub { my ($file, $value) = @_; open my $to, '>', "$group/$file" or return 0; print $to $value; close $to };
    ($v2 ? $set->('cpu.max', '2000 100000') : $set->('cpu.cfs_period_us', 100_000) && $set->('cpu.cfs_quota_us', 2_000))
        or diag("no limit: $!");

    # A program that computes until the system says so: where there is much else to do, it
    # may get less than its limit for a while, and nothing is throttled.
    my $throttled = q(
        sub throttled {
            open my $stat, '<', "$ARGV[0]/cpu.stat" or die;
            for (<$stat>) { return $2 / ($1 eq 'usec' ? 1e6 : 1e9) if /^throttled_(usec|time) (\d+)/ }
        }
        my $before = throttled();
        print "[ 0.00] a\n";
        1 until throttled() >= $before + 0.06;
    );
    my $is = check({@a, before => ['sh', '-c', "echo \$\$ >$group/cgroup.procs && exec \"\$@\"", 'sh']},
        '--student', 'DIR/story.out', $^X, '-e', $throttled, $group);
    cmp_ok(first_run($is->{saved})->{throttled}, '>=', 0.05, 'what the group says');
    ok(wait_until(sub { rmdir $group }), 'the group is gone');
    undef $group;
};

# --- When check itself is ended, the program is too, with all that it has started ---

# Start check, which goes on, in a process group of its own. Returns {pid, dir}.
sub start {
    my ($prepare, @does) = @_;
    my $dir = sprintf '%s/%03d', $home, ++$cases;
    mkdir $dir or die "$dir: $!";
    write_file("$dir/story.out", "[ 0.00] a\n");
    my $pid = fork // die "fork: $!";
    if ($pid == 0) {
        $SIG{$_} = 'DEFAULT' for qw(INT HUP TERM);
        setpgrp;
        $prepare->();
        $ENV{SUBJECT_LOG} = "$dir/log";
        $ENV{TIMING}      = 'off';
        open STDIN,  '<', '/dev/null'  or die;
        open STDOUT, '>', "$dir/tap"   or die;
        open STDERR, '>', "$dir/words" or die;
        exec $check, "$dir/story.out", $subject, map { s/^(await) DIR\b/$1 $dir/r } @does;
    }
    return { pid => $pid, dir => $dir };
}

my %ended = (INT => 130, TERM => 143, HUP => 129);

for my $signal (sort keys %ended) {
    subtest "SIG$signal to check" => sub {
        my $job = start(sub { }, 'say a', 'deaf', @children, 'family 20', 'hang');
        ok(wait_until(sub { pids($job->{dir}, 'child') == @children + 20 }), 'it has started what it should');
        kill $signal => $job->{pid};
        waitpid $job->{pid}, 0;
        is(($? >> 8) . ' ' . ($? & 127), "$ended{$signal} 0", 'its status');
        none_left($job->{dir});
        is(scalar pids($job->{dir}, 'run'), 1, 'it is not started again');
        unlike(read_file("$job->{dir}/tap"), qr/^ok/m, 'nothing passes');
    };
}

subtest 'SIGHUP to check, which was started with nohup' => sub {
    my $job = start(sub { $SIG{HUP} = 'IGNORE' }, 'say a', 'await DIR/go');
    ok(wait_until(sub { pids($job->{dir}, 'run') == 1 }), 'it runs');
    kill HUP => -$job->{pid};
    write_file("$job->{dir}/go", '');
    waitpid $job->{pid}, 0;
    is($?, 0, 'it goes on, and passes') || diag(read_file("$job->{dir}/words"));
};

subtest 'SIGKILL to check' => sub {
    plan skip_all => 'only Linux can see to this' if $^O ne 'linux';
    my $job = start(sub { }, 'say a', 'deaf', 'hang');
    ok(wait_until(sub { pids($job->{dir}, 'run') == 1 }), 'it runs');
    kill KILL => $job->{pid};
    waitpid $job->{pid}, 0;
    none_left($job->{dir});
};

subtest $_->[0], $_->[1] for @long;

# --- From a lesson to its verdict ---

subtest 'lessons/NN-slug/name@5@x.out' => sub {
    my $course = "$home/course";
    my $failed = "$course/built\@home/failed";
    system('mkdir', '-p', "$course/lessons/07-names", "$course/built\@home/lessons/07-names");
    my $out = write_file("$course/lessons/07-names/name\@5\@x.out", "[ 0.00] got 5 x\n");
    my $program = write_file("$course/built\@home/lessons/07-names/name", <<'SH', 0755);
#!/bin/sh
echo "[ 0.00] got $*"
SH
    my $checked = sub {
        return run([$check, 'lessons/07-names/name@5@x.out'], dir => $course, env => {BUILD => 'built@home', TIMING => 'off'});
    };
    my $is = $checked->();
    like($is->{out}, qr/^ok 1 - name 5 x prints/m, 'it passes');
    $is = run([$check, $out, $program], env => {TIMING => 'off'});
    like($is->{out}, qr/^ok 1 - name 5 x prints/m, 'so does a program that is named');
    $is = run([$check, $out, $program, 6], env => {TIMING => 'off'});
    like($is->{out}, qr/^not ok 1 - name 6 prints/m, 'unless it has its own arguments');
    ok(!-e $failed, 'nothing is kept');

    write_file($out, "[ 0.00] got 6 x\n");
    $is = $checked->();
    is($is->{status}, 1, 'it fails');
    like($is->{err}, qr{is in built\@home/failed/07-names/name\@5\@x\.out\n.*built\@home/failed/07-names/name\@5\@x\.runs:}s, 'and says where to look');
    is(read_file("$failed/07-names/name\@5\@x.out"), "[ 0.00] got 5 x\n", 'what it printed is kept');
    my $again = run([$check, '--replay', "$failed/07-names/name\@5\@x.runs", $out], env => {TIMING => 'off'});
    like($again->{out}, qr/^not ok 1 - name 5 x prints/m, 'and can be judged again');

    write_file($program, "#!/bin/sh\necho oh; printf 'no\\n\\n!' >&2; exit 3\n");
    $checked->();
    is(read_file("$failed/07-names/name\@5\@x.out"), "oh\n! no\n! \n! !\nexit 3\n", 'stderr and exit status are kept');

    write_file($program, "#!/bin/sh\necho '[ 0.00] got 6 x'\n");
    is($checked->()->{status}, 0, 'it passes again');
    is_deeply([glob "$failed/07-names/*"], [], 'and what was kept is gone');

    unlink $program;
    $is = $checked->();
    is($is->{out}, "1..1\nnot ok 1 - name 5 x can be run\n", 'it is not built');
    like($is->{err}, qr/`make` builds it/, 'it says so');
    write_file($program, 'text', 0644);
    like($checked->()->{err}, qr/cannot be run: Permission denied/, 'it is no program');
};

subtest 'hardly a file to open' => sub {
    write_file("$home/few.out", "[ 0.00] a\n");
    my @said;
    for my $files (6 .. 20) {
        my $is = run(['sh', '-c', 'ulimit -n $1; shift; exec "$@"', 'sh', $files, $check, "$home/few.out", $subject, 'say a']);
        push @said, "$is->{out}$is->{err}" =~ /cannot [^:\n]*: ([^\n]*)/ if $is->{status};
    }
    cmp_ok(scalar @said, '>', 0, 'some are too few');
    is(join(', ', grep { $_ ne 'Too many open files' } @said), '', 'which is told');
};

subtest 'one sentence when stdout is full' => sub {
    plan skip_all => 'no /dev/full' unless -e '/dev/full';
    open my $full, '>', '/dev/full' or die;
    my $is = run([$check, '--replay', write_file("$home/a.runs", $a), $story], stdout => $full);
    is($is->{status}, 2, 'status 2');
    is($is->{err}, "check: cannot write to stdout: No space left on device\n", 'the sentence');
};

# --- Much. At the end, since each process of ours copies what we know. ---

my @many = map {"[  -  ] line $_"} 1 .. 100_000;
my $many = run_of(\@many);

passes '100,000 lines', out => \@many, runs => [$many];
fails '100,000 lines, of which one is wrong', \@text, runs => [$many], judged => 1,
    out => [@many[0 .. 49_998], '[  -  ] line 5oooo', @many[50_000 .. 99_999]],
    says => [qr/at line 49998:/, qr/  - \[  -  \] line 5oooo\n/, qr/  \+ \[  -  \] line 50000\n/];
fails '100,000 lines, of which all are wrong', \@text, out => \@many, runs => [run_of([map {"[  -  ] $_"} 1 .. 100_000])],
    says => [qr/at line 1:/];

passes 'a very long line', out => ['[  -  ] ' . 'x' x 300_000 . ' end'], runs => [run_of(['[  -  ] ' . 'x' x 300_000 . ' end'])];
fails 'a very long line that is wrong', \@text, out => ['[  -  ] ' . 'x' x 300_000 . ' ene'],
    runs => [run_of(['[  -  ] ' . 'x' x 300_000 . ' end'])], says => [qr/- \[  -  \] xxx.*\(300004 bytes\)/];

start_planned();

runs_as '100,000 lines', ['lines 100000'], sub {
    is(join('', @{ texts($_[0]) }), join('', map {"[  -  ] line $_\\n"} 1 .. 100_000), 'all of them');
};

done_testing;
