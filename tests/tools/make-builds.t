#!/usr/bin/env perl
# make-builds.t - the Makefile: what is built, when, of what, and what is cleaned away.

use strict;
use warnings;

use lib 'tests';
use Course;
use Cwd qw(abs_path);
use MakeTree;
use Test::More;

my $scratch = scratch();

subtest 'make builds everything, without a warning' => sub {
    my $tree = bare_tree();
    system('cp', '-R', glob('lessons/0[15]-*'), "$tree/lessons") == 0 or die 'cannot copy';
    my $made = make_lessons($tree, ['-j2']);
    succeeds($made, 'make -j2');
    is($made->{err}, '', 'without a warning');
    my @programs = programs_of($tree);
    cmp_ok(scalar @programs, '>=', 4, 'there are programs');
    no_complaints('all are there', grep { !-x "$tree/build/$_" } @programs);
    like($made->{out}, qr/make lesson-01\b/, 'it says what to try first');
};

# With libuv under a prefix of its own, as brew installs it: then the compiler notes its
# headers, too, and they are as old as the tree.
subtest 'make compiles what has changed, and nothing else' => sub {
    my $tree     = spare(tree());
    my @programs = programs_of($tree);
    my ($uv_h)   = map { m{^# \d+ "([^"]*/uv\.h)"}m } run(['sh', '-c', "echo '#include <uv.h>' | @cc -E \$($pkg_config --cflags libuv) -"])->{out};
    mkdir "$tree/include" or die;
    system('cp', '-R', $uv_h, $uv_h =~ s/\.h$//r, "$tree/include") == 0 or die 'cannot copy';
    local $ENV{PKG_CONFIG} = fake($tree, 'pkg-config', <<"SH");
case "\$*" in *--cflags*libuv*) printf '%s ' "-I$tree/include" ;; esac
exec $pkg_config "\$@"
SH
    my @goals    = map {"build/$_"} @programs, 'common/show', 'common/check/check';
    my $header   = write_file("$tree/common/sugar.h", '');
    my $sweet    = "$tree/$programs[1].c";
    write_file($sweet, qq{#include "sugar.h"\n} . read_file($sweet));
    succeeds(make_really($tree, ['-j2', @goals]), 'make');

    my $before = age($tree);
    my $again  = make_really($tree, [@goals]);
    succeeds($again, 'make, again');
    is_deeply(files_below("$tree/build"), $before, 'nothing is made again');
    unlike($again->{out}, qr/^cc /m, 'nothing is compiled');

    like(read_file("$tree/build/$programs[0].d"), qr{ \S+/include/uv\.h}, "libuv's header is noted");
    touch("$tree/common/lesson.h");
    succeeds(make_really($tree, [@goals]), 'make, after lesson.h has changed');
    my %made = map { $_ => 1 } made_since($tree, $before);
    no_complaints('all programs are made', grep { !$made{$_} } @programs, 'common/lesson.o');
    ok(!$made{'common/timeline/svg.o'}, 'what does not include it is not');

    $before = age($tree);
    touch("$tree/$programs[0].c");
    succeeds(make_really($tree, [@goals]), 'make, after one program has changed');
    is_deeply([made_since($tree, $before)], [$programs[0]], 'only that one is made');

    $before = age($tree);
    touch($header);
    succeeds(make_really($tree, [@goals]), 'make, after a header of one program has changed');
    is_deeply([made_since($tree, $before)], [$programs[1]], 'only that one is made');
};

subtest 'with another compiler or other flags, everything is made anew' => sub {
    my $tree = tree_with_tools();
    my $own  = fake($tree, 'own-cc', qq{echo "\$*" >>"$tree/log"\nexec $quick_cc "\$@"\n});
    succeeds(make($tree, ['-j2']), 'make');

    my $everything_is_made_by = sub {
        my (@how) = @_;
        my $before = age($tree);
        write_file("$tree/log", '');
        succeeds(make($tree, ['-j2', @how]), "make @how");
        my %made = map { $_ => 1 } made_since($tree, $before);
        no_complaints("@how: everything is new", grep { !/\.d$/ && !$made{$_} } sort keys %$before);
        return split /\n/, read_file("$tree/log");
    };
    my @calls = $everything_is_made_by->("CC=$own");
    my @sources = (glob("$tree/lessons/*/*.c"), "$tree/common/lesson.c", "$tree/common/check/check.c");
    for my $source (map {s{^\Q$tree\E/}{}r} @sources) {
        is(scalar(grep {/ \Q$source\E(?: |$)/} @calls), 1, "it has compiled $source");
    }
    @calls = $everything_is_made_by->("CC=$own", 'CFLAGS=-O1');
    cmp_ok(scalar @calls, '>', 5, 'CFLAGS: the compiler is called');
    no_complaints('always with them', grep { !/ -O1 / } @calls);

    my $before = age($tree);
    succeeds(make($tree, ["CC=$own", 'CFLAGS=-O1']), 'the same again');
    is_deeply([made_since($tree, $before)], [], 'then nothing is made');
};

subtest 'SANITIZE=address builds programs that look after their memory' => sub {
    my $tree  = tree();
    my $empty = write_file("$scratch/empty.c", "int main(void) { return 0; }\n");
    my $can   = run([@cc, '-fsanitize=address', '-o', "$scratch/empty", $empty]);
    return lacking("@cc has no AddressSanitizer") if $can->{status} != 0;

    my @programs  = grep {/tea/} programs_of($tree);
    my @goals     = ('-j2', map {"build/$_"} @programs);
    my $sanitized = sub { grep { read_file("$tree/build/$_") =~ /__asan_init/ } @programs };
    succeeds(make_really($tree, [@goals]), 'make');
    is_deeply([$sanitized->()], [], 'usually there is nothing of it');
    age($tree);
    succeeds(make_really($tree, [@goals, 'SANITIZE=address']), 'make SANITIZE=address');
    is_deeply([$sanitized->()], \@programs, 'then it is in every program');
    age($tree);
    succeeds(make_really($tree, [@goals]), 'make');
    is_deeply([$sanitized->()], [], 'and then it is gone again');
};

subtest 'BUILD puts everything elsewhere, and the course may be read-only' => sub {
    for my $where ('out/deep/inside', "$scratch/elsewhere", '../beside') {
        my $tree    = tree();
        my $outside = $where !~ /^out/;
        # That a directory can't be written means nothing to root: so look at it, too.
        my $before = files_below($tree);
        if ($outside) {
            system('chmod', '-R', 'a-w', $tree) == 0 or die 'cannot chmod';
        }
        succeeds(make($tree, ['-j2'], BUILD => $where), "make with BUILD=$where");
        my $shown = make($tree, ["BUILD=$where", 'test', 'lesson-05']);
        succeeds($shown, "make test lesson-05 BUILD=$where");
        like($shown->{out}, qr{^shown: lessons/05-cake$}m, 'is shown');
        system('chmod', '-R', 'u+w', $tree);

        my $there = $where =~ m{^/} ? $where : "$tree/$where";
        no_complaints('programs are there', grep { !-x "$there/$_" } programs_of($tree));
        my $after = files_below($tree);
        delete @$after{ grep {m{^\Q$where\E/}} keys %$after };
        is_deeply($after, $before, 'nothing is anywhere else');
    }
};

subtest 'a program that does not compile' => sub {
    my $tree = tree_for_lessons();
    succeeds(make_lessons($tree, ['-j2']), 'first it does');
    age($tree);
    my $good = read_file("$tree/lessons/01-tea/tea_async.c");
    for my $bad ('int main(void) { return biscuit; }', 'int biscuit(void) { return 0; }') {
        write_file("$tree/lessons/01-tea/tea_async.c", "$bad\n");
        my $made = make_lessons($tree, ['-j2']);
        isnt($made->{status}, 0, 'make fails');
        like($made->{err}, qr/biscuit|main/, 'with the words of the compiler');
        is_deeply([grep { !/\.d$/ } glob "$tree/build/lessons/01-tea/tea_async*"],
            [], 'there is no program, neither half nor old');
        unlink "$tree/build/lessons/05-cake/cake_sync";
        my $other = make_lessons($tree, ['lesson-05']);
        succeeds($other, 'another lesson can be shown');
        like($other->{out}, qr{^shown: lessons/05-cake$}m, 'and is');
        ok(-x "$tree/build/lessons/05-cake/cake_sync", 'with what was not built yet');
        unlink "$tree/build/lessons/01-tea/tea_sync";
        my $same = make_lessons($tree, ['lesson-01']);
        like($same->{err}, qr/biscuit|main/, 'its own lesson says what is wrong');
        like($same->{out}, qr{^shown: lessons/01-tea$}m, 'and is shown');
        ok(-x "$tree/build/lessons/01-tea/tea_sync", 'with what can be built');
        isnt(make_lessons($tree, ['test-01'])->{status}, 0, 'its test fails');
    }
    write_file("$tree/lessons/01-tea/tea_async.c", $good);
    succeeds(make_lessons($tree, []), 'when it is mended');
    ok(-x "$tree/build/lessons/01-tea/tea_async", 'it is there again');
};

# What a full disk or a power cut leaves of a note is not believed, and not in the way.
subtest 'damaged notes of what includes what' => sub {
    my $tree = tree_with_tools();
    succeeds(make($tree, ['-j2']), 'make');
    my $note   = 'build/lessons/05-cake/cake_sync.d';
    my $before = age($tree);
    cmp_ok(scalar(grep {/\.d$/} keys %$before), '>', 10, 'there are notes');
    for my $damage ('', 'build/lessons/05-ca', "build/lessons/05-cake/cake_sync: \\\n lessons/05-", "\0" x 100) {
        write_file("$tree/$note", $damage);
        succeeds(make($tree, ['-n', 'clean']), 'make clean would do');
        succeeds(make($tree, []), 'make');
        is_deeply([made_since($tree, $before)], ['lessons/05-cake/cake_sync'], 'what it belongs to is made anew');
        like(read_file("$tree/$note"), qr/# whole\n\z/, 'so is the note');
        $before = age($tree);
    }
    succeeds(make($tree, []), 'make, again');
    is_deeply([made_since($tree, $before)], [], 'then nothing is made');
};

# Finder, Windows and GNOME make copies of such names.
subtest 'files that are none of the course' => sub {
    my $tree  = tree_with_tools();
    my @names = ('exercise copy.c', 'exercise - Copy.c', 'exercise (copy).c', 'exercise_old.c', 'a#b.c', 'my $x.c',
        "it's.c", 'a%b.c', 'a:b.c', 'cake_sync.c copy.c', 'cake sync.out', '-x.c', '*.c');
    write_file("$tree/lessons/05-cake/$_", "no C\n") for @names;
    mkdir "$tree/lessons/05-cake copy" or die;
    write_file("$tree/lessons/05-cake copy/about", "part: 2 Afternoon\n");
    write_file("$tree/lessons/$_", "no lesson\n") for '.DS_Store', 'about';
    my @programs = map {"lessons/$_"} '01-tea/tea_async', '01-tea/tea_sync', '05-cake/cake_async', '05-cake/cake_sync';
    for my $goals (['-j2'], ['lesson-05'], ['test-05'], ['test'], ['lessons'], ['progress']) {
        my $ran = make($tree, $goals);
        succeeds($ran, "make @$goals");
        is($ran->{err}, '', 'without complaints');
    }
    is_deeply([grep { -x "$tree/build/$_" && !-d _ } map {s{^\Q$tree\E/build/}{}r} glob "$tree/build/lessons/*/{*,.*}"],
        \@programs, 'programs are made of the others');
    succeeds(make($tree, ['clean']), 'make clean');
    ok(!-e "$tree/build", 'takes all away');
};

subtest 'a missing library is said once, by name, with its remedy' => sub {
    my $tree    = tree();
    my $nothing = fake($tree, 'pkg-config', "exit 1\n");
    my %without = (
        'no libuv' => [{PATH => own_path($tree)}, qr/^libuv is missing.*`make setup`/],
        'no libuv for $PKG_CONFIG' => [{PKG_CONFIG => $nothing}, qr/^libuv is missing.*`make setup`/],
        'no pkg-config' =>
            [{PKG_CONFIG => "$tree/bin/nowhere"}, qr/^pkg-config is missing.*`make setup`/],
    );
    for my $case (sort keys %without) {
        my ($env, $sentence) = @{ $without{$case} };
        for my $goals (['-j4'], ['-j4', 'test'], ['lesson-05'], ['test-05'], ['out-05']) {
            my $ran = make($tree, $goals, %$env);
            fails_with_a_line($ran, $sentence, "$case, make @$goals");
            unlike($ran->{out}, qr/^cc /m, "$case, make @$goals: nothing is compiled");
        }
    }
};

subtest 'files that have lost their mode' => sub {
    my $tree = tree();
    chmod 0644, grep {-f} glob "$tree/common/* $tree/common/*/*";
    for my $goal ('all', 'setup', 'lesson-05') {
        fails_with_a_line(make($tree, [$goal]), qr/can't be executed: the disk is mounted noexec, or they have lost their mode/, "make $goal");
    }
};

subtest 'a lesson that needs what is not here is left out' => sub {
    my $tree = tree_with_tools();
    add_lesson($tree, '06-jam', needs => 'threads nonexistentlib');
    my $needs = qr/needs nonexistentlib: `make setup` installs what is missing/;

    my $made = make($tree, ['-j2']);
    succeeds($made, 'make');
    is($made->{err}, '', 'make says nothing of errors');
    my @about_it = lines_like($made->{out}, qr/06-jam/);
    is(scalar @about_it, 1, 'but one line of the lesson') || diag($made->{out});
    like($about_it[0] // '', qr{^lessons/06-jam is left out: it $needs$}, 'which says why');
    ok(-x "$tree/build/lessons/05-cake/cake_async", 'the others are built');

    fails_with_a_line(make($tree, ['lesson-06']), qr/^Lesson 06 $needs$/, 'make lesson-06');
    for my $goal ('test', 'test-06') {
        my $tested = make($tree, [$goal]);
        succeeds($tested, "make $goal");
        is(scalar lines_like($tested->{out}, qr{jam_\w+\.out \.+ skipped: .*$needs}),
            2, 'its programs are skipped, with the reason');
        my $required = make($tree, [$goal], REQUIRE_ALL => 1);
        isnt($required->{status}, 0, "make $goal with REQUIRE_ALL=1 fails");
        like($required->{err}, $needs, 'with the reason');
    }
};

subtest 'make clean takes away what make has made, and nothing else' => sub {
    for my $where (undef, 'out', "$scratch/shared") {
        my $tree  = tree();
        my $there = defined $where ? $where =~ m{^/} ? $where : "$tree/$where" : "$tree/build";
        my @build = defined $where ? "BUILD=$where" : ();
        mkdir $there;
        my $before = files_below($tree);
        if (!@build) {
            succeeds(make($tree, ['-j2']), 'make');
            succeeds(make($tree, ['clean']), 'make clean');
            is_deeply(files_below($tree), $before, 'the tree is as it was');
            ok(!-e $there, 'the directory is gone');
            succeeds(make($tree, ['clean']), 'nor does it mind that there is nothing');
            mkdir $there;
        }
        write_file("$there/diary", "mine\n");
        my @some = map { ($where // 'build') . "/$_" } 'common/show', 'tests/subjects/fetch_subject.o', 'lessons/05-cake/cake_sync';
        succeeds(make($tree, ['-j2', @build, @some]), 'make, in a directory with a file of mine');
        succeeds(make($tree, ['clean', @build]), 'make clean');
        is_deeply([keys %{ files_below($there) }], ['diary'], 'only my file is left');
    }
};

subtest 'make clean does no harm in a directory where nothing was made' => sub {
    my $tree = tree();
    system('mkdir', '-p', "$tree/mine/tests", "$tree/mine/lessons") == 0 or die 'cannot mkdir';
    write_file("$tree/mine/tests/diary", "mine\n");
    my $before = files_below($tree);
    for my $where ('mine', '.', $tree, "$tree/lessons/..", '') {
        # -n: what it would do
        my $ran = make($tree, ['-n', 'clean', "BUILD=$where"]);
        unlike($ran->{out}, qr{ /lessons}, "BUILD=$where: would not clean /");
        make($tree, ['clean', "BUILD=$where"]) if $where ne '';
        is_deeply(files_below($tree), $before, "BUILD=$where: nothing is lost");
    }
    for my $where ('.', "$tree/lessons/..") {
        fails_with_a_line(make($tree, ["BUILD=$where"]), qr/BUILD/, "make BUILD=$where");
        is_deeply(files_below($tree), $before, 'and nothing is made');
    }
};

done_testing();
