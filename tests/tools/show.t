#!/usr/bin/env perl
# show.t - common/show, what `make lesson-05` shows a student. The lessons are
# made up: each program is a few lines of shell that print what a program of the
# course would. Lines bring their stamps along as text, show's own clock is a file that
# they may write, and what has to meet waits for one another: so no noise of the machine
# changes what is seen.

use strict;
use warnings;

use lib 'tests';
use Course;
use Config;
use Cwd qw(abs_path);
use File::Path qw(make_path);
use POSIX qw(:sys_wait_h);
use Test::More;

# show, with a clock that stands still: it shows the seconds in the file $CLOCK. (Without
# that it goes.) A function of the program's own takes the place of libuv's.
my $show = do {
    my $scratch = scratch();
    my $clock = write_file("$scratch/clock.c", <<'C');
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

uint64_t uv_hrtime(void);
uint64_t uv_hrtime(void)
{
    const char *path = getenv("CLOCK");
    FILE *file = path ? fopen(path, "r") : NULL;
    double seconds = 1000, more = 0;
    struct timespec now;

    if (!path && clock_gettime(CLOCK_MONOTONIC, &now) == 0)
        seconds = (double)now.tv_sec + (double)now.tv_nsec / 1e9;
    if (file && fscanf(file, "%lf", &more) == 1)
        seconds += more;
    if (file)
        fclose(file);
    return (uint64_t)(seconds * 1e9);
}
C
    my $libs = run([qw(common/commands/needs --libs)])->{out};
    my $made = run([compiler_of_the_course(), split(' ', $ENV{LDFLAGS} // ''), '-o', "$scratch/show", $clock,
            (map { build_dir() . "/common/$_.o" } qw(commands/show commands/readme catalog lesson)),
            (map { build_dir() . "/common/timeline/$_.o" } qw(columns line text trace)), split ' ', $libs]);
    die "show.t: cannot build show: $made->{err}" if $made->{status} != 0;
    abs_path("$scratch/show");
};

# --- lessons and what they show ---

# A directory with one lesson, lessons/01-x. Its programs are scripts, already
# "built"; each has a source, and the files are what else there is.
sub lesson {
    my ($programs, %files) = @_;
    my $dir = scratch();
    make_path("$dir/lessons/01-x", "$dir/build/lessons/01-x");
    symlink abs_path('common'), "$dir/common" or die "symlink: $!";
    for my $name (keys %$programs) {
        my $path = write_file("$dir/build/lessons/01-x/$name", "#!/bin/sh\n$programs->{$name}\n");
        chmod 0755, $path;
        write_file("$dir/lessons/01-x/$name.c", "int main(void) {}\n");
    }
    write_file("$dir/lessons/01-x/$_", $files{$_}) for keys %files;
    return $dir;
}

# Its programs can rely on this environment; a test may say otherwise.
sub environment {
    my (%env) = @_;
    return {COLUMNS => undef, NO_COLOR => undef, TERM => 'xterm', BUILD => 'build',
        SHELL => '/bin/sh', ASAN_OPTIONS => undef, CLOCK => 'clock', WITH => undef, show => $show, perl => $^X, %env};
}

# Show the lesson to its end.
sub show {
    my ($dir, %env) = @_;
    return run([$show, 'lessons/01-x'], dir => $dir, env => environment(%env));
}

# Run a line of shell there; $show is the program. `stdout` may be a file.
sub in_shell {
    my ($dir, $line, %env) = @_;
    return run(['sh', '-c', $line], dir => $dir, env => environment(%env));
}

# A script that prints these lines.
sub prints { return join ' ', "printf '%s\\n'", map { "'" . s/'/'\\''/gr . "'" } @_ }

# What stands in a column (of so many characters): its lines, without the empty ones.
sub column {
    my ($text, $number, $width) = @_;
    my ($table) = $text =~ /^(x_sync.*?)\n\nWho did what when/ms;
    my @pieces = map { length > $number * $width ? substr($_, $number * $width, $width) : '' }
        split /\n/, $table;
    return join '', map {"$_\n"} grep {/\S/} map {s/\s+$//r} @pieces;
}

# It ended by itself, with this status, and said nothing on stderr.
sub ended_well {
    my ($ran, $status) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is("$ran->{err}exit $ran->{status}, signal $ran->{signal}",
        'exit ' . ($status // 0) . ', signal 0', 'its end');
}

sub has {
    my ($ran, $expected, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return ok(index($ran->{out}, $expected) >= 0, $name)
        || diag("expected:\n$expected\nprinted:\n" . substr $ran->{out}, 0, 5000);
}

# --- what goes on while we look ---

# Start something; what it prints can be looked at, and keys be pressed.
sub start {
    my ($command, $dir, %env) = @_;
    my $out = File::Temp->new;
    pipe my $keyboard, my $keys or die "pipe: $!";
    my $pid = fork // die "fork: $!";
    if ($pid == 0) {
        my %all = %{environment(%env)};
        defined $all{$_} ? ($ENV{$_} = $all{$_}) : delete $ENV{$_} for keys %all;
        # We may have been started in the background, where these are ignored.
        $SIG{$_} = 'DEFAULT' for qw(INT QUIT TERM HUP TSTP);
        close $keys;
        chdir $dir or POSIX::_exit(126);
        open STDIN,  '<&', $keyboard or POSIX::_exit(126);
        open STDOUT, '>&', $out      or POSIX::_exit(126);
        open STDERR, '>&', $out      or POSIX::_exit(126);
        { no warnings 'exec'; exec {$command->[0]} @$command; }
        POSIX::_exit(127);
    }
    $keys->autoflush(1);
    return {pid => $pid, out => $out, keys => $keys};
}

sub printed { return read_file("$_[0]{out}") }

sub wait_for_line {
    my ($started, $pattern) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    wait_until(sub { printed($started) =~ $pattern })
        || fail("it prints $pattern") && diag(printed($started));
}

# Wait for its end; what hangs is killed.
sub finish {
    my ($started) = @_;
    my $ended = wait_until(sub { waitpid($started->{pid}, WNOHANG) != 0 && ($started->{ended} = $?, 1) });
    kill KILL => $started->{pid} and waitpid $started->{pid}, 0 if !$ended;
    return {
        out    => printed($started),
        err    => $ended ? '' : "it did not end\n",
        status => ($started->{ended} // 0) >> 8,
        signal => ($started->{ended} // 0) & 127
    };
}

# Whether a process is gone, or only waits to be reaped, perhaps by an init that doesn't.
sub is_gone {
    my ($pid) = @_;
    return 1 if !kill 0, $pid;
    return read_file("/proc/$pid/stat") =~ /\) Z /;
}

# All that wrote their process id into these files.
sub all_gone {
    my (@files) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my @pids = map { split ' ', read_file($_) } @files;
    ok(@pids > 0, 'programs were running') or return;
    wait_until(sub { !grep { !is_gone($_) } @pids });
    my @left = grep { !is_gone($_) } @pids;
    is("@left", '', 'they are gone');
    kill KILL => @left;
}

# A program that says so when it runs, has a child, and never ends by itself.
my $hangs = 'sleep 1000 & echo $$ $! >pids; echo "[ 0.00] a: hangs"; sleep 1000';

# --- terminals ---

my $version = tool('script') ? run(['script', '--version'])->{out} : '';
my $no_terminal = $version =~ /util-linux/ ? '' : 'needs the script command of util-linux';

# A subtest that needs a terminal: what script gives to a line of shell.
sub terminal_test {
    my ($name, $test) = @_;
    subtest $name => sub { $no_terminal ? lacking($no_terminal) : $test->() };
}

sub terminal {
    my ($line) = @_;
    return ['script', '-qec', $line, '/dev/null'];
}

# In one of so many columns. What it printed is in {out}, with plain newlines.
sub on_terminal {
    my ($dir, $columns, %env) = @_;
    my $ran = run(terminal("stty cols $columns rows 50 -echo; \"\$show\" lessons/01-x"),
        dir => $dir, env => environment(%env));
    $ran->{out} =~ s/\r\n/\n/g;
    return $ran;
}

sub without_colours { return $_[0] =~ s/\e\[[0-9;]*m//gr }

# --- the whole ---

my $readme = <<'END';
# 01 X marks

1. No question.

## Before you run it

Two programs:

1. How long does `x_sync` take, when all that it waits for, and all that it does beside it, is
   added **up**?
2. And the other?

<details><summary>Answers</summary>

1. No question either.

</details>

## What happens

**Another thing.** It is not all bold.

**The idea, of which `that` is
a part.**

Read on.
END

my %story = (
    x_sync  => prints('[ 0.00] dryer: start', '[ 1.00] dryer: done', '[ 1.00] kettle: start',
        '[ 3.00] kettle: done', '[ 4.00] all done'),
    x_async => prints('[ 0.00] kettle: start', '[ 0.00] dryer: start', '[ 1.00] dryer: done',
        '[ 2.00] kettle: done', '[ 2.00] all done'),
    x_async_late => prints('[ 0.00] kettle: start', '[ 6.00] kettle: done'),
    x_async_yield => prints('[ 0.00] all done', '[ 4.00] all done'),
    x_async_wrong => prints('[ 5.00] all wrong'),
);

subtest 'a lesson, line by line' => sub {
    my $dir = lesson(\%story, 'README.md' => $readme, 'exercise.c' => '', 'exercise.out' => '');
    my $ran = show($dir);
    ended_well($ran);
    is($ran->{out}, <<'END', 'what it shows');
01 X marks

Guess first

1. How long does x_sync take, when all that it waits for, and all that it does
   beside it, is added up?
2. And the other?

x_sync
------
[ 0.00] dryer: start
[ 1.00] dryer: done
[ 1.00] kettle: start
[ 3.00] kettle: done
[ 4.00] all done
-- ended after 4.00 s

x_async
-------
[ 0.00] kettle: start
[ 0.00] dryer: start
[ 1.00] dryer: done
[ 2.00] kettle: done
[ 2.00] all done
-- ended after 2.00 s

x_async_late
------------
[ 0.00] kettle: start
[ 6.00] kettle: done
-- ended after 6.00 s

x_async_yield
-------------
[ 0.00] all done
[ 4.00] all done
-- ended after 4.00 s

x_async_wrong
-------------
[ 5.00] all wrong
-- ended after 5.00 s

Who did what when

| is a line from above. The program: # at work, / blocked, - free in the loop.
Whom it names: = under way, # at work, . waits, or is not heard yet.

              0 s      1        2        3        4        5        6
              '        '        '        '        '        '        '
x_sync        |///////////////////////////////////|  4.00 s
  dryer       |========|
  kettle               |=================|

x_async       |-----------------|  2.00 s
  dryer       |========|
  kettle      |=================|

x_async_late  |-----------------------------------------------------|  6.00 s
  kettle      |=====================================================|

x_async_yield |-----------------------------------|  4.00 s

x_async_wrong |--------------------------------------------|  5.00 s

How long it took

  x_sync          4.00 s
  x_async         2.00 s   2.0 times as fast
  x_async_late    6.00 s
  x_async_yield   4.00 s
  x_async_wrong   5.00 s   wrong on purpose

The idea

The idea, of which that is a part.

And now

  read on             lessons/01-x/README.md
  start one yourself  build/lessons/01-x/x_async
  the exercise        lessons/01-x/exercise.c, then make exercise-01
END
};

# --- side by side ---

# Waits until `all` such programs are here, or has waited `most` times: they can
# meet only if they run at the same time.
my $meets = 'echo "[ 0.00] waits"; : >${0##*/}.here; i=0
    while set -- *.here; [ $# -lt $all ]; do
        [ $i -lt $most ] || { rm ${0##*/}.here; exit; }
        sleep 0.02; i=$((i + 1))
    done
    echo "[ 9.00] has met the others"';

# Two programs whose output comes at the same time: show is stopped meanwhile.
sub together {
    my ($sync, $async) = @_;
    my $stopped = "grep -q '^State:.T' /proc/\$PPID/status";
    return (x_sync => "until [ -e async ]; do sleep 0.02; done; kill -STOP \$PPID; until $stopped; do sleep 0.02; done
        $sync\n: >sync; until [ -e printed ]; do sleep 0.02; done; kill -CONT \$PPID",
        x_async => ": >async; until [ -e sync ]; do sleep 0.02; done\n$async\n: >printed");
}

subtest 'as many as fit at 44 columns run at the same time' => sub {
    my %programs = (x_sync => $meets, x_async => $meets, x_async_b => $meets);
    for ([132, 3, 3], [131, 2, 2], [160, 3, 3]) {
        my ($columns, $all, $met) = @$_;
        delete local $programs{x_async_b} if $all == 2;
        my $ran = show(lesson(\%programs), COLUMNS => $columns, all => $all, most => 3000);
        ended_well($ran);
        is(() = $ran->{out} =~ /has met/g, $met, "$met of them in $columns columns");
        my $wide = int($columns / $all);
        for my $number (0 .. $all - 1) {
            my $name = (qw(x_sync x_async x_async_b))[$number];
            is(column($ran->{out}, $number, $wide), <<"END", "$name has its column");
$name
@{['-' x length $name]}
[ 0.00] waits
[ 9.00] has met the others
-- ended after 9.00 s
END
        }
    }
};

subtest 'one after another where they must' => sub {
    my %two = (x_sync => $meets, x_async => $meets);
    my %wrong = (x_async => 'echo right', x_sync_wrong => $meets, x_async_wrong => $meets);
    for (['in 87 columns', lesson(\%two), 87],
        ['those that compute', lesson(\%two, about => "part: 5\nneeds: threads alone\n"), 160],
        ['what is wrong', lesson(\%wrong), 160]) {
        my ($name, $dir, $columns) = @$_;
        my $ran = show($dir, COLUMNS => $columns, all => 2, most => 2);
        ended_well($ran);
        unlike($ran->{out}, qr/has met/, $name);
        unlike($ran->{out}, qr/^x_\w+ +x_/m, "$name: no columns");
    }
};

subtest 'lines are shown as they come' => sub {
    my $dir = lesson({x_sync => 'echo "[ 0.00] first"; until [ -e go ]; do sleep 0.02; done'});
    my $started = start([$show, 'lessons/01-x'], $dir);
    wait_for_line($started, qr/first/);
    write_file("$dir/go", '');
    my $ran = finish($started);
    ended_well($ran);
    has($ran, 'And now', 'and all the rest');
};

subtest 'a line that is too wide for its column goes on below' => sub {
    my $long = join '', map { sprintf '%03d-', $_ } 1 .. 75;
    my $ran = show(lesson({x_sync => prints($long, 'next'), x_async => prints('short')}),
        COLUMNS => 100);
    ended_well($ran);
    my $left = column($ran->{out}, 0, 50);
    like($left =~ s/\n//gr, qr/\Q$long\Enext--/, 'nothing is lost');
    like($left, qr/^\Q@{[substr $long, 0, 48]}\E$/m, 'its column is full, but for a gap');
    is((sort { $b <=> $a } map {length} split /\n/, $left)[0], 48, 'and it stays there');
    like(column($ran->{out}, 1, 50), qr/^short\n-- ended/m, 'the other is where it was');
};

# All that a program prints in a lesson where it stands beside another one.
my @wordy = ('[ 0.40] unknown name: EAI_NONAME, through the callback', '[ 0.80] a: short',
    '[ 1.00] given up: ECANCELED, through the callback, by our own wish', '-- no stamp at all, but many words in it');

subtest 'no word is broken that fits' => sub {
    for ([88, 44], [100, 50], [132, 66], [160, 80]) {
        my ($columns, $wide) = @$_;
        my $ran = show(lesson({x_sync => prints(@wordy), x_async => prints(@wordy)}), COLUMNS => $columns);
        ended_well($ran);
        my @rows = split /\n/, column($ran->{out}, 0, $wide);
        is(join(' ', map { s/^ +//r } grep {!/^(?:x_sync|-+$|-- ended)/} @rows), join(' ', @wordy), "$columns columns: whole words");
        no_complaints('what goes on stands below its first word', grep {/^ /} grep {!/^ {8}\S/} @rows);
    }
};

terminal_test 'nor is one on a terminal that is narrow' => sub {
    for my $columns (40, 60) {
        my $ran = on_terminal(lesson({x_sync => prints(@wordy)}), $columns);
        my ($lines) = without_colours($ran->{out}) =~ /^x_sync\n------\n(.*?)-- ended/ms;
        no_complaints("$columns columns: nothing is wider", grep { length > $columns } split /\n/, $lines);
        is(join(' ', map { s/^ +//r } split /\n/, $lines), join(' ', @wordy), 'whole words');
    }
    like(show(lesson({x_sync => prints(@wordy)}), COLUMNS => 40)->{out}, qr/^\Q$wordy[2]\E$/m,
        'in a file, a line is a line');
};

# --- the picture ---

subtest 'blocked, free, working and waiting differ' => sub {
    my @chores = ('[ 0.00] kettle: start', '[ 0.00] potatoes: peel', '[ 1.00] potatoes: peel', '[ 2.00] potatoes: done',
        '[ 2.00] kettle: done', '[ 2.00] dryer: start', '[ 3.00] dryer: done');
    my @baton = ('[ 0.00] A: lap', '[ 1.00] B: lap', '[ 2.00] A: lap', '[ 3.00] A: done', '[ 3.00] B: done');
    my $ran = show(lesson({x_sync => prints('[ 0.00] kettle: start', '[ 1.00] kettle: done', '[ 3.00] kettle: cold'),
            x_async => prints(@chores), x_async_baton => prints(@baton),
            x_sync_spin => prints('[ 0.00] bot: hears', '~ CPU time: all, 2.9 s', '[ 3.00] bot: has heard (sent at 2.00)')},
        about => "part: 1 A\nbusy: potatoes, A, B\nwaits: A, B\ntakes: kettle 1.0\n"));
    ended_well($ran);
    my ($picture) = $ran->{out} =~ /^( +0\.0 s .*?\n\n)How long/ms;
    is($picture, <<'END', 'who does what');
              0.0 s    0.5      1.0      1.5      2.0      2.5      3.0
              '        '        '        '        '        '        '
x_sync        |/////////////////////////////////////////////////////|  3.00 s
  kettle      |=================|                                   |

x_async       |###################################------------------|  3.00 s
  kettle      |=================..................|
  potatoes    |#################|#################|
  dryer                                           |=================|

x_async_baton |#################-#################-#################|  3.00 s
  A           |#################..................|#################|
  B           ..................|#################..................|

x_sync_spin   |#####################################################|  3.00 s
  bot         |                                   ..................|

END
};

subtest 'lines that are close are no noise' => sub {
    my @peel = map { sprintf '[%5.2f] potatoes: peel', $_ / 8 } 0 .. 14;
    my $ran = show(lesson({x_sync => prints(@peel, '[ 5.00] all done')}, about => "part: 1 A\nbusy: potatoes\n"));
    like($ran->{out}, qr/^x_sync +\|#+\/+\|  5\.00 s\n  potatoes \|#+\|$/m, 'one stretch');
};

# --- what programs print ---

subtest 'long lines, many lines, half lines, no lines' => sub {
    my $ran = show(lesson({x_sync => prints('x' x 300)}));
    ended_well($ran);
    like($ran->{out}, qr/^x{300}$/m, '300 characters');

    $ran = show(lesson({x_sync => q("$perl" -e 'print "y" x 3_000_000, "\nafter\n"')}));
    ended_well($ran);
    like($ran->{out}, qr/^y{2000}\.\.\. \(3000000 bytes\)\nafter$/m, '3,000,000 characters');

    $ran = show(lesson({x_sync => q("$perl" -e 'print "line $_\n" for 1 .. 100_000')}));
    ended_well($ran);
    is(join('', $ran->{out} =~ /^line \d+\n/mg), join('', map {"line $_\n"} 1 .. 100_000),
        '100,000 lines');

    $ran = show(lesson({x_sync => 'printf "one\nno newline"'}));
    ended_well($ran);
    has($ran, "one\nno newline\n-- ended", 'no newline at the end');

    $ran = show(lesson({x_sync => ':', x_async => ':'}));
    ended_well($ran);
    like($ran->{out}, qr/^x_sync\n------\n-- ended after \d\.\d\d s\n/m, 'nothing at all');
};

subtest 'what prints without end is stopped' => sub {
    my $ran = show(lesson({x_sync => 'exec yes', x_async => ':'}));
    ended_well($ran, 1);
    has($ran, "y\n-- stopped here: it prints without end\n", 'it says so');
    has($ran, "x_async\n-------\n-- ended", 'the others are shown');
};

subtest 'nothing that steers the terminal gets there' => sub {
    my %bytes = (
        "a\e[31mb"               => 'a?[31mb',
        "a\e]0;title\ab"         => 'a?]0;title?b',
        "a\0b\x7fc\rd\be\tf"     => 'a?b?c?d?e f',
        "a\xc2\x9b31mb\xc2\x85c" => 'a?31mb?c',
        "a\x9b31mb\x80c\xff"     => 'a?31mb?c?',
        "a\xc0\x9bb\xe0\x82\x9bc" => 'a??b???c',
        "a\xe2\x80\xaeb"         => 'a?b',
        "a\xe2\x82b\xc3\n"        => 'a??b?',
        "K\xc3\xa4se \xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x8d\x95 e\xcc\x81" =>
            "K\xc3\xa4se \xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x8d\x95 e\xcc\x81",
    );
    my @raw = sort keys %bytes;
    my $dir = lesson({x_sync => 'cat raw; cat raw >&2', x_async => 'cat actors'});
    write_file("$dir/raw", join '', map {"$_\n"} map {s/\n//r} @raw);
    write_file("$dir/actors", join '', map {"[ 0.00] $_: acts\n"} map {s/\n//r} @raw);
    my $ran = show($dir);
    ended_well($ran);
    my ($lines, $picture) = split /Who did what when/, $ran->{out};
    has({out => $lines}, join('', map {"$bytes{$_}\n"} @raw), 'in lines');
    has({out => $lines}, join('', map {"! $bytes{$_}\n"} @raw), 'in lines of stderr');
    my $first = qr/ +\|\n/;
    like($picture, qr/\Q$bytes{$_}\E$first/, "in names: $bytes{$_}") for @raw;
    unlike($ran->{out}, qr/[^\n\x20-\x7e\x80-\xff]/, 'no control character');
};

subtest 'characters are as wide as they are, in columns and in names' => sub {
    my @names = ('plain', "K\xc3\xa4se", "\xe6\x97\xa5\xe6\x9c\xac", "e\xcc\x81t\xc3\xa9");
    my @lines = map {"[ 0.00] $_: x"} @names;
    my $ran = show(lesson({together(prints(@lines), prints(@lines))}), COLUMNS => 100);
    ended_well($ran);
    my %lacks = ($names[1] => 1, $names[2] => 2, $names[3] => 3); # bytes more than columns
    for my $name (@names) {
        my $more = $lacks{$name} // 0;
        my $wide = length($name) - $more;
        has($ran, "  $name" . ' ' x (8 - 2 - $wide) . "|\n", 'its lane starts where others do');
    }
    my ($row) = $ran->{out} =~ /^(.*$names[1]: x.*)$/m;
    is(index($row, '[', 1), 51, 'the second column starts where it should');
};

# --- how programs end ---

subtest 'what stands around them takes a while, and not as long for each: they begin together' => sub {
    my $begins = ': >printed; [ -e up ] && echo "[ 0.00] a: together" || echo "[ 0.00] a: before the other"';
    my $dir = lesson({x_sync => $begins, x_async => $begins});
    make_path("$dir/build/common");
    # See common/servers/launch.h. The start-up of x_sync takes until x_async waits for it (or doesn't),
    # and 30 s by the clock.
    my $waits = q(grep -q '^State:.S' /proc/$(cat waits)/status);
    my $wrapper = q{case $1 in *_async) echo $$ >waits.new; mv waits.new waits ;; esac
        eval "printf 12345678 >&$READY_FD; read nothing <&$START_BARRIER_FD"; exec "$@"};
    write_file("$dir/build/common/with-site", "#!/bin/sh\ncase \$1 in\n*_sync) until [ -e waits ]; do sleep 0.02; done
            until [ -e printed ] || $waits; do sleep 0.02; done; echo 30 >clock; : >up ;;\nesac\n$wrapper\n", 0755);
    my @wide = (COLUMNS => 100, WITH => 'build/common/with-site');
    my $ran = show($dir, @wide);
    ended_well($ran);
    is(() = $ran->{out} =~ /a: together/g, 2, 'together');
    is(join(' ', $ran->{out} =~ /^  x_\w+ +(\d+\.\d\d) s/mg), '0.00 0.00', 'and their start-up is not their time');
    has($ran, "start one yourself  build/common/with-site build/lessons/01-x/x_async\n", 'how to start it');

    write_file("$dir/build/common/with-site", "#!/bin/sh\ncase \$1 in\n*_sync) echo 'no site' >&2; exit 3 ;;\n"
            . "esac\n$wrapper\n", 0755);
    $ran = show($dir, @wide);
    is($ran->{status}, 1, 'one has no surroundings');
    has($ran, '! no site', 'which is told');
    like($ran->{out}, qr/ \[ 0\.00\] a: together$/m, 'and the other begins all the same');
};

subtest 'exit status, crash, stderr' => sub {
    my $ran = show(lesson({
        x_sync    => 'echo "[ 8.00] x"; echo oops >&2; exit 3',
        x_async   => 'ulimit -c 0; echo "[ 9.00] x"; kill -ABRT $$',
        x_async_b => 'ulimit -c 0; echo "[ 7.00] x"; kill -SEGV $$',
        x_async_c => 'echo "[ 8.00] x"',
    }));
    ended_well($ran, 1);
    like($ran->{out}, qr/^! oops$/m, 'stderr is marked');
    has($ran, '-- ended with exit status 3', 'an exit status');
    like($ran->{out}, qr/^-- crashed: signal 6, /m, 'abort');
    like($ran->{out}, qr/^-- crashed: signal 11, /m, 'segmentation fault');
    has($ran, <<'END', 'the totals say so, and compare with nothing that went wrong');
  x_sync      8.00 s   did not end well
  x_async     9.00 s   did not end well
  x_async_b   7.00 s   did not end well
  x_async_c   8.00 s

END
};

subtest 'an end that is recorded is well' => sub {
    my $crash = 'ulimit -c 0; kill -ABRT $$';
    my $ran = show(lesson(
        {x_sync => 'exit 3', x_async_wrong => $crash},
        'x_sync.out' => "! oops\nexit 3\n", 'x_async_wrong.out' => "[ 0.00] x\nexit 134\n"
    ));
    ended_well($ran);
    has($ran, '-- ended with exit status 3', 'the status is shown all the same');
    unlike($ran->{out}, qr/did not end well/, 'both end as they should');

    for my $recorded ("exit 4\n", "exit 3\n[ 0.00] x\n", "exit\n", '') {
        $ran = show(lesson({x_sync => 'exit 3'}, 'x_sync.out' => $recorded));
        ended_well($ran, 1);
    }
};

subtest 'what takes no time' => sub {
    my %quick = (x_sync => prints('[ 2.00] x'), x_async => prints('[ 0.00] x'),
        x_async_silent => ':');
    my %none = (x_sync => ':', x_async => ':');
    my %short = (x_sync => prints('[ 0.00] x', '[ 0.04] x'));
    for ([\%quick, qr/^  x_async {10}0\.00 s   more than 200 times as fast\n/m, 'as fast as can be'],
        [\%none, qr/^  x_sync    0\.00 s\n  x_async   0\.00 s\n/m, 'nothing to compare'],
        [\%short, qr/^ {7}0\.00 s {6,}0\.01 {6,}0\.02 {6,}0\.03 {6,}0\.04$/m, 'a short axis']) {
        my ($programs, $expected, $name) = @$_;
        my $ran = show(lesson($programs));
        ended_well($ran);
        like($ran->{out}, $expected, $name);
    }
};

subtest 'as long, no faster, and the same checksum' => sub {
    my @sum = map {"[ 0.00] checksum: $_"} 1, 2;
    my $ran = show(lesson({x_sync => prints('[ 1.00] x', $sum[0]), x_async => prints($sum[0], '[ 1.00] x'),
            x_async_b => prints('[ 2.00] x', $sum[0]), x_async_c => prints('[ 0.50] y', $sum[0], '[ 0.50] z'),
            x_async_d => prints('[ 2.00] x', $sum[1])}));
    like($ran->{out}, qr/^  x_async +1\.00 s   no faster\n  x_async_b +2\.00 s   2\.0 times as long\n/m, 'the same lines');
    like($ran->{out}, qr/^  x_async_c +0\.50 s   2\.0 times as fast\n  x_async_d +2\.00 s\n/m, 'the same sum, or another');
};

subtest 'different stories are not compared' => sub {
    my %programs = (x_sync => prints('[ 2.00] x'), map { $_ => prints('[ 0.50] x') } 'x_async', 'x_async_late');
    $programs{x_async} = prints('[ 0.50] y');
    my $dir = lesson(\%programs, 'x_async@10.out' => '', 'x_async@9.out' => '');
    my $ran = show($dir);
    ended_well($ran);
    like($ran->{out}, qr/^  x_async 9 .*\n  x_async 10 .*\n  x_async_late +0\.50 s   4\.0 times as fast$/m, 'in the order of their numbers');
    unlike($ran->{out}, qr/^  x_async \d.* times as/m, 'nothing is said of fast or long');
};

subtest 'a program that goes on silently ends when it ends' => sub {
    my $shown = 'until grep -q 0.10 screen; do sleep 0.02; done';
    my $dir = lesson({x_sync => 'echo 0.7 >clock', x_async => "echo '[ 0.10] x'; $shown; echo 1.5 >clock"});
    open my $screen, '>', "$dir/screen" or die "screen: $!";
    my $ran = run([$show, 'lessons/01-x'], dir => $dir, env => environment(), stdout => $screen);
    ended_well($ran);
    my $out = read_file("$dir/screen");
    is(join(' ', $out =~ /-- ended after (\d+\.\d\d) s/g), '0.70 0.80', 'not with its last line');
    is(join(' ', $out =~ /^  x_\w+ +(\d+\.\d\d) s/mg), '0.70 0.80', 'the totals say the same');
};

subtest 'whom a program leaves behind ends with it' => sub {
    my $dir = lesson({x_sync => 'sleep 1000 & echo $! >pids; echo "[ 9.00] leaves a child"'});
    my $ran = show($dir);
    ended_well($ran);
    has($ran, "leaves a child\n-- ended after 9.00 s", 'its output is over');
    all_gone("$dir/pids");
};

subtest 'nobody waits for one who cannot be reached' => sub {
    my $dir = lesson({
        x_sync => q(echo one
            "$perl" -MPOSIX -e 'exit if fork; setsid; open F, ">pids"; print F $$; close F; sleep 1000'
            until [ -s pids ]; do sleep 0.02; done)
    });
    my $ran = show($dir, CLOCK => undef);
    ended_well($ran);
    like($ran->{out}, qr/^one\n-- ended/m, 'its output is over');
    kill KILL => read_file("$dir/pids");
};

# --- which programs there are ---

subtest 'a program that is not built' => sub {
    my $dir = lesson({x_sync => ':', x_async => 'echo "[ 9.00] here"', x_async_b => ':'},
        'x_async_gone.out' => '', 'x_async_gone@5.out' => '', 'x_async_b@2.out' => '');
    unlink "$dir/build/lessons/01-x/x_sync", "$dir/build/lessons/01-x/x_async_b";
    my $ran = show($dir);
    ended_well($ran, 1);
    has($ran, "x_sync could not be built; the compiler's words are above.\n", 'it says so');
    has($ran, "x_async_b 2 could not be built; ", 'also of a variant');
    has($ran, "x_async_gone 5 cannot be run: there is no lessons/01-x/x_async_gone.c.\n",
        'what has no source');
    has($ran, "x_async\n-------\n[ 9.00] here\n-- ended", 'the others are shown');
    has($ran, <<'END', 'the totals');
  x_sync              -     not built
  x_async          9.00 s
  x_async_b 2         -     not built
  x_async_gone        -     not built
  x_async_gone 5      -     not built

END
    unlink glob "$dir/build/lessons/01-x/*";
    $ran = show($dir);
    ended_well($ran, 1);
    unlike($ran->{out}, qr/Who did what/, 'none is built: there is no picture');
};

subtest 'arguments that a recording names' => sub {
    my $echo = 'echo "[ 0.00] has $# arguments, $1"';
    my $ran = show(lesson({x_sync => $echo, x_async => $echo, x_async_b => $echo},
        'x_async.out' => '', 'x_async@5.out' => '', 'x_async@12.out' => '',
        'x_async_b@2.out' => ''));
    ended_well($ran);
    is(join(', ', $ran->{out} =~ /^(x_.*)\n---/mg),
        'x_sync, x_async, x_async 5, x_async 12, x_async_b 2', 'which, and their order');
    has($ran, "x_async 5\n---------\n[ 0.00] has 1 arguments, 5\n", 'it gets them');
    has($ran, "x_async\n-------\n[ 0.00] has 0 arguments, \n", 'or none');
    has($ran, "x_sync\n------\n[ 0.00] has 0 arguments, \n", 'what is not recorded is run as it is');
};

subtest 'one program, seven, none' => sub {
    my $ran = show(lesson({x_sync => prints('[ 9.00] x')}), COLUMNS => 160);
    ended_well($ran);
    has($ran, "lessons/01-x\n\nx_sync\n------\n[ 9.00] x\n-- ended after 9.00 s\n\nWho did",
        'one, without README and about');
    has($ran, "And now\n\n  start one yourself  build/lessons/01-x/x_sync\n", 'and no README to read');

    my %seven = map { $_ => prints("[ 1.00] $_: x") } 'x_sync', 'x_async',
        map {"x_async_$_"} qw(a b c d e);
    $ran = show(lesson(\%seven), COLUMNS => 160);
    ended_well($ran);
    is(join('', $ran->{out} =~ /^(x_.*\n)-/mg) =~ s/ +/ /gr,
        "x_sync x_async x_async_a\nx_async_b x_async_c x_async_d\nx_async_e\n", 'seven in three rows');
    has($ran, "x_async_e\n---------\n[ 1.00] x_async_e: x\n", 'the last by itself');

    $ran = show(lesson({}));
    ended_well($ran, 1);
    has($ran, 'There is no program in lessons/01-x yet.', 'none');
};

subtest 'many actors, and long names' => sub {
    my $ran = show(lesson({x_sync => prints(map { sprintf '[ 9.00] actor %02d: x', $_ } 1 .. 30)}));
    ended_well($ran);
    is(() = $ran->{out} =~ /^  actor \d\d +\|$/mg, 30, '30 actors have lanes');
    unlike($ran->{out}, qr/others/, 'that is all');

    $ran = show(lesson({
        x_sync  => prints(map {"[ 0.00] actor $_: x"} 1 .. 45),
        x_async => prints(map {"[ 0.00] actor $_: x"} 1 .. 3)
    }));
    ended_well($ran);
    is(() = $ran->{out} =~ /^  \.\.\. and 5 others$/mg, 1, 'there is an end to it, which says how many are missing');

    my %long = map { $_ => prints("[ 0.00] ${_}y: x", '[ 9.00] ' . 'long ' x 30 . ': x') } 'x_sync',
        'x_async_' . 'z' x 40;
    for my $columns (40, 80, 160) {
        $ran = show(lesson(\%long), COLUMNS => $columns);
        ended_well($ran);
        my ($picture) = $ran->{out} =~ /not\s+heard\s+yet\.\n\n(.*)How long/s;
        is(join(' ', grep { length > $columns } split /\n/, $picture // 'no picture'), '',
            "nothing is wider than $columns columns");
        my %starts = map { index($_, '|') >= 0 ? (index($_, '|') => 1) : () }
            grep {!/^  (?:lo|lon|long)\b/} split /\n/, $picture // '';
        is(keys %starts, 1, 'all bars start in the same column');
        like($picture, qr/^x_async_z+\.\. *\|/m, 'a long name is cut, and says so');
    }
};

subtest 'the axis' => sub {
    for (['5.75', 80], ['5.00', 80], ['5.01', 80], ['5.00', 160],
        ['12.00', 80], ['59.99', 160], ['700.00', 80], ['5.00', 40], ['99999999.00', 80]) {
        my ($length, $columns) = @$_;
        my $ran = show(lesson({x_sync => prints('[ 0.00] x', sprintf '[%5.2f] x', $length)}),
            COLUMNS => $columns);
        my ($labels, $ticks, $bar) = $ran->{out} =~ /^( +0.*)\n( +'.*)\nx_sync *(\|.*\|)  /m;
        ok(defined $bar, "$length s in $columns columns is drawn") || diag($ran->{out}) || next;
        my @at = grep { substr($ticks, $_, 1) eq "'" } 0 .. length($ticks) - 1;
        my @steps = map { $at[$_] - $at[$_ - 1] } 1 .. $#at;
        is(join(' ', grep { $_ < 9 || $_ != $steps[0] } @steps), '', 'ticks are 9 columns apart, all alike');
        my @labels = map { substr($labels, $_) =~ /^([\d.]+)/ ? $1 : 'none' } @at;
        my @rest = grep { $labels[$_] eq 'none' || abs($labels[$_] - $_ * ($labels[1] // 0)) > 0.001 }
            0 .. $#at;
        is("@rest", '', "a label at each: @labels");
        my $scale = @at > 1 ? $labels[1] / $steps[0] : $length / (length($bar) - 1);
        cmp_ok(abs((length($bar) - 1) * $scale - $length), '<=', $scale * 0.51,
            'the bar is as long as they say');
    }
};

# --- wrong use ---

subtest 'wrong arguments' => sub {
    my $dir = lesson(\%story);
    for ([], [qw(lessons/01-x lessons/01-x)], ['01-x'], ['lessons/x'], ['']) {
        my $ran = run([$show, @$_], dir => $dir, env => environment());
        is("$ran->{status}, $ran->{err}", "2, usage: show lessons/NN-NAME\n", "show @$_");
    }
    write_file("$dir/lessons/02-file", '');
    for (['lessons/99-no', 'no such file or directory'], ['lessons/02-file', 'not a directory']) {
        my ($lesson, $why) = @$_;
        my $ran = run([$show, $lesson], dir => $dir, env => environment());
        is("$ran->{status}, $ran->{err}", "1, show: cannot read $lesson: $why\n", $lesson);
    }
    write_file("$dir/build/lessons/01-x/x_sync", "#!/no/such/interpreter\n");
    my $ran = show($dir);
    is("$ran->{status}, $ran->{err}",
        "1, show: cannot start build/lessons/01-x/x_sync: no such file or directory\n",
        'a program that cannot be started');
};

# --- who reads ---

subtest 'stdout that takes nothing' => sub {
    my $write = 'show: cannot write to stdout';
    for (['>&-', 'bad file descriptor'], ['>/dev/full', 'no space left on device']) {
        my ($where, $why) = @$_;
        next if $where =~ /full/ && !-c '/dev/full';
        my $dir = lesson({x_sync => $hangs});
        my $ran = in_shell($dir, "\"\$show\" lessons/01-x $where");
        is("$ran->{status}, $ran->{err}", "1, $write: $why\n", $where);
    }
    my $dir = lesson({x_sync => "$hangs & while :; do echo line; sleep 0.02; done"});
    my $ran = in_shell($dir, '{ "$show" lessons/01-x; echo "status $?" >&2; } | head -5');
    has($ran, "lessons/01-x\n\nx_sync\n------\n", 'head gets its lines');
    is($ran->{err}, "$write: broken pipe\nstatus 1\n", 'then it is over');
    all_gone("$dir/pids");
};

# --- how show ends ---

subtest 'a signal ends everything' => sub {
    for my $signal (qw(INT TERM HUP QUIT)) {
        my $dir = lesson({x_sync => $hangs, x_async => ':'});
        my $started = start(['sh', '-c', 'ulimit -c 0; exec "$show" lessons/01-x'], $dir,
            COLUMNS => 160);
        wait_for_line($started, qr/a: hangs/);
        kill $signal => $started->{pid};
        my $ran = finish($started);
        my %number;
        @number{split ' ', $Config{sig_name}} = split ' ', $Config{sig_num};
        is($ran->{signal}, $number{$signal}, "$signal: the shell hears of it");
        like($ran->{out}, qr/\n\z/, 'the last line is whole');
        unlike($ran->{out}, qr/And now/, 'nothing else is shown');
        all_gone("$dir/pids");
    }
};

subtest 'a signal that was ignored at the start stays ignored' => sub {
    my $dir = lesson({x_sync => 'echo "[ 0.00] a: waits"; until [ -e go ]; do sleep 0.02; done'});
    my $started = start(['sh', '-c', 'trap "" HUP INT; exec "$show" lessons/01-x'], $dir);
    wait_for_line($started, qr/a: waits/);
    kill $_ => $started->{pid} for qw(HUP INT);
    write_file("$dir/go", '');
    my $ran = finish($started);
    ended_well($ran);
    has($ran, 'And now', 'it goes on to the end');
};

subtest 'programs do not outlive it for long' => sub {
    my $dir = lesson({x_sync => 'echo $$ >pids; while echo line; do sleep 0.05; done'});
    my $started = start([$show, 'lessons/01-x'], $dir);
    wait_for_line($started, qr/line/);
    kill KILL => $started->{pid};
    finish($started);
    all_gone("$dir/pids");
};

# --- terminals ---

terminal_test 'a terminal is as wide as it is, whatever COLUMNS says' => sub {
    my $dir = lesson({map { $_ => prints('[ 0.00] x') } qw(x_sync x_async)});
    for ([160, 20, 2], [60, 200, 1], [0, 88, 2], [0, undef, 1]) {
        my ($wide, $columns, $together) = @$_;
        my $ran = on_terminal($dir, $wide, COLUMNS => $columns);
        ended_well($ran);
        my ($headers) = without_colours($ran->{out}) =~ /^(x_sync.*)$/m;
        is(() = $headers =~ /x_/g, $together, "$wide, and COLUMNS=" . ($columns // ''));
    }
};

terminal_test 'colour is a decoration, on a terminal only' => sub {
    my $dir = lesson(\%story, 'README.md' => $readme);
    my $plain = show($dir)->{out};
    my $ran = on_terminal($dir, 80);
    ended_well($ran);
    like($ran->{out}, qr/\e\[1mx_sync\e\[0m/, 'a terminal has colours');
    unlike(without_colours($ran->{out}), qr/[^\n\x20-\x7e]/, 'nothing moves the cursor');
    is(without_colours($ran->{out}), $plain, 'it says the same without');
    for ([TERM => 'dumb'], [TERM => undef], [NO_COLOR => 1]) {
        my ($name, $value) = @$_;
        $ran = on_terminal($dir, 80, $name => $value);
        is($ran->{out}, $plain, "none with $name=" . ($value // ''));
    }
};

# As a student sits there: a shell, and a key pressed while a program runs.
sub press {
    my ($dir, $line, @keys) = @_;
    my $started = start(terminal($line), $dir);
    while (my ($pattern, $key) = splice @keys, 0, 2) {
        wait_for_line($started, $pattern);
        print {$started->{keys}} $key;
    }
    my $ran = finish($started);
    $ran->{out} = without_colours($ran->{out} =~ s/\r\n/\n/gr);
    return $ran;
}

terminal_test 'Ctrl-C' => sub {
    my $dir = lesson({x_sync => $hangs});
    my $ran = press($dir, 'trap : INT; stty -g >before; "$show" lessons/01-x; echo "status $?"
        stty -g | cmp - before && echo as it was', qr/a: hangs/, "\cC");
    has($ran, "[ 0.00] a: hangs\n^C\nstatus 130\nas it was\n", 'what is seen');
    all_gone("$dir/pids");
};

terminal_test 'Ctrl-Z, and fg' => sub {
    # The program ends while show is stopped; no time that it did not take is shown.
    my $dir = lesson({x_sync => 'echo "[ 0.00] one"; until [ -e go ]; do sleep 0.02; done
        echo 5 >clock; echo "[ 0.10] two"; : >over'});
    my $ran = press($dir, 'set -m; "$show" lessons/01-x; echo stopped; : >go
        until [ -e over ]; do sleep 0.02; done; fg; echo "status $?"', qr/one/, "\cZ");
    like($ran->{out}, qr/stopped\n.*\n\[ 0\.10\] two\n-- ended after 0\.10 s\n.*\nstatus 0\n/s,
        'it goes on where it was');
};

terminal_test 'a window whose size changes in the middle' => sub {
    my $waits = 'echo "[ 0.00] one"; : >${0##*/}.here
        while set -- *.here; [ $# -lt 3 ]; do sleep 0.02; done; %s echo "[ 1.00] two"; echo $0';
    for my $columns (100, 40, 1) {
        my $resize = 'until [ -e resized ]; do sleep 0.02; done;';
        my $dir = lesson({
            x_sync    => sprintf($waits, "read tty <tty; stty cols $columns <\$tty; : >resized;"),
            x_async   => sprintf($waits, $resize),
            x_async_b => sprintf($waits, $resize),
        });
        my $ran = press($dir, 'stty cols 160; tty >tty; "$show" lessons/01-x');
        ended_well($ran);
        is(() = $ran->{out} =~ /^x_sync +x_async +x_async_b$/mg, 2,
            "$columns columns: the headers are there again");
        has($ran, 'And now', 'it goes on to the end');
    }
};

# --- make ---

subtest 'make lesson-01 where one program does not compile' => sub {
    my $dir = built_tree();
    my $c = qq{#include "lesson.h"\nint main(void)\n{\n    %s\n}\n};
    make_path("$dir/lessons/01-x");
    write_file("$dir/lessons/01-x/about", "part: 1\n");
    write_file("$dir/lessons/01-x/x_sync.c", sprintf $c, 'say("works");');
    write_file("$dir/lessons/01-x/x_async.c", sprintf $c, 'say(no_such_thing);');
    my @make = (make_command(), 'lesson-01');
    my $ran = run(\@make, dir => $dir, env => environment());
    cmp_ok($ran->{status}, '!=', 0, 'make fails');
    like($ran->{err}, qr/no_such_thing/, "the compiler's words appear");
    has($ran, 'x_async could not be built', 'it says what is missing');
    has($ran, "[ 0.00] works\n-- ended", 'the other is shown');

    write_file("$dir/lessons/01-x/x_async.c", sprintf $c, 'say("works, too");');
    my @both = map { start([@make], $dir) } 1, 2;
    for my $ran (map { finish($_) } @both) {
        ended_well($ran);
        has($ran, "[ 0.00] works, too\n-- ended", 'mended, and shown twice at the same time');
    }
};

done_testing();
