#!/usr/bin/env perl
# exercises.t - each exercise is fair: what the student is given builds and does
# not pass, the solution passes, and wrong answers fail with a verdict that names
# the mistake. `make test-exercises` runs it, for each exercise by itself; the student's
# own files are not used.
#
#     perl tests/exercises/exercises.t [tests/solutions/NN-slug/exercise.c...]
use strict;
use warnings;

use lib 'tests';
use Course;
use File::Path qw(make_path);
use Test::More;

my $build   = build_dir();
my $made    = "$build/exercises";
my @compile = ((grep { $_ ne '-Werror' } compiler_of_the_course()), qw(-fsanitize=undefined -fsanitize-undefined-trap-on-error));
my @lessons = map { m{([^/]+)/exercise\.c$} } @ARGV ? @ARGV : sort glob 'tests/solutions/*/exercise.c';

# Where nothing can be checked, nothing must look checked.
BAIL_OUT("$build/common/check/check is not built: make") unless -x "$build/common/check/check";
BAIL_OUT('no exercises here: start it from the top') unless @lessons;

sub starter { my ($lesson) = @_; return scalar `common/check/starter tests/solutions/$lesson/exercise.c` }

# Build a program as a student's is built. Returns its path, or
# nothing, when the compiler has said why.
sub build_program {
    my ($lesson, $source, @flags) = @_;
    my ($name)  = $source =~ m{([^/]+)\.c$};
    my $program = "$made/$lesson/$name";
    my ($cflags, $libs) = map { run(['common/commands/needs', $_, "lessons/$lesson"])->{out} } qw(--cflags --libs);
    my $ran = run([@compile, @flags, split(' ', $cflags), '-o', $program, $source,
            "$build/common/lesson.o", objects_of($lesson), split ' ', $libs]);
    return $program if $ran->{status} == 0;
    diag($ran->{err});
    return;
}

# What asks the web site is linked with common/fetch.c and fetch_error.c.
sub objects_of {
    my ($lesson) = @_;
    return if run(['common/commands/needs', '--list', "lessons/$lesson"])->{out} !~ m{/site$}m;
    return map {"$build/common/$_.o"} qw(fetch fetch_error);
}

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
    my $patched = run(['patch', '-s', '-F', '0', '-o', $source, "$made/$lesson/starter.c", $wrong]);
    return $source if $patched->{status} == 0;
    diag($wrong, $patched->{out}, $patched->{err});
    return;
}

sub recordings_of { my ($lesson) = @_; return sort glob "lessons/$lesson/exercise.out lessons/$lesson/exercise\@*.out" }

sub start_judging_all {
    my ($lesson) = @_;
    make_path("$made/$lesson");
    write_file("$made/$lesson/starter.c", starter($lesson));
    my %programs = (starter => scalar build_program($lesson, "$made/$lesson/starter.c", '-Werror'));
    for my $wrong (wrong_answers($lesson)) {
        my $source = source_of_wrong($lesson, $wrong);
        $programs{$wrong} = build_program($lesson, $source) if $source;
    }
    for my $answer (grep { $programs{$_} } sort keys %programs) {
        # What is late is late by far, and takes long.
        local $ENV{SLOW} = ($ENV{SLOW} // 1) * (verdict_of($answer) =~ /need not wait/ ? 2 : 1);
        start_judging("$lesson $answer", 'common/commands/exercise', 'judge', "lessons/$lesson", $programs{$answer});
    }
    if (my $solution = build_program($lesson, "tests/solutions/$lesson/exercise.c", qw(-DSOLUTION -Werror))) {
        for my $recording (recordings_of($lesson)) {
            my @arguments = $recording =~ /@([^@]+?)(?=@|\.out$)/g;
            my $with = `common/commands/needs --wrapper lessons/$lesson` =~ s/\n//r;
            start_judging($recording, 'env', "WITH=$with", "$build/common/check/check", $recording, $solution, @arguments);
        }
    }
    return;
}

for my $lesson (@lessons) {
    subtest $lesson => sub {
        my $missing = missing($lesson);
        return lacking("lessons/$lesson $missing") if $missing;
        start_judging_all($lesson);
        my ($status, $said);
        for my $recording (recordings_of($lesson)) {
            ($status, $said) = judged($recording);
            is($status, 0, "the solution passes: $recording") or diag($said);
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
        unlike($hints, qr/^.{77}/m, 'which fit a small window');
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
    };
}
done_testing();
