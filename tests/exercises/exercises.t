#!/usr/bin/env perl
# exercises.t - each exercise is fair: what the student is given builds and does
# not pass, the solution passes, and wrong answers fail with a verdict that names
# the mistake. `make test-exercises` runs it, for each exercise by itself; the student's
# own files are not used.
#
#     perl tests/exercises/exercises.t [--build | --judge] [tests/solutions/NN-slug/exercise.c...]
#
# What is built beside them makes programs late: `make` builds all of them, then judges all.
use strict;
use warnings;

use lib 'tests';
use Course;
use File::Path qw(make_path);
use Test::More;

my $only    = @ARGV && $ARGV[0] =~ /^--(build|judge)$/ ? ($1, shift @ARGV)[0] : '';
$ENV{MAKE} = 'true' if $only eq 'judge'; # the solutions are built
my $build   = build_dir();
my $made    = "$build/exercises";
my @lessons = map { m{([^/]+)/exercise\.c$} } @ARGV ? @ARGV : sort glob 'tests/solutions/*/exercise.c';

# Where nothing can be checked, nothing must look checked.
BAIL_OUT("$build/common/check/check is not built: make") unless -x "$build/common/check/check";
BAIL_OUT('no exercises here: start it from the top') unless @lessons;

sub starter { my ($lesson) = @_; return scalar `common/check/starter tests/solutions/$lesson/exercise.c` }

# Build a program as a student's is built; if it can't be, the compiler says why. make tells
# its compiler.
sub build_program {
    my ($lesson, $source, @flags) = @_;
    my @compile   = $ENV{COMPILE} ? split ' ', $ENV{COMPILE} : compiler_of_the_course();
    my $is_asking = grep {m{/site$}} flags_of("lessons/$lesson", '--list');
    my @objects   = map {"$build/common/$_.o"} 'lesson', 'trace-recorder', $is_asking ? qw(fetch fetch_error) : ();
    my $ran = run([(grep { $_ ne '-Werror' } @compile), qw(-g0 -fsanitize=undefined -fsanitize-undefined-trap-on-error), @flags, flags_of("lessons/$lesson", '--cflags'), '-o', built($lesson, $source), $source,
            @objects, "\@$build/common/trace-wraps", flags_of("lessons/$lesson", '--libs'), '-lpthread']);
    return $ran->{status} == 0 || diag($ran->{err});
}

# Where what is made of a source is, or of what is named like it.
sub built { my ($lesson, $source) = @_; return "$made/$lesson/" . ($source =~ m{([^/]+?)(?:\.\w+)?$})[0] }

# What a lesson needs and this machine lacks.
sub missing { my ($lesson) = @_; return run(['common/commands/needs', '--missing', "lessons/$lesson"])->{out} =~ s/\n\z//r }

# What is built is judged while the next is built: programs wait most of the time.
my %judging;

sub start_judging {
    my ($key, @command) = @_;
    open $judging{$key}, '-|', 'sh', '-c', 'exec "$@" 2>&1', 'sh', @command or die "$command[0]: $!\n";
    return;
}

# How it ended, and what was said.
sub judged {
    my ($key) = @_;
    my $from = delete $judging{$key} or return (255, 'it was not built');
    my $said = do { local $/; <$from> } // '';
    close $from;
    return ($? >> 8, $said);
}

# Only times are judged by a clock: where the verdict is about something else none are, and more
# time than a busy machine needs passes before something hangs.
sub judge_as_a_students {
    my ($lesson, $answer, $program) = (@_, built(@_[0, 1]));
    return if !-x $program;
    my $verdict = verdict_of($answer);
    my $timed   = $answer eq 'starter' || $verdict =~ /expected at|wait for/;
    local $ENV{TIMING}   = $timed ? 'on' : 'off';
    local $ENV{SLOW}     = ($ENV{SLOW} // 1) * ($verdict =~ /need not wait/ ? 2 : $timed || $verdict =~ /hangs/ ? 1 : 4);
    local $ENV{MISTAKES} = built($lesson, $answer) . '.mistakes';
    return start_judging("$lesson $answer", 'common/commands/exercise', 'judge', "lessons/$lesson", $program);
}

sub wrong_answers { my ($lesson) = @_; return sort glob "tests/solutions/$lesson/wrong_*" }

# What is said of a wrong answer; nothing of the starter.
sub verdict_of {
    my ($wrong) = @_;
    my ($verdict) = read_file($wrong) =~ m{^(?: \* )?verdict: (.*?)(?: \*/)?$}m;
    return $verdict // '';
}

# A wrong answer is a whole program, or what it changes in the starter: words, then
# a diff. Returns its source, or nothing if it does not fit the starter any more.
sub source_of_wrong {
    my ($lesson, $wrong) = @_;
    return $wrong if $wrong =~ /\.c$/;
    my ($name) = $wrong =~ m{([^/]+)\.diff$};
    my $source  = "$made/$lesson/$name.c";
    my $patched = run(['patch', '-s', '-F', '0', '-r', '-', '-o', $source, "$made/$lesson/starter.c", $wrong]);
    return $source if $patched->{status} == 0;
    diag($wrong, $patched->{out}, $patched->{err});
    return;
}

# What a cheat would print for each argument: all lines of the recordings, at their times.
# Returns C: `lines` is the array for the arguments that the program was given.
sub lines_of {
    my ($lesson) = @_;
    my ($code, @cases) = ('');
    for my $recording (recordings_of($lesson)) {
        my $number = @cases;
        my $words  = join ' ', $recording =~ /@([^@]+?)(?=@|\.out$)/g;
        my ($exit, $seconds) = (0, 0);
        $code .= "static const struct line lines_$number\[] = {\n";
        for (split /\n/, read_file($recording)) {
            $exit = $1 if /^exit (\d+)$/;
            $seconds = $1 if /^\[ *(\d+\.\d\d)\]/;
            my ($text) = s/^\[  -  \] /- /r =~ /^(?:\[ *[\d.]+\] )?(?!exit |!)(.*)$/ or next;
            $code .= sprintf qq({%d, "%s"},\n), 1000 * $seconds + 0.5, $text =~ s/(["\\])/\\$1/gr;
        }
        $code .= "{0, 0}};\n";
        push @cases, qq(if (strcmp(words, "$words") == 0) return status = $exit, lines_$number;);
    }
    return "struct line { int ms; const char *text; };\nstatic int status;\n$code"
        . "static const struct line *lines_for(const char *words) {\n" . join("\n", @cases) . "\nreturn lines_0; }\n";
}

# Cheats: programs that print what is recorded, at its times, without the idea. Each waits in
# another way, and each gets the words that it deserves.
my %cheats = (
    sleeps  => ['waited', 'print(lines); return status;'],
    thread  => ['a thread or a process', 'uv_thread_t thread; uv_thread_create(&thread, print, lines);' .
        'play(lines); uv_thread_join(&thread); return status;'],
    process => ['a thread or a process', 'pid_t child; int code; tell(lines->text); start = uv_hrtime() / 1000000;' .
        'if ((child = fork()) == 0) { print(lines + 1); _exit(0); } play(lines); waitpid(child, &code, 0); return status;'],
    polls   => ['waited', 'start = uv_hrtime() / 1000000;' .
        'for (; lines->text; lines++) { while (uv_hrtime() / 1000000 - start < (uint64_t)lines->ms) {' .
        'uv_run(uv_default_loop(), UV_RUN_NOWAIT); uv_sleep(5); } tell(lines->text); } return status;'],
);

# Who knows all recordings can print them in the loop as well, with handles for show; but not
# what the solution prints with arguments that are drawn, nor what the site counts; and where
# there is neither, not with handles for show.
$cheats{player} = ['Started as|has counted|more handles|poll handles were called', <<'END'];
    static uv_prepare_t prepare;
    static uv_idle_t idle;
    static uv_poll_t polls[3];
    uv_file ends[2];
    must("prepare", uv_prepare_init(uv_default_loop(), &prepare));
    must("prepare", uv_prepare_start(&prepare, on_prepare));
    if (IDLE) {
        must("be idle", uv_idle_init(uv_default_loop(), &idle));
        must("be idle", uv_idle_start(&idle, on_idle));
    }
    must("make a pipe", uv_pipe(ends, 0, 0));
    for (int i = 0; i < 3; i++) {
        must("watch", uv_poll_init(uv_default_loop(), &polls[i], i ? dup(ends[0]) : ends[0]));
        must("watch", uv_poll_start(&polls[i], UV_READABLE, on_poll));
        shown[i] = (uv_handle_t *)&polls[i];
    }
    shown[3] = (uv_handle_t *)&prepare;
    shown[4] = (uv_handle_t *)(IDLE ? &idle : NULL);
    line = lines;
    tell(line++->text);
    start = uv_hrtime() / 1000000;
    for (int i = 0; i < 6; i++) {
        must("play", uv_timer_init(uv_default_loop(), &players[i]));
        must("play", uv_timer_start(&players[i], on_line, i ? 60000 : (uint64_t)line->ms, 0));
    }
    run_and_close();
    return status;
END

# One program, which CHEAT tells how to wait: each is as long to compile as all of them.
sub cheats {
    my ($lesson) = @_;
    my $idle = read_file("lessons/$lesson/exercise.rules") =~ /\bidle\b/ ? 1 : 0;
    my $bodies = join '', map {"if (strcmp(getenv(\"CHEAT\"), \"$_\") == 0) {\n$cheats{$_}[1]\n}\n"} sort keys %cheats;
    return write_file("$made/$lesson/cheats.c", <<"END" . lines_of($lesson) . <<'END' . "${bodies}return 2;\n}\n");
/* A cheat, made from the recordings. */
#include "lesson.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
enum { IDLE = $idle };
END
static void tell(const char *text) {
    if (*text == '~') measure("%s", text + 2);
    else if (*text == '-') say_untimed("%s", text + 2);
    else say("%s", text);
}
static uint64_t start;
static void print(void *all) {
    for (const struct line *line = all; line->text; line++) {
        if (start == 0) {
            tell(line->text);
            start = uv_hrtime() / 1000000;
            continue;
        }
        while (uv_hrtime() / 1000000 - start < (uint64_t)line->ms)
            uv_sleep(1);
        tell(line->text);
    }
}
static void on_end(uv_timer_t *timer) { uv_close((uv_handle_t *)timer, NULL); }
/* The loop waits, for show, and with as many handles as it likes. */
static void play(const struct line *line) {
    static uv_timer_t timers[20];
    while (line[1].text) line++;
    for (int i = 0; i < 20; i++) {
        must("wait", uv_timer_init(uv_default_loop(), &timers[i]));
        must("wait", uv_timer_start(&timers[i], on_end, (uint64_t)line->ms, 0));
    }
    run_and_close();
}
static const struct line *line;
static uv_timer_t players[6];
static uv_handle_t *shown[5];
static void on_prepare(uv_prepare_t *prepare) { (void)prepare; }
static void on_idle(uv_idle_t *idle) { (void)idle; }
static void on_poll(uv_poll_t *poll, int result, int events) { (void)poll, (void)result, (void)events; }
static void on_line(uv_timer_t *timer) {
    while (line->text && uv_hrtime() / 1000000 - start + 2 >= (uint64_t)line->ms)
        tell(line++->text);
    if (line->text) {
        uv_update_time(uv_default_loop());
        must("play", uv_timer_start(timer, on_line, start + (uint64_t)line->ms - uv_hrtime() / 1000000, 0));
        return;
    }
    for (int i = 0; i < 6; i++)
        uv_close((uv_handle_t *)&players[i], NULL);
    for (int i = 0; i < 5; i++)
        if (shown[i])
            uv_close(shown[i], NULL);
}
int main(int argc, char *argv[]) {
    char words[100] = "";
    struct line *lines;
    for (int i = 1; i < argc; i++)
        snprintf(words + strlen(words), sizeof words - strlen(words), i > 1 ? " %s" : "%s", argv[i]);
    lines = (struct line *)(uintptr_t)lines_for(words);
END
}

# Hints for mistakes that are in none of our wrong answers.
sub hints_for_nobody {
    my ($lesson, $hints) = @_;
    my @made = map { split /\n/, read_file($_) } glob "$made/$lesson/*.mistakes";
    my $fits = sub {
        my ($mistake, $word, $text) = ($_[0], $_[0] =~ /^([^:]+: )(.*)$/);
        return grep { $_ eq $mistake || index($_, "$mistake:") == 0 ||
            (defined $text && index($_, $word) == 0 && index($_, $text) >= 0) } @made;
    };
    return grep { my $for = $_; !grep { $fits->($_) } split / [|] /, $for } $hints =~ /^for: (.*)$/mg;
}

sub recordings_of { my ($lesson) = @_; return sort glob "lessons/$lesson/exercise.out lessons/$lesson/exercise\@*.out" }

# Whether what is drawn (common/commands/exercise) may be what is recorded, so that a player passes.
sub is_drawn {
    my ($lesson, $recording) = @_;
    my ($drawn) = read_file("lessons/$lesson/exercise.rules") =~ /^drawn: (.*)$/m or return;
    my @ranges = split / /, $drawn;
    my @words  = $recording =~ /@([^@]+?)(?=@|\.out$)/g;
    return if @words != @ranges;
    for (@ranges) {
        my ($low, $high, $step) = split m{[-/]};
        my $word = shift @words;
        return if $word < $low || $word > $high || ($word - $low) % ($step // 1);
    }
    return 1;
}

sub build_all {
    my ($lesson) = @_;
    run(['rm', '-rf', "$made/$lesson"]);
    make_path("$made/$lesson");
    build_program($lesson, write_file("$made/$lesson/starter.c", starter($lesson)), '-Werror');
    build_program($lesson, $_) for map { source_of_wrong($lesson, $_) } wrong_answers($lesson);
    build_program($lesson, cheats($lesson), '-w', '-O0');
    build_program($lesson, "tests/solutions/$lesson/exercise.c", qw(-DSOLUTION -Werror));
    return;
}

sub start_judging_all {
    my ($lesson) = @_;
    judge_as_a_students($lesson, $_) for 'starter', wrong_answers($lesson);
    for my $name (sort keys %cheats) {
        local $ENV{CHEAT} = $name;
        judge_as_a_students($lesson, "cheat: $name", built($lesson, 'cheats'));
    }
    my $solution = built($lesson, 'exercise');
    judge_as_a_students($lesson, 'solution', $solution);
    local $ENV{SLOW} = ($ENV{SLOW} // 1) * 4;
    for my $recording (-x $solution ? recordings_of($lesson) : ()) {
        my @arguments = $recording =~ /@([^@]+?)(?=@|\.out$)/g;
        local $ENV{WITH} = join '', flags_of("lessons/$lesson", '--wrapper');
        start_judging($recording, "$build/common/check/check", $recording, $solution, @arguments);
    }
    return;
}

if ($only ne 'judge') {
    build_all($_) for grep { !missing($_) } @lessons;
    exit if $only;
}

for my $lesson (@lessons) {
    subtest $lesson => sub {
        my $missing = missing($lesson);
        return lacking("lessons/$lesson $missing") if $missing;
        start_judging_all($lesson);
        my ($status, $said);
        is_deeply([grep { is_drawn($lesson, $_) } recordings_of($lesson)], [], 'no recording is of arguments that may be drawn');
        for my $recording (recordings_of($lesson)) {
            ($status, $said) = judged($recording);
            is($status, 0, "the solution passes: $recording") or diag($said);
        }

        ($status, $said) = judged("$lesson solution");
        is($status, 0, 'the solution passes as a student\'s does: the loop has waited') or diag($said);
        # Where threads are allowed, what is drawn tells. On a machine that lets a player begin
        # late, his loop has waited for too short a time.
        my $drawn = read_file("lessons/$lesson/exercise.rules") =~ /^threads: yes$/m ? '|Started as' : '';
        for my $name (sort keys %cheats) {
            my $also = $name eq 'player' ? '|waited' : $drawn;
            ($status, $said) = judged("$lesson cheat: $name");
            is($status, 1, "a cheat does not pass: $name");
            like($said, qr/$cheats{$name}[0]|This\s+exercise is about|right lines in another order$also/m, '... and is told why') or diag($said);
        }

        ($status, $said) = judged("$lesson starter");
        is($status, 1, 'what the student is given builds, runs, and does not pass')
            or diag($said);
        my $starter = starter($lesson);
        like($starter, qr/TODO/, 'a TODO marks the place');
        unlike($starter, qr/SOLUTION/, 'nothing of the solution is left in it');
        is(read_file("lessons/$lesson/exercise.c"), $starter,
            'exercise.c is what the solution gives (or else: make starters)');

        my $hints = read_file("lessons/$lesson/exercise.hints");
        cmp_ok(scalar(split /\n\s*\n/, $hints), '>=', 2, 'there are two hints or more');
        unlike($hints =~ s/^for: .*\n//mgr, qr/^.{77}/m, 'which fit a small window');
        cmp_ok(scalar(grep { !/\Afor: / } split /\n\s*\n/, $hints), '>=', 1, 'one is for any mistake');
        like(read_file("lessons/$lesson/README.md"), qr/^## Exercise\n.*\bexercise\.c\b.*make exercise-/ms,
            'the README leads into it');

        my @wrong = wrong_answers($lesson);
        ok((grep {/wrong_sync/} @wrong), 'sync in disguise is among the wrong answers');
        for my $wrong (@wrong) {
            my $verdict = verdict_of($wrong);
            my $seconds = qr/\d+\.\d\d/; # which are written as three dots
            my $words   = join $seconds, map {quotemeta} split /\Q...\E(?= s (?:late|early))/, $verdict, -1;
            ($status, $said) = judged("$lesson $wrong");
            is($status, 1, "$wrong does not pass");
            ok($verdict ne '' && $said =~ /$words/, "... and the verdict says \"$verdict\"")
                or diag($said);
            unlike($said, qr/^(?!    \+ ).{81}/m, '... in lines of 80');
        }
        no_complaints('each hint is for a mistake that somebody has made', hints_for_nobody($lesson, $hints));
    };
}
done_testing();
