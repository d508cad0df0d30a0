#!/usr/bin/env perl
# watch.t - make watch-NN: checks an exercise again each time that it is saved,
# however the editor does that, and leaves nothing behind.

use strict;
use warnings;

use lib 'tests';
use Course;
use POSIX qw(WNOHANG);
use Test::More;
use Time::HiRes qw(sleep time);

delete @ENV{qw(BUILD SANITIZE LDFLAGS REQUIRE_ALL SLOW TIMING UNDER V)};
$ENV{CFLAGS} = '-O0';

my $tree = tree_with_exercises();
my $file = "$tree/lessons/01-tea/exercise.c";
my $said = "$tree/said";
run([make_command(), qw(build/common/check/check build/common/watch build/common/lesson.o)], dir => $tree)->{status} == 0
    or die "watch.t: cannot build the check and common/watch\n";

# Start it as a terminal would: in a process group of its own. Returns its number.
sub start {
    my (@command) = @_;
    unlink $said; # what another one has said
    my $pid = fork // die "fork: $!";
    if ($pid == 0) {
        setpgrp;
        $SIG{INT} = 'DEFAULT';
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

sub checks { return scalar(() = read_file($said) =~ /checked at each save/g) }

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

subtest 'each way of saving' => sub {
    my $pid = start(make_command(), 'watch-01');
    wait_for(qr/as it was given/, 1, 'it is checked once at once');

    save_answer($tree, '01-tea', 'say("tea: hot");'); # another file in its place
    wait_for(qr/tea: hot/, 1, 'a new file in its place');
    wait_for(qr/^Hint 1/m, 1, 'with the hint');

    write_file($file, read_file($file) =~ s/hot/cold/r);
    wait_for(qr/tea: cold/, 1, 'written in its place');

    rename $file, "$file~" or die;
    write_file($file, read_file("$file~") =~ s/cold/gone/r);
    wait_for(qr/tea: gone/, 1, 'the old one is kept as another');

    unlink $file or die;
    wait_for(qr/There is no lessons/, 1, 'it is removed');
    write_file("$tree/lessons/01-tea/pot.h", qq(#define READY "tea: almost"\n));
    wait_for(qr/There is no lessons/, 2, 'a header beside it is new');
    save_answer($tree, '01-tea', "\n#include \"pot.h\"\nsay(READY);");
    wait_for(qr/tea: almost/, 1, 'and used');
    write_file("$tree/lessons/01-tea/pot.h", qq(#define READY "tea: ready"\n));
    wait_for(qr/^Passed/m, 1, 'when the header is right, it passes');
    wait_for(qr/1 of 2 solved/, 1, 'and says what is next');

    my $before = checks();
    write_file("$tree/lessons/01-tea/$_", 'x') for '.exercise.c.swp', 'exercise.c~', '.#exercise.c', '4913';
    run([make_command(), 'progress'], dir => $tree);
    sleep 0.5;
    is(checks(), $before, 'what is beside it does not matter');
    ends($pid, 'INT', 'Ctrl-C');
};

subtest 'while it is being checked' => sub {
    local $ENV{SLOW} = 20; # what hangs is not ended soon by itself
    save_answer($tree, '01-tea', 'say("tea: ready");', 'for (;;)', '    uv_sleep(60000);');
    my $pid = start(make_command(), 'watch-01');
    wait_for(qr/checked at each save/, 1, 'it hangs');
    sleep 1;
    my $begin = time;
    save_answer($tree, '01-tea', 'right');
    wait_for(qr/^Passed/m, 1, 'saved again, the old one is not waited for');
    cmp_ok(time - $begin, '<', 30, 'it is soon');
    unlike(read_file($said), qr/it hangs/, 'nothing is said of the old one');
    unlike(read_file("$tree/build/progress/01-tea"), qr/tried/, 'it is no try');

    save_answer($tree, '01-tea', 'for (;;)', '    uv_sleep(60000);');
    wait_for(qr/checked at each save/, 3, 'one that hangs');
    sleep 1;
    ends($pid, 'INT', 'Ctrl-C in the middle');

    for my $signal (qw(TERM HUP)) {
        $pid = start('build/common/watch', 'lessons/01-tea');
        wait_for(qr/checked at each save/, 1, 'again');
        sleep 1;
        ends($pid, $signal, 'in the middle');
    }
};

subtest 'a terminal is cleared, and left as it was' => sub {
    return lacking('needs the script command of util-linux')
        unless tool('script') && run(['script', '--version'])->{out} =~ /util-linux/;
    save_answer($tree, '01-tea', 'right');
    my $line = 'stty -a >before; build/common/watch lessons/01-tea & sleep 3; kill -INT $!;'
        . ' wait; stty -a >after';
    my $ran = run(['script', '-qec', "bash -c '$line'", '/dev/null'], dir => $tree);
    like($ran->{out}, qr/\A.*\e\[H\e\[2J\d\d:\d\d:\d\d  lessons/s, 'cleared');
    like($ran->{out}, qr/^checking \.\.\. \r\e\[KPassed/m, 'checked, and one sees it');
    isnt(read_file("$tree/before"), '', 'a terminal');
    is(read_file("$tree/after"), read_file("$tree/before"), 'as it was');
};

subtest 'bad input' => sub {
    for ([[], qr/\Ausage: watch lessons/], [['lessons/99-none'], qr{\Awatch: cannot watch the directory lessons/99-none: no such file}],
        [['a', 'b'], qr/\Ausage: watch/])
    {
        my $ran = run(["$tree/build/common/watch", @{ $_->[0] }], dir => $tree);
        isnt($ran->{status}, 0, "watch @{ $_->[0] }");
        like($ran->{err}, $_->[1], 'a sentence');
        is(() = $ran->{err} =~ /\n/g, 1, 'of one line');
    }
    my $ran = run([make_command(), 'watch-99'], dir => $tree);
    like($ran->{err}, qr/^There is no lesson "99"/m, 'no such lesson');
    open my $full, '>', '/dev/full' or return;
    $ran = run(["$tree/build/common/watch", 'lessons/01-tea'], dir => $tree, stdout => $full);
    isnt($ran->{status}, 0, 'a full disk');
    like($ran->{err}, qr/^watch: cannot write to stdout/m, 'is said');
};

done_testing();
