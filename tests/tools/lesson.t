#!/usr/bin/env perl
# lesson.t - common/lesson.c: what every program of the course relies on. Small
# programs are compiled against it, the way the lessons are, and looked at.

use strict;
use warnings;

use lib 'tests';
use Course;
use Test::More;

my $build    = build_dir();
my $scratch  = scratch();
my @compiler = compiler_of_the_course(CFLAGS => '-O0'); # what is tested is in lesson.o
my @libs     = split ' ', run(['common/commands/needs', '--libs'])->{out};

die "$build/common/lesson.o is not there: `make` builds it\n" if !-e "$build/common/lesson.o";

# Compile a program; return its path, or nothing if it can't be compiled `with`
# other things than usual.
sub program {
    my ($name, $code, @with) = @_;
    my $source  = write_file("$scratch/$name.c", qq{#include "lesson.h"\n$code});
    my @ldflags = split ' ', $ENV{LDFLAGS} // '';
    my $ran     = run([@compiler, @ldflags, '-o', "$scratch/$name", $source,
            @with ? @with : "$build/common/lesson.o", @libs]);
    return "$scratch/$name" if $ran->{status} == 0;
    return if @with;
    die "$name does not compile:\n$ran->{err}";
}

# A program of a lesson: built('sleep_loop_sync').
sub built {
    my ($name) = @_;
    my ($source) = glob "lessons/*/$name.c" or die "there is no $name";
    return "$build/" . $source =~ s/\.c$//r;
}

# Run something through the shell, as "$0".
sub run_in_shell {
    my ($line, @words) = @_;
    return run(['sh', '-c', $line, @words]);
}

# It ended by itself, without a signal, with this status, and said this and
# nothing more on stderr.
sub ended_with {
    my ($ran, $status, $err, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    is("exit $ran->{status}, signal $ran->{signal}", "exit $status, signal 0", "$name: its end");
    return like($ran->{err}, $err, "$name: what it says");
}

# What it printed, without the times.
sub texts_of { return map {s/^\[[\d. ]+\] //r} split /\n/, $_[0]->{out} }

# --- lines ---

subtest 'each kind of line has its form' => sub {
    # The program's own uv_hrtime() takes the place of libuv's: a clock that
    # stands still when we want it to.
    my $ran = run([program('forms', <<'C')]);
static uint64_t now = 1234567890;
uint64_t uv_hrtime(void)
{
    return now;
}
int main(void)
{
    const uint64_t second = 1000000000;

    say("%s: %d", "kettle", 7);
    now += 4999999;
    say("still");
    now += 1;
    say("rounded up");
    say_untimed("%d files", 3);
    measure("%s times as fast", "3.9");
    now += 9 * second + 989999999;
    say("nearly");
    now += 1;
    say("ten");
    now += 990 * second;
    say("late");
}
C
    is($ran->{out}, <<'OUT', 'as lesson.h says, rounded to hundredths');
[ 0.00] kettle: 7
[ 0.00] still
[ 0.01] rounded up
[  -  ] 3 files
~ 3.9 times as fast
[ 9.99] nearly
[10.00] ten
[1000.00] late
OUT
    ended_with($ran, 0, qr/^$/, 'it');
};

subtest 'the first line sets the origin of time, whatever its kind' => sub {
    my $program = program('first', <<'C');
#include <string.h>
static uint64_t now = 5;
uint64_t uv_hrtime(void)
{
    return now;
}
int main(int argc, char *argv[])
{
    const char *kind = argv[argc - 1];

    now = 7000000000;
    if (strcmp(kind, "say") == 0)
        say("first");
    else if (strcmp(kind, "say_untimed") == 0)
        say_untimed("first");
    else
        measure("first");
    now += 500000000;
    say("half a second later");
}
C
    like(run([$program, $_])->{out}, qr/^\[ 0\.50\] half a second later$/m, "$_()")
        for qw(say say_untimed measure);
};

subtest 'lines of any length are whole' => sub {
    my $program = program('long_lines', <<'C');
#include <string.h>
int main(void)
{
    static char text[100000];

    memset(text, 'x', sizeof text);
    for (int size = 0; size < 600; size++)
        say("%.*s", size, text);
    say("%.*s", (int)sizeof text, text);
    measure("%.*s", (int)sizeof text, text);
}
C
    for my $shell ('exec "$0"', '"$0" | cat') {
        my $ran = run_in_shell($shell, $program);
        is(join(' ', map { length s/^~ //r } texts_of($ran)),
            join(' ', 0 .. 599, 100000, 100000), "$shell: their lengths");
        unlike($ran->{out}, qr/[^][x\d. ~\n]/, "$shell: nothing else is in them");
    }
};

my $each  = 10000;
my $crowd = <<"C";
#include <sys/wait.h>
#include <unistd.h>
static int process;
static void talk(void *thread)
{
    for (int i = 1; i <= $each; i++)
        say("%d%s: %d of %.*s", process, (const char *)thread, i, i % 90,
            "..........................................................................................");
}
int main(void)
{
    uv_thread_t threads[2];
    pid_t child;

    say("start");
    child = fork();
    process = child == 0 ? 2 : 1;
    must("start a", uv_thread_create(&threads[0], talk, (void *)"a"));
    must("start b", uv_thread_create(&threads[1], talk, (void *)"b"));
    must("join a", uv_thread_join(&threads[0]));
    must("join b", uv_thread_join(&threads[1]));
    return child == 0 ? 0 : waitpid(child, NULL, 0) != child;
}
C

subtest 'threads and processes never mix their lines' => sub {
    my $program = program('crowd', $crowd);
    for my $shell ('exec "$0"', '"$0" | cat') {
        my $ran = run_in_shell($shell, $program);
        my ($mixed, %went_back, %said, %stamp) = (0);
        for my $line (split /\n/, $ran->{out} =~ s/^.*\n//r) {
            my ($stamp, $process, $thread, $i, $dots) =
                $line =~ /^\[ ?(\d+\.\d\d)\] ([12])([ab]): (\d+) of (\.*)$/;
            if (!defined $i || length $dots != $i % 90) { $mixed++; next }
            $went_back{$process}++ if $stamp < ($stamp{$process} // 0);
            $stamp{$process} = $stamp;
            $mixed++ if $i != ++$said{"$process$thread"};
        }
        is($mixed, 0, "$shell: every line is whole, and in its speaker's order");
        is_deeply(\%said, {map { $_ => $each } qw(1a 1b 2a 2b)}, "$shell: nothing is lost");
        is_deeply(\%went_back, {}, "$shell: no process's time goes back");
        ended_with($ran, 0, qr/^$/, $shell);
    }
};

subtest 'ThreadSanitizer sees that threads print in turn' => sub {
    return plan(skip_all => 'a sanitizer is in use already') if "@compiler" =~ /-fsanitize/;
    my $program = program('tsan_crowd', $crowd, '-fsanitize=thread', 'common/lesson.c')
        or return lacking("$compiler[0] has no ThreadSanitizer");
    my $ran = run([$program]);
    return lacking("ThreadSanitizer does not run here: $1")
        if $ran->{err} =~ /^(FATAL: ThreadSanitizer.*)/m;
    ended_with($ran, 0, qr/^\z/, 'it finds nothing');
};

subtest 'a child that was forked in the middle of a line can print, too' => sub {
    my $program = program('forker', <<'C');
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>
static atomic_bool enough;
static void talk(void *unused)
{
    (void)unused;
    while (!enough)
        say("thread");
}
int main(void)
{
    uv_thread_t thread;
    int printed = 0, status;

    say("start");
    must("start a thread", uv_thread_create(&thread, talk, NULL));
    for (int i = 0; i < 200; i++) {
        pid_t child = fork();

        if (child == 0) {
            alarm(600); /* if it waits for a thread that it does not have */
            say("child");
            _exit(0);
        }
        must("wait", waitpid(child, &status, 0));
        if (status != 0)
            break;
        printed++;
    }
    enough = true;
    must("join the thread", uv_thread_join(&thread));
    say("%d children", printed);
}
C
    my $ran = run_in_shell('exec "$0" | grep -v thread', $program);
    is_deeply([texts_of($ran)], ['start', ('child') x 200, '200 children'], '200 children');
};

# --- a stdout that takes nothing, or not at once ---

my $says = program('says', <<'C');
int main(void)
{
    for (;;) {
        say("are you still there?");
        uv_sleep(10);
    }
}
C

subtest 'a stdout that cannot be written is an error with a sentence' => sub {
    my $sentence = qr/^says: cannot write to stdout: \S.*\n\z/;
    ended_with(run_in_shell('exec "$0" >&-', $says), 1, $sentence, 'closed');
    ended_with(run_in_shell('exec "$0" >&- <&-', $says), 1, $sentence, 'closed like stdin');
    ended_with(run_in_shell('exec "$0" >&- 2>&-', $says), 1, qr/^\z/, 'closed like stderr');
SKIP: {
        skip 'there is no /dev/full here', 2 if !-e '/dev/full';
        ended_with(run_in_shell('exec "$0" >/dev/full', $says), 1, $sentence, 'a full disk');
    }
};

subtest 'what a program opens never takes the place of a closed standard file' => sub {
    my $program = program('keeper', <<'C');
#include <fcntl.h>
int main(int argc, char *argv[])
{
    uv_fs_t opening;

    must("open a diary", uv_fs_open(NULL, &opening, argv[argc - 1],
                                    O_CREAT | O_TRUNC | O_WRONLY, 0600, NULL));
    say("my dear diary");
    must("go on", UV_EINVAL);
}
C
    my $diary = "$scratch/diary";
    for my $closed ('>&-', '2>&-', '<&- >&- 2>&-') {
        my $ran = run_in_shell(qq{exec "\$0" "\$1" $closed}, $program, $diary);
        is("exit $ran->{status}, signal $ran->{signal}", 'exit 1, signal 0', "$closed: its end");
        is(-s $diary, 0, "$closed: nothing is in the diary");
    }
};

subtest 'a reader that is gone is an error with a sentence, not a signal' => sub {
    my $sentence = qr/^says: cannot write to stdout: broken pipe\n\z/;
    pipe my $reader, my $writer or die "pipe: $!";
    close $reader;
    ended_with(run([$says], stdout => $writer), 1, $sentence, 'gone at once');

    my $ran = run_in_shell('{ "$0"; echo "exit $?" >&2; } | head -n 1', $says);
    like($ran->{err}, qr/^says: cannot write to stdout: broken pipe\nexit 1\n\z/,
        'gone after a line');
};

subtest 'a stdout that somebody made non-blocking gets everything' => sub {
    my $program = program('impatient', <<'C');
#include <fcntl.h>
int main(void)
{
    must("make stdout non-blocking", fcntl(1, F_SETFL, O_NONBLOCK));
    for (int i = 1; i <= 20000; i++)
        say("%d %050d", i, i);
}
C
    my $ran = run_in_shell('"$0" | { sleep 0.2; cat; }', $program);
    my @texts = texts_of($ran);
    is_deeply(\@texts, [map { sprintf '%d %050d', $_, $_ } 1 .. 20000], '20,000 lines, in order');
    is($ran->{err}, '', 'without a word on stderr');
};

subtest 'children die of a broken pipe, as is usual' => sub {
    my $ran = run([program('parent', <<'C')]);
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
static void on_end(uv_process_t *child, int64_t status, int signal)
{
    say("uv_spawn: %s, status %d", signal == SIGPIPE ? "died" : "survived", (int)status);
    uv_close((uv_handle_t *)child, NULL);
}
int main(void)
{
    char *args[] = {"sh", "-c", "kill -PIPE $$", NULL};
    uv_process_options_t options = {.file = "sh", .args = args, .exit_cb = on_end};
    uv_process_t process;
    int status = 0;
    pid_t child;

    raise(SIGPIPE);
    say("the program itself: survived");
    child = fork();
    if (child == 0) {
        raise(SIGPIPE);
        _exit(0);
    }
    must("wait", waitpid(child, &status, 0));
    say("fork: %s", WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE ? "died" : "survived");
    must("start a shell", uv_spawn(uv_default_loop(), &process, &options));
    run_and_close();
}
C
    is(join("\n", texts_of($ran)),
        "the program itself: survived\nfork: died\nuv_spawn: died, status 0", 'who survives it');
    ended_with($ran, 0, qr/^$/, 'the program itself');
};

# --- must(), run_and_close() ---

subtest 'must() gives back what is right, and ends the program when it is not' => sub {
    my $ran = run([program('opener', <<'C')]);
int main(void)
{
    say("%d, %d", must("count", 0), must("count", 42));
    must("open the door", UV_ENOENT);
    say("this is not reached");
}
C
    is(join("\n", texts_of($ran)), '0, 42', 'gives back');
    ended_with($ran, 1, qr/^opener: cannot open the door: no such file or directory\n\z/, 'ends');
};

subtest 'must_errno() does the same for what the system returned' => sub {
    my $ran = run([program('reader', <<'C')]);
#include <unistd.h>
int main(void)
{
    say("%d, %d", must_errno("count", 0), must_errno("write nothing", write(1, "", 0)));
    must_errno("close the door", close(-1));
    say("this is not reached");
}
C
    is(join("\n", texts_of($ran)), '0, 0', 'gives back');
    ended_with($ran, 1, qr/^reader: cannot close the door: bad file descriptor\n\z/, 'ends');
};

subtest 'run_and_close() runs the loop, and proves that everything was closed' => sub {
    my $program = program('closer', <<'C');
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
static bool is_neat;
static void on_time(uv_timer_t *timer)
{
    say("on time");
    if (is_neat)
        uv_close((uv_handle_t *)timer, NULL);
}
int main(int argc, char *argv[])
{
    uv_timer_t timer, alarm;
    uv_idle_t hands;
    int backend = uv_backend_fd(uv_default_loop());

    is_neat = strcmp(argv[argc - 1], "neat") == 0;
    must("init", uv_timer_init(uv_default_loop(), &timer));
    must("init", uv_timer_init(uv_default_loop(), &alarm));
    must("init", uv_idle_init(uv_default_loop(), &hands));
    uv_close((uv_handle_t *)&alarm, NULL);
    if (is_neat)
        uv_close((uv_handle_t *)&hands, NULL);
    must("start", uv_timer_start(&timer, on_time, 10, 0));
    run_and_close();
    say("the loop is %s", fcntl(backend, F_GETFD) < 0 ? "closed" : "open");
}
C
    my $neat = run([$program, 'neat']);
    is_deeply([texts_of($neat)], ['on time', 'the loop is closed'], 'everything was closed');
    ended_with($neat, 0, qr/^$/, 'everything was closed');

    my $untidy = run([$program, 'untidy']);
    is_deeply([texts_of($untidy)], ['on time'], 'two were left open: the loop ran');
    ended_with($untidy, 1, qr/^(?:closer: left a handle open: (?:timer|idle)\n){2}\z/,
        'two were left open');
};

subtest 'where there can be no loop, a sentence says why' => sub {
    local $ENV{ASAN_OPTIONS} = 'detect_leaks=0'; # to look for them takes files and processes
    # The first loop opens what libuv needs once in a program, which can't fail.
    my $program = program('asker', <<'C');
#include <sys/resource.h>
int main(void)
{
    struct rlimit none = {0, 0};

    say("%s", uv_default_loop() == (uv_default_loop)() ? "libuv's own" : "another");
    run_and_close();
    say("%s", uv_loop_alive(uv_default_loop()) ? "busy" : "made again");
    run_and_close();
    must("forbid more files", setrlimit(RLIMIT_NOFILE, &none));
    run_and_close();
}
C
    my $ran = run([$program]);
    is_deeply([texts_of($ran)], ["libuv's own", 'made again'], 'otherwise there is one');
    ended_with($ran, 1, qr/^asker: cannot make the event loop: too many open files\n\z/, 'no more files');

    # The program's own takes the place of libuv's.
    my $unlucky = program('unlucky', <<'C');
uv_loop_t *(uv_default_loop)(void)
{
    return NULL;
}
int main(void)
{
    run_and_close();
}
C
    ended_with(run([$unlucky]), 1,
        qr/^unlucky: cannot make the event loop: resource temporarily unavailable\n\z/, 'it could be made again');
};

# --- read_numbers() ---

subtest 'read_numbers() takes what is given, and keeps the rest' => sub {
    # Each case is arguments and a "/": a process of its own, which begins here.
    my $program = program('reader', <<'C');
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
int main(int argc, char *argv[])
{
    struct number numbers[] = {{"JOBS", 4, 1, 2147483647}, {"MS", 50, 0, 99}};

    for (int i = 1, first = 0; i < argc; i++) {
        int status = -1;

        if (strcmp(argv[i], "/") != 0)
            continue;
        argv[first] = argv[0];
        if (fork() == 0) {
            read_numbers(i - first, argv + first, numbers, 2);
            say("%d %d", numbers[0].value, numbers[1].value);
            return 0;
        }
        must("wait", wait(&status));
        fprintf(stderr, "%d/", status);
        first = i;
    }
}
C
    my %reads = ('' => '4 50', '7' => '7 50', '7 8' => '7 8', '1 0' => '1 0', '007 099' => '7 99',
        '2147483647 99' => '2147483647 99');
    my @right = sort keys %reads;
    my $ran   = run([$program, map { (split(' '), '/') } @right]);
    my @read  = texts_of($ran);
    is(shift @read, $reads{$_}, "reader $_") for @right;
    is($ran->{err}, '0/' x @right, 'without a complaint');

    my $usage = "usage: reader [JOBS [MS]], JOBS from 1 to 2147483647, MS from 0 to 99\n" . (2 << 8);
    my @wrong = ((map { [split ' '] } '0', '7 100', '7 -0', '7 8 9', '2147483648', '4294967297', '18446744073709551617'),
        map { [$_] } '', '-1', '+4', ' 4', '4 ', '4x', 'x', '4.0', '0x4', '1e1', '--help', "4\n", '99999999999999999999');
    $ran = run([$program, map { (@$_, '/') } @wrong]);
    my @complaints = split m{/}, $ran->{err};
    is(shift @complaints, $usage, "reader '@$_'") for @wrong;
    is("@complaints$ran->{out}", '', 'and nothing else');
};

subtest 'programs that take numbers take nothing else' => sub {
    for my $source (grep { !m{/exercise} && read_file($_) =~ /\bread_numbers\(argc,/ } glob 'lessons/*/*.c') {
        my ($name)  = $source =~ m{([^/]+)\.c$};
        my $program = built($name);
        next if !-x $program; # its lesson is left out here
        my $usage = run([$program, 'x'])->{err};
        like($usage, qr/^usage: \Q$name\E (?:\[[A-Z_]+ ?)+\]+(?:, [A-Z_]+ from \d+ to \d+)+\n\z/, "$name: its usage");
        my (@least, @wrong);
        while ($usage =~ /from (\d+) to (\d+)/g) {
            push @wrong, map { [@least, $_] } 'x', $1 - 1, $2 + 1;
            push @least, $1;
        }
        no_complaints("$name: usage on stderr, nothing on stdout, exit 2", grep {$_} map {
            my $ran = run([$program, @$_]);
            "$ran->{status} $ran->{out}$ran->{err}" ne "2 $usage" && join ' ', "'@$_':", %$ran
        } @wrong, [@least, 1]);
    }
};

subtest 'the smallest counts' => sub {
    my $gather = run([built('sleep_loop_async_gather'), 1]);
    is_deeply([texts_of($gather)],
        ['sleeper 0: start', 'sleeper 0: done', '0 squared is 0', 'all done'], 'one sleeper');
    ended_with($gather, 0, qr/^$/, 'one sleeper');

    for my $name (qw(invitations_sync invitations_async)) {
        my $ran = run([built($name), 0, 0]);
        is_deeply(
            [texts_of($ran)],
            [
                'Techie: invites 0 bots',
                'Techie: nobody to tell "Welcome"',
                'Techie: nobody to tell "What a pity"',
                'Techie: Get well soon, Pretbot',
                'Techie: invites 0 friends',
                'Techie: all 0 friends have replied'
            ],
            "$name: nobody is invited"
        );
        ended_with($ran, 0, qr/^$/, "$name: nobody is invited");
    }
};

subtest 'a hundred thousand sleepers need little time and memory' => sub {
    return plan(skip_all => 'sanitizers take their share') if "@compiler" =~ /-fsanitize/;

    # The processor's time, not the clock's: the latter is longer on a busy machine.
    my $ran = run_in_shell('ulimit -t 2; ulimit -v 60000 2>/dev/null; exec "$0" 100000 >/dev/null', built('sleep_loop_async'));
    ended_with($ran, 0, qr/^$/, '2 s of the processor, 60 MB of addresses');
};

done_testing();
