#!/usr/bin/env perl
# watch.t - make watch-NN: checks an exercise again each time that it is saved,
# however the editor does that, and leaves nothing behind.

use strict;
use warnings;

use lib 'tests';
use Course;
use Cwd qw(getcwd);
use File::Path qw(make_path);
use IPC::Open2;
use POSIX qw(WNOHANG);
use Test::More;

delete @ENV{qw(BUILD SANITIZE LDFLAGS REQUIRE_ALL SLOW TIMING UNDER V)};

my $top  = getcwd();
my $tree = tree_with_exercises();
my $file = "$tree/lessons/01-tea/exercise.c";
my $said = "$tree/said";
my $runs = "$tree/runs";

my @without_make = ('env', 'MAKE=' . no_compiler($tree), 'common/commands/watch', 'lessons/01-tea');

my $ready = 'echo "[ 0.00] tea: ready"';

# An answer that hangs, and tells that it does: there is this file then.
my @hangs = (qq(: >"$runs"), 'exec sleep 60000');

my @ignored; # signals, as by nohup

# Start it as a terminal would: in a process group of its own. Returns its number.
sub start {
    my (@command) = @_;
    unlink $said, $runs; # of another one
    my $pid = fork // die "fork: $!";
    if ($pid == 0) {
        setpgrp;
        $SIG{INT} = $SIG{HUP} = 'DEFAULT';
        $SIG{$_} = 'IGNORE' for @ignored;
        chdir $tree or die;
        open STDIN,  '<', '/dev/null' or die;
        open STDOUT, '>', $said or die;
        open STDERR, '>&', \*STDOUT or die;
        exec @command or die "$command[0]: $!";
    }
    return $pid;
}

# Wait until a text has been said so many times.
sub wait_for {
    my ($pattern, $times, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my $count;
    wait_until(sub { ($count = () = read_file($said) =~ /$pattern/g) >= $times });
    return is($count, $times, $name) || diag(read_file($said));
}

sub wait_until_it_hangs {
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return ok(wait_until(sub { -e $runs }), 'one that hangs is being checked');
}

# Those who still run in our tree, as far as the system tells.
sub left {
    my @left;
    return if wait_until(sub { !(@left = grep { (readlink "$_/cwd" // '') eq $tree } glob '/proc/[0-9]*') });
    return map { read_file("$_/cmdline") =~ tr/\0/ /r } @left;
}

sub ends {
    my ($pid, $signal, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    kill $signal => -$pid;
    ok(wait_until(sub { waitpid($pid, WNOHANG) == $pid }), "$name: SIG$signal ends it");
    no_complaints("$name: nothing is left running", left());
}

# It is built by this, if it isn't yet.
subtest 'make watch-NN' => sub {
    my $pid = start(make_command(), 'watch-01');
    wait_for(qr/as it was given/, 1, 'it is checked');
    ends($pid, 'INT', 'Ctrl-C');
};

# What it compares five times a second, printed for each line.
my @look = ($^X, '-e', 'require shift; $| = 1; while (<STDIN>) { print state_of("lessons/01-x") =~ tr/\n/ /r, "\n" }');

subtest 'each way of saving is seen, and nothing else' => sub {
    my $here = "$tree/here";
    my ($lesson, $elsewhere) = ("$here/lessons/01-x", "$here/elsewhere");
    make_path("$here/common", $lesson, $elsewhere);
    # No time may be that of another, however coarse the clock of the disk is.
    my $second = 1_000_000_000;
    my $save = sub {
        my ($path, $text) = @_;
        write_file($path, $text);
        return utime $second, $second++, $path;
    };
    my $pid  = open2(my $sees, my $asks, 'sh', '-c', 'cd "$0" && exec "$@"', $here, @look, "$top/common/commands/watch");
    my $seen = sub { print $asks "\n"; scalar <$sees> };
    $save->("$lesson/exercise.c", 'one');
    $save->("$here/common/lesson.h", 'one');
    my $link = sub { unlink "$lesson/exercise.c"; symlink "$elsewhere/mine.c", "$lesson/exercise.c" };
    my @steps = (
        [1, 'written in its place', sub { $save->("$lesson/exercise.c", 'two') }],
        [1, 'a longer one', sub { write_file("$lesson/exercise.c", 'three'); utime $second - 1, $second - 1, "$lesson/exercise.c" }],
        [1, 'another in its place', sub { write_file("$lesson/new", 'three'); utime $second - 1, $second - 1, "$lesson/new";
                rename "$lesson/new", "$lesson/exercise.c" }],
        [1, 'the old one is kept as another', sub { rename "$lesson/exercise.c", "$lesson/exercise.c~" }],
        [1, 'there is one again', sub { $save->("$lesson/exercise.c", 'one') }],
        [1, 'a header beside it is new', sub { $save->("$lesson/pot.h", 'one') }],
        [1, '... is another', sub { $save->("$lesson/pot.h", 'two') }],
        [1, '... has another name', sub { rename "$lesson/pot.h", "$lesson/pan.h" }],
        [1, '... is removed', sub { unlink "$lesson/pan.h" }],
        [1, 'a header of all lessons', sub { $save->("$here/common/lesson.h", 'two') }],
        [0, 'what editors keep beside it', sub { write_file("$lesson/$_", 'x') for '.exercise.c.swp', 'exercise.c~', '.#exercise.c', '4913' }],
        [0, 'the README', sub { write_file("$lesson/README.md", 'x') }],
        [0, 'nothing', sub { }],
        [1, 'a link to nowhere', $link],
        [1, 'the link leads somewhere', sub { $save->("$elsewhere/mine.c", 'one') }],
        [1, 'a save behind the link', sub { $save->("$elsewhere/mine.c", 'two') }],
        [1, 'the directory is gone', sub { rename $lesson, "$here/lessons/old" }],
        [1, 'another is in its place', sub { make_path($lesson); $save->("$lesson/exercise.c", 'one') }],
        [1, 'written there', sub { $save->("$lesson/exercise.c", 'two') }],
    );
    my $before = $seen->();
    for (@steps) {
        my ($differs, $name, $step) = @$_;
        $step->();
        my $after = $seen->();
        is($after ne $before ? 1 : 0, $differs, $name);
        $before = $after;
    }
    close $asks;
    waitpid $pid, 0;
    is($?, 0, 'it looks to the end');
};

subtest 'it is checked at each save' => sub {
    my $pid = start(@without_make);
    wait_for(qr/as it was given/, 1, 'it is checked once at once');

    save_script($tree, '01-tea', 'echo "[ 0.00] tea: hot"');
    wait_for(qr/tea: hot/, 1, 'saved');
    wait_for(qr/^Hint 1/m, 1, 'with the hint');

    unlink $file or die;
    wait_for(qr/There is no lessons/, 1, 'it is removed');
    my $header = write_file("$tree/pot.h", 'READY="tea: ready"');
    rename $header, "$tree/lessons/01-tea/pot.h" or die;
    wait_for(qr/There is no lessons/, 2, 'a header beside it is new');
    save_script($tree, '01-tea', '. lessons/01-tea/pot.h', 'echo "[ 0.00] $READY"');
    wait_for(qr/^Passed/m, 1, 'it uses the header, and passes');
    wait_for(qr/1 of 2 solved/, 1, 'and says what is next');
    is(() = read_file($said) =~ /checked at each save/g, 5, 'no more checks than saves');
    ends($pid, 'INT', 'Ctrl-C');
};

subtest 'while it is being checked' => sub {
    local $ENV{SLOW} = 20; # what hangs is not ended soon by itself
    save_script($tree, '01-tea', $ready, @hangs);
    my $pid = start(@without_make);
    wait_until_it_hangs();
    save_script($tree, '01-tea', $ready);
    wait_for(qr/^Passed/m, 1, 'saved again, the old one is not waited for');
    unlike(read_file($said), qr/it hangs/, 'nothing is said of the old one');
    unlike(read_file("$tree/build/progress/01-tea"), qr/tried/, 'it is no try');

    unlink $runs;
    save_script($tree, '01-tea', @hangs);
    wait_until_it_hangs();
    ends($pid, 'INT', 'Ctrl-C in the middle');

    for my $signal (qw(TERM HUP)) {
        $pid = start(@without_make);
        wait_until_it_hangs();
        ends($pid, $signal, 'in the middle');
    }
};

subtest 'a signal that was ignored at the start stays ignored' => sub {
    save_answer($tree, '01-tea', 'given');
    @ignored = qw(HUP INT);
    my $pid = start(@without_make);
    @ignored = ();
    wait_for(qr/as it was given/, 1, 'it is checked');
    kill $_ => $pid for qw(HUP INT);
    save_script($tree, '01-tea', $ready);
    wait_for(qr/^Passed/m, 1, 'and again after SIGHUP and SIGINT');
    ends($pid, 'TERM', 'one that was not');
};

subtest 'a terminal is cleared where it can be, and left as it was' => sub {
    return lacking('needs the script command of util-linux')
        unless tool('script') && run(['script', '--version'])->{out} =~ /util-linux/;
    save_script($tree, '01-tea', $ready);
    for (['xterm', 1], ['dumb', 0], [undef, 0]) {
        my ($terminal, $clears) = @$_;
        my $name = 'TERM=' . ($terminal // '');
        unlink $said;
        my $line = 'set -m; stty -a >before; common/commands/watch lessons/01-tea & until [[ $(<said) = *1\\ of\\ 2\\ solved* ]]; do sleep 0.1; done;'
            . ' kill -INT $!; wait; stty -a >after';
        run(['script', '-qefc', "bash -c '$line'", 'said'], dir => $tree, env => {TERM => $terminal, MAKE => "$tree/no-compiler"});
        my $begin = qr/(?:\A|\n)\d\d:\d\d:\d\d  lessons/;
        $begin = qr/\e\[H\e\[2J\d\d:\d\d:\d\d  lessons/ if $clears;
        like(read_file($said), $begin, "$name: its first line");
        isnt(read_file("$tree/before"), '', "$name: a terminal");
        is(read_file("$tree/after"), read_file("$tree/before"), "$name: as it was");
    }
};

subtest 'bad input' => sub {
    for ([[], qr/\Ausage: watch lessons/], [['lessons/99-none'], qr{\Awatch: cannot watch lessons/99-none: No such file}],
        [['a', 'b'], qr/\Ausage: watch/])
    {
        my $ran = run(["common/commands/watch", @{ $_->[0] }], dir => $tree);
        isnt($ran->{status}, 0, "watch @{ $_->[0] }");
        like($ran->{err}, $_->[1], 'a sentence');
        is(() = $ran->{err} =~ /\n/g, 1, 'of one line');
    }
    my $ran = run([make_command(), 'watch-99'], dir => $tree);
    like($ran->{err}, qr/^There is no lesson "99"/m, 'no such lesson');
    open my $full, '>', '/dev/full' or return;
    $ran = run(["common/commands/watch", 'lessons/01-tea'], dir => $tree, stdout => $full);
    isnt($ran->{status}, 0, 'a full disk');
    like($ran->{err}, qr/^watch: cannot write to stdout/m, 'is said');
};

done_testing();
