#!/usr/bin/env perl
# files.t - lesson 15: however, and whenever, its programs end, and with-directory, their
# directory is gone, and what they say is one sentence. They are ended by a library in front
# of libc's, which sends the signal itself, before the first, the second, ... of some calls.

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

my $around = abs_path(build_dir()) . '/common/with-directory';
-x $around or die "files.t: $around is not there; `make` builds it\n";

my $scratch = scratch();
my $calls   = 10; # more than are made before the first file is written

# $AT: "program 3" (or before it has become that), or "watcher 3"; $ACTION: a signal for the
# program's group, "kill" for the program alone, or "remove" for the directory when it has
# just gone there.
my $in_front = write_file("$scratch/in_front.c", <<'C');
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static pid_t program;
static int until = -1; /* calls that are still to come, in the process that is meant */

__attribute__((constructor)) static void start(void)
{
    const char *at = getenv("AT");

    unsetenv("LD_PRELOAD"); /* not for those that it starts */
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
WRAP(int, pipe, (int *ends), (ends))

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
        until = at[0] == 'w' ? atoi(strchr(at, ' ')) : -1;
    return child;
}
C
my $made = run([compiler_of_the_course(CFLAGS => '-O1 -w'), '-shared', '-fPIC', '-o', "$scratch/in_front.so", $in_front, '-ldl']);
BAIL_OUT($made->{err}) if $made->{status} != 0;

# Returns how it ended, what it said, and what is left when all had the time to remove it. It
# has a process group of its own, as in a terminal. The library is in front of the wrapper, or
# of the program that it becomes.
sub ended {
    my ($program, $in_wrapper, %env) = @_;
    my $place   = scratch();
    my @library = ('env', "LD_PRELOAD=$scratch/in_front.so");
    my @command = $in_wrapper ? (@library, $around) : ($around, @library);
    my $pid = fork // die "fork: $!";
    if ($pid == 0) {
        setpgrp;
        chdir $place or POSIX::_exit(126);
        open STDERR, '>', 'err'       or POSIX::_exit(126);
        open STDOUT, '>', '/dev/null' or POSIX::_exit(126);
        %ENV = (%ENV, %env, TMPDIR => $place);
        exec @command, $program, 2, 1 or POSIX::_exit(127);
    }
    waitpid $pid, 0;
    my $status = $? & 127 ? 128 + ($? & 127) : $? >> 8;
    my @left;
    wait_until(sub { @left = glob "$place/with-directory-*"; !@left });
    return ($status, read_file("$place/err"), "@left");
}

for my $action (qw(2 kill)) {
    subtest $action eq 'kill' ? 'SIGKILL for the program alone' : 'SIGINT for its group' => sub {
        my (@wrong, %ended);
        for my $case (map { (["program $_", 0], ["program $_", 1], ["watcher $_", 1]) } 0 .. $calls) {
            my ($at, $in_wrapper) = @$case;
            my ($status, $err, $left) = ended($programs[0], $in_wrapper, AT => $at, ACTION => $action);
            $ended{$status}++;
            push @wrong, "$at ($in_wrapper): exit $status, $left $err" if $left || $err;
        }
        no_complaints('nothing is left, nothing is said', @wrong);
        my $signal = $action eq 'kill' ? 137 : 128 + $action;
        cmp_ok($ended{$signal} // 0, '>=', 8, 'it was ended');
        is(join(' ', grep { $_ != 0 && $_ != $signal } keys %ended), '', 'by that, or had ended before');
    };
}

subtest 'its directory is removed' => sub {
    for my $program (@programs) {
        my ($status, $err, $left) = ended($program, 0, AT => 'program 99', ACTION => 'remove');
        my ($name) = $program =~ m{([^/]+)$};
        is("exit $status, $left", 'exit 1, ', $name);
        like($err, qr/\A\Q$name\E: cannot write file 000[01]: no such file or directory\n\z/, 'one sentence (of either file: two threads write)');
    }
};

subtest 'there is no directory' => sub {
    my $none = run([$around, $programs[0]], env => {TMPDIR => '/nonexistent'});
    is("$none->{status} $none->{err}", '1 with-directory: cannot make a directory in /nonexistent: '
            . "No such file or directory (set TMPDIR to another)\n", 'no TMPDIR');
    for my $program (@programs) {
        my ($name) = $program =~ m{([^/]+)$};
        my $ran = run([$program], env => {DIRECTORY => undef});
        is("$ran->{status} $ran->{out}$ran->{err}", "1 $name: start this with build/common/with-directory\n", "$name alone");
    }
};

subtest 'with-directory becomes the program' => sub {
    my $ran = run([$around, 'sh', '-c', 'ls -A "$DIRECTORY"; exit 7']);
    is("$ran->{status} $ran->{out}$ran->{err}", '7 ', 'its exit status, an empty directory');
    $ran = run([$around, './none']);
    is("$ran->{status} $ran->{err}", "127 with-directory: cannot start ./none: No such file or directory\n", 'no such program');
    $ran = run([$around]);
    is("$ran->{status} $ran->{err}", "2 usage: with-directory PROGRAM [ARGUMENT...]\n", 'nothing to start');
};

done_testing();
