#!/usr/bin/env perl
# check.t - whether tests/check fails every program that is wrong, at the right
# point and in words that help, and passes those that are right.
#
# A program is a list of things to do, and check_subject.c does them. Where a
# time must be exact, a line is printed with its stamp as text, so that no noise
# of the machine can change the verdict. Most cases only wait, so several run at
# a time, and those that take long are looked at last.

use strict;
use warnings;

use lib 'tests';
use Course;
use Cwd qw(abs_path);
use Test::More;
use Time::HiRes qw(sleep);

my $check     = abs_path(build_dir() . '/tests/check');
my $at_a_time = 8;
my $too_long  = 240; # seconds; check is ended then, and the case has failed

die "check.t: tests/check is not built; `make` does it\n" unless $check && -x $check;
delete @ENV{qw(BUILD TIMING SLOW UNDER)}; # cases set their own

# The points that fail. When the lines are wrong, their times can't be told.
my @text = (1, 2);
my @time = (2);
my @end  = (3);
my @all  = (1, 2, 3);

my $home = abs_path(scratch());
mkdir "$home/tmp" or die $!;
$ENV{TMPDIR} = "$home/tmp";

my $subject = "$home/check_subject";
my $cc      = $ENV{CC} || 'cc';
system("$cc -std=gnu11 -Icommon \$(common/needs --cflags) -o $subject"
        . ' tests/check_subject.c common/lesson.c $(common/needs --libs)') == 0
    or die "check.t: cannot build tests/check_subject.c\n";

# In a lesson whose `about` says `needs: site`, it is started in build/common/with-site; here that
# is tests/check_around.c, which takes a while, and leaves a helper behind.
mkdir "$home/$_" or die $! for qw(build build/common);
my $around = "$home/build/common/with-site";
system("$cc -std=gnu11 -Icommon -o $around tests/check_around.c common/around.c") == 0
    or die "check.t: cannot build tests/check_around.c\n";
my @with_site = (about => "part: 3 Real I/O\nneeds: site jansson\n");

# --- Files and processes ---

sub lines { return join '', map {"$_\n"} @_ }

sub readable {
    my ($text) = @_;
    return $text =~ s/([^\n\x20-\x7e])/sprintf '\\x%02x', ord $1/egr;
}

# Not so for one that only waits to be reaped, perhaps by an init that doesn't,
# nor if somebody else has got its number by now.
sub is_alive {
    my ($pid) = @_;
    return read_file("/proc/$pid/stat") =~ /\((?:check_subject|with-site)\) [^Z]/ if $^O eq 'linux';
    return kill(0, $pid) && `ps -o stat= -o comm= -p $pid` =~ /^\s*[^Z\s].*(?:check_subject|with-site)/;
}

# Those that are still there after they had some time to end. They are ended.
sub left_alive {
    my @left = @_;
    for (1 .. 50) {
        @left = grep { is_alive($_) } @left or last;
        sleep 0.1;
    }
    kill KILL => @left;
    return @left;
}

# What the processes of a case wrote down about themselves: 'run', 'child'.
sub pids {
    my ($job, $who) = @_;
    return read_file("$job->{dir}/log") =~ /^$who (\d+)$/mg;
}

sub wait_for_pids {
    my ($job, $who, $count) = @_;
    for (1 .. 300) {
        return if pids($job, $who) >= $count;
        sleep 0.1;
    }
    die "$job->{name}: its processes don't start\n";
}

# --- A case ---
#
#   at             the points that fail
#   out, or file   the recording: its lines; its bytes, or undef for no file
#   does           what the program does; or program => [...], another program
#   command        the whole command, in place of: check story.out PROGRAM...;
#                  or a sub that returns it, for a directory of its own
#   about          the file that says what the lesson needs
#   env, in_dir    the environment of check
#   runs           how many there must be: 1, or [2, 7] for from 2 to 7
#   says, never    what the diagnosis says, and what it doesn't
#   tap            what the TAP says beside the points
#   points         how many there are, if not three
#   also           more tests
#   slow           it takes long
#   stalls         the machine seems to stand still: that is the case

my $jobs = 0;

sub start {
    my ($name, %case) = @_;
    my $dir = sprintf '%s/%03d', $home, ++$jobs;
    mkdir $dir or die "$dir: $!";
    my $recording = exists $case{file} ? $case{file} : lines(@{ $case{out} || [] });
    write_file("$dir/story.out", $recording) if defined $recording;
    write_file("$dir/about", $case{about}) if $case{about};
    my $program = $case{program} || [$subject, @{ $case{does} || [] }];
    my $command = $case{command} || [$check, "$dir/story.out", @$program];
    $command = $command->($dir) if ref $command eq 'CODE';

    my $pid = fork // die "fork: $!";
    if ($pid == 0) {
        %ENV = (%ENV, SUBJECT_LOG => "$dir/log", BUILD => "$home/build", %{ $case{env} || {} });
        $SIG{$_} = 'DEFAULT' for qw(INT HUP PIPE);
        chdir($case{in_dir} || '.') or die;
        open STDIN,  '<', '/dev/null'  or die;
        open STDOUT, '>', "$dir/tap"   or die;
        open STDERR, '>', "$dir/words" or die;
        alarm $too_long;
        exec @$command or die "$command->[0]: $!";
    }
    return { %case, name => $name, dir => $dir, pid => $pid };
}

sub finish {
    my ($job) = @_;
    waitpid($job->{pid}, 0) == $job->{pid} or die "waitpid: $!";
    my $words = read_file("$job->{dir}/words");
    my ($stalls) = $words =~ s/^# .*: the machine stood still in (\d+) of \d+ runs\n//m ? $1 : 0;
    return {
        %$job,
        stood_still => $stalls,
        status => $? >> 8,
        signal => $? & 127,
        out    => read_file("$job->{dir}/tap"),
        words  => $words,
        ran    => scalar(() = pids($job, 'run')),
    };
}

# --- Judging it ---

sub judge_tap {
    my ($is) = @_;
    my ($plan, @points) = split /^/, $is->{out};
    my $planned = $is->{points} || 3;
    my @failed;

    is($plan, "1..$planned\n", 'the plan');
    is(scalar @points, $planned, 'as many points');
    for my $i (1 .. @points) {
        like($points[ $i - 1 ], qr/^(?:not )?ok $i - [^#]*(?:# SKIP [^#]*)?\n\z/,
            "point $i is well-formed, with no # of the program's");
        push @failed, $i if $points[ $i - 1 ] =~ /^not /;
    }
    is("@failed", "@{ $is->{at} }", 'the points that fail');
    like($is->{out}, $is->{tap}, 'what the TAP says') if $is->{tap};
}

sub judge_words {
    my ($is) = @_;

    is($is->{words}, '', 'nothing is said') unless @{ $is->{at} };
    like($is->{words}, $_, 'it says so') for @{ $is->{says} || [] };
    unlike($is->{words}, $_, 'it does not say that') for @{ $is->{never} || [] };
    unlike($is->{words}, qr/[^\n\x20-\x7e]/, 'no raw bytes');
    unlike($is->{words}, qr/^(?!# )./m, 'comments of the TAP only');
    cmp_ok(length $is->{words}, '<', 10_000, 'it is short');
}

# But for those in which the machine stood still, unless that is the case.
sub runs_that_count {
    my ($is) = @_;
    return $is->{ran} - ($is->{stalls} ? 0 : $is->{stood_still});
}

sub judge_runs {
    my ($is) = @_;
    my ($least, $most) = ref $is->{runs} ? @{ $is->{runs} } : ($is->{runs}) x 2;
    cmp_ok(runs_that_count($is), '>=', $least, "at least $least runs");
    cmp_ok(runs_that_count($is), '<=', $most,  "at most $most runs");
}

# It ended as it should, after as many runs, and said what it should.
sub fits {
    my ($is) = @_;
    my ($least, $most) = map { ref ? @$_ : ($_, $_) } $is->{runs} // [0, 99];
    my $ran = runs_that_count($is);
    return 0 if $is->{status} != (@{ $is->{at} } ? 1 : 0) || $ran < $least || $ran > $most;
    return !grep { $is->{words} !~ $_ } @{ $is->{says} || [] };
}

# The same once more.
sub again {
    my ($job) = @_;
    my %case = %$job;
    delete @case{qw(name dir pid)};
    return finish(start($job->{name}, %case));
}

sub judge {
    my ($job) = @_;
    my $is = finish($job);
    for (1 .. 5) {
        last if $job->{stalls} || !$is->{stood_still} || fits($is);
        $is = again($job);
    }
    return subtest $is->{name} => sub {
        is($is->{signal}, 0, 'check itself does not crash');
        is($is->{status}, @{ $is->{at} } ? 1 : 0, 'its exit status');
        judge_tap($is);
        judge_words($is);
        judge_runs($is) if defined $is->{runs};
        is_deeply([left_alive(pids($is, '\w+'))], [], 'no process is left');
        $is->{also}->($is) if $is->{also};
        diag("it printed:\n", readable("$is->{out}$is->{words}"))
            unless Test::More->builder->is_passing;
    };
}

my (@waiting, @slow);

# What hangs or is run seven times takes long.
sub fails {
    my ($name, $at, %case) = @_;
    my $is_slow = $case{slow} || ($case{runs} || 0) eq 7;
    push @{ $is_slow ? \@slow : \@waiting }, start($name, %case, at => $at);
    return judge(shift @waiting) if @waiting >= $at_a_time;
}

sub passes {
    my ($name, %case) = @_;
    return fails($name, [], %case);
}

sub only { my ($runs, @does) = @_; return map {"$runs? $_"} @does }

# Three lines, and a program that is right.
my @abc = ('[ 0.00] a', '[ 0.30] b', '[ 0.60] c');
my @says_abc = ('say a', 'at 300', 'say b', 'at 600', 'say c');
my @ab      = @abc[0, 1];
my @says_ab = @says_abc[0 .. 2];

# --- What hangs. The limit is 10 s here, and there is one retry. ---

fails 'it hangs', \@all, slow => 1,
    out => \@abc, does => ['say a', 'at 300', 'say b', 'hang'],
    runs => 2,
    says => [qr/did not end within \d+\.\d s, and was ended: it hangs/, qr/- \[ 0\.60\] c$/m];

my @children = ('child 90000', 'daemon 90000');
pop @children if $^O ne 'linux'; # only Linux tells who is left of those outside the group

fails 'it hangs after its last line, ignores signals, and has children', [2, 3], slow => 1,
    out => ['[ 0.00] a'], does => ['say a', 'deaf', @children, 'hang'],
    runs => 2,
    says => [qr/it hangs/], never => [qr/other lines/],
    also => sub { is(scalar(() = pids($_[0], 'child')), 2 * @children, 'the children') };

fails 'it hangs, and prints all the while', \@all, slow => 1,
    out => ['[ 0.00] a'], does => ['say a', 'endless 300'],
    runs => 2,
    says => [qr/did not end within [123]\d\.\d s/];

fails 'it hangs, and has left its process group', \@all, slow => 1,
    out => \@abc, does => ['leave-group', 'say a', 'hang'],
    runs => 2,
    says => [qr/it hangs/];

passes 'it hangs in the first run only', slow => 1,
    out => \@ab, does => [@says_ab, only(1, 'hang')],
    runs => [2, 7];

# --- What stands around a program ---

fails 'what served it does not end', [3], slow => 1,
    @with_site, env => {LINGER => 30_000},
    out => \@ab, does => \@says_ab,
    says => [qr/left/];

passes 'its surroundings take a while to start, and to end',
    @with_site, env => {START_UP => 900, LINGER => 2000},
    out => \@abc, does => \@says_abc,
    runs => 1, also => sub { is(scalar(() = pids($_[0], 'child')), 1, 'they were there') };

fails 'the same is hidden time when it is the program itself', \@time,
    env => {START_UP => 900},
    out => \@abc, program => [$around, $subject, @says_abc],
    runs => 7, says => [qr/took \d\.\d\d s more than its last line says/];

fails 'and then such an end is a child left', [3],
    env => {LINGER => 2000},
    out => \@abc, program => [$around, $subject, @says_abc],
    says => [qr/left a process running/];

fails 'a program waits unseen, its surroundings not counted', \@time,
    @with_site, env => {START_UP => 100},
    out => \@ab, does => ['wait 600', @says_ab],
    runs => 7, says => [qr/took \d\.\d\d s more than its last line says/];

fails 'a late line, with surroundings', \@time,
    @with_site, env => {START_UP => 300},
    out => \@ab, does => ['say a', 'at 500', 'say b'],
    runs => 7;

fails 'its surroundings cannot start it', \@all,
    @with_site, out => \@ab, program => ["$home/none"],
    says => [qr/check_around: cannot start .*none: No such file/];

# --- Text and order ---

passes 'a right program', out => \@abc, does => \@says_abc;

passes 'a right program without times',
    out => ['~ 5 collisions', '[  -  ] b'], does => ['measure 5 collisions', 'untimed b'];

passes 'stdin is empty, and the surroundings are the same everywhere',
    out => ['[ 0.00] threads: default, io_uring: 0, language: C'],
    env => {UV_THREADPOOL_SIZE => 1, UV_USE_IO_URING => 1, LC_ALL => 'de_DE.UTF-8'},
    program => ['sh', '-c', 'cat; echo "[ 0.00] threads: ${UV_THREADPOOL_SIZE-default},'
        . ' io_uring: $UV_USE_IO_URING, language: $LC_ALL"'];

fails 'a line has another text', \@text,
    out => ['[ 0.00] a', '[ 0.00] kettle: start', '[ 0.00] c'],
    does => ['say a', 'say kettle: strat', 'say c'],
    runs => 1,
    says => [qr/- recorded, \+ this run/, qr/at line 1:/, qr/  - \[ 0\.00\] kettle: start\n/,
        qr/  \+ \[ 0\.\d\d\] kettle: strat\n/],
    tap => qr/can't be told: the lines differ/;

# --- A machine that stands still; here only check does, which can't tell ---

my $pause = 'pause-parent 200';

passes 'a stall changes the text', stalls => 1,
    out => \@ab, does => [@says_ab, only(1, $pause, 'say c')], runs => [2, 15],
    also => sub { cmp_ok($_[0]{stood_still}, '>=', 1, 'it says so') };

passes 'a stall changes the exit status', stalls => 1,
    out => \@ab, does => [@says_ab, only('1,2', $pause, 'exit 3')], runs => [3, 15];

passes 'a stall makes lines early', stalls => 1,
    out => \@ab, does => ['say a', only(1, $pause), '2,3,4,5,6,7? at 300', 'say b'], runs => [2, 15];

fails 'text that is wrong beside a stall, and without', \@text, stalls => 1,
    out => \@ab, does => [@says_ab, only(1, $pause), 'say c'], runs => [2, 15];

fails 'a crash beside a stall', [1, 2, 3], stalls => 1,
    out => \@ab, does => ['say a', only(1, $pause, 'die 11'), 'at 300', 'say b'], runs => 1;

fails 'order, but for a run beside a stall', \@text, stalls => 1,
    out => ['[ 0.00] a', '[ 0.10] b', '[ 0.15] c'],
    does => ['say a', only(1, 'at 100', 'say b', 'at 150', 'say c', $pause, 'exit 3'), 'at 150', 'say c', 'say b'], runs => [8, 21];

fails 'a time that is right beside a stall only', \@time, stalls => 1,
    out => \@abc, does => ['say a', only(1, 'at 300', 'say b', $pause, 'at 900', 'say c', 'exit 0'), 'at 500', 'say b', 'at 600', 'say c'],
    runs => [8, 21];

fails 'a machine that is busy with the program itself', \@text,
    out => ['[ 0.00] a'], does => ['say a', 'threads 300', 'say c'], runs => 1;

fails 'text that is wrong after a short one', \@text,
    out => \@ab, does => [@says_ab, only(1, 'pause-parent 15', 'say c')], runs => 1;

fails 'it is not a stall every time', \@text, slow => 1, stalls => 1,
    out => \@ab, does => [@says_ab, $pause, 'say c'], runs => 15;

fails 'lines that are late beside stalls', \@time, slow => 1, stalls => 1,
    out => \@ab, does => ['say a', 'at 500', $pause, 'say b'], runs => 21;

fails 'the last line has another text', \@text,
    out => ['[ 0.00] a'], does => ['say A'],
    says => [qr/  - \[ 0\.00\] a\n/, qr/  \+ \[ 0\.\d\d\] A\n/];

fails 'a line too much', \@text,
    out => ['[ 0.00] a'], does => ['say a', 'say b'],
    runs => 1, says => [qr/  \+ \[ 0\.\d\d\] b\n/], never => [qr/  - /];

fails 'the last line is missing', \@text,
    out => \@ab, does => ['say a', 'at 300'],
    runs => 1, says => [qr/  - \[ 0\.30\] b\n/], never => [qr/  \+ /];

fails 'it prints nothing', \@text,
    out => ['[ 0.00] a'], does => [],
    runs => 1, says => [qr/  - \[ 0\.00\] a\n/];

fails 'no newline at the end', \@text,
    out => ['[ 0.00] a'], does => ['print [ 0.00] a'],
    runs => 1, says => [qr/the last line has no newline/];

fails 'a line without a stamp', \@text,
    out => ['[ 0.00] a'], does => ["print a\n"],
    runs => 1, says => [qr/  - \[ 0\.00\] a\n/, qr/  \+ a\n/];

fails 'a stamp where there should be none', \@text,
    out => ['[  -  ] a'], does => ['say a'],
    runs => 1, says => [qr/  - \[  -  \] a\n/, qr/  \+ \[ 0\.\d\d\] a\n/];

fails 'lines with the same stamp change places', \@text,
    out => ['[ 0.00] a', '[ 0.00] b', '[ 0.00] c'], does => ['say a', 'say c', 'say b'],
    runs => 1,
    says => [qr/in another order/, qr/  - \[ 0\.00\] [bc]\n/, qr/  \+ \[ 0\.\d\d\] [bc]\n/];

# c overtakes b, which is held up for as long as they are apart: perhaps noise.
my @apart = ('[ 0.00] a', '[ 0.10] b', '[ 0.20] c');
my @says_apart = ('at 100', "print [ 0.10] b\n", 'at 200', "print [ 0.20] c\n");
my @overtakes  = ('at 200', "print [ 0.20] c\n", "print [ 0.20] b\n");

passes 'lines change places once, perhaps by noise',
    out => \@apart, does => ['say a', only('1', @overtakes), only('2,3,4,5,6,7', @says_apart)],
    runs => [2, 7];

passes 'one is held up until just behind the next, which came 10 ms early',
    out  => ['[ 0.00] a', '[ 0.10] b', '[ 0.30] c'],
    does => ['say a', only(1, 'at 290', "print [ 0.29] c\n", "print [ 0.29] b\n"),
        only('2,3,4,5,6,7', 'at 100', 'say b', 'at 300', 'say c')],
    runs => [2, 7];

fails 'lines change places each time', \@text,
    out => \@apart, does => ['say a', @overtakes],
    runs => 7, says => [qr/in another order/, qr/  - \[ 0\.10\] b\n/];

fails 'a line that is overtaken is not late enough for noise', \@text,
    out => \@apart, does => ['say a', 'at 200', "print [ 0.17] c\n", "print [ 0.17] b\n"],
    runs => 1, says => [qr/in another order/], never => [qr/early/];

fails 'lines change places, and one is early', \@text,
    out => \@abc, does => ['say a', 'at 600', "print [ 0.40] c\n", "print [ 0.60] b\n"],
    runs => 1, says => [qr/line 3, "c", should come at 0\.60 s.* 0\.20 s early/];

# --- Times ---

fails 'early by 0.02 s', \@time,
    out => \@ab, does => ['say a', 'at 300', "print [ 0.28] b\n"],
    runs => 1,
    says => [qr/line 2, "b", should come at 0\.30 s, and came at 0\.28 s: 0\.02 s early/];

fails 'early by far', \@time,
    out => ['[ 0.00] a', '[ 1.60] b'], does => ['say a', 'at 300', 'say b'],
    runs => 1, says => [qr/line 2, "b", should come at 1\.60 s, .*: [01]\.\d\d s early/];

passes 'early by 0.01 s, which rounding can do',
    out => \@ab, does => ['say a', 'at 300', "print [ 0.29] b\n"];

fails 'late by 0.3 s, each time', \@time,
    out => \@abc, does => ['say a', 'at 600', 'say b', 'say c'],
    runs => 7,
    says => [qr/line 2, "b", should come at 0\.30 s, and came at 0\.[67]\d s: 0\.[34]\d s late/,
        qr/allowed here: 0\.(?:0[89]|1[0-8]) s/, qr/the best of \d+ runs/],
    never => [qr/"c"/];

fails 'late by 0.2 s, more than the kernel can have kept it waiting', \@time,
    out => ['[ 0.00] a', '[ 0.10] b'], does => ['say a', 'at 300', "print [ 0.30] b\n"],
    runs => 7, says => [qr/0\.20 s late/];

passes 'late by 0.05 s',
    out => ['[ 0.00] a', '[ 0.10] b'], does => ['say a', 'at 150', "print [ 0.15] b\n"];

passes 'late by 0.16 s, because it waited for a processor',
    out => ['[ 0.00] a', '[ 0.10] b'],
    does => ['say a', 'crowd 250', 'at 260', "print [ 0.26] b\n"];

passes 'late by 0.4 s, twice',
    out => \@ab, does => ['say a', only('1,2', 'at 700'), 'at 300', 'say b'],
    runs => [3, 7], tap => qr/^ok 2 .*looked at more than once/m;

passes 'each line is late once, which is noise',
    out => \@abc,
    does => ['say a', only(1, 'at 600', 'say b', 'say c'),
        only('2,3,4,5,6,7', 'at 300', 'say b', 'at 900', 'say c')],
    runs => [2, 7];

fails 'it says 2.00, and does not wait for it', \@time,
    out => ['[ 0.00] a', '[ 2.00] b'], does => ['say a', "print [ 2.00] b\n"],
    runs => 1,
    says => [qr/line 2, "b", is stamped 2\.00 s, but came 0\.\d\d s after the start: a false/];

fails 'a line comes later than its stamp says', \@time,
    out => \@abc, does => ['say a', 'at 600', "print [ 0.30] b\n", "print [ 0.60] c\n"],
    runs => 7, says => [qr/line 2, "b", came 0\.[34]\d s after the time that it is stamped/];

fails 'all lines come at the end, with stamps from before', \@time,
    out => \@ab, does => ['wait 300', "print [ 0.00] a\n[ 0.30] b\n"],
    runs => 7, says => [qr/line 1, "a", came 0\.\d\d s after the time/];

fails 'it waits before its first line', \@time,
    out => ['[ 0.00] a'], does => ['wait 600', 'say a'],
    runs => 7, says => [qr/0\.[67]\d s more than its last line says/, qr/waits unseen/];

fails 'it waits after its last line', \@time,
    out => ['[ 0.00] a'], does => ['say a', 'wait 600'],
    runs => 7, says => [qr/0\.[67]\d s more than its last line says/, qr/waits unseen/];

passes 'it starts and ends slowly, but not very',
    out => ['[ 0.00] a'], does => ['wait 100', 'say a', 'wait 100'];

passes 'lines without a time come when they come',
    out => ['[ 0.00] a', '[  -  ] b', '[  -  ] c'],
    does => ['say a', 'wait 400', 'untimed b', 'wait 400', 'untimed c'];

fails 'but in their order', \@text,
    out => ['[ 0.00] a', '[  -  ] b', '[ 0.10] c'],
    does => ['say a', 'at 100', "print [ 0.10] c\n", 'untimed b'],
    runs => 1, says => [qr/  - \[  -  \] b\n/];

# --- How it ends ---

fails 'it crashes', \@end,
    out => ['[ 0.00] a'], does => ['say a', 'die 11'],
    runs => 1, says => [qr/it crashed: signal 11, /];

fails 'it aborts', \@end,
    out => ['[ 0.00] a'], does => ['say a', "err oh\n", 'die 6'],
    runs => 1, says => [qr/it crashed: signal 6, Abort/, qr/  \+ oh\n/];

fails 'a crash is not the exit status that a shell makes of it', \@end,
    out => ['[ 0.00] a', 'exit 139'], does => ['say a', 'die 11'],
    says => [qr/it crashed/];

fails 'a wrong exit status', \@end,
    out => ['[ 0.00] a'], does => ['say a', 'exit 3'],
    runs => 1, says => [qr/its exit status is 3, and should be 0/];

fails 'another exit status', \@end,
    out => ['[ 0.00] a', 'exit 4'], does => ['say a', 'exit 3'],
    runs => 1, says => [qr/its exit status is 3, and should be 4/];

fails 'no error where one is recorded', \@end,
    out => ['[ 0.00] a', 'exit 4'], does => ['say a'],
    runs => 1, says => [qr/its exit status is 0, and should be 4/];

passes 'the recorded exit status',
    out => ['[ 0.00] a', 'exit 3'], does => ['say a', 'exit 3'];

passes 'the recorded words on stderr',
    out => ['[ 0.00] a', '! usage: a', '! ', '!   b', 'exit 2'],
    does => ['say a', "err usage: a\n\n  b\n", 'exit 2'];

passes 'words on stderr only',
    out => ['! usage: a', 'exit 2'], does => ["err usage: a\n", 'exit 2'];

fails 'unexpected words on stderr', \@end,
    out => ['[ 0.00] a'], does => ['say a', "err oh\x1b[31m\n"],
    runs => 1, says => [qr/on stderr it should print nothing\n/, qr/  \+ oh\\x1b\[31m\n/];

fails 'other words on stderr', \@end,
    out => ['! usage: a'], does => ["err usage: b\n"],
    runs => 1, says => [qr/  - usage: a\n/, qr/  \+ usage: b\n/];

fails 'no words on stderr', \@end,
    out => ['! usage: a'], does => [],
    runs => 1, says => [qr/  - usage: a\n/, qr/and printed nothing\n/];

fails 'it leaves a handle open', \@end,
    out => ['[ 0.00] a'], does => ['say a', 'forget-timer'],
    runs => 1,
    says => [qr/exit status is 1, and should be 0/,
        qr/  \+ check_subject: left a handle open: timer\n/];

for my $child (@children) {
    fails "it leaves a $child running", \@end,
        out => ['[ 0.00] a'], does => ['say a', $child],
        runs => 1, says => [qr/left a process running/];
}

fails 'a child prints its last line when it has ended', \@end,
    out => \@ab, does => ['say a', 'heir 300'],
    runs => 1, says => [qr/left a process running/],
    tap => qr/^ok 2 .*# SKIP it ended wrong/m;

# --- Much, and strange ---

my @many = map {"[  -  ] line $_"} 1 .. 100_000;

passes '100,000 lines', out => \@many, does => ['lines 100000'];

fails '100,000 lines, of which one is wrong', \@text,
    out => [@many[0 .. 49_998], '[  -  ] line 5oooo', @many[50_000 .. 99_999]],
    does => ['lines 100000'],
    runs => 1,
    says => [qr/at line 49998:/, qr/  - \[  -  \] line 5oooo\n/,
        qr/  \+ \[  -  \] line 50000\n/];

fails '100,000 lines, of which all are early', \@time,
    out => [('[ 5.00] x') x 100_000],
    program => ['perl', '-e', 'print "[ 0.00] x\n" x 100_000'],
    says => [qr/line 1, "x", should come at 5\.00 s/];

fails '100,000 lines, of which all are wrong', \@text,
    out => [@many], program => ['perl', '-e', 'print "[  -  ] $_\n" for 1 .. 100_000'],
    says => [qr/at line 1:/];

my $bytes = join '', map {chr} grep { $_ != 10 } 1 .. 255;

passes 'all bytes', file => "[ 0.00] \0$bytes\n",
    does => ['print [ 0.00] ', 'nul', "print $bytes\n"];

fails 'all bytes, one of them wrong', \@text,
    file => "[ 0.00] a\n[ 0.00] \0$bytes\n[ 0.00] z\n",
    does => ['say a', 'print [ 0.00] ', 'nul', 'nul', "print $bytes\n", 'say z'],
    runs => 1,
    says => [qr/- \[ 0\.00\] \\x00\\x01/, qr/\+ \[ 0\.\d\d\] \\x00\\x00\\x01/,
        qr/\\x1b.*~\\x7f/, qr/  \[ 0\.\d\d\] z\n/];

passes 'a very long line',
    out => ['[  -  ] ' . 'x' x 300_000 . ' end'], does => ['long 300000 end'];

fails 'a very long line that is wrong', \@text,
    out => ['[  -  ] ' . 'x' x 300_000 . ' ene'], does => ['long 300000 end'],
    runs => 1, says => [qr/- \[  -  \] xxx.*\(300004 bytes\)/];

fails 'it prints without end', \@all,
    out => ['[ 0.00] a'], program => ['yes', ''],
    says => [qr/it printed [1-9]\d{6} bytes and was ended: it prints without end/];

fails 'it prints without end on stderr', [2, 3],
    out => ['[ 0.00] a'], program => ['sh', '-c', 'echo "[ 0.00] a"; exec yes >&2'],
    says => [qr/it prints without end/];

# --- Measurements: what is recorded, what is printed, and whether that is the same ---

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
    my %case = (out => ["~ $recorded"], does => ["measure $printed"], runs => 1);
    if ($same) {
        passes qq(measured: "$recorded" is like "$printed"), %case;
    } else {
        fails qq(measured: "$recorded" is not "$printed"), \@text, %case,
            says => [qr/  \+ ~ \Q$printed\E\n/];
    }
}

fails 'a # in the arguments is no directive', \@text,
    out => ['[ 0.00] a'], does => ['say # TODO b'], runs => 1;

fails 'a number that nobody measured', \@text,
    out => ['[ 0.00] 5'], does => ['say 6'], runs => 1;

# --- Recordings and programs that are none ---

my %one_point = (points => 1, does => ['say a'], runs => 0);
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
);

for (@malformed) {
    my ($fault, $file, $says) = @$_;
    fails "a recording that $fault", [1], %one_point, file => $file, says => [$says];
}

fails 'no recording', [1], %one_point, file => undef,
    says => [qr/story\.out cannot be read: No such file/];

fails 'a directory as the recording', [1], %one_point, out => [],
    command => [$check, $home, $subject], says => [qr/cannot be read: Is a directory/];

SKIP: {
    skip 'root may read everything', 1 if $> == 0;
    my $secret = write_file("$home/secret.out", "[ 0.00] a\n");
    chmod 0, $secret or die "$secret: $!";
    fails 'an unreadable recording', [1], %one_point,
        command => [$check, $secret, $subject], says => [qr/cannot be read: Permission denied/];
}

fails 'no such program', [1], %one_point, out => ['[ 0.00] a'],
    program => ["$home/nobody"],
    says => [qr/nobody cannot be run: No such file.*`make` builds/];

fails 'a program that is not executable', [1], %one_point, out => ['[ 0.00] a'],
    program => [write_file("$home/text", 'text', 0644)],
    says => [qr/cannot be run: Permission denied/];

fails 'a program that is not in the PATH', \@all, out => ['[ 0.00] a'],
    program => ['no-such-program'], # and perhaps a PATH that we may not read
    says => [qr/cannot be started: (?:No such file|Permission denied)/];

fails 'a directory as the program', \@all, out => ['[ 0.00] a'],
    program => [$home], says => [qr/cannot be started: Permission denied/];

# --- The environment ---

my @late = (out => \@ab, does => ['say a', 'at 500', "print [ 0.50] b\n"]);

passes 'TIMING=off: a late line passes', @late, env => {TIMING => 'off'},
    runs => 1, tap => qr/^ok 2 - .* # SKIP TIMING=off/m;

fails 'TIMING=off: another text does not', [1], env => {TIMING => 'off'},
    out => ['[ 0.00] a'], does => ['say b'], runs => 1;

fails 'TIMING=off: another end does not', \@end, env => {TIMING => 'off'},
    out => ['[ 0.00] a'], does => ['say a', 'exit 1'], runs => 1;

fails 'TIMING=off: another order does not', [1], env => {TIMING => 'off'},
    out => \@apart, does => ['say a', @overtakes], runs => 7;

fails 'TIMING=on is nothing special', \@time, @late, env => {TIMING => 'on'}, runs => 7;

passes 'SLOW=3: a late line passes', @late, env => {SLOW => 3};

fails 'SLOW=3: one that is later still does not', \@time, env => {SLOW => 3},
    out => \@ab, does => ['say a', 'at 900', "print [ 0.90] b\n"], runs => 7,
    says => [qr/0\.60 s late \(allowed here: 0\.[2345]/];

fails 'SLOW=3: an early line does not', \@time, env => {SLOW => 3},
    out => \@ab, does => ['say a', 'at 300', "print [ 0.28] b\n"], runs => 1;

my $tool = write_file("$home/tool", <<'SH', 0755);
#!/bin/sh
echo "run with $1" >"$SUBJECT_LOG.tool"
shift
exec "$@"
SH

passes 'UNDER a tool', out => ['[ 0.00] a'], does => ['say a'], env => {UNDER => "$tool  -q"},
    tap  => qr/check_subject say a prints/,
    also => sub { is(read_file("$_[0]{dir}/log.tool"), "run with -q\n", 'it ran') };

judge(shift @waiting) while @waiting;

# --- What is no case for check at all: a sentence, nothing on stdout, status 2 ---

my @refused = (
    ['no arguments',    [],                                {}, qr/\Ausage: check /],
    ['--help',          ['--help'],                        {}, qr/\Ausage: check /],
    ['--record alone',  ['--record'],                      {}, qr/\Ausage: check /],
    ['--student alone', ['--student'],                     {}, qr/\Ausage: check /],
    ['no .out file',    ['lessons/05-chores/chores_sync'], {}, qr/is no \.out file/],
    ['no lesson',       ['chores_sync.out'],               {}, qr/is no \.out file in a lesson/],
    ['SLOW=fast',       ['a.out', 'true'], {SLOW => 'fast'}, qr/SLOW is .*, not "fast"/],
    ['SLOW=0',          ['a.out', 'true'], {SLOW => 0},      qr/SLOW is .*, not "0"/],
    ['SLOW=3x',         ['a.out', 'true'], {SLOW => '3x'},   qr/SLOW is .*, not "3x"/],
    ['SLOW=nan',        ['a.out', 'true'], {SLOW => 'nan'},  qr/SLOW is .*, not "nan"/],
    ['TIMING=of',       ['a.out', 'true'], {TIMING => 'of'}, qr/TIMING is .*, not "of"/],
);

for (@refused) {
    my ($name, $arguments, $env, $says) = @$_;
    subtest "refused: $name" => sub {
        my $is = finish(start($name, command => [$check, @$arguments], env => $env));
        is("$is->{status} $is->{signal}", '2 0', 'status 2');
        is($is->{out}, '', 'nothing on stdout');
        like($is->{words}, $says, 'a sentence');
        is(() = $is->{words} =~ /\n/g, 1, 'of one line');
    };
}

# --- For a student: a verdict in words on stdout, soon, and no TAP ---

my @for_students = (
    ['right', 0, qr/\APassed: .*\n\z/, [1, 3],
        out => \@abc, does => \@says_abc, env => {SLOW => 10}], # as there are few retries
    ['other lines', 1, qr/\ANot yet:\n.*expected, \+ yours.*- \[ 0\.00\] a\n.*\+ .* b\n/s, 1,
        out => ['[ 0.00] a'], does => ['say b']],
    ['late', 1, qr/\A.*\n  .*\[ 0\.6\d\] b   \(expected at 0\.30: 0\.3\d s late\)\n.*need not wait for/s, 3,
        out => \@ab, does => ['say a', 'at 600', 'say b']],
    ['early', 1, qr/\[ 0\.28\] b   \(expected at 0\.30: 0\.02 s early\)\n.*does not wait/s, 1,
        out => \@ab, does => ['say a', 'at 300', "print [ 0.28] b\n"]],
    ['hang', 1, qr/did not end within .*anything is active/s, 1,
        out => ['[ 0.00] a'], does => ['say a', 'child 90000', 'hang']],
    ['crash', 1, qr/it crashed: signal 11.*A pointer that was never set/s, 1,
        out => ['[ 0.00] a'], does => ['say a', 'die 11']],
    ['undefined behaviour', 1, qr/it crashed: signal 4.*an index outside of its array/s, 1,
        out => ['[ 0.00] a'], does => ['say a', 'die 4']],
    ['a sanitizer', 1, qr/runtime error.*names your file/s, 1,
        out => ['[ 0.00] a'], does => ['say a', "err x.c:3: runtime error: no\n", 'exit 1']],
    ['many lines are missing', 1, qr/^    - \[ 0\.00\] 7\n    - \.\.\.\n    \+ \[ 0\.\d\d\] b\n/m, 1,
        out => ['[ 0.00] a', map({"[ 0.00] $_"} 1 .. 12)], does => ['say a', 'say b']],
    ['it says why', 1, qr/  \+ x: cannot.*says why on stderr/s, 1,
        out => ['[ 0.00] a', '[ 0.00] b'], does => ['say a', "err x: cannot do it: no\n", 'exit 1']],
    ['closed twice', 1, qr/a handle was closed that is closed already/, 1,
        out => ['[ 0.00] a'], does => ['say a', "err uv_close: Assertion `!uv__is_closing(handle)' failed.\n", 'die 6']],
    ['many other words', 1, qr/Go through your callbacks by hand/s, 1,
        out => ['[ 0.00] a', '[ 0.00] b', '[ 0.00] c'], does => ['say d', 'say e', 'say f']],
    ['a wrong time beside a wrong line', 1, qr/^ +\[ 0\.3\d\] a   \(expected at 0\.00\)$/m, 1,
        out => ['[ 0.00] a', '[ 0.40] b'], does => ['say c', 'at 300', 'say a']],
    ['open handle', 1, qr/left a handle open: timer.*the loop ended before/s, 1,
        out => ['[ 0.00] a'], does => ['say a', 'forget-timer']],
    ['another order', 1, qr/right lines in another order.*- \[ 0\.00\] [ab]\n.*waits for something/s, 1,
        out => ['[ 0.00] a', '[ 0.00] b', '[ 0.00] c'], does => ['say b', 'say a', 'say c']],
    ['a line is missing', 1, qr/other lines.*- \[ 0\.30\] b\n.*Lines are missing/s, 1,
        out => \@ab, does => ['say a']],
    ['a line too many', 1, qr/other lines.*\+ \[ 0\.\d\d\] b\n.*lines too many/s, 1,
        out => ['[ 0.00] a'], does => ['say a', 'say b']],
    ['a blank too many', 1, qr/- \[ 0\.00\] a\n.*\+ \[ 0\.\d\d\] a\\x20\n.*A few words differ/s, 1,
        out => ['[ 0.00] a'], does => ['say a ']],
    ['another prediction', 1, qr/\A(?!.*right one)(?!.*\bb\n).*prediction: wrong\n.*not right yet/s, 1,
        out => ['[ 0.00] prediction: right one', '[ 0.00] b'], does => ['say prediction: wrong', 'say a']],
    ['no prediction', 1, qr/\A(?!.*right one).*  \[ 0\.00\] a\n.*or not in the form/s, 1,
        out => ['[ 0.00] prediction: right one', '[ 0.00] b'], does => ['say a']],
    ['a prediction that is right', 1, qr/- \[ 0\.00\] b\n.*\+ .* a\n/s, 1,
        out => ['[ 0.00] prediction: 3', '[ 0.00] b'], does => ['say prediction: 3', 'say a']],
    ['no recording', 1, qr/story\.out cannot be read/, 0, file => undef, does => ['say a']],
);

sub judge_for_student {
    my ($job) = @_;
    my $is = finish($job);
    for (1 .. 10) {
        last if $is->{ran} <= (ref $job->{runs} ? $job->{runs}[1] : $job->{runs});
        $is = again($job); # it may have been a stall
    }
    return subtest "for a student: $is->{name}" => sub {
        is("$is->{status} $is->{signal}", "$job->{wanted} 0", 'the status');
        like($is->{out}, $job->{pattern}, 'the words');
        unlike($is->{out}, qr/ok 1|[^\n\x20-\x7e]/, 'no TAP, no raw bytes');
        is($is->{words}, '', 'nothing on stderr');
        judge_runs($is);
        is_deeply([left_alive(pids($is, '\w+'))], [], 'no process is left');
    };
}

sub start_for_student {
    my ($name, $wanted, $pattern, $runs, %case) = @_;
    return start($name, %case, wanted => $wanted, pattern => $pattern, runs => $runs,
        command => sub { [$check, '--student', "$_[0]/story.out", $subject, @{ $case{does} }] });
}

judge_for_student($_) for map { start_for_student(@$_) } @for_students;

# --- A lesson's program is found by the name of its recording ---

subtest 'lessons/NN-slug/name@5@x.out' => sub {
    my $course = "$home/course";
    my $kept   = "$course/built\@home/failed/07-names/name\@5\@x.out";
    system('mkdir', '-p', "$course/lessons/07-names", "$course/built\@home/lessons/07-names");
    my $out = write_file("$course/lessons/07-names/name\@5\@x.out", "[ 0.00] got 5 x\n");
    my $program = write_file("$course/built\@home/lessons/07-names/name", <<'SH', 0755);
#!/bin/sh
echo "[ 0.00] got $*"
SH
    my %lesson = (
        command => [$check, 'lessons/07-names/name@5@x.out'],
        in_dir  => $course,
        env     => {BUILD => 'built@home'},
    );

    judge(start('it passes', %lesson, at => [], tap => qr/^ok 1 - name 5 x prints/m));
    ok(!-e "$course/built\@home/failed", 'nothing is kept');

    write_file($out, "[ 0.00] got 6 x\n");
    judge(start('it fails', %lesson, at => \@text,
        says => [qr{is in built\@home/failed/07-names/name\@5\@x\.out\n}]));
    is(read_file($kept), "[ 0.00] got 5 x\n", 'what it printed is kept');

    write_file($program, "#!/bin/sh\necho oh; printf 'no\\n\\n!' >&2; exit 3\n");
    judge(start('it fails in each way', %lesson, at => \@all));
    is(read_file($kept), "oh\n! no\n! \n! !\nexit 3\n", 'stderr and exit status are kept');

    write_file($program, "#!/bin/sh\necho '[ 0.00] got 6 x'\n");
    judge(start('it passes again', %lesson, at => []));
    ok(!-e $kept, 'and what was kept is gone');

    unlink $program;
    judge(start('it is not built', %lesson, at => [1], points => 1,
        says => [qr/`make` builds it/]));
};

# --- Recording ---

# Record what a program does as rec/a.out, where $case{old} stands until then, or
# nothing. Beside what finish() gives: `recording`, `files`, all that is in rec/.
sub record {
    my (%case) = @_;
    my $is = finish(start('record', %case, command => sub {
        my ($dir) = @_;
        mkdir "$dir/rec" or die $!;
        write_file("$dir/rec/a.out", $case{old}) if defined $case{old};
        chmod 0555, "$dir/rec" if $case{read_only};
        return [@{ $case{before} || [] }, $check, '--record', "$dir/rec/a.out",
            @{ $case{program} || [$subject, @{ $case{does} }] }];
    }));
    my $rec = "$is->{dir}/rec";
    chmod 0755, $rec;
    opendir my $files, $rec or die "$rec: $!";
    return { %$is, recording => read_file("$rec/a.out"),
        files => join ' ', sort grep { !/^\.\.?$/ } readdir $files };
}

subtest 'recording: the smallest stamps of five runs' => sub {
    my $is = record(does => ["print [ 0.00] a\n",
            only('1',     "print [ 0.32] b\n[ 0.61] c\n"),
            only('2,3,5', "print [ 0.31] b\n[ 0.66] c\n"),
            only('4',     "print [ 0.30] b\n[ 0.65] c\n"),
            'untimed d', only('1', 'measure 5 times'), only('2,3,4,5', 'measure 6 times')]);
    is($is->{status}, 0, 'status 0');
    is($is->{ran}, 5, 'five runs');
    is($is->{recording}, lines('[ 0.00] a', '[ 0.30] b', '[ 0.61] c', '[  -  ] d', '~ 5 times'),
        'what is recorded');
    is($is->{files}, 'a.out', 'no other file is left');
    is((stat "$is->{dir}/rec/a.out")[2] & 07777, 0644, 'all may read it');
    like($is->{out}, qr/a\.out: new, 5 lines/, 'what it says');
    is($is->{words}, '', 'nothing on stderr');
};

subtest 'recording: what is recorded then passes' => sub {
    my @does = (@says_ab, 'untimed c', 'measure 7 d', "err oh\n\nno\n", 'exit 3');
    my $is   = record(does => \@does);
    my $recorded = $is->{recording} =~ s/^\[ 0\.\d\d\] b$/[ 0.30] b/mr; # or later, by noise
    is($recorded, lines(@ab, '[  -  ] c', '~ 7 d', '! oh', '! ', '! no', 'exit 3'),
        'what is recorded');
    judge(start('it passes', file => $recorded, does => \@does, at => []));
};

subtest 'recording anew' => sub {
    my $is = record(old => "[ 0.00] a\n", does => ["print [ 0.00] a\n"]);
    like($is->{out}, qr/a\.out: unchanged/, 'the same again');
    $is = record(old => "[ 0.00] a\n", does => ["print [ 0.00] b\n"]);
    is($is->{recording}, "[ 0.00] b\n", 'the old recording is replaced');
    like($is->{out}, qr/^-\[ 0\.00\] a\n\+\[ 0\.00\] b\n/m, 'what changed is shown');
    is($is->{files}, 'a.out', 'no other file is left');
};

# Runs in a shell that lets no file grow beyond 512 or 1024 bytes, like a full disk.
my @no_space = ('sh', '-c', 'trap "" XFSZ; ulimit -f 1; exec "$@"', 'sh');
my @not_recorded = (
    ['it crashes', qr/Segmentation fault/, does => ['say a', 'die 11']],
    ['it crashes in the last run', qr/Abort/, does => ['say a', only(5, 'die 6')]],
    ['it leaves a child', qr/leaves a process/, does => ['say a', 'child 90000']],
    ['a line without a stamp', qr/a line that say\(\)/, does => ['say a', "print b\n"]],
    ['no newline at the end', qr/no newline/, does => ['say a', 'print [ 0.00] b']],
    ['no newline on stderr', qr/no newline/, does => ['say a', 'err b']],
    ['it prints nothing', qr/prints nothing/, does => []],
    ['it prints without end', qr/does not end/, program => ['yes']],
    ['no such program', qr/No such file|denied/, program => ['no-such-program']],
    ['the disk is full', qr/cannot write/, does => ['lines 1000'], before => \@no_space],
    map { ["two runs differ in $_->[0]", qr/two runs differ/, does => ['say a', @$_[1, 2]]] }
        ['a line', only(3, 'say b'), only('1,2,4,5', 'say c')],
        ['their lines',  only(5, 'say b'),   'untimed c'],
        ['their status', only(2, 'exit 1'),  'untimed c'],
        ['their stderr', only(2, "err b\n"), 'untimed c'],
);
push @not_recorded, ['the directory is read-only', qr/cannot write/, does => ['say a'],
    read_only => 1] if $> != 0;

for (@not_recorded) {
    my ($name, $says, %case) = @$_;
    subtest "not recorded: $name" => sub {
        my $is = record(%case, old => "[ 0.00] old\n");
        is("$is->{status} $is->{signal}", '2 0', 'status 2');
        like($is->{words}, qr/^check: cannot /m, 'a sentence');
        like($is->{words}, $says, 'why');
        is($is->{recording}, "[ 0.00] old\n", 'the old recording is still there');
        is($is->{files}, 'a.out', 'no other file is left');
        is_deeply([left_alive(pids($is, '\w+'))], [], 'no process is left');
    };
}

# --- When check itself is ended, the program is too ---

my %ended = (INT => 130, TERM => 143, HUP => 129);

for my $signal (sort keys %ended) {
    subtest "SIG$signal to check" => sub {
        my $job = start('ended', out => ['[ 0.00] a'],
            does => ['say a', 'deaf', 'child 90000', 'hang']);
        wait_for_pids($job, 'child', 1);
        kill $signal => $job->{pid};
        my $is = finish($job);
        is("$is->{status} $is->{signal}", "$ended{$signal} 0", 'its status');
        is_deeply([left_alive(pids($is, '\w+'))], [], 'the program and its child are gone');
        is($is->{ran}, 1, 'and not started again');
        unlike($is->{out}, qr/^ok/m, 'nothing passes');
    };
}

subtest 'SIGKILL to check' => sub {
    plan skip_all => 'only Linux can see to this' if $^O ne 'linux';
    my $job = start('killed', out => ['[ 0.00] a'], does => ['say a', 'deaf', 'hang']);
    wait_for_pids($job, 'run', 1);
    sleep 0.2; # until it hangs
    kill KILL => $job->{pid};
    finish($job);
    is_deeply([left_alive(pids($job, 'run'))], [], 'the program is gone');
};

# --- Noise: right programs pass, wrong ones fail, beside programs that compute ---

subtest 'beside busy programs' => sub {
    my @busy = map {
        my $pid = fork // die "fork: $!";
        if ($pid == 0) { alarm 60; 1 while 1 }
        $pid;
    } 1 .. 6;
    my @jobs = (
        start('right', at => [], out => \@abc, does => \@says_abc),
        start('late', at => \@time, runs => 7,
            out => \@abc, does => [@says_ab, 'at 900', 'say c']),
        start('early', at => \@time, runs => 1,
            out => [@ab, '[ 1.60] c'], does => \@says_abc),
    );
    judge($_) for @jobs;
    kill KILL => @busy;
    waitpid $_, 0 for @busy;
};

judge(shift @slow) while @slow;
is_deeply([glob "$home/tmp/*"], [], 'no temporary file is left');

done_testing;
