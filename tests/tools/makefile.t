#!/usr/bin/env perl
# makefile.t - the Makefile: the commands that everybody relies on, tried out in
# copies of the tree. MAKE=... says with which make.

use strict;
use warnings;

use lib 'tests';
use Course;
use Cwd qw(abs_path);
use File::Find;
use Test::More;

my $scratch = scratch();
my @cc      = split ' ', $ENV{CC} || 'cc';
my ($pkg_config) = grep {-x} map {"$_/pkg-config"} split /:/, $ENV{PATH};
$pkg_config = $ENV{PKG_CONFIG} || $pkg_config;

# Settings of those who run this test are not meant for the makes that it tries.
delete @ENV{qw(BUILD SANITIZE LDFLAGS PKG_CONFIG REQUIRE_ALL SLOW TIMING UNDER V)};
$ENV{CFLAGS} = '-O0'; # as quick as can be

# --- trees to try things in ---

# Most of what is tried here needs no real compiler, which takes its time. This
# one makes programs that say what they are asked to do.
my $quick_cc = write_file("$scratch/quick-cc", <<'SH', 0755);
#!/bin/sh
while [ $# -gt 0 ]; do
    case $1 in
    -o) shift; made=$1 ;;
    -MF) shift; : >"$1" ;;
    esac
    shift
done
exec cp "$0.made" "$made"
SH
write_file("$quick_cc.made", <<'SH', 0755);
#!/bin/sh
case $0 in
*/check) printf '1..1\nok 1 - checked %s\n' "$*" ;;
*/show) echo "shown: $*" ;;
*/draw) echo "drawn: $*"; cat "$1"/*_async.out || exit ;;
esac
SH

# One that compiles a lesson's programs really, and nothing else.
my $half_cc = write_file("$scratch/half-cc", <<"SH", 0755);
#!/bin/sh
case "\$*" in
*" -o build/lessons/"* | *" common/lesson.c"*) exec @cc "\$@" ;;
*) exec $quick_cc "\$@" ;;
esac
SH

# The sources of the tools, which take the compiler's time, may say nothing but what can be
# built; except some.
sub spare {
    my ($tree, @except) = @_;
    my $is_needed = join '|', 'lesson', @except;
    my $spare = sub {
        return if !/\.c$/ || /^(?:$is_needed)\.c$/;
        write_file($_, read_file($_) =~ /\bint main\(/ ? "int main(void) { return 0; }\n" : "extern int nothing;\n");
    };
    find($spare, map {"$tree/$_"} qw(common tests));
    return $tree;
}

# One file stands for all that the checker is made of.
sub tree {
    my $tree = bare_tree();
    unlink grep { !m{/check\.c$} } glob "$tree/common/check/*.c";
    add_lesson($tree, '01-tea');
    add_lesson($tree, '05-cake');
    return $tree;
}

# The same, with tools that the quick compiler has made: for what is not about building.
my $with_tools;

sub tree_with_tools {
    if (!$with_tools) {
        $with_tools = tree();
        succeeds(make($with_tools, ['-j2', 'tools']), 'make tools');
    }
    my $tree = scratch() . '/tree';
    system('cp', '-Rp', $with_tools, $tree) == 0 or die 'cannot copy';
    return abs_path($tree);
}

# A lesson that takes no time: add_lesson($tree, '06-jam', needs => 'threads').
sub add_lesson {
    my ($tree, $name, %more) = @_;
    my ($number, $slug) = split /-/, $name;
    my $lesson = "$tree/lessons/$name";
    mkdir $lesson or die "$lesson: $!";
    write_file("$lesson/README.md", "# $number \u$slug for two\n\n**A lesson.**\n");
    my %about = (part => '2 Afternoon', minutes => '5 + 10', pair => 'lines', %more);
    write_file("$lesson/about", join '', map {"$_: $about{$_}\n"} sort keys %about);
    for my $program ("${slug}_sync", "${slug}_async") {
        write_file("$lesson/$program.c", <<"C");
#include "lesson.h"
int main(void)
{
    say("$slug: ready");
}
C
        write_file("$lesson/$program.out", "[ 0.00] $slug: ready\n");
    }
    return;
}

# An executable of ours in $tree/bin; its path.
sub fake {
    my ($tree, $name, $script) = @_;
    mkdir "$tree/bin";
    return write_file("$tree/bin/$name", "#!/bin/sh\n$script", 0755);
}

# Run make in a tree: make($tree, ['-j4', 'all'], PATH => ...).
sub make {
    my ($tree, $arguments, %env) = @_;
    return run([make_command(), @$arguments], dir => $tree, env => {CC => $quick_cc, %env});
}

# The same with a real compiler, for all or for the lessons' programs.
sub make_really  { return make(@_, CC => "@cc") }
sub make_lessons { return make(@_, CC => $half_cc) }

# PATH, so that a tree's own tools are found first.
sub own_path { return "$_[0]/bin:$ENV{PATH}" }

sub succeeds {
    my ($ran, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    return is($ran->{status}, 0, $name) || diag($ran->{out}, $ran->{err});
}

# It fails, and says why in one line, not counting what make itself says.
sub fails_with_a_line {
    my ($ran, $like, $name) = @_;
    local $Test::Builder::Level = $Test::Builder::Level + 1;
    my @lines = grep { !/^\S*make(?:\[\d+\])?:|^cc / } split /\n/, "$ran->{err}$ran->{out}";
    isnt($ran->{status}, 0, "$name: fails");
    is(scalar @lines, 1, "$name: in one line") || diag($ran->{out}, $ran->{err});
    return like($lines[0] // '', $like, "$name: which says why");
}

# All files below a directory: {path => which file it is, and the time of its last change}.
# What is made anew is another file.
sub files_below {
    my ($directory) = @_;
    my %files;
    find(sub { $files{ $File::Find::name =~ s{^\Q$directory\E/?}{}r } = join ' ', (lstat)[1, 9] if -f },
        $directory)
        if -d $directory;
    return \%files;
}

# Let everything in a tree be old, and what is built newer than what it is built from; so
# that what changes from then on is newer even where the make or the disk only knows whole
# seconds.
sub age {
    my ($tree) = @_;
    my $built = abs_path("$tree/build") // '';
    my $now   = time; # for all: a second may pass meanwhile
    find(
        sub {
            my $age = $File::Find::name =~ m{^\Q$built\E/} ? 1000 : 2000;
            utime $now - $age, $now - $age, $_;
        },
        $tree
    );
    return files_below("$tree/build");
}

sub touch {
    my ($path) = @_;
    return utime time - 500, time - 500, $path;
}

# Which of the built files were made anew since they were aged; the compiler's
# notes about what includes what (.d) belong to the others.
sub made_since {
    my ($tree, $before) = @_;
    my $now = files_below("$tree/build");
    return grep { !/\.d$/ && $now->{$_} ne ($before->{$_} // '') } sort keys %$now;
}

sub programs_of {
    my ($tree) = @_;
    return map {s{^\Q$tree\E/(.*)\.c$}{$1}r} grep { !m{/exercise\.c$} } sort glob "$tree/lessons/*/*.c";
}

sub lines_like { return grep { $_ =~ $_[1] } split /\n/, $_[0] }

# --- building ---

subtest 'make builds everything, without a warning' => sub {
    my $tree = bare_tree();
    system('cp', '-R', glob('lessons/0[15]-*'), "$tree/lessons") == 0 or die 'cannot copy';
    my $made = make_really($tree, ['-j2']);
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
    my $header   = write_file("$tree/common/sugar.h", '');
    my $sweet    = "$tree/$programs[1].c";
    write_file($sweet, qq{#include "sugar.h"\n} . read_file($sweet));
    succeeds(make_really($tree, ['-j2']), 'make');

    my $before = age($tree);
    my $again  = make_really($tree, []);
    succeeds($again, 'make, again');
    is_deeply(files_below("$tree/build"), $before, 'nothing is made again');
    unlike($again->{out}, qr/^cc /m, 'nothing is compiled');

    like(read_file("$tree/build/$programs[0].d"), qr{ \S+/include/uv\.h}, "libuv's header is noted");
    touch("$tree/common/lesson.h");
    succeeds(make_really($tree, []), 'make, after lesson.h has changed');
    my %made = map { $_ => 1 } made_since($tree, $before);
    no_complaints('all programs are made', grep { !$made{$_} } @programs, 'common/lesson.o');
    ok(!$made{'common/draw.o'}, 'what does not include it is not');

    $before = age($tree);
    touch("$tree/$programs[0].c");
    succeeds(make_really($tree, []), 'make, after one program has changed');
    is_deeply([made_since($tree, $before)], [$programs[0]], 'only that one is made');

    $before = age($tree);
    touch($header);
    succeeds(make_really($tree, []), 'make, after a header of one program has changed');
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

    my @programs  = programs_of($tree);
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
    my $tree = tree();
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

# --- lessons ---

subtest 'a new lesson is there without a word in the Makefile' => sub {
    my $tree = tree_with_tools();
    add_lesson($tree, '06-jam');
    my $made = make($tree, ['-j2']);
    succeeds($made, 'make');
    ok(-x "$tree/build/lessons/06-jam/jam_$_", "jam_$_ is built") for qw(sync async);

    my $list = make($tree, ['lessons'])->{out};
    like($list, qr/^Part 2 Afternoon\n/m, 'make lessons: its part');
    my ($line) = lines_like($list, qr/\b06\b/);
    like($line // '', qr/Jam for two\b.*\b5 \+ 10\b/, 'make lessons: its title and minutes');
    is(join(' ', $list =~ /make lesson-(\d+)/g), '01 05 06', 'make lessons: all, in order');

    my $shown = make($tree, ['lesson-06']);
    succeeds($shown, 'make lesson-06');
    is_deeply([lines_like($shown->{out}, qr/^shown/)], ['shown: lessons/06-jam'], 'is shown');

    my $outs = "lessons/06-jam/jam_async.out lessons/06-jam/jam_sync.out";
    for my $goal ('test', 'test-06') {
        my $tested = make($tree, [$goal]);
        succeeds($tested, "make $goal");
        my @tested = sort $tested->{out} =~ m{^(lessons/06-jam/\S+) \.+ ok$}gm;
        is("@tested", $outs, 'tests its programs');
    }
};

subtest 'a lesson is called by its number or name' => sub {
    my $tree = tree_with_tools();
    for my $name (qw(05 5 cake)) {
        my $shown = make($tree, ["lesson-$name"]);
        is(join('', lines_like($shown->{out}, qr/^shown/)), 'shown: lessons/05-cake',
            "lesson-$name");
        my @tested = make($tree, ["test-$name"])->{out} =~ m{^(\S+) \.+ ok$}gm;
        is(join(' ', sort @tested), join(' ', map {"lessons/05-cake/cake_$_.out"} qw(async sync)),
            "test-$name");
    }
    for my $goal (qw(lesson-99 lesson-xx lesson-0 lesson-055 lesson-ake test-99 out-99)) {
        my ($name) = $goal =~ /-(.*)/;
        fails_with_a_line(make($tree, [$goal]),
            qr/^There is no lesson "$name"\. The lessons are 01 to 05; `make lessons` lists them\.$/,
            $goal);
    }
};

subtest 'make out-05 records what is recorded, and what is not yet' => sub {
    my $tree = tree_with_tools();
    my $cake = "lessons/05-cake";
    rename "$tree/$cake/cake_async.out", "$tree/$cake/cake_async\@3.out" or die "rename: $!";
    write_file("$tree/$cake/cake_async_new.c", read_file("$tree/$cake/cake_async.c"));
    my $recorded = make($tree, ['out-05']);
    succeeds($recorded, 'make out-05');
    is_deeply(
        [$recorded->{out} =~ /^ok 1 - checked --record (.*)$/mg],
        ["$cake/cake_async\@3.out", "$cake/cake_async_new.out", "$cake/cake_sync.out"],
        'each program, with the arguments that its recordings name'
    );
};

subtest 'make timelines draws what has changed, and nothing else' => sub {
    my $tree     = tree_with_tools();
    my @pictures = map {"lessons/$_/timeline.svg"} '01-tea', '05-cake';
    my $drawn    = sub {
        my $made = make($tree, ['timelines', @_]);
        succeeds($made, "make timelines @_");
        return join ', ', grep { !/^cc / } split /\n/, $made->{out};
    };
    is($drawn->(), "$pictures[0]: new, $pictures[1]: new", 'at first all are new');
    is(read_file("$tree/$pictures[1]"), "drawn: lessons/05-cake\n[ 0.00] cake: ready\n",
        'each is what draw writes');
    my $before = files_below("$tree/lessons");
    is($drawn->('BUILD=elsewhere'), 'The timelines are as they were.', 'then nothing has changed');
    is_deeply(files_below("$tree/lessons"), $before, 'and nothing is written');
    write_file("$tree/lessons/01-tea/tea_async.out", "[ 0.00] tea: cold\n");
    is($drawn->(), "$pictures[0]: changed", 'another recording, another picture');
    is(read_file("$tree/$pictures[0]"), "drawn: lessons/01-tea\n[ 0.00] tea: cold\n", 'is there');

    unlink "$tree/lessons/05-cake/cake_async.out";
    $before = files_below("$tree/lessons");
    fails_with_a_line(make($tree, ['timelines']), qr/cake_async|\*_async/, 'what cannot be drawn');
    is_deeply(files_below("$tree/lessons"), $before, 'the old picture stays, and nothing half');
};

# --- what a lesson needs ---

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

# --- other commands ---

subtest 'what computes is tested by itself, after all others' => sub {
    my $tree = tree_with_tools();
    add_lesson($tree, '03-sums', needs => 'threads alone');
    for my $test ('lessons/some.t', 'tools/any.t') {
        mkdir "$tree/tests/" . ($test =~ s{/.*}{}r) or die "mkdir: $!";
        write_file("$tree/tests/$test", "print qq{1..1\\nok 1\\n};\n");
    }
    fake($tree, 'prove', <<'SH');
echo "start $*" >>"$LOG"
sleep 0.2
echo end >>"$LOG"
case $* in *"$FAIL"*) exit 1 ;; esac
SH
    # Calls that hold the word $fail fail.
    my $calls = sub {
        my ($fail, @goals) = @_;
        write_file("$tree/log", '');
        my $ran = make($tree, [@goals], PATH => own_path($tree), LOG => "$tree/log",
            FAIL => $fail);
        return ($ran->{status}, split /\n/, read_file("$tree/log"));
    };
    my ($status, @calls) = $calls->('no call', '-j4', 'test');
    is($status, 0, 'make test');
    is(join(' ', map {/^(\w+)/} @calls), join(' ', ('start end') x 3), 'three calls, one after the other');
    my @others = map { my $p = $_; map {"lessons/$p\_$_.out"} qw(async sync) } '01-tea/tea',
        '05-cake/cake';
    is(join(' ', sort grep {m{\.(?:out|t)$}} split ' ', $calls[0]),
        "@others", 'first all that mostly waits');
    like($calls[0], qr/ -j16 /, 'many at a time');
    is(join(' ', sort grep {m{\.(?:out|t)$}} split ' ', $calls[2]),
        'lessons/03-sums/sums_async.out lessons/03-sums/sums_sync.out', 'then what computes');
    unlike($calls[2], qr/ -j ?(?!1\b)\d/, 'one at a time');
    like($calls[4], qr{ tests/lessons/some\.t$}, 'then the tests of the lessons');

    ($status, @calls) = $calls->('-j16', 'test');
    isnt($status, 0, 'when the first call fails, so does make test');
    is(scalar @calls, 6, 'but not without the others');
    ($status) = $calls->('sums_sync', 'test');
    isnt($status, 0, 'when the second call fails, so does make test');

    ($status, @calls) = $calls->('no call', '-j4', 'test-tools', 'test');
    is(scalar @calls, 8, 'make test test-tools: four calls');
    like($calls[6], qr{ -j16 tests/tools/any\.t$}, "the last for the tools' tests");
    ($status, @calls) = $calls->('any.t', 'test-tools');
    isnt($status, 0, 'when one of them fails, so does make test-tools');
    is(scalar @calls, 2, 'which runs nothing else');

    ($status, @calls) = $calls->('no call', 'test-03');
    unlike($calls[0], qr/ -j ?(?!1\b)\d/, 'make test-03: one at a time');
    ($status, @calls) = $calls->('no call', 'test-05');
    like($calls[0], qr/ -j16 /, 'make test-05: many at a time');
};

subtest 'make setup comes before everything else' => sub {
    my $tree = tree_with_tools();
    # On this machine there is nothing until common/setup has run to its end.
    my $here = "$tree/installed";
    fake($tree, 'pkg-config', <<"SH");
echo "pkg-config \$*" >>"\$LOG"
[ -e "$here" ] && exec $pkg_config "\$@"
SH
    write_file("$tree/common/setup", <<"SH", 0755);
#!/bin/sh
echo "setup starts: \$*" >>"\$LOG"
sleep 0.3
[ -z "\$FAIL" ] || exit 1
echo "setup ends" >>"\$LOG"
: >"$here"
SH
    my $make = sub {
        my ($goals, %env) = @_;
        unlink $here, "$tree/log";
        my $ran = make($tree, $goals, PATH => own_path($tree), LOG => "$tree/log", %env);
        return ($ran, split /\n/, read_file("$tree/log"));
    };

    for my $goals ([qw(-j4 setup test)], [qw(-j4 test-05 setup lesson-05 test-01)],
        [qw(setup all)])
    {
        run(['rm', '-rf', "$tree/build/lessons"]);
        my ($ran, @log) = $make->($goals);
        succeeds($ran, "make @$goals");
        is(join(', ', @log[0, 1]), 'setup starts: , setup ends', 'setup is first, and ends first');
        is(scalar(grep {/^setup starts/} @log), 1, 'and is done once');
        cmp_ok(scalar @log, '>', 2, 'what comes after it looks for packages');
        is(scalar lines_like($ran->{out}, qr/^shown: /), scalar(grep {/lesson/} @$goals),
            'each goal is made once');
    }

    my ($ran, @log) = $make->([qw(-j4 setup-checks setup)]);
    succeeds($ran, 'make setup-checks setup');
    is_deeply([grep {/^setup/} @log], ['setup starts: checks', 'setup ends'], 'both at once');

    ($ran, @log) = $make->([qw(-j4 setup test)], FAIL => 1);
    isnt($ran->{status}, 0, 'when it fails, make fails');
    is_deeply(\@log, ['setup starts: '], 'and nothing else is done');

    for my $goals (['help'], ['setup'], ['clean'], ['-n', 'nothing-of-that-name']) {
        ($ran, @log) = $make->($goals);
        is_deeply([grep { !/^setup/ } @log],
            [], "make @$goals: to read the Makefile, no package is looked for");
    }
};

subtest 'what make is only to show, or asked about, is not done' => sub {
    my $tree = tree_with_tools();
    write_file("$tree/lessons/05-cake/exercise.out", "[ 0.00] cake: ready\n");
    write_file("$tree/lessons/05-cake/exercise.c", 'int main(void) { return 0; }');
    succeeds(make($tree, ['-j2']), 'make');
    my $before = files_below($tree);
    my @goals = (map({"$_-05"} qw(lesson exercise watch test out)), 'test', 'test-tools', 'score', 'memcheck', 'timelines');
    for my $goal (@goals) {
        my $ran = make($tree, ['-n', $goal]);
        succeeds($ran, "make -n $goal");
        unlike($ran->{out}, qr/^(?:shown|ok|1\.\.1)/m, 'shows only what would be done');
        like($ran->{out}, qr{common/|prove|make}, 'and does show it');
        is(make($tree, ['-q', $goal])->{out}, '', "make -q $goal says nothing");
        fails_with_a_line(make($tree, ['-t', $goal]), qr/make -t would take for built what is not/, "make -t $goal");
    }
    is(make($tree, [], MAKEFLAGS => 'n')->{status}, 0, 'MAKEFLAGS=n make');
    is_deeply(files_below($tree), $before, 'nothing is written');
};

subtest "make's own ways of being called" => sub {
    my $tree = tree_with_tools();
    fake($tree, $_, "echo another make >&2\nexit 1\n") for qw(make gmake bmake);
    my ($real) = make_command() =~ m{/} ? make_command() : grep {-x} map { "$_/" . make_command() } split /:/, $ENV{PATH};
    my $shown = sub {
        my ($how, $arguments, %env) = @_;
        my $ran = run([$real, @$arguments], dir => $tree, env => {CC => $quick_cc, PATH => own_path($tree), %env});
        succeeds($ran, $how);
        unlike($ran->{err}, qr/another make/, 'by this make');
        return join ', ', sort(lines_like($ran->{out}, qr/^shown/));
    };
    is($shown->('two goals at once', ['-j4', 'lesson-01', 'lesson-05', 'test-05']),
        'shown: lessons/01-tea, shown: lessons/05-cake', 'both are shown');
    for my $flags ('-R', '-r', '-B', '-e', '-k', '-s', '-w', '--no-print-directory', '--warn-undefined-variables') {
        is($shown->("make $flags", [$flags, 'lesson-05']), 'shown: lessons/05-cake', 'is shown');
    }
    for my $flags ('k', 'rR', '-j4 -k', ' --no-print-directory', 's') {
        is($shown->("MAKEFLAGS='$flags' make", ['lesson-05'], MAKEFLAGS => $flags), 'shown: lessons/05-cake', 'is shown');
    }
    is($shown->('MAKE=bmake make', ['lesson-05'], MAKE => 'bmake'), 'shown: lessons/05-cake', 'is shown');

    fake($tree, 'cc', "exec $quick_cc \"\$@\"\n");
    for ([['CC='], ''], [[], ''], [['-R'], undef]) {
        my ($arguments, $cc) = @$_;
        is($shown->("no compiler is named: make @$arguments", [@$arguments, 'lesson-05'], CC => $cc),
            'shown: lessons/05-cake', 'it is cc');
    }
    for my $directory ('tests', 'common', 'build', 'lessons/05-cake') {
        fails_with_a_line(make($tree, [$directory]), qr/^\Q$directory\E is a directory, and no command/, "make $directory");
    }
};

subtest 'the slides need what students never need' => sub {
    my $tree = tree_with_tools();
    fake($tree, 'node', "exit 1\n"); # too old
    for my $goal ('slides', 'test-slides') {
        fails_with_a_line(make($tree, [$goal], PATH => own_path($tree)),
            qr/^node 18 or newer is missing.*: `make setup-slides` installs it$/, "make $goal");
    }
    succeeds(make($tree, ['-j2', 'all', 'test'], PATH => own_path($tree)), 'make all test');

    # make setup-slides installs the packages that the lock file names, once.
    mkdir "$tree/slides";
    system('cp', 'slides/install', "$tree/slides") == 0 or die 'cannot copy';
    write_file("$tree/slides/$_", "$_ 1\n") for 'package.json', 'package-lock.json';
    write_file("$tree/common/setup", qq(#!/bin/sh\necho "setup \$*" >>"\$LOG"\n), 0755);
    fake($tree, 'npm', <<'SH');
echo "npm $1 $2 $3" >>"$LOG"
[ -z "$FAIL" ] || { echo "npm: no network" >&2; exit 1; }
mkdir -p "$3/node_modules"
SH
    my $setup = sub {
        unlink "$tree/log";
        my $ran = make($tree, ['setup-slides'], PATH => own_path($tree), LOG => "$tree/log", @_);
        return ($ran, join ', ', split /\n/, read_file("$tree/log"));
    };
    my @both = ('setup slides', 'npm ci --prefix build/npm');
    my ($ran, $log) = $setup->(FAIL => 1);
    isnt($ran->{status}, 0, 'when npm fails, make fails');
    like($ran->{err}, qr/^npm: no network\nsetup: npm failed, as it says above/, 'and says so');
    for my $times ('first', 'after a change') {
        ($ran, $log) = $setup->();
        succeeds($ran, "make setup-slides, $times");
        is($log, join(', ', @both), 'the programs, then the packages');
        ($ran, $log) = $setup->();
        is($log, $both[0], 'again: they are there already');
        write_file("$tree/slides/package-lock.json", "2\n");
    }
    succeeds(make($tree, ['clean']), 'make clean');
    ok(-d "$tree/build/npm/node_modules", 'what was installed stays');
};

subtest 'make help' => sub {
    my $tree = tree();
    my $help = make($tree, ['help']);
    succeeds($help, 'make help');
    like($help->{out}, qr/^make lesson-05 +\S/m, 'says what to do');
    like($help->{out}, qr/^make setup +\S/m,     'and how to start');
    unlike($help->{out}, qr/^.{81}/m, 'in 80 columns');
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
        my @some = map { ($where // 'build') . "/$_" } 'common/show', 'tests/fetch_subject.o', 'lessons/05-cake/cake_sync';
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
