/* with-postgres.c - run a program beside a PostgreSQL server of its own.
 *
 *     build/common/with-postgres PROGRAM [ARGUMENT...]
 *     build/common/with-postgres --where    the directory of PostgreSQL's programs
 *     build/common/with-postgres --cluster FILE
 *                                           make a database, and FILE a tar of it
 *
 * The server is real, private and temporary: it lives in a new directory, listens only to
 * a socket in there, and is gone, with the directory, a moment after the program is. The
 * program finds it by libpq's own variables (PGHOST, ...). Making a database takes initdb
 * a second; if `make` has made one beforehand (build/postgres/cluster.tar), it is
 * unpacked.
 *
 * This program becomes the other one, by exec. Before that it starts a watcher, which
 * makes the server and takes it down. The watcher holds the reading end of a pipe whose
 * writing end nobody ever writes to: we have it, and so has the program that we become.
 * However that ends, the system closes its files, and then the watcher reads the end of
 * the pipe. Order of events: main -> keep_watch -> have_database -> start_server ->
 * become; later stop, remove_all */

#define _GNU_SOURCE /* for nftw() and setgroups() */

#include "launch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glob.h>
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <pwd.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/prctl.h>
#endif

/* Nobody else can reach the socket, so that none of these has to be secret. */
#define PORT "5432" /* a part of the socket's name, no more */
#define SOCKET_NAME "/.s.PGSQL." PORT
#define USER "waiter"
#define PASSWORD "welcome"

enum {
    PATIENCE = 60 * 1000, /* ms that making a server may take */
    GRACE = 600           /* ms that it may take to end when it is told to */
};

/* What is done in the new database, one command a line. First PASSWORD is stored again,
 * as a verifier made with 1 round of hashing instead of 4096, which would cost a program
 * 20 ms a connection. Then comes what the restaurant of lesson 20 knows. */
static const char contents[] =
    "ALTER ROLE " USER " PASSWORD 'SCRAM-SHA-256$1:Y291cnNlIGluIGFzeW5jIQ=="
    "$Vdq2AIsGfFvwta77BTHOhQZo+OAQ0uKCPAh2HPv/j/c=:xAcWkzzbLEOjN/"
    "lPKZI7DDzHxK9WN8I8cOLT1cD7fXc=';\n"
    "CREATE TABLE dishes (dish text PRIMARY KEY, price integer);\n"
    "INSERT INTO dishes VALUES ('soup', 6), ('pasta', 11), ('fish', 18), ('cake', 5);\n"
    "CREATE TABLE orders (guest text, dish text REFERENCES dishes);\n"
    "INSERT INTO orders VALUES ('Ada', 'soup'), ('Ada', 'fish'), ('Ben', 'pasta'),"
    " ('Cleo', 'soup'), ('Cleo', 'pasta'), ('Cleo', 'cake'), ('Dan', 'fish'),"
    " ('Eva', 'pasta'), ('Eva', 'cake'), ('Finn', 'soup'), ('Gina', 'fish'),"
    " ('Gina', 'cake'), ('Hugo', 'cake'), ('Hugo', 'cake');\n";

/* What the watcher says to us, once: the directory, or why there is no server. */
struct news {
    bool is_ready;
    char text[1000];
};

/* The watcher's. */
struct server {
    const char *programs; /* the directory of initdb and postgres */
    const char *cluster;  /* where a tar of a database may be; NULL: make one */
    char directory[128];  /* ours, short enough for a socket; "" until it is made */
    int life, news;       /* the pipes' ends */
    int tar;              /* the tar, open, or -1 */
    pid_t helper;         /* initdb or postgres, while it runs, or 0 */
    bool is_postgres;     /* which of them */
    int said;             /* where it speaks, or -1 when nobody is left who could: it and
                             all its children have ended */
    char text[16384];     /* the beginning of what was said */
    size_t size;
};

static volatile sig_atomic_t was_told_to_end;

/* --- Where PostgreSQL is: the same rule as that of common/servers/find-postgres --- */

static bool is_program(const char *directory, const char *name)
{
    char path[PATH_MAX];

    return snprintf(path, sizeof path, "%s/%s", directory, name) < (int)sizeof path &&
           access(path, X_OK) == 0;
}

static bool has_server(const char *directory)
{
    return is_program(directory, "initdb") && is_program(directory, "postgres");
}

/* Only the first initdb in $PATH counts. */
static bool find_in_path(char directory[PATH_MAX])
{
    const char *path = getenv("PATH");

    for (const char *next = path ? path : ""; *next;) {
        size_t size = strcspn(next, ":");

        if (size > 0 && size < PATH_MAX) {
            snprintf(directory, PATH_MAX, "%.*s", (int)size, next);
            if (is_program(directory, "initdb"))
                return has_server(directory);
        }
        next += size + (next[size] == ':');
    }
    return false;
}

static bool ask_pg_config(char directory[PATH_MAX])
{
    FILE *answer = popen("pg_config --bindir 2>/dev/null", "r");
    bool found = answer && fgets(directory, PATH_MAX, answer);

    if (answer)
        pclose(answer);
    if (found)
        directory[strcspn(directory, "\n")] = '\0';
    return found && has_server(directory);
}

/* The first number in the name: 17 of /usr/lib/postgresql/17/bin, 9 of .../9.6/bin. */
static long version_in(const char *path)
{
    path += strcspn(path, "0123456789");
    return strtol(path, NULL, 10);
}

static bool find_newest(char directory[PATH_MAX])
{
    const char *patterns[] = {
        "/usr/lib/postgresql/*/bin",      "/usr/libexec/postgresql*",
        "/usr/lib/postgresql*/bin",       "/opt/homebrew/opt/postgresql*/bin",
        "/usr/local/opt/postgresql*/bin",
    };
    long highest = -1;

    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++) {
        glob_t found;

        if (glob(patterns[i], 0, NULL, &found) == 0)
            for (size_t j = 0; j < found.gl_pathc; j++)
                if (version_in(found.gl_pathv[j]) > highest &&
                    has_server(found.gl_pathv[j])) {
                    highest = version_in(found.gl_pathv[j]);
                    snprintf(directory, PATH_MAX, "%s", found.gl_pathv[j]);
                }
        globfree(&found);
    }
    return highest >= 0;
}

static void find_postgres(char directory[PATH_MAX])
{
    if (find_in_path(directory) || ask_pg_config(directory) || find_newest(directory))
        return;
    fputs("with-postgres: needs PostgreSQL: `make setup-database` installs it\n", stderr);
    exit(EXIT_FAILURE);
}

/* --- The watcher --- */

static int64_t now(void) /* ms */
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

static void remove_all(struct server *server);
static void remove_tree(const char *path);

static void tell(struct server *server, const struct news *news)
{
    if (write(server->news, news, sizeof *news) < 0) { /* nobody is there to hear it */
    }
}

static _Noreturn void give_up(struct server *server, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* What is told comes last: whoever hears it finds nothing of us any more. */
static _Noreturn void give_up(struct server *server, const char *format, ...)
{
    struct news news = {.is_ready = false};
    va_list args;

    va_start(args, format);
    vsnprintf(news.text, sizeof news.text, format, args);
    va_end(args);
    remove_all(server);
    tell(server, &news);
    _exit(EXIT_SUCCESS);
}

static void on_signal(int signal)
{
    (void)signal;
    was_told_to_end = 1;
}

/* Nothing of what our parent had open may stay open here: whoever reads what the program
 * prints waits until nobody is left who could print there. */
static void close_all_but(int one, int other)
{
    int nothing;

    close_others(one, other);
    nothing = open("/dev/null", O_RDWR);
    for (int fd = 0; fd <= 2; fd++)
        dup2(nothing, fd);
    close(nothing);
}

/* In a session of our own Ctrl-C does not reach us. Who tells us by name to end makes us
 * end the server first. */
static void stand_apart(struct server *server)
{
    struct sigaction action = {.sa_handler = on_signal};
    const int endings[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
    sigset_t none;

    setsid();
    for (size_t i = 0; i < sizeof endings / sizeof *endings; i++)
        sigaction(endings[i], &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a limit of file sizes is an error, not our end */
    signal(SIGCHLD, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    close_all_but(server->life, server->news);
    umask(077);
#ifdef __linux__
    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); /* our children's children become ours */
#endif
}

/* PostgreSQL refuses to be run by root. Returns who we are now. */
static const char *stop_being_root(struct server *server)
{
    struct passwd *user;

    if (geteuid() != 0)
        return "we";
    user = getpwnam("postgres");
    if (user == NULL)
        user = getpwnam("nobody");
    if (user == NULL)
        give_up(server, "root can't run PostgreSQL, and there is no user postgres");
    if (setgroups(0, NULL) != 0 || setgid(user->pw_gid) != 0 || setuid(user->pw_uid) != 0)
        give_up(server, "root can't run PostgreSQL, and can't become the user %s: %s",
                user->pw_name, strerror(errno));
    return user->pw_name;
}

static void make_directory(struct server *server, const char *user)
{
    const char *wanted = getenv("TMPDIR");
    const char *parent = wanted && *wanted ? wanted : "/tmp";
    const size_t most = sizeof((struct sockaddr_un *)0)->sun_path - 1;
    char full[PATH_MAX], path[PATH_MAX + 32];

    if (realpath(parent, full) == NULL)
        snprintf(full, sizeof full, "%s", parent); /* mkdtemp() will say what is wrong */
    snprintf(path, sizeof path, "%s/with-postgres-XXXXXX", full);
    if (strlen(path) + strlen(SOCKET_NAME) > most)
        give_up(server, "TMPDIR is too long, since a socket in it can have %zu bytes: %s",
                most, full);
    if (strchr(full, ',') != NULL)
        give_up(server, "TMPDIR has a comma in it, which PostgreSQL can't have: %s",
                full);
    if (mkdtemp(path) == NULL)
        give_up(server, "%s can't make a directory in %s: %s (set TMPDIR to another)",
                user, full, strerror(errno));
    strcpy(server->directory, path);
    if (chdir(path) != 0)
        give_up(server, "cannot enter %s: %s", path, strerror(errno));
}

static void write_file(struct server *server, const char *name, const char *text)
{
    FILE *file = fopen(name, "w");
    bool failed = file == NULL || fputs(text, file) == EOF;

    if ((file && fclose(file) != 0) || failed)
        give_up(server, "cannot write %s/%s: %s", server->directory, name,
                strerror(errno));
}

/* In the child: become a helper, in surroundings without surprises. */
extern char **environ;

static _Noreturn void become_helper(struct server *server, char *argv[], int in, int out)
{
    char path[PATH_MAX + 16], search[PATH_MAX], home[160], libraries[PATH_MAX];
    char *surroundings[] = {"LC_ALL=C", "TZ=UTC", search, home, libraries, NULL};
    const char *own = getenv("LD_LIBRARY_PATH"), *usual = getenv("PATH");

    if (strcmp(argv[0], "tar") != 0) {
        snprintf(path, sizeof path, "%s/%s", server->programs, argv[0]);
        argv[0] = path;
    }
    snprintf(search, sizeof search, "PATH=%s", usual ? usual : "/usr/bin:/bin");
    snprintf(home, sizeof home, "HOME=%s", server->directory);
    snprintf(libraries, sizeof libraries, "LD_LIBRARY_PATH=%s", own ? own : "");
    if (own == NULL)
        surroundings[4] = NULL;
    setpgid(0, 0);
    environ = surroundings;
    if (dup2(in, 0) == 0 && dup2(out, 1) == 1 && dup2(out, 2) == 2)
        execvp(argv[0], argv);
    fprintf(stderr, "error: cannot start %s: %s\n", argv[0], strerror(errno));
    _exit(127);
}

/* Start initdb, postgres or tar. It reads the file `input` (NULL: the tar), and we hear
 * what it says. */
static void start(struct server *server, char *argv[], const char *input)
{
    pid_t watcher = getpid();
    int said[2], in = input ? open(input, O_RDONLY | O_CLOEXEC) : dup(server->tar);

    if (in < 0 || pipe(said) != 0)
        give_up(server, "cannot start %s: %s", argv[0], strerror(errno));
    fcntl(said[0], F_SETFD, FD_CLOEXEC);
    fcntl(said[0], F_SETFL, O_NONBLOCK);
    fcntl(said[1], F_SETFD, FD_CLOEXEC);
    server->said = said[0];
    server->size = 0;
    server->is_postgres = strcmp(argv[0], "postgres") == 0;
    server->helper = fork();
    if (server->helper < 0)
        give_up(server, "cannot start %s: %s", argv[0], strerror(errno));
    if (server->helper == 0) {
#ifdef __linux__
        prctl(PR_SET_PDEATHSIG, SIGQUIT, 0, 0, 0); /* should we be killed */
        if (getppid() != watcher)
            _exit(EXIT_FAILURE);
#endif
        become_helper(server, argv, in, said[1]);
    }
    (void)watcher;
    setpgid(server->helper, server->helper); /* both do: nobody knows who is first */
    close(in);
    close(said[1]);
}

/* Returns false when nobody is left who could say anything. Of what is said the beginning
 * is kept. */
static bool read_some(struct server *server)
{
    char rest[4096];
    size_t room = sizeof server->text - 1 - server->size;
    ssize_t got = read(server->said, room ? server->text + server->size : rest,
                       room ? room : sizeof rest);

    if (got > 0 && room)
        server->size += (size_t)got;
    server->text[server->size] = '\0';
    return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

/* Wait until the helper says something or the program has ended, but not for ever, since
 * a signal may have come just before. Returns whether the program is still there. */
static bool wait_for_news(struct server *server)
{
    struct pollfd files[] = {{.fd = server->life, .events = POLLIN},
                             {.fd = server->said, .events = POLLIN}};

    if (was_told_to_end || (poll(files, 2, 500) > 0 && files[0].revents != 0))
        return false;
    if (files[1].revents != 0 && !read_some(server)) {
        close(server->said);
        server->said = -1;
    }
    return true;
}

/* Listen to the helper until it has said `until`, or until it has ended and all its
 * children have. When the program ends in the meantime, so do we. */
static void listen_to(struct server *server, const char *until)
{
    int64_t deadline = now() + PATIENCE;

    while (server->said >= 0 && (until == NULL || strstr(server->text, until) == NULL)) {
        if (!wait_for_news(server)) {
            remove_all(server);
            _exit(EXIT_SUCCESS);
        }
        if (now() > deadline)
            give_up(server, "PostgreSQL was not ready after %d s", PATIENCE / 1000);
    }
}

/* What is wrong, out of all that the helper has said: the first line that has one of the
 * marks, or the last that is whole. */
static const char *complaint(struct server *server)
{
    static const char *const marks[] = {"error: ", "FATAL:  ", "PANIC:  ", "ERROR:  "};
    char *next = server->text, *line = NULL, *end = strrchr(next, '\n'), *mark;

    if (server->size == sizeof server->text - 1 && end != NULL)
        *end = '\0';
    while ((line = strsep(&next, "\n")) != NULL) {
        for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
            mark = strstr(line, marks[i]);
            if (mark)
                return mark + strlen(marks[i]);
        }
        if (next == NULL || *next == '\0')
            break;
    }
    mark = line ? strstr(line, "LOG:  ") : NULL;
    if (mark)
        return mark + strlen("LOG:  ");
    return line && *line ? line : "it ended without a word";
}

/* A helper that does its work and ends. Returns whether it has done it. */
static bool has_done(struct server *server, char *argv[], const char *input)
{
    int status;

    start(server, argv, input);
    listen_to(server, NULL);
    waitpid(server->helper, &status, 0);
    server->helper = 0;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 &&
           strstr(server->text, "ERROR:  ") == NULL;
}

static void let_do(struct server *server, char *argv[], const char *input)
{
    if (!has_done(server, argv, input))
        give_up(server, "cannot make a database in %s: %s", server->directory,
                complaint(server));
}

/* What initdb reads, all of it but the file that it makes postgresql.conf of. That says
 * that shared memory is to be files of the database, which are removed with it; what is
 * in /dev/shm would be left by a server that crashes. (Before PostgreSQL 16 initdb has no
 * option for it. It overwrites the first of such lines, and the last one counts.) */
static void make_share(struct server *server)
{
    char *show[] = {"initdb", "-s", "-D", "data", NULL};
    static const char sample[] = "postgresql.conf.sample", mark[] = "share_path=";
    char path[2 * PATH_MAX], link[PATH_MAX], *share;
    struct dirent *entry;
    DIR *directory;

    let_do(server, show, "/dev/null");
    share = strstr(server->text, mark);
    if (share == NULL)
        give_up(server, "initdb does not say where its files are");
    share += strlen(mark);
    share[strcspn(share, "\n")] = '\0';
    directory = opendir(share);
    if (directory == NULL || mkdir("share", 0700) != 0)
        give_up(server, "cannot read %s: %s", share, strerror(errno));
    while ((entry = readdir(directory)) != NULL) {
        snprintf(path, sizeof path, "%s/%s", share, entry->d_name);
        snprintf(link, sizeof link, "share/%s", entry->d_name);
        if (*entry->d_name != '.' && strcmp(entry->d_name, sample) != 0 &&
            symlink(path, link) != 0)
            give_up(server, "cannot make a link in %s: %s", server->directory,
                    strerror(errno));
    }
    closedir(directory);
    write_file(server, "share/postgresql.conf.sample",
               "#dynamic_shared_memory_type = posix\n"
               "dynamic_shared_memory_type = mmap\n");
}

/* Make a database, which knows what is in `contents`. */
static void make_database(struct server *server)
{
    char share[sizeof server->directory + 8]; /* an absolute path: initdb wants it */
    /* -n: when it fails, it leaves us what tells of its shared memory. */
    char *init[] = {"initdb",
                    "-n",
                    "-N",
                    "--no-locale",
                    "-E",
                    "UTF8",
                    "-A",
                    "scram-sha-256",
                    "--pwfile=password",
                    "-U",
                    USER,
                    "-D",
                    "data",
                    "-L",
                    share,
                    "--wal-segsize=1",
                    NULL};
    char *fill[] = {"postgres", "--single", "-F", "-D", "data", "postgres", NULL};

    snprintf(share, sizeof share, "%s/share", server->directory);
    write_file(server, "password", PASSWORD "\n");
    write_file(server, "contents.sql", contents);
    make_share(server);
    let_do(server, init, "/dev/null");
    let_do(server, fill, "contents.sql");
}

/* Which server a database is made by; another can't have it. */
static void describe_server(const struct server *server, char text[PATH_MAX + 100])
{
    struct stat about = {0};

    snprintf(text, PATH_MAX + 100, "%s/postgres", server->programs);
    stat(text, &about);
    snprintf(text, PATH_MAX + 100, "%s %lld %lld\n", server->programs,
             (long long)about.st_size, (long long)about.st_mtime);
}

static void pack_database(struct server *server)
{
    char *pack[] = {"tar", "-cf", "cluster.tar", "made-by", "data", NULL};
    char made_by[PATH_MAX + 100];

    describe_server(server, made_by);
    write_file(server, "made-by", made_by);
    let_do(server, pack, "/dev/null");
}

/* Returns whether there is one now, whole and of this server. */
static bool unpack_database(struct server *server)
{
    char *unpack[] = {"tar", "-xf", "-", NULL};
    char made_by[PATH_MAX + 100], own[PATH_MAX + 100];
    bool can_be_used = false;
    FILE *file;

    if (server->tar < 0)
        return false;
    describe_server(server, own);
    if (has_done(server, unpack, NULL) && (file = fopen("made-by", "r")) != NULL) {
        can_be_used = fgets(made_by, sizeof made_by, file) && strcmp(made_by, own) == 0;
        fclose(file);
    }
    if (!can_be_used)
        remove_tree("data");
    return can_be_used;
}

static void start_server(struct server *server)
{
    /* Nothing must survive a power failure, and clients hear of errors only. */
    char *serve[] = {"postgres", "-F",
                     "-D",       "data",
                     "-k",       server->directory,
                     "-h",       "",
                     "-p",       PORT,
                     "-c",       "full_page_writes=off",
                     "-c",       "synchronous_commit=off",
                     "-c",       "max_connections=20",
                     "-c",       "client_min_messages=error",
                     "-c",       "autovacuum=off",
                     NULL};

    start(server, serve, "/dev/null");
    listen_to(server, "ready to accept connections");
    if (strstr(server->text, "ready to accept connections") == NULL)
        give_up(server, "cannot start PostgreSQL: %s", complaint(server));
}

static _Noreturn void keep_watch(struct server *server)
{
    struct news news = {.is_ready = true};

    stand_apart(server);
    server->tar = server->cluster ? open(server->cluster, O_RDONLY | O_CLOEXEC) : -1;
    make_directory(server, stop_being_root(server));
    if (!unpack_database(server))
        make_database(server);
    if (server->cluster)
        start_server(server);
    else
        pack_database(server);
    snprintf(news.text, sizeof news.text, "%s", server->directory);
    tell(server, &news);
    close(server->news);
    while (wait_for_news(server))
        ;
    remove_all(server);
    _exit(EXIT_SUCCESS);
}

/* --- The end of it --- */

/* Returns whether nobody is left: no child, nor (where their children don't become ours)
 * anybody who could say something. */
static bool wait_for_all(struct server *server, int most)
{
    int64_t deadline = now() + most;
    pid_t ended;

    do {
        struct pollfd file = {.fd = server->said, .events = POLLIN};

        if (poll(&file, 1, 5) > 0 && !read_some(server)) {
            close(server->said);
            server->said = -1;
        }
        do
            ended = waitpid(-1, NULL, WNOHANG);
        while (ended > 0);
    } while ((ended == 0 || server->said >= 0) && now() < deadline);
    return ended < 0 && server->said < 0;
}

/* Those whose parent has ended are ours, too, whatever session they are in. */
static void kill_children(void)
{
    char path[64];
    FILE *file;
    int child;

    snprintf(path, sizeof path, "/proc/self/task/%ld/children", (long)getpid());
    file = fopen(path, "re");
    while (file && fscanf(file, "%d", &child) == 1)
        kill(child, SIGKILL);
    if (file)
        fclose(file);
}

/* A postgres that is told to quit ends its children and gives its shared memory back. An
 * initdb has such a postgres at work, which soon finds that nobody gives it commands any
 * more. If not soon enough, it is told; but not while it runs its very first script, nor
 * when it has only just been started: then it can't give anything back yet. */
static void stop(struct server *server)
{
    if (server->helper <= 0)
        return;
    kill(server->helper, server->is_postgres ? SIGQUIT : SIGKILL);
    if (!wait_for_all(server, GRACE / 3) && !server->is_postgres &&
        strstr(server->text, "post-bootstrap"))
        kill(-server->helper, SIGTERM);
    if (!wait_for_all(server, GRACE)) {
        kill(-server->helper, SIGKILL); /* dead as soon as they have a processor */
        for (int ms = 0; ms < PATIENCE && !wait_for_all(server, 50); ms += 50)
            kill_children();
    }
    server->helper = 0;
}

/* A postgres that was killed leaves a piece of shared memory. Its lock file says in the
 * seventh line which: its key and its number. */
static void remove_shared_memory(void)
{
    FILE *file = fopen("data/postmaster.pid", "r");
    char line[PATH_MAX];
    struct shmid_ds about;
    int id = -1;

    for (int i = 0; file && i < 7 && fgets(line, sizeof line, file); i++)
        if (i == 6 && sscanf(line, "%*u %d", &id) != 1)
            id = -1;
    if (file)
        fclose(file);
    if (id >= 0 && shmctl(id, IPC_STAT, &about) == 0 && about.shm_nattch == 0 &&
        about.shm_perm.cuid == geteuid())
        shmctl(id, IPC_RMID, NULL);
}

static int remove_one(const char *path, const struct stat *about, int kind,
                      struct FTW *where)
{
    (void)about, (void)kind, (void)where;
    remove(path);
    return 0;
}

static void remove_tree(const char *path)
{
    nftw(path, remove_one, 1, FTW_DEPTH | FTW_PHYS);
}

static void remove_all(struct server *server)
{
    stop(server);
    close(server->tar); /* to remove what is in directories takes files, too */
    if (*server->directory == '\0')
        return;
    remove_shared_memory();
    for (int i = 0; i < 3 && access(server->directory, F_OK) == 0; i++)
        remove_tree(server->directory);
}

/* --- The program --- */

static _Noreturn void fail(const char *what)
{
    fprintf(stderr, "with-postgres: cannot %s: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

/* Whatever the user's variables say about some other database, libpq must not hear it. */
static void forget_other_servers(void)
{
    char name[64];

    for (char **next = environ; *next;)
        if (sscanf(*next, "%63[A-Z0-9_]", name) == 1 && strncmp(name, "PG", 2) == 0 &&
            (*next)[strlen(name)] == '=') {
            unsetenv(name);
            next = environ;
        } else {
            next++;
        }
}

/* If one of the three standard files is closed, the next pipe must not get its number.
 * To the program it is closed, as it was. */
static void occupy_closed_files(void)
{
    int fd;

    while ((fd = open("/dev/null", O_RDWR | O_CLOEXEC)) <= 2)
        if (fd < 0)
            fail("open /dev/null");
    close(fd);
}

/* Start the watcher, and wait until the server stands, or the tar of a database is made.
 * It has `life[0]`, we keep `life[1]`. */
static void have_server(const char *programs, const char *cluster, struct news *news)
{
    struct server server = {.programs = programs, .cluster = cluster, .said = -1};
    int life[2], told[2];
    pid_t watcher;
    ssize_t got;

    if (pipe(life) != 0 || pipe(told) != 0)
        fail("open a pipe");
    server.life = life[0];
    server.news = told[1];
    fcntl(life[0], F_SETFD, FD_CLOEXEC);
    fcntl(told[0], F_SETFD, FD_CLOEXEC);
    fcntl(told[1], F_SETFD, FD_CLOEXEC);
    watcher = fork();
    if (watcher < 0)
        fail("start a watcher");
    if (watcher == 0)
        keep_watch(&server);
    close(life[0]);
    close(told[1]);
    do
        got = read(told[0], news, sizeof *news);
    while (got < 0 && errno == EINTR);
    close(told[0]);
    if (got != (ssize_t)sizeof *news)
        snprintf(news->text, sizeof news->text, "was told to end");
}

/* `make` puts it in a directory beside ours. */
static void find_cluster(const char *self, char path[PATH_MAX])
{
    const char *slash = strrchr(self, '/');

    snprintf(path, PATH_MAX, "%.*s/../postgres/cluster.tar",
             slash ? (int)(slash - self) : 1, slash ? self : ".");
}

static void copy(const char *directory, const char *to)
{
    char from[PATH_MAX], block[65536];
    FILE *in, *out;
    size_t size;

    snprintf(from, sizeof from, "%s/cluster.tar", directory);
    in = fopen(from, "r");
    if (in == NULL)
        fail("read the new database");
    out = fopen(to, "w");
    if (out == NULL)
        fail("write the database");
    while ((size = fread(block, 1, sizeof block, in)) > 0)
        if (fwrite(block, 1, size, out) != size)
            fail("write the database");
    if (ferror(in) || fclose(in) != 0)
        fail("read the new database");
    if (fclose(out) != 0)
        fail("write the database");
}

int main(int argc, char *argv[])
{
    char found[PATH_MAX], programs[PATH_MAX], cluster[PATH_MAX];
    struct news news = {.is_ready = false};
    bool makes_cluster = argc == 3 && strcmp(argv[1], "--cluster") == 0;

    if (argc < 2) {
        fputs(
            "usage: with-postgres PROGRAM [ARGUMENT...], or --where, or --cluster FILE\n",
            stderr);
        return 2;
    }
    occupy_closed_files();
    find_postgres(found);
    if (strcmp(argv[1], "--where") == 0)
        return puts(found) == EOF || fflush(stdout) != 0;
    if (realpath(found, programs) == NULL)
        fail("find PostgreSQL");
    find_cluster(argv[0], cluster);
    have_server(programs, makes_cluster ? NULL : cluster, &news);
    if (!news.is_ready) {
        fprintf(stderr, "with-postgres: %s\n", news.text);
        return EXIT_FAILURE;
    }
    if (makes_cluster) {
        copy(news.text, argv[2]);
        return EXIT_SUCCESS;
    }
    forget_other_servers();
    if (setenv("PGHOST", news.text, 1) != 0 || setenv("PGPORT", PORT, 1) != 0 ||
        setenv("PGUSER", USER, 1) != 0 || setenv("PGPASSWORD", PASSWORD, 1) != 0 ||
        setenv("PGDATABASE", "postgres", 1) != 0)
        fail("set the environment");
    become("with-postgres", argv + 1);
}
