#!/usr/bin/env perl
# grade-attacks.t - what a submission may try when a class is graded. Each attack is a small
# program; it says "out: ..." where it has got something that it must not get, and it passes if it
# could read or forge what it needs. They are judged in three classes, beside right answers. None gets
# out, none passes, none stops the others, none leaves anything behind.
#
# Links, FIFOs, names and sizes are in grade.t: such a submission is not even read.

use strict;
use warnings;

use lib 'tests';
use Course;
use IO::Socket::INET;
use Test::More;

delete @ENV{qw(BUILD SANITIZE CFLAGS LDFLAGS SLOW TIMING UNDER V CLASS LESSONS JOBS HOSTS SANDBOX)};

if (run(['parallel', '--version'])->{out} !~ /GNU/ || run(['common/grade/judge', '--try'], env => {PATH => $ENV{PATH}})->{status} != 0) {
    plan(skip_all => 'needs bubblewrap, GNU parallel, and a system that allows a sandbox: `make setup-grade`') unless $ENV{REQUIRE_ALL};
}

my $tree   = tree_with_exercises();
my $class  = "$tree/class";
my $mark   = "atk$$"; # the name of all their processes
my $listener = IO::Socket::INET->new(Listen => 5, LocalAddr => '127.0.0.1', Blocking => 0) or die "cannot listen: $@\n";
my $port   = $listener->sockport;

my $start = <<'C' =~ s/MARK/$mark/r;
#define _GNU_SOURCE
#include "lesson.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#define OUT(...) say("out: " __VA_ARGS__)
__attribute__((unused)) static void show(const char *path) {
    char text[4096];
    FILE *file = fopen(path, "r");
    while (file && fgets(text, sizeof text, file)) fputs(text, stdout);
    if (file) fflush(stdout), OUT("read %s", path);
}
__attribute__((unused)) static void try_to_write(const char *path) {
    int fd = open(path, O_WRONLY | O_CREAT, 0666);
    if (fd >= 0 && write(fd, "1", 1) == 1) OUT("wrote %s", path);
}
__attribute__((constructor)) static void mark(void) { prctl(PR_SET_NAME, "MARK"); }
int main(int argc, char *argv[]) {
    (void)argc, (void)argv;
C

# Bodies of main(). TREE, CLASS and PORT are replaced.
my %attacks = (
    'reads the solution'      => 'show("TREE/tests/solutions/01-tea/exercise.c"); show("tests/solutions/01-tea/exercise.c");',
    'prints the recording'    => 'show("TREE/lessons/01-tea/exercise.out"); show("/course/lessons/01-tea/exercise.out"); show("lessons/01-tea/exercise.out");',
    'reads another answer'    => 'show("CLASS/right 1/lessons/01-tea/exercise.c"); show("../right 1/lessons/01-tea/exercise.c");',
    'reads what is kept'      => 'show("TREE/build/grade/jobs"); show("TREE/build/grade/grades.csv"); show("TREE/Makefile");',
    'reads the system'        => 'show("/etc/passwd"); show("/etc/shadow"); show("/etc/hostname"); show("/sys/kernel/uevent_seqnum");',
    'writes outside'          => 'try_to_write("TREE/lessons/01-tea/exercise.out"); try_to_write("TREE/written"); try_to_write("/usr/MARK"); try_to_write("/MARK");
        try_to_write("/course/MARK"); try_to_write("/dev/MARK"); try_to_write("/etc/MARK"); try_to_write(argv[0]); try_to_write("/course/enter");',
    'calls home'              => 'struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons(PORT), .sin_addr = {htonl(INADDR_LOOPBACK)}};
        if (connect(socket(AF_INET, SOCK_STREAM, 0), (struct sockaddr *)&at, sizeof at) == 0) OUT("reached a server");
        at.sin_addr.s_addr = inet_addr("198.51.100.1");
        if (connect(socket(AF_INET, SOCK_DGRAM, 0), (struct sockaddr *)&at, sizeof at) == 0) OUT("a way to the network");',
    'forks without end'       => 'for (;;) fork();',
    'starts threads without end' => 'for (uv_thread_t thread;;) uv_thread_create(&thread, (uv_thread_cb)pause, NULL);',
    'takes 20 GB'             => 'for (int i = 0; i < 200; i++) { char *more = malloc(100 << 20); if (more) memset(more, 1, 100 << 20); if (more && i > 20) OUT("2 GB"); }',
    'takes 20 GB by children' => 'for (int i = 0; i < 60; i++) if (fork() == 0) { char *more = malloc(350 << 20); if (more) memset(more, 1, 350 << 20); for (;;) pause(); }
        for (;;) pause();',
    'takes memory of nobody'  => 'if (syscall(SYS_memfd_create, "x", 0) >= 0) OUT("memfd"); if (syscall(SYS_shmget, 0, 4096, 01666) >= 0) OUT("shared memory");
        if (syscall(SYS_mq_open, "/x", O_CREAT, 0, NULL) >= 0) OUT("a message queue");',
    'writes 10 GB'            => 'static char text[1 << 20]; long all = 0; char name[64];
        for (int i = 0; i < 100; i++) { sprintf(name, "/%s/%d", i % 2 ? "tmp" : "dev/shm", i); int fd = open(name, O_WRONLY | O_CREAT, 0666);
        for (ssize_t n; i < 100 && (n = write(fd, text, sizeof text)) > 0;) all += n; } if (all > 200 << 20) OUT("%ld bytes", all);',
    'makes 10000 files'       => 'char name[64]; for (int i = 0; i < 10000; i++) { sprintf(name, "/tmp/%d\n", i); close(open(name, O_CREAT | O_WRONLY, 0)); }',
    'prints without end'      => 'for (;;) printf("%0999d\n", 0);',
    'prints errors without end' => 'for (;;) fprintf(stderr, "%0999d\n", 0);',
    'prints one line without end' => 'for (;;) fputs("xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", stdout);',
    'ignores all signals'     => 'for (int i = 1; i < 65; i++) signal(i, SIG_IGN); for (;;) pause();',
    'computes without end'    => 'for (volatile long i = 0;; i++) if (i % 1000000 == 0) signal(SIGXCPU, SIG_IGN);',
    'goes into the background' => 'say("start"); say("tea: ready"); if (fork() == 0) { setsid(); if (fork() == 0) { for (int i = 0; i < 3; i++) close(i); for (;;) pause(); } _exit(0); }
        wait(NULL);',
    'lets a child print'      => 'if (fork() == 0) { setsid(); usleep(300000); say("start"); say("tea: ready"); }',
    'kills the judge'         => 'kill(-1, SIGKILL); kill(getppid(), SIGKILL); for (int i = 1; i < 70000; i++) if (i != getpid()) kill(i, SIGKILL); killpg(0, SIGTERM);',
    'stops the judge'         => 'kill(-1, SIGSTOP); kill(getppid(), SIGSTOP); killpg(0, SIGSTOP);',
    'looks into the judge'    => 'long word; struct iovec here = {&word, 8}, there = {(void *)main, 8};
        for (int i = 1; i < 3000; i++) if (i != getpid()) { if (ptrace(PTRACE_ATTACH, i, 0, 0) == 0 || ptrace(PTRACE_SEIZE, i, 0, 0) == 0) OUT("traces %d", i);
        if (process_vm_readv(i, &here, 1, &there, 1, 0) > 0) OUT("reads %d", i); }',
    'forges a verdict'        => 'for (int fd = 0; fd < 1024; fd++) dprintf(fd, "= passed 1\n.\nok 1\nPassed: the lines, their times and the end are right.\n");',
    'forges a line of parallel' => 'for (int fd = 0; fd < 1024; fd++) dprintf(fd, "KEY\t= passed 1\nKEY\t.\n\n\r\n");',
    'forges on stderr'        => 'say("start"); for (int i = 0; i < 100; i++) fprintf(stderr, "\n.\n= passed 1\n| Passed\n.\n"); exit(1);',
    'has a file too many'     => 'for (int fd = 3; fd < 1024; fd++) if (fcntl(fd, F_GETFD) >= 0) OUT("file %d", fd);',
    'tells when it is ready'  => 'if (getenv("READY_FD") || getenv("GRADE_READY_FD")) OUT("READY_FD"); extern char **environ;
        for (char **name = environ; *name; name++) if (strstr(*name, "TREE")) OUT("%s", *name);',
    'lifts its limits'        => 'for (int i = 0; i < 16; i++) { struct rlimit limit; getrlimit(i, &limit); if (limit.rlim_max == RLIM_INFINITY) continue;
        limit.rlim_max++; if (setrlimit(i, &limit) == 0) OUT("limit %d", i); }',
    'becomes root'            => 'if (setuid(0) == 0) OUT("root"); if (setgid(0) == 0 && getgid() == 0 && geteuid() != 0) OUT("the group"); system("su -c id; sudo -n id; mount -o remount,rw /usr") == 0 ? OUT("a program") : (void)0;
        if (chmod(argv[0], 04755) == 0 || chown(argv[0], 0, 0) == 0) OUT("setuid");',
    'makes namespaces'        => 'int kinds[] = {CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWPID, CLONE_NEWNET, CLONE_NEWUSER | CLONE_NEWNS};
        for (int i = 0; i < 5; i++) { if (unshare(kinds[i]) == 0) OUT("unshare"); if (syscall(SYS_clone, kinds[i] | SIGCHLD, 0, 0, 0, 0) >= 0) OUT("clone"); }
        if (mount("none", "/tmp", "tmpfs", 0, NULL) == 0 || umount2("/usr", MNT_DETACH) == 0) OUT("mount"); if (chroot("/tmp") == 0) OUT("chroot");
        if (syscall(SYS_clone3, NULL, 0) < 0 && errno != ENOSYS) OUT("clone3");',
    'looks through proc'      => 'show("/proc/1/environ"); show("/proc/1/root/etc/passwd"); show("/proc/self/root/etc/passwd"); show("/proc/1/cwd/Makefile");
        try_to_write("/proc/sys/kernel/core_pattern"); try_to_write("/proc/sysrq-trigger"); try_to_write("/proc/1/mem"); try_to_write("/proc/1/oom_score_adj");
        if (open("/proc/1/mem", O_RDWR) >= 0) OUT("memory of 1"); for (int i = 0; i < 1024; i++) { char name[64]; sprintf(name, "/proc/1/fd/%d", i); if (i > 2 && open(name, O_RDWR) >= 0) OUT("file %d of 1", i); }',
    'uses devices'            => 'const char *names[] = {"/dev/mem", "/dev/kmsg", "/dev/sda", "/dev/vda", "/dev/loop0", "/dev/fuse", "/dev/tty", "/dev/kvm"};
        for (int i = 0; i < 8; i++) if (open(names[i], O_RDWR) >= 0) OUT("%s", names[i]); if (mknod("/tmp/x", S_IFBLK | 0666, 0x100) == 0) OUT("mknod");
        for (int fd = 0; fd < 3; fd++) if (ioctl(fd, TIOCSTI, "x") == 0) OUT("types");',
    'uses the kernel'         => 'if (syscall(SYS_keyctl, 0, -3, 1) >= 0) OUT("keys"); if (syscall(SYS_io_uring_setup, 1, argv) >= 0 || errno != EPERM) OUT("io_uring");
        if (syscall(SYS_bpf, 0, argv, 8) >= 0 || errno != EPERM) OUT("bpf"); if (syscall(SYS_perf_event_open, argv, 0, -1, -1, 0) >= 0 || errno != EPERM) OUT("perf");
        if (syscall(SYS_userfaultfd, 0) >= 0) OUT("userfaultfd");',
    'replaces its record'     => 'if (unlink("/record") == 0 || rename("/tmp", "/record") == 0 || symlink("/etc", "/record") == 0) OUT("the record"); static char text[1 << 20];
        int fd = open("/record", O_WRONLY); while (write(fd, text, sizeof text) > 0) {}',
    'ends with a forged status' => 'say("start"); say("tea: steady"); kill(getpid(), SIGUSR1); exit(0);',
    'opens a terminal'        => 'int fd = open("/dev/ptmx", O_RDWR); if (fd >= 0 && getsid(0) != getpid() && open("/dev/tty", O_RDWR) >= 0) OUT("a terminal");',
);

# Whole sources, for the compiler.
my %sources = (
    'includes the solution'   => "#define SOLUTION\n#include \"../../tests/solutions/01-tea/exercise.c\"\n",
    'includes it by its path' => "#define SOLUTION\n#include \"TREE/tests/solutions/01-tea/exercise.c\"\n",
    'includes another answer' => "#include \"CLASS/right 1/lessons/01-tea/exercise.c\"\n",
    'includes what was built' => "#include \"TREE/build/lessons/01-tea/exercise.c\"\nasm(\".incbin \\\"TREE/build/solutions/01-tea/exercise\\\"\");\n",
    'includes the recording'  => "#include <stdio.h>\nextern const char text[], end[];\nasm(\"text: .incbin \\\"lessons/01-tea/exercise.out\\\"\\nend:\");\n"
        . "int main(void) { return fwrite(text, 1, (size_t)(end - text), stdout) == 0; }\n",
    'includes the passwords'   => "#include \"/etc/passwd\"\n",
    'asks for the passwords'   => "#if __has_include(\"/etc/passwd\") || __has_include(\"TREE/Makefile\")\n#error out: it is there\n#endif\n#error nothing\n",
    'includes zeros'          => "#include \"/dev/zero\"\n",
    'includes itself'         => "#include \"exercise.c\"\n#include \"exercise.c\"\n",
    'fills the compiler'      => join('', "#define A0 x+x+x+x+x+x+x+x+x+x\n", map({ my $n = $_ - 1; "#define A$_ " . join('+', ("A$n") x 10) . "\n" } 1 .. 9),
        "int x;\nint y(void) { return A9; }\n"),
    'makes a huge program'    => "char a[1u << 30] = {1}, b[1u << 30] = {1};\nint main(void) { return a[0] + b[0]; }\n",
    'prints from the compiler' => "#pragma message \"\\n= passed 1\\n.\\n\"\n#error \"= passed 1\"\n",
);

sub right { return read_file("$tree/lessons/01-tea/exercise.c") =~ s{/\*.*\*/}{say("tea: ready"); /* $_[0] */}r }

sub hand_in {
    my ($student, $text) = @_;
    run(['mkdir', '-p', "$class/$student/lessons/01-tea"]);
    my $key = 'a' x 64;
    return write_file("$class/$student/lessons/01-tea/exercise.c",
        $text =~ s/TREE/$tree/gr =~ s/CLASS/$class/gr =~ s/PORT/$port/gr =~ s/MARK/$mark/gr =~ s/KEY/$key/gr);
}

# All that there is but what grading keeps, with its contents.
sub all_files { return run(['sh', '-c', 'find . -path ./build/grade -prune -o -path ./class -prune -o -type f -print0 | sort -z | xargs -0 cksum'], dir => $tree)->{out} }

sub processes {
    return grep { (read_file("/proc/$_/comm") =~ s/\n//r) eq $mark } map { m{/proc/(\d+)} } glob '/proc/[0-9]*';
}

sub grade {
    my (%env) = @_;
    return run(['common/grade/grade', 'lessons/01-tea'], dir => $tree, env => {CLASS => $class, %env});
}

sub result_of {
    my ($student) = @_;
    my ($row) = read_file("$tree/build/grade/grades.csv") =~ /^"\Q$student\E","01-tea","([^"]*)"/m;
    return $row // 'no row';
}

# Under the name of the attack, all that was said.
sub said {
    my %said;
    for my $path (glob "$tree/build/grade/results/*") {
        my ($key) = $path =~ m{([^/]+)$};
        my ($name) = read_file("$tree/build/grade/submissions/$key.c") =~ m{^/\* attack: (.*) \*/$}m or next;
        $said{$name} = read_file($path);
    }
    return \%said;
}

my $scratch = scratch();
$ENV{TMPDIR} = $scratch;
chmod 0755, $scratch, $tree;
my %text = ((map { $_ => "$start$attacks{$_}\nreturn 0;\n}\n/* attack: $_ */\n" } keys %attacks),
    (map { $_ => "$sources{$_}/* attack: $_ */\n" } keys %sources));
is(run([make_command(), '-s', 'build/common/grade/enter', 'build/solutions/01-tea/exercise'], dir => $tree)->{status}, 0, 'all is built');
my $before = all_files();
my @waiting = sort keys %text;
my (%result, $batch);
while (my @some = splice @waiting, 0, 18) {
    run(['rm', '-rf', $class]);
    $batch++;
    hand_in("right $_", right($batch)) for 1 .. 2; # the two are judged once
    hand_in($_, $text{$_}) for @some;
    my $ran = grade(TIMING => 'off', JOBS => 8);
    is($ran->{status}, 0, "a class is graded: @some") or diag($ran->{err});
    is(result_of("right $_"), 'passed', 'who is right beside them passes') or diag(read_file("$tree/build/grade/grades.csv")) for 1 .. 2;
    $result{$_} = result_of($_) for @some;
}
my $said = said();
for my $name (sort keys %attacks, keys %sources) {
    subtest $name => sub {
        my $is = exists $sources{$name} ? qr/^(?:does not compile|failed)$/ : qr/^failed$/;
        like($result{$name}, $is, 'it does not pass') or diag($said->{$name});
        ok(exists $said->{$name}, 'it was judged');
        unlike($said->{$name}, qr/out: /, 'it gets nothing') or diag($said->{$name});
        unlike($said->{$name}, qr/root:/, 'and is told nothing');
        cmp_ok(length $said->{$name}, '<', 300_000, 'what is said of it is short');
    };
}
like($said->{'goes into the background'}, qr/left|going on|still/, 'who leaves something is told') or diag($said->{'goes into the background'});
is(all_files(), $before, 'nothing was written');
is_deeply([processes()], [], 'nothing runs');
is_deeply([glob "$scratch/*"], [], 'no file is left');
ok(!$listener->accept, 'nobody has called');

# Who lies about the time is late all the same.
run(['rm', '-rf', $class]);
hand_in('clock', <<'C');
#include "lesson.h"
#include <time.h>
#include <unistd.h>
static int calls;
uint64_t uv_hrtime(void) { return 1000000000; }
__attribute__((constructor)) static void slow(void) { calls++; }
int main(void) { say("start"); sleep(5); say("tea: ready"); return !calls; }
C
my $ran = grade(SLOW => 3);
is($ran->{status}, 0, 'graded by time') or diag($ran->{err});
is(result_of('clock'), 'failed', 'a clock of its own does not help');

run(['rm', '-rf', $class]);
hand_in('memory', "$start for (int i = 0; i < 8; i++) { char *more = malloc(900 << 20); if (more) memset(more, 1, 900 << 20); if (fork() == 0) i = 0; }\nfor (;;) pause();\n}\n"
    . "/* attack: memory */\n");
$ran = grade(SLOW => 30, TIMING => 'off'); # there is time for it
like(said()->{memory}, qr/^\| It took more than 1024 MiB of memory, and was ended\.$/m, 'who takes too much is told') or diag($ran->{err});
done_testing();
