#!/usr/bin/env perl
# files.t - lesson 15: however, and whenever, its programs end, their directory is gone, and
# what they say is one sentence. They are ended by a library in front of libc's, which sends
# the signal itself, before the first, the second, ... of some calls.

use strict;
use warnings;

use lib 'tests';
use Course;
use Cwd qw(abs_path);
use Test::More;

plan skip_all => "$ENV{SANITIZE}: nothing can be put in front of libc" if $ENV{SANITIZE};
plan skip_all => "$^O: nothing can be put in front of libc here" if $^O ne 'linux';

my @programs = map { abs_path(build_dir()) . "/lessons/15-files/files_$_" } qw(sync async async_batch);
-x or die "files.t: $_ is not there; `make` builds it\n" for @programs;

my $scratch = scratch();
my $calls   = 10; # more than are made before the first file is written

# $AT: "program 3" or "janitor 3"; $ACTION: a signal for the program's group, "kill" for the
# program alone, or "remove" for the directory when it has just gone there.
my $in_front = write_file("$scratch/in_front.c", <<'C');
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static pid_t program;
static int until = -1; /* calls that are still to come, in the process that is meant */

__attribute__((constructor)) static void start(void)
{
    const char *at = getenv("AT");

    unsetenv("LD_PRELOAD"); /* not for rm */
    program = getpid();
    if (at && at[0] == 'p')
        until = atoi(strchr(at, ' '));
}

static void act(void)
{
    const char *action = getenv("ACTION");

    if (until < 0 || until-- > 0)
        return;
    if (strcmp(action, "kill") == 0)
        kill(program, SIGKILL);
    else
        kill(-program, atoi(action));
}

#define WRAP(result, name, arguments, values)      \
    result name arguments                          \
    {                                              \
        static result(*next) arguments;            \
        if (!next)                                 \
            *(void **)&next = dlsym(RTLD_NEXT, #name); \
        act();                                     \
        return next values;                        \
    }
WRAP(ssize_t, write, (int file, const void *bytes, size_t size), (file, bytes, size))
WRAP(ssize_t, read, (int file, void *bytes, size_t size), (file, bytes, size))
WRAP(int, close, (int file), (file))
WRAP(char *, mkdtemp, (char *path), (path))
WRAP(int, setpgid, (pid_t process, pid_t group), (process, group))
WRAP(int, socketpair, (int domain, int type, int protocol, int *ends), (domain, type, protocol, ends))

int chdir(const char *path)
{
    static int (*next)(const char *);

    if (!next)
        *(void **)&next = dlsym(RTLD_NEXT, "chdir");
    act();
    if (next(path) != 0)
        return -1;
    return strcmp(getenv("ACTION"), "remove") == 0 ? rmdir(path) : 0;
}

/* It has nothing to do with this, and takes long. */
void sync(void)
{
}

pid_t fork(void)
{
    static pid_t (*next)(void);
    const char *at = getenv("AT");
    pid_t child;

    if (!next)
        *(void **)&next = dlsym(RTLD_NEXT, "fork");
    act();
    child = next();
    if (child == 0)
        until = at[0] == 'j' ? atoi(strchr(at, ' ')) : -1;
    return child;
}
C
my $made = run([compiler_of_the_course(CFLAGS => '-O1 -w'), '-shared', '-fPIC', '-o', "$scratch/in_front.so", $in_front, '-ldl']);
BAIL_OUT($made->{err}) if $made->{status} != 0;

# Returns how it ended, once nobody has its stdout open any more, and what is left. It has a
# process group of its own, as in a terminal.
sub ended {
    my ($program, %env) = @_;
    my $place = scratch();
    pipe my $out, my $end or die "pipe: $!";
    my $pid = fork // die "fork: $!";
    if ($pid == 0) {
        setpgrp;
        chdir $place or POSIX::_exit(126);
        open STDERR, '>', 'err' or POSIX::_exit(126);
        open STDOUT, '>&', $end or POSIX::_exit(126);
        %ENV = (%ENV, %env, TMPDIR => $place, LD_PRELOAD => "$scratch/in_front.so");
        exec $program, 2, 1 or POSIX::_exit(127);
    }
    close $end;
    1 while <$out>;
    waitpid $pid, 0;
    my $status = $? & 127 ? 128 + ($? & 127) : $? >> 8;
    return ($status, read_file("$place/err"), join ' ', map {s{.*/}{}r} glob "$place/files-*");
}

for my $action (qw(2 kill)) {
    subtest $action eq 'kill' ? 'SIGKILL for the program alone' : 'SIGINT for its group' => sub {
        my (@wrong, %ended);
        for my $at (map { ("program $_", "janitor $_") } 0 .. $calls) {
            my ($status, $err, $left) = ended($programs[0], AT => $at, ACTION => $action);
            $ended{$status}++;
            push @wrong, "$at: exit $status, $left $err" if $left || $err;
        }
        no_complaints('nothing is left, nothing is said', @wrong);
        my $signal = $action eq 'kill' ? 137 : 128 + $action;
        cmp_ok($ended{$signal} // 0, '>=', 8, 'it was ended');
        is(join(' ', grep { $_ != 0 && $_ != $signal } keys %ended), '', 'by that, or had ended before');
    };
}

subtest 'its directory is removed' => sub {
    for my $program (@programs) {
        my ($status, $err, $left) = ended($program, AT => 'program 99', ACTION => 'remove');
        my ($name) = $program =~ m{([^/]+)$};
        is("exit $status, $left", 'exit 1, ', $name);
        like($err, qr/\A\Q$name\E: cannot write file 000[01]: no such file or directory\n\z/, 'one sentence (of either file: two threads write)');
    }
};

subtest 'there can be no directory, or no janitor' => sub {
    my $none = run([$programs[0]], env => {TMPDIR => '/nonexistent'});
    is("$none->{status} $none->{err}", "1 files_sync: cannot make a directory in TMPDIR: no such file or directory\n", 'no TMPDIR');
    my $place = scratch();
    my $ran   = run(['sh', '-c', 'ulimit -n 4; exec "$@"', 'sh', $programs[0]], env => {TMPDIR => $place});
    is("$ran->{status} $ran->{err}", "1 files_sync: cannot connect a janitor: too many open files\n", 'hardly a file');
    is(join(' ', glob "$place/*"), '', 'and nothing is left');
};

done_testing();
