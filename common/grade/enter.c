/* enter.c - the last step into a sandbox: give up what a student's program must not have,
 * and become that program. bwrap starts it (common/grade/judge, common/grade/inside).
 *
 *     enter UID PROGRAM [ARGUMENT...]
 *
 * UID is who root becomes; anybody else stays who he is. Limits that are reached are
 * errors of the call (no memory, no process), or the end of the program (processor time).
 * They are far above what a right answer needs. What they can't limit is forbidden:
 * memory that belongs to no process, and the calls by which one process gets hold of
 * another, of the kernel's keys or of a namespace.
 *
 * Order of events: main -> close all files, set_limits, become, forbid -> the program,
 * behind a wrapper (with-directory) if that is what is to be started. */

#define _GNU_SOURCE /* for setgroups() and CLONE_NEW... */

#include "servers/launch.h"

#include <errno.h>
#include <grp.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined __x86_64__ && !defined __ILP32__
#define PROCESSOR AUDIT_ARCH_X86_64
#elif defined __aarch64__
#define PROCESSOR AUDIT_ARCH_AARCH64
#elif defined __riscv && __riscv_xlen == 64
#define PROCESSOR AUDIT_ARCH_RISCV64
#else
#error "the name of this processor's system calls is missing here: see linux/audit.h"
#endif

static const struct {
    int which;
    rlim_t most;
} limits[] = {
    {RLIMIT_AS, 1 << 30},      /* bytes of memory, for each process */
    {RLIMIT_NPROC, 32},        /* processes and threads */
    {RLIMIT_CPU, 60},          /* s of processor time, for each process */
    {RLIMIT_FSIZE, 32 << 20},  /* bytes, for each file */
    {RLIMIT_NOFILE, 1024},     /* open files */
    {RLIMIT_CORE, 0},          /* no memory dumps */
    {RLIMIT_MEMLOCK, 1 << 16}, /* bytes that can't be swapped */
    {RLIMIT_MSGQUEUE, 0},      /* POSIX message queues: memory of the kernel */
};

/* What is refused as if the program were not allowed to. */
static const int forbidden[] = {
    SYS_memfd_create,
    SYS_shmget,
    SYS_msgget,
    SYS_semget,
    SYS_mq_open,
    SYS_ptrace,
    SYS_kcmp,
    SYS_process_vm_readv,
    SYS_process_vm_writev,
    SYS_pidfd_getfd,
    SYS_keyctl,
    SYS_add_key,
    SYS_request_key,
    SYS_bpf,
    SYS_perf_event_open,
    SYS_userfaultfd,
    SYS_io_uring_setup,
    SYS_mount,
    SYS_umount2,
    SYS_pivot_root,
    SYS_fsopen,
    SYS_open_tree,
    SYS_move_mount,
    SYS_unshare,
    SYS_setns,
    SYS_chroot,
};
enum {
    FORBIDDEN = sizeof forbidden / sizeof *forbidden,
    NAMESPACES = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET |
                 CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP,
    X32 = 0x40000000 /* calls of the other kind that an x86-64 kernel takes */
};

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "enter: cannot %s: %s\n", what, strerror(errno));
    exit(125);
}

static void set_limits(void)
{
    for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
        struct rlimit limit;

        if (getrlimit((__rlimit_resource_t)limits[i].which, &limit) != 0)
            fail("read a limit");
        if (limit.rlim_max > limits[i].most)
            limit.rlim_max = limits[i].most;
        if (limit.rlim_cur > limit.rlim_max)
            limit.rlim_cur = limit.rlim_max;
        if (setrlimit((__rlimit_resource_t)limits[i].which, &limit) != 0)
            fail("set a limit");
    }
}

/* Only root has a choice. All capabilities go with him. */
static void become(uid_t user)
{
    if (getuid() == 0 &&
        (setgroups(0, NULL) != 0 || setgid((gid_t)user) != 0 || setuid(user) != 0))
        fail("become another user");
}

/* A program for the kernel that looks at each system call: the processor's name, then the
 * number, one instruction to compare it and one to refuse it. clone3() hides its flags in
 * memory; libraries that are told that there is none use clone(). */
static void forbid(void)
{
    static struct sock_filter code[2 * FORBIDDEN + 16], *next = code;
    struct sock_fprog program = {.filter = code};
    const struct sock_filter refuse =
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM);

#define LOAD(field)                                                                      \
    *next++ = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,                     \
                                           offsetof(struct seccomp_data, field))
#define SKIP_UNLESS(test, value, count)                                                  \
    *next++ = (struct sock_filter)BPF_JUMP(BPF_JMP | (test) | BPF_K, value, 0, count)
#define RETURN(what) *next++ = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, what)

    LOAD(arch);
    *next++ = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PROCESSOR, 1, 0);
    RETURN(SECCOMP_RET_KILL_PROCESS);
    LOAD(nr);
    SKIP_UNLESS(BPF_JGE, X32, 1);
    *next++ = refuse;
    for (size_t i = 0; i < FORBIDDEN; i++) {
        SKIP_UNLESS(BPF_JEQ, (unsigned)forbidden[i], 1);
        *next++ = refuse;
    }
    SKIP_UNLESS(BPF_JEQ, SYS_clone3, 1);
    RETURN(SECCOMP_RET_ERRNO | ENOSYS);
    SKIP_UNLESS(BPF_JEQ, SYS_clone, 3);
    LOAD(args[0]);
    SKIP_UNLESS(BPF_JSET, NAMESPACES, 1);
    *next++ = refuse;
    RETURN(SECCOMP_RET_ALLOW);
    program.len = (unsigned short)(next - code);
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        fail("forbid system calls");
}

int main(int argc, char *argv[])
{
    const char *ready = getenv("READY_FD");

    if (argc < 3) {
        fprintf(stderr, "usage: enter UID PROGRAM [ARGUMENT...]\n");
        return 2;
    }
    launch_close_others(ready ? atoi(ready) : -1, -1);
    set_limits();
    become((uid_t)strtoul(argv[1], NULL, 10));
    forbid();
    if (strstr(argv[2], "/with-")) /* it tells itself when it is ready */
        execv(argv[2], argv + 2);
    else
        launch_exec("enter", argv + 2);
    fail("start the program");
}
